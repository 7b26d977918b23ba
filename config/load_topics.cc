// `topics:` — whom alarms and rules notify; `dead_letters:` — where goes what could not be decoded.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <variant>

#include "config/attribute_policy.h"
#include "config/grammar.h"
#include "config/kafka_settings.h"
#include "config/match_spec.h"
#include "config/pattern_text.h"
#include "config/reader.h"
#include "config/secret.h"
#include "config/sections.h"
#include "engine/notify/filter_policy.h"
#include "filters/filter_policy.h"

namespace tocsin::config {
namespace {

const source::KafkaSettings* only_kafka_source(const runtime::Plan& plan, std::size_t& count) {
  const source::KafkaSettings* only = nullptr;
  count = 0;
  for (const source::SourceSettings& source : plan.sources) {
    if (const auto* kafka = std::get_if<source::KafkaSettings>(&source.kind)) {
      only = kafka;
      ++count;
    }
  }
  return count == 1 ? only : nullptr;
}

// An alert topic that names no brokers is on those of the only Kafka source.
void borrow_brokers(const Node& place, sinks::SinkSettings& settings, Load& load) {
  std::size_t count = 0;
  const source::KafkaSettings* kafka = only_kafka_source(load.plan, count);
  if (kafka != nullptr) {
    settings.texts["brokers"] = kafka->brokers;
    auto& properties = settings.maps["properties"];  // the topic's own win
    properties.merge(connection_properties(kafka->properties));
  } else if (load.sources_known) {
    load.faults.error(
        place,
        count == 0 ? "there is no Kafka source whose brokers this topic could be on"
                   : "there are several Kafka sources, so it is not clear whose brokers this topic is on",
        "name them: `kafka: {brokers: kafka-1:9092, topic: alerts}`");
  }
}

void read_option(const Node& map, const sinks::SinkOption& option, sinks::SinkSettings& settings,
                 const Node& place, Load& load) {
  const std::string name(option.name);
  if (settings.kind == "kafka" && name == "properties") {
    settings.maps[name] = read_properties(map, KafkaClient::Producer, load.faults);
    return;
  }
  if (settings.kind == "kafka" && name == "brokers") {
    if (std::string brokers = read_brokers(map, load.faults); !brokers.empty())
      settings.texts[name] = std::move(brokers);
    return;
  }
  if (option.type == sinks::SinkOption::Type::Map) {
    const Node* values = read_map(map, name);
    if (values == nullptr) return;
    for (const auto& [key, value] : values->entries) {
      if (value->kind == Node::Kind::Text) settings.maps[name][key->written] = value->text;
    }
    return;
  }
  if (option.type == sinks::SinkOption::Type::Texts) {
    for (const Node* text : read_texts(map, name, load.faults)) {
      if (text->text.empty()) load.faults.error(*text, fmt::format("a text of `{}` is empty", name));
      settings.lists[name].push_back(text->text);
    }
    return;
  }
  const Node* value = read_text(map, name);
  const Node* file = option.secret ? read_text(map, name + "_file") : nullptr;
  if (value != nullptr && file != nullptr) {
    load.faults.error(*file, fmt::format("both `{0}` and `{0}_file` are given", name), "remove one of them");
  } else if (value != nullptr) {
    if (value->text.empty()) load.faults.error(*value, fmt::format("`{}` is empty", name));
    settings.texts[name] = value->text;
  } else if (file != nullptr) {
    if (auto content = read_secret(file->text)) {
      settings.texts[name] = std::move(*content);
    } else {
      load.faults.error(
          *file, fmt::format("cannot read the secret in {}: {}", quoted(*file), content.error().message));
    }
  } else if (option.required && option.secret && map.find(name) == nullptr &&
             map.find(name + "_file") == nullptr) {
    load.faults.error(place, fmt::format("`{}` needs `{}` or `{}_file`", settings.kind, name, name));
  }
}

// What `smtp:` gives all mail. A subscription with a server of its own takes nothing from it but the sender:
// a password must not get to another server.
void add_mail_defaults(sinks::SinkSettings& settings, const sinks::SinkSettings& defaults) {
  const bool own_server = settings.texts.contains("server");
  for (const auto& [name, value] : defaults.texts) {
    if (!own_server || name == "from") settings.texts.emplace(name, value);
  }
}

// At the item, the option (given in either way) or the kind, whichever is there.
void say(sinks::SinkRemark remark, const Entry& entry, const sinks::SinkKind& kind, Load& load) {
  const Node* place = entry.key;
  const Node& value = *entry.value;
  if (value.kind == Node::Kind::Text && remark.option == kind.scalar_option) place = &value;
  const Node* option = value.find(remark.option);
  if (option == nullptr) option = value.find(std::string(remark.option) + "_file");
  if (option != nullptr) place = option;
  if (option != nullptr && option->kind == Node::Kind::List && remark.item &&
      *remark.item < option->items.size())
    place = option->items[*remark.item];
  if (remark.severity == sinks::SinkRemark::Severity::Error) {
    load.faults.error(*place, std::move(remark.text), std::move(remark.hint));
  } else {
    load.faults.warning(*place, std::move(remark.text), std::move(remark.hint));
  }
}

// One destination. `entry` is the kind and its options.
sinks::SinkSettings read_sink(const sinks::SinkKind& kind, const Entry& entry,
                              const sinks::SinkSettings& mail_defaults, Load& load) {
  sinks::SinkSettings settings{.kind = std::string(kind.name), .texts = {}, .maps = {}};
  const Node& value = *entry.value;
  if (value.kind == Node::Kind::Text && !kind.scalar_option.empty()) {
    if (value.text.empty()) load.faults.error(value, fmt::format("`{}` is empty", kind.name));
    settings.texts[std::string(kind.scalar_option)] = value.text;
  } else if (value.kind == Node::Kind::Map) {
    for (const sinks::SinkOption& option : kind.options)
      read_option(value, option, settings, *entry.key, load);
  }
  if (kind.name == "email") add_mail_defaults(settings, mail_defaults);
  if (kind.review != nullptr) {
    for (sinks::SinkRemark& remark : kind.review(settings)) say(std::move(remark), entry, kind, load);
  }
  if (kind.name == "kafka") {
    const Node* topic = value.kind == Node::Kind::Map ? read_text(value, "topic") : &value;
    if (topic != nullptr && topic->kind == Node::Kind::Text && !topic->text.empty())
      check_topic_name(*topic, load.faults);
    const bool has_brokers = value.kind == Node::Kind::Map && value.find("brokers") != nullptr;
    if (!has_brokers && (value.kind == Node::Kind::Map || value.kind == Node::Kind::Text)) {
      borrow_brokers(*entry.key, settings, load);
    }
  }
  return settings;
}

sinks::SinkSettings read_mail_defaults(Load& load) {
  sinks::SinkSettings defaults{.kind = "smtp", .texts = {}, .maps = {}};
  if (!load.smtp) return defaults;
  for (const sinks::SinkOption& option : sinks::find_sink("email")->options) {
    if (option.section == "smtp") read_option(*load.smtp->value, option, defaults, *load.smtp->key, load);
  }
  return defaults;
}

constexpr std::size_t kMaxSubscriptionName = 64;
constexpr std::size_t kMaxTopicName = 256;                 // as SNS
constexpr std::string_view kDeadLetters = "dead_letters";  // in telemetry and the log

bool is_name(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

class TopicLoader {
 public:
  TopicLoader(const Entry& entry, const sinks::SinkSettings& mail_defaults, Load& load)
      : entry_(entry), mail_defaults_(mail_defaults), load_(load) {}

  void run() {
    topic_.name = entry_.key->written;
    check_topic();
    if (entry_.value->kind == Node::Kind::Map) read_destinations();
    check_names();
    load_.plan.topics.push_back(std::move(topic_));
    load_.sinks.push_back(std::move(sinks_));
  }

 private:
  void check_topic() {
    if (!is_name(topic_.name, kMaxTopicName)) {
      load_.faults.error(*entry_.key, fmt::format("{} cannot be the name of a topic", quoted(*entry_.key)),
                         fmt::format("1 to {} letters, digits, `-` and `_`, as in SNS", kMaxTopicName));
    } else if (topic_.name == kDeadLetters) {
      load_.faults.error(*entry_.key,
                         fmt::format("{} is Tocsin's own name for dead letters", quoted(*entry_.key)),
                         "give the topic another name; `dead_letters:` beside `topics:` says where those go");
    }
  }

  void read_destinations() {
    for (const Entry& entry : entry_.value->entries) {
      const sinks::SinkKind* kind = sinks::find_sink(entry.key->written);
      if (kind != nullptr && topic_grammar().find(kind->name) != nullptr) add(*kind, entry);
    }
    const Node* list = entry_.value->find("subscriptions");
    if (list != nullptr && list->kind == Node::Kind::List) {
      for (const Node* subscription : list->items) {
        if (subscription->kind == Node::Kind::Map) read_subscription(*subscription);
      }
    }
    const bool unsure = list != nullptr && (list->kind != Node::Kind::List || !list->items.empty());
    if (sinks_.empty() && !unsure) {
      load_.faults.warning(*entry_.key, fmt::format("the topic {} reaches nobody", quoted(*entry_.key)),
                           "give it `kafka: NAME` or `subscriptions`");
    }
  }

  void read_subscription(const Node& map) {
    const std::shared_ptr<const notify::FilterPolicy> policy = read_policy(map);
    for (const Entry& entry : map.entries) {
      const sinks::SinkKind* kind = sinks::find_sink(entry.key->written);
      if (kind == nullptr) continue;
      add(*kind, entry);
      topic_.subscriptions.back().policy = policy;
      if (const Node* name = read_text(map, "name")) read_name(*name);
    }
  }

  // What waits for it follows its name, wherever it goes.
  void read_name(const Node& name) {
    if (!is_name(name.text, kMaxSubscriptionName)) {
      load_.faults.error(name, fmt::format("{} cannot be the name of a subscription", quoted(name)),
                         fmt::format("1 to {} letters, digits, `-` and `_`", kMaxSubscriptionName));
    }
    topic_.subscriptions.back().name = topic_.subscriptions.back().address = name.text;
    names_.push_back(&name);
  }

  // One that others have by their kind, too: metrics and statuses could not tell them apart.
  void check_names() {
    for (const Node* name : names_) {
      if (std::ranges::count(topic_.subscriptions, name->text, &notify::SubscriptionDefinition::name) > 1)
        load_.faults.error(*name, fmt::format("two subscriptions of this topic are called {}", quoted(*name)),
                           "give one of them another `name`");
    }
  }

  // Null where there is none, or a faulty one.
  std::shared_ptr<const notify::FilterPolicy> read_policy(const Node& map) {
    notify::FilterPolicy policy;
    const Node* scope = read_text(map, "filter_policy_scope");
    const Node* text = read_text(map, "filter_policy");
    const Node* mapping = read_map(map, "filter_policy");
    if (text == nullptr && mapping == nullptr) {
      if (scope != nullptr && map.find("filter_policy") == nullptr)
        load_.faults.error(*scope, "there is no `filter_policy` that this could be the scope of");
      return nullptr;
    }
    if (scope != nullptr && scope->text == "MessageBody")
      policy.scope = notify::FilterPolicy::Scope::MessageBody;
    std::string json = text != nullptr ? text->text : std::string();
    auto predicate = text != nullptr ? read_policy_text(*text, policy.scope)
                                     : read_policy_mapping(*mapping, policy.scope, json);
    if (!predicate) return nullptr;
    if (predicate->op != event::Predicate::Op::True)
      load_.filter_policies[entry_.key].push_back(text != nullptr ? text : mapping);
    policy.predicate = std::move(*predicate);
    auto& shared = load_.shared_policies[{policy.scope, std::move(json)}];
    if (shared == nullptr) shared = std::make_shared<const notify::FilterPolicy>(std::move(policy));
    return shared;
  }

  std::optional<event::Predicate> read_policy_text(const Node& text, notify::FilterPolicy::Scope scope) {
    auto predicate = filters::compile_filter_policy(text.text, scope);
    if (predicate) {
      if (scope == notify::FilterPolicy::Scope::MessageAttributes)
        warn_of_silent_policy(
            text.text, [&](std::size_t) -> const Node& { return text; }, false, load_.faults);
      return std::move(*predicate);
    }
    const event::SyntaxError& error = predicate.error();
    load_.faults.error_of_language(text, error.offset, error.message, error.hint);
    return std::nullopt;
  }

  // `json`: gets what it says.
  std::optional<event::Predicate> read_policy_mapping(const Node& map, notify::FilterPolicy::Scope scope,
                                                      std::string& json) {
    const PatternText policy(map);
    if (!policy.complete()) return std::nullopt;
    warn_of_unquoted_accounts(policy, load_.faults);
    json = policy.json();
    auto predicate = filters::compile_filter_policy(json, scope);
    if (predicate) {
      if (scope == notify::FilterPolicy::Scope::MessageAttributes)
        warn_of_silent_policy(
            json, [&](std::size_t offset) -> const Node& { return *policy.place(offset).node; }, true,
            load_.faults);
      return std::move(*predicate);
    }
    const event::SyntaxError& error = predicate.error();
    const PatternText::Place place = policy.place(error.offset);
    load_.faults.error_of_language(*place.node, place.offset, error.message, error.hint);
    return std::nullopt;
  }

  void add(const sinks::SinkKind& kind, const Entry& entry) {
    sinks_.push_back(read_sink(kind, entry, mail_defaults_, load_));
    const std::string address = sinks::address_of(sinks_.back());
    const auto same_kind = std::ranges::count(sinks_, sinks_.back().kind, &sinks::SinkSettings::kind);
    const auto same_place = std::ranges::count(sinks_, address, sinks::address_of);
    topic_.subscriptions.push_back({.name = numbered(std::string(kind.name), same_kind),
                                    .kind = std::string(kind.name),
                                    .policy = nullptr,
                                    .address = numbered(address, same_place)});
  }

  static std::string numbered(std::string name, std::ptrdiff_t count) {
    return count == 1 ? std::move(name) : fmt::format("{}-{}", name, count);
  }

  const Entry& entry_;
  const sinks::SinkSettings& mail_defaults_;
  Load& load_;
  notify::TopicDefinition topic_;
  std::vector<sinks::SinkSettings> sinks_;
  std::vector<const Node*> names_;  // that people gave to subscriptions
};

// Letters are as large as records may be. What compresses fits where the record did, headers and all.
constexpr std::array<std::pair<const char*, const char*>, 2> kLetterProperties{
    {{"message.max.bytes", "33554432"}, {"compression.codec", "lz4"}}};

// A source that reads the letters' own topic would make letters of letters.
void check_for_loop(const Node& topic, const sinks::SinkSettings& settings, Load& load) {
  const auto brokers = settings.texts.find("brokers");
  const auto name = settings.texts.find("topic");
  if (brokers == settings.texts.end() || name == settings.texts.end()) return;
  for (const source::SourceSettings& source : load.plan.sources) {
    const auto* kafka = std::get_if<source::KafkaSettings>(&source.kind);
    if (kafka == nullptr || kafka->brokers != brokers->second ||
        std::ranges::find(kafka->topics, name->second) == kafka->topics.end()) {
      continue;
    }
    load.faults.error(topic, "the dead letters would be read again as log events",
                      fmt::format("a source reads the topic {}: give them another one", quoted(topic)));
    return;
  }
}

}  // namespace

void load_topics(const std::vector<Entry>& entries, Load& load) {
  const sinks::SinkSettings mail_defaults = read_mail_defaults(load);
  for (const Entry& entry : entries) TopicLoader(entry, mail_defaults, load).run();
}

std::vector<std::uint32_t> read_topics(const Node& map, std::string_view key, Load& load) {
  const auto& topics = load.plan.topics;
  std::vector<std::uint32_t> indexes;
  for (const Node* name : read_texts(map, key, load.faults)) {
    const auto topic = std::ranges::find(topics, name->text, &notify::TopicDefinition::name);
    if (topic != topics.end()) {
      indexes.push_back(static_cast<std::uint32_t>(topic - topics.begin()));
    } else if (load.topics_known) {
      std::vector<std::string_view> known;
      for (const auto& definition : topics) known.push_back(definition.name);
      std::string hint = did_you_mean(name->text, known);
      load.faults.error(*name, fmt::format("there is no topic {}", quoted(*name)),
                        hint.empty() ? "define it in `topics`" : std::move(hint));
    }
  }
  return indexes;
}

void load_dead_letters(const std::vector<Entry>& roots, Load& load) {
  const Node* first = nullptr;
  for (const Entry& root : roots) {
    if (root.key->written != "dead_letters") continue;
    if (first != nullptr) {
      load.faults.error(*root.key, "`dead_letters` is given twice",
                        fmt::format("it is also at {}", describe_place(*first)));
      continue;
    }
    first = root.key;
    if (root.value->kind != Node::Kind::Map) continue;
    for (const Entry& entry : root.value->entries) {
      if (dead_letter_grammar().find(entry.key->written) == nullptr) continue;
      const sinks::SinkSettings no_mail{.kind = "smtp", .texts = {}, .maps = {}};
      sinks::SinkSettings settings = read_sink(*sinks::find_sink(entry.key->written), entry, no_mail, load);
      if (settings.kind == "file") {
        settings.texts["lines"] = "payload";
      } else {
        for (const auto& [name, value] : kLetterProperties) settings.maps["properties"].emplace(name, value);
        const Node* topic =
            entry.value->kind == Node::Kind::Map ? read_text(*entry.value, "topic") : entry.value;
        if (topic != nullptr && topic->kind == Node::Kind::Text) check_for_loop(*topic, settings, load);
      }
      load.dead_letters = std::move(settings);
    }
  }
}

}  // namespace tocsin::config
