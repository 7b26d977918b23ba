// The outside world's topics: partitions that grow with the virtual clock, of records whose meaning is known;
// and how a process reads them, as a Kafka source does.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/source_reader.h"
#include "engine/source/source.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

struct Entry {
  enum class Kind : std::uint8_t { Event, NoValue, Broken, Empty };
  Kind kind = Kind::Event;
  EventTime time{};
  std::string account;
  std::int64_t value = 0;
  bool error = false;
  std::string text;
  Duration appended{0};  // when: since the start of the run
};

// Records that nobody can read any more, as the source said; for chunks after `told_at` records of the log.
struct Gap {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::uint64_t told_at = 0;
};

struct Partition {
  source::PartitionName name;
  Duration created{0};
  std::optional<Duration> found_at{};  // by whoever reads the topic
  Duration silent_until{0};            // nothing is appended before
  std::vector<Entry> entries{};        // by offset
  std::int64_t log_start = 0;
  std::optional<Duration> gone_at{};
  std::vector<Gap> gaps{};
  Duration unread_until{0};      // what it has can be asked for, and is not read
  Duration unanswered_until{0};  // nor can it be asked for

  [[nodiscard]] std::int64_t end() const { return static_cast<std::int64_t>(entries.size()); }
  [[nodiscard]] bool is_gone() const { return gone_at.has_value(); }
  // Nobody can read it any more, as the source had said before record `sequence` of the log.
  [[nodiscard]] bool is_lost(std::int64_t offset, std::uint64_t sequence) const;
};

class Topic {
 public:
  Topic(World& world, std::string name, std::size_t partitions);

  void add_partition(Duration silent_until = Duration{0});
  void recreate(std::size_t partition);
  void retain(std::size_t partition, std::int64_t records);
  // What producers send at this moment.
  void grow(Random& random);
  // Everything can be read.
  void mend();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::deque<Partition>& partitions() { return partitions_; }
  [[nodiscard]] const std::deque<Partition>& partitions() const { return partitions_; }
  [[nodiscard]] Partition& partition(std::size_t which) { return partitions_[which % partitions_.size()]; }

  Duration disconnected_until{0};

 private:
  Entry make_entry(Random& random) const;
  void add(std::int32_t number, std::uint64_t incarnation, Duration silent_until);

  World& world_;
  std::string name_;
  std::deque<Partition> partitions_;
  std::uint64_t incarnations_ = 0;
};

// One process's reading of a topic.
class TopicReader {
 public:
  TopicReader(World& world, Random& random, Topic& topic, std::uint32_t source, std::uint64_t process,
              const std::vector<source::Resume>& from);

  // What the source says next; nothing: nothing new. `records_kept` of the log so far.
  [[nodiscard]] std::optional<runtime::SourceMessage> next(std::uint64_t records_kept);
  [[nodiscard]] bool is_at_end() const;
  // The moment up to which answers have shown that all was read, of every partition that is there: what the
  // answers were, whatever a planted fault makes of them in a status. Nothing: of one of them they have not.
  [[nodiscard]] std::optional<WallTime> answered_up_to() const;

 private:
  // Where a partition ended when that was asked.
  struct Sample {
    WallTime asked_at{};
    std::int64_t end = 0;
  };
  struct Reading {
    Partition* partition = nullptr;
    std::int64_t next = 0;
    std::deque<Sample> samples{};       // that were not come to yet
    std::optional<std::int64_t> end{};  // as answered last
    std::optional<WallTime> covered{};  // when it was asked for the newest end that was come to
    std::optional<WallTime> proven{};   // the same, as statuses say it
  };
  void look_for_partitions();
  void meet(Partition& partition, std::int64_t next);
  void look_for_gaps(std::uint64_t records_kept);
  [[nodiscard]] std::vector<std::uint32_t> unread() const;
  [[nodiscard]] event::RawBatch read(std::uint32_t index);
  void take_answer(Reading& reading);
  [[nodiscard]] source::SourceStatus status();

  World& world_;
  Random& random_;
  Topic& topic_;
  std::uint32_t source_;
  std::uint64_t process_;
  std::vector<Reading> readings_;  // by the source's numbers
  std::vector<source::PartitionName> unnamed_;
  std::vector<Note> notes_;
  Duration next_status_{0};
  Duration next_look_{0};  // for partitions that were added
};

}  // namespace tocsin::simulation
