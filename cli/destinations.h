// Where a configuration's notifications and dead letters go, ready for a notify::Delivery.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/load.h"
#include "engine/notify/notification.h"
#include "engine/notify/sink.h"
#include "engine/runtime/live.h"

namespace tocsin::cli {

struct Destinations {
  std::vector<notify::TopicDefinition> topics;  // the plan's; behind them that of the dead letters
  std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks;
  std::optional<runtime::DeadLetterRoute> dead_letters;
};

// Those of the plan's topics.
[[nodiscard]] Destinations make_destinations(const config::Configuration& configuration);

// Adds the one of `dead_letters:`, if there is one.
void add_dead_letters(const config::Configuration& configuration, Destinations& destinations);

}  // namespace tocsin::cli
