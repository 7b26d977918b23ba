#include "engine/runtime/worker.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

#include "engine/base/number.h"
#include "engine/event/excerpt.h"
#include "engine/notify/event_notification.h"
#include "engine/runtime/partition_name.h"

namespace tocsin::runtime {
namespace {

constexpr std::size_t kMaxExcerptBytes = 64 * 1024;  // of one batch: making them is not for every match
constexpr std::size_t kMaxRuledBytes = std::size_t{64} << 20;  // of events that rules matched, of one batch
constexpr double kLargestValue = 0x1p360;                      // of a CloudWatch datapoint, either sign

// Cuts at a character, never inside one.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

bool is_object(const event::Event& event) {
  if (event.kind == event::Kind::Text) return false;
  const std::size_t first = event.message.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && event.message[first] == '{';
}

}  // namespace

struct Worker::State : event::EventVisitor {
  std::shared_ptr<const Plan> plan;
  bool wants_excerpts = false;
  PolicyJudge policies{*plan};
  std::unique_ptr<Matcher> matcher = plan->make_matcher();
  event::Decoder decoder{matcher->fields()};
  event::EventBatch events;
  Matches matches;
  std::vector<Hash128> plain_series;                          // of each filter without dimensions
  std::vector<std::optional<std::uint32_t>> default_indexes;  // of each filter
  std::vector<std::uint32_t> default_filters;                 // that have a default, by its index
  absl::flat_hash_map<Hash128, std::uint32_t> batch_series;   // in the batch being made
  metric::Dimensions dimensions;
  std::vector<std::uint64_t> matched;  // of each filter, then of each rule
  struct LastSeen {
    EventTime minute = kForever;  // kForever: nothing yet
    EventTime matched_minute = kForever;
  };
  std::vector<LastSeen> last_seen;  // of each default
  absl::flat_hash_map<std::pair<std::uint32_t, std::int64_t>, metric::EvidenceSample>
      samples;                                                        // by series and bucket
  absl::flat_hash_set<std::pair<std::int64_t, std::uint32_t>> named;  // offset and index
  EventTime last_time = event::kInheritTime;                          // of the batch so far
  std::uint32_t first_event = 0;  // of the piece at hand, among the batch's
  std::size_t ruled_bytes = 0;    // of the batch's events that rules matched

  explicit State(std::shared_ptr<const Plan> made) : plan(std::move(made)) {}

  // Matching at once, while the event's fields are at hand, saves a second walk.
  void visit(const event::Event& event, const event::JsonView* walked) override {
    matcher->match(event, static_cast<std::uint32_t>(events.events.size() - 1), walked, matches);
  }

  // The minute of an event, as far as the batch knows it.
  static EventTime minute_of(EventTime time) {
    return time == event::kInheritTime ? time : floor_to(time, std::chrono::seconds(60));
  }

  std::uint32_t intern(const Hash128& hash, std::uint32_t metric, const metric::Dimensions& values,
                       MatchedBatch& out) {
    const auto [at, is_new] = batch_series.emplace(hash, static_cast<std::uint32_t>(out.series.size()));
    if (is_new) out.series.push_back({hash, metric, values});
    return at->second;
  }

  // The contribution of one match.
  Contribution contribute(const Match& match, MatchedBatch& out) {
    const FilterPlan& filter = plan->filters[match.filter];
    Contribution contribution{first_event + match.event, 0, filter.value, std::nullopt, 0, 0};
    const auto* values = matches.values.data() + match.first_value;
    if (filter.value_extraction) {
      const auto& text = values[*filter.value_extraction];
      if (!text) {
        contribution.reject = event::RejectReason::ValueMissing;
        return contribution;
      }
      const auto number = parse_number(*text);
      if (!number || !(std::abs(*number) <= kLargestValue)) {
        contribution.reject = event::RejectReason::ValueNotNumeric;
        return contribution;
      }
      contribution.value = *number;
    }
    if (filter.dimensions.empty()) {
      contribution.series = intern(plain_series[match.filter], filter.metric, {}, out);
      return contribution;
    }
    dimensions.resize(filter.dimensions.size());
    for (std::size_t i = 0; i < filter.dimensions.size(); ++i) {
      const auto& text = values[filter.dimensions[i].extraction];
      if (!text || text->find_first_not_of(" \t\r\n") == std::string_view::npos) {
        contribution.reject = event::RejectReason::DimensionMissing;
        return contribution;
      }
      dimensions[i].first = filter.dimensions[i].name;
      dimensions[i].second = cut(*text, metric::kMaxDimensionValue);
    }
    const metric::MetricDefinition& metric = plan->metrics[filter.metric];
    contribution.series = intern(metric::series_hash(metric.metric_namespace, metric.name, dimensions),
                                 filter.metric, dimensions, out);
    return contribution;
  }

  // The excerpts of the piece's events that evidence may name: those that evidence of the piece alone would.
  void keep_excerpts(std::size_t first_contribution, MatchedBatch& out) {
    samples.clear();
    named.clear();
    const std::span contributions = std::span(out.contributions).subspan(first_contribution);
    std::size_t resolved = first_event;
    for (const Contribution& contribution : contributions) {
      for (; resolved <= contribution.event; ++resolved) {
        if (out.times[resolved] != event::kInheritTime) last_time = out.times[resolved];
      }
      if (contribution.reject) continue;
      const Duration size = plan->metrics[out.series[contribution.series].metric].bucket;
      const EventTime bucket = last_time == event::kInheritTime ? last_time : floor_to(last_time, size);
      samples[{contribution.series, bucket.time_since_epoch().count()}].add(
          {last_time, out.partition, contribution.index, contribution.offset});
    }
    for (; resolved < out.times.size(); ++resolved) {
      if (out.times[resolved] != event::kInheritTime) last_time = out.times[resolved];
    }
    for (const auto& [place, sample] : samples) {
      for (const metric::Evidence& evidence : sample.events()) named.emplace(evidence.offset, evidence.index);
    }
    for (const Contribution& contribution : contributions) {
      if (out.excerpt_texts.size() >= kMaxExcerptBytes) return;
      // Filters that match the same event share its excerpt.
      if (contribution.reject || named.erase({contribution.offset, contribution.index}) == 0) continue;
      const std::string text = excerpt(events.events[contribution.event - first_event]);
      out.excerpts.push_back({contribution.offset, contribution.index,
                              static_cast<std::uint32_t>(out.excerpt_texts.size()),
                              static_cast<std::uint32_t>(text.size())});
      out.excerpt_texts += text;
    }
  }

  // What a notification of the event says. Rules that match the same event share it; it was the last.
  std::uint32_t keep_event(const event::Event& event, MatchedBatch& out) {
    const bool is_kept = !out.ruled.empty() && out.ruled.back().offset == event.position.offset &&
                         out.ruled.back().index == event.position.index;
    if (!is_kept) {
      // However much a batch unpacks to: what finds no room is cut, and says so.
      const std::size_t room = std::min(notify::kMaxEventNotification, kMaxRuledBytes - ruled_bytes);
      RuledEvent ruled{event.position.offset,
                       event.position.index,
                       std::string(cut(event.account, notify::kMaxEventPlace)),
                       std::string(cut(event.region, notify::kMaxEventPlace)),
                       std::string(cut(event.log_group, notify::kMaxEventPlace)),
                       std::string(cut(event.log_stream, notify::kMaxEventPlace)),
                       excerpt(event),
                       std::string(cut(event.message, room)),
                       event.message.size(),
                       is_object(event),
                       {}};
      // Here, where all of it is at hand: what is cut slips by no policy.
      if (ruled.is_object) ruled.policies = policies.ask(event.message);
      ruled_bytes += ruled.message.size();
      out.ruled.push_back(std::move(ruled));
    }
    return static_cast<std::uint32_t>(out.ruled.size() - 1);
  }

  void keep_rule_match(const Match& match, const source::PartitionName& name, MatchedBatch& out) {
    const auto rule = match.filter - static_cast<std::uint32_t>(plan->filters.size());
    const event::Event& event = events.events[match.event];
    const std::string& rule_name = plan->rules[rule].name;
    const std::string identity = fmt::format("rule {}:{}", rule_name.size(), rule_name) +
                                 item_identity(name, event.position.offset, event.position.index);
    out.rule_matches.push_back(
        {first_event + match.event, rule, keep_event(event, out), to_hex(hash128(identity))});
  }

  // Takes over what a piece of the batch came to and lets go of its texts.
  void take_piece(const source::PartitionName& name, MatchedBatch& out) {
    out.rejects.merge(events.rejects);
    out.items.merge(events.items);
    std::ranges::move(events.dead, std::back_inserter(out.dead));
    std::ranges::move(events.untimed, std::back_inserter(out.untimed));
    first_event = static_cast<std::uint32_t>(out.times.size());
    if (first_event == 0) out.times.reserve(events.events.size());
    for (const event::Event& event : events.events) out.times.push_back(event.time);

    const std::size_t first_contribution = out.contributions.size();
    if (out.contributions.empty()) out.contributions.reserve(matches.matches.size());
    for (const Match& match : matches.matches) {
      ++matched[match.filter];
      if (match.filter >= plan->filters.size()) {
        keep_rule_match(match, name, out);
        continue;
      }
      Contribution contribution = contribute(match, out);
      const event::Position& position = events.events[match.event].position;
      contribution.offset = position.offset;
      contribution.index = position.index;
      out.contributions.push_back(contribution);
    }
    if (wants_excerpts) keep_excerpts(first_contribution, out);
    if (!last_seen.empty()) note_seen(out);
  }

  // Events that a filter with a default value looks at; repeats within a minute say nothing new. Events
  // without a time of their own may belong to any minute.
  void note_seen(MatchedBatch& out) {
    std::vector<SeenEvent> matched_events;
    for (const Match& match : matches.matches) {
      if (match.filter >= default_indexes.size()) continue;  // a rule
      const auto index = default_indexes[match.filter];
      if (!index) continue;
      const EventTime minute = minute_of(events.events[match.event].time);
      if (minute != event::kInheritTime && last_seen[*index].matched_minute == minute) continue;
      last_seen[*index].matched_minute = minute;
      matched_events.push_back({first_event + match.event, *index, true});
    }
    std::size_t next_matched = 0;
    EventTime last_minute = event::kInheritTime;
    std::string_view last_group;
    for (std::uint32_t e = 0; e < events.events.size(); ++e) {
      const EventTime minute = minute_of(events.events[e].time);
      const std::string_view log_group = events.events[e].log_group;
      const bool is_news =
          e == 0 || minute == event::kInheritTime || minute != last_minute || log_group != last_group;
      last_minute = minute;
      last_group = log_group;
      for (std::size_t d = 0; is_news && d < default_filters.size(); ++d) {
        LastSeen& seen = last_seen[d];
        if (minute != event::kInheritTime && seen.minute == minute) continue;
        const auto& groups = plan->filters[default_filters[d]].match.log_groups;
        if (!groups.empty() && std::ranges::find(groups, log_group) == groups.end()) continue;
        seen.minute = minute;
        out.seen.push_back({first_event + e, static_cast<std::uint32_t>(d), false});
      }
      while (next_matched < matched_events.size() && matched_events[next_matched].event == first_event + e) {
        out.seen.push_back(matched_events[next_matched++]);
      }
    }
  }
};

Worker::Worker(std::shared_ptr<const Plan> plan, bool keep_excerpts)
    : state_(std::make_unique<State>(std::move(plan))) {
  state_->wants_excerpts = keep_excerpts;
  for (std::uint32_t f = 0; f < state_->plan->filters.size(); ++f) {
    const FilterPlan& filter = state_->plan->filters[f];
    const metric::MetricDefinition& metric = state_->plan->metrics[filter.metric];
    state_->plain_series.push_back(metric::series_hash(metric.metric_namespace, metric.name, {}));
    std::optional<std::uint32_t>& index = state_->default_indexes.emplace_back();
    if (!filter.default_value) continue;
    index = static_cast<std::uint32_t>(state_->default_filters.size());
    state_->default_filters.push_back(f);
  }
  state_->last_seen.resize(state_->default_filters.size());
  state_->matched.resize(state_->plan->filters.size() + state_->plan->rules.size());
}

Worker::~Worker() = default;
Worker::Worker(Worker&&) noexcept = default;

const std::vector<std::uint64_t>& Worker::matched() const { return state_->matched; }

MatchedBatch Worker::process(event::RawBatch batch, const Partition& partition) {
  State& state = *state_;
  MatchedBatch out;
  out.partition = batch.partition;
  out.next_offset = batch.next_offset;
  out.by_line = batch.by_line;
  out.read_at = batch.read_at;
  out.records = batch.records.size();
  for (const event::RawRecord& record : batch.records) {
    out.bytes += record.value.size();
    // One record of a clock that is ahead would hide how far the others have come.
    if (record.timestamp && *record.timestamp <= as_event_time(batch.read_at))
      out.newest_record = std::max(out.newest_record, *record.timestamp);
  }
  state.batch_series.clear();
  state.last_time = event::kInheritTime;
  state.ruled_bytes = 0;
  std::fill(state.last_seen.begin(), state.last_seen.end(), State::LastSeen{});
  std::size_t next = 0;
  do {
    state.matches.clear();
    next = state.decoder.decode(batch, partition.decode, state.events, next, &state);
    state.take_piece(partition.name, out);
  } while (next < batch.records.size());
  state.events.clear();
  return out;
}

}  // namespace tocsin::runtime
