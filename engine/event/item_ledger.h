// What becomes of each item that a decoder meets, the letters of the dead, and how many items there may be:
// of one record (kMaxRecordItems), of one piece of a batch (kMaxPieceEvents), of a whole batch
// (kMaxBatchItems, kMaxBatchLetters).
//
// An item is met once and ends once: decoded, skipped, refused or dead; or it is opened, and what it holds
// counts in its place. EventBatch::items has the sums. Used by one decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/event/dead_letter.h"
#include "engine/event/event.h"
#include "engine/event/json_extent.h"
#include "engine/event/record.h"
#include "engine/event/reject.h"
#include "engine/event/surroundings.h"

namespace tocsin::event {

class ItemLedger {
 public:
  // The first piece of a batch takes over its rejects and letters.
  void begin_piece(RawBatch& batch, Format format, EventBatch& out, bool first);
  void end_piece();
  void begin_record(const RawRecord& record);

  [[nodiscard]] bool piece_is_full() const { return out_->events.size() >= kMaxPieceEvents; }

  // From here on the item is this one. Letters tell about the item met last.
  void meet(std::string_view value, const Surroundings& around, Part part);
  // It is the same item, seen more closely.
  void narrow(std::string_view value, const Surroundings& around, Part part) {
    item_ = {value, around, part};
  }
  // It holds others.
  void open();
  void skip(SkipReason reason) { ++out_->items.skipped[static_cast<std::size_t>(reason)]; }
  void refuse();
  void die(RejectReason reason, std::uint64_t cut_bytes = 0);
  // Decoded. Gives the event its position.
  void become(const Event& event);

  // Whether the record may have the item met last. If not it dies, and with it the `rest_bytes` behind it in
  // what holds both.
  [[nodiscard]] bool has_room(std::uint64_t rest_bytes);

  // Meets the elements of an array that the current item holds. One that holds nothing is an empty item; one
  // that holds more than a record may have is cut there, and its rest dies as one.
  template <typename Each>
  void meet_each(std::string_view array, const Surroundings& around, Part part, Each each) {
    open();
    bool any = false;
    for_each_element(array, [&](std::string_view element) {
      any = true;
      meet(element, around, part);
      const char* end = array.data() + array.size();
      if (!has_room(static_cast<std::size_t>(end - element.data()) - element.size())) return false;
      each(element);
      return true;
    });
    if (any) return;
    meet(array, around, part);
    skip(SkipReason::Empty);
  }

 private:
  struct Item {
    std::string_view value;
    Surroundings around;
    Part part = Part::Record;
  };

  void write_letter(DeadLetter& letter, LetterBudget& budget) const;
  [[nodiscard]] std::size_t letters_of_piece() const { return out_->dead.size() + out_->untimed.size(); }

  EventBatch* out_ = nullptr;
  std::uint32_t partition_ = 0;
  Format format_ = Format::Auto;   // the source's
  std::uint64_t batch_items_ = 0;  // of the pieces before this one
  std::size_t batch_letters_ = 0;  // likewise
  LetterBudget letters_;           // of the batch
  LetterBudget untimed_letters_;   // likewise
  bool timed_ = false;             // the batch had an event with a time of its own
  const RawRecord* record_ = nullptr;
  std::uint32_t items_ = 0;      // of the record so far
  std::uint32_t max_items_ = 0;  // up to which it may have some
  bool full_ = false;            // it had more
  Item item_;
};

}  // namespace tocsin::event
