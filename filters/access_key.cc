#include "filters/access_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/base/number.h"
#include "filters/ascii_case.h"
#include "filters/regex_literals.h"

namespace tocsin::filters {
namespace {

using event::FieldTest;
using event::Leaf;
using event::NumberCompare;
using event::NumberRange;
using event::Predicate;
using event::TextPart;
using Kind = AccessKey::Kind;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

constexpr std::size_t kMaxLiteral = 8;  // bytes of AccessKey::text, Holds

AccessKey key_of(Kind kind, FieldId field, std::string text = {}) {
  AccessKey key;
  key.kind = kind;
  key.field = field;
  key.text = std::move(text);
  return key;
}

// The literal's last bytes are enough to look for: what is found is asked again, literals that end alike are
// found once, and the memory that looking takes is bounded.
AccessKey holds_key(FieldId field, std::string_view literal) {
  if (literal.size() > kMaxLiteral) literal.remove_prefix(literal.size() - kMaxLiteral);
  return key_of(Kind::Holds, field, lower_ascii(literal));
}

AccessKey exists(FieldId field) { return key_of(Kind::Exists, field); }

NumberRange range_of(const NumberCompare& test) {
  NumberRange range;
  if (test.op != NumberCompare::Op::Less && test.op != NumberCompare::Op::LessOrEqual) range.low = test.value;
  if (test.op != NumberCompare::Op::Greater && test.op != NumberCompare::Op::GreaterOrEqual)
    range.high = test.value;
  range.low_belongs = test.op != NumberCompare::Op::Greater;
  range.high_belongs = test.op != NumberCompare::Op::Less;
  return range;
}

AccessKey number_key(FieldId field, const NumberRange& range) {
  AccessKey key = key_of(Kind::Range, field);
  key.range = range;
  return key;
}

AccessKey block_key(FieldId field, const event::AddressBlock& block) {
  AccessKey key = key_of(Kind::Block, field);
  key.block = block;
  key.block.first.bytes = first_of_block(block.first, block.bits);
  return key;
}

// A text of these pieces in their order, with anything between two of them.
AccessKey pieces_key(FieldId field, const std::vector<std::string_view>& pieces) {
  if (pieces.size() == 1) return key_of(Kind::Equals, field, std::string(pieces.front()));
  const bool at_start = pieces.front().size() >= pieces.back().size();
  const std::string_view anchored = at_start ? pieces.front() : pieces.back();
  if (!anchored.empty()) return key_of(at_start ? Kind::Starts : Kind::Ends, field, lower_ascii(anchored));
  const auto longest = *std::ranges::max_element(pieces, {}, &std::string_view::size);
  return longest.empty() ? exists(field) : holds_key(field, longest);
}

std::vector<std::string_view> split_at_stars(std::string_view pattern) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t star = pattern.find('*');
    pieces.push_back(pattern.substr(0, star));
    if (star == std::string_view::npos) return pieces;
    pattern.remove_prefix(star + 1);
  }
}

// Without a literal only the expression itself can tell: one RE2::Set of all such takes longer than each
// alone (docs/decisions/0005-keys-then-predicates.md).
std::vector<WayIn> ways_into_regex(FieldId field, const event::Regex& regex) {
  std::vector<WayIn> ways;
  for (const auto& literals : required_literals(regex.source)) {
    WayIn& way = ways.emplace_back();
    for (const std::string& literal : literals) way.push_back(holds_key(field, literal));
  }
  if (field.kind != FieldId::Kind::Message) {
    const auto [start, end] = anchored_literals(regex.source);
    if (!start.empty()) ways.push_back({key_of(Kind::Starts, field, lower_ascii(start))});
    if (!end.empty()) ways.push_back({key_of(Kind::Ends, field, lower_ascii(end))});
  }
  if (ways.empty() && field.kind != FieldId::Kind::Message) ways.push_back({exists(field)});
  return ways;
}

AccessKey part_key(FieldId field, TextPart part, const std::string& text, bool any_case) {
  switch (part) {
    case TextPart::Start:
      return text.empty() ? exists(field) : key_of(Kind::Starts, field, lower_ascii(text));
    case TextPart::End:
      return text.empty() ? exists(field) : key_of(Kind::Ends, field, lower_ascii(text));
    case TextPart::Whole:
      break;
  }
  return key_of(any_case ? Kind::EqualsAnyCase : Kind::Equals, field, any_case ? lower_ascii(text) : text);
}

void add_keys(FieldId field, const event::ValueTest& test, WayIn& keys) {
  std::visit(
      Overloaded{[&](const event::ExactText& t) {
                   keys.push_back(key_of(Kind::Equals, field, t.text));
                   if (t.address) keys.push_back(block_key(field, {*t.address, t.address->v6 ? 128U : 32U}));
                 },
                 [&](const event::ExactWord& t) { keys.push_back(key_of(Kind::Equals, field, t.word)); },
                 [&](const NumberRange& t) { keys.push_back(number_key(field, t)); },
                 [&](const event::TextAt& t) { keys.push_back(part_key(field, t.part, t.text, false)); },
                 [&](const event::TextAtAnyCase& t) {
                   keys.push_back(t.regex ? exists(field) : part_key(field, t.part, t.text, true));
                 },
                 [&](const event::TextPieces& t) {
                   keys.push_back(pieces_key(field, {t.pieces.begin(), t.pieces.end()}));
                 },
                 [&](const event::TextInBlock& t) { keys.push_back(block_key(field, t.block)); }},
      test);
}

WayIn keys_of(FieldId field, const FieldTest& test) {
  WayIn keys;
  for (const event::ValueMatcher& matcher : test.matchers) {
    if (matcher.any) {
      for (const event::ValueTest& value : matcher.tests) add_keys(field, value, keys);
    } else {
      keys.push_back(exists(field));
    }
  }
  if (test.or_absent) keys.push_back(key_of(Kind::Absent, field));
  return keys;
}

// Nothing: no key can tell.
std::optional<WayIn> way_into(const Leaf& leaf, FieldId field) {
  const bool message = field.kind == FieldId::Kind::Message;
  if (std::holds_alternative<event::NotExists>(leaf.test)) return WayIn{key_of(Kind::Absent, field)};
  if (const auto* test = std::get_if<event::SharedFieldTest>(&leaf.test)) return keys_of(field, **test);
  if (leaf.negated || std::holds_alternative<event::TokenCount>(leaf.test))
    return message ? std::nullopt : std::optional(WayIn{exists(field)});
  if (const auto* test = std::get_if<event::Contains>(&leaf.test)) {
    if (test->text.empty()) return message ? std::nullopt : std::optional(WayIn{exists(field)});
    return WayIn{holds_key(field, test->text)};
  }
  if (message) return std::nullopt;
  if (const auto* test = std::get_if<event::Wildcard>(&leaf.test))
    return WayIn{pieces_key(field, split_at_stars(test->pattern))};
  if (const auto* test = std::get_if<NumberCompare>(&leaf.test))
    return WayIn{number_key(field, range_of(*test))};
  if (const auto* test = std::get_if<event::IsBoolean>(&leaf.test))
    return WayIn{key_of(Kind::Equals, field, test->value ? "true" : "false")};
  return WayIn{key_of(Kind::Equals, field, "null")};
}

double odds(const WayIn& way) {
  double sum = 0;
  for (const AccessKey& key : way) sum += key.odds();
  return sum;
}

std::vector<WayIn> all_ways(const BoundPredicate& predicate);

// The best way in; nothing where there is none.
std::optional<WayIn> best_way(const BoundPredicate& predicate) {
  std::vector<WayIn> ways = all_ways(predicate);
  if (ways.empty()) return std::nullopt;
  return std::move(*std::ranges::min_element(ways, {}, odds));
}

std::vector<WayIn> all_ways(const BoundPredicate& predicate) {
  std::vector<WayIn> ways;
  switch (predicate.op) {
    case Predicate::Op::Leaf:
      if (const auto* test = std::get_if<event::RegexSearch>(&predicate.leaf.test);
          test != nullptr && !predicate.leaf.negated) {
        return ways_into_regex(predicate.field, test->regex);
      }
      if (auto way = way_into(predicate.leaf, predicate.field)) ways.push_back(std::move(*way));
      return ways;
    case Predicate::Op::And:
    case Predicate::Op::Jointly:
      for (const BoundPredicate& child : predicate.children)
        std::ranges::move(all_ways(child), std::back_inserter(ways));
      return ways;
    case Predicate::Op::Or: {
      WayIn together;
      for (const BoundPredicate& child : predicate.children) {
        auto way = best_way(child);
        if (!way) return {};
        std::ranges::move(*way, std::back_inserter(together));
      }
      ways.push_back(std::move(together));
      return ways;
    }
    case Predicate::Op::True:
    case Predicate::Op::Not:
      return ways;
  }
  return ways;
}

// A thousand alternatives of one pattern may have thousands of keys in common: each keeps the ways that hit
// most seldom, and of those that are too many for a second way in only the very best.
void keep_seldom(std::vector<WayIn>& ways) {
  constexpr std::size_t kMostWays = 8;
  if (ways.empty()) return;
  std::ranges::stable_sort(ways, {}, odds);
  if (ways.size() > kMostWays) ways.resize(kMostWays);
  const auto others = std::ranges::remove_if(ways.begin() + 1, ways.end(),
                                             [](const WayIn& way) { return way.size() > kMaxPairs; });
  ways.erase(others.begin(), others.end());
}

void add_conjunctions(const BoundPredicate& predicate, bool are_many, std::vector<Conjunction>& all) {
  constexpr std::size_t kMany = 16;
  if (predicate.op != Predicate::Op::Or) {
    Conjunction& added = all.emplace_back(all_ways(predicate));
    if (are_many) keep_seldom(added.ways);
    return;
  }
  for (const BoundPredicate& child : predicate.children)
    add_conjunctions(child, are_many || predicate.children.size() > kMany, all);
}

void append_bytes(std::string& out, const auto& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::array<std::uint8_t, 16> first_of_block(const event::IpAddress& address, unsigned bits) {
  std::array<std::uint8_t, 16> first{};
  std::copy_n(address.bytes.begin(), (bits + 7) / 8, first.begin());
  if (bits % 8 != 0) first[bits / 8] = static_cast<std::uint8_t>(first[bits / 8] & (0xFF << (8 - bits % 8)));
  return first;
}

std::string AccessKey::identity() const {
  std::string out;
  out.push_back(static_cast<char>(kind));
  out.push_back(static_cast<char>(field.kind));
  append_bytes(out, field.index);
  if (kind == Kind::Range) {
    append_bytes(out, range.low);
    append_bytes(out, range.high);
    out.push_back(static_cast<char>((range.low_belongs ? 1 : 0) + (range.high_belongs ? 2 : 0)));
  } else if (kind == Kind::Block) {
    out.append(block.first.bytes.begin(), block.first.bytes.end());
    out.push_back(static_cast<char>(block.bits));
    out.push_back(block.first.v6 ? '6' : '4');
  } else {
    out += text;
  }
  return out;
}

double AccessKey::odds() const {
  switch (kind) {
    case Kind::LogGroup:
      return 0.05;
    case Kind::Exists:
      return 0.5;
    case Kind::Absent:
      return 0.6;
    case Kind::Equals:
    case Kind::EqualsAnyCase: {
      constexpr std::array<std::string_view, 6> kCommon{"", "true", "false", "null", "0", "1"};
      return std::ranges::find(kCommon, text) != kCommon.end() ? 0.3 : 0.01;
    }
    case Kind::Starts:
    case Kind::Ends:
    case Kind::Holds:
      return std::max(0.02, 0.5 * std::pow(0.6, static_cast<double>(text.size())));
    case Kind::Range:
      if (range.low == range.high) return 0.03;
      return std::isinf(range.low) || std::isinf(range.high) ? 0.5 : 0.2;
    case Kind::Block:
      return std::max(0.01, std::pow(0.9, block.bits));
  }
  return 1;
}

namespace {

// What is left of a cut text, from its first whole character on.
std::string_view from_character(std::string_view text) {
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  return text;
}

}  // namespace

std::string describe(const AccessKey& key, const FieldTable& fields) {
  const auto field = [&] { return fields.name(key.field); };
  switch (key.kind) {
    case Kind::LogGroup:
      return fmt::format("log group {}", key.text);
    case Kind::Exists:
      return fmt::format("{} is there", field());
    case Kind::Absent:
      return fmt::format("{} is not there", field());
    case Kind::Equals:
    case Kind::EqualsAnyCase:
      return fmt::format("{} is {}", field(), key.text.empty() ? "empty" : key.text);
    case Kind::Starts:
      return fmt::format("{} starts with {}", field(), key.text);
    case Kind::Ends:
      return fmt::format("{} ends with {}", field(), key.text);
    case Kind::Holds:
      return fmt::format("{} holds {}{}", field(), key.text.size() < kMaxLiteral ? "" : "…",
                         from_character(key.text));
    case Kind::Range: {
      const auto [low, high, with_low, with_high] = key.range;
      if (low == high) return fmt::format("{} = {}", field(), format_number(low));
      if (std::isinf(low))
        return fmt::format("{} {} {}", field(), with_high ? "<=" : "<", format_number(high));
      if (std::isinf(high))
        return fmt::format("{} {} {}", field(), with_low ? ">=" : ">", format_number(low));
      return fmt::format("{} from {} to {}", field(), format_number(low), format_number(high));
    }
    case Kind::Block:
      return fmt::format("{} is an address of a block of {} bits", field(), key.block.bits);
  }
  return {};
}

std::vector<Conjunction> ways_in(const BoundPredicate& predicate) {
  std::vector<Conjunction> all;
  add_conjunctions(predicate, false, all);
  return all;
}

}  // namespace tocsin::filters
