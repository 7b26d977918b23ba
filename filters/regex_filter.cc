#include "filters/regex_filter.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <string>
#include <utility>

#include "filters/regex.h"

namespace tocsin::filters {

std::expected<CompiledFilter, event::SyntaxError> compile_regex_filter(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return std::unexpected(event::SyntaxError{0, "The expression is not valid UTF-8", {}});
  }
  auto regex = compile_regex(std::string(text));
  if (!regex) return std::unexpected(std::move(regex.error()));
  CompiledFilter filter;
  filter.fields = CompiledFilter::Fields::Names;
  filter.names.emplace("0", runtime::RegexGroup{*regex, 0});
  const auto& group_names = regex->compiled->CapturingGroupNames();
  for (int group = 1; group <= regex->compiled->NumberOfCapturingGroups(); ++group) {
    const runtime::RegexGroup field{*regex, group};
    filter.names.emplace(std::to_string(group), field);
    const auto name = group_names.find(group);
    if (name != group_names.end()) filter.names.emplace(name->second, field);
    filter.shown.emplace_back("$" + (name != group_names.end() ? name->second : std::to_string(group)),
                              field);
  }
  filter.predicate = event::Predicate::of({event::MessageField{}, event::RegexSearch{std::move(*regex)}});
  return filter;
}

}  // namespace tocsin::filters
