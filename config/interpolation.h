// `${VAR}`, `${VAR:-default}`, `${VAR:?message}` in the values of a configuration.
//
//   a scalar as YAML gives it --interpolate()--> the text that is read, and the way back to where each part
//   was written
//
// A default and a message apply where the variable is unset or empty, and end at the next '}'. `$$` is a
// dollar sign; every other '$' stays, so that `$.field`, `$name`, `$1` and the end of a regex need no care.
// Pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

// How `${VAR}` finds its values; a test brings its own.
using Environment = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Environment process_environment();

// A part of the text that stands for another part of what was written.
struct Replacement {
  std::size_t text_begin = 0;
  std::size_t text_end = 0;
  std::size_t written_begin = 0;
  std::size_t written_end = 0;
};

struct InterpolationFault {
  std::size_t offset = 0;  // in what was written
  std::string message;
  std::string hint;
};

struct Interpolated {
  std::string text;
  std::vector<Replacement> replacements;  // in order
  std::vector<InterpolationFault> faults;
};

[[nodiscard]] Interpolated interpolate(std::string_view written, const Environment& environment);

// Where the byte `offset` of the text was written; inside a replaced part its start.
[[nodiscard]] std::size_t written_offset(const std::vector<Replacement>& replacements, std::size_t offset);

}  // namespace tocsin::config
