#include "tests/simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "engine/notify/notification_wire.h"
#include "engine/runtime/partition_name.h"
#include "engine/shard/journal.h"
#include "engine/shard/record.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/reference.h"

namespace tocsin::simulation {
namespace {

// Reads the log from its first record to its last, beside a state machine of its own.
class Reading {
 public:
  explicit Reading(const Remains& remains)
      : remains_(remains),
        machine_(std::make_shared<const shard::Definitions>(shard::Definitions{}), true),
        coverage_(remains.world, remains.topics) {}

  void read() {
    for (const std::string& bytes : remains_.disk.history()) {
      ++sequence_;
      auto record = shard::decode_record(bytes);
      require(record.has_value(), "I3: record {} cannot be read", sequence_);
      look_at(*record);
      const bool changes = std::holds_alternative<shard::Config>(*record);
      const Contributions before = changes ? open_buckets() : Contributions{};
      shard::Output out;
      const auto applied = machine_.apply(*record, out);
      require(applied.has_value(), "I3: record {} read again: {}", sequence_,
              applied ? "" : applied.error().message);
      const auto* tick = std::get_if<shard::Tick>(&*record);
      if (tick != nullptr) look_at(*tick, out.transitions);
      take(out);
      if (changes) let_go(before);
    }
  }

  void compare(Outcome& outcome) {
    require(machine_.digest() == remains_.machine.digest(),
            "I3: the log read again leads to another state than the run came to");
    require(machine_.repeated() == 0, "I1: {} chunks were written twice", machine_.repeated());
    require(machine_.untold().empty() && told_ == decided_.size(), "I4: a transition was not told");
    require(untold_events_.empty(), "I4: {} events that a rule matched were not told", untold_events_.size());
    compare_positions();
    compare_time();
    compare_windows(outcome);
    compare_deliveries(outcome);
    outcome.records += sequence_;
    outcome.transitions += decided_.size();
  }

 private:
  struct Position {
    std::string topic;
    const Partition* partition = nullptr;
  };

  void look_at(const shard::Record& record) {
    if (const auto* config = std::get_if<shard::Config>(&record)) {
      configured_ = nullptr;
      for (const Configured& one : configurations()) {
        if (one.encoded == config->definitions) configured_ = &one;
      }
      require(configured_ != nullptr, "record {} has definitions that nobody configured", sequence_);
      // A series without dimensions is there before its first value, for its alarms.
      for (const auto& metric : configured_->definitions.metrics) {
        names_.try_emplace(metric::series_hash(metric.metric_namespace, metric.name, {}), metric.name, "");
      }
      reference_.configure(configured_->definitions);
    } else if (const auto* start = std::get_if<shard::Start>(&record)) {
      reference_.start(start->time);
    } else if (const auto* chunk = std::get_if<shard::Chunk>(&record)) {
      look_at(*chunk);
    } else if (const auto* outbox = std::get_if<shard::Outbox>(&record)) {
      for (const std::string& id : outbox->told) {
        require(told_ < decided_.size() && decided_[told_].id == id,
                "I4: record {} tells {}, which is not what was decided next", sequence_, id);
        ++told_;
      }
      for (const shard::OutboxEntry& entry : outbox->entries) {
        if (entry.topic == kDeadLetterTopic) ++letters_;
        if (entry.topic == kEventTopic) look_at_event(entry);
        for (const std::string& subscription : entry.subscriptions) {
          due_[{entry.topic, subscription}].push_back(&stored_.emplace_back(entry));
        }
      }
    } else if (const auto* ack = std::get_if<shard::Ack>(&record)) {
      for (const auto& settled : ack->settled) {
        if (!settled.delivered) given_up_.insert({settled.number, settled.subscription});
      }
    }
  }

  // What it says of the offsets it covers is what they hold.
  void look_at(const shard::Chunk& chunk) {
    for (const std::string& text : chunk.new_partitions) partitions_.push_back(find(text));
    Contributions expected;
    Ledger ledger;
    for (const shard::Covered& covered : chunk.covers) {
      const Position& position = partitions_.at(covered.partition);
      const Partition& partition = *position.partition;
      const std::int64_t next = coverage_.next(partition);
      require(covered.from == next, "I1, I8: record {} covers {} from {}, and {} was the next", sequence_,
              position.topic, covered.from, next);
      require(covered.to <= partition.end(), "I1: record {} covers what is not there", sequence_);
      for (std::int64_t offset = next; offset < covered.to; ++offset) {
        if (partition.is_lost(offset, sequence_)) {
          coverage_.pass_over(partition, offset);
          continue;
        }
        coverage_.take(partition, offset);
        const Entry& entry = partition.entries[static_cast<std::size_t>(offset)];
        expect(*configured_, position.topic, entry, expected, ledger);
        if (is_told(position.topic, entry))
          untold_events_.insert(fmt::format("{}[{}]@{}", position.topic, partition.name.number, offset));
      }
    }
    Contributions found;
    for (const shard::ChunkEntry& entry : chunk.entries) {
      const shard::ChunkSeries& series = chunk.series.at(entry.series);
      if (series.named) {
        const auto& dimensions = series.dimensions;
        names_[series.hash] = {configured_->definitions.metrics.at(series.metric).name,
                               dimensions.empty() ? "" : dimensions.front().second};
      }
      const auto named = names_.find(series.hash);
      require(named != names_.end(), "I1: record {} adds to a series that nobody named", sequence_);
      const auto& [metric, dimension] = named->second;
      found[{metric, dimension, entry.bucket}].merge(entry.statistics);
      contributed_[{metric, dimension, entry.bucket}].merge(entry.statistics);
    }
    require(found == expected, "I1: record {} adds other values than the records it covers hold", sequence_);
    Ledger said(chunk.counts.begin(), chunk.counts.end());
    require(said == ledger, "I2: record {} counts other records than those it covers", sequence_);
    reference_.add(expected);
  }

  // Time, what was decided in it, and what was to be decided.
  void look_at(const shard::Tick& tick, const std::vector<alarm::Transition>& transitions) {
    newest_ = tick.frontier;
    for (std::size_t source = 0; source < kTopics.size(); ++source) {
      check_settled("I7: time", source, tick.frontier[source]);
    }
    std::vector<Decision> decisions;
    for (const alarm::Transition& transition : transitions) {
      const shard::Definitions& definitions = machine_.shard().definitions();
      const alarm::AlarmDefinition& alarm = definitions.alarms[transition.alarm];
      for (const std::uint32_t source : definitions.metric_sources[alarm.metric]) {
        check_settled("I6: alarm " + alarm.name, source, transition.time);
      }
      const auto& dimensions = transition.dimensions;
      decisions.push_back({transition.time, alarm.name, dimensions.empty() ? "" : dimensions.front().second,
                           transition.from, transition.to});
    }
    const std::vector<Decision> expected = reference_.tick(tick.frontier);
    const auto [made, due] = std::ranges::mismatch(decisions, expected);
    require(made == decisions.end() && due == expected.end(),
            "I4: record {} decides {}, and was to decide {}", sequence_,
            made == decisions.end() ? "nothing more" : to_text(*made),
            due == expected.end() ? "nothing more" : to_text(*due));
  }

  void check_settled(const std::string& who, std::size_t source, EventTime time) const {
    const auto missing = coverage_.missing(source, time, sequence_, remains_.disk.stored_at(sequence_));
    require(!missing, "{} came to {} in record {}, and {}", who, format_rfc3339(time), sequence_,
            missing.value_or(""));
  }

  // Each event of the rule has one entry, beside the chunk that covers it.
  void look_at_event(const shard::OutboxEntry& entry) {
    const auto notification = notify::decode_notification(entry.content);
    require(notification.has_value() && notification->event != nullptr, "I4: outbox entry {} is no event's",
            entry.number);
    const auto at = untold_events_.find(notification->event->place);
    require(at != untold_events_.end(), "I4: {} is told, which no rule matched or was told before",
            notification->event->place);
    untold_events_.erase(at);
    require(ids_.insert(notification->id).second, "I4: two events have the id {}", notification->id);
  }

  Position find(const std::string& text) const {
    const auto name = runtime::parse_partition_name(text);
    require(name.has_value(), "I8: a partition called {}", text);
    const std::string incarnation = name->incarnation.substr(0, name->incarnation.find('-'));
    for (const Topic& topic : remains_.topics) {
      if (topic.name() != name->topic) continue;
      for (const Partition& partition : topic.partitions()) {
        if (partition.name.number == name->number && partition.name.incarnation == incarnation) {
          return {topic.name(), &partition};
        }
      }
    }
    throw Violation{fmt::format("I1: a partition that is not there: {}", text)};
  }

  void take(shard::Output& out) {
    for (alarm::Transition& transition : out.transitions) {
      require(ids_.insert(transition.id).second, "I4: transition {} was decided twice", transition.id);
      const std::string& alarm = machine_.shard().definitions().alarms[transition.alarm].name;
      std::uint64_t& last = sequences_[{alarm, metric::describe(transition.dimensions)}];
      // An alarm that was away begins anew.
      require(transition.sequence == last + 1 || transition.sequence == 1,
              "I4: transition {} of {} comes after number {}", transition.sequence, alarm, last);
      last = transition.sequence;
      decided_.push_back(std::move(transition));
    }
    add(out.closed, closed_);
  }

  void add(const std::vector<shard::ClosedBucket>& buckets, Contributions& to) const {
    for (const shard::ClosedBucket& bucket : buckets) {
      const auto& dimensions = bucket.dimensions;
      to[{machine_.shard().definitions().metrics[bucket.metric].name,
          dimensions.empty() ? "" : dimensions.front().second, bucket.start}]
          .merge(bucket.statistics);
    }
  }

  [[nodiscard]] Contributions open_buckets() const {
    std::string saved;
    WireWriter writer(saved);
    machine_.shard().save(writer);
    WireReader reader(saved);
    const shard::Definitions& definitions = machine_.shard().definitions();
    auto copy = shard::Shard::load(reader, definitions,
                                   std::make_shared<const shard::Definitions>(definitions), true);
    require(copy.has_value(), "I3: what the shard saves cannot be loaded");
    shard::Output out;
    copy->close_all(out);
    Contributions open;
    add(out.closed, open);
    return open;
  }

  // Windows that no alarm of the new definitions looks at are let go of without a word; the others stay.
  void let_go(const Contributions& before) {
    const Contributions after = open_buckets();
    for (const auto& [bucket, statistics] : before) {
      const auto at = after.find(bucket);
      if (at == after.end()) {
        closed_[bucket].merge(statistics);
      } else {
        require(at->second == statistics, "I1: other definitions changed what is in a bucket");
      }
    }
    require(std::ranges::all_of(after, [&](const auto& bucket) { return before.contains(bucket.first); }),
            "I1: other definitions made a bucket");
  }

  void compare_positions() const {
    for (const Topic& topic : remains_.topics) {
      for (const Partition& partition : topic.partitions()) {
        if (partition.is_gone()) continue;
        for (std::int64_t offset = coverage_.next(partition); offset < partition.end(); ++offset) {
          require(partition.is_lost(offset, sequence_), "I1: offset {} of {}[{}] was never taken in", offset,
                  topic.name(), partition.name.number);
        }
        for (const Gap& gap : partition.gaps) {
          const bool told = std::ranges::any_of(remains_.notes, [&](const Note& note) {
            return note.code == "source_gap" && note.fields.size() >= 3 &&
                   note.fields[0].second == partition.name.topic + std::to_string(partition.name.number) +
                                                "/" + partition.name.incarnation &&
                   note.fields[1].second == std::to_string(gap.from) &&
                   note.fields[2].second == std::to_string(gap.to);
          });
          require(told, "I12: offsets {} to {} of {} were lost without a word", gap.from, gap.to,
                  topic.name());
        }
      }
    }
    const auto dead = machine_.ledger().find("dead");
    require(letters_ == (dead == machine_.ledger().end() ? 0 : dead->second),
            "I2: {} dead letters, and the ledger says otherwise", letters_);
  }

  // Whatever its partitions had to say, or had not. An engine with nothing to do writes one tick a second.
  void compare_time() const {
    for (std::size_t source = 0; source < kTopics.size(); ++source) {
      const std::optional<WallTime>& answered = remains_.answered.at(source);
      require(answered.has_value(), "I11: {} never proved that all of it was read", kTopics[source]);
      const EventTime proven = as_event_time(*answered);
      require(!newest_.empty() && newest_[source] >= floor_to(proven, std::chrono::seconds(1)),
              "I11: the time of {} is {}, and its answers had come to {}", kTopics[source],
              newest_.empty() ? "nowhere" : format_rfc3339(newest_[source]), format_rfc3339(proven));
    }
  }

  // What was closed and what came late is all that was contributed.
  void compare_windows(Outcome& outcome) {
    shard::Output out;
    machine_.shard().close_all(out);
    take(out);
    double missing = 0;
    for (const auto& [bucket, statistics] : contributed_) {
      const auto at = closed_.find(bucket);
      const metric::StatisticSet kept = at == closed_.end() ? metric::StatisticSet{} : at->second;
      require(kept.count <= statistics.count && kept.sum <= statistics.sum,
              "I1: the bucket {} of {} has more than it was given", format_rfc3339(std::get<2>(bucket)),
              std::get<0>(bucket));
      require(kept.count != statistics.count || kept == statistics,
              "I1: the bucket {} of {} has other values than it was given",
              format_rfc3339(std::get<2>(bucket)), std::get<0>(bucket));
      missing += statistics.count - kept.count;
    }
    const auto late = static_cast<double>(machine_.shard().counts().late);
    require(missing == late, "I1: {} values are in no window, and {} were counted as late", missing, late);
    outcome.late += machine_.shard().counts().late;
  }

  void compare_deliveries(Outcome& outcome) {
    for (const Destination& destination : remains_.destinations) {
      std::map<std::string, std::pair<std::uint64_t, const std::string*>> wanted;  // by id
      for (const shard::OutboxEntry* entry : due_[{destination.topic, destination.subscription}]) {
        const auto notification = notify::decode_notification(entry->content);
        require(notification.has_value(), "I5: outbox entry {} cannot be read", entry->number);
        wanted.emplace(notification->id, std::pair(entry->number, &entry->content));
      }
      std::set<std::string> reached;
      std::map<std::string, std::uint64_t> newest;  // by key
      std::set<std::string> superseded;             // keys of which something old was heard last
      for (const Received& received : destination.received) {
        ++outcome.deliveries;
        const auto at = wanted.find(received.id);
        require(at != wanted.end(), "I4: {} was told {}, which was never decided", destination.subscription,
                received.id);
        const auto& [number, content] = at->second;
        require(*content == received.content, "I5: {} was told {} in other words than the log has",
                destination.subscription, received.id);
        std::uint64_t& last = newest[received.key];
        if (number >= last) superseded.erase(received.key);
        if (!reached.insert(received.id).second) {
          ++outcome.repeats;
          continue;
        }
        // What was given up in a process that died before that was kept comes once more; and so does what is
        // newer.
        if (number < last) {
          require(gives_up(destination), "I5: {} heard of {} in the wrong order", destination.subscription,
                  received.key);
          superseded.insert(received.key);
        }
        last = std::max(last, number);
      }
      require(superseded.empty(), "I5: the last that {} heard of {} is old", destination.subscription,
              superseded.empty() ? "" : *superseded.begin());
      for (const auto& [id, entry] : wanted) {
        require(reached.contains(id) || given_up_.contains({entry.first, destination.subscription}),
                "I5: {} never reached {}/{}", id, destination.topic, destination.subscription);
        require(reached.contains(id) || gives_up(destination),
                "I12: {} was given up for {}/{} without a word", id, destination.topic,
                destination.subscription);
      }
      due_.erase({destination.topic, destination.subscription});
    }
    for (const auto& [whom, entries] : due_) {
      require(entries.empty(), "I5: nobody was there for {}/{}", whom.first, whom.second);
    }
  }

  // It rejected some, or it was said that some are given up.
  [[nodiscard]] bool gives_up(const Destination& destination) const {
    return destination.gone > 0 || std::ranges::any_of(remains_.notes, [&](const Note& note) {
             if (note.code == "outbox_full")
               return note.fields.at(0).second == destination.topic + "/" + destination.subscription;
             return note.code == "nobody_to_tell" && note.fields.at(0).second == destination.topic &&
                    note.fields.at(1).second == destination.subscription;
           });
  }

  const Remains& remains_;
  shard::StateMachine machine_;
  shard::Sequence sequence_ = 0;
  const Configured* configured_ = nullptr;
  std::vector<Position> partitions_;  // in the log's numbers
  Coverage coverage_;
  Reference reference_;
  std::vector<EventTime> newest_;  // of all ticks
  std::map<Hash128, std::pair<std::string, std::string>> names_;
  Contributions contributed_;
  Contributions closed_;
  std::uint64_t letters_ = 0;
  std::size_t told_ = 0;
  std::vector<alarm::Transition> decided_;
  std::set<std::string> ids_;                 // of transitions and events
  std::multiset<std::string> untold_events_;  // by place
  std::map<std::pair<std::string, std::string>, std::uint64_t> sequences_;
  std::deque<shard::OutboxEntry> stored_;
  std::map<std::pair<std::string, std::string>, std::vector<const shard::OutboxEntry*>> due_;
  std::set<std::pair<std::uint64_t, std::string>> given_up_;
};

void check_snapshots(const Remains& remains) {
  const auto kept = remains.disk.kept();
  require(kept.has_value() && kept->size() <= 2, "I10: more than two snapshots are kept");
  for (const shard::Sequence sequence : *kept) {
    const auto snapshot = remains.disk.get(sequence);
    if (!snapshot) continue;  // damaged, and said to be
    auto machine = shard::StateMachine::load(snapshot->bytes);
    require(machine.has_value(), "I3: the snapshot of record {} cannot be loaded", sequence);
    const auto read =
        remains.disk.read(sequence, [&](shard::Sequence, std::string_view bytes) -> Result<void> {
          auto record = shard::decode_record(bytes);
          if (!record) return std::unexpected(record.error());
          shard::Output none;
          return machine->apply(*record, none);
        });
    require(read.has_value(), "I3: the log after snapshot {}: {}", sequence,
            read ? "" : describe(read.error()));
    require(machine->digest() == remains.machine.digest(),
            "I3: snapshot {} and the log after it lead to another state than the run came to", sequence);
  }
}

// A damaged record is an error and never passed over.
void check_damage(const Remains& remains) {
  if (remains.disk.last() == remains.disk.trimmed()) return;
  const auto kept = remains.disk.kept();
  const shard::Sequence newest = kept->empty() ? 0 : kept->front();
  if (remains.disk.last() <= newest) return;
  remains.disk.damage_record(remains.disk.last());
  const auto opened = shard::Journal::open(remains.disk, remains.disk, configurations().front().definitions,
                                           {}, [](const Note&) {});
  require(!opened && opened.error().code == ErrorCode::Invalid, "I12: a damaged record was passed over");
}

}  // namespace

void check(const Remains& remains, Outcome& outcome) {
  Reading reading(remains);
  reading.read();
  reading.compare(outcome);
  check_snapshots(remains);
  check_damage(remains);
}

}  // namespace tocsin::simulation
