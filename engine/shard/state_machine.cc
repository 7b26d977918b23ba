#include "engine/shard/state_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/shard/fields.h"

namespace tocsin::shard {
namespace {

// Whether every number in the chunk means something.
bool is_sound(const Chunk& chunk, const Shard& shard, std::size_t partitions) {
  const Definitions& definitions = shard.definitions();
  const auto series_is_sound = [&](const ChunkSeries& series) {
    return series.named ? series.metric < definitions.metrics.size() : shard.knows(series.hash);
  };
  return std::all_of(chunk.series.begin(), chunk.series.end(), series_is_sound) &&
         std::all_of(
             chunk.seen.begin(), chunk.seen.end(),
             [&](const ChunkSeen& seen) { return seen.default_index < definitions.defaults.size(); }) &&
         std::all_of(chunk.covers.begin(), chunk.covers.end(), [&](const Covered& covered) {
           return covered.partition < partitions + chunk.new_partitions.size() && covered.from <= covered.to;
         });
}

std::unexpected<Error> unsound(std::string_view what) {
  return fail(ErrorCode::Invalid,
              fmt::format("a record of the log does not fit the state before it: {}", what));
}

}  // namespace

StateMachine::StateMachine(std::shared_ptr<const Definitions> definitions, bool report_closed)
    : shard_(std::move(definitions), report_closed), report_closed_(report_closed) {}

Result<void> StateMachine::apply(const Record& record, Output& out, SetStateOutcome* outcome) {
  const std::size_t before = out.transitions.size();
  Result<void> done;
  switch (type_of(record)) {
    case RecordType::Chunk:
      done = take(std::get<Chunk>(record));
      break;
    case RecordType::Tick: {
      const Tick& tick = std::get<Tick>(record);
      if (!shard_.started() || tick.frontier.size() != shard_.definitions().sources.size()) {
        return unsound("a tick for other sources");
      }
      shard_.apply(tick, out);
      break;
    }
    case RecordType::Config:
      done = change(std::get<Config>(record));
      break;
    case RecordType::Start:
      if (shard_.started()) return unsound("a second start");
      shard_.apply(std::get<Start>(record));
      break;
    case RecordType::SetState: {
      if (!shard_.started()) return unsound("a state set before the start");
      const SetStateOutcome result = shard_.apply(std::get<SetState>(record), out);
      if (outcome != nullptr) *outcome = result;
      break;
    }
    case RecordType::Outbox:
      done = take(std::get<Outbox>(record));
      break;
    case RecordType::Ack:
      done = take(std::get<Ack>(record));
      break;
    case RecordType::Forget:
      done = take(std::get<Forget>(record));
      break;
    case RecordType::Hash:
      if (std::get<Hash>(record).digest != digest()) {
        return fail(
            ErrorCode::Invalid,
            "reading the log again came to another state than the run that wrote it: this is a fault of "
            "the program, and going on would count wrongly; keep the state directory for a report, and "
            "start with an empty one");
      }
      break;
  }
  for (std::size_t i = before; i < out.transitions.size(); ++i) untold_.push_back(out.transitions[i]);
  return done;
}

Result<void> StateMachine::take(const Chunk& chunk) {
  if (!is_sound(chunk, shard_, partitions_.size())) return unsound("a chunk");
  const auto repeats = [&](const Covered& covered) {
    return covered.partition < partitions_.size() &&
           covered.from < partitions_[covered.partition].next_offset;
  };
  if (std::any_of(chunk.covers.begin(), chunk.covers.end(), repeats)) {
    ++repeated_;
    return {};
  }
  for (const std::string& name : chunk.new_partitions) partitions_.push_back({name, 0, {}, kNever});
  for (const Covered& covered : chunk.covers) {
    PartitionState& partition = partitions_[covered.partition];
    partition.next_offset = covered.to;
    partition.place = covered.place;
    partition.last_event = covered.last_event;
  }
  for (const auto& [name, count] : chunk.counts) ledger_[name] += count;
  shard_.apply(chunk);
  return {};
}

Result<void> StateMachine::change(const Config& config) {
  if (!untold_.empty()) return unsound("other definitions before a transition was told");
  auto definitions = decode_definitions(config.definitions);
  if (!definitions) return std::unexpected(definitions.error());
  std::string saved;
  WireWriter out(saved);
  shard_.save(out);
  WireReader in(saved);
  auto changed = Shard::load(in, shard_.definitions(),
                             std::make_shared<const Definitions>(std::move(*definitions)), report_closed_);
  TOCSIN_CHECK(changed.has_value());
  shard_ = std::move(*changed);
  return {};
}

Result<void> StateMachine::take(const Outbox& outbox) {
  // Mostly all of them are told at once.
  if (std::equal(
          outbox.told.begin(), outbox.told.end(), untold_.begin(), untold_.end(),
          [](const std::string& id, const alarm::Transition& transition) { return id == transition.id; })) {
    untold_.clear();
  } else if (auto told = tell_some(outbox.told); !told) {
    return told;
  }
  for (const OutboxEntry& entry : outbox.entries) {
    if (entry.number != next_number_) return unsound("the numbers of the outbox");
    ++next_number_;
    if (entry.subscriptions.empty()) continue;
    outbox_bytes_ += entry.content.size();
    outbox_.emplace(entry.number, entry);
  }
  return {};
}

Result<void> StateMachine::tell_some(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const auto found = std::find_if(untold_.begin(), untold_.end(),
                                    [&](const alarm::Transition& transition) { return transition.id == id; });
    if (found == untold_.end()) return unsound("a transition is told that nobody decided");
    untold_.erase(found);
  }
  return {};
}

Result<void> StateMachine::take(const Ack& ack) {
  for (const Ack::Settled& settled : ack.settled) {
    const auto entry = outbox_.find(settled.number);
    if (entry == outbox_.end()) return unsound("an acknowledgement of nothing");
    auto& waiting = entry->second.subscriptions;
    const auto at = std::find(waiting.begin(), waiting.end(), settled.subscription);
    if (at == waiting.end()) return unsound("a second acknowledgement");
    waiting.erase(at);
    ++ledger_[settled.delivered ? "delivered" : "given_up"];
    if (!waiting.empty()) continue;
    outbox_bytes_ -= entry->second.content.size();
    outbox_.erase(entry);
  }
  return {};
}

Result<void> StateMachine::take(const Forget& forget) {
  for (const std::uint32_t partition : forget.partitions) {
    if (partition >= partitions_.size()) return unsound("a partition is forgotten that nobody met");
    partitions_[partition] = {};
  }
  return {};
}

// All but the shard and the definitions.
void StateMachine::save_own(WireWriter& out) const {
  out.number(partitions_.size());
  for (const PartitionState& partition : partitions_) {
    out.text(partition.name);
    out.signed_number(partition.next_offset);
    out.text(partition.place);
    out.time(partition.last_event);
  }
  out.number(ledger_.size());
  for (const auto& [name, count] : ledger_) {
    out.text(name);
    out.number(count);
  }
  out.number(repeated_);
  out.number(next_number_);
  out.number(outbox_.size());
  for (const auto& [number, entry] : outbox_) put(out, entry);
}

std::string StateMachine::save() const {
  TOCSIN_CHECK(untold_.empty());
  std::string bytes;
  WireWriter out(bytes);
  out.byte(kWireVersion);
  out.text(encode(shard_.definitions()));
  save_own(out);
  shard_.save(out);
  return bytes;
}

Result<StateMachine> StateMachine::load(std::string_view bytes) {
  WireReader in(bytes);
  if (const std::uint8_t version = in.byte(); version != kWireVersion) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("the snapshot is of version {}, and this program reads version {}: start the version "
                    "of the program that wrote it",
                    version, kWireVersion));
  }
  auto decoded = decode_definitions(in.text());
  if (!decoded) return std::unexpected(decoded.error());
  const auto definitions = std::make_shared<const Definitions>(std::move(*decoded));
  StateMachine machine(definitions);
  for (std::size_t left = in.count(); left > 0; --left) {
    PartitionState& partition = machine.partitions_.emplace_back();
    partition.name = in.text();
    partition.next_offset = in.signed_number();
    partition.place = in.text();
    partition.last_event = in.time();
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    const std::string name(in.text());
    machine.ledger_[name] = in.number();
  }
  machine.repeated_ = in.number();
  machine.next_number_ = in.number();
  for (std::size_t left = in.count(); left > 0; --left) {
    OutboxEntry entry = get_outbox_entry(in);
    machine.outbox_bytes_ += entry.content.size();
    const std::uint64_t number = entry.number;
    machine.outbox_.emplace(number, std::move(entry));
  }
  auto shard = Shard::load(in, *definitions, definitions);
  if (!shard) return std::unexpected(shard.error());
  if (in.failed() || !in.at_end()) return fail(ErrorCode::Invalid, "the snapshot is damaged");
  machine.shard_ = std::move(*shard);
  return machine;
}

Hash128 StateMachine::digest() const {
  std::string bytes;
  WireWriter out(bytes);
  save_own(out);
  out.number(untold_.size());
  for (const alarm::Transition& transition : untold_) out.text(transition.id);
  out.hash(hash128(encode(shard_.definitions())));
  out.hash(shard_.digest());
  return hash128(bytes);
}

}  // namespace tocsin::shard
