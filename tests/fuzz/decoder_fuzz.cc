// The decoder: any bytes as a record, in every format. The ledger closes, events are fit for the filters, and
// what died dies again in the same way when its letter is read again.
//
// Input: a line of two letters from 'a' upwards, the format and what else is set; then records, with two form
// feeds between them.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/event/decode.h"
#include "engine/event/excerpt.h"
#include "engine/event/plain_json.h"
#include "tests/fuzz/input.h"

namespace tocsin::event {
namespace {

constexpr WallTime kReadAt{std::chrono::sys_days{std::chrono::January / 1 / 2030}.time_since_epoch()};
constexpr unsigned kFormats = static_cast<unsigned>(Format::Text) + 1;

DecodeSettings settings_of(fuzz::Input line) {
  const unsigned format = line.byte() - 'a';
  const unsigned flags = line.byte() - 'a';
  DecodeSettings settings;
  settings.log_group = "group";
  settings.format = static_cast<Format>(format % kFormats);
  settings.vpc_flow.as_json = (flags & 1) != 0;
  settings.age_limits = (flags & 2) != 0;
  if ((flags & 4) != 0) settings.accounts = {"111122223333"};
  if ((flags & 8) != 0) settings.time.from = TimeRule::From::Arrival;
  return settings;
}

std::vector<RawRecord> records_of(std::string_view bytes) {
  std::vector<RawRecord> records;
  for (std::int64_t offset = 0;; ++offset) {
    const std::size_t end = bytes.find("\f\f");
    records.push_back({.value = bytes.substr(0, end), .timestamp = {}, .offset = offset});
    if (end == std::string_view::npos) return records;
    bytes.remove_prefix(end + 2);
  }
}

void decode_all(Decoder& decoder, RawBatch& batch, const DecodeSettings& settings, EventBatch& out) {
  std::size_t next = decoder.decode(batch, settings, out);
  while (next < batch.records.size()) {
    EventBatch piece;
    next = decoder.decode(batch, settings, piece, next);
    out.items.merge(piece.items);
    out.rejects.merge(piece.rejects);
    std::ranges::move(piece.events, std::back_inserter(out.events));
    std::ranges::move(piece.dead, std::back_inserter(out.dead));
    std::ranges::move(piece.owned, std::back_inserter(out.owned));
  }
}

void check_ledger(const EventBatch& batch) {
  const ItemCounts& items = batch.items;
  TOCSIN_CHECK(items.read == items.decoded + items.skipped_total() + items.refused + items.dead);
  TOCSIN_CHECK(items.decoded == batch.events.size());
  TOCSIN_CHECK(items.dead == batch.dead.size());
  TOCSIN_CHECK(items.refused + items.dead == batch.rejects.total());
}

void check_event(const Event& event) {
  TOCSIN_CHECK(!event.log_group.empty());
  TOCSIN_CHECK(event.message.size() <= kMaxEventBytes);
  TOCSIN_CHECK(is_utf8(event.message));
  TOCSIN_CHECK(event.time == kInheritTime || (event.time >= kEarliestTime && event.time <= kLatestTime));
  const std::string shown = excerpt(event);
  TOCSIN_CHECK(shown.size() <= kMaxExcerptBytes && is_utf8(shown));
  TOCSIN_CHECK(std::ranges::none_of(shown, [](unsigned char c) { return c < ' ' || c == 0x7F; }));
}

// Of a letter that has all its bytes and was not refused for what stands around them.
void check_same_death(Decoder& decoder, const DeadLetter& letter, const DecodeSettings& settings) {
  if (letter.cut_bytes > 0 || letter.reason == RejectReason::TooDeep) return;
  RawBatch batch;
  batch.read_at = kReadAt;
  batch.records.push_back({.value = letter.value,
                           .timestamp = letter.timestamp,
                           .offset = letter.offset,
                           .index = letter.index,
                           .part = letter.part,
                           .carried = letter.carried,
                           .envelope = letter.envelope ? &*letter.envelope : nullptr});
  EventBatch again;
  decode_all(decoder, batch, settings, again);
  TOCSIN_CHECK(again.items.read == 1 && again.dead.size() == 1);
  TOCSIN_CHECK(again.dead[0].reason == letter.reason && again.dead[0].value == letter.value);
  TOCSIN_CHECK(again.dead[0].index == letter.index && again.dead[0].part == letter.part);
}

}  // namespace
}  // namespace tocsin::event

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::event;
  tocsin::fuzz::Input input(data, size);
  const std::string_view flags = input.line();
  const DecodeSettings settings =
      settings_of({reinterpret_cast<const std::uint8_t*>(flags.data()), flags.size()});
  RawBatch batch;
  batch.read_at = kReadAt;
  batch.records = records_of(input.rest());
  Decoder decoder;
  EventBatch out;
  decode_all(decoder, batch, settings, out);
  check_ledger(out);
  for (const Event& event : out.events) check_event(event);
  for (const DeadLetter& letter : out.dead) check_same_death(decoder, letter, settings);
  return 0;
}
