// Every flaw that a configuration can have, one file each: NAME.yaml, and NAME.expected with what `tocsin
// check` says of it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kFaults = std::filesystem::path(TOCSIN_SOURCE_DIR) / "tests/config/faults";

// `tocsin check` run beside the file.
std::string checked(const std::filesystem::path& yaml, std::size_t& errors) {
  Loaded loaded = load({yaml.string()}, {});
  EXPECT_FALSE(loaded.configuration.has_value());
  errors = 0;
  std::string out;
  const std::string folder = yaml.parent_path().string() + "/";
  for (Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::Error) ++errors;
    diagnostic.file = yaml.filename().string();
    if (const auto at = diagnostic.hint.find(folder); at != std::string::npos)
      diagnostic.hint.erase(at, folder.size());
    out += render(diagnostic);
  }
  return out + fmt::format("{} errors\n", errors);
}

TEST(Faults, EachIsToldOnceWithItsPlaceAndHint) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFaults)) {
    if (entry.path().extension() != ".yaml" || entry.path().stem() == "twenty") continue;
    ++files;
    std::filesystem::path expected = entry.path();
    expected.replace_extension(".expected");
    std::size_t errors = 0;
    EXPECT_EQ(checked(entry.path(), errors), read_whole(expected)) << entry.path().filename();
    EXPECT_EQ(errors, 1U) << entry.path().filename();
  }
  EXPECT_GT(files, 100U);
}

TEST(Faults, TwentyInOneFileAreAllToldInOrder) {
  std::size_t errors = 0;
  EXPECT_EQ(checked(kFaults / "twenty.yaml", errors), read_whole(kFaults / "twenty.expected"));
  EXPECT_EQ(errors, 20U);
}

TEST(Faults, WhatStandsTwiceIsLookedAtTwice) {
  const std::string text = R"(
sources: {hosts: {file: {paths: [/var/log/auth.log]}}}
metric_filters:
  failures: {pattern: Failed, metric: {namespace: Hosts, name: Failures}}
  failures: {patern: Failed, metric: {namespace: Hosts, name: ""}}
  again: {pattern: Failed, metric: {namespace: Hosts, name: Again}}
  again: {pattern: '{ $.a = }', metric: {namespace: Hosts, name: Again}, metric: {nam: x}}
alarms:
  many: {metric: {namespace: Hosts, name: Again, statistic: Sum, period: 1m}, condition: "> 1"}
)";
  const Loaded out = load_text(text, {});
  EXPECT_FALSE(out.configuration.has_value());
  std::vector<std::string> told;
  for (const Diagnostic& diagnostic : out.diagnostics)
    told.push_back(fmt::format("{} {}", diagnostic.line, diagnostic.text));
  EXPECT_THAT(told, ElementsAre("5 `failures` stands twice in this map", "5 unknown key `patern`",
                                "5 a metric's name has 1 to 255 characters, not 0",
                                "7 `again` stands twice in this map", "7 A value is missing after '='",
                                "7 `metric` stands twice in this map",
                                "7 a filter's metric needs `namespace`", "7 unknown key `nam`"));
}

TEST(Faults, ASecretThatStandsTwiceIsShownNoTime) {
  const std::string text =
      "sources:\n  s:\n    kafka: {brokers: a:1, topics: t, properties: {sasl.password: hunter1, "
      "sasl.password: hunter2}}\n"
      "topics:\n  t: {subscriptions: [{webhook: {url: 'https://hunter3', url: 'https://hunter4', secret: {x: "
      "hunter5}, secret: hunter6}}]}\n";
  const Loaded out = load_text(text, {});
  EXPECT_FALSE(out.diagnostics.empty());
  for (const Diagnostic& diagnostic : out.diagnostics)
    EXPECT_THAT(render(diagnostic), Not(HasSubstr("hunter")));
}

TEST(Faults, UnreadableFileIsAFaultOfTheFile) {
  const Loaded loaded = load({"/nonexistent/a.yaml"}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(render(loaded.diagnostics[0]),
            "/nonexistent/a.yaml:1:1: error: cannot read the file: No such file or directory\n");
  EXPECT_EQ(load({"/"}, {}).diagnostics.size(), 1U);
}

TEST(Faults, SyntaxErrorOfOneFileHidesNothingOfAnother) {
  const TemporaryFile broken("topics: {\n");
  const TemporaryFile other(
      "region: [x]\nalarms: {a: {condition: '> 1', metric: {namespace: n, name: m, statistic: Sum, period: "
      "1m}}}\n");
  const Loaded loaded = load({broken.path(), other.path()}, {});
  // The alarm's metric may be in the broken file: nothing is said about it.
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  EXPECT_EQ(std::ranges::count(loaded.diagnostics, broken.path(), &Diagnostic::file), 1);
  EXPECT_EQ(std::ranges::count(loaded.diagnostics, other.path(), &Diagnostic::file), 1);
}

TEST(Faults, NameInTwoFilesNamesTheOtherPlace) {
  const TemporaryFile one("sources:\n  a:\n    stdin: {}\n");
  const TemporaryFile two("# two\nsources:\n  a:\n    stdin: {}\n");
  const Loaded loaded = load({one.path(), two.path()}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].file, two.path());
  EXPECT_EQ(loaded.diagnostics[0].hint, "it is also at " + one.path() + ":2");
}

TEST(Faults, FaultyThingIsNotAlsoMissing) {
  // The filter and the topic have faults of their own; the alarm that names them has none.
  const Loaded loaded = load_text(R"(
sources: {s: {stdin: {}}}
metric_filters: {f: {pattern: '{ $.a == 1 }', metric: {namespace: n, name: m, dimensions: {A: $.a}}}}
alarms: {a: {condition: '> 1', for_each: A, metric: {namespace: n, name: m, statistic: Sum, period: 1m}, notify: [t]}}
topics: {t: {subscriptions: [file: {}]}}
)");
  EXPECT_EQ(loaded.diagnostics.size(), 2U) << shown(loaded);
}

// A configuration whose source, topic and subscription lines hold secrets in places where people put them.
void expect_nothing_shown(const std::string& text, const Environment& environment = {}) {
  const Loaded loaded = load_text(text, environment);
  EXPECT_FALSE(loaded.diagnostics.empty()) << text;
  EXPECT_EQ(shown(loaded).find("hunter"), std::string::npos) << shown(loaded);
}

TEST(Faults, SecretBehindAKeyWithoutItsBlankIsNeverShown) {
  for (const std::string_view properties :
       {"properties:\n        sasl.password:hunter46\n",
        "properties:\n        sasl.mechanism: PLAIN\n        sasl.password:hunter46\n",
        "properties:\n        sasl.password:hunter46\n        sasl.mechanism: PLAIN\n",
        "properties:\n        - sasl.password:hunter46\n", "properties: {sasl.password:hunter46}\n",
        "properties: {sasl.password=hunter46}\n", "properties: {'sasl.password:hunter46', a: b}\n",
        "properties: {sasl.pasword:hunter46: x, sasl.pasword:hunter46: y}\n", "sasl.password:hunter46: x\n",
        "properties:\n        sasl.password=hunter46\n        a: [\n",
        "properties: {sasl.password: {hunter46}}\n",
        "properties: {sasl.password: [[{a: hunter46}]], 1: []}\n",
        "properties: {sasl.password: 'x${AB-hunter46}'}\n", "properties: {sasl.password: '${AB-hunter46}'}\n",
        "properties: {sasl.password: hunter.token:x, a: b}\n",
        "properties: {sasl.password: 'hunter46${AB}'}\n", "properties: {sasl.password:hunter46_file: x}\n"}) {
    expect_nothing_shown("sources:\n  s:\n    kafka:\n      brokers: a\n      topics: t\n      " +
                         std::string(properties));
  }
}

TEST(Faults, WhatADestinationNeedsIsNeverShown) {
  for (const std::string_view sink :
       {"slack: https://hooks.example.com/services/T0/B0/hunter46",
        "webhook: {url: 'https://u:hunter46@x', headers: {Authorization: Bearer hunter47, x: [hunter48]}}",
        "webhok: {url: https://x/hunter46, url: y}",
        "email: {to: [soc@example.com], password: hunter46, x: {hunter47}}",
        "console: {url: 'https://u:hunter46@x', Authorization: hunter47, x-api-key: hunter48}",
        "console: https://u:hunter46@x"}) {
    expect_nothing_shown("topics:\n  t:\n    subscriptions:\n      - " + std::string(sink) + "\n");
    expect_nothing_shown("topics: {t: {subscriptions: [{" + std::string(sink) + "}], kafak: x}}\n");
    expect_nothing_shown("topics: {t: {" + std::string(sink) + "}}\n");
    expect_nothing_shown("topics:\n  t:\n    subscriptions:\n      - {" + std::string(sink) + "\n");
  }
  expect_nothing_shown("x-hook: &hook {url: https://x/hunter46}\ntopics: {t: {slack: *hook}}\n");
}

TEST(Faults, DestinationsElsewhereAreOnlyNames) {
  const Loaded loaded = load_text("metric_filters: {email: {pattern: '{ $.a == 1 }', metric: {}}}\n");
  EXPECT_NE(shown(loaded).find("{ $.a == 1 }"), std::string::npos) << shown(loaded);
}

TEST(Faults, ValueOfAVariableIsNeverShown) {
  constexpr std::string_view kSources = "sources: {s: {stdin: {}, log_group: '${V}', format: text}}\n";
  constexpr std::string_view kFilter =
      "metric_filters: {f: {pattern: x, metric: {namespace: '${V}', name: '${V}'}}}\n";
  const auto alarm = [](std::string_view more) {
    return fmt::format(
        "metric_filters: {{f: {{pattern: '{{ $.a = 1 }}', metric: {{namespace: n, name: '${{V}}', "
        "dimensions: {{D: $.a}}}}}}}}\n"
        "alarms: {{a: {{{}}}}}\n",
        more);
  };
  const std::string metric =
      "metric: {namespace: n, name: '${V}', statistic: Sum, period: 1m}, condition: '> 1'";
  for (const std::string& text : std::initializer_list<std::string>{
           "account: '${V}'\n",
           "sources: {s: {kafka: {brokers: a, topics: t, start: '${V}'}}}\n",
           "sources: {s: {kafka: {brokers: '${V} x', topics: t}}}\n",
           "sources: {s: {kafka: {brokers: a, topics: 't ${V}'}}}\n",
           "sources: {s: {kafka: {brokers: a, topics: t, properties: {linger.ms: '${V}'}}}}\n",
           "sources: {s: {kafka: {brokers: a, topics: t, properties: {ssl.key.pem_file: '/${V}'}}}}\n",
           "sources: {s: {kafka: '${V}'}}\n",
           "sources: {s: {stdin: {}, delay: '${V}'}}\n",
           "sources: {s: {stdin: {}, format: '${V}'}}\n",
           "sources: {s: {stdin: {}, accounts: {allow: ['${V}', '${V}']}}}\n",
           "sources: {s: {stdin: {}, time: {regex: '(${V}', zone: '${V}'}}}\n",
           "sources: {s: {stdin: {}, time: {regex: '(x)', format: '%${V}'}}}\n",
           "sources: {s: {stdin: {}, time: {field: '$.${V}['}}}\n",
           std::string(kSources) +
               "metric_filters: {f: {log_groups: hunter4, pattern: x, metric: {namespace: n, name: m}}}\n",
           "metric_filters: {f: {pattern: '{ $.a = ${V} ${V} }', metric: {namespace: n, name: m}}}\n",
           "metric_filters: {f: {regex: '(${V}', metric: {namespace: n, name: m, value: '${V}', unit: "
           "'${V}', default: '${V}'}}}\n",
           "metric_filters: {f: {regex: '(x)', metric: {namespace: n, name: m, value: '$${V}', max_series: "
           "'${V}', dimensions: {a: '${V}', b: '$$${V}'}}}}\n",
           std::string(kFilter) + "alarms: {a: {" +
               "metric: {namespace: x, name: '${V}', statistic: '${V}', period: '${V}'}, condition: '${V}'" +
               "}}\n",
           std::string(kFilter) + "alarms: {a: {" +
               "metric: {namespace: hunter4, name: hunter4, statistic: Sum, period: 1m}, condition: '> "
               "${V}'" +
               "}}\n",
           alarm(metric),
           alarm(metric + ", for_each: ['${V}', D]"),
           alarm(metric + ", for_each: ['${V}']"),
           alarm(metric + ", for_each: D, datapoints: '${V}', notify: '${V}', missing_data: '${V}'"),
           alarm(metric + ", for_each: D, evaluation_range: '${V}', actions_enabled: '${V}'"),
           "topics: {t: {kafka: '${V} '}}\n",
           "topics: {t: {subscriptions: [console: '${V}']}}\n",
           "topics: {t: {subscriptions: [console: {format: '${V}'}]}}\n"}) {
    // What is looked for may stand in the configuration itself, too.
    const Loaded loaded = load_text(text, {{"V", "hunter46"}});
    EXPECT_FALSE(loaded.diagnostics.empty()) << text;
    EXPECT_EQ(shown(loaded).find("hunter46"), std::string::npos) << shown(loaded);
  }
}

TEST(Faults, VariableIsQuotedAsWritten) {
  const Loaded loaded =
      load_text("sources: {s: {kafka: {brokers: a, topics: t, start: '${START}'}}}\n", {{"START", "noon"}});
  EXPECT_NE(shown(loaded).find("error: `${START}` is no place to start\n"), std::string::npos)
      << shown(loaded);
}

TEST(Faults, SecretIsNeverShown) {
  const TemporaryFile secret("hunter2\n");
  for (const std::string& properties : std::initializer_list<std::string>{
           "sasl.password: hunter2, acks: [hunter]", "sasl.password: [hunter2]",
           "sasl.pasword: hunter2, 1: []", "sasl.password: \"hunter2${\"",
           "sasl.password_file: " + secret.path() + ", group.id: x"}) {
    const Loaded loaded =
        load_text("sources:\n  s: {kafka: {brokers: a, topics: t, properties: {" + properties + "}}}\n");
    EXPECT_FALSE(loaded.diagnostics.empty()) << properties;
    EXPECT_EQ(shown(loaded).find("hunter2"), std::string::npos) << shown(loaded);
  }
}

}  // namespace
}  // namespace tocsin::config
