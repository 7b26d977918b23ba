// librdkafka's properties, tried without a connection: what `check` says of them before `run` opens anything.
//
// A client is configured with the same names and values, so that what is fine here is what it takes, each
// property by itself. Faults never show a value; it may be a secret. Pure but for librdkafka's own
// `plugin.library.paths`, which loads code and must not be tried. Any thread may call.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tocsin::source {

struct KafkaPropertyFault {
  bool unknown = false;  // there is no such property; else its value is refused
  std::string allowed;   // the values that are taken, as librdkafka lists them; may be empty
};

[[nodiscard]] std::optional<KafkaPropertyFault> kafka_property_fault(const std::string& name,
                                                                     const std::string& value);

// The names of all properties that a text can set.
[[nodiscard]] std::vector<std::string> kafka_property_names();

}  // namespace tocsin::source
