#include "cli/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "cli/alarm_words.h"
#include "engine/base/check.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kMaxCells = 24;  // of a curve
constexpr std::size_t kMinCells = 3;
constexpr std::size_t kMaxNameColumns = 32;  // up to which names are lined up
constexpr std::size_t kTimeColumns = 11;     // "03:13–03:19"
constexpr std::size_t kIndent = 2 + kTimeColumns + 2;

using Days = std::chrono::sys_days;

Days day_of(EventTime time) {
  return Days{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Duration>{time.time_since_epoch()})};
}

std::string clock_of(EventTime time) { return format_rfc3339(time).substr(11, 5); }

// "1 March 2026"
std::string date_in_words(Days day) {
  static constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                            "May",       "June",     "July",     "August",
                                                            "September", "October",  "November", "December"};
  const std::chrono::year_month_day date{day};
  return fmt::format("{} {} {}", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()));
}

std::string_view weekday_of(Days day) {
  static constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                         "Thursday", "Friday", "Saturday"};
  return kDays[std::chrono::weekday{day}.c_encoding()];
}

// "▁▃█·▂": each cell's value as a share of the largest, a dot where nothing was measured. Begins with the
// first cell that was measured; empty if too few were to make a picture.
std::string sparkline(std::span<const metric::StatisticSet> cells, metric::Statistic statistic,
                      const TextStyle& style) {
  static constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 8> kAscii{"_", ".", ":", "-", "=", "+", "*", "#"};
  while (!cells.empty() && cells.front().empty()) cells = cells.subspan(1);
  if (cells.size() < kMinCells) return {};
  double largest = 0;
  for (const metric::StatisticSet& cell : cells) {
    if (!cell.empty()) largest = std::max(largest, std::abs(metric::value_of(cell, statistic)));
  }
  std::string line;
  for (const metric::StatisticSet& cell : cells) {
    if (cell.empty()) {
      line += style.unicode ? "·" : " ";
      continue;
    }
    const double share = largest > 0 ? std::abs(metric::value_of(cell, statistic)) / largest : 0;
    const auto level = static_cast<std::size_t>(std::lround(share * 7));
    line += style.unicode ? kBlocks[level] : kAscii[level];
  }
  return line;
}

struct Piece {
  std::string text;
  Ink ink = Ink::Plain;
};

// Pieces in lines of at most the style's columns, which begin behind `indent` blanks; a line is broken
// between pieces, and a piece that is too long for a line of its own is cut.
std::string wrap(const std::vector<Piece>& pieces, std::string_view between, std::size_t indent,
                 const TextStyle& style) {
  const std::size_t room = style.columns > indent + 20 ? style.columns - indent : 20;
  std::string out;
  std::size_t used = 0;
  for (const Piece& piece : pieces) {
    const std::string text = shorten(piece.text, room, style);
    const std::size_t width = text_width(text);
    if (used > 0 && used + text_width(between) + width > room) {
      out += '\n';
      used = 0;
    }
    if (used > 0) {
      out += paint(between, Ink::Dim, style);
      used += text_width(between);
    } else if (!out.empty()) {
      out.append(indent, ' ');
    }
    out += paint(text, piece.ink, style);
    used += width;
  }
  return out + '\n';
}

}  // namespace

Timeline::Timeline(std::span<const alarm::AlarmDefinition> alarms,
                   std::span<const metric::MetricDefinition> metrics, PlaceOf place_of, TextStyle style,
                   std::size_t max_incidents)
    : alarms_(alarms),
      metrics_(metrics),
      place_of_(std::move(place_of)),
      style_(style),
      max_incidents_(max_incidents) {}

void Timeline::add(const alarm::Transition& transition) {
  TOCSIN_CHECK(transition.alarm < alarms_.size());
  if (transition.to == alarm::State::Alarm) {
    open(transition);
  } else if (transition.from == alarm::State::Alarm) {
    close(transition);
  } else {
    ++quiet_;
  }
}

void Timeline::open(const alarm::Transition& transition) {
  if (incidents_.size() >= max_incidents_) {
    ++beyond_[transition.alarm];
    return;
  }
  const alarm::AlarmDefinition& alarm = alarms_[transition.alarm];
  Incident incident;
  incident.alarm = transition.alarm;
  incident.dimensions = transition.dimensions;
  incident.start = transition.time;
  incident.why = why_in_words(transition, alarm, metrics_[alarm.metric], style_);
  incident.curve.start = transition.points.empty() ? transition.time : transition.points.front().start;
  incident.curve.width = metrics_[alarm.metric].bucket;
  if (!transition.evidence.empty()) {
    incident.place = printable(place_of_(*std::ranges::min_element(transition.evidence)), style_);
  }
  open_[{transition.alarm, transition.dimensions}] = incidents_.size();
  measured_[{alarm.metric, transition.dimensions}].push_back(incidents_.size());
  incidents_.push_back(std::move(incident));
}

void Timeline::close(const alarm::Transition& transition) {
  const auto found = open_.find({transition.alarm, transition.dimensions});
  if (found == open_.end()) return;  // one of those beyond the maximum
  Incident& incident = incidents_[found->second];
  incident.end = transition.time;
  incident.after = transition.to;
  open_.erase(found);
}

void Timeline::add(const notify::EventFacts& event) {
  Sightings& seen = rules_[event.rule];
  ++seen.events;
  seen.newest = std::max(seen.newest, event.time);
  const auto at = std::ranges::upper_bound(seen.first, event.time, {}, &Sighting::time);
  if (at == seen.first.end() && seen.first.size() >= kNamedEvents) return;
  std::string whose = event.account;
  if (!event.region.empty()) whose += (whose.empty() ? "" : ", ") + event.region;
  seen.first.insert(at, {event.time, printable(whose, style_), printable(event.summary, style_),
                         printable(event.place, style_)});
  if (seen.first.size() > kNamedEvents) seen.first.pop_back();
}

void Timeline::add(const shard::ClosedBucket& bucket) {
  const auto found = measured_.find({bucket.metric, bucket.dimensions});
  if (found == measured_.end()) return;
  // Buckets of a series close in order of time, so past its end an incident gets no more of them.
  std::erase_if(found->second, [&](std::size_t index) {
    Incident& incident = incidents_[index];
    if (incident.end && bucket.start >= *incident.end) return true;
    if (bucket.start >= incident.curve.start) incident.curve.add(bucket.start, bucket.statistics);
    return false;
  });
  if (found->second.empty()) measured_.erase(found);
}

void Timeline::Curve::add(EventTime time, const metric::StatisticSet& values) {
  auto cell = static_cast<std::size_t>((time - start) / width);
  while (cell >= kMaxCells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i % 2 == 1) {
        cells[i / 2].merge(cells[i]);
      } else {
        cells[i / 2] = cells[i];
      }
    }
    cells.resize((cells.size() + 1) / 2);
    width *= 2;
    cell /= 2;
  }
  if (cell >= cells.size()) cells.resize(cell + 1);
  cells[cell].merge(values);
}

std::string Timeline::render() const {
  std::size_t name_columns = 0;
  const auto make_room = [&](const std::string& name) {
    const std::size_t width = text_width(printable(name, style_));
    if (width <= kMaxNameColumns) name_columns = std::max(name_columns, width);
  };
  for (const Incident& incident : incidents_) make_room(alarms_[incident.alarm].name);
  for (const auto& [rule, seen] : rules_) make_room(rule);
  std::multimap<EventTime, std::string> entries;
  for (const Incident& incident : incidents_) entries.emplace(incident.start, draw(incident, name_columns));
  for (const auto& [rule, seen] : rules_) {
    for (const Sighting& sighting : seen.first)
      entries.emplace(sighting.time, draw(rule, sighting, name_columns));
  }
  std::string out;
  std::optional<Days> day;
  for (const auto& [time, entry] : entries) {
    const Days start = day_of(time);
    if (day != start) {
      if (day) out += '\n';
      out += paint(fmt::format("{} {} (UTC)", weekday_of(start), date_in_words(start)), Ink::Bold, style_) +
             "\n\n";
      day = start;
    }
    out += entry;
  }
  if (!entries.empty()) out += '\n';
  return out + closing_lines();
}

std::string Timeline::draw(const Incident& incident, std::size_t name_columns) const {
  const alarm::AlarmDefinition& alarm = alarms_[incident.alarm];
  const std::string_view dash = style_.unicode ? "–" : "-";
  const bool same_day = incident.end && day_of(*incident.end) == day_of(incident.start);
  std::string times =
      clock_of(incident.start) + std::string(dash) + (same_day ? clock_of(*incident.end) : "");
  times.append(kTimeColumns - text_width(times), ' ');

  std::string name = printable(alarm.name, style_);
  const std::string whose = dimensions_in_words(incident.dimensions, style_);
  if (!whose.empty() && text_width(name) < name_columns) name.append(name_columns - text_width(name), ' ');
  std::vector<Piece> head{{"ALARM", Ink::Red}, {name, Ink::Bold}};
  if (!whose.empty()) head.push_back({whose, Ink::Plain});

  std::vector<Piece> detail;
  const std::string spark = sparkline(incident.curve.cells, alarm.statistic, style_);
  detail.push_back({spark.empty() ? incident.why : spark + "  " + incident.why, Ink::Plain});
  if (!incident.end) {
    detail.push_back({"still in ALARM", Ink::Red});
  } else {
    std::string over = incident.after == alarm::State::Ok ? "OK after " : "no more data after ";
    over += duration_in_words(*incident.end - incident.start);
    if (!same_day)
      over += fmt::format(", {} {}", date_in_words(day_of(*incident.end)), clock_of(*incident.end));
    detail.push_back({over, ink_of(incident.after)});
  }
  if (!incident.place.empty()) detail.push_back({"from " + incident.place, Ink::Dim});

  const std::string_view between = style_.unicode ? " · " : ", ";
  const std::size_t detail_indent = kIndent + text_width("ALARM") + 2;
  return "  " + times + "  " + wrap(head, "  ", kIndent, style_) + std::string(detail_indent, ' ') +
         wrap(detail, between, detail_indent, style_);
}

std::string Timeline::draw(const std::string& rule, const Sighting& sighting,
                           std::size_t name_columns) const {
  std::string name = printable(rule, style_);
  if (!sighting.whose.empty() && text_width(name) < name_columns)
    name.append(name_columns - text_width(name), ' ');
  std::vector<Piece> head{{"EVENT", Ink::Yellow}, {name, Ink::Bold}};
  if (!sighting.whose.empty()) head.push_back({sighting.whose, Ink::Plain});
  std::vector<Piece> detail{{sighting.summary, Ink::Plain}};
  if (!sighting.place.empty()) detail.push_back({"from " + sighting.place, Ink::Dim});
  std::string time = clock_of(sighting.time);
  time.append(kTimeColumns - text_width(time), ' ');
  const std::size_t detail_indent = kIndent + text_width("EVENT") + 2;
  return "  " + time + "  " + wrap(head, "  ", kIndent, style_) + std::string(detail_indent, ' ') +
         wrap(detail, style_.unicode ? " · " : ", ", detail_indent, style_);
}

std::string Timeline::closing_lines() const {
  std::string out;
  std::uint64_t more = 0;
  std::string names;
  for (const auto& [alarm, count] : beyond_) {
    more += count;
    names += fmt::format("{}{} {}", names.empty() ? "" : ", ", printable(alarms_[alarm].name, style_),
                         group_digits(count));
  }
  if (incidents_.empty() && more == 0) {
    out = "No incidents.";
  } else {
    const std::uint64_t all = incidents_.size() + more;
    if (more > 0) out += fmt::format("{} more not shown: {}\n", group_digits(more), names);
    out += fmt::format("{} incident{}", group_digits(all), all == 1 ? "" : "s");
    if (!open_.empty()) out += fmt::format(", {} still in ALARM at the end", group_digits(open_.size()));
    out += '.';
  }
  for (const auto& [rule, seen] : rules_) {
    std::vector<Piece> pieces{
        {printable(rule, style_) + ":"},
        {fmt::format("{} event{}", group_digits(seen.events), seen.events == 1 ? "" : "s")}};
    if (seen.events > seen.first.size()) {
      pieces.push_back(
          {fmt::format("(first {} shown, newest {})", seen.first.size(), format_rfc3339(seen.newest))});
    }
    std::string line = wrap(pieces, " ", 2, style_);
    line.pop_back();
    out += "\n" + line;
  }
  if (quiet_ > 0) {
    out += fmt::format("\n{} other change{} of state: data began or stopped.", group_digits(quiet_),
                       quiet_ == 1 ? "" : "s");
  }
  return out + '\n';
}

}  // namespace tocsin::cli
