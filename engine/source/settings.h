// What the configuration says about a source, checked but not opened. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/decode.h"

namespace tocsin::source {

struct FileSettings {
  std::vector<std::string> paths;  // files, globs, directories (all files below)
  bool follow = false;
};

struct StdinSettings {};

struct KafkaSettings {
  std::string brokers;
  std::vector<std::string> topics;
  std::string group;
  enum class Start : std::uint8_t { Earliest, Latest, Time };  // where the group has no position
  Start start = Start::Latest;
  EventTime start_time{};  // Start::Time
  // Where to go on if the group's positions contradict those that the engine kept: nowhere, until a person
  // says which of them are right.
  enum class Positions : std::uint8_t { Undecided, State, Group };
  Positions positions = Positions::Undecided;
  std::uint64_t ahead_bytes = std::uint64_t{64} << 20;  // fetched and not read yet, by `run`
  std::map<std::string, std::string> properties;  // any librdkafka property; may hold secrets: never print
};

struct SourceSettings {
  std::string name;
  std::variant<FileSettings, StdinSettings, KafkaSettings> kind;
  event::DecodeSettings decode;  // log_group empty: the topic's name, or the source's
  Duration delay{0};             // events this late are waited for
};

}  // namespace tocsin::source
