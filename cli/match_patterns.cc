#include "cli/match_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/text_style.h"
#include "config/characters.h"
#include "config/diagnostic.h"

namespace tocsin::cli {
namespace {

config::Diagnostic diagnose(const MatchArguments::Pattern& pattern, const event::SyntaxError& fault) {
  const std::string_view text = pattern.text;
  const std::string_view before = text.substr(0, fault.offset);
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  config::Diagnostic diagnostic;
  diagnostic.file = pattern.place;
  diagnostic.line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
  diagnostic.column = 1 + config::count_characters(before.substr(line_begin));
  diagnostic.text = fault.message;
  diagnostic.source_line = text.substr(line_begin, text.find('\n', line_begin) - line_begin);
  diagnostic.hint = fault.hint;
  return diagnostic;
}

}  // namespace

std::optional<std::vector<filters::CompiledFilter>> compile_patterns(
    const std::vector<MatchArguments::Pattern>& patterns) {
  std::vector<filters::CompiledFilter> compiled;
  for (const MatchArguments::Pattern& pattern : patterns) {
    for (const filters::FilterLanguage& language : filters::builtin_filters()) {
      if (language.option != pattern.option) continue;
      if (auto filter = language.compile(pattern.text)) {
        compiled.push_back(std::move(*filter));
      } else {
        fmt::print(stderr, "{}",
                   config::render(diagnose(pattern, filter.error()), text_style_of(stderr).colour));
      }
    }
  }
  if (compiled.size() != patterns.size()) return std::nullopt;
  return compiled;
}

std::shared_ptr<const filters::MatcherProgram> make_program(
    const std::vector<filters::CompiledFilter>& filters, bool extract) {
  std::vector<runtime::MatchSpec> specs;
  for (const filters::CompiledFilter& filter : filters) {
    runtime::MatchSpec& spec = specs.emplace_back();
    spec.predicate = filter.predicate;
    if (!extract) continue;
    for (const auto& [key, field] : filter.shown) spec.extractions.push_back(field);
  }
  return filters::compile_matcher(std::move(specs));
}

}  // namespace tocsin::cli
