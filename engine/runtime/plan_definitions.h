// What the shard has to know of the plan, and which sources feed what.
//
// Pure.
#pragma once

#include <cstdint>

#include "engine/runtime/plan.h"
#include "engine/shard/definitions.h"

namespace tocsin::runtime {

// The engine's own metrics come from a source of their own, after those of the plan.
[[nodiscard]] inline std::uint32_t own_source(const Plan& plan) {
  return static_cast<std::uint32_t>(plan.sources.size());
}

[[nodiscard]] shard::Definitions definitions_of(const Plan& plan);

}  // namespace tocsin::runtime
