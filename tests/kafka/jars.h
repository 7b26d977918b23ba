// Where the jars of the Kafka broker are: known once main() has fetched them.
#pragma once

#include <filesystem>

namespace tocsin::kafka_test {

[[nodiscard]] const std::filesystem::path& kafka_jars();

}  // namespace tocsin::kafka_test
