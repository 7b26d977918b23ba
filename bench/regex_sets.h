// A hundred regexes at once by the libraries that can do that, bare: the bounds for text. One thread at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::bench {

class RegexSet {
 public:
  virtual ~RegexSet() = default;
  // How many of the expressions are found in the line.
  [[nodiscard]] virtual std::uint64_t matches(std::string_view line) = 0;
};

[[nodiscard]] std::unique_ptr<RegexSet> re2_set(const std::vector<std::string>& regexes);
// Null where the program was built without it.
[[nodiscard]] std::unique_ptr<RegexSet> hyperscan_set(const std::vector<std::string>& regexes);

}  // namespace tocsin::bench
