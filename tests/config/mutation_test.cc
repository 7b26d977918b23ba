// Whatever is done to a configuration: a plan or diagnostics, never a crash, and each diagnostic can be
// shown.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kValid = R"(account: "111122223333"
sources:
  trail: &source
    kafka: {brokers: "k:9092", topics: [t], properties: {sasl.password: "${SECRET:-x}"}}
    delay: 30s
  hosts:
    file: {paths: [/var/log/*.log]}
    time: {regex: '^(\S+)', format: '%s', zone: +01:00}
metric_filters:
  calls:
    log_groups: [t]
    pattern: >-
      { ($.errorCode = "*Denied") &&
        ($.user.name != "caf\u00e9") }
    metric: {namespace: S, name: Calls, value: $.n, dimensions: {Account: $.id}}
  lines:
    pattern: |
      [ip, user, ...,
       bytes > 10]
    metric: {namespace: H, name: Lines, value: $bytes, default: 0, unit: Bytes}
  backups:
    event_pattern: {source: [aws.backup], detail: {state: [FAILED, {prefix: "A"}], n: [{numeric: [">", 0]}]}}
    metric: {namespace: B, name: Failed}
  jobs:
    event_pattern: '{"detail": {"$or": [{"a": [1]}, {"b": [{"wildcard": "x*"}]}]}}'
    metric: {namespace: B, name: Jobs}
  ssh:
    regex: "from (?P<ip>\\S+)\x20"
    metric: {namespace: H, name: Ssh, dimensions: {Ip: $ip}}
alarms:
  calls: &alarm
    metric: {namespace: S, name: Calls, statistic: Sum, period: 5m}
    condition: ">= 10"
    for_each: [Account]
    datapoints: 2 of 3
    notify: {alarm: [t], ok: [t]}
  ssh:
    <<: *alarm
    metric: {namespace: H, name: Ssh, statistic: Maximum, period: 10s}
    for_each: Ip
topics:
  t:
    kafka: alerts
    subscriptions:
      - console: {format: json}
      - file: '/tmp/it''s'
)";

class Mutation : public testing::Test {
 protected:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  std::string mutate(std::string text) {
    static constexpr std::string_view kPieces[]{
        "'",    "\"",  "{",    "}",    "[",     "]",     ":",
        ": ",   "- ",  "\n",   "\n  ", "#",     "&a ",   "*a",
        "<<: ", "|",   ">",    "%",    "\\",    "${",    "$$",
        "\t",   "é",   "\xFF", "0",    "-1",    "1e999", "null",
        "~",    "!x ", "? ",   ",",    "---\n", "...\n", std::string_view("\0", 1)};
    for (std::size_t edits = 1 + pick(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = pick(text.size());
      switch (pick(4)) {
        case 0:
          text.erase(at, 1 + pick(12));
          break;
        case 1:
          text.insert(at, kPieces[pick(std::size(kPieces))]);
          break;
        case 2:
          text.insert(at, text.substr(pick(text.size()), 1 + pick(40)));
          break;
        default:
          std::swap(text[at], text[pick(text.size())]);
          break;
      }
    }
    return text;
  }

  std::mt19937 random_{20260301};
};

TEST_F(Mutation, TheOriginalIsValid) {
  const Loaded loaded = load_text(kValid);
  EXPECT_TRUE(loaded.configuration.has_value()) << shown(loaded);
}

TEST_F(Mutation, EveryEditGivesAPlanOrDiagnostics) {
  std::size_t plans = 0;
  constexpr std::size_t kRounds = 1500;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const std::string text = mutate(std::string(kValid));
    const Loaded loaded = load_text(text);
    const bool errors = std::ranges::any_of(
        loaded.diagnostics, [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::Error; });
    ASSERT_NE(loaded.configuration.has_value(), errors) << text;
    plans += loaded.configuration.has_value() ? 1U : 0U;
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      const std::string out = render(diagnostic);
      ASSERT_FALSE(diagnostic.text.empty()) << text;
      ASSERT_EQ(std::ranges::count(out, '\n'),
                1 + (diagnostic.line > 0 ? 2 : 0) + (diagnostic.hint.empty() ? 0 : 1))
          << out;
    }
  }
  EXPECT_GT(plans, 0U);
  EXPECT_LT(plans, kRounds);
}

TEST_F(Mutation, EveryPrefixGivesAPlanOrDiagnostics) {
  for (std::size_t length = 0; length < kValid.size(); ++length) {
    const Loaded loaded = load_text(kValid.substr(0, length));
    ASSERT_TRUE(loaded.configuration.has_value() || !loaded.diagnostics.empty()) << kValid.substr(0, length);
  }
}

}  // namespace
}  // namespace tocsin::config
