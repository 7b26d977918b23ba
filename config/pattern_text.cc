#include "config/pattern_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/event/json_text.h"

namespace tocsin::config {

PatternText::PatternText(const Node& map) { add(map); }

void PatternText::add(const Node& node) {
  if (node.kind == Node::Kind::Text) return add_scalar(node);
  pieces_.push_back({json_.size(), &node, false});
  switch (node.kind) {
    case Node::Kind::Text:
      break;
    case Node::Kind::Nothing:
      json_ += "null";
      break;
    case Node::Kind::Broken:
      complete_ = false;
      break;
    case Node::Kind::List: {
      json_ += '[';
      for (const Node* item : node.items) {
        if (item != node.items.front()) json_ += ',';
        add(*item);
      }
      pieces_.push_back({json_.size(), &node, false});
      json_ += ']';
      break;
    }
    case Node::Kind::Map: {
      json_ += '{';
      for (std::size_t i = 0; i < node.entries.size(); ++i) {
        if (i > 0) json_ += ',';
        add_string(*node.entries[i].key, node.entries[i].key->written);
        json_ += ':';
        add(*node.entries[i].value);
      }
      json_ += '}';
      break;
    }
  }
}

void PatternText::add_scalar(const Node& node) {
  const std::string& text = node.text;
  if (!node.document->is_plain(node)) return add_string(node, text);
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
  };
  const bool yes = is_one_of({"true", "True", "TRUE"});
  const bool no = is_one_of({"false", "False", "FALSE"});
  if (!yes && !no && !event::is_json_number(text)) return add_string(node, text);
  pieces_.push_back({json_.size(), &node, false});
  json_ += yes ? "true" : no ? "false" : text;
  constexpr std::size_t kAccountDigits = 12;
  if (text.size() == kAccountDigits &&
      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    unquoted_accounts_.push_back(&node);
  }
}

void PatternText::add_string(const Node& node, const std::string& text) {
  const std::string quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  pieces_.push_back({json_.size(), &node, quoted.size() == text.size() + 2});
  json_ += quoted;
}

PatternText::Place PatternText::place(std::size_t json_offset) const {
  const auto behind = std::ranges::upper_bound(pieces_, json_offset, {}, &Piece::begin);
  const Piece& piece = *(behind - 1);  // the first begins at 0
  if (!piece.quoted || json_offset == piece.begin) return {piece.node, 0};
  return {piece.node, std::min(json_offset - piece.begin - 1, piece.node->text.size())};
}

}  // namespace tocsin::config
