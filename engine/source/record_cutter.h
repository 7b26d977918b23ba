// Cuts a file's bytes into records: lines, or the elements of {"Records":[…]} documents.
//
//   ByteReader --room(), filled(), end()--> RecordCutter --cut()--> RawBatch
//
// A file whose first value is an object with the first key "Records" and an array in it (CloudTrail's files,
// pretty or compact) is cut into the array's elements; its offsets are indexes from 0, which count on over
// further documents in the same file. Any other file is cut into lines; its offsets are line numbers from 1.
// The line end, a '\r' before it and a byte order mark at the start are not part of a record; empty lines
// count and are no records.
//
// Memory is flat: a record over event::kMaxEventBytes is counted as too_large once its end is met, and of it
// only the start is held, for its dead letter. How the bytes come (one by one, in blocks of any size) changes
// nothing about the records. Used by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/event/json_extent.h"
#include "engine/event/record.h"
#include "engine/source/read_buffer.h"
#include "engine/source/source.h"

namespace tocsin::source {

class RecordCutter {
 public:
  explicit RecordCutter(const ReadLimits& limits) : limits_(limits), buffer_(limits.batch_bytes) {}

  // What comes is the midst of a file of lines, from the start of the line that has this number.
  void enter_lines(std::int64_t number) {
    mode_ = Mode::Lines;
    lines_ = number - 1;
  }
  // Records before `offset`, and letters of them, are passed over.
  void pass_over_before(std::int64_t offset) { wanted_ = offset; }

  [[nodiscard]] std::span<char> room() { return buffer_.room(); }
  void filled(std::size_t size) { buffer_.filled(size); }

  // No more bytes will come. What has no end yet is the last line, or a document cut short; after damaged
  // data (not `whole`) it is dropped, the damage is counted already.
  void end(bool whole);

  // Adds records to `batch`, within the limits, and what had to be refused. No records: more bytes are
  // needed, or the batch is full of letters, or exhausted().
  void cut(event::RawBatch& batch);

  // As many dead letters as a batch without a record has: it is to be handed over, or they would pile up.
  [[nodiscard]] static bool is_full_of_letters(const event::RawBatch& batch) {
    return batch.dead.size() >= kMaxLetters;
  }

  // Compressed data of `file` is damaged at this point: counts it, with a letter that names the file.
  void refuse_rest(event::RawBatch& batch, std::string_view file) const;

  // How many of the bytes at hand are of no record that was cut.
  [[nodiscard]] std::uint64_t uncut_bytes() const {
    return buffer_.uncut().size() + (refused_ ? refused_->size : 0);
  }

  // Ended, and everything was cut.
  [[nodiscard]] bool exhausted() const;

  // Gives memory back until more bytes come.
  void rest() { buffer_.rest(); }

 private:
  static constexpr std::size_t kMaxLetters = 64;
  static constexpr std::size_t kKeptBytes = std::size_t{64} << 10;  // of a refused record

  // A record that is refused, met up to here.
  struct Refused {
    event::RejectReason reason = event::RejectReason::TooLarge;
    std::int64_t offset = 0;
    std::string start;
    std::uint64_t size = 0;
  };

  enum class Mode : std::uint8_t { Unknown, Lines, Documents };
  // Where in a file of documents the next byte stands.
  enum class Place : std::uint8_t { Between, Records, Element, AfterRecords, OtherDocument, BrokenLine };

  void choose_mode();
  bool cut_line(event::RawBatch& batch);
  bool cut_document(event::RawBatch& batch);
  bool start_document();
  bool take_value(event::RawBatch& batch, Place next);
  void skip_space(bool commas);
  void add(event::RawBatch& batch, std::string_view value, std::int64_t offset);
  void refuse(event::RejectReason reason, std::int64_t offset) { refused_ = {reason, offset, {}, 0}; }
  void drop(std::size_t size);
  void bury(event::RawBatch& batch);

  [[nodiscard]] std::int64_t next_offset() const {
    return std::max(wanted_, mode_ == Mode::Documents ? elements_ : lines_ + 1);
  }

  ReadLimits limits_;
  ReadBuffer buffer_;
  Mode mode_ = Mode::Unknown;
  bool ended_ = false;
  bool whole_ = true;
  std::size_t scanned_ = 0;         // of the uncut bytes, how many are known to be inside the current record
  std::optional<Refused> refused_;  // the current record, if it will be none
  std::int64_t lines_ = 0;          // met so far
  std::int64_t wanted_ = 0;         // the first offset that is handed over
  Place place_ = Place::Between;
  event::JsonExtent extent_;
  std::int64_t elements_ = 0;  // met so far
};

}  // namespace tocsin::source
