#include "engine/shard/record.h"

#include <fmt/format.h>

#include "engine/base/wire.h"
#include "engine/shard/fields.h"

namespace tocsin::shard {
namespace {

// --- Chunk
// --------------------------------------------------------------------------------------------------------------

void put(WireWriter& out, const Chunk& chunk, const Knows& knows) {
  out.number(chunk.new_partitions.size());
  for (const std::string& name : chunk.new_partitions) out.text(name);
  out.number(chunk.covers.size());
  for (const Covered& covered : chunk.covers) {
    out.number(covered.partition);
    out.signed_number(covered.from);
    out.signed_number(covered.to);
    out.text(covered.place);
    out.time(covered.last_event);
  }
  out.number(chunk.series.size());
  for (const ChunkSeries& series : chunk.series) {
    out.hash(series.hash);
    const bool named = !knows(series.hash);
    out.flag(named);
    if (!named) continue;
    out.number(series.metric);
    shard::put(out, series.dimensions);
  }
  out.number(chunk.entries.size());
  EventTime last{};  // buckets are mostly those of the entry before
  for (const ChunkEntry& entry : chunk.entries) {
    out.number(entry.series);
    out.time_near(entry.bucket, last);
    last = entry.bucket;
    shard::put(out, entry.statistics);
    shard::put(out, entry.evidence, entry.bucket);
    out.time_near(entry.newest, entry.bucket);
  }
  out.number(chunk.seen.size());
  for (const ChunkSeen& seen : chunk.seen) {
    out.number(seen.default_index);
    out.time(seen.minute);
    out.flag(seen.matched);
  }
  out.number(chunk.counts.size());
  for (const auto& [name, count] : chunk.counts) {
    out.text(name);
    out.number(count);
  }
}

Chunk get_chunk(WireReader& in) {
  Chunk chunk;
  for (std::size_t left = in.count(); left > 0; --left) chunk.new_partitions.emplace_back(in.text());
  for (std::size_t left = in.count(); left > 0; --left) {
    Covered& covered = chunk.covers.emplace_back();
    covered.partition = static_cast<std::uint32_t>(in.number());
    covered.from = in.signed_number();
    covered.to = in.signed_number();
    covered.place = in.text();
    covered.last_event = in.time();
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    ChunkSeries& series = chunk.series.emplace_back();
    series.hash = in.hash();
    series.named = in.flag();
    if (!series.named) continue;
    series.metric = static_cast<std::uint32_t>(in.number());
    series.dimensions = get_dimensions(in);
  }
  EventTime last{};
  for (std::size_t left = in.count(); left > 0; --left) {
    ChunkEntry& entry = chunk.entries.emplace_back();
    entry.series = in.below(chunk.series.size());
    entry.bucket = last = in.time_near(last);
    entry.statistics = get_statistics(in);
    entry.evidence = get_evidence(in, entry.bucket);
    entry.newest = in.time_near(entry.bucket);
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    ChunkSeen& seen = chunk.seen.emplace_back();
    seen.default_index = static_cast<std::uint32_t>(in.number());
    seen.minute = in.time();
    seen.matched = in.flag();
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    auto& [name, count] = chunk.counts.emplace_back();
    name = in.text();
    count = in.number();
  }
  return chunk;
}

// --- the others
// ---------------------------------------------------------------------------------------------------------

void put(WireWriter& out, const Tick& tick, const Knows&) {
  out.number(tick.frontier.size());
  for (const EventTime time : tick.frontier) out.time(time);
  out.time(tick.now);
}

Tick get_tick(WireReader& in) {
  Tick tick;
  tick.frontier.resize(in.count());
  for (EventTime& time : tick.frontier) time = in.time();
  tick.now = in.time();
  return tick;
}

void put(WireWriter& out, const Config& config, const Knows&) { out.text(config.definitions); }

Config get_config(WireReader& in) { return {std::string(in.text())}; }

void put(WireWriter& out, const Start& start, const Knows&) {
  out.time(start.time);
  out.flag(start.later.has_value());
  if (!start.later) return;
  out.number(start.later->source);
  out.time(start.later->time);
}

Start get_start(WireReader& in) {
  Start start;
  start.time = in.time();
  if (!in.flag()) return start;
  const auto source = static_cast<std::uint32_t>(in.number());
  start.later = Start::Later{source, in.time()};
  return start;
}

void put(WireWriter& out, const SetState& set, const Knows&) {
  out.number(set.alarm);
  shard::put(out, set.dimensions);
  out.byte(static_cast<std::uint8_t>(set.state));
  out.text(set.reason);
  out.time(set.time);
}

SetState get_set_state(WireReader& in) {
  SetState set;
  set.alarm = static_cast<std::uint32_t>(in.number());
  set.dimensions = get_dimensions(in);
  set.state = static_cast<alarm::State>(in.below(3));
  set.reason = in.text();
  set.time = in.time();
  return set;
}

void put(WireWriter& out, const Outbox& outbox, const Knows&) {
  out.number(outbox.told.size());
  for (const std::string& id : outbox.told) out.text(id);
  out.number(outbox.entries.size());
  for (const OutboxEntry& entry : outbox.entries) shard::put(out, entry);
}

Outbox get_outbox(WireReader& in) {
  Outbox outbox;
  for (std::size_t left = in.count(); left > 0; --left) outbox.told.emplace_back(in.text());
  for (std::size_t left = in.count(); left > 0; --left) outbox.entries.push_back(get_outbox_entry(in));
  return outbox;
}

void put(WireWriter& out, const Ack& ack, const Knows&) {
  out.number(ack.settled.size());
  for (const Ack::Settled& settled : ack.settled) {
    out.number(settled.number);
    out.text(settled.subscription);
    out.flag(settled.delivered);
  }
}

Ack get_ack(WireReader& in) {
  Ack ack;
  for (std::size_t left = in.count(); left > 0; --left) {
    Ack::Settled& settled = ack.settled.emplace_back();
    settled.number = in.number();
    settled.subscription = in.text();
    settled.delivered = in.flag();
  }
  return ack;
}

void put(WireWriter& out, const Hash& hash, const Knows&) { out.hash(hash.digest); }

Hash get_hash(WireReader& in) { return {in.hash()}; }

void put(WireWriter& out, const Forget& forget, const Knows&) {
  out.number(forget.partitions.size());
  for (const std::uint32_t partition : forget.partitions) out.number(partition);
}

Forget get_forget(WireReader& in) {
  Forget forget;
  for (std::size_t left = in.count(); left > 0; --left) forget.partitions.push_back(in.below(UINT32_MAX));
  return forget;
}

std::optional<Record> get_content(WireReader& in, std::uint8_t type) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::Chunk:
      return get_chunk(in);
    case RecordType::Tick:
      return get_tick(in);
    case RecordType::Config:
      return get_config(in);
    case RecordType::Ack:
      return get_ack(in);
    case RecordType::Hash:
      return get_hash(in);
    case RecordType::Start:
      return get_start(in);
    case RecordType::SetState:
      return get_set_state(in);
    case RecordType::Outbox:
      return get_outbox(in);
    case RecordType::Forget:
      return get_forget(in);
  }
  return std::nullopt;
}

template <typename T>
constexpr RecordType kTypeOf{};
template <>
constexpr RecordType kTypeOf<Chunk> = RecordType::Chunk;
template <>
constexpr RecordType kTypeOf<Tick> = RecordType::Tick;
template <>
constexpr RecordType kTypeOf<Config> = RecordType::Config;
template <>
constexpr RecordType kTypeOf<Ack> = RecordType::Ack;
template <>
constexpr RecordType kTypeOf<Hash> = RecordType::Hash;
template <>
constexpr RecordType kTypeOf<Start> = RecordType::Start;
template <>
constexpr RecordType kTypeOf<SetState> = RecordType::SetState;
template <>
constexpr RecordType kTypeOf<Outbox> = RecordType::Outbox;
template <>
constexpr RecordType kTypeOf<Forget> = RecordType::Forget;

}  // namespace

std::string_view to_string(RecordType type) {
  switch (type) {
    case RecordType::Chunk:
      return "CHUNK";
    case RecordType::Tick:
      return "TICK";
    case RecordType::Config:
      return "CONFIG";
    case RecordType::Ack:
      return "ACK";
    case RecordType::Hash:
      return "HASH";
    case RecordType::Start:
      return "START";
    case RecordType::SetState:
      return "SET_STATE";
    case RecordType::Outbox:
      return "OUTBOX";
    case RecordType::Forget:
      return "FORGET";
  }
  return "?";
}

RecordType type_of(const Record& record) {
  return std::visit([]<typename T>(const T&) { return kTypeOf<T>; }, record);
}

std::string encode(const Record& record, const Knows& knows) {
  std::string bytes;
  WireWriter out(bytes);
  out.byte(kWireVersion);
  out.byte(static_cast<std::uint8_t>(type_of(record)));
  std::visit([&](const auto& content) { put(out, content, knows); }, record);
  return bytes;
}

Result<Record> decode_record(std::string_view bytes) {
  WireReader in(bytes);
  const std::uint8_t version = in.byte();
  const std::uint8_t type = in.byte();
  if (in.failed()) return fail(ErrorCode::Invalid, "a record is cut");
  if (version != kWireVersion) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("a record is of version {}, and this program reads version {}: start the version of "
                    "the program that wrote it",
                    version, kWireVersion));
  }
  std::optional<Record> record = get_content(in, type);
  if (!record) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("a record is of type {}, which this program does not know: start the version of the "
                    "program that wrote it",
                    type));
  }
  if (in.failed() || !in.at_end()) {
    return fail(ErrorCode::Invalid,
                fmt::format("a {} record is damaged", to_string(static_cast<RecordType>(type))));
  }
  return std::move(*record);
}

}  // namespace tocsin::shard
