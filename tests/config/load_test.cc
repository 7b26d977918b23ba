#include "config/load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <variant>

#include "engine/notify/filter_policy.h"
#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A valid configuration with these sections.
Configuration loaded(std::string_view text, const Environment& environment = {}) {
  Loaded out = load_text(text, environment);
  EXPECT_EQ(shown(out), "");
  EXPECT_TRUE(out.configuration.has_value());
  return out.configuration ? std::move(*out.configuration)
                           : Configuration{std::make_shared<runtime::Plan>(), {}};
}

constexpr std::string_view kWhole = R"(
# yaml-language-server: $schema=./tocsin.schema.json
account: 012345678901
region: eu-central-1
sources:
  org-trail:
    kafka:
      brokers: kafka-1:9092
      topics: [org-cloudtrail]
      group: watchers
      properties: {security.protocol: SASL_SSL, sasl.password: "${KAFKA_PASSWORD}", fetch.wait.max.ms: 50}
    log_group: cloudtrail
    accounts: {allow: ["111122223333", 444455556666]}
    delay: 1m30s
  hosts:
    file: {paths: ["/var/log/auth.log", "/var/log/*.gz"], follow: true}
    format: text
    time: {regex: '^(\S+ +\d+ \S+)', format: '%b %e %H:%M:%S', zone: +02:00}
metric_filters:
  unauthorized-api-calls:
    log_groups: [cloudtrail]
    pattern: '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
    metric: {namespace: Security, name: UnauthorizedCalls, value: 1, dimensions: {Account: $.recipientAccountId}}
  ssh-failures:
    log_groups: [hosts]
    regex: 'Failed password for (?:invalid user )?(?P<user>\S+) from (?P<ip>\S+)'
    metric: {namespace: Hosts, name: SshFailures, dimensions: {User: $user, SourceIp: $ip}, unit: Count, max_series: 500}
  bytes:
    pattern: '[..., bytes]'
    metric: {namespace: Hosts, name: Bytes, value: $bytes, default: 0}
alarms:
  unauthorized-api-calls:
    description: somebody knocks
    metric: {namespace: Security, name: UnauthorizedCalls, statistic: Sum, period: 5m}
    for_each: [Account]
    condition: ">= 10"
    datapoints: 2 of 3
    missing_data: not_breaching
    notify: {alarm: [security], ok: security}
  root-ssh:
    metric: {namespace: Hosts, name: SshFailures, statistic: SampleCount, period: 10s, unit: Count}
    for_each: SourceIp
    dimensions: {User: root}
    condition: '<-2.5e1'
    datapoints: 3
    missing_data: breaching
    evaluation_range: 7
    actions_enabled: false
    notify: [security, audit]
  daily:
    metric: {namespace: Hosts, name: Bytes, statistic: Maximum, period: 1d}
    condition: ">0"
    datapoints: 2
topics:
  security:
    kafka: alerts.security
    subscriptions:
      - console: {}
      - file: /var/log/alerts.jsonl
      - console: {format: json}
      - kafka: {brokers: ["b1:9092", b2], topic: copies, properties: {client.id: copy}}
  audit:
    subscriptions: [{file: {path: /var/log/audit.jsonl}}]
)";

TEST(Load, Installation) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "hunter2"}});
  EXPECT_EQ(c.plan->installation.account, "012345678901");
  EXPECT_EQ(c.plan->installation.region, "eu-central-1");
}

TEST(Load, Memory) {
  EXPECT_EQ(loaded("region: eu\n").plan->memory, std::uint64_t{512} << 20);
  EXPECT_EQ(loaded("memory: 64MiB\n").plan->memory, std::uint64_t{64} << 20);
  EXPECT_EQ(loaded("memory: 2GiB\n").plan->memory, std::uint64_t{2} << 30);
}

TEST(Load, SourcesInTheirOrder) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "hunter2"}});
  ASSERT_EQ(c.plan->sources.size(), 2U);
  const source::SourceSettings& trail = c.plan->sources[0];
  EXPECT_EQ(trail.name, "org-trail");
  const auto& kafka = std::get<source::KafkaSettings>(trail.kind);
  EXPECT_EQ(kafka.brokers, "kafka-1:9092");
  EXPECT_EQ(kafka.topics, std::vector<std::string>{"org-cloudtrail"});
  EXPECT_EQ(kafka.group, "watchers");
  EXPECT_EQ(kafka.start, source::KafkaSettings::Start::Latest);
  EXPECT_EQ(kafka.properties.at("sasl.password"), "hunter2");
  EXPECT_EQ(kafka.properties.at("fetch.wait.max.ms"), "50");
  EXPECT_EQ(trail.decode.log_group, "cloudtrail");
  EXPECT_TRUE(trail.decode.accounts.contains("444455556666"));
  EXPECT_EQ(trail.delay, Duration(seconds(90)));

  const source::SourceSettings& hosts = c.plan->sources[1];
  const auto& files = std::get<source::FileSettings>(hosts.kind);
  EXPECT_EQ(files.paths.size(), 2U);
  EXPECT_TRUE(files.follow);
  EXPECT_EQ(hosts.decode.format, event::Format::Text);
  EXPECT_EQ(hosts.decode.log_group, "hosts");
  EXPECT_EQ(hosts.decode.time.from, event::TimeRule::From::Regex);
  EXPECT_NE(hosts.decode.time.regex, nullptr);
  EXPECT_EQ(hosts.decode.time.format, "%b %e %H:%M:%S");
  EXPECT_EQ(hosts.decode.time.zone_offset, Duration(hours(2)));
}

TEST(Load, FormatsThatPinRecords) {
  const auto decode = [](std::string_view format) {
    return loaded(fmt::format("sources: {{s: {{stdin: {{}}, format: {}}}}}\n", format))
        .plan->sources[0]
        .decode;
  };
  EXPECT_EQ(decode("firehose").format, event::Format::Firehose);
  EXPECT_EQ(decode("vpc_flow").format, event::Format::VpcFlow);
  EXPECT_TRUE(decode("vpc_flow").vpc_flow.fields.empty());
  for (const std::string_view fields : {"version vpc-id", "$${version} $${vpc-id}"}) {
    const auto settings = decode(fmt::format("{{vpc_flow: {{fields: '{}', as: json}}}}", fields));
    EXPECT_EQ(settings.format, event::Format::VpcFlow);
    EXPECT_EQ(settings.vpc_flow.fields, (std::vector<std::string>{"version", "vpc-id"}));
    EXPECT_TRUE(settings.vpc_flow.as_json);
  }
  const auto told = [](std::string_view fields) {
    return shown(load_text(
        fmt::format("sources: {{s: {{stdin: {{}}, format: {{vpc_flow: {{fields: '{}'}}}}}}}}\n", fields)));
  };
  EXPECT_NE(told("version dst-port").find("flow logs have no field `dst-port`"), std::string::npos)
      << told("version dst-port");
  EXPECT_NE(told("version dst-port").find("`dstport`"), std::string::npos) << "the hint";
  EXPECT_NE(told("start end-x start").find("`start` stands twice in `fields`"), std::string::npos);
  const std::string twice = told("vpc-id $${az-id} id $${az-id}");
  EXPECT_NE(twice.find(":1:78: error: `az-id` stands twice in `fields`"), std::string::npos) << twice;
}

TEST(Load, FiltersSortedByNameWithTheirMetrics) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "x"}});
  const runtime::Plan& plan = *c.plan;
  ASSERT_EQ(plan.filters.size(), 3U);
  EXPECT_EQ(plan.filters[0].name, "bytes");
  EXPECT_EQ(plan.filters[1].name, "ssh-failures");
  EXPECT_EQ(plan.filters[2].name, "unauthorized-api-calls");
  ASSERT_EQ(plan.metrics.size(), 3U);
  EXPECT_EQ(plan.metrics[0].name, "Bytes");
  EXPECT_EQ(plan.metrics[1].name, "SshFailures");
  EXPECT_EQ(plan.metrics[2].metric_namespace, "Security");

  EXPECT_EQ(plan.filters[0].default_value, 0.0);
  ASSERT_TRUE(plan.filters[0].value_extraction.has_value());
  EXPECT_TRUE(std::holds_alternative<event::TokenField>(
      plan.filters[0].match.extractions.at(*plan.filters[0].value_extraction)));
  EXPECT_TRUE(plan.filters[0].match.log_groups.empty());

  const runtime::FilterPlan& ssh = plan.filters[1];
  EXPECT_EQ(ssh.metric, 1U);
  EXPECT_EQ(ssh.value, 1.0);
  EXPECT_FALSE(ssh.value_extraction.has_value());
  ASSERT_EQ(ssh.dimensions.size(), 2U);
  EXPECT_EQ(ssh.dimensions[0].name, "SourceIp");
  EXPECT_EQ(std::get<runtime::RegexGroup>(ssh.match.extractions.at(ssh.dimensions[0].extraction)).group, 2);
  EXPECT_EQ(std::get<runtime::RegexGroup>(ssh.match.extractions.at(ssh.dimensions[1].extraction)).group, 1);
  EXPECT_EQ(ssh.match.log_groups, std::vector<std::string>{"hosts"});
  EXPECT_EQ(plan.metrics[1].unit, "Count");
  EXPECT_EQ(plan.metrics[1].max_series, 500U);
  EXPECT_EQ(plan.metrics[2].max_series, metric::kDefaultMaxSeries);
}

TEST(Load, AlarmsWithDerivedRanges) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "x"}});
  const runtime::Plan& plan = *c.plan;
  ASSERT_EQ(plan.alarms.size(), 3U);
  const alarm::AlarmDefinition& daily = plan.alarms[0];
  EXPECT_EQ(daily.rule.evaluation_periods, 2U);
  EXPECT_EQ(daily.rule.datapoints_to_alarm, 2U);
  EXPECT_FALSE(daily.datapoints_to_alarm_given);
  EXPECT_EQ(daily.evaluation_range, 2U);
  EXPECT_EQ(daily.rule.comparison, alarm::Comparison::Greater);
  // Judged each hour: one more hour is between its range and now.
  EXPECT_EQ(plan.metrics[0].retention, Duration(hours(49)));
  EXPECT_EQ(plan.metrics[0].bucket, Duration(seconds(60)));

  const alarm::AlarmDefinition& root = plan.alarms[1];
  EXPECT_EQ(root.name, "root-ssh");
  EXPECT_EQ(root.metric, 1U);
  EXPECT_EQ(root.statistic, metric::Statistic::SampleCount);
  EXPECT_EQ(root.period, Duration(seconds(10)));
  EXPECT_EQ(root.rule.comparison, alarm::Comparison::Less);
  EXPECT_EQ(root.rule.threshold, -25.0);
  EXPECT_EQ(root.rule.missing_data, alarm::MissingData::Breaching);
  EXPECT_EQ(root.evaluation_range, 7U);
  EXPECT_EQ(root.for_each, std::vector<std::string>{"SourceIp"});
  EXPECT_EQ(root.dimensions, (metric::Dimensions{{"User", "root"}}));
  EXPECT_EQ(root.unit, "Count");
  EXPECT_FALSE(root.actions_enabled);
  EXPECT_EQ(root.notify_alarm, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(plan.metrics[1].bucket, Duration(seconds(1)));
  EXPECT_EQ(plan.metrics[1].retention, Duration(seconds(70)));

  const alarm::AlarmDefinition& calls = plan.alarms[2];
  EXPECT_EQ(calls.description, "somebody knocks");
  EXPECT_EQ(calls.rule.comparison, alarm::Comparison::GreaterOrEqual);
  EXPECT_EQ(calls.rule.evaluation_periods, 3U);
  EXPECT_EQ(calls.rule.datapoints_to_alarm, 2U);
  EXPECT_TRUE(calls.datapoints_to_alarm_given);
  EXPECT_EQ(calls.evaluation_range, 5U);
  EXPECT_EQ(calls.rule.missing_data, alarm::MissingData::NotBreaching);
  EXPECT_EQ(calls.notify_alarm, std::vector<std::uint32_t>{1});
  EXPECT_EQ(calls.notify_ok, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(calls.notify_insufficient_data.empty());
  EXPECT_EQ(plan.metrics[2].retention, Duration(minutes(25)));
}

TEST(Load, TopicsAndTheirSinks) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "hunter2"}});
  ASSERT_EQ(c.plan->topics.size(), 2U);
  const notify::TopicDefinition& security = c.plan->topics[1];
  EXPECT_EQ(security.name, "security");
  std::vector<std::string> names;
  for (const auto& subscription : security.subscriptions) names.push_back(subscription.name);
  EXPECT_EQ(names, (std::vector<std::string>{"kafka", "console", "file", "console-2", "kafka-2"}));
  ASSERT_EQ(c.sinks.size(), 2U);
  const auto& sinks = c.sinks[1];
  ASSERT_EQ(sinks.size(), 5U);
  // On the brokers of the only Kafka source, with what it takes to be let in there and no more.
  EXPECT_EQ(sinks[0].kind, "kafka");
  EXPECT_EQ(sinks[0].texts.at("topic"), "alerts.security");
  EXPECT_EQ(sinks[0].texts.at("brokers"), "kafka-1:9092");
  EXPECT_EQ(
      sinks[0].maps.at("properties"),
      (std::map<std::string, std::string>{{"sasl.password", "hunter2"}, {"security.protocol", "SASL_SSL"}}));
  EXPECT_EQ(sinks[2].texts.at("path"), "/var/log/alerts.jsonl");
  EXPECT_EQ(sinks[3].texts.at("format"), "json");
  EXPECT_EQ(sinks[4].texts.at("brokers"), "b1:9092,b2");
  EXPECT_EQ(sinks[4].maps.at("properties"), (std::map<std::string, std::string>{{"client.id", "copy"}}));
}

TEST(Load, PlanHasAMatcherForEachWorker) {
  const Configuration c = loaded(kWhole, {{"KAFKA_PASSWORD", "x"}});
  ASSERT_TRUE(c.plan->make_matcher);
  const auto one = c.plan->make_matcher();
  const auto two = c.plan->make_matcher();
  EXPECT_NE(one, nullptr);
  EXPECT_NE(one.get(), two.get());
}

TEST(Load, SeveralFilesAreOneConfiguration) {
  const TemporaryFile filters("metric_filters: {f: {pattern: x, metric: {namespace: n, name: m}}}\n");
  const TemporaryFile alarms(
      "sources: {s: {stdin: {}}}\nalarms: {a: {condition: '> 1', metric: {namespace: n, name: m, statistic: "
      "Sum, period: 1m}}}\n");
  const Loaded out = load({filters.path(), alarms.path()}, {});
  EXPECT_TRUE(out.configuration.has_value()) << shown(out);
}

TEST(Load, SecretsComeFromFilesWithoutTheirLineEnd) {
  const TemporaryFile secret("hun ter2\r\n");
  const Configuration c = loaded(
      "sources: {s: {kafka: {brokers: a, topics: t, properties: {sasl.password_file: " + secret.path() +
      "}}}}\n");
  const auto& kafka = std::get<source::KafkaSettings>(c.plan->sources[0].kind);
  EXPECT_EQ(kafka.properties, (std::map<std::string, std::string>{{"sasl.password", "hun ter2"}}));
}

TEST(Load, LogGroupOfSeveralTopicsIsLeftToTheirReader) {
  const Configuration c =
      loaded("sources: {s: {kafka: {brokers: a, topics: [t, u]}}, one: {kafka: {brokers: a, topics: v}}}\n");
  EXPECT_EQ(c.plan->sources[0].decode.log_group, "");
  EXPECT_EQ(c.plan->sources[1].decode.log_group, "v");
}

TEST(Load, KafkaStartsWhereItIsTold) {
  const Configuration c = loaded(R"(
sources:
  a: {kafka: {brokers: x, topics: t, start: earliest}}
  b: {kafka: {brokers: x, topics: t, start: 2026-03-01T09:00:00Z}}
)");
  EXPECT_EQ(std::get<source::KafkaSettings>(c.plan->sources[0].kind).start,
            source::KafkaSettings::Start::Earliest);
  const auto& b = std::get<source::KafkaSettings>(c.plan->sources[1].kind);
  EXPECT_EQ(b.start, source::KafkaSettings::Start::Time);
  EXPECT_EQ(format_rfc3339(b.start_time), "2026-03-01T09:00:00Z");
  EXPECT_EQ(b.group, "tocsin");
}

TEST(Load, TimeRules) {
  const Configuration c = loaded(R"(
sources:
  a: {stdin: {}, time: arrival}
  b: {file: {paths: x}, time: {field: $.meta.ts}}
  c: {file: {paths: x}}
)");
  EXPECT_EQ(c.plan->sources[0].decode.time.from, event::TimeRule::From::Arrival);
  EXPECT_EQ(c.plan->sources[1].decode.time.from, event::TimeRule::From::Field);
  EXPECT_EQ(c.plan->sources[1].decode.time.field.text, "$.meta.ts");
  EXPECT_EQ(c.plan->sources[2].decode.time.from, event::TimeRule::From::Default);
}

TEST(Load, StandardInputMayHaveNothingBelow) {
  const Configuration c = loaded("sources:\n  s:\n    stdin:\n");
  EXPECT_TRUE(std::holds_alternative<source::StdinSettings>(c.plan->sources[0].kind));
}

TEST(Load, FiltersOfOneMetricMayHaveOtherDimensions) {
  constexpr std::string_view kFilters = R"(
sources: {s: {stdin: {}}}
metric_filters:
  all: {pattern: '{ $.a = 1 }', metric: {namespace: n, name: m, unit: Count}}
  each: {pattern: '{ $.a = 1 }', metric: {namespace: n, name: m, dimensions: {A: $.b}}}
alarms:
  all: {condition: "> 1", metric: {namespace: n, name: m, statistic: Sum, period: 1m}}
  each: {condition: "> 1", for_each: A, metric: {namespace: n, name: m, statistic: Sum, period: 1m}}
  one: {condition: "> 1", dimensions: {A: no}, metric: {namespace: n, name: m, statistic: Sum, period: 1m}}
)";
  const Configuration c = loaded(kFilters);
  ASSERT_EQ(c.plan->metrics.size(), 1U);
  EXPECT_EQ(c.plan->metrics[0].unit, "Count");
  EXPECT_EQ(c.plan->alarms[2].dimensions, (metric::Dimensions{{"A", "no"}}));
}

TEST(Load, TextsThatLookLikeOthersAndEmptyPatterns) {
  const Configuration c = loaded(R"(
sources: {s: {stdin: {}, log_group: 2026}}
metric_filters:
  "1": {log_groups: 2026, pattern: "", metric: {namespace: n, name: on, value: "2.5"}}
  "2":
    pattern: |
      ERROR
    metric: {namespace: n, name: off, value: -1e3}
)");
  EXPECT_EQ(c.plan->filters[0].match.log_groups, std::vector<std::string>{"2026"});
  EXPECT_EQ(c.plan->filters[0].value, 2.5);
  EXPECT_EQ(c.plan->filters[1].value, -1000.0);
}

TEST(Load, EventPatternAsMappingAndAsJson) {
  const Configuration c = loaded(R"(
sources: {s: {stdin: {}}}
metric_filters:
  mapping:
    event_pattern:
      source: [aws.backup, "7", 7, 1.50, true, null, ~]
      account: ["111122223333", 011122223333]
      detail: {n: [{numeric: [">", 0]}, {exists: false}], $or: [{a: [x]}, {b: ["true"]}]}
    metric: {namespace: n, name: m, dimensions: {Account: $.account}}
  text:
    event_pattern: '{"source": ["aws.backup"]}'
    metric: {namespace: n, name: j}
)");
  ASSERT_EQ(c.plan->filters.size(), 2U);
  const event::Predicate& mapping = c.plan->filters[0].match.predicate;
  const auto matches = [&](std::string_view source, std::string_view rest) {
    return event::evaluate(mapping, fmt::format(R"({{"source":{},{}}})", source, rest));
  };
  constexpr std::string_view kRest = R"("account":"011122223333","detail":{"n":1,"a":"x"})";
  for (const std::string_view source : {R"("aws.backup")", R"("7")", "7", "1.5", "true", "null"}) {
    EXPECT_TRUE(matches(source, kRest)) << source;
  }
  for (const std::string_view source : {R"("8")", R"("true")", R"("null")", R"("1.5")", R"("~")", "false"}) {
    EXPECT_FALSE(matches(source, kRest)) << source;
  }
  EXPECT_TRUE(matches("7", R"("account":"111122223333","detail":{"b":"true"})"));
  EXPECT_FALSE(matches("7", R"("account":"111122223333","detail":{"b":true})"));
  EXPECT_FALSE(matches("7", R"("account":"111122223333","detail":{"n":0,"a":"x"})"));
  EXPECT_TRUE(event::evaluate(c.plan->filters[1].match.predicate, R"({"source":"aws.backup"})"));
}

TEST(Load, EventPatternDoesNotTellSecrets) {
  const Loaded refused = load_text(
      "metric_filters: {f: {event_pattern: {password: hunter2}, metric: {namespace: n, name: m}}}\n");
  EXPECT_FALSE(refused.configuration.has_value());
  EXPECT_EQ(shown(refused).find("hunter2"), std::string::npos) << shown(refused);
  EXPECT_NE(shown(refused).find("this text is not valid here"), std::string::npos) << shown(refused);
}

TEST(Load, EventPatternTakesVariablesAndDoesNotTellThem) {
  constexpr std::string_view kText = R"(
sources: {s: {stdin: {}}}
metric_filters:
  f: {event_pattern: {a: [{wildcard: "${X}"}]}, metric: {namespace: n, name: m}}
)";
  const Configuration c = loaded(kText, {{"X", "secret-*"}});
  EXPECT_TRUE(event::evaluate(c.plan->filters[0].match.predicate, R"({"a":"secret-1"})"));
  const Loaded refused = load_text(kText, {{"X", "secret-**"}});
  EXPECT_FALSE(refused.configuration.has_value());
  EXPECT_EQ(shown(refused).find("secret"), std::string::npos) << shown(refused);
}

// --- warnings ---

std::string warnings(std::string_view text) {
  const Loaded out = load_text(text);
  EXPECT_TRUE(out.configuration.has_value()) << shown(out);
  return shown(out);
}

TEST(LoadWarnings, AccountThatIsANumberInAnEventPattern) {
  const std::string told = warnings(
      "metric_filters: {f: {event_pattern: {account: [111122223333]}, metric: {namespace: n, name: m}}}\n");
  EXPECT_NE(told.find("warning: `111122223333` is a number here, and the ids of accounts are texts\n"),
            std::string::npos)
      << told;
  EXPECT_NE(told.find("hint: write it in quotes: \"111122223333\"\n"), std::string::npos) << told;
}

TEST(LoadWarnings, CloudTrailAlarmThatLooksBackTooShortly) {
  const auto configuration = [](std::string_view source, std::string_view period) {
    return fmt::format(R"(
sources: {{s: {{kafka: {{brokers: a, topics: t}}, {}}}}}
metric_filters: {{f: {{pattern: x, metric: {{namespace: n, name: m}}}}}}
alarms: {{a: {{condition: '> 1', metric: {{namespace: n, name: m, statistic: Sum, period: {}}}}}}}
)",
                       source, period);
  };
  EXPECT_NE(warnings(configuration("log_group: CloudTrail", "4m")).find("warning: CloudTrail"),
            std::string::npos);
  EXPECT_NE(warnings(configuration("format: cloudtrail, delay: 2m", "4m")).find("looks back 14m only"),
            std::string::npos);
  EXPECT_EQ(warnings(configuration("log_group: cloudtrail, delay: 3m", "4m")), "");
  EXPECT_EQ(warnings(configuration("log_group: cloudtrail", "5m")), "");
  EXPECT_EQ(warnings(configuration("log_group: other", "1m")), "");
}

TEST(LoadWarnings, LogGroupThatOnlyAnEnvelopeCanBring) {
  const auto configuration = [](std::string_view group) {
    return fmt::format(
        "sources: {{host1: {{stdin: {{}}}}}}\nmetric_filters: {{f: {{log_groups: [{}], pattern: x, metric: "
        "{{namespace: n, name: m}}}}}}\n",
        group);
  };
  EXPECT_EQ(warnings(configuration("host1")), "");
  for (const std::string_view group : {"/aws/lambda/orders", "host2"}) {
    const std::string told = warnings(configuration(group));
    EXPECT_NE(told.find(fmt::format("warning: only an envelope can bring the log group `{}`\n", group)),
              std::string::npos)
        << told;
    EXPECT_NE(told.find("hint: the sources have: `host1`\n"), std::string::npos) << told;
  }
}

TEST(LoadWarnings, LogGroupsAreNotJudgedWithoutTheirSources) {
  EXPECT_EQ(warnings("metric_filters: {f: {log_groups: x, pattern: x, metric: {namespace: n, name: m}}}\n"),
            "");
}

TEST(LoadWarnings, FileWhoseDirectoryDoesNotExist) {
  constexpr std::string_view kTold = "warning: the directory of this file does not exist\n";
  for (const std::string_view sink : {"/nonexistent/alerts.jsonl", "{path: /nonexistent/alerts.jsonl}"}) {
    const std::string told = warnings(fmt::format("topics: {{t: {{subscriptions: [file: {}]}}}}\n", sink));
    EXPECT_NE(told.find(kTold), std::string::npos) << told;
    EXPECT_NE(told.find(fmt::format("F:1:{}: ", sink[0] == '{' ? 43 : 36)), std::string::npos) << told;
  }
  EXPECT_EQ(warnings("topics: {t: {subscriptions: [file: /alerts.jsonl, file: alerts.jsonl]}}\n"), "");
}

TEST(LoadWarnings, TopicThatReachesNobody) {
  EXPECT_NE(warnings("topics: {t: {}}\n").find("reaches nobody"), std::string::npos);
}

TEST(Load, AlarmsMayWatchTheEnginesOwnMetrics) {
  const Configuration configuration = loaded(R"(
sources: {trail: {stdin: {}}}
metric_filters:
  z: {pattern: "", metric: {namespace: Zoo, name: Z}}
alarms:
  any-dead-letter: {metric: {namespace: Tocsin, name: DeadLetters, statistic: Sum, period: 1m}, condition: ">= 1"}
  dead-letters:
    metric: {namespace: Tocsin, name: DeadLetters, statistic: Sum, period: 10s}
    for_each: [Source]
    condition: ">= 1"
  not-json:
    metric: {namespace: Tocsin, name: Rejected, statistic: Sum, period: 1m, unit: Count}
    dimensions: {Reason: not_json, Source: trail}
    condition: ">= 100"
)");
  const runtime::Plan& plan = *configuration.plan;
  ASSERT_EQ(plan.metrics.size(), 3U);  // the two alarms on dead letters watch one metric
  EXPECT_EQ(plan.metrics[1].name, "DeadLetters");
  EXPECT_EQ(plan.metrics[1].bucket, seconds(1));
  EXPECT_EQ(plan.metrics[2].name, "Rejected");
  EXPECT_EQ(plan.metrics[2].metric_namespace, "Tocsin");
  EXPECT_EQ(plan.alarms[0].metric, 1U);
  EXPECT_EQ(plan.alarms[1].metric, 1U);
  EXPECT_EQ(plan.alarms[2].metric, 2U);
}

TEST(Load, RulesSortedByNameWithTheirTopics) {
  const Configuration configuration = loaded(R"(
sources: {bus: {stdin: {}}}
rules:
  ssh-as-root:
    regex: 'Failed password for root'
    notify: security
  backup-failed:
    description: for the backup team
    log_groups: [bus]
    event_pattern: {source: [aws.backup], detail: {state: [FAILED, ABORTED, EXPIRED]}}
    notify: [security, backup-team]
topics:
  backup-team: {subscriptions: [console: {}]}
  security: {subscriptions: [console: {}]}
)");
  const auto& rules = configuration.plan->rules;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].name, "backup-failed");
  EXPECT_EQ(rules[0].description, "for the backup team");
  EXPECT_EQ(rules[0].match.log_groups, std::vector<std::string>{"bus"});
  EXPECT_EQ(rules[0].topics, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_TRUE(
      event::evaluate(rules[0].match.predicate, R"({"source":"aws.backup","detail":{"state":"ABORTED"}})"));
  EXPECT_EQ(rules[1].topics, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(event::evaluate(rules[1].match.predicate, "Failed password for root from ::1"));
  EXPECT_NE(configuration.plan->make_matcher(), nullptr);
}

TEST(Load, FilterPoliciesAsMappingAndAsJson) {
  const Configuration configuration = loaded(R"(
topics:
  security:
    kafka: {brokers: "k:9092", topic: alerts}
    subscriptions:
      - console: {}
        filter_policy_scope: MessageBody
        filter_policy: {NewStateValue: [ALARM], Trigger: {Period: [{numeric: ["<=", 60]}]}}
      - console: {}
        filter_policy: '{"AlarmName": [{"prefix": "root-"}]}'
      - console: {}
        filter_policy: {AlarmName: [{prefix: root-}], Region: eu-central-1}
)");
  const auto& subscriptions = configuration.plan->topics[0].subscriptions;
  ASSERT_EQ(subscriptions.size(), 4U);
  EXPECT_EQ(subscriptions[0].policy, nullptr);
  notify::Notification notification;
  notification.payload = R"({"NewStateValue":"ALARM","Trigger":{"Period":60}})";
  EXPECT_TRUE(notify::hears(subscriptions[0], notification));
  EXPECT_TRUE(notify::hears(subscriptions[1], notification));
  EXPECT_FALSE(notify::hears(subscriptions[3], notification));
  notify::AlarmFacts facts;
  facts.alarm = "root-use";
  facts.region = "eu-central-1";
  notification.facts = std::make_shared<const notify::AlarmFacts>(facts);
  EXPECT_TRUE(notify::hears(subscriptions[3], notification));
}

TEST(LoadWarnings, RuleThatSendsEveryEvent) {
  const Loaded all = load_text(
      "sources: {s: {stdin: {}}}\nrules:\n  all: {pattern: '', notify: t}\n"
      "topics: {t: {subscriptions: [console: {}]}}\n");
  EXPECT_TRUE(all.configuration.has_value());
  EXPECT_NE(shown(all).find("warning: every event would be sent to the topic"), std::string::npos)
      << shown(all);
}

TEST(Load, DeadLettersGoToAFileAsTheyAre) {
  const Configuration configuration =
      loaded("sources: {s: {stdin: {}}}\ndead_letters: {file: /tmp/dead.jsonl}\n");
  ASSERT_TRUE(configuration.dead_letters);
  EXPECT_EQ(configuration.dead_letters->kind, "file");
  EXPECT_EQ(configuration.dead_letters->texts.at("path"), "/tmp/dead.jsonl");
  EXPECT_EQ(configuration.dead_letters->texts.at("lines"), "payload");
  EXPECT_TRUE(configuration.plan->topics.empty());
}

TEST(Load, DeadLettersGoToATopicOfTheOnlyKafkaSource) {
  const Configuration configuration = loaded(
      "sources: {s: {kafka: {brokers: 'a:1', topics: t, properties: {security.protocol: SSL}}}}\n"
      "dead_letters: {kafka: t.dead}\n");
  ASSERT_TRUE(configuration.dead_letters);
  EXPECT_EQ(configuration.dead_letters->texts.at("brokers"), "a:1");
  EXPECT_EQ(configuration.dead_letters->texts.at("topic"), "t.dead");
  const auto& properties = configuration.dead_letters->maps.at("properties");
  EXPECT_EQ(properties.at("security.protocol"), "SSL");
  EXPECT_EQ(properties.at("compression.codec"), "lz4");
  EXPECT_EQ(properties.at("message.max.bytes"), "33554432");
}

}  // namespace
}  // namespace tocsin::config
