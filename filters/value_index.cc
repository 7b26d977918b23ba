#include "filters/value_index.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <limits>

#include "engine/base/number.h"
#include "filters/ascii_case.h"

namespace tocsin::filters {

using event::NodeKind;
using Kind = AccessKey::Kind;

// --- TextTree --------------------------------------------------------------------------------------------

inline std::uint64_t TextTree::edge(std::uint32_t node, char c) {
  return (std::uint64_t{node} << 8) | static_cast<unsigned char>(lower_ascii(c));
}

void TextTree::add(std::string_view text, bool backwards, KeyNumber key) {
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = backwards ? text[text.size() - 1 - i] : text[i];
    const auto [next, is_new] = edges_.try_emplace(edge(node, c), static_cast<std::uint32_t>(keys_.size()));
    if (is_new) keys_.push_back(kNone);
    node = next->second;
  }
  keys_[node] = key;
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

struct ValueIndex::Expressions {
  std::vector<std::string> sources;
  std::vector<KeyNumber> keys;
  std::unique_ptr<re2::RE2::Set> set;  // null: they are few, and each is a candidate always
};

ValueIndex::ValueIndex() = default;
ValueIndex::~ValueIndex() = default;
ValueIndex::ValueIndex(ValueIndex&&) noexcept = default;
ValueIndex& ValueIndex::operator=(ValueIndex&&) noexcept = default;

namespace {

// The first address of the block of this length that holds `address`.
std::array<std::uint8_t, 16> block_of(const event::IpAddress& address, unsigned bits) {
  std::array<std::uint8_t, 16> first{};
  std::copy_n(address.bytes.begin(), (bits + 7) / 8, first.begin());
  if (bits % 8 != 0) first[bits / 8] = static_cast<std::uint8_t>(first[bits / 8] & (0xFF << (8 - bits % 8)));
  return first;
}

}  // namespace

void ValueIndex::add(const AccessKey& key, KeyNumber number) {
  switch (key.kind) {
    case Kind::LogGroup:
    case Kind::Absent:
      return;
    case Kind::Exists:
      always_.push_back(number);
      return;
    case Kind::Equals:
      equal_.emplace(key.text, number);
      return;
    case Kind::EqualsAnyCase:
      equal_any_case_.emplace(key.text, number);
      return;
    case Kind::Starts:
      starts_.add(key.text, false, number);
      return;
    case Kind::Ends:
      ends_.add(key.text, true, number);
      return;
    case Kind::Holds:
      literals_.push_back(key.text);
      literal_keys_.push_back(number);
      return;
    case Kind::Range:
      ranges_.add(key.range, number);
      return;
    case Kind::Block:
      blocks_[{key.block.first.v6, key.block.bits}].emplace(block_of(key.block.first, key.block.bits),
                                                            number);
      return;
    case Kind::Regex:
      if (expressions_ == nullptr) expressions_ = std::make_unique<Expressions>();
      expressions_->sources.push_back(key.text);
      expressions_->keys.push_back(number);
      return;
  }
}

void ValueIndex::build() {
  ranges_.build();
  if (!literals_.empty()) finder_.emplace(literals_);
  if (expressions_ == nullptr) return;
  constexpr std::size_t kFew = 4;  // below, a set costs more than it saves
  if (expressions_->sources.size() < kFew) {
    always_.insert(always_.end(), expressions_->keys.begin(), expressions_->keys.end());
    expressions_.reset();
    return;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{64} << 20);
  expressions_->set = std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
  bool is_complete = true;
  for (const std::string& source : expressions_->sources)
    is_complete = expressions_->set->Add(source, nullptr) >= 0 && is_complete;
  if (!is_complete || !expressions_->set->Compile()) expressions_->set.reset();
}

void ValueIndex::find(NodeKind kind, std::string_view text, Scratch& scratch, KeyHits& hits) const {
  for (const KeyNumber key : always_) hits.add(key);
  if (!event::is_value(kind)) return;
  const auto hit = [&hits](KeyNumber key) { hits.add(key); };
  if (!equal_.empty()) {
    if (const auto found = equal_.find(text); found != equal_.end()) hit(found->second);
  }
  if (!equal_any_case_.empty()) {
    scratch.lower.assign(text);
    for (char& c : scratch.lower) c = lower_ascii(c);
    if (const auto found = equal_any_case_.find(scratch.lower); found != equal_any_case_.end())
      hit(found->second);
  }
  if (!starts_.empty()) starts_.find(text, false, hit);
  if (!ends_.empty()) ends_.find(text, true, hit);
  if (finder_) finder_->find(text, [&](std::uint32_t literal) { hits.add(literal_keys_[literal]); });
  if (!ranges_.empty()) {
    if (const auto number = parse_number(text)) ranges_.find(*number, hit);
  }
  if (!blocks_.empty()) find_blocks(text, hits);
  if (expressions_ != nullptr) find_expressions(text, scratch, hits);
}

void ValueIndex::find_blocks(std::string_view text, KeyHits& hits) const {
  const auto address = event::parse_ip_address(text);
  if (!address) return;
  for (const auto& [shape, blocks] : blocks_) {
    if (shape.first != address->v6) continue;
    const auto found = blocks.find(block_of(*address, shape.second));
    if (found != blocks.end()) hits.add(found->second);
  }
}

void ValueIndex::find_expressions(std::string_view text, Scratch& scratch, KeyHits& hits) const {
  if (expressions_->set != nullptr) {
    re2::RE2::Set::ErrorInfo error{};
    if (expressions_->set->Match(re2::StringPiece(text.data(), text.size()), &scratch.expressions, &error)) {
      for (const int expression : scratch.expressions)
        hits.add(expressions_->keys[static_cast<std::size_t>(expression)]);
      return;
    }
    if (error.kind == re2::RE2::Set::kNoError) return;
  }
  // The set is beyond its memory: nothing is known, so each is a candidate.
  for (const KeyNumber key : expressions_->keys) hits.add(key);
}

}  // namespace tocsin::filters
