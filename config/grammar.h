// The grammar of a configuration: which keys stand where, and what their values look like.
//
//   grammar --check()--> faults of keys and types        (reader.h)
//           --json_schema()--> what an editor knows      (schema.cc)
//
// One table for both, so that they cannot disagree. What goes beyond the shape of a single value (patterns,
// references, numbers that must fit each other) is the sections' own business (sections.h). Constants; any
// thread may read them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tocsin::config {

// What a value may look like; a key may allow several.
using Shapes = std::uint32_t;
inline constexpr Shapes kText = 1;            // one of Key::choices, if there are any
inline constexpr Shapes kNumber = 2;          // finite
inline constexpr Shapes kInteger = 4;         // Key::minimum and up
inline constexpr Shapes kBoolean = 8;         // true or false
inline constexpr Shapes kDuration = 16;       // 30s, 5m, 1h30m
inline constexpr Shapes kTexts = 32;          // a list of texts
inline constexpr Shapes kTextMap = 64;        // text to text
inline constexpr Shapes kObject = 128;        // the keys of Key::object
inline constexpr Shapes kNamedObjects = 256;  // names of the user's own, each an object
inline constexpr Shapes kObjects = 512;       // a list of objects
inline constexpr Shapes kEmpty = 1024;        // nothing at all
inline constexpr Shapes kAnyMap = 2048;       // a map with a language of its own: its section reads it

struct ObjectGrammar;

struct Key {
  std::string_view name;
  Shapes shapes = kText;
  std::string_view description;           // one sentence, for editors
  const ObjectGrammar* object = nullptr;  // kObject, kNamedObjects, kObjects
  bool required = false;
  std::span<const std::string_view> choices{};
  std::uint32_t minimum = 0;     // kInteger
  std::string_view pattern{};    // kText: a regex for the schema; the section checks it in words
  std::string_view hint{};       // where the type is wrong
  std::string_view example{};    // required: a line that could be added
};

struct ObjectGrammar {
  std::string_view noun;  // "a metric filter"
  std::span<const Key> keys;
  std::span<const std::string_view> one_of{};  // of these keys exactly one is given
  std::string_view none_hint{};                // where none is
  std::string_view several_hint{};             // where several are

  [[nodiscard]] const Key* find(std::string_view name) const;
};

[[nodiscard]] const ObjectGrammar& configuration_grammar();
[[nodiscard]] const ObjectGrammar& source_grammar();
[[nodiscard]] const ObjectGrammar& filter_grammar();
[[nodiscard]] const ObjectGrammar& alarm_grammar();
[[nodiscard]] const ObjectGrammar& topic_grammar();
[[nodiscard]] const ObjectGrammar& dead_letter_grammar();
// What all mail shares.
[[nodiscard]] const ObjectGrammar& smtp_grammar();
// One entry of `subscriptions:`: a key for each kind of sink.
[[nodiscard]] const ObjectGrammar& subscription_grammar();

// CloudWatch's units.
[[nodiscard]] std::span<const std::string_view> units();

}  // namespace tocsin::config
