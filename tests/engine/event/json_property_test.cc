// JsonView against the plain reader: random texts, valid ones and broken ones, random selectors, the same
// nodes.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"
#include "engine/event/plain_json.h"

namespace tocsin::event {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <typename T>
  const T& of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> kKeys{"a", "b", "c", "eventName", "errorCode", "x.y", ""};
const std::vector<std::string> kWrittenKeys{R"("a")",         R"("b")",   R"("c")",      R"("eventName")",
                                            R"("errorCode")", R"("x.y")", R"("\u0061")", R"("")",
                                            R"("eventNam")",  R"("b\n")", R"("\ud83d")"};
const std::vector<std::string> kScalars{"1",
                                        "-0",
                                        "1e5",
                                        "12345678901234567890",
                                        "true",
                                        "false",
                                        "null",
                                        "\"\"",
                                        "\"x\"",
                                        R"("\\\"")",
                                        R"("\ud83d\ude00é")",
                                        R"("\ude00")",
                                        "\"long text with a , and a }\""};
const std::vector<std::string> kSpaces{"", "", "", " ", "\n\t", "\r\n  "};

std::string random_value(Random& random, int depth) {
  const std::size_t kind = depth == 0 ? 0 : random.below(4);
  if (kind <= 1) return random.of(kScalars);
  const bool object = kind == 2;
  std::string out = object ? "{" : "[";
  const std::size_t size = random.below(5);
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out += ",";
    out += random.of(kSpaces);
    if (object) out += random.of(kWrittenKeys) + random.of(kSpaces) + ":" + random.of(kSpaces);
    out += random_value(random, depth - 1) + random.of(kSpaces);
  }
  return out + (object ? "}" : "]");
}

std::string random_object(Random& random) {
  std::string out = random.of(kSpaces) + "{";
  const std::size_t size = random.below(6);
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out += ",";
    out += random.of(kWrittenKeys) + ":" + random_value(random, 4);
  }
  return out + "}" + random.of(kSpaces);
}

// Changes, drops or adds a byte or two, of those that matter.
void damage(std::string& text, Random& random) {
  const std::string bytes = "{}[]:,\"\\ \n\ttrue0-1e.u\x01\xC3\xFF\x0c";
  for (std::size_t i = 0; i <= random.below(2) && !text.empty(); ++i) {
    const std::size_t at = random.below(text.size());
    switch (random.below(3)) {
      case 0:
        text[at] = bytes[random.below(bytes.size())];
        break;
      case 1:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, 1, bytes[random.below(bytes.size())]);
    }
  }
}

Selector random_selector(Random& random) {
  Selector selector;
  bool wildcard = false;
  do {
    SelectorStep step;
    const std::size_t kind = random.below(wildcard ? 4 : 6);
    if (kind <= 2) {
      step.name = random.of(kKeys);
    } else if (kind == 3) {
      step.kind = SelectorStep::Kind::Index;
      step.index = static_cast<std::uint32_t>(random.below(3));
    } else {
      step.kind = kind == 4 ? SelectorStep::Kind::AnyElement : SelectorStep::Kind::AnyMember;
      wildcard = true;
    }
    selector.steps.push_back(std::move(step));
  } while (random.below(5) < 3);
  return selector;
}

TEST(JsonViewProperty, FindsWhatThePlainReaderFinds) {
  Random random(20261121);
  JsonView view;
  std::size_t objects = 0;
  std::size_t broken = 0;
  for (int round = 0; round < 20'000; ++round) {
    FieldTrie fields;
    std::vector<Selector> selectors;
    std::vector<Slot> slots;
    for (std::size_t i = 0; i <= random.below(6); ++i) {
      selectors.push_back(random_selector(random));
      slots.push_back(fields.add(selectors.back()));
    }
    std::string message = random.one_in(8) ? random_value(random, 3) : random_object(random);
    if (random.one_in(2)) damage(message, random);

    const JsonStatus status = view.walk(message, fields);
    const auto plain = read_plain_json(message);
    const bool is_object = plain && plain->kind == NodeKind::Object;
    ASSERT_EQ(status == JsonStatus::Object, is_object) << message;
    ASSERT_EQ(status == JsonStatus::NotObject, plain && !is_object) << message;
    ASSERT_EQ(status == JsonStatus::BadUtf8, !is_utf8(message)) << message;
    ++(is_object ? objects : broken);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const auto nodes = view.nodes(slots[i]);
      const auto expected = is_object ? select(*plain, selectors[i]) : std::vector<const PlainJson*>{};
      ASSERT_EQ(nodes.size(), expected.size()) << message;
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        ASSERT_EQ(nodes[n].kind, expected[n]->kind) << message;
        ASSERT_EQ(nodes[n].text, expected[n]->text) << message;
      }
    }
  }
  EXPECT_GT(objects, 8'000U);
  EXPECT_GT(broken, 2'000U);
}

const std::vector<std::string> kBehind{" ", "}", ",", "{}", "1", "]"};

// --- many messages that are almost the same -------------------------------------------------------------

// Members mostly in the order of `keys`, objects mostly where the key is of even length: now and then
// something else.
std::string similar_object(Random& random, int depth, const std::vector<std::string>& keys) {
  std::string out = "{";
  for (const std::string& key : keys) {
    if (random.one_in(12)) continue;
    if (out.size() > 1) out += random.one_in(40) ? ", " : ",";
    out += random.one_in(30) ? random.of(kWrittenKeys) : "\"" + key + "\"";
    out += random.one_in(40) ? " :" : ":";
    if (depth > 0 && (key.size() % 2 == 0) != random.one_in(10)) {
      out += similar_object(random, depth - 1, keys);
    } else {
      out += random.one_in(6) ? random_value(random, 3) : random.of(kScalars);
    }
  }
  return out + "}";
}

struct Walked {
  JsonStatus status = JsonStatus::Invalid;
  std::vector<JsonNode> nodes;
  std::vector<ArrayElement> elements;
};

Walked walked(JsonView& view, std::string_view message, const FieldTrie& fields) {
  Walked found{view.walk(message, fields), {}, {}};
  for (Slot slot = 0; slot < fields.slots(); ++slot) {
    for (const JsonNode& node : view.nodes(slot)) {
      EXPECT_EQ(node.slot, slot);
      found.nodes.push_back(node);
    }
  }
  EXPECT_EQ(found.nodes.size(), view.nodes().size());
  found.elements.assign(view.elements().begin(), view.elements().end());
  return found;
}

// A view that knows what keys came before finds what one does that knows nothing, where nodes stand in arrays
// included.
TEST(JsonViewProperty, WhatCameBeforeChangesNothing) {
  Random random(20261130);
  const std::vector<std::string> names{"a",        "b",      "c",    "eventName", "errorCode", "userIdentityOfASession",
                                       "d.e",      "k",      "x",    "sessionId", "eightabc",  "sixteenlettersab",
                                       "seventeenletters!"};
  std::size_t objects = 0;
  for (int round = 0; round < 150; ++round) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < 3 + random.below(5); ++i) keys.push_back(random.of(names));
    std::vector<FieldTrie> tries(1 + random.below(5));
    for (FieldTrie& fields : tries) {
      for (std::size_t i = 0; i <= random.below(8); ++i) {
        std::string path = random.of(keys);
        while (random.below(3) == 0) path += "." + random.of(keys);
        if (random.below(3) != 0) {
          fields.add_path(path);
        } else if (random.below(4) == 0) {
          fields.add(random_selector(random));
        } else {
          Selector selector;
          do {
            selector.steps.push_back({SelectorStep::Kind::Name, random.of(keys), 0});
          } while (random.one_in(2));
          fields.add(selector);
        }
      }
    }
    JsonView view;
    for (int i = 0; i < 200; ++i) {
      std::string message = similar_object(random, 2, keys);
      if (random.one_in(5)) damage(message, random);
      if (random.one_in(20)) message += random.of(kBehind);
      const std::vector<char> tight(message.begin(), message.end());  // a byte beyond is nobody's
      const std::string_view text(tight.data(), tight.size());
      const FieldTrie& fields = tries[random.below(tries.size())];
      JsonView fresh;
      const Walked first = walked(fresh, text, fields);
      const Walked again = walked(view, text, fields);
      ASSERT_EQ(again.status, first.status) << message;
      if (first.status != JsonStatus::Object) continue;
      ++objects;
      ASSERT_EQ(again.nodes.size(), first.nodes.size()) << message;
      for (std::size_t n = 0; n < first.nodes.size(); ++n) {
        ASSERT_EQ(again.nodes[n].kind, first.nodes[n].kind) << message;
        ASSERT_EQ(again.nodes[n].text, first.nodes[n].text) << message;
        ASSERT_EQ(again.nodes[n].element, first.nodes[n].element) << message;
        ASSERT_EQ(again.nodes[n].slot, first.nodes[n].slot) << message;
      }
      ASSERT_EQ(again.elements.size(), first.elements.size()) << message;
      // The numbers of arrays are the view's own; which elements are of one array is not.
      std::map<std::uint32_t, std::uint32_t> arrays;
      for (std::size_t n = 0; n < first.elements.size(); ++n) {
        ASSERT_EQ(again.elements[n].outer, first.elements[n].outer) << message;
        const auto [at, is_new] = arrays.emplace(first.elements[n].array, again.elements[n].array);
        ASSERT_EQ(at->second, again.elements[n].array) << message;
      }
    }
    // With one field more, or none, what was learned is of no use.
    FieldTrie& fields = tries.front();
    fields.add_path("k");
    const std::string message = similar_object(random, 2, keys);
    JsonView fresh;
    ASSERT_EQ(walked(view, message, fields).nodes.size(), walked(fresh, message, fields).nodes.size());
  }
  EXPECT_GT(objects, 15'000U);
}

// More orders of keys than there is room for, one of them again and again.
TEST(JsonViewProperty, AMemoryThatIsFullChangesNothing) {
  Random random(20261128);
  FieldTrie fields;
  for (const char* const path : {"k3", "k70.k5", "first", "deep.er"}) fields.add_path(path);
  const auto message = [&](std::size_t number) {
    std::string out = "{\"first\":" + std::to_string(number);
    // No more than a place has room for, so that what comes behind is learned.
    for (std::size_t rest = number; rest > 0; rest /= 7)
      out += ",\"way" + std::to_string(rest % 7) + "\":" + random.of(kScalars);
    for (std::size_t i = 0; i < 700; ++i)
      out += ",\"k" + std::to_string(i * (1 + number)) + "\":{\"k5\":" + random.of(kScalars) + "}";
    return out + R"(,"deep":{"er":[1,{"x":2}]}})";
  };
  JsonView view;
  for (std::size_t number = 0; number < 150; ++number) {
    for (std::size_t turn = 0; turn < 25; ++turn) {
      const std::string text = message(turn % 12 == 0 ? number : 1);
      JsonView fresh;
      const Walked first = walked(fresh, text, fields);
      const Walked again = walked(view, text, fields);
      ASSERT_EQ(first.status, JsonStatus::Object);
      ASSERT_EQ(again.status, first.status);
      ASSERT_EQ(again.nodes.size(), first.nodes.size());
      for (std::size_t n = 0; n < first.nodes.size(); ++n) {
        ASSERT_EQ(again.nodes[n].text, first.nodes[n].text);
        ASSERT_EQ(again.nodes[n].slot, first.nodes[n].slot);
      }
    }
  }
}

}  // namespace
}  // namespace tocsin::event
