// Errors as values.
//
// An operation that the outside world can make fail returns Result<T>; it is handled or passed on, never
// dropped, and no exception crosses a module's edge. What cannot happen is TOCSIN_CHECKed instead (check.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace tocsin {

enum class ErrorCode : std::uint8_t {
  Invalid,      // the input is wrong and stays wrong: do not retry
  NotFound,     // a file or topic does not exist (yet)
  Unavailable,  // the outside world did not answer: retrying may help
  Refused,      // the outside world said no: permissions, authentication
  Exhausted,    // a disk or a quota is full
};

struct Error {
  ErrorCode code = ErrorCode::Invalid;
  std::string message;  // what happened and what to do, one sentence, no trailing stop
  std::string where;    // file, topic or address; may be empty
};

template <typename T>
using Result = std::expected<T, Error>;

// For returns: `return fail(ErrorCode::NotFound, "no such file", path);`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message,
                                                 std::string where = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(where)});
}

// "where: message", or the message alone.
[[nodiscard]] inline std::string describe(const Error& error) {
  return error.where.empty() ? error.message : error.where + ": " + error.message;
}

}  // namespace tocsin
