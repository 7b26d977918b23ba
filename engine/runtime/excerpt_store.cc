#include "engine/runtime/excerpt_store.h"

namespace tocsin::runtime {
namespace {

constexpr std::size_t kOverhead =
    128;  // of an entry besides its text: itself, its place in the map, allocation

}  // namespace

void ExcerptStore::add(const MatchedBatch& batch) {
  for (const Excerpt& excerpt : batch.excerpts) {
    const Key key{batch.partition, excerpt.offset, excerpt.index};
    if (by_place_.contains(key)) continue;  // read again after a rebalance
    entries_.push_back({key, batch.excerpt_texts.substr(excerpt.begin, excerpt.size)});
    by_place_.emplace(key, &entries_.back());
    bytes_ += entries_.back().text.size() + kOverhead;
  }
  while (bytes_ > limit_) {
    const Entry& oldest = entries_.front();
    bytes_ -= oldest.text.size() + kOverhead;
    by_place_.erase(oldest.key);
    entries_.pop_front();
  }
}

std::string_view ExcerptStore::find(const metric::Evidence& evidence) const {
  const auto found = by_place_.find(Key{evidence.partition, evidence.offset, evidence.index});
  return found == by_place_.end() ? std::string_view() : std::string_view(found->second->text);
}

}  // namespace tocsin::runtime
