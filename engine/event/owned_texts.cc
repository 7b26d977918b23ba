#include "engine/event/owned_texts.h"

#include <algorithm>
#include <utility>

namespace tocsin::event {

void OwnedTexts::begin_piece(EventBatch& out) {
  out_ = &out;
  bytes_ = 0;
  collected_ = nullptr;
}

std::string_view OwnedTexts::own(std::unique_ptr<std::string> text) {
  bytes_ += text->capacity();
  return *out_->owned.emplace_back(std::move(text));
}

std::string_view OwnedTexts::copy(std::string_view text) {
  constexpr std::size_t kChunk = 16 * 1024;
  if (collected_ == nullptr || collected_->capacity() - collected_->size() < text.size()) {
    collected_ = out_->owned.emplace_back(std::make_unique<std::string>()).get();
    collected_->reserve(std::max(kChunk, text.size()));
    bytes_ += collected_->capacity();
  }
  const std::size_t start = collected_->size();
  collected_->append(text);
  return std::string_view(*collected_).substr(start);
}

}  // namespace tocsin::event
