#include "filters/value_index.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "filters/ascii_case.h"

namespace tocsin::filters {

using event::NodeKind;
using Kind = AccessKey::Kind;

// --- TextTree --------------------------------------------------------------------------------------------

void TextTree::connect(std::uint32_t parent, char first, std::uint32_t node) {
  if (parent == 0) {
    roots_.resize(256);
    roots_[static_cast<unsigned char>(first)] = node;
  } else {
    edges_[edge(parent, first)] = node;
  }
}

std::uint32_t TextTree::make(std::uint32_t parent, std::string label, KeyNumber key) {
  const auto node = static_cast<std::uint32_t>(nodes_.size());
  connect(parent, label.front(), node);
  nodes_.push_back({std::move(label), key});
  return node;
}

void TextTree::add(std::string_view text, bool backwards, KeyNumber key) {
  std::string rest = lower_ascii(text);
  if (backwards) std::ranges::reverse(rest);
  std::uint32_t node = 0;
  while (!rest.empty()) {
    const std::uint32_t child = empty() ? 0 : next(node, rest.front());
    if (child == 0) {
      make(node, std::move(rest), key);
      return;
    }
    const std::string label = nodes_[child].label;
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(label, rest).in1 - label.begin());
    rest.erase(0, same);
    if (same == label.size()) {
      node = child;
      continue;
    }
    // Something branches off within the label, or ends there.
    const std::uint32_t middle = make(node, label.substr(0, same), kNone);
    nodes_[child].label = label.substr(same);
    connect(middle, label[same], child);
    node = middle;
  }
  nodes_[node].key = key;
}

// --- RangeTree -------------------------------------------------------------------------------------------

void RangeTree::build() {
  std::ranges::sort(ranges_, {}, [](const Entry& entry) { return entry.range.low; });
  set_highest(0, ranges_.size());
}

double RangeTree::set_highest(std::size_t begin, std::size_t end) {
  if (begin == end) return -std::numeric_limits<double>::infinity();
  const std::size_t middle = begin + (end - begin) / 2;
  const double before = set_highest(begin, middle);
  const double behind = set_highest(middle + 1, end);
  return ranges_[middle].highest = std::max({ranges_[middle].range.high, before, behind});
}

// --- ValueIndex ------------------------------------------------------------------------------------------

void ValueIndex::add(const AccessKey& key, KeyNumber number) {
  bool is_new = true;
  switch (key.kind) {
    case Kind::LogGroup:
    case Kind::Absent:
      is_new = false;  // no question to a value
      break;
    case Kind::Exists:
      always_.push_back(number);
      break;
    case Kind::Equals:
      is_new = equal_.add(key.text, number);
      equal_sizes_ |= size_bit(key.text);
      break;
    case Kind::EqualsAnyCase:
      is_new = equal_any_case_.add(key.text, number);
      break;
    case Kind::Starts:
      starts_.add(key.text, false, number);
      break;
    case Kind::Ends:
      ends_.add(key.text, true, number);
      break;
    case Kind::Holds:
      literals_.push_back(key.text);
      literal_keys_.push_back(number);
      break;
    case Kind::Range:
      ranges_.add(key.range, number);
      break;
    case Kind::Block:
      is_new = blocks_[{key.block.first.v6, key.block.bits}].emplace(key.block.first.bytes, number).second;
      break;
  }
  TOCSIN_CHECK(is_new);  // equal keys have one number
}

void ValueIndex::build() {
  ranges_.build();
  if (!literals_.empty()) finder_.emplace(literals_);
}

void ValueIndex::find(NodeKind kind, std::string_view text, KeyHits& hits) const {
  for (const KeyNumber key : always_) hits.add(key);
  if (!event::is_value(kind)) return;
  const auto hit = [&hits](KeyNumber key) { hits.add(key); };
  if ((equal_sizes_ & size_bit(text)) != 0) {
    if (const KeyNumber found = equal_.find(text); found != EqualTexts::kNone) hit(found);
  }
  if (!equal_any_case_.empty()) {
    hits.lower.assign(text);
    for (char& c : hits.lower) c = lower_ascii(c);
    if (const KeyNumber found = equal_any_case_.find(hits.lower); found != EqualTexts::kNone) hit(found);
  }
  starts_.find(text, false, hit);
  ends_.find(text, true, hit);
  if (finder_) finder_->find(text, [&](std::uint32_t literal) { hits.add(literal_keys_[literal]); });
  if (!ranges_.empty()) {
    if (const auto number = parse_number(text)) ranges_.find(*number, hit);
  }
  if (!blocks_.empty()) find_blocks(text, hits);
}

void ValueIndex::find_blocks(std::string_view text, KeyHits& hits) const {
  const auto address = event::parse_ip_address(text);
  if (!address) return;
  for (const auto& [shape, blocks] : blocks_) {
    if (shape.first != address->v6) continue;
    const auto found = blocks.find(first_of_block(*address, shape.second));
    if (found != blocks.end()) hits.add(found->second);
  }
}

}  // namespace tocsin::filters
