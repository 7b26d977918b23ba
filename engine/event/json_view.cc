// How the walk works
//
// The walk goes over the offsets of the message's structure (json_structure.h) and keeps a stack of frames,
// one for each open object or array that has "targets": the trie nodes whose selectors and paths lead on from
// here. Usually that is one; `$.*.x` beside `$.a.y` makes it two inside of "a". What has no targets is a part
// that nobody wants: skip() goes over it and looks at its structure only.
//
// Most messages need none of this for their outer objects: follow() goes through those that are like one
// before (json_shapes.h), whose keys are compared with those that came then, one after the other, and looked
// up no more; nor can one stand twice. Only what is in arrays or takes several targets is walked as
// described. What is filed is the same, and a message that turns out to be like none before is walked from
// its beginning.
//
// Of equal keys the last one wins: what the earlier member filed is struck out (json_nodes.h). A frame that
// wants members by name keeps, for each of them, where in `members_` it was last seen (`seen_`, stamped with
// the frame's serial number so that it never has to be cleared). A frame that wants any member (`.*`) records
// all keys and sorts them when it closes.
#include "engine/event/json_view.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/base/stack.h"
#include "engine/event/json_shapes.h"
#include "engine/event/json_structure.h"
#include "engine/event/reject.h"

namespace tocsin::event {
namespace {

// A message up to this size, or with so many wanted nodes, leaves the memory of its walk to the next one;
// that of a larger one is given back.
constexpr std::size_t kKeptMessage = std::size_t{4} << 20;
constexpr std::size_t kKeptNodes = std::size_t{1} << 16;

}  // namespace

struct JsonView::State {
  using TrieNode = FieldTrie::Node;

  // A trie node that a value is reached by. Inside of arrays and behind keys with dots only paths lead on.
  struct Target {
    const TrieNode* node = nullptr;
    bool path_only = false;
  };

  // An open object or array with targets.
  struct Frame {
    char closer = 0;
    bool any_member = false;            // some target wants any member: all keys are recorded
    bool finds_repeats_at_end = false;  // of equal keys; else as they come
    bool has_paths = false;             // some target is on a path
    Target only;  // of an object: its target, if it is the only one and does not want any member
    std::uint32_t element = 0;        // arrays: the index of the next element
    std::uint32_t targets_begin = 0;  // targets_[targets_begin, targets_end)
    std::uint32_t targets_end = 0;
    std::uint32_t members_begin = 0;  // its records: members_[members_begin, …)
    std::uint32_t filed_begin = 0;    // the nodes that are this container itself; they end where it closes
    std::uint32_t filed_end = 0;
    std::uint32_t around = 0;  // with paths: the innermost array element it stands in or is
    std::uint64_t serial = 0;
  };

  // A member that filed, or may have filed, something: from filed_begin up to where the frame's next record
  // begins.
  struct Member {
    const char* name = nullptr;  // a view in its parts makes it sixteen bytes
    std::uint32_t name_size = 0;
    std::uint32_t filed_begin = 0;

    [[nodiscard]] std::string_view key() const { return {name, name_size}; }
  };

  struct Seen {
    std::uint64_t frame = 0;   // serial number
    std::uint32_t member = 0;  // index into members_
  };

  void give_back();
  JsonStatus walk(const FieldTrie& fields);
  void begin_walk(const FieldTrie& fields);
  bool follow(const JsonShapes& shapes);
  JsonStatus walk_value(const std::uint32_t*& at, Target only);
  JsonStatus check_scalar_root();
  bool open(char opener, std::size_t children, std::uint32_t filed_begin);
  void place(Frame& frame);
  void close(std::uint32_t at);
  Target select_member(Frame& frame, std::string_view name);
  Target select_any_member(Frame& frame, std::string_view name);
  Target select_element(Frame& frame);
  Target only_of(std::size_t children);
  void record(const Frame& frame, const TrieNode& child, std::string_view name);
  void add_member(std::string_view name);
  void strike_out(std::size_t member);
  void strike_out_repeats(const Frame& frame);
  void file(const Target& target, NodeKind kind, std::string_view node_text);
  void end_texts(std::uint32_t begin, std::uint32_t end, std::uint32_t at);

  JsonStructure json_;
  JsonNodes nodes_;
  bool has_repeats_ = false;  // of keys that anything is wanted of

  std::array<Frame, kMaxDepth> frames_;
  std::size_t depth_ = 0;
  Stack<Target> targets_;
  Stack<Member> members_;
  std::vector<std::uint32_t> order_;  // of members, to find repeats
  std::vector<Seen> seen_;            // by trie node
  std::uint64_t frame_serial_ = 0;
  std::vector<ArrayElement> elements_ = std::vector<ArrayElement>(1);  // the first stands for none
  JsonExperience experience_;
  std::size_t passed_ = 0;  // others, by follow()
};

// What the walk before took, if that was much.
void JsonView::State::give_back() {
  if (nodes_.capacity() <= kKeptNodes && members_.capacity() <= kKeptNodes &&
      elements_.capacity() <= kKeptNodes)
    return;
  nodes_.give_back();
  members_ = {};
  order_ = std::vector<std::uint32_t>();
  elements_ = std::vector<ArrayElement>(1);
}

JsonStatus JsonView::State::check_scalar_root() {
  if (json_.end() - json_.offsets() != 1) return JsonStatus::Invalid;
  const std::string_view scalar =
      json_.between(json_.offsets()[0], static_cast<std::uint32_t>(json_.text_end() - json_.text()));
  NodeKind kind{};
  return scalar.front() == '"' || classify_scalar(scalar, kind) ? JsonStatus::NotObject : JsonStatus::Invalid;
}

// Files a value under the slots of a target that leads to it. Objects and arrays are nothing that a path
// leads to.
inline void JsonView::State::file(const Target& target, NodeKind kind, std::string_view node_text) {
  const TrieNode& node = *target.node;
  if (!target.path_only && node.slot() != kNoSlot) nodes_.put(node.slot(), kind, node_text, 0);
  if (node.path_slot() != kNoSlot && kind != NodeKind::Object && kind != NodeKind::Array)
    nodes_.put(node.path_slot(), kind, node_text, frames_[depth_ - 1].around);
}

// Sets the end of containers that are filed: their closing bracket is at `at`.
void JsonView::State::end_texts(std::uint32_t begin, std::uint32_t end, std::uint32_t at) {
  for (std::uint32_t i = begin; i < end; ++i) nodes_.end_text(i, json_.text() + at + 1);
}

// Finds out in which array element the innermost frame stands: it may be one itself.
void JsonView::State::place(Frame& frame) {
  if (depth_ == 1) {
    frame.around = 0;
    return;
  }
  const Frame& outer = frames_[depth_ - 2];
  frame.around = outer.around;
  if (outer.closer == '}') return;
  frame.around = static_cast<std::uint32_t>(elements_.size());
  elements_.push_back({outer.around, static_cast<std::uint32_t>(outer.serial)});
}

// Keeps of the targets from `children` on those that lead on into an object or array, and opens a frame for
// it. False: there are none. There is room for a frame.
bool JsonView::State::open(char opener, std::size_t children, std::uint32_t filed_begin) {
  const bool object = opener == '{';
  std::size_t kept = children;
  bool any_member = false;
  bool has_paths = false;
  for (std::size_t i = children; i < targets_.size(); ++i) {
    const Target target = targets_[i];
    const TrieNode& node = *target.node;
    if (target.path_only ? !node.has_paths() : object ? !node.wants_members() : !node.wants_elements())
      continue;
    any_member |= object && !target.path_only && node.any_member() != nullptr;
    has_paths |= node.has_paths();
    targets_[kept++] = target;
  }
  targets_.cut(kept);
  if (kept == children) return false;

  Frame& frame = frames_[depth_++];
  frame.closer = object ? '}' : ']';
  frame.any_member = any_member;
  frame.finds_repeats_at_end = any_member;
  frame.has_paths = has_paths;
  frame.only = object && kept - children == 1 && !any_member ? targets_[children] : Target{};
  frame.element = 0;
  frame.targets_begin = static_cast<std::uint32_t>(children);
  frame.targets_end = static_cast<std::uint32_t>(kept);
  frame.members_begin = static_cast<std::uint32_t>(members_.size());
  frame.filed_begin = filed_begin;
  frame.filed_end = nodes_.size();
  frame.serial = ++frame_serial_;
  if (has_paths) place(frame);
  return true;
}

// Closes the innermost frame with the bracket at `at`.
void JsonView::State::close(std::uint32_t at) {
  const Frame& frame = frames_[--depth_];
  if (frame.finds_repeats_at_end) strike_out_repeats(frame);
  end_texts(frame.filed_begin, frame.filed_end, at);
  members_.cut(frame.members_begin);
  targets_.cut(frame.targets_begin);
}

// What a key leads to in `frame`, if it is one target; if there are several, they are put on targets_.
[[gnu::always_inline]] inline JsonView::State::Target JsonView::State::select_member(Frame& frame,
                                                                                     std::string_view name) {
  const FieldKey key(name, static_cast<std::size_t>(json_.text_end() - name.data()));
  if (json_.has_escapes() && key.contains('\\')) return select_any_member(frame, json_.unescaped(name));
  const auto [node, path_only] = frame.only;
  if (node == nullptr) return select_any_member(frame, name);
  const TrieNode* const child = node->member(key);
  // A path may go on behind a dot.
  if (frame.has_paths && (child != nullptr ? child->has_dot() : key.contains('.')))
    return select_any_member(frame, name);
  if (child == nullptr || (path_only && !child->has_paths())) return {};
  record(frame, *child, name);
  return {child, path_only};
}

// The same, whatever the targets and the key are.
JsonView::State::Target JsonView::State::select_any_member(Frame& frame, std::string_view name) {
  const FieldKey key(name);
  const std::size_t children = targets_.size();
  const bool dotted = frame.has_paths && key.contains('.');
  for (std::uint32_t i = frame.targets_begin; i < frame.targets_end; ++i) {
    const auto [node, path_only] = targets_[i];
    if (!path_only) {
      if (const TrieNode* child = node->member(key)) targets_.push({child, false});
      if (node->any_member() != nullptr) targets_.push({node->any_member(), false});
    }
    if (path_only || dotted) {
      if (const TrieNode* child = node->follow(name)) targets_.push({child, true});
    }
  }
  if (targets_.size() == children) return {};
  if (!frame.any_member && !dotted) {
    record(frame, *targets_[children].node, name);
  } else {
    // The names of `a.b` may also be found one in the other, while this frame is open: the node does not
    // stand for the key.
    frame.finds_repeats_at_end = true;
    add_member(name);
  }
  return only_of(children);
}

// Takes the last target off targets_ if it is the only one from `children` on.
inline JsonView::State::Target JsonView::State::only_of(std::size_t children) {
  if (targets_.size() != children + 1) return {};
  targets_.cut(children);
  return targets_[children];
}

inline void JsonView::State::add_member(std::string_view name) {
  members_.push({name.data(), static_cast<std::uint32_t>(name.size()), nodes_.size()});
}

// Records a member. Its first target stands for its key: no other key leads to it.
[[gnu::always_inline]] inline void JsonView::State::record(const Frame& frame, const TrieNode& child,
                                                           std::string_view name) {
  Seen& seen = seen_[child.id()];
  if (seen.frame == frame.serial) strike_out(seen.member);
  seen = {frame.serial, static_cast<std::uint32_t>(members_.size())};
  add_member(name);
}

// What leads to the next element of `frame`, as with members.
JsonView::State::Target JsonView::State::select_element(Frame& frame) {
  const std::size_t children = targets_.size();
  for (std::uint32_t i = frame.targets_begin; i < frame.targets_end; ++i) {
    const auto [node, path_only] = targets_[i];
    if (node->has_paths()) targets_.push({node, true});
    if (path_only) continue;
    if (const TrieNode* child = node->element(frame.element)) targets_.push({child, false});
    if (node->any_element() != nullptr) targets_.push({node->any_element(), false});
  }
  ++frame.element;
  return only_of(children);
}

// Strikes out what members_[member], a record of the innermost frame, filed.
void JsonView::State::strike_out(std::size_t member) {
  const std::uint32_t end = member + 1 < members_.size() ? members_[member + 1].filed_begin : nodes_.size();
  nodes_.strike_out(members_[member].filed_begin, end);
  has_repeats_ = true;
}

// Of members of one name only the last counts.
void JsonView::State::strike_out_repeats(const Frame& frame) {
  order_.clear();
  for (auto i = frame.members_begin; i < members_.size(); ++i) order_.push_back(i);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    const int order = members_[a].key().compare(members_[b].key());
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < order_.size(); ++i) {
    if (members_[order_[i - 1]].key() == members_[order_[i]].key()) strike_out(order_[i - 1]);
  }
}

// Walks one value and leaves `at` behind it. Every step looks at the bytes at the next offsets; a step that
// finds something else ends it. `only` leads to the value, if its node is not null.
JsonStatus JsonView::State::walk_value(const std::uint32_t*& at_value, Target only) {
  const char* const text = json_.text();
  const std::uint32_t* const end = json_.end();
  const std::uint32_t* at = at_value;  // the value, or what is behind it
  const std::size_t base = depth_;
  std::size_t children = targets_.size();  // where `only` has no node, the targets from here on lead to it
  for (;;) {
    const char first = text[*at];
    if (first == '"') {
      if (++at == end) return JsonStatus::Invalid;
      if (only.node != nullptr) {
        file(only, NodeKind::String, json_.unescaped(json_.inside(at[-1], *at)));
      } else if (targets_.size() != children) {
        const std::string_view string = json_.unescaped(json_.inside(at[-1], *at));
        for (std::size_t i = children; i < targets_.size(); ++i) file(targets_[i], NodeKind::String, string);
      }
    } else if (first == '{' || first == '[') {
      if (only.node != nullptr) targets_.push(only);
      const auto filed_begin = nodes_.size();
      for (std::size_t i = children; i < targets_.size(); ++i)
        file(targets_[i], first == '{' ? NodeKind::Object : NodeKind::Array, {text + *at, 1});
      if (targets_.size() != children && depth_ == kMaxDepth) return JsonStatus::TooDeep;
      if (targets_.size() != children && open(first, children, filed_begin)) {
        if (++at == end) return JsonStatus::Invalid;
        if (text[*at] != frames_[depth_ - 1].closer) {
          --at;
          goto next;
        }
        close(*at);
      } else {
        const auto filed_end = nodes_.size();
        if (const JsonStatus status = json_.skip(at, depth_); status != JsonStatus::Object) return status;
        end_texts(filed_begin, filed_end, *at);
      }
      ++at;
    } else {
      if (++at == end) return JsonStatus::Invalid;
      const std::string_view value = json_.between(at[-1], *at);
      NodeKind kind{};
      if (!classify_scalar(value, kind)) return JsonStatus::Invalid;
      if (only.node != nullptr) file(only, kind, value);
      for (std::size_t i = children; i < targets_.size(); ++i) file(targets_[i], kind, value);
    }

    // Behind a value: a comma, or the ends of containers.
    for (; depth_ != base; ++at) {
      if (at == end) return JsonStatus::Invalid;
      const char separator = text[*at];
      if (separator == ',') break;
      if (separator != frames_[depth_ - 1].closer) return JsonStatus::Invalid;
      close(*at);
    }
    if (depth_ == base) {
      at_value = at;
      return JsonStatus::Object;
    }
  next:
    Frame& frame = frames_[depth_ - 1];
    children = frame.targets_end;
    targets_.cut(children);
    if (frame.closer == '}') {
      if (end - at < 4 || text[at[1]] != '"' || text[at[2]] != ':') return JsonStatus::Invalid;
      only = select_member(frame, json_.inside(at[1], at[2]));
      at += 3;
    } else {
      if (++at == end) return JsonStatus::Invalid;
      only = select_element(frame);
    }
  }
}

// Whether the message, an object, is one of the shapes: then it is walked. Else what it filed is of no use.
bool JsonView::State::follow(const JsonShapes& shapes) {
  using Step = JsonShapes::Step;
  const char* const text = json_.text();
  const std::uint32_t* const end = json_.end();
  const std::uint32_t* at =
      json_.offsets();  // before a member, its object's brace or a comma; or its object's end
  char expected = '{';
  std::size_t depth = 1;
  const Step* step = shapes.first();
  for (;; step = step->next) {
    // From the first step of a place to the one that fits.
    const auto pass_others = [&](const auto& fits) {
      for (; step != nullptr && !fits(); step = step->other) ++passed_;
    };
    const char separator = text[*at];
    if (separator == '}' && expected == ',') {
      pass_others([&] { return step->kind == Step::Kind::Close; });
      if (step == nullptr) return false;
      ++at;
      if (--depth == 0) return at == end;
      if (at == end) return false;
      continue;
    }
    // A brace or comma, key, colon, value, and what is behind it.
    if (separator != expected || end - at < 5 || text[at[1]] != '"' || text[at[2]] != ':') return false;
    // With white space behind the key a quote is in it, as in none that was learned.
    const std::string_view name(text + at[1] + 1, at[2] - at[1] - 2);
    const auto readable = static_cast<std::size_t>(json_.text_end() - name.data());
    at += 3;
    const char first = text[*at];
    pass_others([&] {
      if (!step->key.is(name, readable)) return false;
      if (step->kind == Step::Kind::Value) return first != '{' && first != '[';
      if (step->kind == Step::Kind::Open) return first == '{' && text[at[1]] != '}';
      if (step->kind == Step::Kind::Walk)
        return first == '[' || (first == '{' && (!step->opens || text[at[1]] == '}'));
      return step->kind == Step::Kind::Unwanted;
    });
    if (step == nullptr) return false;
    expected = ',';
    switch (step->kind) {
      case Step::Kind::Open:
        expected = '{';
        ++depth;
        break;
      case Step::Kind::Value: {
        ++at;
        NodeKind kind = NodeKind::String;
        const std::string_view value =
            first == '"' ? json_.unescaped(json_.inside(at[-1], *at)) : json_.between(at[-1], *at);
        if (first != '"' && !classify_scalar(value, kind)) return false;
        if (step->slot != kNoSlot) nodes_.put(step->slot, kind, value, 0);
        if (step->path_slot != kNoSlot) nodes_.put(step->path_slot, kind, value, 0);
        break;
      }
      case Step::Kind::Unwanted:
        if (first == '"') {
          ++at;
        } else if (first == '{' || first == '[') {
          if (json_.skip(at, depth) != JsonStatus::Object || ++at == end) return false;
        } else {
          ++at;
          NodeKind kind{};
          if (!classify_scalar(json_.between(at[-1], *at), kind)) return false;
        }
        break;
      case Step::Kind::Walk:
        depth_ = depth;
        frames_[depth - 1].closer = '}';  // the frame around the value: no other is looked at
        frames_[depth - 1].around = 0;
        if (walk_value(at, {step->node, false}) != JsonStatus::Object || at == end) return false;
        break;
      case Step::Kind::Close:
        break;
    }
  }
}

void JsonView::State::begin_walk(const FieldTrie& fields) {
  json_.begin();
  nodes_.begin(fields.slots());
  depth_ = 0;
  targets_.cut(0);
  members_.cut(0);
  has_repeats_ = false;
  elements_.resize(1);
  if (seen_.size() < fields.nodes()) seen_.resize(fields.nodes());
}

JsonStatus JsonView::State::walk(const FieldTrie& fields) {
  begin_walk(fields);
  const char root = json_.text()[*json_.offsets()];
  if (root != '{' && root != '[') return check_scalar_root();
  const std::size_t size = static_cast<std::size_t>(json_.end() - json_.offsets()) +
                           static_cast<std::size_t>(json_.text_end() - json_.text()) / 8;
  JsonShapes* const shapes = root == '{' ? experience_.shapes_for(fields, size) : nullptr;
  if (shapes != nullptr) {
    passed_ = 0;
    const bool fits = follow(*shapes);
    experience_.passed(passed_);
    if (fits) return JsonStatus::Object;
    experience_.missed(size);
    begin_walk(fields);
  }
  const std::uint32_t* at = json_.offsets();
  const JsonStatus status = walk_value(at, root == '{' ? Target{&fields.root(), false} : Target{});
  if (status != JsonStatus::Object) return status;
  if (at != json_.end()) return JsonStatus::Invalid;
  if (shapes != nullptr && !has_repeats_) experience_.learned(shapes->learn(json_, fields));
  return root == '{' ? JsonStatus::Object : JsonStatus::NotObject;
}

JsonView::JsonView() : state_(std::make_unique<State>()) {}
JsonView::~JsonView() = default;
JsonView::JsonView(JsonView&&) noexcept = default;
JsonView& JsonView::operator=(JsonView&&) noexcept = default;

JsonStatus JsonView::walk(std::string_view message, const FieldTrie& fields) {
  State& state = *state_;
  state.give_back();
  JsonStatus status = state.json_.scan(message);
  if (status == JsonStatus::NotObject) status = state.walk(fields);
  if (status != JsonStatus::Object) state.nodes_.drop();
  found_ = state.nodes_.found();
  if (message.size() > kKeptMessage) state.json_.rest();
  return status;
}

std::span<const ArrayElement> JsonView::elements() const { return state_->elements_; }

}  // namespace tocsin::event
