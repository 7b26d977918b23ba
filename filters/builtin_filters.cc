#include "filters/event_pattern.h"
#include "filters/filter_language.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"

namespace tocsin::filters {

std::span<const FilterLanguage> builtin_filters() {
  static constexpr FilterLanguage kLanguages[] = {
      {"pattern", "--filter-pattern", compile_filter_pattern},
      {"regex", "--regex", compile_regex_filter},
      {"event_pattern", "--event-pattern", compile_event_pattern},
  };
  return kLanguages;
}

}  // namespace tocsin::filters
