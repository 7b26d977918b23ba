// What sources and alert topics say about Kafka in the same words: brokers, topics, properties.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "config/document.h"
#include "config/faults.h"

namespace tocsin::config {

enum class KafkaClient : std::uint8_t { Consumer, Producer };

// The `properties:` of `map`, with `NAME_file` replaced by the secret in that file. Those that are not the
// user's to set are faults.
[[nodiscard]] std::map<std::string, std::string> read_properties(const Node& map, KafkaClient client,
                                                                 Faults& faults);

// The `brokers:` of `map`, joined by commas; empty if there are none.
[[nodiscard]] std::string read_brokers(const Node& map, Faults& faults);

// Reports a text that cannot be a topic's name.
void check_topic_name(const Node& topic, Faults& faults);

// Those of a consumer's properties that say how to reach and convince a broker, which a producer on the same
// brokers needs too.
[[nodiscard]] std::map<std::string, std::string> connection_properties(
    const std::map<std::string, std::string>& properties);

}  // namespace tocsin::config
