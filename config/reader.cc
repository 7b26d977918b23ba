#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "config/characters.h"
#include "engine/base/number.h"

namespace tocsin::config {
namespace {

std::string in_backticks(std::string_view text) {
  constexpr std::size_t kLongest = 60;  // characters
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size() && count < kLongest; ++count) {
    end += std::max<std::size_t>(sequence_length(text, end), 1);
  }
  return fmt::format("`{}{}`", text.substr(0, end), end < text.size() ? "…" : "");
}

std::string_view describe_kind(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Nothing:
      return "nothing";
    case Node::Kind::Text:
      return "text";
    case Node::Kind::List:
      return "a list";
    case Node::Kind::Map:
      return "a map";
    case Node::Kind::Broken:
      break;
  }
  return "something broken";
}

std::string describe_shapes(const Key& key) {
  static constexpr std::array<std::pair<Shapes, std::string_view>, 9> kWords{
      {{kNumber, "a number"},
       {kInteger, "a whole number"},
       {kBoolean, "true or false"},
       {kDuration, "a duration"},
       {kText, "text"},
       {kTexts, "a list"},
       {kObjects, "a list"},
       {kTextMap | kObject | kAnyMap, "a map"},
       {kNamedObjects, "a map of names"}}};
  std::vector<std::string_view> words;
  for (const auto& [shapes, word] : kWords) {
    if ((key.shapes & shapes) != 0) words.push_back(word);
  }
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::optional<std::uint32_t> parse_integer(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::vector<std::string_view> key_names(const ObjectGrammar& grammar) {
  std::vector<std::string_view> names;
  for (const Key& key : grammar.keys) names.push_back(key.name);
  return names;
}

std::string list_keys(const ObjectGrammar& grammar) {
  std::string names;
  for (const Key& key : grammar.keys) {
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", key.name);
  }
  return names.empty() ? fmt::format("{} has no keys", grammar.noun) : fmt::format("known here: {}", names);
}

std::string list_choices(const Key& key) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (const std::string_view choice : key.choices.first(std::min(kShown, key.choices.size()))) {
    out += fmt::format("{}`{}`", out.empty() ? "one of " : ", ", choice);
  }
  return key.choices.size() > kShown ? out + ", …" : out;
}

// A key that is unknown here: what may have been meant.
std::string hint_for_key(std::string_view name, const ObjectGrammar& grammar) {
  if (std::string hint = did_you_mean(name, key_names(grammar)); !hint.empty()) return hint;
  for (const Key& key : grammar.keys) {
    if ((key.shapes & kObject) != 0 && key.object != nullptr && key.object->find(name) != nullptr) {
      return fmt::format("`{}` belongs in `{}`", name, key.name);
    }
  }
  return list_keys(grammar);
}

void check_choice(const Node& node, const Key& key, Faults& faults) {
  const std::vector<std::string_view> choices(key.choices.begin(), key.choices.end());
  if (choices.empty() || std::ranges::find(choices, node.text) != choices.end()) return;
  std::string hint = did_you_mean(node.text, choices);
  if (hint.empty()) hint = list_choices(key);
  if (key.name == "statistic" && node.text.size() > 1 &&
      (node.text[0] == 'p' || node.text.starts_with("tm")) &&
      parse_number(std::string_view(node.text).substr(node.text[0] == 'p' ? 1 : 2))) {
    faults.error(node, fmt::format("the statistic {} is not built yet", quoted(node)),
                 "use `SampleCount`, `Average`, `Sum`, `Minimum` or `Maximum`");
    return;
  }
  faults.error(node, fmt::format("{} is no {}", quoted(node), key.name), std::move(hint));
}

void check_scalar(const Node& node, const Key& key, Faults& faults) {
  const auto refuse = [&](std::string hint) {
    if (!key.hint.empty()) hint = key.hint;
    faults.error(node,
                 fmt::format("`{}`: expected {}, found {}", key.name, describe_shapes(key), quoted(node)),
                 std::move(hint));
  };
  if ((key.shapes & kText) != 0) {
    check_choice(node, key, faults);
  } else if ((key.shapes & kInteger) != 0) {
    const auto value = parse_integer(node.text);
    if (!value) {
      refuse(fmt::format("a whole number from {} to {}", key.minimum, UINT32_MAX));
    } else if (*value < key.minimum) {
      faults.error(node,
                   fmt::format("`{}` must be at least {}, not {}", key.name, key.minimum, quoted(node)));
    }
  } else if ((key.shapes & kNumber) != 0) {
    if (!parse_number(node.text)) refuse("write it like `10`, `-0.5` or `1e6`");
  } else if ((key.shapes & kBoolean) != 0) {
    const bool yes = node.text == "yes" || node.text == "on" || node.text == "y";
    const bool no = node.text == "no" || node.text == "off" || node.text == "n";
    if (!parse_boolean(node.text)) refuse(yes ? "write `true`" : no ? "write `false`" : "");
  } else if ((key.shapes & kDuration) != 0) {
    if (!parse_duration(node.text)) refuse("write it like `30s`, `5m`, `1h30m` or `1d`");
  } else {
    refuse({});
  }
}

void check_value(const Node& name, const Node& value, const Key& key, Faults& faults) {
  const auto refuse = [&](const Node& node) {
    std::string hint(key.hint);
    if (hint.empty() && !key.choices.empty()) hint = list_choices(key);
    if (hint.empty() && (key.shapes & kObject) != 0) hint = list_keys(*key.object);
    const bool missing = node.kind == Node::Kind::Nothing;
    faults.error(
        missing ? name : node,
        fmt::format("`{}`: expected {}, found {}", key.name, describe_shapes(key), describe_kind(node)),
        std::move(hint));
  };
  constexpr Shapes kScalars = kText | kNumber | kInteger | kBoolean | kDuration;
  switch (value.kind) {
    case Node::Kind::Broken:
      return;
    case Node::Kind::Nothing:
      if ((key.shapes & kEmpty) == 0) refuse(value);
      return;
    case Node::Kind::Text:
      if ((key.shapes & kScalars) != 0) {
        check_scalar(value, key, faults);
      } else {
        refuse(value);
      }
      return;
    case Node::Kind::List:
      if ((key.shapes & kTexts) != 0) {
        for (const Node* item : value.items) {
          if (item->kind == Node::Kind::Broken || item->kind == Node::Kind::Text) continue;
          faults.error(
              *item, fmt::format("`{}`: expected text in the list, found {}", key.name, describe_kind(*item)),
              std::string(key.hint));
        }
      } else if ((key.shapes & kObjects) != 0) {
        for (const Node* item : value.items) check(*item, *key.object, *item, faults);
      } else {
        refuse(value);
      }
      return;
    case Node::Kind::Map:
      if ((key.shapes & kObject) != 0) {
        check(value, *key.object, name, faults);
      } else if ((key.shapes & kTextMap) != 0) {
        for (const Entry& entry : value.entries) {
          if (entry.value->kind == Node::Kind::Broken || entry.value->kind == Node::Kind::Text) continue;
          faults.error(
              entry.value->kind == Node::Kind::Nothing ? *entry.key : *entry.value,
              fmt::format("{}: expected text, found {}", quoted(*entry.key), describe_kind(*entry.value)));
        }
      } else if ((key.shapes & kAnyMap) != 0) {
        return;
      } else if ((key.shapes & kNamedObjects) != 0) {
        for (const Entry& entry : value.entries) check(*entry.value, *key.object, *entry.key, faults);
        for (const Entry& entry : value.repeated) check(*entry.value, *key.object, *entry.key, faults);
      } else {
        refuse(value);
      }
      return;
  }
}

const Node* find_kind(const Node& map, std::string_view key, Node::Kind kind) {
  if (map.kind != Node::Kind::Map) return nullptr;
  const Node* value = map.find(key);
  return value != nullptr && value->kind == kind ? value : nullptr;
}

bool is_mistyped(const Node& map, const ObjectGrammar& grammar, std::string_view name) {
  // A mistyped key has been reported, and is most likely the one that is missing.
  return std::ranges::any_of(map.entries, [&](const Entry& entry) {
    return grammar.find(entry.key->written) == nullptr &&
           nearest(entry.key->written, key_names(grammar)) == name;
  });
}

// Exactly one of the keys that exclude each other must be there.
void check_one_of(const Node& map, const ObjectGrammar& grammar, const Node& place, Faults& faults) {
  const Node* first = nullptr;
  for (const Entry& entry : map.entries) {
    if (std::ranges::find(grammar.one_of, entry.key->written) == grammar.one_of.end()) continue;
    if (first == nullptr) {
      first = entry.key;
    } else {
      faults.error(*entry.key,
                   fmt::format("both `{}` and `{}` are given", first->written, entry.key->written),
                   std::string(grammar.several_hint));
    }
  }
  const auto mistyped = [&](std::string_view name) { return is_mistyped(map, grammar, name); };
  if (first != nullptr || std::ranges::any_of(grammar.one_of, mistyped)) return;
  std::string names;
  for (const std::string_view name : grammar.one_of) {
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", name);
  }
  faults.error(place, fmt::format("{} needs one of {}", grammar.noun, names), std::string(grammar.none_hint));
}

}  // namespace

bool check(const Node& map, const ObjectGrammar& grammar, const Node& place, Faults& faults) {
  if (map.kind == Node::Kind::Broken) return false;
  if (map.kind != Node::Kind::Map) {
    faults.error(map.kind == Node::Kind::Nothing ? place : map,
                 fmt::format("expected {}, which is a map, found {}", grammar.noun, describe_kind(map)));
    return false;
  }
  for (const Entry& entry : map.entries) {
    const Key* key = grammar.find(entry.key->written);
    if (key == nullptr) {
      faults.error(*entry.key, fmt::format("unknown key {}", quoted(*entry.key)),
                   hint_for_key(entry.key->written, grammar));
    } else {
      check_value(*entry.key, *entry.value, *key, faults);
    }
  }
  for (const Entry& entry : map.repeated) {
    const Key* key = grammar.find(entry.key->written);
    if (key != nullptr) check_value(*entry.key, *entry.value, *key, faults);
  }
  for (const Key& key : grammar.keys) {
    if (!key.required || map.find(key.name) != nullptr) continue;
    if (is_mistyped(map, grammar, key.name)) continue;
    faults.error(
        place, fmt::format("{} needs `{}`", grammar.noun, key.name),
        key.example.empty() ? std::string(key.description) : fmt::format("for example `{}`", key.example));
  }
  if (!grammar.one_of.empty()) check_one_of(map, grammar, place, faults);
  return true;
}

const Node* read_text(const Node& map, std::string_view key) { return find_kind(map, key, Node::Kind::Text); }

const Node* read_map(const Node& map, std::string_view key) { return find_kind(map, key, Node::Kind::Map); }

std::optional<double> read_number(const Node& map, std::string_view key) {
  const Node* node = read_text(map, key);
  return node == nullptr ? std::nullopt : parse_number(node->text);
}

std::optional<std::uint32_t> read_integer(const Node& map, std::string_view key) {
  const Node* node = read_text(map, key);
  return node == nullptr ? std::nullopt : parse_integer(node->text);
}

std::optional<bool> read_boolean(const Node& map, std::string_view key) {
  const Node* node = read_text(map, key);
  return node == nullptr ? std::nullopt : parse_boolean(node->text);
}

std::optional<Duration> read_duration(const Node& map, std::string_view key) {
  const Node* node = read_text(map, key);
  return node == nullptr ? std::nullopt : parse_duration(node->text);
}

std::vector<const Node*> read_texts(const Node& map, std::string_view key, Faults& faults) {
  if (const Node* one = read_text(map, key)) return {one};
  const Node* list = find_kind(map, key, Node::Kind::List);
  if (list == nullptr) return {};
  std::vector<const Node*> texts;
  std::map<std::string_view, const Node*> seen;
  for (const Node* item : list->items) {
    if (item->kind != Node::Kind::Text) continue;
    if (!seen.emplace(item->text, item).second) {
      faults.error(*item, fmt::format("{} stands twice in `{}`", quoted(*item), key), "remove one of them");
    } else {
      texts.push_back(item);
    }
  }
  return texts;
}

std::string quoted(const Node& node) { return in_backticks(node.document->shown(node)); }

std::string quoted(const Node& node, std::string_view part) {
  const bool as_written = node.document->shown(node) == node.text;
  return as_written ? in_backticks(part) : quoted(node);
}

}  // namespace tocsin::config
