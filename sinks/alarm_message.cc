#include "sinks/alarm_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "engine/alarm/reason.h"
#include "engine/base/number.h"
#include "engine/base/words.h"
#include "sinks/event_message.h"
#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

using alarm::Comparison;
using alarm::State;
using notify::AlarmFacts;

// Bytes, so that a message stays one that people read.
constexpr std::size_t kMaxName = 120;
constexpr std::size_t kMaxValue = 200;
constexpr std::size_t kMaxDescription = 1000;
constexpr std::size_t kMaxReason = 1000;
constexpr std::size_t kMaxExample = 600;
constexpr std::size_t kMaxExamples = 3;
constexpr std::size_t kMaxRows = 12;
constexpr std::size_t kMaxDimensions = 10;

std::string date_of(EventTime time) {
  static constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                            "May",       "June",     "July",     "August",
                                                            "September", "October",  "November", "December"};
  const std::string text = format_rfc3339(time);  // 2026-03-01T09:05:00Z
  const auto month = static_cast<std::size_t>((text[5] - '0') * 10 + (text[6] - '0'));
  const std::string day = text[8] == '0' ? text.substr(9, 1) : text.substr(8, 2);
  return fmt::format("{} {} {}", day, kMonths[month - 1], text.substr(0, 4));
}

// "09:05", and seconds where they are not zero.
std::string clock_of(EventTime time) {
  const std::string text = format_rfc3339(time);
  return text.compare(16, 3, ":00") == 0 ? text.substr(11, 5) : text.substr(11, 8);
}

std::string moment(EventTime time) { return fmt::format("{} UTC, {}", clock_of(time), date_of(time)); }

bool same_day(EventTime left, EventTime right) {
  return floor_to(left, std::chrono::hours(24)) == floor_to(right, std::chrono::hours(24));
}

std::string_view sign_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::Greater:
      return ">";
    case Comparison::GreaterOrEqual:
      return "≥";
    case Comparison::Less:
      return "<";
    case Comparison::LessOrEqual:
      return "≤";
  }
  return {};
}

std::string_view badge_of(State state) {
  switch (state) {
    case State::Alarm:
      return "ALARM";
    case State::Ok:
      return "OK";
    case State::InsufficientData:
      break;
  }
  return "NO DATA";
}

std::string dimensions_in_words(const AlarmFacts& facts, std::size_t limit) {
  std::string words;
  for (const auto& [name, value] : facts.dimensions) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", one_line(name, limit), one_line(value, limit));
  }
  return shorten(words, limit);
}

std::string headline_of(const AlarmFacts& facts) {
  const std::string name = one_line(facts.alarm, kMaxName);
  const std::string where = facts.dimensions.empty() ? "" : " for " + dimensions_in_words(facts, kMaxName);
  switch (facts.to) {
    case State::Alarm:
      return fmt::format("{} rings{}", name, where);
    case State::Ok:
      return facts.from == State::Alarm ? fmt::format("{} is over{}", name, where)
                                        : fmt::format("{} is quiet{}", name, where);
    case State::InsufficientData:
      break;
  }
  return fmt::format("{} cannot be judged{}", name, where);
}

std::string measured(const AlarmFacts& facts) {
  return fmt::format("{} of {} / {}", metric::to_string(facts.statistic),
                     one_line(facts.metric_namespace, kMaxName), one_line(facts.metric, kMaxName));
}

std::string span_of(const AlarmFacts& facts, EventTime start) {
  return fmt::format("{}–{}", clock_of(start), clock_of(start + facts.period));
}

// What was seen, in a sentence: the newest period that speaks for the new state.
std::string why(const AlarmFacts& facts) {
  const bool alarming = facts.to == State::Alarm;
  const alarm::Point* telling = nullptr;
  std::size_t breaching = 0;
  std::size_t gaps = 0;  // at the end
  for (const alarm::Point& point : facts.points) {
    gaps = point.value ? 0 : gaps + 1;
    if (point.value && point.breaching) ++breaching;
    if (point.value && point.breaching == alarming) telling = &point;
  }
  const std::string silence = fmt::format("Nothing was measured for {}",
                                          duration_in_words(facts.period * static_cast<std::int64_t>(gaps)));
  if (facts.to == State::InsufficientData || telling == nullptr) {
    if (gaps == 0) return measured(facts);
    if (facts.to == State::InsufficientData) return silence;
    const bool stands_in = facts.rule.missing_data == alarm::MissingData::Breaching ||
                           facts.rule.missing_data == alarm::MissingData::NotBreaching;
    return stands_in ? fmt::format("{}, and {}", silence, missing_data_in_words(facts.rule.missing_data))
                     : silence;
  }
  std::string words = fmt::format("{} was {} ({} UTC)", measured(facts), format_number(*telling->value),
                                  span_of(facts, telling->start));
  if (alarming && breaching > 1) words += fmt::format(", one of {} breaching periods", breaching);
  return words;
}

std::string condition_of(const AlarmFacts& facts) {
  const alarm::Rule& rule = facts.rule;
  const std::string bound = fmt::format("{} {}", sign_of(rule.comparison), format_number(rule.threshold));
  const std::string period = duration_in_words(facts.period);
  std::string words;
  if (rule.evaluation_periods == 1) {
    words = fmt::format("{} in {}", bound, period);
  } else if (rule.datapoints_to_alarm == rule.evaluation_periods) {
    words = fmt::format("{} in each of {} periods of {}", bound, rule.evaluation_periods, period);
  } else {
    words = fmt::format("{} in {} of {} periods of {}", bound, rule.datapoints_to_alarm,
                        rule.evaluation_periods, period);
  }
  return fmt::format("{}; {}", words, missing_data_in_words(rule.missing_data));
}

std::string when(const AlarmFacts& facts) {
  if (facts.to == State::Alarm) {
    std::string words = moment(facts.since);
    if (facts.since < facts.time)
      words += fmt::format(", {} before the alarm rang", duration_in_words(facts.time - facts.since));
    return words;
  }
  return moment(facts.time);
}

std::string before(const AlarmFacts& facts) {
  const std::string_view badge = badge_of(facts.from);
  if (!facts.from_since) return fmt::format("{} from the start", badge);
  return fmt::format("{} for {}, since {}", badge, duration_in_words(facts.time - *facts.from_since),
                     same_day(*facts.from_since, facts.time) ? clock_of(*facts.from_since) + " UTC"
                                                             : moment(*facts.from_since));
}

// An alarm that rings at many events is not over because of those that still come.
bool events_tell(const AlarmFacts& facts) {
  const Comparison comparison = facts.rule.comparison;
  return facts.to != State::Ok || comparison == Comparison::Less || comparison == Comparison::LessOrEqual;
}

void add_rows(const AlarmFacts& facts, AlarmMessage& message) {
  const std::size_t skipped = facts.points.size() - std::min(facts.points.size(), kMaxRows);
  const auto points = std::span(facts.points).subspan(skipped);
  if (points.empty()) return;
  double greatest = std::abs(facts.rule.threshold);
  for (const alarm::Point& point : points) greatest = std::max(greatest, std::abs(point.value.value_or(0)));
  const auto share = [&](double value) {
    return greatest > 0 ? std::min(std::abs(value) / greatest, 1.0) : 0;
  };
  const bool one_day = same_day(points.front().start, points.back().start);
  for (const alarm::Point& point : points) {
    message.rows.push_back({.time = one_day ? clock_of(point.start)
                                            : fmt::format("{} {}", format_rfc3339(point.start).substr(5, 5),
                                                          clock_of(point.start)),
                            .value = point.value ? format_number(*point.value) : std::string(),
                            .breaching = point.value && point.breaching,
                            .share = point.value ? share(*point.value) : 0});
  }
  message.threshold_share = share(facts.rule.threshold);
}

}  // namespace

AlarmMessage word(const notify::Notification& notification) {
  if (notification.event != nullptr) return word_event(notification);
  AlarmMessage message;
  message.id = one_line(notification.id, kMaxName);
  if (notification.facts == nullptr) {
    message.badge = "NOTICE";
    message.headline = one_line(notification.subject, kMaxValue);
    message.origin = "Tocsin";
    return message;
  }
  const AlarmFacts& facts = *notification.facts;
  message.state = facts.to;
  message.badge = badge_of(facts.to);
  message.headline = headline_of(facts);
  message.description = one_line(facts.description, kMaxDescription);
  message.facts.emplace_back("Why", why(facts));
  message.facts.emplace_back("Since", when(facts));
  message.facts.emplace_back("Before", before(facts));
  message.facts.emplace_back("Rings at", condition_of(facts));
  for (std::size_t i = 0; i < std::min(facts.dimensions.size(), kMaxDimensions); ++i) {
    const auto& [name, value] = facts.dimensions[i];
    message.facts.emplace_back(one_line(name, kMaxName), one_line(value, kMaxValue));
  }
  add_rows(facts, message);
  for (const AlarmFacts::Example& example : facts.examples) {
    if (message.examples.size() == kMaxExamples || !events_tell(facts)) break;
    message.examples.push_back({.time = same_day(example.time, facts.time)
                                            ? format_rfc3339(example.time).substr(11, 8)
                                            : format_rfc3339(example.time).substr(0, 19),
                                .place = one_line(example.place, kMaxValue),
                                .text = one_line(example.text, kMaxExample)});
  }
  message.reason = one_line(facts.reason, kMaxReason);
  message.origin = fmt::format("Tocsin in {}, account {}", one_line(facts.region, kMaxName), facts.account);
  return message;
}

}  // namespace tocsin::sinks
