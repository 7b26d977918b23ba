#include "engine/event/item_ledger.h"

#include <string>
#include <utility>

namespace tocsin::event {

void ItemLedger::begin_piece(RawBatch& batch, Format format, EventBatch& out, bool first) {
  out_ = &out;
  partition_ = batch.partition;
  format_ = format;
  if (!first) return;
  out.rejects = batch.rejects;
  out.items.read = out.items.dead = batch.rejects.total();
  out.dead = std::move(batch.dead);
  batch_items_ = 0;
  batch_letters_ = 0;
  letters_ = {};
  untimed_letters_ = {};
  timed_ = false;
}

void ItemLedger::end_piece() {
  batch_items_ += out_->items.read;
  batch_letters_ += letters_of_piece();
}

void ItemLedger::begin_record(const RawRecord& record) {
  record_ = &record;
  items_ = record.index;
  const bool spent = batch_items_ + out_->items.read > kMaxBatchItems ||
                     batch_letters_ + letters_of_piece() > kMaxBatchLetters;
  max_items_ = record.index + (spent ? kMaxSpentItems : kMaxRecordItems);
  full_ = false;
}

void ItemLedger::meet(std::string_view value, const Surroundings& around, Part part) {
  item_ = {value, around, part};
  ++items_;
  ++out_->items.read;
}

void ItemLedger::open() {
  --items_;
  --out_->items.read;
}

void ItemLedger::refuse() {
  out_->rejects.add(RejectReason::AccountRefused);
  ++out_->items.refused;
}

void ItemLedger::die(RejectReason reason, std::uint64_t cut_bytes) {
  out_->rejects.add(reason);
  ++out_->items.dead;
  DeadLetter& letter = out_->dead.emplace_back();
  letter.reason = reason;
  letter.cut_bytes = cut_bytes;
  write_letter(letter, letters_);
}

void ItemLedger::become(const Event& event) {
  timed_ = timed_ || event.time != kInheritTime;
  if (!timed_) {
    DeadLetter& letter = out_->untimed.emplace_back();
    letter.reason = RejectReason::NoTime;
    write_letter(letter, untimed_letters_);
  }
  out_->events.push_back(event);
  out_->events.back().position = {.partition = partition_, .offset = record_->offset, .index = items_ - 1};
  ++out_->items.decoded;
}

void ItemLedger::write_letter(DeadLetter& letter, LetterBudget& budget) const {
  const Surroundings& around = item_.around;
  letter.offset = record_->offset;
  letter.index = items_ - 1;
  letter.timestamp = around.time ? around.time : around.arrival;
  letter.part = item_.part;
  letter.carried = around.format != format_;
  budget.fill(letter, item_.value);
  if (around.enveloped) {
    letter.envelope = DeadLetter::Envelope{std::string(around.account), std::string(around.log_group),
                                           std::string(around.log_stream)};
  }
}

bool ItemLedger::has_room(std::uint64_t rest_bytes) {
  if (!full_ && items_ <= max_items_) return true;
  full_ = true;
  die(RejectReason::InflatedTooLarge, rest_bytes);
  return false;
}

}  // namespace tocsin::event
