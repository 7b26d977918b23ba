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
#include "filters/steps.h"

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
  std::vector<std::string> log_groups;  // sorted; empty: all
  std::vector<BoundExtraction> extractions;
  std::vector<BoundRegex> regexes;  // that have wanted groups, each once
};

// What a candidate is asked first, small because there are many: the rest of a filter is looked at if it has
// to be.
struct FilterHead {
  Steps::Range steps;  // if it has_steps; else its predicate is asked
  bool has_steps = false;
  bool needs_json = false;      // the predicate does: nothing but a JSON object can match
  bool has_log_groups = false;  // not all are its
  bool has_extractions = false;
};

// Immutable.
class MatcherProgram {
 public:
  explicit MatcherProgram(std::vector<runtime::MatchSpec> specs);
  MatcherProgram(const MatcherProgram&) = delete;  // steps point into filters
  MatcherProgram& operator=(const MatcherProgram&) = delete;

  [[nodiscard]] const std::vector<BoundFilter>& filters() const {
    return filters_;
  }  // by index of their specs
  [[nodiscard]] const std::vector<FilterHead>& heads() const { return heads_; }
  [[nodiscard]] const Steps& steps() const { return steps_; }
  [[nodiscard]] const FieldTable& fields() const { return fields_; }
  [[nodiscard]] const FilterIndex& index() const { return index_; }

 private:
  BoundFilter bind(runtime::MatchSpec spec);
  FilterHead head_of(const BoundFilter& filter);
  [[nodiscard]] std::vector<FilterIndex::Filter> ways_into_all() const;

  FieldTable fields_;
  std::vector<BoundFilter> filters_;
  std::vector<FilterHead> heads_;  // by index of their specs
  Steps steps_;
  FilterIndex index_;
};

}  // namespace tocsin::filters
