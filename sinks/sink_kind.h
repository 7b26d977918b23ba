// The kinds of sinks, as the configuration knows them.
//
// A sink is one file that declares its options and how to make it, and one row in builtin_sinks.cc. The
// configuration checks values against the options (and generates the editor's schema from them), so a sink
// sees only checked texts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/notify/sink.h"

namespace tocsin::sinks {

struct SinkOption {
  enum class Type : std::uint8_t {
    Text,
    Texts,     // a list, or one text in its place
    Map,       // of texts
    Duration,  // "15s"; checked, and kept as its text
  };
  std::string_view name;
  Type type = Type::Text;
  bool required = false;
  bool secret = false;           // may also be given as NAME_file; a Map's values may be secrets, too
  std::string_view description;  // one sentence, for the schema
  std::span<const std::string_view> choices{};  // of a Text; empty: any text
  std::string_view section{};  // of the top level: gives the value for all sinks that do not; empty: none
  bool is_where = false;       // says where it goes: with another value it is another destination
};

// The values of a subscription's options: checked against the kind's, secrets resolved.
struct SinkSettings {
  std::string kind;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::map<std::string, std::string>> maps;
  std::map<std::string, std::vector<std::string>> lists{};
};

// What is wrong with settings beyond the shape of each value. Shows no value of a setting.
struct SinkRemark {
  enum class Severity : std::uint8_t { Error, Warning };
  Severity severity = Severity::Error;
  std::string_view option;          // where it is said; if that is not given, at the kind
  std::optional<std::size_t> item;  // of a list: which of its texts
  std::string text;
  std::string hint;
};

struct SinkKind {
  std::string_view name;           // the key of a subscription: "console"
  std::string_view scalar_option;  // `kafka: NAME` is short for this option; empty: a map is needed
  std::span<const SinkOption> options;
  std::unique_ptr<notify::Sink> (*make)(const SinkSettings& settings);
  // Found without opening anything. None: nothing can be told beforehand.
  std::vector<SinkRemark> (*review)(const SinkSettings& settings) = nullptr;
};

// The destination of a subscription: the same for the same kind and place, whatever else the settings say, and no
// secret can be read from it. "file:8d0c…"; of a kind that has one place only, the kind.
[[nodiscard]] std::string address_of(const SinkSettings& settings);

// The table of all kinds.
[[nodiscard]] std::span<const SinkKind> builtin_sinks();
[[nodiscard]] const SinkKind* find_sink(std::string_view name);

}  // namespace tocsin::sinks
