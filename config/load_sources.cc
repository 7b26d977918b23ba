// `sources:` — where events come from.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "config/kafka_settings.h"
#include "config/reader.h"
#include "config/sections.h"
#include "engine/event/event_time.h"
#include "engine/event/vpc_flow.h"
#include "filters/filter_language.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kDefaultGroup = "tocsin";
constexpr Duration kMaxDelay = std::chrono::hours(24);

bool mentions_cloudtrail(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  return lower.find("cloudtrail") != std::string::npos;
}

source::KafkaSettings read_kafka(const Node& map, Load& load) {
  source::KafkaSettings kafka;
  kafka.brokers = read_brokers(map, load.faults);
  for (const Node* topic : read_texts(map, "topics", load.faults)) {
    check_topic_name(*topic, load.faults);
    kafka.topics.push_back(topic->text);
  }
  const Node* topics = map.find("topics");
  if (topics != nullptr && topics->kind == Node::Kind::List && topics->items.empty()) {
    load.faults.error(*topics, "`topics` is empty", "name at least one topic");
  }
  kafka.group = kDefaultGroup;
  if (const Node* group = read_text(map, "group")) {
    if (group->text.empty()) load.faults.error(*group, "`group` is empty", "leave it out for `tocsin`");
    kafka.group = group->text;
  }
  if (const Node* start = read_text(map, "start")) {
    if (start->text == "earliest") {
      kafka.start = source::KafkaSettings::Start::Earliest;
    } else if (start->text != "latest") {
      const auto time = parse_rfc3339(start->text);
      if (time) {
        kafka.start = source::KafkaSettings::Start::Time;
        kafka.start_time = *time;
      } else {
        std::string hint = did_you_mean(start->text, {"earliest", "latest"});
        load.faults.error(
            *start, fmt::format("{} is no place to start", quoted(*start)),
            hint.empty() ? "`earliest`, `latest`, or a time like `2026-03-01T09:00:00Z`" : std::move(hint));
      }
    }
  }
  kafka.properties = read_properties(map, KafkaClient::Consumer, load.faults);
  return kafka;
}

source::FileSettings read_files(const Node& map, Load& load) {
  source::FileSettings files;
  for (const Node* path : read_texts(map, "paths", load.faults)) {
    if (path->text.empty()) load.faults.error(*path, "an empty path", "name a file, a glob or a directory");
    files.paths.push_back(path->text);
  }
  const Node* paths = map.find("paths");
  if (paths != nullptr && paths->kind == Node::Kind::List && paths->items.empty()) {
    load.faults.error(*paths, "`paths` is empty", "name at least one file, glob or directory");
  }
  files.follow = read_boolean(map, "follow").value_or(false);
  return files;
}

// The regex of a `time:`, compiled by the language of `regex:` filters, so that its faults are shown alike.
std::shared_ptr<const re2::RE2> compile_time_regex(const Node& text, Faults& faults) {
  const auto languages = filters::builtin_filters();
  const auto regex = std::ranges::find(languages, std::string_view("regex"), &filters::FilterLanguage::key);
  const auto compiled = regex->compile(text.text);
  if (!compiled) {
    faults.error_of_language(text, compiled.error().offset, compiled.error().message, compiled.error().hint);
    return nullptr;
  }
  if (!compiled->names.contains("1")) {
    faults.error(text, "the regex has no group", "put parentheses around the time: `^(\\S+ \\S+)`");
    return nullptr;
  }
  const auto* search = std::get_if<event::RegexSearch>(&compiled->predicate.leaf.test);
  return search == nullptr ? nullptr : search->regex.compiled;
}

event::TimeRule read_time(const Node& source, Load& load) {
  Faults& faults = load.faults;
  event::TimeRule rule;
  if (const Node* word = read_text(source, "time")) {
    if (word->text == "arrival") rule.from = event::TimeRule::From::Arrival;
    return rule;
  }
  const Node* map = read_map(source, "time");
  if (map == nullptr) return rule;
  const Node* field = read_text(*map, "field");
  const Node* regex = read_text(*map, "regex");
  const Node* format = read_text(*map, "format");
  const Node* zone = read_text(*map, "zone");
  if (field != nullptr && regex != nullptr) {
    faults.error(*regex, "both `field` and `regex` are given", "a time is in one place: remove one of them");
  } else if (field != nullptr) {
    rule.from = event::TimeRule::From::Field;
    auto selector = event::parse_selector(field->text);
    if (selector) {
      rule.field = std::move(*selector);
      if (rule.field.has_wildcard()) faults.error(*field, "a time is one field", "`*` names several");
    } else {
      faults.error_of_language(*field, selector.error().offset, selector.error().message,
                               selector.error().hint);
    }
  } else if (regex != nullptr) {
    rule.from = event::TimeRule::From::Regex;
    rule.regex = compile_time_regex(*regex, faults);
  }
  if (format != nullptr) {
    rule.format = format->text;
    if (map->find("regex") == nullptr) {
      faults.error(*format, "`format` needs `regex`", "the regex's first group is what the format reads");
    } else if (std::string fault = event::check_time_format(format->text); !fault.empty()) {
      faults.error_of_language(*format, 0, std::move(fault));
    }
  }
  if (zone != nullptr) {
    if (const auto offset = event::parse_zone(zone->text)) {
      rule.zone_offset = *offset;
    } else {
      faults.error(*zone, fmt::format("{} is no zone", quoted(*zone)), "`UTC`, or an offset like `+02:00`");
    }
  }
  if (map->entries.empty()) faults.error(*map, "`time` is empty", "give `field` or `regex`, or leave it out");
  return rule;
}

// Where `word` stands for the second time; it does.
std::size_t second_word(std::string_view text, std::string_view word) {
  const auto next = [&](std::size_t from) {
    constexpr std::string_view kBetween = " \t\r\n${}";
    const auto between = [&](std::size_t at) {
      return at >= text.size() || kBetween.find(text[at]) != std::string_view::npos;
    };
    std::size_t at = text.find(word, from);
    while ((at > 0 && !between(at - 1)) || !between(at + word.size())) at = text.find(word, at + 1);
    return at;
  };
  return next(next(0) + word.size());
}

void read_format(const Node& source, event::DecodeSettings& decode, Faults& faults) {
  if (const Node* word = read_text(source, "format")) {
    decode.format = event::parse_format(word->text).value_or(event::Format::Auto);
    return;
  }
  const Node* map = read_map(source, "format");
  const Node* flow = map == nullptr ? nullptr : read_map(*map, "vpc_flow");
  if (flow == nullptr) return;
  decode.format = event::Format::VpcFlow;
  const Node* as = read_text(*flow, "as");
  decode.vpc_flow.as_json = as != nullptr && as->text == "json";
  const Node* fields = read_text(*flow, "fields");
  if (fields == nullptr) return;
  decode.vpc_flow.fields = event::parse_vpc_flow_fields(fields->text);
  const auto known = event::vpc_flow_known_fields();
  std::set<std::string_view> seen;
  for (const std::string& name : decode.vpc_flow.fields) {
    if (std::ranges::find(known, name) == known.end()) {
      std::string hint = did_you_mean(name, {known.begin(), known.end()});
      if (hint.empty()) hint = "name them as the flow log's format does: `version account-id interface-id …`";
      // A name may be what a variable holds, which is not shown.
      const bool hidden = fields->has_variables();
      faults.error(*fields,
                   fmt::format("flow logs have no field {}", hidden ? quoted(*fields) : "`" + name + "`"),
                   hidden ? std::string() : std::move(hint));
    } else if (!seen.insert(name).second) {
      faults.error_of_language(*fields, second_word(fields->text, name),
                               fmt::format("`{}` stands twice in `fields`", name), "remove one of them");
    }
  }
  if (decode.vpc_flow.fields.empty())
    faults.error(*fields, "`fields` is empty", "leave it out for the default format");
}

}  // namespace

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void load_sources(const std::vector<Entry>& entries, Load& load) {
  const Node* standard_input = nullptr;  // the source that reads it
  for (const Entry& entry : entries) {
    if (entry.value->kind != Node::Kind::Map) continue;
    const Node& map = *entry.value;
    source::SourceSettings settings;
    SourceFacts facts;
    settings.name = entry.key->written;
    if (settings.name.empty()) load.faults.error(*entry.key, "a source's name is empty");
    facts.log_groups = {settings.name};
    if (map.find("kafka") != nullptr) {
      source::KafkaSettings kafka;
      if (const Node* node = read_map(map, "kafka")) kafka = read_kafka(*node, load);
      facts.log_groups = kafka.topics;
      const Node* topics = map.find("kafka")->find("topics");
      facts.names_shown = topics == nullptr || (!topics->has_variables() &&
                                                std::ranges::none_of(topics->items, &Node::has_variables));
      facts.cloudtrail = std::ranges::any_of(kafka.topics, mentions_cloudtrail);
      // With several topics each has its own name as its log group: the reader of the topics fills it in.
      if (kafka.topics.size() == 1) settings.decode.log_group = kafka.topics[0];
      settings.kind = std::move(kafka);
    } else if (map.find("file") != nullptr) {
      const Node* node = read_map(map, "file");
      settings.kind = node == nullptr ? source::FileSettings{} : read_files(*node, load);
      settings.decode.log_group = settings.name;
    } else {
      if (map.find("stdin") == nullptr) {
        load.sources_known = false;
      } else if (standard_input == nullptr) {
        standard_input = entry.key;
      } else if (standard_input->written != entry.key->written) {
        load.faults.error(
            *entry.key, "two sources cannot both read the standard input",
            fmt::format("{} at {} reads it", quoted(*standard_input), describe_place(*standard_input)));
      }
      settings.kind = source::StdinSettings{};
      settings.decode.log_group = settings.name;
    }
    if (const Node* group = read_text(map, "log_group")) {
      if (group->text.empty())
        load.faults.error(*group, "`log_group` is empty", "leave it out for the default");
      settings.decode.log_group = group->text;
      facts.log_groups = {group->text};
      facts.names_shown = !group->has_variables();
    }
    if (const Node* accounts = read_map(map, "accounts")) {
      for (const Node* account : read_texts(*accounts, "allow", load.faults)) {
        if (!is_account(account->text)) {
          load.faults.error(*account, fmt::format("{} is no account number", quoted(*account)),
                            "twelve digits, in quotes: `\"111122223333\"`");
        }
        settings.decode.accounts.insert(account->text);
      }
      const Node* allow = accounts->find("allow");
      if (allow != nullptr && allow->kind == Node::Kind::List && allow->items.empty()) {
        load.faults.error(*allow, "`allow` is empty, so nobody's events would be accepted",
                          "leave `accounts` out to accept all");
      }
    }
    if (const auto delay = read_duration(map, "delay")) {
      settings.delay = *delay;
      if (*delay > kMaxDelay) {
        load.faults.error(*map.find("delay"),
                          fmt::format("`delay` is more than {}", format_duration(kMaxDelay)),
                          "nothing is judged before it is over");
      }
    }
    read_format(map, settings.decode, load.faults);
    settings.decode.time = read_time(map, load);
    facts.brings_log_groups = event::may_bring_log_groups(settings.decode.format);
    facts.cloudtrail = facts.cloudtrail || settings.decode.format == event::Format::CloudTrail ||
                       std::ranges::any_of(facts.log_groups, mentions_cloudtrail);
    load.plan.sources.push_back(std::move(settings));
    load.sources.push_back(std::move(facts));
  }
}

}  // namespace tocsin::config
