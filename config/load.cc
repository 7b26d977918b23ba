#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <system_error>

#include "config/aws_limits.h"
#include "config/document.h"
#include "config/file_content.h"
#include "config/grammar.h"
#include "config/reader.h"
#include "config/sections.h"
#include "engine/runtime/policy_judge.h"
#include "filters/matcher.h"

namespace tocsin::config {
namespace {

using Documents = std::deque<Document>;

// Some file could not be read, so that nothing can be called missing.
void distrust(Load& load) { load.sources_known = load.metrics_known = load.topics_known = false; }

void read_documents(const std::vector<std::string>& files, const Environment& environment,
                    Documents& documents, Load& load) {
  for (const std::string& file : files) {
    auto bytes = read_file(file, kMaxDocumentBytes);
    if (!bytes) {
      load.faults.error(file, fmt::format("cannot read the file: {}", bytes.error().message));
      distrust(load);
      continue;
    }
    const Document& document = documents.emplace_back(file, *bytes, environment);
    load.faults.add(document.diagnostics());
    if (!document.complete()) distrust(load);
  }
}

// The keys of all files at the top level, each checked with all below it.
std::vector<Entry> check_documents(const Documents& documents, Load& load) {
  std::vector<Entry> entries;
  for (const Document& document : documents) {
    const Node* root = document.root();
    if (root == nullptr || root->kind == Node::Kind::Nothing) continue;
    if (root->kind != Node::Kind::Map) {
      load.faults.error(*root, "a configuration is a map",
                        "begin with `sources:`, `metric_filters:`, `alarms:` or `topics:`");
      distrust(load);
      continue;
    }
    check(*root, configuration_grammar(), *root, load.faults);
    entries.insert(entries.end(), root->entries.begin(), root->entries.end());
  }
  if (entries.empty() && !load.faults.has_errors()) {
    load.faults.error(documents.empty() ? std::string("configuration") : documents.front().file(),
                      "nothing is configured",
                      "begin with `sources:`, `metric_filters:`, `alarms:` or `topics:`");
  }
  return entries;
}

// The entries of one section out of all files. Names are unique over them; one that is not is an error, and
// its faults are looked for all the same. `known` is cleared where some of the section could not be read.
std::vector<Entry> collect(const std::vector<Entry>& roots, std::string_view section, bool& known,
                           Faults& faults) {
  std::vector<Entry> entries;
  std::map<std::string_view, const Node*> seen;
  for (const Entry& root : roots) {
    if (root.key->written != section) {
      const bool mistyped = configuration_grammar().find(root.key->written) == nullptr;
      if (mistyped && nearest(root.key->written, {section}) == section) known = false;
      continue;
    }
    if (root.value->kind != Node::Kind::Map) known = false;
    for (const Entry& entry : root.value->entries) {
      entries.push_back(entry);
      const auto [first, is_new] = seen.emplace(entry.key->written, entry.key);
      if (!is_new) {
        faults.error(*entry.key, fmt::format("{} is defined twice in `{}`", quoted(*entry.key), section),
                     fmt::format("it is also at {}", describe_place(*first->second)));
      }
    }
    entries.insert(entries.end(), root.value->repeated.begin(), root.value->repeated.end());
  }
  return entries;
}

void sort_by_name(std::vector<Entry>& entries) {
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::string_view(entry.key->written); });
}

// A text that may stand in one file only.
const Node* read_once(const std::vector<Entry>& roots, std::string_view key, Load& load) {
  const Node* first = nullptr;
  for (const Entry& root : roots) {
    if (root.key->written != key || root.value->kind != Node::Kind::Text) continue;
    if (first != nullptr) {
      load.faults.error(*root.key, fmt::format("`{}` is given twice", key),
                        fmt::format("it is also at {}", describe_place(*first)));
      continue;
    }
    first = root.value;
  }
  return first;
}

// "512MiB"; nothing where it is no such size, or more than a number holds.
std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const int shift = unit == "MiB" ? 20 : unit == "GiB" ? 30 : 0;
  if (error != std::errc{} || shift == 0 || number > (std::uint64_t{1} << 20)) return std::nullopt;
  return number << shift;
}

void load_memory(const std::vector<Entry>& roots, Load& load) {
  const Node* memory = read_once(roots, "memory", load);
  if (memory == nullptr) return;
  const auto bytes = parse_bytes(memory->text);
  if (!bytes || *bytes < runtime::kLeastMemory) {
    load.faults.error(*memory, fmt::format("{} is no amount of memory to work with", quoted(*memory)),
                      "64MiB or more, as `512MiB` or `2GiB`");
    return;
  }
  load.plan.memory = *bytes;
}

AwsLimits read_aws_limits(const std::vector<Entry>& roots, Load& load) {
  const Node* word = read_once(roots, "aws_limits", load);
  if (word != nullptr && word->text == "enforce") return AwsLimits::Enforce;
  if (word != nullptr && word->text == "ignore") return AwsLimits::Ignore;
  return AwsLimits::Warn;
}

// `account` and `region`.
void load_installation(const std::vector<Entry>& roots, Load& load) {
  const auto read = [&](std::string_view key, std::string& into) {
    const Node* node = read_once(roots, key, load);
    if (node != nullptr) into = node->text;
    return node;
  };
  const Node* account = read("account", load.plan.installation.account);
  if (account != nullptr && !is_account(account->text)) {
    load.faults.error(*account, fmt::format("{} is no account number", quoted(*account)),
                      "twelve digits, in quotes: `\"111122223333\"`");
  }
  const Node* region = read("region", load.plan.installation.region);
  if (region != nullptr && region->text.empty())
    load.faults.error(*region, "`region` is empty", "leave it out for `local`");
}

// `smtp`, which may stand in one file only.
void find_smtp(const std::vector<Entry>& roots, Load& load) {
  for (const Entry& root : roots) {
    if (root.key->written != "smtp" || root.value->kind != Node::Kind::Map) continue;
    if (load.smtp) {
      load.faults.error(*root.key, "`smtp` is given twice",
                        fmt::format("it is also at {}", describe_place(*load.smtp->key)));
      continue;
    }
    load.smtp = root;
  }
}

void prepare_matchers(runtime::Plan& plan) {
  std::vector<runtime::MatchSpec> specs;
  specs.reserve(plan.filters.size() + plan.rules.size());
  for (const runtime::FilterPlan& filter : plan.filters) specs.push_back(filter.match);
  for (const runtime::RulePlan& rule : plan.rules) specs.push_back(rule.match);
  plan.make_matcher = [program = filters::compile_matcher(std::move(specs))] {
    return filters::make_matcher(program);
  };
  std::vector<runtime::MatchSpec> policies;
  for (const notify::FilterPolicy* policy : runtime::body_policies(plan.topics))
    policies.push_back({.log_groups = {}, .predicate = policy->predicate, .extractions = {}});
  if (policies.empty()) return;
  plan.make_policy_matcher = [program = filters::compile_matcher(std::move(policies))] {
    return filters::make_matcher(program);
  };
}

}  // namespace

Loaded load(const std::vector<std::string>& files, const Environment& environment) {
  Load load;
  Documents documents;
  read_documents(files, environment, documents, load);
  const std::vector<Entry> roots = check_documents(documents, load);
  load_installation(roots, load);
  load_memory(roots, load);
  find_smtp(roots, load);

  bool unneeded = true;  // nothing refers to an alarm or a rule
  const auto sources = collect(roots, "sources", load.sources_known, load.faults);
  auto filters = collect(roots, "metric_filters", load.metrics_known, load.faults);
  auto topics = collect(roots, "topics", load.topics_known, load.faults);
  auto alarms = collect(roots, "alarms", unneeded, load.faults);
  auto rules = collect(roots, "rules", unneeded, load.faults);
  sort_by_name(filters);
  sort_by_name(topics);
  sort_by_name(alarms);
  sort_by_name(rules);
  load_sources(sources, load);
  load_filters(filters, load);
  load_topics(topics, load);
  load_dead_letters(roots, load);
  load_alarms(alarms, load);
  load_rules(rules, load);
  check_aws_limits(read_aws_limits(roots, load), load);

  Loaded loaded;
  if (!load.faults.has_errors()) {
    prepare_matchers(load.plan);
    loaded.configuration.emplace(
        Configuration{.plan = std::make_shared<const runtime::Plan>(std::move(load.plan)),
                      .sinks = std::move(load.sinks),
                      .dead_letters = std::move(load.dead_letters)});
  }
  loaded.diagnostics = load.faults.take();
  return loaded;
}

}  // namespace tocsin::config
