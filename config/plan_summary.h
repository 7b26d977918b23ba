// What a plan will do and what it costs, for people: `tocsin check --explain`. A pure function.
#pragma once

#include <string>

#include "config/load.h"

namespace tocsin::config {

// A paragraph for each section: sources, metric filters (what they read), metrics (how much they keep),
// alarms (how far they look and how often), topics. Shows no secret.
[[nodiscard]] std::string summarize(const Configuration& configuration);

}  // namespace tocsin::config
