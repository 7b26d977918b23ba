#include "filters/equal_texts.h"

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::filters {

bool EqualTexts::add(std::string_view text, std::uint32_t number) {
  TOCSIN_CHECK(number != kNone && pool_.size() + text.size() < UINT32_MAX);
  if (find(text) != kNone) return false;
  if (++texts_ * 2 > entries_.size()) {
    std::vector<Entry> before(std::max<std::size_t>(8, entries_.size() * 2));
    before.swap(entries_);
    for (const Entry& entry : before) {
      if (entry.number != kNone) place(entry, Key(text_of(entry)));
    }
  }
  const Key key(text);
  place({key.first, key.last, static_cast<std::uint32_t>(pool_.size()),
         static_cast<std::uint32_t>(text.size()), number},
        key);
  pool_ += text;
  return true;
}

void EqualTexts::place(const Entry& entry, const Key& key) {
  std::size_t at = key.hash() & mask();
  while (entries_[at].number != kNone) at = (at + 1) & mask();
  entries_[at] = entry;
}

}  // namespace tocsin::filters
