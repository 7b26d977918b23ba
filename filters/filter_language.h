// The filter languages: texts to predicates.
//
// A language is one file with one function and one row in builtin_filters.cc; config and `tocsin match` find
// it there. Compiling is pure; a fault names its place in the text.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/predicate.h"
#include "engine/event/selector.h"
#include "engine/runtime/matcher.h"

namespace tocsin::filters {

struct CompiledFilter {
  event::Predicate predicate;

  // How `$name`, `$1` and `$.selector` in values and dimensions resolve against this filter.
  enum class Fields : std::uint8_t {
    None,       // terms and standalone regexes of filter patterns: nothing can be extracted
    Selectors,  // JSON patterns: any selector
    Names,      // delimited patterns and `regex:`: exactly those in `names`, with and without other tokens
  };
  Fields fields = Fields::None;
  std::map<std::string, runtime::Extraction, std::less<>> names;  // "ip", "1": without the dollar
  // What `match --extract` and TestMetricFilter show: key (with its dollar) and field, in the pattern's
  // order.
  std::vector<std::pair<std::string, runtime::Extraction>> shown;
  // Delimited patterns with `...` or without any slot: a token that no field in `shown` names is the field
  // `$n`, n its position in the line from 1, and is shown.
  bool other_tokens = false;
};

struct FilterLanguage {
  std::string_view key;     // in YAML: "pattern", "regex", "event_pattern"
  std::string_view option;  // of `tocsin match`: "--filter-pattern"
  std::expected<CompiledFilter, event::SyntaxError> (*compile)(std::string_view text);
};

// The table of all languages.
[[nodiscard]] std::span<const FilterLanguage> builtin_filters();

// The field that `text` ("$.a.b", "$ip", "$3") names for this filter, or what is wrong with it.
[[nodiscard]] std::expected<runtime::Extraction, event::SyntaxError> resolve_field(
    const CompiledFilter& filter, std::string_view text);

// What a match shows: keys and values, those that are not there left out; fields of a line in the line's
// order. `values` are those of `filter.shown`, as a matcher extracted them from `message`.
struct ShownValue {
  std::string key;
  std::string_view value;
};
[[nodiscard]] std::vector<ShownValue> shown_values(const CompiledFilter& filter, std::string_view message,
                                                   std::span<const std::optional<std::string_view>> values);

}  // namespace tocsin::filters
