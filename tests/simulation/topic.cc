#include "tests/simulation/topic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tocsin::simulation {

Topic::Topic(World& world, std::string name, std::size_t partitions) : world_(world), name_(std::move(name)) {
  while (partitions-- > 0) add_partition();
}

void Topic::add(std::int32_t number, std::uint64_t incarnation) {
  source::PartitionName name{.source = name_, .topic = name_, .number = number};
  if (incarnation > 0) name.incarnation = std::to_string(incarnation);
  partitions_.push_back({.name = std::move(name)});
}

void Topic::add_partition() {
  add(static_cast<std::int32_t>(
          std::ranges::count_if(partitions_, [](const Partition& partition) { return !partition.gone; })),
      0);
  // A number that an earlier incarnation had is another's.
  for (std::size_t i = 0; i + 1 < partitions_.size(); ++i) {
    if (partitions_[i].name.number == partitions_.back().name.number) {
      partitions_.back().name.incarnation = std::to_string(++incarnations_);
    }
  }
}

void Topic::recreate(std::size_t partition) {
  Partition& old = partitions_[partition % partitions_.size()];
  if (old.gone) return;
  old.gone = true;
  add(old.name.number, ++incarnations_);
}

void Topic::retain(std::size_t partition, std::int64_t records) {
  Partition& cut = partitions_[partition % partitions_.size()];
  cut.log_start = std::max(cut.log_start, cut.end() - records);
}

void Topic::grow(Random& random) {
  for (Partition& partition : partitions_) {
    if (partition.gone) continue;
    // Minutes with much, with little and with nothing.
    const auto minute = static_cast<std::uint64_t>(world_.passed / std::chrono::minutes(1));
    const std::uint64_t mood = (minute * 7 + static_cast<std::uint64_t>(partition.name.number) * 3) % 5;
    const std::uint64_t most = mood == 0 ? 0 : mood == 1 ? 12 : 4;
    for (std::uint64_t left = most == 0 ? 0 : random.below(most + 1); left > 0; --left) {
      partition.entries.push_back(make_entry(random));
    }
  }
}

Entry Topic::make_entry(Random& random) const {
  Entry entry;
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
  readings_.push_back({&partition, next, false});
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
    if (reading.partition == nullptr) continue;
    Partition& partition = *reading.partition;
    const std::int64_t start = partition.gone ? partition.end() : partition.log_start;
    if (reading.next < start) tell(partition, std::exchange(reading.next, start), start);
  }
}

std::optional<runtime::SourceMessage> TopicReader::next(std::uint64_t records_kept) {
  runtime::SourceMessage message{.source = source_};
  if (world_.passed >= topic_.disconnected_until) {
    for (Partition& partition : topic_.partitions()) {
      if (partition.gone) continue;
      const bool known = std::ranges::any_of(
          readings_, [&](const Reading& reading) { return reading.partition == &partition; });
      if (!known) meet(partition, 0);
    }
    look_for_gaps(records_kept);
    std::vector<std::uint32_t> unread;
    for (std::uint32_t i = 0; i < readings_.size(); ++i) {
      const Reading& reading = readings_[i];
      if (reading.partition != nullptr && reading.next < reading.partition->end()) unread.push_back(i);
    }
    if (!unread.empty() && notes_.empty()) {
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

source::SourceStatus TopicReader::status() {
  source::SourceStatus status;
  status.notes = std::exchange(notes_, {});
  status.connected = world_.passed >= topic_.disconnected_until;
  for (std::uint32_t i = 0; i < readings_.size(); ++i) {
    const Reading& reading = readings_[i];
    if (reading.partition == nullptr || reading.partition->gone) continue;
    source::Progress progress{.partition = i, .at = world_.wall()};
    progress.caught_up = status.connected && reading.next == reading.partition->end();
    progress.position = reading.next;
    progress.end = reading.partition->end();
    status.partitions.push_back(progress);
  }
  return status;
}

bool TopicReader::is_at_end() const {
  return std::ranges::all_of(topic_.partitions(), [&](const Partition& partition) {
    return partition.gone || std::ranges::any_of(readings_, [&](const Reading& reading) {
             return reading.partition == &partition && reading.next == partition.end();
           });
  });
}

}  // namespace tocsin::simulation
