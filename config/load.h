// YAML to plan: the whole configuration, or every fault in it.
//
//   files --document (YAML with places)--> load() --> Configuration (runtime::Plan and what the shell opens)
//
// Strict: what is not understood is a fault with its place. Loading opens no connection and needs nothing but
// the files (and those that `*_file` keys name). Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/interpolation.h"
#include "engine/runtime/plan.h"
#include "sinks/sink_kind.h"

namespace tocsin::config {

struct Configuration {
  std::shared_ptr<const runtime::Plan> plan;
  // The sinks of plan->topics[t].subscriptions[s] are sinks[t][s].
  std::vector<std::vector<sinks::SinkSettings>> sinks;
  // Where dead letters go: a file or Kafka.
  std::optional<sinks::SinkSettings> dead_letters{};
};

struct Loaded {
  std::optional<Configuration> configuration;  // only without errors
  std::vector<Diagnostic> diagnostics;         // errors and warnings, sorted by file and line
};

// Loads and joins the files, in their order. Names must be unique over all of them.
[[nodiscard]] Loaded load(const std::vector<std::string>& files, const Environment& environment);

// The JSON Schema for editors.
[[nodiscard]] std::string json_schema();

}  // namespace tocsin::config
