#include "tests/simulation/topic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tocsin::simulation {

bool Partition::is_lost(std::int64_t offset, std::uint64_t sequence) const {
  return std::ranges::any_of(
      gaps, [&](const Gap& gap) { return gap.told_at < sequence && offset >= gap.from && offset < gap.to; });
}

Topic::Topic(World& world, std::string name, std::size_t partitions) : world_(world), name_(std::move(name)) {
  while (partitions-- > 0) add_partition();
}

void Topic::add(std::int32_t number, std::uint64_t incarnation, Duration silent_until) {
  source::PartitionName name{.source = name_, .topic = name_, .number = number};
  if (incarnation > 0) name.incarnation = std::to_string(incarnation);
  partitions_.push_back({.name = std::move(name), .created = world_.passed, .silent_until = silent_until});
}

void Topic::add_partition(Duration silent_until) {
  add(static_cast<std::int32_t>(std::ranges::count_if(
          partitions_, [](const Partition& partition) { return !partition.is_gone(); })),
      0, silent_until);
  // A number that an earlier incarnation had is another's.
  for (std::size_t i = 0; i + 1 < partitions_.size(); ++i) {
    if (partitions_[i].name.number == partitions_.back().name.number) {
      partitions_.back().name.incarnation = std::to_string(++incarnations_);
    }
  }
}

void Topic::recreate(std::size_t partition) {
  Partition& old = this->partition(partition);
  if (old.is_gone()) return;
  old.gone_at = world_.passed;
  add(old.name.number, ++incarnations_, Duration{0});
}

void Topic::retain(std::size_t partition, std::int64_t records) {
  Partition& cut = this->partition(partition);
  cut.log_start = std::max(cut.log_start, cut.end() - records);
}

void Topic::grow(Random& random) {
  for (Partition& partition : partitions_) {
    if (partition.is_gone() || world_.passed < partition.silent_until) continue;
    // Minutes with much, with little and with nothing.
    const auto minute = static_cast<std::uint64_t>(world_.passed / std::chrono::minutes(1));
    const std::uint64_t mood = (minute * 7 + static_cast<std::uint64_t>(partition.name.number) * 3) % 5;
    const std::uint64_t most = mood == 0 ? 0 : mood == 1 ? 12 : 4;
    for (std::uint64_t left = most == 0 ? 0 : random.below(most + 1); left > 0; --left) {
      partition.entries.push_back(make_entry(random));
    }
  }
}

void Topic::mend() {
  disconnected_until = Duration{0};
  for (Partition& partition : partitions_) partition.unread_until = partition.unanswered_until = Duration{0};
}

Entry Topic::make_entry(Random& random) const {
  Entry entry;
  entry.appended = world_.passed;
  // Mostly of just now, out of order; some are late, some very; some producers' clocks are ahead.
  Duration age{random.between(0, 3'000)};
  if (random.chance(5)) age = Duration{random.between(0, 900'000)};
  if (random.chance(1)) age = Duration{random.between(-180'000, 0)};
  entry.time = as_event_time(world_.wall()) - age;
  entry.account = fmt::format("a{}", random.below(4));
  entry.value = random.between(0, 100);
  entry.error = random.chance(2);
  if (random.chance(3)) entry.kind = static_cast<Entry::Kind>(random.between(1, 3));
  switch (entry.kind) {
    case Entry::Kind::Event:
      entry.text = fmt::format(R"({{"t":"{}","account":"{}","value":{},"error":{}}})",
                               format_rfc3339(entry.time), entry.account, entry.value, entry.error);
      break;
    case Entry::Kind::NoValue:
      entry.text = fmt::format(R"({{"t":"{}","account":"{}","error":{}}})", format_rfc3339(entry.time),
                               entry.account, entry.error);
      break;
    case Entry::Kind::Broken:
      entry.text = fmt::format(R"({{"t":"{}","account)", format_rfc3339(entry.time));
      break;
    case Entry::Kind::Empty:
      break;
  }
  return entry;
}

TopicReader::TopicReader(World& world, Random& random, Topic& topic, std::uint32_t source,
                         std::uint64_t process, const std::vector<source::Resume>& from)
    : world_(world), random_(random), topic_(topic), source_(source), process_(process) {
  for (const source::Resume& resume : from) {
    const auto found = std::ranges::find_if(topic_.partitions(), [&](const Partition& partition) {
      return partition.name.number == resume.name.number &&
             partition.name.incarnation == resume.name.incarnation;
    });
    if (found == topic_.partitions().end()) {  // only where the world is planted with it
      unnamed_.push_back(resume.name);
      readings_.push_back({});
      continue;
    }
    // What was read before comes again, some of it.
    std::int64_t next = resume.next_offset;
    if (random_.chance(60)) next = std::max<std::int64_t>(0, next - random_.between(0, 40));
    if (world_.ablation == Ablation::ResumeSkips) next = resume.next_offset + 1;
    meet(*found, next);
    unnamed_.back() = resume.name;
  }
}

void TopicReader::meet(Partition& partition, std::int64_t next) {
  if (!partition.found_at) partition.found_at = world_.passed;
  readings_.push_back({.partition = &partition, .next = next});
  unnamed_.push_back(partition.name);
  if (world_.ablation == Ablation::NewNames) unnamed_.back().incarnation += fmt::format("-{}", process_);
}

void TopicReader::look_for_gaps(std::uint64_t records_kept) {
  const auto tell = [&](Partition& partition, std::int64_t from, std::int64_t to) {
    partition.gaps.push_back({from, to, records_kept});
    if (world_.ablation == Ablation::GapUntold) return;
    notes_.push_back({Severity::Error,
                      "source_gap",
                      fmt::format("offsets {} to {} are gone", from, to),
                      {},
                      {{"partition", partition.name.topic + std::to_string(partition.name.number) + "/" +
                                         partition.name.incarnation},
                       {"from", std::to_string(from)},
                       {"to", std::to_string(to)}}});
  };
  for (Reading& reading : readings_) {
    if (reading.partition == nullptr || world_.passed < reading.partition->unanswered_until) continue;
    Partition& partition = *reading.partition;
    const std::int64_t start = partition.is_gone() ? partition.end() : partition.log_start;
    if (reading.next < start) tell(partition, std::exchange(reading.next, start), start);
  }
}

// At the start, and then now and then, as clients do.
void TopicReader::look_for_partitions() {
  if (world_.passed < next_look_) return;
  const bool at_start = next_look_ == Duration{0};
  next_look_ = world_.passed + Duration{random_.between(1'000, 30'000)};
  for (Partition& partition : topic_.partitions()) {
    if (partition.is_gone()) continue;
    const bool known = std::ranges::any_of(
        readings_, [&](const Reading& reading) { return reading.partition == &partition; });
    if (known) continue;
    const bool skips = world_.ablation == Ablation::NewFromEnd && !at_start;
    meet(partition, skips ? partition.end() : 0);
  }
}

std::vector<std::uint32_t> TopicReader::unread() const {
  std::vector<std::uint32_t> unread;
  for (std::uint32_t i = 0; i < readings_.size(); ++i) {
    const Reading& reading = readings_[i];
    if (reading.partition == nullptr || reading.next >= reading.partition->end()) continue;
    if (world_.passed < std::max(reading.partition->unread_until, reading.partition->unanswered_until))
      continue;
    unread.push_back(i);
  }
  return unread;
}

std::optional<runtime::SourceMessage> TopicReader::next(std::uint64_t records_kept) {
  runtime::SourceMessage message{.source = source_};
  if (world_.passed >= topic_.disconnected_until) {
    look_for_partitions();
    look_for_gaps(records_kept);
    const std::vector<std::uint32_t> unread = this->unread();
    if (!unread.empty() && notes_.empty() && !random_.chance(20)) {
      message.content = read(unread[random_.below(unread.size())]);
      message.new_partitions = std::exchange(unnamed_, {});
      return message;
    }
  }
  if (world_.passed < next_status_ && notes_.empty()) return std::nullopt;
  next_status_ = world_.passed + Duration{random_.between(100, 2'000)};
  message.content = status();
  message.new_partitions = std::exchange(unnamed_, {});
  return message;
}

event::RawBatch TopicReader::read(std::uint32_t index) {
  Reading& reading = readings_[index];
  const std::int64_t end = std::min(reading.partition->end(), reading.next + random_.between(1, 60));
  event::RawBatch batch;
  batch.partition = index;
  batch.read_at = world_.wall();
  const auto bytes = std::make_shared<std::vector<std::string>>();
  bytes->reserve(static_cast<std::size_t>(end - reading.next));
  for (; reading.next < end; ++reading.next) {
    const Entry& entry = reading.partition->entries[static_cast<std::size_t>(reading.next)];
    bytes->push_back(entry.text);
    batch.records.push_back({.value = bytes->back(), .timestamp = entry.time, .offset = reading.next});
  }
  batch.bytes = bytes;
  batch.next_offset = end;
  return batch;
}

// The answer to the question before comes, and a new one is asked.
void TopicReader::take_answer(Reading& reading) {
  const Partition& partition = *reading.partition;
  if (!reading.samples.empty()) reading.end = reading.samples.back().end;
  while (!reading.samples.empty() && reading.samples.front().end <= reading.next) {
    reading.covered = reading.proven = reading.samples.front().asked_at;
    reading.samples.pop_front();
    if (world_.ablation == Ablation::AnswerDatedLate) reading.proven = world_.wall();
  }
  if (world_.ablation == Ablation::LagCalledSilence) reading.proven = world_.wall();
  if (world_.ablation == Ablation::SilentUnproven && partition.entries.empty()) reading.proven.reset();
  reading.samples.push_back({world_.wall(), partition.end()});
}

source::SourceStatus TopicReader::status() {
  source::SourceStatus status;
  status.notes = std::exchange(notes_, {});
  status.connected = world_.passed >= topic_.disconnected_until;
  for (std::uint32_t i = 0; i < readings_.size(); ++i) {
    Reading& reading = readings_[i];
    if (reading.partition == nullptr || reading.partition->is_gone()) continue;
    if (status.connected && world_.passed >= reading.partition->unanswered_until) take_answer(reading);
    status.partitions.push_back({.partition = i,
                                 .caught_up = reading.proven.has_value(),
                                 .at = reading.proven.value_or(WallTime{}),
                                 .position = reading.next,
                                 .end = reading.end});
  }
  return status;
}

std::optional<WallTime> TopicReader::answered_up_to() const {
  WallTime least = WallTime::max();
  for (const Partition& partition : topic_.partitions()) {
    if (partition.is_gone()) continue;
    const auto reading = std::ranges::find(readings_, &partition, &Reading::partition);
    if (reading == readings_.end() || !reading->covered) return std::nullopt;
    least = std::min(least, *reading->covered);
  }
  return least;
}

bool TopicReader::is_at_end() const {
  return std::ranges::all_of(topic_.partitions(), [&](const Partition& partition) {
    return partition.is_gone() || std::ranges::any_of(readings_, [&](const Reading& reading) {
             return reading.partition == &partition && reading.next == partition.end();
           });
  });
}

}  // namespace tocsin::simulation
