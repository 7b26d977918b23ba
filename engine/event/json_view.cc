// How the walk works
//
// Stage 1 of simdjson gives the offset of every structural character ({ } [ ] : ,) and of the first byte of
// every scalar and string, in order; nothing else is in that list. So whatever lies between the start of a
// scalar or string and the next offset, white space taken off its end, is that scalar or string whole: its
// end is never searched for. And an object's member is always the four offsets of key, colon, value and comma
// (or closing bracket): the structure is checked by looking at one byte for each offset.
//
// The walk keeps a stack of frames, one for each open object or array. A frame has the trie nodes that are
// "active" in it: those whose path leads here. Usually that is one; `$.*.x` beside `$.a.y` makes it two
// inside of "a". A frame without active nodes belongs to a part that nobody wants: its keys are not even
// looked at.
//
// Wanted nodes are appended to a log in document order. That makes "the last of two equal keys wins" simple:
// everything that the earlier member filed is one range of the log, and is struck out. A frame that wants
// members by name keeps, for each of them, where in `members_` it was last seen (`seen_`, stamped with the
// frame's serial number so that it never has to be cleared). A frame that wants any member (`.*`) records all
// keys and sorts them when it closes. At the end the log is sorted by slot, in the order of the document
// within a slot.
#include "engine/event/json_view.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/event/json_text.h"
#include "engine/event/reject.h"

namespace tocsin::event {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// A message up to this size leaves the memory of its walk to the next one; that of a larger one is given
// back.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;
// Likewise for what was found in it.
constexpr std::size_t kKeptNodes = std::size_t{1} << 16;

bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

// --- the walk --------------------------------------------------------------------------------------------

struct JsonView::State {
  using TrieNode = FieldTrie::Node;

  // An open object or array.
  struct Frame {
    char closer = 0;
    bool any_member = false;         // some active node wants any member: all keys are recorded
    std::uint32_t element = 0;       // arrays: the index of the next element
    std::uint32_t active_begin = 0;  // its active nodes: active_[active_begin, active_end)
    std::uint32_t active_end = 0;
    std::uint32_t members_begin = 0;  // its records: members_[members_begin, …)
    std::uint32_t filed_begin =
        0;  // the log entries that are this container itself, whose text ends where it closes
    std::uint32_t filed_end = 0;
    std::uint32_t around = 0;  // with paths: the innermost array element it stands in or is
    std::uint64_t serial = 0;
  };

  // A member that filed, or may have filed, something: from log_begin up to where the frame's next record
  // begins.
  struct Member {
    std::string_view key;
    std::uint32_t log_begin = 0;
  };

  struct Filed {
    Slot slot = kNoSlot;  // kNoSlot: struck out
    JsonNode node;
  };

  struct Seen {
    std::uint64_t frame = 0;   // serial number
    std::uint32_t member = 0;  // index into members_
  };

  struct Range {
    std::uint64_t walk = 0;  // serial number: a range of an earlier walk is empty
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  JsonStatus scan(std::string_view message);
  JsonStatus check_scalar_root();
  JsonStatus walk(const FieldTrie& fields);
  bool open(std::uint32_t at, std::size_t children);
  void close(std::uint32_t at);
  void select_member(Frame& frame, std::string_view key);
  void add_member(Frame& frame, std::string_view name);
  void select_element(Frame& frame);
  void strike_out(std::size_t member, std::size_t members_end);
  void strike_out_earlier(const Frame& frame, std::string_view name);
  void strike_out_repeats(const Frame& frame);
  void place(Frame& frame);
  void file(std::size_t children, NodeKind kind, std::string_view node_text);
  [[nodiscard]] std::string_view between(std::uint32_t begin, std::uint32_t next) const;
  [[nodiscard]] std::string_view unescaped(std::string_view inside);
  void sort_by_slot(std::size_t slots);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner_;
  const char* text_ = nullptr;
  std::size_t size_ = 0;
  const std::uint32_t* offsets_ = nullptr;
  std::size_t count_ = 0;
  bool has_escapes_ = false;

  std::array<Frame, kMaxDepth> frames_;
  std::size_t depth_ = 0;
  std::vector<const TrieNode*> active_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> order_;  // of members, to find repeats
  std::vector<Seen> seen_;            // by trie node
  std::vector<Filed> log_;
  std::vector<char> unescaped_;  // room for all of the message's strings: what is in it does not move
  std::size_t unescaped_size_ = 0;
  std::uint64_t frame_serial_ = 0;
  bool has_paths_ = false;
  std::vector<ArrayElement> elements_ = std::vector<ArrayElement>(1);  // the first stands for none

  std::uint64_t walk_serial_ = 0;
  std::vector<Range> ranges_;  // by slot, into found_
  std::vector<JsonNode> found_;
  std::vector<Slot> filled_;
};

// Runs stage 1. NotObject stands for "fine so far".
JsonStatus JsonView::State::scan(std::string_view message) {
  if (unescaped_.size() > kKeptCapacity) unescaped_ = {};
  if (log_.capacity() > kKeptNodes || members_.capacity() > kKeptNodes || elements_.capacity() > kKeptNodes) {
    log_ = {};
    found_ = {};
    members_ = {};
    order_ = {};
    elements_ = std::vector<ArrayElement>(1);
  }
  text_ = message.data();
  size_ = message.size();
  if (size_ == 0 || size_ > simdjson::SIMDJSON_MAXSIZE_BYTES) return JsonStatus::Invalid;
  if (scanner_ == nullptr || scanner_->capacity() < size_) {
    const std::size_t capacity = std::max<std::size_t>(size_ + size_ / 2, std::size_t{16} << 10);
    scanner_.reset();
    const simdjson::error_code error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(
            std::min<std::size_t>(capacity, simdjson::SIMDJSON_MAXSIZE_BYTES), 1, scanner_);
    TOCSIN_CHECK(error == simdjson::SUCCESS);  // the only way to fail is to be out of memory
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text_);
  const simdjson::error_code error = scanner_->stage1(bytes, size_, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    // Stage 1 looks at UTF-8 last and stops at the first complaint; the worse one is named here.
    return simdjson::validate_utf8(text_, size_) ? JsonStatus::Invalid : JsonStatus::BadUtf8;
  }
  offsets_ = scanner_->structural_indexes.get();
  count_ = scanner_->n_structural_indexes;
  has_escapes_ = std::memchr(text_, '\\', size_) != nullptr;
  if (has_escapes_) {
    if (!escapes_are_valid(message)) return JsonStatus::Invalid;
    if (unescaped_.size() < size_) unescaped_.resize(size_);
  }
  return JsonStatus::NotObject;
}

// The bytes from a scalar's or string's first one, without the white space before `next`.
std::string_view JsonView::State::between(std::uint32_t begin, std::uint32_t next) const {
  std::uint32_t end = next;
  while (is_white(text_[end - 1])) --end;
  return {text_ + begin, end - begin};
}

std::string_view JsonView::State::unescaped(std::string_view inside) {
  if (!has_escapes_ || std::memchr(inside.data(), '\\', inside.size()) == nullptr) return inside;
  char* const begin = unescaped_.data() + unescaped_size_;
  char* const end = unescape(inside, begin);
  unescaped_size_ += static_cast<std::size_t>(end - begin);
  return {begin, static_cast<std::size_t>(end - begin)};
}

namespace {

// What a scalar is, if it is anything. `text` is not empty and not a string.
bool classify_scalar(std::string_view text, NodeKind& kind) {
  switch (text.front()) {
    case 't':
      kind = NodeKind::Boolean;
      return text == "true";
    case 'f':
      kind = NodeKind::Boolean;
      return text == "false";
    case 'n':
      kind = NodeKind::Null;
      return text == "null";
    default:
      kind = NodeKind::Number;
      return is_json_number(text);
  }
}

}  // namespace

JsonStatus JsonView::State::check_scalar_root() {
  if (count_ != 1) return JsonStatus::Invalid;
  const std::string_view scalar = between(offsets_[0], static_cast<std::uint32_t>(size_));
  NodeKind kind{};
  return scalar.front() == '"' || classify_scalar(scalar, kind) ? JsonStatus::NotObject : JsonStatus::Invalid;
}

// Files a value under the slots of the active nodes from `children` on: those that lead to it. Objects and
// arrays are nothing that a path leads to.
void JsonView::State::file(std::size_t children, NodeKind kind, std::string_view node_text) {
  for (std::size_t i = children; i < active_.size(); ++i) {
    const TrieNode& node = *active_[i];
    if (node.slot() == kNoSlot) continue;
    if (!node.of_path()) {
      log_.push_back({node.slot(), {kind, node_text, 0}});
    } else if (kind != NodeKind::Object && kind != NodeKind::Array) {
      log_.push_back({node.slot(), {kind, node_text, frames_[depth_ - 1].around}});
    }
  }
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

// Opens the object or array at `at`, to which the active nodes from `children` on lead. False: too deep.
bool JsonView::State::open(std::uint32_t at, std::size_t children) {
  if (depth_ == kMaxDepth) return false;
  const bool object = text_[at] == '{';
  Frame& frame = frames_[depth_++];
  frame.closer = object ? '}' : ']';
  frame.any_member = false;
  frame.active_begin = frame.active_end = static_cast<std::uint32_t>(children);
  frame.filed_begin = frame.filed_end = static_cast<std::uint32_t>(log_.size());
  if (active_.size() == children) return true;

  if (has_paths_) place(frame);
  file(children, object ? NodeKind::Object : NodeKind::Array, {text_ + at, 1});
  frame.filed_end = static_cast<std::uint32_t>(log_.size());
  std::size_t kept = children;
  for (std::size_t i = children; i < active_.size(); ++i) {
    const TrieNode* node = active_[i];
    if (object ? !node->wants_members() : !node->wants_elements()) continue;
    frame.any_member |= object && node->any_member() != nullptr;
    active_[kept++] = node;
  }
  active_.resize(kept);
  frame.active_end = static_cast<std::uint32_t>(kept);
  frame.element = 0;
  frame.members_begin = static_cast<std::uint32_t>(members_.size());
  frame.serial = ++frame_serial_;
  return true;
}

// Closes the innermost frame with the bracket at `at`.
void JsonView::State::close(std::uint32_t at) {
  const Frame& frame = frames_[--depth_];
  if (frame.any_member) strike_out_repeats(frame);
  for (std::uint32_t i = frame.filed_begin; i < frame.filed_end; ++i) {
    std::string_view& node_text = log_[i].node.text;
    node_text = {node_text.data(), static_cast<std::size_t>(text_ + at + 1 - node_text.data())};
  }
  if (frame.active_end != frame.active_begin) {
    members_.resize(frame.members_begin);
    active_.resize(frame.active_begin);
  }
}

// Makes active what a key leads to in `frame`.
inline void JsonView::State::select_member(Frame& frame, std::string_view key) {
  // Escapes stand in values, hardly ever in keys.
  const bool escaped = has_escapes_ && key.find('\\') != std::string_view::npos;
  if (escaped) return add_member(frame, unescaped(key));
  if (frame.active_end - frame.active_begin == 1 && !frame.any_member &&
      !active_[frame.active_begin]->may_have(key)) {
    return;  // the usual case, without a call
  }
  add_member(frame, key);
}

void JsonView::State::add_member(Frame& frame, std::string_view name) {
  const std::size_t children = active_.size();
  for (std::uint32_t i = frame.active_begin; i < frame.active_end; ++i) {
    const TrieNode* node = active_[i];
    if (const TrieNode* child = node->of_path() ? node->follow(name) : node->member(name))
      active_.push_back(child);
    if (node->any_member() != nullptr) active_.push_back(node->any_member());
  }
  if (active_.size() == children) return;
  if (!frame.any_member) {
    // The first child stands for the key: no other key leads to it. But of a path, the names of `a.b` may
    // also be found one in the other, while this frame is open: then the key itself is sought.
    const TrieNode& first = *active_[children];
    if (first.of_path() && name.find('.') != std::string_view::npos) {
      strike_out_earlier(frame, name);
    } else {
      Seen& seen = seen_[first.id()];
      if (seen.frame == frame.serial) strike_out(seen.member, members_.size());
      seen = {frame.serial, static_cast<std::uint32_t>(members_.size())};
    }
  }
  members_.push_back({name, static_cast<std::uint32_t>(log_.size())});
}

void JsonView::State::select_element(Frame& frame) {
  for (std::uint32_t i = frame.active_begin; i < frame.active_end; ++i) {
    const TrieNode* node = active_[i];
    if (node->of_path()) active_.push_back(node);
    if (const TrieNode* child = node->element(frame.element)) active_.push_back(child);
    if (node->any_element() != nullptr) active_.push_back(node->any_element());
  }
  ++frame.element;
}

// Strikes out what members_[member] filed; `members_end` is the end of its frame's records.
void JsonView::State::strike_out(std::size_t member, std::size_t members_end) {
  const std::size_t end = member + 1 < members_end ? members_[member + 1].log_begin : log_.size();
  for (std::size_t i = members_[member].log_begin; i < end; ++i) log_[i].slot = kNoSlot;
}

// Strikes out what a member of this name filed before.
void JsonView::State::strike_out_earlier(const Frame& frame, std::string_view name) {
  for (std::size_t i = members_.size(); i > frame.members_begin; --i) {
    if (members_[i - 1].key == name) return strike_out(i - 1, members_.size());
  }
}

void JsonView::State::strike_out_repeats(const Frame& frame) {
  order_.clear();
  for (auto i = frame.members_begin; i < members_.size(); ++i) order_.push_back(i);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    const int order = members_[a].key.compare(members_[b].key);
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < order_.size(); ++i) {
    if (members_[order_[i - 1]].key == members_[order_[i]].key) strike_out(order_[i - 1], members_.size());
  }
}

// The walk itself. Every step looks at the bytes at the next offsets; a step that finds something else ends
// it.
JsonStatus JsonView::State::walk(const FieldTrie& fields) {
  depth_ = 0;
  active_.clear();
  members_.clear();
  log_.clear();
  unescaped_size_ = 0;
  has_paths_ = fields.path_root() != nullptr;
  elements_.resize(1);
  if (seen_.size() < fields.nodes()) seen_.resize(fields.nodes());

  const char* const text = text_;
  const std::uint32_t* const offsets = offsets_;
  const std::size_t count = count_;

  const char root = text[offsets[0]];
  if (root != '{' && root != '[') return check_scalar_root();
  if (root == '{') {
    active_.push_back(&fields.root());
    if (has_paths_) active_.push_back(fields.path_root());
  }
  open(offsets[0], 0);

  std::size_t at = 1;
  bool fresh = true;  // just behind an opening bracket; else behind a value
  for (;;) {
    if (at == count) return JsonStatus::Invalid;
    const char separator = text[offsets[at]];
    Frame& frame = frames_[depth_ - 1];
    if (separator == frame.closer) {
      close(offsets[at++]);
      if (depth_ == 0) break;
      fresh = false;
      continue;
    }
    if (!fresh) {
      if (separator != ',') return JsonStatus::Invalid;
      ++at;
    }

    const std::size_t children = active_.size();
    const bool wanted = frame.active_end != frame.active_begin;
    if (frame.closer == '}') {
      if (at + 2 >= count || text[offsets[at]] != '"' || text[offsets[at + 1]] != ':')
        return JsonStatus::Invalid;
      if (wanted) {
        const std::string_view key = between(offsets[at], offsets[at + 1]);
        select_member(frame, {key.data() + 1, key.size() - 2});
      }
      at += 2;
    } else {
      if (at == count) return JsonStatus::Invalid;
      if (wanted) select_element(frame);
    }

    const char first = text[offsets[at]];
    if (first == '{' || first == '[') {
      if (!open(offsets[at], children)) return JsonStatus::TooDeep;
      fresh = true;
      ++at;
      continue;
    }
    if (at + 1 == count) return JsonStatus::Invalid;
    if (first == '"') {
      if (active_.size() != children) {
        const std::string_view value = between(offsets[at], offsets[at + 1]);
        file(children, NodeKind::String, unescaped({value.data() + 1, value.size() - 2}));
      }
    } else {
      const std::string_view value = between(offsets[at], offsets[at + 1]);
      NodeKind kind{};
      if (!classify_scalar(value, kind)) return JsonStatus::Invalid;
      if (active_.size() != children) file(children, kind, value);
    }
    if (active_.size() != children) active_.resize(children);
    fresh = false;
    ++at;
  }
  if (at != count) return JsonStatus::Invalid;
  return root == '{' ? JsonStatus::Object : JsonStatus::NotObject;
}

// Turns the log into one range of found_ for each slot that has nodes: count, place, fill.
void JsonView::State::sort_by_slot(std::size_t slots) {
  if (ranges_.size() < slots) ranges_.resize(slots);
  for (const Filed& filed : log_) {
    if (filed.slot == kNoSlot) continue;
    Range& range = ranges_[filed.slot];
    if (range.walk != walk_serial_) {
      range = {walk_serial_, kNone, 0};
      filled_.push_back(filed.slot);
    }
    ++range.end;
  }
  found_.resize(log_.size());
  std::uint32_t next = 0;
  for (const Filed& filed : log_) {
    if (filed.slot == kNoSlot) continue;
    Range& range = ranges_[filed.slot];
    if (range.begin == kNone) {  // the slot's first: its `end` still is the number of its nodes
      range.begin = next;
      next += range.end;
      range.end = range.begin;
    }
    found_[range.end++] = filed.node;
  }
}

JsonView::JsonView() : state_(std::make_unique<State>()) {}
JsonView::~JsonView() = default;
JsonView::JsonView(JsonView&&) noexcept = default;
JsonView& JsonView::operator=(JsonView&&) noexcept = default;

JsonStatus JsonView::walk(std::string_view message, const FieldTrie& fields) {
  State& state = *state_;
  ++state.walk_serial_;
  state.filled_.clear();
  JsonStatus status = state.scan(message);
  if (status == JsonStatus::NotObject) status = state.walk(fields);
  if (status == JsonStatus::Object) state.sort_by_slot(fields.slots());
  if (message.size() > kKeptCapacity)
    state.scanner_.reset();  // its offsets take four bytes for each of the message's
  return status;
}

std::span<const ArrayElement> JsonView::elements() const { return state_->elements_; }

std::span<const Slot> JsonView::filled() const { return state_->filled_; }

std::span<const JsonNode> JsonView::nodes(Slot slot) const {
  const State& state = *state_;
  if (slot >= state.ranges_.size()) return {};
  const State::Range& range = state.ranges_[slot];
  if (range.walk != state.walk_serial_) return {};
  return std::span(state.found_).subspan(range.begin, range.end - range.begin);
}

}  // namespace tocsin::event
