// The texts that decoding makes, inflated or unescaped, and how many bytes of them there may be: of one
// record in all its layers (kMaxInflatedBytes), of one piece of a batch (kMaxPieceBytes).
//
// They live in EventBatch::owned, as long as the events that point into them. Used by one decoder.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/event/event.h"
#include "engine/event/reject.h"

namespace tocsin::event {

class OwnedTexts {
 public:
  void begin_piece(EventBatch& out);
  void begin_record(std::string_view record) {
    unpacked_bytes_ = 0;
    document_ = record;
  }

  [[nodiscard]] bool piece_is_full() const { return bytes_ >= kMaxPieceBytes; }

  // How many bytes more may be unpacked from the record; and that some were. False: too many.
  [[nodiscard]] std::size_t room() const { return kMaxInflatedBytes - unpacked_bytes_; }
  [[nodiscard]] bool charge(std::size_t bytes) {
    if (bytes > room()) return false;
    unpacked_bytes_ += bytes;
    return true;
  }

  // Says which document is looked at from now on, whose bytes live as long as the batch. Returns the one
  // before.
  std::string_view enter(std::string_view document) { return std::exchange(document_, document); }

  // A text that lives as long as the batch: itself if it points into the document, else a copy.
  [[nodiscard]] std::string_view keep(std::string_view text) {
    const std::less_equal<const char*> not_after;
    if (text.empty()) return {};
    if (not_after(document_.data(), text.data()) &&
        not_after(text.data() + text.size(), document_.data() + document_.size())) {
      return text;
    }
    return copy(text);
  }
  [[nodiscard]] std::string_view own(std::unique_ptr<std::string> text);

 private:
  std::string_view copy(std::string_view text);

  EventBatch* out_ = nullptr;
  std::size_t bytes_ = 0;           // of out_->owned, capacity included
  std::size_t unpacked_bytes_ = 0;  // from the record so far
  std::string_view document_;
  std::string* collected_ = nullptr;  // one of out_->owned; never grows beyond its capacity
};

}  // namespace tocsin::event
