// A hash table by text that is searched by views.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace tocsin::filters {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <typename Value>
using TextTable = absl::flat_hash_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace tocsin::filters
