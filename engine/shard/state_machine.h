// The state machine of a log: a shard's windows and alarm states, and with them, in one state, how far each
// source partition was taken in, and what is still to be delivered.
//
//   Journal --Record--> StateMachine::apply() --> Output
//                            │
//                            └── save() / load(): snapshots
//
// That these are one state is what makes everything exact: a snapshot and the records after it always agree
// on which events are in the windows, which transitions were decided, and who has been told.
//
//   * Offsets: a chunk that covers an offset below its partition's next one is not taken in (`repeated`).
//   * Transitions are decided by apply(), the same ones whenever the log is read, and stay in untold()
//     until an Outbox record says with which bytes they are told. What an Outbox record holds is sent until
//     an Ack record says that it arrived or was given up: so every attempt, in every process, sends the same
//     bytes under the same id.
//   * Hash records compare what another run of the same records came to. A difference is an error: the
//     machine would not be deterministic.
//
// apply() refuses (Invalid) what no journal writes: numbers that nothing has, series without a name. The
// state is undefined then. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/base/result.h"
#include "engine/base/wire.h"
#include "engine/shard/definitions.h"
#include "engine/shard/record.h"
#include "engine/shard/shard.h"

namespace tocsin::shard {

struct PartitionState {
  std::string name;              // opaque here: what the runtime calls it
  std::int64_t next_offset = 0;  // every offset before it is taken in, if it was ever there
  std::string place;
  EventTime last_event = kNever;

  // Its number stands for nothing any more.
  [[nodiscard]] bool is_forgotten() const { return name.empty(); }
  bool operator==(const PartitionState&) const = default;
};

class StateMachine {
 public:
  explicit StateMachine(std::shared_ptr<const Definitions> definitions, bool report_closed = false);

  // `outcome`, if given, gets what a SetState record did.
  [[nodiscard]] Result<void> apply(const Record& record, Output& out, SetStateOutcome* outcome = nullptr);

  [[nodiscard]] const Shard& shard() const { return shard_; }
  [[nodiscard]] Shard& shard() { return shard_; }
  [[nodiscard]] const std::vector<PartitionState>& partitions() const { return partitions_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& ledger() const { return ledger_; }
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }  // chunks that were not taken in

  // Decided, and not yet in an Outbox record; in the order of their decisions.
  [[nodiscard]] const std::vector<alarm::Transition>& untold() const { return untold_; }

  // To be delivered, by number, and how many bytes it is.
  [[nodiscard]] const std::map<std::uint64_t, OutboxEntry>& outbox() const { return outbox_; }
  [[nodiscard]] std::uint64_t outbox_bytes() const { return outbox_bytes_; }
  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }  // of the entry that comes next

  // Between two transitions' Outbox records only: untold() is empty.
  [[nodiscard]] std::string save() const;
  // Goes on with the definitions that were saved.
  [[nodiscard]] static Result<StateMachine> load(std::string_view bytes);

  [[nodiscard]] Hash128 digest() const;

 private:
  [[nodiscard]] Result<void> take(const Chunk& chunk);
  [[nodiscard]] Result<void> change(const Config& config);
  [[nodiscard]] Result<void> take(const Outbox& outbox);
  [[nodiscard]] Result<void> tell_some(const std::vector<std::string>& ids);
  [[nodiscard]] Result<void> take(const Ack& ack);
  [[nodiscard]] Result<void> take(const Forget& forget);
  void save_own(WireWriter& out) const;

  Shard shard_;
  bool report_closed_;
  std::vector<PartitionState> partitions_;
  std::map<std::string, std::uint64_t> ledger_;
  std::uint64_t repeated_ = 0;
  std::vector<alarm::Transition> untold_;
  std::map<std::uint64_t, OutboxEntry> outbox_;
  std::uint64_t outbox_bytes_ = 0;
  std::uint64_t next_number_ = 1;
};

}  // namespace tocsin::shard
