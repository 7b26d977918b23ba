#include "engine/source/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace tocsin::source {
namespace {

constexpr Duration kCloseWait = std::chrono::seconds{3};  // of each handle
constexpr std::size_t kMostSamples = 128;
// Questions are asked every second and given up after one.
constexpr Duration kSilence = std::chrono::seconds{4};
constexpr Duration kLeaderSilence = std::chrono::seconds{10};

Note back_note(const std::string& brokers, const Absence& absence) {
  const std::string seconds = fmt::format("{:.1f}", std::chrono::duration<double>(absence.length).count());
  const std::string from = format_rfc3339(as_event_time(absence.from));
  const std::string to = format_rfc3339(as_event_time(absence.to));
  return {
      Severity::Info,
      "brokers_back",
      fmt::format("the brokers answer again, after {} s: nothing was heard from {} to {}", seconds, from, to),
      "going on where it stopped: what came meanwhile is read and judged now",
      {{"brokers", brokers}, {"from", from}, {"to", to}, {"seconds", seconds}}};
}

}  // namespace

KafkaSource::KafkaSource(std::string name, KafkaSettings settings, const ReadLimits& limits)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      limits_(limits),
      notes_(settings_.brokers, settings_.group),
      contact_(kSilence) {}

KafkaSource::~KafkaSource() { close(); }

Result<void> KafkaSource::open(const std::vector<Resume>& from) {
  const auto known = restore(from);
  if (!known) return std::unexpected(known.error());
  auto reader = KafkaReader::open(settings_, limits_, notes_);
  if (!reader) return std::unexpected(reader.error());
  auto group = KafkaGroup::join(settings_, *known, notes_);
  if (!group) return std::unexpected(group.error());
  reader_ = std::move(*reader);
  group_ = std::move(*group);
  ends_ = std::make_unique<KafkaEndWatch>(reader_->client());
  return {};
}

// The partitions of an earlier run, in its order; what counts is the newest incarnation of each.
Result<std::map<KafkaPartition, KafkaGroup::Known>> KafkaSource::restore(const std::vector<Resume>& from) {
  std::map<KafkaPartition, KafkaGroup::Known> newest;
  for (const Resume& resume : from) {
    const std::string& text = resume.name.incarnation;
    const KafkaPartition key{resume.name.topic, resume.name.number};
    std::uint64_t incarnation = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), incarnation);
    if (error != std::errc{} || end != text.data() + text.size() || incarnation == 0) {
      return fail(ErrorCode::Invalid,
                  fmt::format("the state's incarnation of this topic is \"{}\", which this version cannot "
                              "read: start with the "
                              "version that wrote it, or with a new state",
                              text),
                  fmt::format("topic {} partition {}", key.topic, key.number));
    }
    const std::uint32_t index = add_partition(key, incarnation);
    partitions_[index].restored = true;
    KafkaGroup::Known& known = newest[key];
    if (indexes_.contains(key) && known.incarnation > incarnation) continue;
    // Met, and nothing was read of it: where it begins is still for the group and the settings to say.
    known = {.position = resume.next_offset > 0 ? std::optional(resume.next_offset) : std::nullopt,
             .incarnation = incarnation,
             .is_durable = resume.is_durable,
             .cluster = read_cluster_place(resume.place)};
    indexes_[key] = index;
  }
  return newest;
}

std::uint32_t KafkaSource::add_partition(const KafkaPartition& key, std::uint64_t incarnation) {
  Partition partition;
  partition.key = key;
  partitions_.push_back(std::move(partition));
  names_.push_back({.source = name_,
                    .topic = key.topic,
                    .number = key.number,
                    .file = {},
                    .incarnation = std::to_string(incarnation)});
  return static_cast<std::uint32_t>(partitions_.size() - 1);
}

std::uint32_t KafkaSource::index_of(const KafkaPartition& key, const KafkaGroup::Place& place, bool renewed) {
  const auto found = indexes_.find(key);
  if (found == indexes_.end()) return indexes_[key] = add_partition(key, place.incarnation);
  const Partition& before = partitions_[found->second];
  if (renewed && (before.handed != kNoOffset || before.restored)) {
    stop_reading(found->second);
    partitions_[found->second].owned = false;
    found->second = add_partition(key, place.incarnation);
  }
  return found->second;
}

Result<std::optional<event::RawBatch>> KafkaSource::poll(Duration wait) {
  if (!group_) return std::nullopt;
  follow_group();
  if (ready_.empty()) {
    // Only now is everything handed over that they still gave.
    for (const auto& [key, end] : std::exchange(stuck_, {})) {
      stop_reading(indexes_.at(key));
      group_->place_again(key, end);
    }
    KafkaReader::Reading reading = reader_->read(wait);
    std::ranges::move(reading.batches, std::back_inserter(ready_));
    for (KafkaPartition& key : reading.stuck) stuck_.emplace_back(std::move(key), std::nullopt);
  }
  if (const std::string fatal = notes_.fatal(); !fatal.empty())
    return fail(ErrorCode::Refused, fatal, "kafka " + settings_.brokers);
  if (auto dispute = group_->dispute()) return std::unexpected(std::move(*dispute));
  if (ready_.empty()) return std::nullopt;
  event::RawBatch batch = std::move(ready_.front());
  ready_.pop_front();
  Partition& partition = partitions_[batch.partition];
  batch.sequence = partition.sequence++;
  batch.place = cluster_place(group_->cluster());
  partition.handed = batch.next_offset;
  group_->handed(partition.key, partition.handed);
  return batch;
}

// Reads what the group owns, from where it says.
void KafkaSource::follow_group() {
  const auto places = group_->take_places();
  if (!places) return;
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    if (!partitions_[i].owned || places->contains(partitions_[i].key)) continue;
    stop_reading(i);
    partitions_[i].owned = false;
  }
  std::vector<KafkaPartition> owned;
  for (const auto& [key, place] : *places) {
    owned.push_back(key);
    const bool moved =
        place.start && (!indexes_.contains(key) || partitions_[indexes_[key]].version != place.version);
    const std::uint32_t index = index_of(key, place, moved && place.renewed);
    if (!std::exchange(partitions_[index].owned, true)) partitions_[index].owned_since = Clock::now();
    if (!place.start) stop_reading(index);
    if (!moved) continue;
    stop_reading(index);
    partitions_[index].version = place.version;
    // More may have been handed over since the group looked.
    partitions_[index].handed = std::max(*place.start, partitions_[index].handed);
    reader_->start(key, partitions_[index].handed, index);
  }
  ends_->watch(std::move(owned));
}

void KafkaSource::stop_reading(std::uint32_t index) {
  Partition& partition = partitions_[index];
  if (partition.version == 0) return;
  reader_->stop(partition.key);
  std::erase_if(ready_, [index](const event::RawBatch& batch) { return batch.partition == index; });
  partition.version = 0;
  partition.samples.clear();
  partition.proven.reset();
  partition.end.reset();
}

void KafkaSource::commit(std::uint32_t partition, std::int64_t next_offset) {
  if (!group_ || partition >= partitions_.size()) return;
  const Partition& owner = partitions_[partition];
  const bool is_newest = indexes_.at(owner.key) == partition;  // else of a topic that was created anew since
  if (is_newest && next_offset <= owner.handed) group_->commit(owner.key, next_offset);
}

void KafkaSource::add_sample(Partition& partition, const Sample& sample) {
  std::vector<Sample>& samples = partition.samples;
  if (samples.size() == kMostSamples) {
    // Far behind: every second sample tells the way as well.
    for (std::size_t i = 0; i < kMostSamples / 2; ++i) samples[i] = samples[2 * i];
    samples.resize(kMostSamples / 2);
  }
  samples.push_back(sample);
}

void KafkaSource::prove(Partition& partition) {
  if (partition.version == 0) return;
  auto behind = partition.samples.begin();
  for (auto sample = partition.samples.begin(); sample != partition.samples.end(); ++sample) {
    if (sample->end > partition.handed) continue;
    partition.proven = sample->asked_at;
    behind = sample + 1;
  }
  partition.samples.erase(partition.samples.begin(), behind);
}

void KafkaSource::take_ends() {
  for (const KafkaEndWatch::Answer& answer : ends_->take()) {
    for (const auto& [key, end] : answer.ends) {
      const auto index = indexes_.find(key);
      if (index == indexes_.end() || partitions_[index->second].version == 0) continue;
      Partition& partition = partitions_[index->second];
      if (end < partition.end.value_or(end)) {  // ends only go forward
        reader_->stop(key);
        stuck_.emplace_back(key, end);
        continue;
      }
      partition.end = end;
      partition.answered_at = Clock::now();
      add_sample(partition, {.asked_at = answer.asked_at, .end = end});
    }
  }
}

// Whether the brokers answer, and those that lead what is owned.
void KafkaSource::watch_contact(SourceStatus& status) {
  const auto now = Clock::now();
  switch (contact_.observe(ends_->heard(), notes_.take_brokers_lost(), {now, wall_now()})) {
    case ContactWatch::Change::None:
      break;
    case ContactWatch::Change::Lost:
      notes_.say(
          {Severity::Error,
           "brokers_away",
           fmt::format("no broker of {} answers", settings_.brokers),
           "trying again; nothing is judged missing meanwhile; check the brokers, and the network between",
           {{"brokers", settings_.brokers}}});
      break;
    case ContactWatch::Change::Back:
      notes_.forget();
      notes_.say(back_note(settings_.brokers, contact_.absence()));
      break;
  }
  status.connected = !contact_.is_away();
  auto leaderless =
      static_cast<std::size_t>(std::ranges::count_if(partitions_, [&](const Partition& partition) {
        return partition.owned &&
               now - std::max(partition.owned_since, partition.answered_at) > kLeaderSilence;
      }));
  if (contact_.is_away()) leaderless = leaderless_;  // that is told already
  if (leaderless > leaderless_) {
    notes_.say({Severity::Warning,
                "leader_away",
                fmt::format("the brokers that lead {} of the partitions do not answer", leaderless),
                "the others are read on; what these feed is not judged meanwhile",
                {{"partitions", std::to_string(leaderless)}}});
  } else if (leaderless_ > 0 && leaderless == 0) {
    notes_.say({Severity::Info, "leader_back", "all partitions' leaders answer again", {}, {}});
  }
  leaderless_ = leaderless;
}

SourceStatus KafkaSource::status() {
  SourceStatus status;
  if (!group_) return status;
  take_ends();
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = partitions_[i];
    if (!partition.owned) continue;
    prove(partition);
    Progress progress{.partition = i,
                      .caught_up = partition.proven.has_value(),
                      .finished = false,
                      .at = partition.proven.value_or(WallTime{}),
                      .end = partition.end,
                      .committed = group_->committed(partition.key)};
    if (partition.version != 0) progress.position = partition.handed;
    status.partitions.push_back(progress);
  }
  watch_contact(status);
  status.unheard = group_->unheard_topics();
  status.rebalances = group_->rebalances();
  status.queued_bytes = reader_->queued_bytes();
  status.notes = notes_.take();
  return status;
}

void KafkaSource::close() {
  if (!group_) return;
  // All are asked to stop before any is waited for.
  ends_->request_stop();
  group_->stop();
  ready_.clear();
  for (Partition& partition : partitions_) partition.owned = false;
  group_->close(kCloseWait);
  ends_.reset();
  reader_->close(kCloseWait);
  group_.reset();
  reader_.reset();
}

}  // namespace tocsin::source
