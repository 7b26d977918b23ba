#include "config/kafka_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "config/reader.h"
#include "config/secret.h"
#include "engine/source/kafka_properties.h"

namespace tocsin::config {
namespace {

struct Reserved {
  std::string_view name;
  std::string_view hint;
};

constexpr std::array<Reserved, 3> kReservedByBoth{{
    {"bootstrap.servers", "name the brokers in `brokers`"},
    {"metadata.broker.list", "name the brokers in `brokers`"},
    {"plugin.library.paths", "Tocsin loads no foreign code"},
}};
constexpr std::array<Reserved, 7> kReservedOfConsumers{{
    {"group.id", "name the consumer group in `group`"},
    {"auto.offset.reset", "say where to begin in `start`"},
    {"enable.auto.commit", "an offset is committed only when what came before it is safe"},
    {"enable.auto.offset.store", "an offset is committed only when what came before it is safe"},
    {"group.protocol", "who reads what is agreed in the way that Tocsin knows"},
    {"partition.assignment.strategy", "who reads what is agreed in the way that Tocsin knows"},
    {"enable.partition.eof", "Tocsin needs it to tell silence from lag"},
}};
constexpr std::array<Reserved, 2> kReservedOfProducers{{
    {"acks", "a notification counts as delivered only when all replicas have it"},
    {"request.required.acks", "a notification counts as delivered only when all replicas have it"},
}};

constexpr std::array<std::string_view, 9> kConnectionPrefixes{
    "security.",       "sasl.",           "ssl.", "ssl_", "enable.ssl.", "enable.sasl.", "https.",
    "broker.address.", "socket.keepalive"};

const Reserved* find_reserved(std::string_view name, KafkaClient client) {
  const auto find = [name](const auto& table) -> const Reserved* {
    const auto row = std::ranges::find(table, name, &Reserved::name);
    return row == table.end() ? nullptr : &*row;
  };
  if (const Reserved* row = find(kReservedByBoth)) return row;
  return client == KafkaClient::Consumer ? find(kReservedOfConsumers) : find(kReservedOfProducers);
}

// Reports what librdkafka would not take. The value is not shown: it may be a secret.
void check_property(const Node& key, const Node& value, Faults& faults) {
  const auto fault = source::kafka_property_fault(key.written, value.text);
  if (!fault) return;
  if (!fault->unknown) {
    faults.error(value, fmt::format("the property {} does not take this value", quoted(key)),
                 fault->allowed.empty() ? "" : fmt::format("it takes: {}", fault->allowed));
    return;
  }
  static const std::vector<std::string> names = source::kafka_property_names();
  faults.error(key, fmt::format("Kafka's clients have no property {}", quoted(key)),
               did_you_mean(key.written, {names.begin(), names.end()}));
}

bool is_broker(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  const std::size_t colon = text.rfind(':');
  const bool bare_ipv6 = text.find(':') != colon && !text.starts_with('[');
  const bool has_port = colon != std::string_view::npos && !text.ends_with(']') && !bare_ipv6;
  const std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.empty() || host.find_first_of(" \t\r\n/,") != std::string_view::npos) return false;
  if (!has_port) return true;
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535;
}

}  // namespace

std::map<std::string, std::string> read_properties(const Node& map, KafkaClient client, Faults& faults) {
  std::map<std::string, std::string> properties;
  const Node* node = read_map(map, "properties");
  if (node == nullptr) return properties;
  for (const auto& [key, value] : node->entries) {
    const std::string& name = key->written;
    if (value->kind != Node::Kind::Text) continue;
    if (const Reserved* reserved = find_reserved(name, client)) {
      faults.error(*key, fmt::format("the property {} cannot be set here", quoted(*key)),
                   std::string(reserved->hint));
      continue;
    }
    if (!name.ends_with("_file")) {
      check_property(*key, *value, faults);
      properties[name] = value->text;
      continue;
    }
    const std::string_view secret =
        std::string_view(name).substr(0, name.size() - std::string_view("_file").size());
    const auto secrets = kafka_secrets();
    if (std::ranges::find(secrets, secret) == secrets.end()) {
      std::string hint = did_you_mean(secret, {secrets.begin(), secrets.end()});
      faults.error(
          *key, fmt::format("{} is no secret that a file can hold", quoted(*key, secret)),
          hint.empty() ? fmt::format("give the property itself: {}", quoted(*key, secret)) : std::move(hint));
    } else if (node->find(secret) != nullptr) {
      faults.error(*key, fmt::format("both `{}` and `{}` are given", secret, name), "remove one of them");
    } else if (auto content = read_secret(value->text)) {
      properties[std::string(secret)] = std::move(*content);
    } else {
      faults.error(*value,
                   fmt::format("cannot read the secret in {}: {}", quoted(*value), content.error().message));
    }
  }
  return properties;
}

std::string read_brokers(const Node& map, Faults& faults) {
  std::string brokers;
  for (const Node* text : read_texts(map, "brokers", faults)) {
    // One text may hold several brokers, as librdkafka takes them.
    std::size_t begin = 0;
    while (begin <= text->text.size()) {
      const std::size_t end = std::min(text->text.find(',', begin), text->text.size());
      std::size_t first = text->text.find_first_not_of(" \t", begin);
      first = std::min(first, end);
      std::size_t last = end;
      while (last > first && (text->text[last - 1] == ' ' || text->text[last - 1] == '\t')) --last;
      const std::string_view broker = std::string_view(text->text).substr(first, last - first);
      if (!is_broker(broker)) {
        faults.error_inside(*text, first, fmt::format("{} is no address of a broker", quoted(*text, broker)),
                            "write it like `kafka-1:9092`; the port is 1 to 65535");
        return brokers;
      }
      brokers += fmt::format("{}{}", brokers.empty() ? "" : ",", broker);
      begin = end + 1;
    }
  }
  return brokers;
}

void check_topic_name(const Node& topic, Faults& faults) {
  constexpr std::size_t kMaxTopic = 249;
  const std::string& name = topic.text;
  const auto wrong = std::ranges::find_if_not(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (wrong != name.end()) {
    faults.error_inside(topic, static_cast<std::size_t>(wrong - name.begin()),
                        fmt::format("{} cannot be the name of a Kafka topic", quoted(topic)),
                        "letters, digits, `.`, `_` and `-`");
  } else if (name.empty() || name.size() > kMaxTopic || name == "." || name == "..") {
    faults.error(topic, fmt::format("{} cannot be the name of a Kafka topic", quoted(topic)),
                 fmt::format("1 to {} characters", kMaxTopic));
  }
}

std::map<std::string, std::string> connection_properties(
    const std::map<std::string, std::string>& properties) {
  std::map<std::string, std::string> out;
  for (const auto& property : properties) {
    const bool wanted = std::ranges::any_of(
        kConnectionPrefixes, [&](std::string_view prefix) { return property.first.starts_with(prefix); });
    if (wanted) out.insert(property);
  }
  return out;
}

}  // namespace tocsin::config
