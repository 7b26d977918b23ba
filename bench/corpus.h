// What the matcher's benchmarks read: log events in memory, the same for the same seed.
//
//   call_log()          CloudTrail records: half of them over 1.2 kB, one in twenty over 2 kB; 280 event
//   names by
//                       Zipf's law from 30 sources; one call in ten failed
//   application_log()   lines of a service's log, 132 bytes each on average
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::bench {

// Texts side by side in one buffer, with room behind the last for simdjson to read beyond it.
class Corpus {
 public:
  explicit Corpus(const std::vector<std::string>& texts);

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] std::size_t bytes() const;  // of all texts
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    return std::string_view(buffer_).substr(places_[i].first, places_[i].second);
  }

 private:
  std::string buffer_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;  // where each begins, how long it is
};

// Without line ends.
[[nodiscard]] std::vector<std::string> call_log(std::size_t events, std::uint64_t seed);
[[nodiscard]] std::vector<std::string> application_log(std::size_t lines, std::uint64_t seed);

}  // namespace tocsin::bench
