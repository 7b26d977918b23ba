// A worker: decodes and matches batches. Stateless from batch to batch, so that any worker may take any
// batch.
//
//   RawBatch --decode--> EventBatch --match--> MatchedBatch --Engine--> chunks
//
// What comes out holds no log text any more, but for a few excerpts, the events that rules matched and what
// may become a dead letter: the times of the events and what the matching ones contribute. A worker belongs
// to one thread; there may be many.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/decode.h"
#include "engine/runtime/partition_table.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/policy_judge.h"
#include "engine/shard/shard.h"

namespace tocsin::runtime {

// One match of one filter: a value for a series, or the reason why there is none.
struct Contribution {
  std::uint32_t event = 0;   // index into MatchedBatch::times
  std::uint32_t series = 0;  // index into MatchedBatch::series; meaningless with `reject`
  double value = 0;
  std::optional<event::RejectReason> reject;
  std::int64_t offset = 0;  // where the event is, for evidence
  std::uint32_t index = 0;
};

// Events of a filter with a default value were there; one for each minute of a batch, and one more where
// something matched.
struct SeenEvent {
  std::uint32_t event = 0;
  std::uint32_t default_index = 0;
  bool matched = false;
};

// What a matched event says, for people. Of the events that evidence may name, as far as the batch has room.
struct Excerpt {
  std::int64_t offset = 0;  // where the event is, as in Contribution
  std::uint32_t index = 0;
  std::uint32_t begin = 0;  // its text in MatchedBatch::excerpt_texts
  std::uint32_t size = 0;
};

// An event that some rule matched, as notifications tell it.
struct RuledEvent {
  std::int64_t offset = 0;  // where the event is, as in Contribution
  std::uint32_t index = 0;
  std::string account;  // as event::Event has them
  std::string region;
  std::string log_group;
  std::string log_stream;
  std::string summary;     // event::excerpt()
  std::string message;     // its start, as far as a notification and the batch have room
  std::size_t bytes = 0;   // of the whole message
  bool is_object = false;  // it is a JSON object
  BodyOutcomes policies;   // of an object: what policies on bodies make of the whole of it
};

struct RuleMatch {
  std::uint32_t event = 0;  // index into MatchedBatch::times
  std::uint32_t rule = 0;   // index into Plan::rules
  std::uint32_t ruled = 0;  // index into MatchedBatch::ruled
  std::string id;           // of the rule and the item: the same whenever it is read
};

struct MatchedBatch {
  std::uint32_t partition = 0;
  std::int64_t next_offset = 0;
  bool by_line = true;           // as RawBatch has it
  std::vector<EventTime> times;  // of each event; event::kInheritTime: that of the event before
  std::vector<shard::ChunkSeries> series;
  std::vector<Contribution> contributions;  // by event
  std::vector<SeenEvent> seen;              // by event
  std::vector<RuledEvent> ruled;
  std::vector<RuleMatch> rule_matches;      // by event
  std::vector<Excerpt> excerpts;            // only if the worker was asked for them
  std::string excerpt_texts;
  event::RejectCounts rejects;
  event::ItemCounts items;
  std::vector<event::DeadLetter> dead;  // one for each of items.dead
  // One for each event at the batch's start that has no time of its own: should the partition have no earlier
  // event to take one from, they die of it (Engine::resolve_times).
  std::vector<event::DeadLetter> untimed;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the records' values
  WallTime read_at{};
  EventTime newest_record = kNever;  // the newest timestamp that the source gave its records, up to when it
                                     // read them
};

class Worker {
 public:
  explicit Worker(std::shared_ptr<const Plan> plan, bool keep_excerpts = false);
  ~Worker();
  Worker(Worker&&) noexcept;

  [[nodiscard]] MatchedBatch process(event::RawBatch batch, const Partition& partition);

  // How many events each filter of the plan, then each rule, has matched so far.
  [[nodiscard]] const std::vector<std::uint64_t>& matched() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::runtime
