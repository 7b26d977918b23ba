#include "filters/steps.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "engine/base/check.h"
#include "filters/regex_literals.h"

namespace tocsin::filters {

using event::NodeKind;
using event::Predicate;

namespace {

constexpr std::size_t kNoSteps = 0;  // also of an And or Or of nothing

// How many steps a predicate takes; kNoSteps: it has no such form.
std::size_t count_steps(const BoundPredicate& predicate) {
  switch (predicate.op) {
    case Predicate::Op::Leaf:
      return 1;
    case Predicate::Op::And:
    case Predicate::Op::Or:
    case Predicate::Op::Not: {
      std::size_t sum = 0;
      for (const BoundPredicate& child : predicate.children) {
        const std::size_t steps = count_steps(child);
        if (steps == kNoSteps) return kNoSteps;
        sum += steps;
      }
      return sum;
    }
    case Predicate::Op::Jointly:
    case Predicate::Op::True:
      break;
  }
  return kNoSteps;
}

}  // namespace

std::optional<Steps::Range> Steps::add(const BoundPredicate& predicate) {
  const std::size_t size =
      predicate.op == Predicate::Op::Jointly ? predicate.children.size() : count_steps(predicate);
  if (size == kNoSteps || size >= Step::kFails) return std::nullopt;
  const std::size_t first = steps_.size();
  emit(predicate, first, Step::kHolds, Step::kFails);
  return Range{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(size)};
}

// `first` is the filter's first step.
void Steps::emit(const BoundPredicate& predicate, std::size_t first, std::uint16_t if_holds,
                 std::uint16_t if_fails) {
  if (predicate.op == Predicate::Op::Leaf) {
    Step& step = steps_.emplace_back(step_of(predicate));
    step.if_holds = if_holds;
    step.if_fails = if_fails;
  } else if (predicate.op == Predicate::Op::Not) {
    emit(predicate.children.front(), first, if_fails, if_holds);
  } else {
    const bool any = predicate.op == Predicate::Op::Or;
    for (std::size_t i = 0; i + 1 < predicate.children.size(); ++i) {
      const BoundPredicate& child = predicate.children[i];
      const auto next = static_cast<std::uint16_t>(steps_.size() - first + count_steps(child));
      emit(child, first, any ? if_holds : next, any ? next : if_fails);
    }
    emit(predicate.children.back(), first, if_holds, if_fails);
  }
}

void Steps::set_text(Step& step, Step::Kind kind, std::string_view text) {
  TOCSIN_CHECK(texts_.size() + text.size() < UINT32_MAX);
  step.kind = kind;
  step.text = {static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(text.size())};
  texts_ += text;
}

Step Steps::step_of(const BoundPredicate& leaf) {
  Step step;
  step.leaf = &leaf;
  if (leaf.field.kind != FieldId::Kind::Json) return step;
  step.slot = leaf.field.index;
  const event::Leaf& test = leaf.leaf;
  if (const auto* field_test = std::get_if<event::SharedFieldTest>(&test.test)) {
    if (!set_field_test(step, **field_test)) {
      step.kind = Step::Kind::Values;
      step.values = field_test->get();
    }
    return step;
  }
  step.is_typed = false;
  if (std::holds_alternative<event::NotExists>(test.test)) {
    step.kind = Step::Kind::Absent;
    return step;
  }
  step.is_negated = test.negated;
  if (const auto* wildcard = std::get_if<event::Wildcard>(&test.test)) {
    set_wildcard(step, wildcard->pattern);
  } else if (const auto* search = std::get_if<event::RegexSearch>(&test.test)) {
    if (const auto same = wildcard_of(search->regex.source)) set_wildcard(step, *same);
  }
  return step;
}

void Steps::set_wildcard(Step& step, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    set_text(step, Step::Kind::Text, pattern);
  } else if (star + 1 == pattern.size()) {
    set_text(step, Step::Kind::Starts, pattern.substr(0, star));
  } else if (star == 0 && pattern.find('*', 1) == std::string_view::npos) {
    set_text(step, Step::Kind::Ends, pattern.substr(1));
  } else {
    set_text(step, Step::Kind::Like, pattern);
  }
}

// False: its values have no short form. Whether the field may be absent is set in either case.
bool Steps::set_field_test(Step& step, const event::FieldTest& test) {
  step.or_absent = test.or_absent;
  if (test.matchers.empty()) {
    if (test.or_absent) step.kind = Step::Kind::Absent;
    return test.or_absent;
  }
  if (test.matchers.size() != 1 || test.matchers.front().tests.size() > 1) return false;
  const event::ValueMatcher& matcher = test.matchers.front();
  if (matcher.tests.empty()) {
    if (!matcher.any) step.kind = Step::Kind::Any;
    return !matcher.any;
  }
  step.is_negated = !matcher.any;
  if (const auto* exact = std::get_if<event::ExactText>(&matcher.tests.front())) {
    if (exact->address) return false;
    set_text(step, Step::Kind::Text, exact->text);
  } else if (const auto* at = std::get_if<event::TextAt>(&matcher.tests.front())) {
    set_text(step,
             at->part == event::TextPart::Whole   ? Step::Kind::Text
             : at->part == event::TextPart::Start ? Step::Kind::Starts
                                                  : Step::Kind::Ends,
             at->text);
  } else if (const auto* like = std::get_if<event::TextPieces>(&matcher.tests.front())) {
    const std::string pattern = fmt::format("{}", fmt::join(like->pieces, "*"));
    if (std::cmp_not_equal(std::ranges::count(pattern, '*'), like->pieces.size() - 1)) return false;
    set_wildcard(step, pattern);
  } else if (const auto* range = std::get_if<event::NumberRange>(&matcher.tests.front())) {
    step.kind = Step::Kind::Range;
    step.range = {range->low, range->high};
    step.low_belongs = range->low_belongs;
    step.high_belongs = range->high_belongs;
  } else {
    return false;
  }
  return true;
}

bool Steps::holds(const Step& step, NodeKind kind, std::string_view value) const {
  if (!event::is_value(kind) || (!step.is_typed && kind == NodeKind::Null)) return false;
  const bool is_text = kind == NodeKind::String || !step.is_typed;
  bool holds = false;
  switch (step.kind) {
    case Step::Kind::Text:
      holds = is_text && value == text(step.text);
      break;
    case Step::Kind::Starts:
      holds = is_text && value.starts_with(text(step.text));
      break;
    case Step::Kind::Ends:
      holds = is_text && value.ends_with(text(step.text));
      break;
    case Step::Kind::Like:
      holds = is_text && event::wildcard_match(text(step.text), value);
      break;
    case Step::Kind::Range:
      if (kind == NodeKind::Number) {
        if (const auto number = event::exact_number(value)) {
          holds = (step.low_belongs ? *number >= step.range.low : *number > step.range.low) &&
                  (step.high_belongs ? *number <= step.range.high : *number < step.range.high);
        }
      }
      break;
    case Step::Kind::Any:
      holds = true;
      break;
    case Step::Kind::Values:
      return event::holds(*step.values, kind, value);
    case Step::Kind::Absent:
    case Step::Kind::Leaf:
      break;
  }
  return holds != step.is_negated;
}

}  // namespace tocsin::filters
