#include "engine/event/json_shapes.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace tocsin::event {
namespace {

using Step = JsonShapes::Step;

constexpr std::size_t kMostSteps = std::size_t{1} << 15;
constexpr std::size_t kMostOfMessage = 1024;
constexpr std::size_t kLongestKey = 64;
// They are compared one after the other, and objects whose keys are data would have no end.
constexpr std::size_t kMostOfPlace = 8;
// A decoder walks envelopes and what is in them by turns.
constexpr std::size_t kMostTries = 4;
// Of a message that is tried. What is in a larger one is mostly in arrays, and if it did not fit all others
// would pay for it.
constexpr std::size_t kLargestTried = std::size_t{1} << 14;

// Behind the value at `at`.
const std::uint32_t* behind(const char* text, const std::uint32_t* at) {
  std::size_t depth = 0;
  do {
    const char first = text[*at++];
    if (first == '{' || first == '[') ++depth;
    if (first == '}' || first == ']') --depth;
  } while (depth != 0);
  return at;
}

bool is_same(const Step& a, const Step& b) { return a.kind == b.kind && a.key == b.key; }

}  // namespace

std::size_t JsonShapes::learn(const JsonStructure& message, const FieldTrie& fields) {
  return read(message, fields) ? add() : 0;
}

// False: the walk of such a message takes more than steps can tell.
bool JsonShapes::read(const JsonStructure& message, const FieldTrie& fields) {
  const auto is_plain = [](const FieldTrie::Node& node) {
    return node.slot() == kNoSlot && node.wants_members() && node.any_member() == nullptr;
  };
  const char* const text = message.text();
  const std::uint32_t* at = message.offsets();  // a brace, or a comma
  message_steps_.clear();
  open_.assign(1, &fields.root());
  if (!is_plain(fields.root()) || text[at[1]] == '}') return false;
  while (!open_.empty()) {
    if (message_steps_.size() == kMostOfMessage) return false;
    Step& step = message_steps_.emplace_back();
    if (text[*at] == '}') {
      open_.pop_back();
      ++at;
      continue;
    }
    const std::string_view name(text + at[1] + 1, at[2] - at[1] - 2);
    if (text[at[2] - 1] != '"' || name.size() > kLongestKey ||
        std::memchr(name.data(), '\\', name.size()) != nullptr)
      return false;
    step.key = FieldKey(name);
    const FieldTrie::Node& node = *open_.back();
    const FieldTrie::Node* const child = node.member(step.key);
    if (node.has_paths() && (child != nullptr ? child->has_dot() : step.key.contains('.'))) return false;
    at += 3;
    const char first = text[*at];
    if (child == nullptr) {
      step.kind = Step::Kind::Unwanted;
    } else if (first != '{' && first != '[') {
      step.kind = Step::Kind::Value;
      step.slot = child->slot();
      step.path_slot = child->path_slot();
    } else if (first == '{' && text[at[1]] != '}' && is_plain(*child)) {
      step.kind = Step::Kind::Open;
      open_.push_back(child);
      continue;
    } else {
      step.kind = Step::Kind::Walk;
      step.node = child;
      step.opens = is_plain(*child);
    }
    at = behind(text, at);
  }
  return true;
}

std::size_t JsonShapes::add() {
  if (step_count_ + message_steps_.size() > kMostSteps) {
    first_ = nullptr;
    steps_.clear();
    keys_.clear();
    step_count_ = 0;
  }
  const std::size_t before = step_count_;
  Step** place = &first_;
  for (const Step& step : message_steps_) {
    Step** link = place;
    Step** last = place;
    std::size_t met = 0;
    for (; *link != nullptr && !is_same(**link, step); ++met) {
      last = link;
      link = &(*link)->other;
    }
    if (*link == nullptr) {
      Step& added = *steps_.add(1);
      added = step;
      if (step.kind != Step::Kind::Close) {
        const std::string_view name = step.key.text();
        char* const kept = keys_.add(name.size());
        std::ranges::copy(name, kept);
        added.key = FieldKey(std::string_view(kept, name.size()));
      }
      ++step_count_;
      // Where a place is full the newest gives way: those that come often were met first.
      if (met == kMostOfPlace) link = last;
      *link = &added;
    }
    place = &(*link)->next;
  }
  return step_count_ - before;
}

JsonShapes* JsonExperience::shapes_for(const FieldTrie& fields, std::size_t size) {
  credit_ = std::min(credit_ + static_cast<std::ptrdiff_t>(size), kMostCredit);
  if (credit_ < 0 || size > kLargestTried) return nullptr;
  const auto known =
      std::ranges::find_if(shapes_, [&](const JsonShapes& shapes) { return shapes.are_for(fields); });
  if (known != shapes_.end()) {
    if (known != shapes_.begin()) shapes_.splice(shapes_.begin(), shapes_, known);
    return &*known;
  }
  if (shapes_.size() == kMostTries) shapes_.pop_back();
  return &shapes_.emplace_front(fields);
}

}  // namespace tocsin::event
