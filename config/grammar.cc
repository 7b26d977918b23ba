#include "config/grammar.h"

#include <algorithm>
#include <array>
#include <deque>
#include <string>

#include "sinks/sink_kind.h"

namespace tocsin::config {
namespace {

constexpr std::array<std::string_view, 27> kUnits{"Seconds",
                                                  "Microseconds",
                                                  "Milliseconds",
                                                  "Bytes",
                                                  "Kilobytes",
                                                  "Megabytes",
                                                  "Gigabytes",
                                                  "Terabytes",
                                                  "Bits",
                                                  "Kilobits",
                                                  "Megabits",
                                                  "Gigabits",
                                                  "Terabits",
                                                  "Percent",
                                                  "Count",
                                                  "Bytes/Second",
                                                  "Kilobytes/Second",
                                                  "Megabytes/Second",
                                                  "Gigabytes/Second",
                                                  "Terabytes/Second",
                                                  "Bits/Second",
                                                  "Kilobits/Second",
                                                  "Megabits/Second",
                                                  "Gigabits/Second",
                                                  "Terabits/Second",
                                                  "Count/Second",
                                                  "None"};
constexpr std::array<std::string_view, 12> kFormats{"auto", "cloudtrail", "eventbridge", "subscription",
                                                    "sns",  "sqs",        "kinesis",     "firehose",
                                                    "s3",   "vpc_flow",   "json",        "text"};
constexpr std::array<std::string_view, 2> kFlowMessages{"line", "json"};
constexpr std::array<std::string_view, 1> kTimes{"arrival"};
constexpr std::array<std::string_view, 5> kStatistics{"SampleCount", "Average", "Sum", "Minimum", "Maximum"};
constexpr std::array<std::string_view, 4> kMissingData{"missing", "ignore", "breaching", "not_breaching"};

constexpr std::string_view kQuotePattern = "quote the pattern: `'{ $.errorCode = \"*\" }'`";
constexpr std::string_view kBytes = "^[0-9]+(MiB|GiB)$";
constexpr std::string_view kTwelveDigits = "^[0-9]{12}$";

// --- sources ---

constexpr std::array kKafkaKeys{
    Key{.name = "brokers",
        .shapes = kText | kTexts,
        .description = "HOST:PORT of one or more brokers.",
        .required = true,
        .example = "brokers: kafka-1:9092"},
    Key{.name = "topics",
        .shapes = kText | kTexts,
        .description = "The topics to read.",
        .required = true,
        .example = "topics: [org-cloudtrail]"},
    Key{.name = "group", .description = "The consumer group; default tocsin."},
    Key{.name = "start",
        .description = "Where to start if the group has no position: earliest, latest (the default) or a "
                       "time as RFC 3339."},
    Key{.name = "properties",
        .shapes = kTextMap,
        .description = "Any property of librdkafka's consumer; a secret can be given as NAME_file."},
};
constexpr ObjectGrammar kKafka{"a Kafka source", kKafkaKeys};

constexpr std::array kFileKeys{
    Key{.name = "paths",
        .shapes = kText | kTexts,
        .description = "Files, globs or directories (all files below); .gz and .zst are read, too.",
        .required = true,
        .example = "paths: [/var/log/auth.log]"},
    Key{.name = "follow",
        .shapes = kBoolean,
        .description = "Go on reading what is appended; default false."},
};
constexpr ObjectGrammar kFile{"a file source", kFileKeys};

constexpr ObjectGrammar kStdin{"the standard input", {}};

constexpr std::array kAccountsKeys{
    Key{.name = "allow",
        .shapes = kText | kTexts,
        .description = "Account numbers; events of other accounts are refused and counted.",
        .required = true,
        .pattern = kTwelveDigits,
        .example = "allow: [\"111122223333\"]"},
};
constexpr ObjectGrammar kAccounts{"`accounts`", kAccountsKeys};

constexpr std::array kTimeKeys{
    Key{.name = "field", .description = "The JSON field that holds the time: $.ts.", .pattern = "^\\$"},
    Key{.name = "regex", .description = "A regex (RE2) whose first group is the time."},
    Key{.name = "format",
        .description = "How the regex's time is written, in strptime's letters: %b %e %H:%M:%S."},
    Key{.name = "zone", .description = "The zone of times that name none: UTC, +02:00; default UTC."},
};
constexpr ObjectGrammar kTime{"`time`", kTimeKeys};

constexpr std::array kVpcFlowKeys{
    Key{.name = "fields",
        .description =
            "The fields of a line in their order, as the flow log's format names them; default: the "
            "default format, version 2."},
    Key{.name = "as",
        .description = "What filters see: the line (the default), or a JSON object of its fields.",
        .choices = kFlowMessages},
};
constexpr ObjectGrammar kVpcFlow{"`vpc_flow`", kVpcFlowKeys};

constexpr std::array kFormatKeys{
    Key{.name = "vpc_flow",
        .shapes = kObject,
        .description = "Lines of VPC Flow Logs.",
        .object = &kVpcFlow,
        .required = true,
        .example = "vpc_flow: {as: json}"},
};
constexpr ObjectGrammar kFormat{"`format`", kFormatKeys};

constexpr std::array kSourceKeys{
    Key{.name = "kafka", .shapes = kObject, .description = "Read Kafka topics.", .object = &kKafka},
    Key{.name = "file", .shapes = kObject, .description = "Read files.", .object = &kFile},
    Key{.name = "stdin",
        .shapes = kObject | kEmpty,
        .description = "Read the standard input.",
        .object = &kStdin},
    Key{.name = "log_group",
        .description =
            "The log group of events that bring none; default: the topic's name, else the source's."},
    Key{.name = "accounts",
        .shapes = kObject,
        .description = "Whose events are accepted.",
        .object = &kAccounts},
    Key{.name = "delay",
        .shapes = kDuration,
        .description = "Events this late are waited for before anything is judged; default 0s."},
    Key{.name = "format",
        .shapes = kText | kObject,
        .description = "What the records are; default auto.",
        .object = &kFormat,
        .choices = kFormats},
    Key{.name = "time",
        .shapes = kText | kObject,
        .description = "Where an event's time is; `arrival`: when it came.",
        .object = &kTime,
        .choices = kTimes},
};
constexpr std::array<std::string_view, 3> kSourceKinds{"kafka", "file", "stdin"};
constexpr ObjectGrammar kSource{"a source", kSourceKeys, kSourceKinds,
                                "give it `kafka: {…}`, `file: {…}` or `stdin: {}`",
                                "a source has one kind: make two sources"};

// --- metric filters ---

constexpr std::array kFilterMetricKeys{
    Key{.name = "namespace",
        .description = "The metric's namespace.",
        .required = true,
        .pattern = "^[^:*$]{1,255}$",
        .example = "namespace: Hosts"},
    Key{.name = "name",
        .description = "The metric's name.",
        .required = true,
        .pattern = "^[^:*$]{1,255}$",
        .example = "name: SshFailures"},
    Key{.name = "value",
        .shapes = kText | kNumber,
        .description = "What a match adds: a number (default 1), or a field: $.bytes, $name."},
    Key{.name = "default",
        .shapes = kNumber,
        .description = "The value of a minute that has events and no match; not with dimensions."},
    Key{.name = "unit", .description = "CloudWatch's name of the unit; default None.", .choices = kUnits},
    Key{.name = "dimensions",
        .shapes = kTextMap,
        .description =
            "Names of dimensions and the fields they are taken from: {Account: $.recipientAccountId}."},
    Key{.name = "max_series",
        .shapes = kInteger,
        .description = "How many series the metric may have; further ones are refused and counted.",
        .minimum = 1},
};
constexpr ObjectGrammar kFilterMetric{"a filter's metric", kFilterMetricKeys};

// What metric filters and rules match by.
constexpr Key kLogGroupsKey{.name = "log_groups",
                            .shapes = kText | kTexts,
                            .description = "The log groups whose events are looked at; default: all."};
constexpr Key kPatternKey{.name = "pattern",
                          .description = "A CloudWatch Logs filter pattern; \"\" matches every event.",
                          .hint = kQuotePattern};
constexpr Key kRegexKey{.name = "regex", .description = "A regex (RE2); its named groups are fields: $name."};
constexpr Key kEventPatternKey{
    .name = "event_pattern",
    .shapes = kText | kAnyMap,
    .description = "An EventBridge event pattern, as a mapping or as JSON text: {source: [aws.backup]}.",
    .hint = "for example `event_pattern: {source: [aws.backup]}`"};
constexpr std::array<std::string_view, 3> kLanguages{"pattern", "regex", "event_pattern"};

constexpr std::array kFilterKeys{
    kLogGroupsKey,
    kPatternKey,
    kRegexKey,
    kEventPatternKey,
    Key{.name = "metric",
        .shapes = kObject,
        .description = "The datapoint that a match becomes.",
        .object = &kFilterMetric,
        .required = true,
        .example = "metric: {namespace: Hosts, name: SshFailures}"},
};
constexpr ObjectGrammar kFilter{"a metric filter", kFilterKeys, kLanguages,
                                "`pattern: \"\"` matches every event",
                                "a filter has one language: make two filters"};

// --- rules ---

constexpr std::array kRuleKeys{
    Key{.name = "description", .description = "What people are told about the rule."},
    kLogGroupsKey,
    kPatternKey,
    kRegexKey,
    kEventPatternKey,
    Key{.name = "notify",
        .shapes = kText | kTexts,
        .description = "The topics that each matching event is sent to.",
        .required = true,
        .example = "notify: [backup-team]"},
};
constexpr ObjectGrammar kRule{"a rule", kRuleKeys, kLanguages,
                              "say which events: `event_pattern: {source: [aws.backup]}`",
                              "a rule has one language: make two rules"};

// --- alarms ---

constexpr std::array kAlarmMetricKeys{
    Key{.name = "namespace",
        .description = "The metric's namespace.",
        .required = true,
        .example = "namespace: Hosts"},
    Key{.name = "name",
        .description = "The metric's name.",
        .required = true,
        .example = "name: SshFailures"},
    Key{.name = "statistic",
        .description = "Which statistic of a period is judged.",
        .required = true,
        .choices = kStatistics,
        .example = "statistic: Sum"},
    Key{.name = "period",
        .shapes = kDuration,
        .description = "The length of a period: 10s, 20s, 30s or whole minutes.",
        .required = true,
        .example = "period: 5m"},
    Key{.name = "unit",
        .description = "The metric's unit, if it is to be checked and named.",
        .choices = kUnits},
};
constexpr ObjectGrammar kAlarmMetric{"an alarm's metric", kAlarmMetricKeys};

constexpr std::array kNotifyKeys{
    Key{.name = "alarm",
        .shapes = kText | kTexts,
        .description = "Topics told when the state becomes ALARM."},
    Key{.name = "ok", .shapes = kText | kTexts, .description = "Topics told when the state becomes OK."},
    Key{.name = "insufficient_data",
        .shapes = kText | kTexts,
        .description = "Topics told when the state becomes INSUFFICIENT_DATA."},
};
constexpr ObjectGrammar kNotify{"`notify`", kNotifyKeys};

constexpr std::array kAlarmKeys{
    Key{.name = "description", .description = "What people are told about the alarm."},
    Key{.name = "metric",
        .shapes = kObject,
        .description = "The metric, statistic and period that are judged.",
        .object = &kAlarmMetric,
        .required = true,
        .example = "metric: {namespace: Hosts, name: SshFailures, statistic: Sum, period: 5m}"},
    Key{.name = "for_each",
        .shapes = kText | kTexts,
        .description = "Dimensions: one alarm state for each combination of their values."},
    Key{.name = "dimensions",
        .shapes = kTextMap,
        .description = "Fixed values of dimensions: {Queue: orders}."},
    Key{.name = "condition",
        .description = "When a datapoint breaches: \">= 10\".",
        .required = true,
        .pattern = "^\\s*(>|>=|<|<=)\\s*[-+]?[0-9]",
        .hint = "quote it: `condition: \">= 10\"`",
        .example = "condition: \">= 10\""},
    Key{.name = "datapoints",
        .shapes = kText | kInteger,
        .description =
            "M of N: `2 of 3` rings when 2 of the last 3 datapoints breach; `3` means 3 of 3; default 1.",
        .minimum = 1},
    Key{.name = "missing_data",
        .description = "What missing datapoints count as; default missing.",
        .choices = kMissingData},
    Key{.name = "evaluation_range",
        .shapes = kInteger,
        .description = "How many periods are looked at for datapoints; default N and up to two more.",
        .minimum = 1},
    Key{.name = "actions_enabled",
        .shapes = kBoolean,
        .description = "Whether anybody is told; default true."},
    Key{.name = "notify",
        .shapes = kText | kTexts | kObject,
        .description = "Topics to tell: a list (of ALARM), or one for each state.",
        .object = &kNotify},
    Key{.name = "early",
        .shapes = kBoolean,
        .description =
            "Whether `run` rings as soon as the period in progress breaches for good; default false."},
};
constexpr ObjectGrammar kAlarm{"an alarm", kAlarmKeys};

// --- topics ---

constexpr std::array<std::string_view, 2> kPolicyScopes{"MessageAttributes", "MessageBody"};
constexpr std::array kSubscriptionKeys{
    Key{.name = "name",
        .description = "What statuses and the outbox call it; by default its kind, with a number where that "
                       "stands several times.",
        .pattern = "^[A-Za-z0-9_-]{1,64}$"},
    Key{.name = "filter_policy",
        .shapes = kText | kAnyMap,
        .description = "Which notifications it hears: SNS's filter policy, as a mapping or as JSON text.",
        .hint = "for example `filter_policy: {NewStateValue: [ALARM]}`"},
    Key{.name = "filter_policy_scope",
        .description = "What the policy looks at: MessageAttributes (the default) or MessageBody.",
        .choices = kPolicyScopes},
};

constexpr Shapes shapes_of(sinks::SinkOption::Type type) {
  switch (type) {
    case sinks::SinkOption::Type::Texts:
      return kText | kTexts;
    case sinks::SinkOption::Type::Map:
      return kTextMap;
    case sinks::SinkOption::Type::Duration:
      return kDuration;
    case sinks::SinkOption::Type::Text:
      break;
  }
  return kText;
}

constexpr std::array<std::string_view, 2> kDeadLetterKinds{"file", "kafka"};

// The grammar of the kinds in the table of sinks; made once and kept for good.
struct SinkGrammars {
  std::deque<std::string> names;      // of `NAME_file` keys and of kinds
  std::deque<std::vector<Key>> keys;  // of each kind's options
  std::deque<ObjectGrammar> objects;  // of each kind
  std::vector<Key> subscription_keys;
  std::vector<std::string_view> destinations;  // those of the keys that are one
  std::vector<Key> topic_keys;
  std::vector<Key> dead_letter_keys;
  std::vector<Key> smtp_keys;
  ObjectGrammar subscription;
  ObjectGrammar topic;
  ObjectGrammar dead_letters;
  ObjectGrammar smtp;

  SinkGrammars() {
    for (const sinks::SinkKind& kind : sinks::builtin_sinks()) {
      std::vector<Key>& options = keys.emplace_back();
      for (const sinks::SinkOption& option : kind.options) {
        const bool two_ways = option.secret && option.type == sinks::SinkOption::Type::Text;
        options.push_back({.name = option.name,
                           .shapes = option.name == "brokers" ? kText | kTexts : shapes_of(option.type),
                           .description = option.description,
                           .required = option.required && !two_ways,
                           .choices = option.choices});
        if (option.section == "smtp") smtp_keys.push_back(options.back());
        if (two_ways) {
          options.push_back({.name = names.emplace_back(std::string(option.name) + "_file"),
                             .description = "A file that holds it."});
          if (option.section == "smtp") smtp_keys.push_back(options.back());
        }
      }
      const ObjectGrammar& object = objects.emplace_back(
          ObjectGrammar{names.emplace_back("`" + std::string(kind.name) + "`"), options});
      const bool needs_nothing = std::ranges::none_of(kind.options, &sinks::SinkOption::required);
      subscription_keys.push_back(
          {.name = kind.name,
           .shapes = kObject | (kind.scalar_option.empty() ? 0U : kText) | (needs_nothing ? kEmpty : 0U),
           .description = "A destination.",
           .object = &object});
      if (kind.name == "kafka") {
        topic_keys.push_back(subscription_keys.back());
        topic_keys.back().description =
            "The alert topic itself, for programs: its name (on the brokers of the only Kafka source), or "
            "where it is.";
        dead_letter_keys.push_back(topic_keys.back());
        dead_letter_keys.back().description =
            "A topic of their own: its name (on the brokers of the only Kafka source), or where it is.";
      }
    }
    for (const Key& key : subscription_keys) destinations.push_back(key.name);
    subscription_keys.insert(subscription_keys.end(), kSubscriptionKeys.begin(), kSubscriptionKeys.end());
    subscription = {"a subscription", subscription_keys, destinations, "name a destination: `- console: {}`",
                    "a subscription has one destination: begin another entry with `-`"};
    topic_keys.push_back({.name = "subscriptions",
                          .shapes = kObjects,
                          .description = "Who else hears about it: one destination in each entry.",
                          .object = &subscription});
    topic = {"a topic", topic_keys};
    dead_letter_keys.push_back(
        {.name = "file",
         .description = "The file to append them to, one JSON object a line; its directory must exist."});
    dead_letters = {"`dead_letters`", dead_letter_keys, kDeadLetterKinds,
                    "give it `file: PATH` or `kafka: TOPIC`", "they go to one place: remove one of them"};
    smtp = {"`smtp`", smtp_keys};
  }
};

const SinkGrammars& sink_grammars() {
  static const SinkGrammars grammars;
  return grammars;
}

}  // namespace

const Key* ObjectGrammar::find(std::string_view name) const {
  const auto key = std::ranges::find(keys, name, &Key::name);
  return key == keys.end() ? nullptr : &*key;
}

const ObjectGrammar& configuration_grammar() {
  static constexpr std::array<std::string_view, 3> kAwsLimits{"warn", "enforce", "ignore"};
  static const std::array keys{
      Key{.name = "account",
          .description = "The account number that notifications name as this installation.",
          .pattern = kTwelveDigits},
      Key{.name = "region", .description = "The region that notifications name as this installation's."},
      Key{.name = "memory",
          .description =
              "What may wait in memory, all of it together, while the broker, a destination or the "
              "disk is away: 512MiB by default.",
          .pattern = kBytes},
      Key{.name = "aws_limits",
          .description =
              "What becomes of limits that AWS has and Tocsin has not: warn (the default), enforce "
              "(they are errors), or ignore.",
          .choices = kAwsLimits},
      Key{.name = "sources",
          .shapes = kNamedObjects,
          .description = "Where log events come from.",
          .object = &kSource},
      Key{.name = "metric_filters",
          .shapes = kNamedObjects,
          .description = "Which events count, and as what.",
          .object = &kFilter},
      Key{.name = "alarms", .shapes = kNamedObjects, .description = "When to ring.", .object = &kAlarm},
      Key{.name = "rules",
          .shapes = kNamedObjects,
          .description = "Which events go straight to a topic.",
          .object = &kRule},
      Key{.name = "smtp",
          .shapes = kObject,
          .description = "The mail server of all `email` subscriptions that name none.",
          .object = &smtp_grammar()},
      Key{.name = "topics",
          .shapes = kNamedObjects,
          .description = "Whom alarms and rules notify.",
          .object = &topic_grammar()},
      Key{.name = "dead_letters",
          .shapes = kObject,
          .description = "Where what could not be decoded is kept, to be mended and read again.",
          .object = &dead_letter_grammar()},
  };
  static const ObjectGrammar grammar{"a configuration", keys};
  return grammar;
}

const ObjectGrammar& source_grammar() { return kSource; }
const ObjectGrammar& filter_grammar() { return kFilter; }
const ObjectGrammar& alarm_grammar() { return kAlarm; }
const ObjectGrammar& smtp_grammar() { return sink_grammars().smtp; }
const ObjectGrammar& topic_grammar() { return sink_grammars().topic; }
const ObjectGrammar& dead_letter_grammar() { return sink_grammars().dead_letters; }
const ObjectGrammar& subscription_grammar() { return sink_grammars().subscription; }

std::span<const std::string_view> units() { return kUnits; }

}  // namespace tocsin::config
