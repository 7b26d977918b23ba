// Reads typed values out of a document.
//
// Two steps, so that each fault is said once: check() compares a tree with its grammar and reports every key
// and type that is wrong; the readers below then give a value, or nothing where there is none or where
// check() has complained already.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/faults.h"
#include "config/grammar.h"
#include "engine/base/time.h"

namespace tocsin::config {

// Reports what in `map` is not as `grammar` says: unknown keys, missing ones, wrong types. `place` is where a
// missing key is reported, the name of the thing. False: it is not even a map.
bool check(const Node& map, const ObjectGrammar& grammar, const Node& place, Faults& faults);

// The values of a map. Absent keys and wrong types are all nothing.
[[nodiscard]] const Node* read_text(const Node& map, std::string_view key);  // a Text node
[[nodiscard]] const Node* read_map(const Node& map, std::string_view key);   // a Map node
[[nodiscard]] std::optional<double> read_number(const Node& map, std::string_view key);
[[nodiscard]] std::optional<std::uint32_t> read_integer(const Node& map, std::string_view key);
[[nodiscard]] std::optional<bool> read_boolean(const Node& map, std::string_view key);
[[nodiscard]] std::optional<Duration> read_duration(const Node& map, std::string_view key);
// The texts of a list, or the one text that stands in its place. A text that stands twice is reported and
// left out.
[[nodiscard]] std::vector<const Node*> read_texts(const Node& map, std::string_view key, Faults& faults);

// A key or text as messages quote it: in backticks, not too long, and never what a variable stands for.
[[nodiscard]] std::string quoted(const Node& node);
// A part of a text; where that is not all as it was written, the whole.
[[nodiscard]] std::string quoted(const Node& node, std::string_view part);

}  // namespace tocsin::config
