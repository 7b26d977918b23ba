// What some of the matched events said, for as long as there is room: so that a notification can show the
// events behind it.
//
//   MatchedBatch::excerpts --add()--> ExcerptStore --find()--> notify::AlarmFacts::Example
//
// Holds a fixed number of bytes; the oldest go first. What is gone leaves its place (topic and offset) in the
// notification, and no text. Used by one thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <tuple>

#include "engine/metric/evidence.h"
#include "engine/runtime/worker.h"

namespace tocsin::runtime {

class ExcerptStore {
 public:
  static constexpr std::size_t kBytes = std::size_t{32} << 20;

  explicit ExcerptStore(std::size_t limit = kBytes) : limit_(limit) {}

  void add(const MatchedBatch& batch);

  // Empty if it is not there any more. Holds until the next add().
  [[nodiscard]] std::string_view find(const metric::Evidence& evidence) const;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using Key = std::tuple<std::uint32_t, std::int64_t, std::uint32_t>;  // partition, offset, index
  struct Entry {
    Key key;
    std::string text;
  };

  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::deque<Entry> entries_;  // oldest first; they never move
  absl::flat_hash_map<Key, const Entry*> by_place_;
};

}  // namespace tocsin::runtime
