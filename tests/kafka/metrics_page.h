// The engine's page of metrics (`--metrics-listen`), as a test reads it.
#pragma once

#include <cstdint>
#include <string>

namespace tocsin::kafka_test {

// A loopback port that is free now.
[[nodiscard]] std::uint16_t free_port();

// The page at a loopback port; empty if there is no answer.
[[nodiscard]] std::string metrics_page(std::uint16_t port);

// The sum of a metric over its series; -1 if the page does not have it.
[[nodiscard]] double sum_of(const std::string& page, const std::string& name);

// How many series it has there.
[[nodiscard]] int count_of(const std::string& page, const std::string& name);

}  // namespace tocsin::kafka_test
