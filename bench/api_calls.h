// The calls of the made-up accounts: names of AWS APIs, most frequent first within reading and writing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/random.h"

namespace tocsin::bench {

struct ApiCall {
  std::string_view source;  // "ec2", of ec2.amazonaws.com
  std::string_view name;
  bool read_only = false;
};

// Draws calls by Zipf's law, four of five reading. None of them is of a kind that the demo's alarms watch
// for.
class ApiCalls {
 public:
  ApiCalls();
  const ApiCall& draw(Random& random) const;
  // Any of the calls, each as likely as the others.
  const ApiCall& any(Random& random) const;
  // A reading call that a stranger would try first.
  const ApiCall& probe(Random& random) const;
  [[nodiscard]] std::size_t size() const { return reads_.size() + writes_.size(); }

 private:
  std::vector<ApiCall> reads_;
  std::vector<ApiCall> writes_;
  std::vector<std::uint32_t> read_weights_;  // cumulative
  std::vector<std::uint32_t> write_weights_;
};

}  // namespace tocsin::bench
