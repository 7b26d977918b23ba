// The kinds of sinks, as the configuration knows them.
//
// A sink is one file that declares its options and how to make it, and one row in builtin_sinks.cc. The
// configuration checks values against the options (and generates the editor's schema from them), so a sink
// sees only checked texts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/notify/sink.h"

namespace tocsin::sinks {

struct SinkOption {
  enum class Type : std::uint8_t { Text, Map };  // Map: of texts
  std::string_view name;
  Type type = Type::Text;
  bool required = false;
  bool secret = false;           // may also be given as NAME_file; a Map's values may be secrets, too
  std::string_view description;  // one sentence, for the schema
  std::span<const std::string_view> choices{};  // of a Text; empty: any text
};

// The values of a subscription's options: checked against the kind's, secrets resolved.
struct SinkSettings {
  std::string kind;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::map<std::string, std::string>> maps;
};

struct SinkKind {
  std::string_view name;           // the key of a subscription: "console"
  std::string_view scalar_option;  // `kafka: NAME` is short for this option; empty: a map is needed
  std::span<const SinkOption> options;
  std::unique_ptr<notify::Sink> (*make)(const SinkSettings& settings);
  // What would keep a sink of these settings from working here and now, found without opening anything; empty
  // if nothing is. Shows no value of a setting. None: nothing can be told beforehand.
  std::string (*find_obstacle)(const SinkSettings& settings) = nullptr;
};

// The table of all kinds.
[[nodiscard]] std::span<const SinkKind> builtin_sinks();
[[nodiscard]] const SinkKind* find_sink(std::string_view name);

}  // namespace tocsin::sinks
