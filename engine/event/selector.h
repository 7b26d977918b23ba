// A path into a JSON event: `$.userIdentity.type`, `$.rows[*].k`, `$.['cluster.name']`, `$.*`.
//
// Used by JSON filter patterns, by `value:` and `dimensions:`, and by `time: {field: …}`. The grammar is
// CloudWatch Logs' (JSON filter patterns): steps are names, quoted names, indexes, `[*]` and `.*`, with at
// most one wildcard step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::event {

struct SelectorStep {
  enum class Kind : std::uint8_t { Name, Index, AnyElement, AnyMember };
  Kind kind = Kind::Name;
  std::string name;         // Name
  std::uint32_t index = 0;  // Index, from 0
  auto operator<=>(const SelectorStep&) const = default;
};

struct Selector {
  std::vector<SelectorStep> steps;  // at least one
  std::string text;                 // as written: the key of TestMetricFilter's extracted values

  [[nodiscard]] bool has_wildcard() const;
  bool operator==(const Selector& other) const { return steps == other.steps; }
};

// A fault in a pattern or selector: `offset` is in bytes from the start of the text given.
struct SyntaxError {
  std::size_t offset = 0;
  std::string message;  // "Invalid character(s) in term ','"
  std::string hint;     // what to write instead; may be empty
};

// Parses a selector that starts at `at` in `text` (which must be a '$') and moves `at` behind it.
[[nodiscard]] std::expected<Selector, SyntaxError> parse_selector(std::string_view text, std::size_t& at);

// Parses a text that is a selector and nothing else.
[[nodiscard]] std::expected<Selector, SyntaxError> parse_selector(std::string_view text);

}  // namespace tocsin::event
