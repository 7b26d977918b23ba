// The fields of a match: which a text names, and how they are shown.
#include <algorithm>
#include <charconv>
#include <cstdint>

#include "engine/event/predicate.h"
#include "filters/filter_language.h"

namespace tocsin::filters {
namespace {

using event::SyntaxError;
using event::TokenField;
using Resolved = std::expected<runtime::Extraction, SyntaxError>;

// The position in "3": from 1, without leading zeros.
std::optional<std::uint32_t> token_position(std::string_view text) {
  std::uint32_t position = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error != std::errc{} || stop != text.data() + text.size() || text.starts_with('0')) return std::nullopt;
  return position;
}

std::string list_names(const CompiledFilter& filter) {
  std::string names;
  for (const auto& [key, field] : filter.shown) names += (names.empty() ? "" : ", ") + key;
  return names;
}

Resolved resolve_name(const CompiledFilter& filter, std::string_view name) {
  if (const auto found = filter.names.find(name); found != filter.names.end()) return found->second;
  if (filter.other_tokens) {
    if (const auto position = token_position(name)) return TokenField{TokenField::From::Left, *position - 1};
  }
  const std::string names = list_names(filter);
  return std::unexpected(SyntaxError{1, "The filter has no field '$" + std::string(name) + "'",
                                     names.empty() ? std::string{} : "its fields are " + names});
}

// Where in a line of `count` tokens a field is.
std::size_t position_of(const TokenField& field, std::size_t count) {
  return field.from == TokenField::From::Right ? count - 1 - field.index : field.index;
}

}  // namespace

Resolved resolve_field(const CompiledFilter& filter, std::string_view text) {
  if (!text.starts_with('$'))
    return std::unexpected(SyntaxError{0, "A field starts with a dollar sign", "$.field, $name or $1"});
  const bool is_selector = text.starts_with("$.") || text.starts_with("$[");
  switch (filter.fields) {
    case CompiledFilter::Fields::None:
      return std::unexpected(SyntaxError{0, "Terms and %...% patterns have no fields",
                                         "use a JSON pattern, a space-delimited one, or regex: with groups"});
    case CompiledFilter::Fields::Selectors: {
      if (!is_selector) {
        return std::unexpected(
            SyntaxError{0, "The fields of a JSON pattern are selectors", "$." + std::string(text.substr(1))});
      }
      auto selector = event::parse_selector(text);
      if (!selector) return std::unexpected(std::move(selector.error()));
      return runtime::Extraction{std::move(*selector)};
    }
    case CompiledFilter::Fields::Names:
      if (is_selector) {
        const std::string names = list_names(filter);
        return std::unexpected(
            SyntaxError{0, "Only JSON patterns have selectors as fields",
                        names.empty() ? std::string{} : "this filter's fields are " + names});
      }
      return resolve_name(filter, text.substr(1));
  }
  return std::unexpected(SyntaxError{0, "The filter has no fields", {}});
}

std::vector<ShownValue> shown_values(const CompiledFilter& filter, std::string_view message,
                                     std::span<const std::optional<std::string_view>> values) {
  std::vector<ShownValue> shown;
  if (!filter.other_tokens) {
    for (std::size_t i = 0; i < filter.shown.size(); ++i) {
      if (values[i]) shown.push_back({filter.shown[i].first, *values[i]});
    }
    return shown;
  }
  // One value for each token, named or not.
  std::vector<std::string_view> tokens;
  std::vector<std::size_t> starts;
  event::split_tokens(message, tokens, starts);
  for (std::size_t i = 0; i < tokens.size(); ++i) shown.push_back({"$" + std::to_string(i + 1), tokens[i]});
  for (const auto& [key, field] : filter.shown) {
    const std::size_t position = position_of(std::get<TokenField>(field), tokens.size());
    if (position < tokens.size()) shown[position].key = key;
  }
  return shown;
}

}  // namespace tocsin::filters
