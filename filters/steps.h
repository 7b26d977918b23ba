// The predicates of all filters, laid out for the memory they are read from: most events have a few
// candidates among thousands of filters, and what asking one costs is the cache lines that it touches.
//
//   BoundPredicate --Steps::add()--> Step, Step, … --IndexedMatcher--> holds or not
//
// A step is a leaf in thirty-two bytes, its text in a pool beside those of the filter's other leaves. The
// leaves that have no such form (most regexes, lists of values) are a step that refers to them.
// And, Or and Not are gone: each step says which is next where it holds and where it does not. Of
// `(a || b) && c` that is
//
//   0: a  holds: 2      fails: 1
//   1: b  holds: 2      fails: kFails
//   2: c  holds: kHolds fails: kFails
//
// Immutable once built; any number of threads may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"
#include "filters/bound_predicate.h"

namespace tocsin::filters {

struct Step {
  enum class Kind : std::uint8_t {
    Text,    // a value is the text
    Starts,  // it starts with it
    Ends,    // it ends with it
    Like,    // it is what the wildcard says (event::Wildcard)
    Range,   // it is a number of the range
    Any,     // it is any value
    Absent,  // there is no node
    Values,  // a value satisfies `values`
    Leaf,    // whatever `leaf` says
  };
  struct Text {
    std::uint32_t offset;  // in the pool
    std::uint32_t size;
  };
  struct Numbers {
    double low;
    double high;
  };

  // What the predicate is behind the last step.
  static constexpr std::uint16_t kHolds = UINT16_MAX;
  static constexpr std::uint16_t kFails = UINT16_MAX - 1;

  Kind kind = Kind::Leaf;
  bool is_negated = false;  // the answer for a value that can be asked
  bool or_absent = false;   // holds if there is no node
  bool is_typed = true;     // of an event pattern: texts are strings; else any scalar but null reads as text
  bool low_belongs = false;
  bool high_belongs = false;
  std::uint16_t if_holds = kHolds;  // the next one, counted from the filter's first
  event::Slot slot = 0;
  std::uint16_t if_fails = kFails;
  union {
    const BoundPredicate* leaf = nullptr;
    const event::FieldTest* values;
    Text text;
    Numbers range;
  };
};
static_assert(sizeof(Step) <= 32);

class Steps {
 public:
  // A filter's: at least one.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };

  // Adds the leaves of a predicate, which must stay where it is. Nothing, if a part of it has no leaves, if it
  // has more than 65,533, or if some of them must hold jointly: only where that is the whole predicate they
  // are added, and where they all hold it is still to be asked whether they do jointly.
  std::optional<Range> add(const BoundPredicate& predicate);

  [[nodiscard]] std::span<const Step> of(Range range) const {
    return std::span(steps_).subspan(range.begin, range.size);
  }
  [[nodiscard]] std::string_view text(Step::Text text) const {
    return {texts_.data() + text.offset, text.size};
  }

  // Whether a node's value satisfies a step that is no Leaf.
  [[nodiscard]] bool holds(const Step& step, event::NodeKind kind, std::string_view value) const;

 private:
  void emit(const BoundPredicate& predicate, std::size_t first, std::uint16_t if_holds, std::uint16_t if_fails);
  Step step_of(const BoundPredicate& leaf);
  bool set_field_test(Step& step, const event::FieldTest& test);
  void set_wildcard(Step& step, std::string_view pattern);
  void set_text(Step& step, Step::Kind kind, std::string_view text);

  std::vector<Step> steps_;
  std::string texts_;
};

}  // namespace tocsin::filters
