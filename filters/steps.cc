#include "filters/steps.h"

#include <algorithm>
#include <variant>

#include "engine/base/check.h"

namespace tocsin::filters {

using event::NodeKind;
using event::Predicate;

std::optional<Steps::Range> Steps::add(const BoundPredicate& predicate) {
  Range range{static_cast<std::uint32_t>(steps_.size()), 1};
  if (predicate.op == Predicate::Op::Leaf) {
    steps_.push_back(step_of(predicate));
    return range;
  }
  const auto is_leaf = [](const BoundPredicate& child) { return child.op == Predicate::Op::Leaf; };
  if ((predicate.op != Predicate::Op::And && predicate.op != Predicate::Op::Jointly) ||
      !std::ranges::all_of(predicate.children, is_leaf)) {
    return std::nullopt;
  }
  range.size = static_cast<std::uint32_t>(predicate.children.size());
  for (const BoundPredicate& child : predicate.children) steps_.push_back(step_of(child));
  return range;
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
    set_field_test(step, **field_test);
    return step;
  }
  step.is_typed = false;
  step.is_negated = test.negated;
  if (std::holds_alternative<event::NotExists>(test.test)) {
    step.kind = Step::Kind::Absent;
  } else if (const auto* wildcard = std::get_if<event::Wildcard>(&test.test)) {
    const std::string_view pattern = wildcard->pattern;
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
      set_text(step, Step::Kind::Text, pattern);
    } else if (star + 1 == pattern.size()) {
      set_text(step, Step::Kind::Starts, pattern.substr(0, star));
    } else if (star == 0 && pattern.find('*', 1) == std::string_view::npos) {
      set_text(step, Step::Kind::Ends, pattern.substr(1));
    }
  }
  return step;
}

// False: it has no short form.
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
    case Step::Kind::Absent:
    case Step::Kind::Leaf:
      break;
  }
  return holds != step.is_negated;
}

}  // namespace tocsin::filters
