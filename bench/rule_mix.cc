#include "bench/rule_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "bench/api_calls.h"
#include "bench/company.h"
#include "bench/random.h"

namespace tocsin::bench {
namespace {

using Json = nlohmann::ordered_json;

// One field and what is asked of it, in both languages.
struct Condition {
  std::string field;   // names joined by dots, "[]" behind that of an array
  Json matchers;       // the list that an event pattern has for it
  std::string filter;  // in a filter pattern, with `$` for the selector
};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

Condition is(std::string field, const std::string& value) {
  return {std::move(field), Json::array({value}), fmt::format(R"($ = "{}")", value)};
}

Condition is_one_of(std::string field, const std::vector<std::string>& values) {
  std::string filter;
  for (const std::string& value : values) {
    filter += fmt::format(R"({}($ = "{}"))", filter.empty() ? "" : " || ", value);
  }
  return {std::move(field), values, filter};
}

Condition starts_with(std::string field, const std::string& prefix) {
  return {std::move(field), Json::array({{{"prefix", prefix}}}), fmt::format(R"($ = "{}*")", prefix)};
}

Condition ends_with(std::string field, const std::string& suffix) {
  return {std::move(field), Json::array({{{"suffix", suffix}}}), fmt::format(R"($ = "*{}")", suffix)};
}

Condition looks_like(std::string field, const std::string& wildcard) {
  return {std::move(field), Json::array({{{"wildcard", wildcard}}}), fmt::format(R"($ = "{}")", wildcard)};
}

// The same, but the filter pattern has a regular expression.
Condition looks_like_by_regex(std::string field, const std::string& wildcard) {
  Condition condition = looks_like(std::move(field), wildcard);
  condition.filter = fmt::format("$ = %^{}$%", replace_all(replace_all(wildcard, ".", "\\."), "*", ".*"));
  return condition;
}

Condition compares(std::string field, std::string_view op, int number) {
  return {std::move(field), Json::array({{{"numeric", {op, number}}}}), fmt::format("$ {} {}", op, number)};
}

Condition is_there(std::string field) {
  return {std::move(field), Json::array({{{"exists", true}}}), "$ = *"};
}

Condition is_not_there(std::string field) {
  return {std::move(field), Json::array({{{"exists", false}}}), "$ NOT EXISTS"};
}

Condition is_none_of(std::string field, const std::vector<std::string>& values) {
  std::string filter;
  for (const std::string& value : values) {
    filter += fmt::format(R"({}($ != "{}"))", filter.empty() ? "" : " && ", value);
  }
  return {std::move(field), Json::array({{{"anything-but", values}}}), filter};
}

Condition does_not_start_with(std::string field, const std::string& prefix) {
  return {std::move(field), Json::array({{{"anything-but", {{"prefix", prefix}}}}}),
          fmt::format(R"($ != "{}*")", prefix)};
}

void add(const Condition& condition, Rule& rule, Json& pattern) {
  const std::string path = replace_all(replace_all(condition.field, "[]", ""), ".", "/");
  pattern[Json::json_pointer("/" + path)] = condition.matchers;
  const std::string selector = "$." + replace_all(condition.field, "[]", "[*]");
  std::string filter;
  for (std::size_t i = 0; i < condition.filter.size(); ++i) {
    const bool is_selector = condition.filter[i] == '$' && condition.filter.compare(i, 2, "$ ") == 0;
    filter += is_selector ? selector : std::string(1, condition.filter[i]);
  }
  rule.filter_pattern += fmt::format("{}({})", rule.filter_pattern.empty() ? "" : " && ", filter);
}

Rule rule_of(const std::vector<Condition>& conditions) {
  Rule rule;
  Json pattern = Json::object();
  for (const Condition& condition : conditions) add(condition, rule, pattern);
  rule.event_pattern = pattern.dump();
  rule.filter_pattern = "{ " + rule.filter_pattern + " }";
  return rule;
}

constexpr std::array<std::string_view, 16> kRareVerbs{
    "Create", "Delete",  "Update", "Put",    "Modify", "Attach", "Detach", "Disable",
    "Enable", "Replace", "Revoke", "Import", "Export", "Share",  "Accept", "Cancel"};
constexpr std::array<std::string_view, 40> kRareThings{
    "Trail",          "EventSelectors",  "Firewall",
    "FirewallPolicy", "AccessPoint",     "Grant",
    "VpnGateway",     "CustomerGateway", "DhcpOptions",
    "FlowLogs",       "TransitGateway",  "PrefixList",
    "SamlProvider",   "OidcProvider",    "LoginProfile",
    "AccessKey",      "MfaDevice",       "ServerCertificate",
    "BackupVault",    "BackupPlan",      "RecoveryPoint",
    "ConfigRule",     "ConformancePack", "DeliveryChannel",
    "Detector",       "ThreatIntelSet",  "IpSet",
    "WebAcl",         "RegexPatternSet", "Domain",
    "DelegatedAdmin", "ServicePolicy",   "KeyRotation",
    "Alias",          "ImportedKey",     "ReplicaKey",
    "GlobalCluster",  "ProxyEndpoint",   "ParameterGroup",
    "OptionGroup"};
constexpr std::array<std::string_view, 6> kErrors{
    "AccessDenied",        "ThrottlingException",          "ResourceNotFoundException",
    "ValidationException", "Client.UnauthorizedOperation", "NoSuchEntityException"};

class Author {
 public:
  Author(Wildcards wildcards, std::uint64_t seed) : wildcards_(wildcards), random_(seed, 13) {}

  Rule write(std::size_t number) {
    switch (number % 10) {
      case 1:
        return rule_of({prefix()});
      case 3:
        return rule_of({wildcards_ == Wildcards::Used ? wildcard(number / 10 % 2 == 0) : suffix(),
                        is("awsRegion", region())});
      case 5:
        return rule_of({number_of_call(), is("recipientAccountId", account())});
      case 7:
        return rule_of({presence(), is("eventSource", source()), is("recipientAccountId", account())});
      case 9:
        return rule_of({negation(), is("eventSource", source()), is("recipientAccountId", account())});
      default:
        return rule_of({is("eventName", name()), one_more()});
    }
  }

 private:
  std::string name() {
    if (random_.percent(50)) return std::string(calls_.draw(random_).name);
    return fmt::format("{}{}", random_.pick(kRareVerbs), random_.pick(kRareThings));
  }

  std::string source() { return fmt::format("{}.amazonaws.com", calls_.draw(random_).source); }

  // Of the log's accounts, or of five hundred that it never saw.
  std::string account() {
    if (random_.percent(40)) return std::string(random_.pick(kCompany).id);
    return fmt::format("{:012}", 300'000'000'000 + std::uint64_t{random_.below(500)} * 7'654'321);
  }

  std::string region() { return std::string(random_.pick(kCompany).region); }
  std::string user() { return std::string(random_.pick(kUsers)); }
  std::string role() { return std::string(random_.pick(kRoles)); }

  Condition one_more() {
    switch (random_.below(8)) {
      case 0:
        return is_one_of("recipientAccountId", {account(), account()});
      case 1:
        return is("awsRegion", region());
      case 2:
        return is("userIdentity.type", random_.percent(50) ? "Root" : "AssumedRole");
      case 3:
        return is_one_of("errorCode",
                         {std::string(random_.pick(kErrors)), std::string(random_.pick(kErrors))});
      case 4:
        return starts_with("sourceIPAddress", fmt::format("198.51.100.{}", 1 + random_.below(25)));
      case 5:
        return is_there("errorCode");
      case 6:
        return is("userIdentity.sessionContext.sessionIssuer.userName", role());
      default:
        return is("userIdentity.userName", user());
    }
  }

  Condition prefix() {
    switch (random_.below(3)) {
      case 0:
        return starts_with("userIdentity.arn", fmt::format("arn:aws:iam::{}:user/{}", account(), user()));
      case 1:
        return starts_with("userAgent", fmt::format("aws-cli/2.{}.{}", random_.below(20), random_.below(40)));
      default:
        return starts_with("requestParameters.name", fmt::format("{}-{}", role(), random_.below(50)));
    }
  }

  Condition wildcard(bool by_regex) {
    const auto made = by_regex ? looks_like_by_regex : looks_like;
    switch (random_.below(3)) {
      case 0:
        return made("userIdentity.arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/*{:x}", account(),
                                                    role(), random_.below(256)));
      case 1:
        return made("userAgent", fmt::format("*terraform-provider-aws/5.{}*", random_.below(60)));
      default:
        return made("requestParameters.roleSessionName",
                    fmt::format("{}-*{:02x}*", user(), random_.below(256)));
    }
  }

  Condition suffix() {
    switch (random_.below(3)) {
      case 0:
        return ends_with("userIdentity.arn", fmt::format("/{}", user()));
      case 1:
        return ends_with("userAgent",
                         fmt::format("aws-sdk-go/1.{}.{}", random_.below(60), random_.below(40)));
      default:
        return ends_with("requestParameters.bucketName", fmt::format("-{}-{}", account(), region()));
    }
  }

  Condition number_of_call() {
    const std::array<std::string_view, 2> ops{">=", "<"};
    switch (random_.below(3)) {
      case 0:
        return compares("requestParameters.durationSeconds", random_.pick(ops),
                        900 * static_cast<int>(1 + random_.below(4)));
      case 1:
        return compares("requestParameters.desiredCount", random_.pick(ops),
                        static_cast<int>(1 + random_.below(12)));
      default:
        return compares("requestParameters.blockDeviceMapping.items[].ebs.volumeSize",
                        ">=", static_cast<int>(8u << random_.below(8)));
    }
  }

  Condition presence() {
    switch (random_.below(3)) {
      case 0:
        return is_there("errorMessage");
      case 1:
        return is_there("userIdentity.invokedBy");
      default:
        return is_not_there("userIdentity.sessionContext.sessionIssuer.userName");
    }
  }

  Condition negation() {
    switch (random_.below(3)) {
      case 0:
        return is_none_of("awsRegion", {"us-east-1", region()});
      case 1:
        return is_none_of("userIdentity.userName", {user(), user(), user()});
      default:
        return does_not_start_with("sourceIPAddress", fmt::format("198.51.100.{}", 1 + random_.below(9)));
    }
  }

  ApiCalls calls_;
  Wildcards wildcards_;
  Random random_;
};

}  // namespace

std::vector<Rule> rule_mix(std::size_t count, Wildcards wildcards, std::uint64_t seed) {
  Author author(wildcards, seed);
  std::vector<Rule> rules;
  rules.reserve(count);
  for (std::size_t i = 0; i < count; ++i) rules.push_back(author.write(i));
  return rules;
}

}  // namespace tocsin::bench
