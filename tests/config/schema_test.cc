// The editor's schema: what is committed is what the grammar says, and it agrees with the loader wherever a
// schema can.
// g++ 12 sees uninitialized members in its own <regex> when sanitizers are on (GCC bug 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "config/document.h"
#include "engine/base/number.h"
#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kSource = TOCSIN_SOURCE_DIR;

// What an editor makes of a document: plain numbers and booleans are not text.
Json as_json(const Node& node, std::string_view source) {
  switch (node.kind) {
    case Node::Kind::Nothing:
      return nullptr;
    case Node::Kind::List: {
      Json list = Json::array();
      for (const Node* item : node.items) list.push_back(as_json(*item, source));
      return list;
    }
    case Node::Kind::Map: {
      Json map = Json::object();
      for (const Entry& entry : node.entries) map[entry.key->written] = as_json(*entry.value, source);
      return map;
    }
    default:
      break;
  }
  const bool plain = node.start < source.size() &&
                     std::string_view("'\"|>").find(source[node.start]) == std::string_view::npos;
  if (plain && (node.written == "true" || node.written == "false")) return node.written == "true";
  if (plain) {
    if (const auto number = parse_number(node.written)) {
      if (*number == static_cast<double>(static_cast<std::int64_t>(*number)))
        return static_cast<std::int64_t>(*number);
      return *number;
    }
  }
  return node.written;
}

bool schema_accepts(const std::string& text) {
  static const valijson::Schema* schema = [] {
    auto* parsed = new valijson::Schema;  // lives as long as the program
    const Json document = Json::parse(json_schema());
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), *parsed);
    return parsed;
  }();
  const Document document("f", text, {});
  if (document.root() == nullptr || !document.complete()) return false;
  const Json json = as_json(*document.root(), text);
  valijson::Validator validator;
  return validator.validate(*schema, valijson::adapters::NlohmannJsonAdapter(json), nullptr);
}

TEST(Schema, CommittedFileIsWhatTheGrammarSays) {
  EXPECT_EQ(read_whole(kSource / "config/tocsin.schema.json"), json_schema());
}

TEST(Schema, EveryKeyIsDescribed) {
  const Json schema = Json::parse(json_schema());
  std::size_t keys = 0;
  const auto walk = [&keys](const auto& self, const Json& node) -> void {
    if (node.is_object() && node.contains("type") && node["type"] == "object" &&
        node.contains("properties")) {
      for (const auto& [name, property] : node["properties"].items()) {
        ++keys;
        EXPECT_FALSE(Json(property).value("description", std::string()).empty()) << name;
      }
    }
    for (const Json& child : node) {
      if (child.is_structured()) self(self, child);
    }
  };
  walk(walk, schema);
  EXPECT_GT(keys, 40U);
}

TEST(Schema, AcceptsWhatLoads) {
  for (const std::string text : {
           "sources: {s: {stdin: {}}}",
           "sources: {s: {stdin: }}",
           "aws_limits: enforce\nsources: {s: {stdin: {}}}",
           "account: 111122223333\nregion: eu\nsources: {s: {kafka: {brokers: 'a:1', topics: t, properties: "
           "{linger.ms: 1, check.crcs: true}}}}",
           "sources: {s: {file: {paths: [a, b], follow: true}, delay: 1h30m, format: json, accounts: {allow: "
           "[111122223333]}}}",
           "sources: {s: {stdin: {}, time: arrival}, t: {file: {paths: x}, time: {field: $.ts}}}",
           "sources: {s: {stdin: {}}}\nmetric_filters: {f: {log_groups: s, pattern: '', metric: {namespace: "
           "n, name: m, value: 1}}}",
           "sources: {s: {stdin: {}}}\nmetric_filters: {f: {event_pattern: {a: [1, {exists: true}]}, metric: "
           "{namespace: n, name: m}}}",
           "sources: {s: {stdin: {}}}\nmetric_filters: {f: {event_pattern: '{\"a\": [1]}', metric: "
           "{namespace: n, name: m}}}",
           "sources: {s: {stdin: {}}}\nmetric_filters: {f: {regex: '(\\S+)', metric: {namespace: n, name: m, "
           "value: $1, unit: Count, "
           "default: -1e3, max_series: 5}}}",
           "sources: {s: {stdin: {}}}\n"
           "metric_filters: {f: {pattern: '{ $.a = 1 }', metric: {namespace: n, name: m, dimensions: {A: "
           "$.a}}}}\n"
           "alarms: {a: {metric: {namespace: n, name: m, statistic: Sum, period: 5m}, for_each: A, "
           "condition: '>= 1', datapoints: 3, "
           "missing_data: ignore, notify: {alarm: t, ok: [t]}}}\n"
           "topics: {t: {kafka: {brokers: b, topic: x}, subscriptions: [{console: }, {file: /tmp/x}, "
           "{console: {format: json}}]}}",
           "sources: {s: {stdin: {}}}\ndead_letters: {file: /tmp/dead.jsonl}",
           "sources: {s: {kafka: {brokers: 'a:1', topics: t}}}\ndead_letters: {kafka: t.dead}",
           "sources: {s: {stdin: {}}}\ndead_letters: {kafka: {brokers: [a:1], topic: dead, properties: "
           "{linger.ms: 5}}}",
           "topics: {t: {subscriptions: [webhook: {url: 'https://hooks.example.com/a', headers: {X-Team: 1}, "
           "allow: 10.0.0.0/8, timeout: 5s}]}}",
           "smtp: {server: 'mail.example.com:587', from: Tocsin <tocsin@example.com>, user: tocsin, "
           "password: x}\n"
           "topics: {t: {subscriptions: [email: {to: [a@example.com, b@example.com], cc: c@example.com}, "
           "slack: {webhook_url: 'https://hooks.slack.com/services/T0/B0/x'}]}}",
       }) {
    const Loaded loaded = load_text(text);
    EXPECT_TRUE(loaded.configuration.has_value()) << text << "\n" << shown(loaded);
    EXPECT_TRUE(schema_accepts(text)) << text;
  }
}

// Faults that need more than the shape of one value: a schema cannot tell them.
const std::set<std::string> kBeyondSchema{"account_number",
                                          "account_of_installation",
                                          "accounts_empty",
                                          "alarm_name",
                                          "alarm_unit",
                                          "aws_limits_enforced",
                                          "broker_without_port_number",
                                          "datapoints_form",
                                          "datapoints_more_than_periods",
                                          "datapoints_zero",
                                          "dead_letters_read_again",
                                          "dead_letters_without_brokers",
                                          "default_with_dimensions",
                                          "delay_too_long",
                                          "dimension_fixed_and_each",
                                          "dimension_name",
                                          "dimension_of_no_series",
                                          "dimension_too_few",
                                          "dimension_unknown_name",
                                          "dimension_without_dollar",
                                          "dimensions_needed",
                                          "dimensions_of_terms",
                                          "duplicate_key",
                                          "duplicate_name",
                                          "early_average",
                                          "early_below",
                                          "early_sum_of_a_field",
                                          "email_address",
                                          "email_sender_missing",
                                          "email_server",
                                          "email_server_missing",
                                          "evaluation_range_too_large",
                                          "evaluation_range_too_small",
                                          "event_pattern_json",
                                          "event_pattern_numeric",
                                          "event_pattern_operator",
                                          "event_pattern_scalar",
                                          "event_pattern_too_complex",
                                          "event_pattern_wildcard",
                                          "file_of_no_secret",
                                          "filter_name",
                                          "filter_policy_as_text",
                                          "filter_policy_invalid",
                                          "filter_policy_nested",
                                          "filter_policy_scope_alone",
                                          "filter_policy_too_many_keys",
                                          "integer_expected",
                                          "kafka_property_unknown",
                                          "kafka_property_value",
                                          "kafka_reserved_property",
                                          "kafka_start",
                                          "kafka_topic_name",
                                          "key_is_not_text",
                                          "log_group_nearly_a_source",
                                          "log_group_of_no_source",
                                          "memory",
                                          "merge_cycle",
                                          "merge_of_text",
                                          "metric_of_another_namespace",
                                          "metric_unknown",
                                          "own_metric_dimension",
                                          "own_metric_unknown",
                                          "own_namespace",
                                          "pattern_escaped",
                                          "pattern_folded",
                                          "pattern_invalid",
                                          "period_between",
                                          "periods_too_long",
                                          "regex_invalid",
                                          "rule_log_group_unknown",
                                          "rule_name",
                                          "rule_notify_empty",
                                          "rule_pattern_invalid",
                                          "rule_topic_unknown",
                                          "secret_file_missing",
                                          "secret_given_twice",
                                          "sink_reserved_property",
                                          "slack_url_missing",
                                          "stdin_twice",
                                          "time_field",
                                          "time_format_letter",
                                          "time_format_without_regex",
                                          "time_regex_broken",
                                          "time_regex_without_group",
                                          "time_zone",
                                          "topic_of_several_kafka_sources",
                                          "topic_unknown",
                                          "topic_without_kafka_source",
                                          "units_differ",
                                          "value_not_a_field",
                                          "value_too_large",
                                          "value_unknown_name",
                                          "variable_bad_default",
                                          "variable_needed",
                                          "variable_nested",
                                          "variable_not_set",
                                          "variable_unclosed",
                                          "variable_without_name",
                                          "webhook_address_private",
                                          "webhook_allow",
                                          "webhook_credentials",
                                          "webhook_header_reserved",
                                          "webhook_scheme",
                                          "webhook_timeout",
                                          "webhook_url_missing"};

TEST(Schema, RefusesTheFaultsOfShape) {
  std::size_t refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "tests/config/faults")) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".yaml" || name == "twenty") continue;
    const bool accepted = schema_accepts(read_whole(entry.path()));
    EXPECT_EQ(accepted, kBeyondSchema.contains(name)) << name;
    refused += accepted ? 0U : 1U;
  }
  EXPECT_GT(refused, 40U);
}

}  // namespace
}  // namespace tocsin::config
