// The list that stands for a field of an event pattern: literals, and objects with one operator.
//
//   ["x", 7, null, {"prefix": "y"}, {"anything-but": [1, 2]}, {"numeric": [">", 0, "<=", 5]}, …]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "filters/event_pattern.h"
#include "filters/event_pattern_values.h"

namespace tocsin::filters {
namespace {

using event::FieldTest;
using event::NodeKind;
using event::SyntaxError;
using event::TextPart;
using event::ValueMatcher;
using event::ValueTest;

using Tests = std::expected<std::vector<ValueTest>, SyntaxError>;

std::unexpected<SyntaxError> fault(std::size_t offset, std::string message, std::string hint = {}) {
  return std::unexpected(SyntaxError{offset, std::move(message), std::move(hint)});
}

// How `op` is written, where its value is no text.
std::string hint_for_text(std::string_view op, const PatternValue& value) {
  if (value.kind == NodeKind::Object) return {};
  if (value.kind == NodeKind::Array)
    return fmt::format("alternatives are several objects: [{{\"{0}\": \"a\"}}, {{\"{0}\": \"b\"}}]", op);
  return fmt::format("a text stands in double quotes: {{\"{}\": \"{}\"}}", op, value.text);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class ListCompiler {
 public:
  explicit ListCompiler(std::vector<PlacedWildcard>& wildcards) : wildcards_(wildcards) {}

  std::expected<FieldTest, SyntaxError> compile(const PatternValue& list) {
    if (list.elements.empty())
      return fault(list.offset, "Empty arrays are not allowed",
                   "any value: [{\"exists\": true}]; none: [{\"exists\": false}]");
    FieldTest field;
    ValueMatcher alternatives;  // all but those that ask for none
    for (const PatternValue& element : list.elements) {
      if (element.kind == NodeKind::Object) {
        if (auto read = expression(element, field, alternatives); !read) return std::unexpected(read.error());
        continue;
      }
      if (element.kind == NodeKind::Array)
        return fault(element.offset, "Match value must be String, number, true, false, or null",
                     "one list holds all values of a field: [\"a\", \"b\"]");
      alternatives.tests.push_back(*literal(element));
    }
    if (!alternatives.tests.empty()) field.matchers.insert(field.matchers.begin(), std::move(alternatives));
    return field;
  }

 private:
  using Done = std::expected<void, SyntaxError>;

  static Tested literal(const PatternValue& value) {
    if (value.kind == NodeKind::String)
      return event::ExactText{value.text, event::parse_ip_address(value.text)};
    if (value.kind == NodeKind::Number) return number_literal(value);
    return event::ExactWord{value.text};
  }

  // The one member of an object that holds an operator.
  static std::expected<const PatternMember*, SyntaxError> only_member(const PatternValue& object,
                                                                      std::string_view what) {
    if (object.members.empty())
      return fault(object.offset, fmt::format("{} expression name not found", what));
    if (object.members.size() > 1) {
      return fault(object.members[1].key.offset, "Only one key allowed in match expression",
                   "alternatives are several objects: [{\"prefix\": \"a\"}, {\"suffix\": \"b\"}]");
    }
    return &object.members.front();
  }

  // The complaints of anything before the second key come first, as the service reads from left to right.
  Done expression(const PatternValue& object, FieldTest& field, ValueMatcher& alternatives) {
    if (!object.members.empty()) {
      const PatternMember& first = object.members.front();
      if (auto read = operation(first.key, first.value, field, alternatives); !read) return read;
    }
    auto member = only_member(object, "Match");
    if (!member) return std::unexpected(std::move(member.error()));
    return {};
  }

  Done operation(const PatternValue& op, const PatternValue& value, FieldTest& field,
                 ValueMatcher& alternatives) {
    const std::string& name = op.text;
    if (name == "anything-but") return anything_but(value, field);
    if (name == "exists") {
      if (value.kind != NodeKind::Boolean)
        return fault(value.offset, "exists match pattern must be either true or false.",
                     "without quotes: {\"exists\": true}");
      if (value.text == "true") {
        field.matchers.push_back({{}, false});
      } else {
        field.or_absent = true;
      }
      return {};
    }
    auto test = simple_operation(op, value);
    if (!test) return std::unexpected(std::move(test.error()));
    alternatives.tests.push_back(std::move(*test));
    return {};
  }

  Tested simple_operation(const PatternValue& op, const PatternValue& value) {
    const std::string& name = op.text;
    if (name == "prefix") return text_part(value, TextPart::Start, "prefix");
    if (name == "suffix") return text_part(value, TextPart::End, "suffix");
    if (name == "equals-ignore-case") return equals_ignore_case(value, TextPart::Whole);
    if (name == "wildcard") return wildcard(value);
    if (name == "numeric") return numeric_range(value);
    if (name == "cidr") return address_block(value);
    if (name == "exactly") {
      if (value.kind != NodeKind::String)
        return fault(value.offset, "exact match pattern must be a string", hint_for_text(name, value));
      return event::TextAt{TextPart::Whole, value.text};
    }
    return fault(op.offset, fmt::format("Unrecognized match type {}", name), hint_for(name));
  }

  static std::string hint_for(std::string_view name) {
    static constexpr std::array<std::string_view, 9> kOperators{
        "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists",
        "cidr",   "exactly"};
    std::string small(name);
    std::ranges::transform(small, small.begin(), lower);
    std::ranges::replace(small, '_', '-');
    if (std::ranges::find(kOperators, small) != kOperators.end())
      return fmt::format("operators are written in lower case, with dashes: {}", small);
    return fmt::format("the operators are {}", fmt::join(kOperators, ", "));
  }

  Tested text_part(const PatternValue& value, TextPart part, std::string_view name) {
    if (value.kind == NodeKind::String) return event::TextAt{part, value.text};
    if (value.kind != NodeKind::Object)
      return fault(value.offset, fmt::format("{} match pattern must be a string", name),
                   hint_for_text(name, value));
    if (!value.members.empty()) {
      const PatternMember& first = value.members.front();
      if (first.key.text != "equals-ignore-case")
        return fault(first.key.offset, fmt::format("Unsupported {} pattern: {}", name, first.key.text),
                     "only equals-ignore-case can stand here");
      if (auto test = equals_ignore_case(first.value, part); !test) return test;
    }
    const auto member = only_member(value, name == "prefix" ? "Prefix" : "Suffix");
    if (!member) return std::unexpected(member.error());
    return equals_ignore_case((*member)->value, part);
  }

  static Tested equals_ignore_case(const PatternValue& value, TextPart part) {
    if (value.kind != NodeKind::String)
      return fault(value.offset, "equals-ignore-case match pattern must be a string",
                   hint_for_text("equals-ignore-case", value));
    return text_at_any_case(value, part);
  }

  Tested wildcard(const PatternValue& value) {
    if (value.kind != NodeKind::String)
      return fault(value.offset, "wildcard match pattern must be a string", hint_for_text("wildcard", value));
    auto pieces = wildcard_pieces(value);
    if (!pieces) return std::unexpected(std::move(pieces.error()));
    wildcards_.push_back({*pieces, value.offset});
    return event::TextPieces{std::move(*pieces)};
  }

  // --- anything-but

  Done anything_but(const PatternValue& value, FieldTest& field) {
    Tests tests;
    switch (value.kind) {
      case NodeKind::Array:
        tests = excluded_literals(value);
        break;
      case NodeKind::Object:
        tests = excluded_texts(value);
        break;
      case NodeKind::String:
      case NodeKind::Number:
        tests = excluded_literal(value);
        break;
      case NodeKind::Null:
      case NodeKind::Boolean:
        return fault(value.offset, "Value of anything-but must be an array or single string/number value.",
                     "a value that is there: {\"exists\": true}");
    }
    if (!tests) return std::unexpected(std::move(tests.error()));
    field.matchers.push_back({std::move(*tests), false});
    return {};
  }

  static Tests excluded_literal(const PatternValue& value) {
    if (value.kind == NodeKind::String)
      return std::vector<ValueTest>{event::TextAt{TextPart::Whole, value.text}};
    const auto known = exact_number(value);
    if (!known) return std::unexpected(known.error());
    return std::vector<ValueTest>{event::NumberRange{*known, *known}};
  }

  static Tests excluded_literals(const PatternValue& list) {
    constexpr std::string_view kMixed =
        "Inside anything but list, either all values are number or string, mixed type is not supported";
    if (list.elements.empty()) return fault(list.offset, std::string(kMixed), "the list is empty");
    std::vector<ValueTest> tests;
    for (const PatternValue& element : list.elements) {
      if (element.kind != NodeKind::String && element.kind != NodeKind::Number)
        return fault(element.offset, "Inside anything but list, start|null|boolean is not supported.");
      auto test = excluded_literal(element);
      if (!test) return test;
      tests.push_back(std::move(test->front()));
    }
    const auto other = std::ranges::find_if(list.elements, [&](const PatternValue& element) {
      return element.kind != list.elements.front().kind;
    });
    if (other != list.elements.end()) return fault(other->offset, std::string(kMixed));
    return tests;
  }

  // {"prefix": s}, {"suffix": [s, …]} and the like
  Tests excluded_texts(const PatternValue& object) {
    if (!object.members.empty()) {
      const PatternMember& first = object.members.front();
      if (auto tests = excluded_texts(first.key, first.value); !tests || object.members.size() == 1)
        return tests;
    }
    return std::unexpected(only_member(object, "Anything-But").error());
  }

  Tests excluded_texts(const PatternValue& op, const PatternValue& value) {
    const std::string& name = op.text;
    const bool part = name == "prefix" || name == "suffix";
    if (!part && name != "equals-ignore-case" && name != "wildcard") {
      return fault(op.offset, fmt::format("Unsupported anything-but pattern: {}", name),
                   "prefix, suffix, equals-ignore-case and wildcard can stand here");
    }
    std::vector<ValueTest> tests;
    const auto add = [&](const PatternValue& text) -> Done {
      if (part && text.kind != NodeKind::String)
        return fault(text.offset, "prefix/suffix match pattern must be a string");
      if (part && text.text.empty()) return fault(text.offset, "Null prefix/suffix not allowed");
      if (name == "equals-ignore-case" && text.kind != NodeKind::String) {
        return fault(
            text.offset,
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.");
      }
      auto test = simple_operation(op, text);
      if (!test) return std::unexpected(std::move(test.error()));
      tests.push_back(std::move(*test));
      return {};
    };
    if (value.kind != NodeKind::Array) {
      if (auto added = add(value); !added) return std::unexpected(std::move(added.error()));
      return tests;
    }
    if (value.elements.empty()) return fault(value.offset, "Empty arrays are not allowed");
    for (const PatternValue& element : value.elements) {
      if (auto added = add(element); !added) return std::unexpected(std::move(added.error()));
    }
    return tests;
  }

  std::vector<PlacedWildcard>& wildcards_;
};

}  // namespace

std::expected<FieldTest, SyntaxError> compile_field_matchers(const PatternValue& list,
                                                             std::vector<PlacedWildcard>& wildcards) {
  return ListCompiler(wildcards).compile(list);
}

}  // namespace tocsin::filters
