// CloudTrail records as text: one call, one line of JSON, in the key order and the sizes of real ones (half
// of them over 1.2 kB, one in twenty over 2 kB, few over 4 kB).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/api_calls.h"
#include "bench/company.h"
#include "bench/random.h"

namespace tocsin::bench {

enum class Caller : std::uint8_t { User, Role, Service, Root };

struct Call {
  std::int64_t second = 0;  // since the epoch
  std::size_t account = 0;  // index into kCompany
  Caller caller = Caller::User;
  std::string_view name;  // of the user, of the role, or of the service ("ec2.amazonaws.com")
  ApiCall api;
  std::string_view address;     // empty: an address of the account
  std::string_view error_code;  // empty: it went well
  std::string_view error_message;
  bool by_service = false;  // a service made it for the caller: it has an invokedBy
};

// An API call with parameters that fit it.
void append_call(const Call& call, Random& random, std::string& out);

// A sign-in to the console by a user or by root. A failed one has the caller's error message.
void append_sign_in(const Call& call, bool with_mfa, Random& random, std::string& out);

// "2026-03-01T09:14:05" of a second since the epoch.
[[nodiscard]] std::string date_and_time(std::int64_t second);

// Text of random characters: an id such as "7b1a…-…", or one part of it.
void append_uuid(Random& random, std::string& out);
void append_hex(Random& random, std::size_t digits, std::string& out);

}  // namespace tocsin::bench
