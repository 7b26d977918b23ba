#include "engine/source/record_cutter.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tocsin::source {
namespace {

using event::kMaxEventBytes;
using event::RejectReason;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// How much white space may stand where a document starts before it is not looked at as one.
constexpr std::size_t kStartBytes = 64 * 1024;

// Whether `text` starts with {"Records":[ and how long that is; nothing: it may, with more bytes.
struct RecordsStart {
  bool matches = false;
  std::size_t size = 0;
};
std::optional<RecordsStart> find_records_start(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view token : {"{", "\"Records\"", ":", "["}) {
    rest = event::skip_json_space(rest);
    const std::size_t common = std::min(rest.size(), token.size());
    if (rest.substr(0, common) != token.substr(0, common)) return RecordsStart{};
    if (common < token.size()) return std::nullopt;
    rest.remove_prefix(token.size());
  }
  return RecordsStart{.matches = true, .size = text.size() - rest.size()};
}

}  // namespace

void RecordCutter::end(bool whole) {
  ended_ = true;
  whole_ = whole;
}

bool RecordCutter::exhausted() const {
  return ended_ && !refused_ && buffer_.uncut().empty() &&
         (mode_ != Mode::Documents || place_ == Place::Between);
}

void RecordCutter::cut(event::RawBatch& batch) {
  if (mode_ == Mode::Unknown) choose_mode();
  if (mode_ == Mode::Unknown) return;
  batch.by_line = mode_ == Mode::Lines;
  std::size_t bytes = 0;
  while (batch.records.size() < limits_.batch_records && bytes < limits_.batch_bytes &&
         !is_full_of_letters(batch)) {
    const std::size_t before = batch.records.size();
    if (!(mode_ == Mode::Lines ? cut_line(batch) : cut_document(batch))) break;
    if (batch.records.size() > before) bytes += batch.records.back().value.size();
  }
  batch.next_offset = next_offset();
  if (!batch.records.empty()) batch.bytes = buffer_.share();
}

void RecordCutter::choose_mode() {
  std::string_view start = buffer_.uncut();
  if (kByteOrderMark.starts_with(start.substr(0, kByteOrderMark.size()))) {
    if (start.size() < kByteOrderMark.size() && !ended_) return;
    if (start.starts_with(kByteOrderMark)) buffer_.take(kByteOrderMark.size());
    start = buffer_.uncut();
  }
  const auto found = find_records_start(start);
  if (!found && !ended_ && start.size() < kStartBytes) return;
  mode_ = found && found->matches ? Mode::Documents : Mode::Lines;
}

void RecordCutter::add(event::RawBatch& batch, std::string_view value, std::int64_t offset) {
  if (offset < wanted_) return;
  if (value.size() <= kMaxEventBytes) {
    batch.records.push_back({.value = value, .timestamp = {}, .offset = offset});
    return;
  }
  refuse(RejectReason::TooLarge, offset);
  refused_->start = value.substr(0, kKeptBytes);
  refused_->size = value.size();
  bury(batch);
}

// Takes bytes that belong to the refused record.
void RecordCutter::drop(std::size_t size) {
  const std::string_view bytes = buffer_.uncut().substr(0, size);
  refused_->start += bytes.substr(0, kKeptBytes - refused_->start.size());
  refused_->size += bytes.size();
  buffer_.take(size);
}

// The refused record is over.
void RecordCutter::bury(event::RawBatch& batch) {
  Refused refused = *std::exchange(refused_, std::nullopt);
  if (refused.offset < wanted_) return;
  event::DeadLetter letter;
  letter.reason = refused.reason;
  letter.offset = refused.offset;
  letter.cut_bytes = refused.size - refused.start.size();
  letter.value = std::move(refused.start);
  batch.rejects.add(letter.reason);
  batch.dead.push_back(std::move(letter));
}

void RecordCutter::refuse_rest(event::RawBatch& batch, std::string_view file) const {
  event::DeadLetter letter;
  letter.reason = RejectReason::BadGzip;
  letter.offset = mode_ == Mode::Documents ? elements_ : lines_ + 1;
  letter.value = file;
  letter.cut_bytes = 1;  // at least: how much is lost nobody knows
  batch.rejects.add(letter.reason);
  batch.dead.push_back(std::move(letter));
}

// One line; false: more bytes are needed.
bool RecordCutter::cut_line(event::RawBatch& batch) {
  const std::string_view uncut = buffer_.uncut();
  const std::size_t line_end = uncut.find('\n', scanned_);
  if (line_end == std::string_view::npos && !(ended_ && whole_)) {
    scanned_ = uncut.size();
    if (!refused_ && scanned_ > kMaxEventBytes + 1) {  // 1: it may be the '\r' of a line that just fits
      refuse(RejectReason::TooLarge, lines_ + 1);
    }
    if (refused_) {
      drop(std::exchange(scanned_, 0));
    } else if (ended_) {
      buffer_.take(std::exchange(scanned_, 0));
    }
    if (refused_ && ended_) bury(batch);
    return false;
  }
  if (uncut.empty()) {
    if (refused_) bury(batch);
    return false;
  }
  std::string_view line = uncut.substr(0, line_end);
  const std::size_t taken = std::min(line.size() + 1, uncut.size());
  scanned_ = 0;
  ++lines_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (refused_) {
    drop(line.size());
    buffer_.take(taken - line.size());
    bury(batch);
    return true;
  }
  buffer_.take(taken);
  if (!line.empty()) add(batch, line, lines_);
  return true;
}

void RecordCutter::skip_space(bool commas) {
  const std::string_view uncut = buffer_.uncut();
  std::size_t at = 0;
  while (at < uncut.size() && (event::is_json_space(uncut[at]) || (commas && uncut[at] == ','))) ++at;
  buffer_.take(at);
}

// One step through documents; false: more bytes are needed.
bool RecordCutter::cut_document(event::RawBatch& batch) {
  bool moved = false;
  switch (place_) {
    case Place::Between:
      moved = start_document();
      break;
    case Place::Records:
      skip_space(true);
      if (buffer_.uncut().empty()) break;
      if (buffer_.uncut().starts_with(']')) {
        buffer_.take(1);
        place_ = Place::AfterRecords;
        extent_ = event::JsonExtent(1);
      } else {
        place_ = Place::Element;
        extent_ = event::JsonExtent();
      }
      moved = true;
      break;
    case Place::Element:
      moved = take_value(batch, Place::Records);
      break;
    case Place::OtherDocument:
      moved = take_value(batch, Place::Between);
      break;
    case Place::AfterRecords:
      buffer_.take(extent_.take(buffer_.uncut()));
      moved = extent_.done();
      if (moved) place_ = Place::Between;
      break;
    case Place::BrokenLine: {
      const std::size_t line_end = buffer_.uncut().find('\n');
      moved = line_end != std::string_view::npos;
      drop(moved ? line_end : buffer_.uncut().size());
      if (!moved) break;
      buffer_.take(1);
      bury(batch);
      place_ = Place::Between;
      break;
    }
  }
  if (moved || !ended_) return moved;
  // The end came inside of a document.
  if (place_ != Place::Between && whole_ && !refused_) refuse(RejectReason::NotJson, elements_);
  place_ = Place::Between;
  scanned_ = 0;
  if (refused_) {
    drop(buffer_.uncut().size());
    bury(batch);
  } else {
    buffer_.take(buffer_.uncut().size());
  }
  return false;
}

bool RecordCutter::start_document() {
  skip_space(false);
  const std::string_view uncut = buffer_.uncut();
  if (uncut.empty()) return false;
  if (!uncut.starts_with('{')) {
    refuse(RejectReason::NotJson, elements_);
    place_ = Place::BrokenLine;
    return true;
  }
  const auto found = find_records_start(uncut);
  if (!found && !ended_ && uncut.size() < kStartBytes) return false;
  if (found && found->matches) {
    buffer_.take(found->size);
    place_ = Place::Records;
  } else {
    place_ = Place::OtherDocument;
    extent_ = event::JsonExtent();
  }
  return true;
}

// The rest of the current value, which becomes a record; false: more bytes are needed.
bool RecordCutter::take_value(event::RawBatch& batch, Place next) {
  const std::string_view uncut = buffer_.uncut();
  scanned_ += extent_.take(uncut.substr(scanned_));
  if (!extent_.done()) {
    if (!refused_ && scanned_ > kMaxEventBytes) refuse(RejectReason::TooLarge, elements_);
    if (refused_) drop(std::exchange(scanned_, 0));
    return false;
  }
  const std::string_view value = uncut.substr(0, scanned_);
  scanned_ = 0;
  place_ = next;
  if (refused_) {
    drop(value.size());
    bury(batch);
  } else {
    buffer_.take(value.size());
    add(batch, value, elements_);
  }
  ++elements_;
  return true;
}

}  // namespace tocsin::source
