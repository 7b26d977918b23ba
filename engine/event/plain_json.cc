#include "engine/event/plain_json.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/event/reject.h"

namespace tocsin::event {
namespace {

void append_character(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<PlainJson> read() {
    PlainJson root;
    skip_white();
    if (!value(root, 1)) return std::nullopt;
    skip_white();
    if (at_ != text_.size()) return std::nullopt;
    return root;
  }

 private:
  [[nodiscard]] bool done() const { return at_ == text_.size(); }

  void skip_white() {
    while (!done() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool value(PlainJson& node, std::size_t depth) {
    const std::size_t begin = at_;
    if (done()) return false;
    bool good = false;
    switch (text_[at_]) {
      case '"':
        node.kind = NodeKind::String;
        return string(node.text);
      case '{':
        node.kind = NodeKind::Object;
        good = object(node, depth);
        break;
      case '[':
        node.kind = NodeKind::Array;
        good = array(node, depth);
        break;
      case 't':
        node.kind = NodeKind::Boolean;
        good = word("true");
        break;
      case 'f':
        node.kind = NodeKind::Boolean;
        good = word("false");
        break;
      case 'n':
        node.kind = NodeKind::Null;
        good = word("null");
        break;
      default:
        node.kind = NodeKind::Number;
        good = number();
    }
    node.text = text_.substr(begin, at_ - begin);
    return good;
  }

  bool object(PlainJson& node, std::size_t depth) {
    if (depth > kMaxDepth) return false;
    ++at_;
    skip_white();
    if (take('}')) return true;
    do {
      skip_white();
      std::string key;
      if (done() || text_[at_] != '"' || !string(key)) return false;
      skip_white();
      if (!take(':')) return false;
      skip_white();
      PlainJson member;
      if (!value(member, depth + 1)) return false;
      if (const auto earlier = std::ranges::find(node.keys, key); earlier != node.keys.end()) {
        node.children.erase(node.children.begin() + (earlier - node.keys.begin()));
        node.keys.erase(earlier);
      }
      node.keys.push_back(std::move(key));
      node.children.push_back(std::move(member));
      skip_white();
    } while (take(','));
    return take('}');
  }

  bool array(PlainJson& node, std::size_t depth) {
    if (depth > kMaxDepth) return false;
    ++at_;
    skip_white();
    if (take(']')) return true;
    do {
      skip_white();
      if (!value(node.children.emplace_back(), depth + 1)) return false;
      skip_white();
    } while (take(','));
    return take(']');
  }

  bool digits() {
    const std::size_t begin = at_;
    while (!done() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ != begin;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return true;
  }

  bool hex4(std::uint32_t& code) {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      if (done()) return false;
      const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(text_[at_++]);
      if (digit == std::string_view::npos) return false;
      code = code * 16 + static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
    }
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    while (!done()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (done()) return false;
      const char escape = text_[at_++];
      const std::size_t simple = std::string_view("\"\\/bfnrt").find(escape);
      if (simple != std::string_view::npos) {
        out += "\"\\/\b\f\n\r\t"[simple];
      } else if (escape != 'u' || !unicode(out)) {
        return false;
      }
    }
    return false;
  }

  // Behind `\u`.
  bool unicode(std::string& out) {
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xD800 && code <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
      const std::size_t before = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!hex4(low)) return false;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        append_character(0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00), out);
        return true;
      }
      at_ = before;  // it is a character of its own
    }
    append_character(code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code, out);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<PlainJson> read_plain_json(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  return Reader(text).read();
}

namespace {

// Whether `step` leads from `node` to its child `index`.
bool is_step_to(const SelectorStep& step, const PlainJson& node, std::size_t index) {
  if (node.kind == NodeKind::Object) {
    return step.kind == SelectorStep::Kind::AnyMember ||
           (step.kind == SelectorStep::Kind::Name && step.name == node.keys[index]);
  }
  return step.kind == SelectorStep::Kind::AnyElement ||
         (step.kind == SelectorStep::Kind::Index && step.index == index);
}

}  // namespace

std::vector<const PlainJson*> select(const PlainJson& root, const Selector& selector) {
  std::vector<const PlainJson*> nodes{&root};
  for (const SelectorStep& step : selector.steps) {
    std::vector<const PlainJson*> next;
    for (const PlainJson* node : nodes) {
      for (std::size_t i = 0; i < node->children.size(); ++i) {
        if (is_step_to(step, *node, i)) next.push_back(&node->children[i]);
      }
    }
    nodes = std::move(next);
  }
  return nodes;
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    std::size_t length = 1;
    std::uint32_t code = lead;
    std::uint32_t smallest = 0;
    if (lead >= 0xF0 && lead <= 0xF7) {
      length = 4;
      code = lead & 0x07U;
      smallest = 0x10000;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      code = lead & 0x0FU;
      smallest = 0x800;
    } else if (lead >= 0xC0 && lead <= 0xDF) {
      length = 2;
      code = lead & 0x1FU;
      smallest = 0x80;
    } else if (lead >= 0x80) {
      return false;
    }
    if (text.size() - at < length) return false;
    for (std::size_t i = 1; i < length; ++i) {
      const auto tail = static_cast<unsigned char>(text[at + i]);
      if ((tail & 0xC0) != 0x80) return false;
      code = code << 6 | (tail & 0x3FU);
    }
    if (code < smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    at += length;
  }
  return true;
}

}  // namespace tocsin::event
