// JsonView against the plain reader: random texts, valid ones and broken ones, random selectors, the same
// nodes.
#include <gtest/gtest.h>

#include <random>
#include <string>
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

}  // namespace
}  // namespace tocsin::event
