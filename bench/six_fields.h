// simdjson alone, extracting six fields from CloudTrail records: the bound for everything that matches on
// JSON. Both of its interfaces, so that the quicker one can be the bound: which that is depends on the
// machine.
//
//   eventName, eventSource, awsRegion, errorCode, recipientAccountId, userIdentity.type
//
// A message must have SIMDJSON_PADDING readable bytes behind it (Corpus). One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace tocsin::bench {

class SixFields {
 public:
  SixFields();
  ~SixFields();

  // How many of the six there are.
  [[nodiscard]] std::uint64_t on_demand(std::string_view message);
  [[nodiscard]] std::uint64_t dom(std::string_view message);

 private:
  struct Parsers;
  std::unique_ptr<Parsers> parsers_;
};

}  // namespace tocsin::bench
