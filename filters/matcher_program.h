// What the matchers of all threads share: filters with their fields bound, and the index over them.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "engine/event/regex.h"
#include "filters/bound_predicate.h"
#include "filters/filter_index.h"
#include "filters/matcher.h"

namespace tocsin::filters {

// A group of BoundFilter::regexes[regex].
struct BoundGroup {
  std::size_t regex = 0;
  int group = 0;
};
using BoundExtraction = std::variant<event::Slot, event::TokenField, BoundGroup>;

struct BoundRegex {
  event::Regex regex;
  int groups = 0;  // the largest that is wanted, plus one
};

struct BoundFilter {
  BoundPredicate predicate;
  bool needs_json = false;              // the predicate does: nothing but a JSON object can match
  std::vector<std::string> log_groups;  // sorted; empty: all
  std::vector<BoundExtraction> extractions;
  std::vector<BoundRegex> regexes;  // that have wanted groups, each once
};

// Immutable.
class MatcherProgram {
 public:
  explicit MatcherProgram(std::vector<runtime::MatchSpec> specs);

  [[nodiscard]] const std::vector<BoundFilter>& filters() const {
    return filters_;
  }  // by index of their specs
  [[nodiscard]] const FieldTable& fields() const { return fields_; }
  [[nodiscard]] const FilterIndex& index() const { return index_; }

 private:
  BoundFilter bind(runtime::MatchSpec spec);
  [[nodiscard]] std::vector<FilterIndex::Filter> ways_into_all() const;

  FieldTable fields_;
  std::vector<BoundFilter> filters_;
  FilterIndex index_;
};

}  // namespace tocsin::filters
