// What `backtest` prints for programs: one JSON object a line, in the order of time.
//
//   {"type":"transition",…}  {"type":"notification",…}  {"type":"datapoint",…}  … {"type":"summary",…}
//
// A transition's notifications follow it. Datapoints are known later than transitions of the same time, and
// events of rules before the transitions of the time before them, so these lines wait until nothing earlier
// can come; a transition leaves at once where there are no datapoints. Used by one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/partition_table.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/policy_judge.h"

namespace tocsin::cli {

class JsonOutput {
 public:
  // Writes to `out`; nothing at all if it is null. `partitions` must outlive this.
  JsonOutput(std::FILE* out, std::shared_ptr<const runtime::Plan> plan,
             const runtime::PartitionTable& partitions, bool datapoints);

  void transition(const alarm::Transition& transition,
                  const std::vector<runtime::JudgedNotification>& notifications);
  // The notifications of an event that a rule tells.
  void event(std::uint32_t rule, const metric::Evidence& event,
             const std::vector<runtime::JudgedNotification>& notifications);
  void datapoint(const shard::ClosedBucket& bucket);
  // Time has come to `time`.
  void advance(EventTime time);
  void summary(const runtime::EngineCounts& counts);

  // False once writing has failed (a full disk, a reader that went away).
  [[nodiscard]] bool good() const { return good_; }

 private:
  enum class Kind : std::uint8_t { Datapoint, Event, Transition };
  // Time, kind, then what tells lines of one time apart.
  using Key = std::tuple<EventTime, Kind, std::string, std::uint64_t>;

  void put(Key key, std::string line);
  void flush_before(const Key& key);
  void write_first();
  void write(const std::string& line);

  std::FILE* out_;
  std::shared_ptr<const runtime::Plan> plan_;
  const runtime::PartitionTable& partitions_;
  bool datapoints_;
  Duration horizon_{0};  // how long after its time a datapoint may still come
  std::map<Key, std::string> waiting_;
  std::size_t event_bytes_ = 0;  // of the events among them
  std::uint64_t sequence_ = 0;
  bool good_ = true;
};

}  // namespace tocsin::cli
