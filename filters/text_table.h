// A hash table by text that is searched by views.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace tocsin::filters {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    // Where std's view is another type, absl's hash of it is slow.
    return absl::Hash<absl::string_view>{}({text.data(), text.size()});
  }
};

template <typename Value>
using TextTable = absl::flat_hash_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace tocsin::filters
