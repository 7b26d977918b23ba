#include "cli/match_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "cli/command_line.h"
#include "config/file_content.h"
#include "filters/filter_language.h"

namespace tocsin::cli {
namespace {

struct Flag {
  std::string_view name;
  bool MatchArguments::* member;
};

constexpr Flag kFlags[] = {{"--document", &MatchArguments::document}, {"--decode", &MatchArguments::decode},
                           {"--count", &MatchArguments::count},       {"--extract", &MatchArguments::extract},
                           {"--help", &MatchArguments::help},         {"-h", &MatchArguments::help}};

constexpr std::string_view kValueOptions[] = {"--name",     "--brokers", "--topic",  "--from",
                                              "--property", "-p",        "--workers"};

bool is_pattern_option(std::string_view name) {
  return std::ranges::any_of(filters::builtin_filters(), [name](const filters::FilterLanguage& language) {
    return language.option == name;
  });
}

// What other greps call it.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {{"-c", "--count"},
                                                                         {"-e", "--regex"},
                                                                         {"-E", "--regex"},
                                                                         {"-P", "--regex"},
                                                                         {"--pattern", "--filter-pattern"}};

std::string no_such_option(std::string_view name) {
  for (const auto& [other, ours] : kOtherNames) {
    if (name == other) return fmt::format("there is no option `{}`; did you mean `{}`?", name, ours);
  }
  std::vector<std::string_view> known(std::begin(kValueOptions), std::end(kValueOptions));
  for (const Flag& flag : kFlags) known.push_back(flag.name);
  for (const filters::FilterLanguage& language : filters::builtin_filters()) known.push_back(language.option);
  return unknown_option(name, known);
}

// As a shell takes it for one word.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += R"('\'')";
    else
      out += c;
  }
  return out + "'";
}

bool is_there(const std::string& file) {
  std::error_code fault;
  return std::filesystem::exists(file, fault);
}

// The pattern with the option that it lacks, if `argument`, which was taken for a file, reads like one.
std::string pattern_meant(const std::string& argument) {
  const bool reads_like_one = argument.find_first_of("{}[]\"%? \t") != std::string::npos;
  if (!reads_like_one || is_there(argument)) return {};
  const std::size_t inside = argument.find_first_not_of("{ \t\r\n");
  const bool is_json = argument.starts_with('{') && inside != std::string::npos && argument[inside] == '"';
  return fmt::format("{} {}", is_json ? "--event-pattern" : "--filter-pattern", shell_word(argument));
}

// A name stands in front of lines and between commas.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/' || c >= 0x80;
  });
}

class Parser {
 public:
  std::expected<MatchArguments, std::string> parse(const std::vector<std::string>& arguments) {
    bool only_files = false;  // behind "--"
    for (at_ = 0; at_ < arguments.size() && fault_.empty(); ++at_) {
      const std::string& argument = arguments[at_];
      if (only_files || argument == "-" || !argument.starts_with('-')) {
        parsed_.files.push_back(argument);
      } else if (argument == "--") {
        only_files = true;
      } else {
        option(arguments);
      }
    }
    if (fault_.empty() && !parsed_.help) check();
    if (!fault_.empty()) return std::unexpected(std::move(fault_));
    if (parsed_.files.empty() && parsed_.topics.empty()) parsed_.files.emplace_back("-");
    return std::move(parsed_);
  }

 private:
  void option(const std::vector<std::string>& arguments) {
    const std::string& argument = arguments[at_];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const bool pattern = is_pattern_option(name);
    if (pattern || std::ranges::find(kValueOptions, name) != std::end(kValueOptions)) {
      if (equals == std::string::npos && ++at_ == arguments.size()) {
        fault_ = fmt::format("{} needs a {}", name, pattern ? "pattern" : "value");
        return;
      }
      std::string value = equals == std::string::npos ? arguments[at_] : argument.substr(equals + 1);
      pattern ? take_pattern(name, std::move(value)) : take_value(name, std::move(value));
      return;
    }
    const auto flag = std::ranges::find(kFlags, name, &Flag::name);
    if (flag == std::ranges::end(kFlags)) {
      fault_ = no_such_option(name);
    } else if (equals != std::string::npos) {
      fault_ = fmt::format("`{}` takes no value", name);
    } else {
      parsed_.*flag->member = true;
    }
  }

  // A pattern as given; of an event pattern, `@FILE` stands for what is in that file.
  void take_pattern(const std::string& option, std::string text) {
    MatchArguments::Pattern pattern{option, std::move(text), option, std::exchange(name_, {})};
    if (option == "--event-pattern" && pattern.text.starts_with('@')) {
      constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
      pattern.place = pattern.text.substr(1);
      auto content = config::read_file(pattern.place, kMaxBytes);
      if (!content) {
        fault_ = fmt::format("{} @{}: {}", option, pattern.place, content.error().message);
        return;
      }
      pattern.text = std::move(*content);
    } else if (option == "--event-pattern" && (pattern.text.ends_with(".json") || is_there(pattern.text))) {
      fault_ = fmt::format("{0} takes the pattern itself, or a file's name behind an @: {0} @{1}", option,
                           pattern.text);
      return;
    }
    parsed_.patterns.push_back(std::move(pattern));
  }

  void take_value(std::string_view option, std::string value) {
    if (option == "--name") {
      if (!name_.empty()) fault_ = fmt::format("--name {}: no pattern stands behind it", name_);
      if (!is_name(value))
        fault_ = fmt::format("--name {}: write letters, digits, `-`, `_`, `.`, `/`", value);
      name_ = std::move(value);
    } else if (option == "--brokers") {
      parsed_.brokers = std::move(value);
    } else if (option == "--topic") {
      parsed_.topics.push_back(std::move(value));
    } else if (option == "--workers") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed_.workers);
      if (error != std::errc() || end != value.data() + value.size() || parsed_.workers < 1 ||
          parsed_.workers > 256)
        fault_ = fmt::format("--workers {}: write a number from 1 to 256", value);
    } else if (option == "--from") {
      parsed_.from = parse_rfc3339(value);
      if (!parsed_.from) fault_ = fmt::format("--from {}: write a time as 2026-03-01T09:00:00Z", value);
    } else {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0)
        fault_ = fmt::format("{} takes a librdkafka property as NAME=VALUE", option);
      else
        parsed_.properties[value.substr(0, equals)] = value.substr(equals + 1);
    }
  }

  void check() {
    const auto& patterns = parsed_.patterns;
    if (!name_.empty()) {
      fault_ = fmt::format("--name {}: no pattern stands behind it", name_);
    } else if (patterns.empty()) {
      fault_ = no_pattern();
    } else if (std::ranges::any_of(patterns, [this](const MatchArguments::Pattern& pattern) {
                 return pattern.name.empty() == parsed_.named();
               })) {
      fault_ = "give all patterns a --name, or none";
    } else if (parsed_.count && parsed_.extract) {
      fault_ = "--count and --extract exclude each other";
    } else if (parsed_.topics.empty() != parsed_.brokers.empty()) {
      fault_ = "a topic needs both: --brokers HOST:PORT --topic TOPIC";
    } else if (parsed_.topics.empty() && (parsed_.from || !parsed_.properties.empty())) {
      fault_ = "--from and --property are for topics: add --brokers HOST:PORT --topic TOPIC";
    } else {
      check_names();
    }
  }

  [[nodiscard]] std::string no_pattern() const {
    const std::string meant = parsed_.files.empty() ? std::string() : pattern_meant(parsed_.files.front());
    if (!meant.empty()) return fmt::format("name a pattern; did you mean {}?", meant);
    return "name a pattern: --filter-pattern P, --event-pattern JSON or --regex R";
  }

  void check_names() {
    if (!parsed_.named()) return;
    std::vector<std::string_view> names;
    for (const MatchArguments::Pattern& pattern : parsed_.patterns) names.emplace_back(pattern.name);
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
      fault_ = fmt::format("--name {} stands twice", *twice);
  }

  MatchArguments parsed_;
  std::string name_;  // of the pattern that comes next
  std::string fault_;
  std::size_t at_ = 0;
};

}  // namespace

std::expected<MatchArguments, std::string> parse_match_arguments(const std::vector<std::string>& arguments) {
  return Parser().parse(arguments);
}

std::string_view match_help() {
  return R"(A grep that speaks filter patterns.

Usage: tocsin match PATTERN… [OPTION]… [FILE | DIRECTORY]…
       tocsin match PATTERN… [OPTION]… --brokers HOST:PORT --topic TOPIC

Every line, without its line end, is one raw message; those that match leave byte for byte, in their order.
Without a FILE, or where it is -, standard input is read; of a directory, all files below it. What is compressed
by gzip or zstd is unpacked. Of a topic every record is a message, from its start to the end that it has now.
Lines that are not UTF-8 or are over 1 MiB never match and are counted on stderr.

Patterns, any number; a line leaves if one of them matches it:
  --filter-pattern P  a CloudWatch Logs filter pattern: terms, { JSON }, [space, delimited] or %regex%
  --event-pattern JSON|@FILE
                      an EventBridge event pattern, or a file that has one
  --regex R           a regular expression (RE2) with groups as fields
  --name NAME         of the pattern behind it: lines leave as NAMES<TAB>LINE, with all names that match

Options:
  --document          a file as a whole is one message
  --decode            unwrap records first, as a source with format: auto does (CloudTrail files, subscription
                      envelopes, SNS, SQS, Kinesis, …); events leave one a line
  --count             print only how many match; with names NAME<TAB>NUMBER for each
  --extract           print matches as JSON: {"line":1,"message":…,"extracted":{"$.a":"1"}}; with "file" or
                      "topic", "partition" and "offset" where there are several, and "patterns" with names
  --workers N         files are read by so many threads (as many as there are cores); changes no byte of the output
  --brokers HOST:PORT --topic TOPIC
                      read a Kafka topic (may be repeated) without joining a group
  --from TIME         of topics: records from 2026-03-01T09:00:00Z on
  -p, --property NAME=VALUE
                      of topics: a librdkafka property, as security.protocol=SASL_SSL; may be repeated

Examples:
  tocsin match --decode --filter-pattern '{ $.userIdentity.type = "Root" }' AWSLogs/
  tocsin match --event-pattern @rule.json --document event.json && echo 'the rule would fire'
  tocsin match --count --name denied --filter-pattern '{ $.errorCode = "AccessDenied*" }' \
               --name root --filter-pattern '{ $.userIdentity.type = "Root" }' trail.jsonl.gz
  tocsin match --extract --regex 'from (?P<ip>\S+)' /var/log/auth.log | jq -r '.extracted["$ip"]'
  tocsin match --decode --brokers kafka:9092 --topic org-cloudtrail --filter-pattern '{ $.eventName = "StopLogging" }'

Exit 0 if anything matches, 1 if nothing does, 2 for bad usage or a pattern that is refused, 3 if an input
cannot be read.
)";
}

}  // namespace tocsin::cli
