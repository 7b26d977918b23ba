#include "engine/event/json_shapes.h"

#include <cstring>
#include <string_view>

namespace tocsin::event {
namespace {

using Step = JsonShapes::Step;

constexpr std::size_t kMostSteps = std::size_t{1} << 15;
constexpr std::size_t kMostOfMessage = 1024;
constexpr std::size_t kLongestKey = 64;
// In one place. They are compared one after the other, and objects whose keys are data would have no end.
constexpr int kMostOthers = 8;

// So many messages that find a place full, and all is learned anew: what filled it may never have come again.
constexpr int kMostRefused = 64;

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

void JsonShapes::learn(const JsonStructure& message, const FieldTrie& fields) {
  if (read(message, fields)) add();
}

// False: the walk of such a message takes more than steps can tell.
bool JsonShapes::read(const JsonStructure& message, const FieldTrie& fields) {
  const auto is_plain = [](const FieldTrie::Node& node) {
    return node.slot() == kNoSlot && node.wants_members() && node.any_member() == nullptr;
  };
  const char* const text = message.text();
  const std::uint32_t* at = message.offsets();  // a brace, or a comma
  read_.clear();
  open_.assign(1, &fields.root());
  if (!is_plain(fields.root()) || text[at[1]] == '}') return false;
  while (!open_.empty()) {
    if (read_.size() == kMostOfMessage) return false;
    Step& step = read_.emplace_back();
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

void JsonShapes::add() {
  if (steps_.size() + read_.size() > kMostSteps) forget();
  Step** link = &first_;
  for (const Step& step : read_) {
    int others = 0;
    while (*link != nullptr && !is_same(**link, step)) {
      if (++others == kMostOthers) {
        if (++refused_ == kMostRefused) forget();
        return;
      }
      link = &(*link)->other;
    }
    if (*link == nullptr) {
      Step& added = steps_.emplace_back(step);
      if (step.kind != Step::Kind::Close) added.key = FieldKey(keys_.emplace_back(step.key.text()));
      *link = &added;
    }
    link = &(*link)->next;
  }
}

void JsonShapes::forget() {
  refused_ = 0;
  first_ = nullptr;
  steps_.clear();
  keys_.clear();
}

}  // namespace tocsin::event
