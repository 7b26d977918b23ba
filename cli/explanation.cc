#include "cli/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "cli/alarm_words.h"
#include "engine/alarm/reason.h"
#include "engine/base/number.h"
#include "engine/base/time.h"

namespace tocsin::cli {
namespace {

// What the verdict rests on, counted from the points that were judged.
struct Tally {
  std::size_t real = 0;
  std::size_t breaching = 0;
  std::size_t gaps = 0;
};

Tally tally_of(const alarm::Transition& transition, const std::vector<std::size_t>& judged) {
  Tally tally;
  for (const std::size_t i : judged) {
    const alarm::Point& point = transition.points[i];
    if (!point.value) {
      ++tally.gaps;
      continue;
    }
    ++tally.real;
    if (point.breaching) ++tally.breaching;
  }
  return tally;
}

std::string periods(std::size_t count) { return count == 1 ? "period" : "periods"; }

// A period's start as its column's head: clock time, with seconds where periods are shorter than a minute and
// the day where they are a day or more.
std::string head_of(EventTime start, Duration period) {
  const std::string text = format_rfc3339(start);
  if (period >= std::chrono::hours(24)) return text.substr(5, 5);
  return period < std::chrono::minutes(1) ? text.substr(11, 8) : text.substr(11, 5);
}

constexpr std::string_view kLabels[] = {"period", "value", "breach", "judged"};
constexpr std::size_t kLabelColumns = 2 + 6;  // indent and the longest label

}  // namespace

std::string verdict_in_words(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                             const TextStyle& style) {
  const Tally tally = tally_of(transition, alarm::judged_points(alarm.rule, transition.points));
  const std::string arrow =
      fmt::format("{} {}", style.unicode ? " →" : " ->", alarm::to_string(transition.to));
  const std::size_t needed = alarm.rule.datapoints_to_alarm;
  if (tally.real == 0) {
    return fmt::format("no data in {} {}, {}{}", transition.points.size(), periods(transition.points.size()),
                       missing_data_in_words(alarm.rule.missing_data), arrow);
  }
  std::size_t breaching = tally.breaching;
  std::string gaps;
  if (tally.gaps > 0) {
    gaps = fmt::format("{} without data ({}), ", tally.gaps, missing_data_in_words(alarm.rule.missing_data));
    if (alarm.rule.missing_data == alarm::MissingData::Breaching) breaching += tally.gaps;
  }
  if (transition.to == alarm::State::Alarm && breaching < needed) {
    return fmt::format("{}{} of {} with data {}, too old to wait for {}{}", gaps, breaching, tally.real,
                       breaching == 1 ? "breaches" : "breach", needed, arrow);
  }
  const std::size_t judged = tally.real + tally.gaps;
  return fmt::format("{}{} of {} judged {} {}, {} needed{}", gaps, breaching, judged, periods(judged),
                     breaching == 1 ? "breaches" : "breach", needed, arrow);
}

std::string explain(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                    const TextStyle& style) {
  std::string when = format_rfc3339(transition.time).substr(0, 16);
  when[10] = ' ';
  std::string out = fmt::format("{}  {}", when, paint(printable(alarm.name, style), Ink::Bold, style));
  if (!transition.dimensions.empty()) out += "  " + dimensions_in_words(transition.dimensions, style);
  out += fmt::format("  {} {} {}\n", paint(alarm::to_string(transition.from), ink_of(transition.from), style),
                     style.unicode ? "→" : "->",
                     paint(alarm::to_string(transition.to), ink_of(transition.to), style));

  const std::vector<std::size_t> judged = alarm::judged_points(alarm.rule, transition.points);
  const std::size_t total = transition.points.size();
  const std::size_t first = total - std::min(total, kMaxExplainedPeriods);
  if (first > 0) out += fmt::format("  ({} older {} not drawn)\n", first, periods(first));

  struct Cell {
    std::string texts[4];
    Ink ink = Ink::Plain;
  };
  std::vector<Cell> cells;
  std::size_t width = 0;
  for (std::size_t i = first; i < total; ++i) {
    const alarm::Point& point = transition.points[i];
    const bool counts = std::ranges::binary_search(judged, i);
    Cell cell;
    cell.texts[0] = head_of(point.start, alarm.period);
    cell.texts[1] = point.value ? format_number(*point.value) : "-";
    cell.texts[2] = !point.value ? "-" : point.breaching ? "X" : "0";
    cell.texts[3] = !counts ? "" : point.value ? "^" : "+";
    cell.ink = !point.value ? Ink::Dim : point.breaching ? Ink::Red : Ink::Green;
    for (const std::string& text : cell.texts) width = std::max(width, text_width(text));
    cells.push_back(std::move(cell));
  }

  const std::size_t room = style.columns > kLabelColumns ? style.columns - kLabelColumns : 0;
  const std::size_t in_a_row = std::max<std::size_t>(1, room / (width + 2));
  bool filled = false;
  for (std::size_t row = 0; row < cells.size(); row += in_a_row) {
    const std::size_t end = std::min(cells.size(), row + in_a_row);
    for (std::size_t line = 0; line < 4; ++line) {
      std::string text = fmt::format("  {:<6}", kLabels[line]);
      std::size_t blanks = 0;  // held back, so that no line ends in them
      for (std::size_t i = row; i < end; ++i) {
        const std::string& value = cells[i].texts[line];
        blanks += width + 2 - value.size();
        if (value.empty()) continue;
        text.append(blanks, ' ');
        blanks = 0;
        text += line == 2 ? paint(value, cells[i].ink, style) : value;
        filled = filled || value == "+";
      }
      out += text + '\n';
    }
  }
  if (filled) out += "  + a gap that was filled\n";
  return out + "  " + verdict_in_words(transition, alarm, style) + '\n';
}

}  // namespace tocsin::cli
