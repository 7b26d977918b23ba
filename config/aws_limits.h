// AWS's limits that Tocsin itself has no need for: how many there may be of a thing, and how large one may
// be.
//
//   load_filters(), load_topics(), … --Load--> check_aws_limits() --> warnings, errors or nothing
//
// For configurations that are to work on AWS, too. So only what AWS has is counted: metric filters with a
// `pattern`, rules with an `event_pattern`, alarms, filter policies; a metric filter without `log_groups`
// counts in each of them. What AWS refuses in a single name, pattern or policy whatever the quotas is no
// matter of this file: that is an error of its section.
//
// The limits are the quotas of CloudWatch Logs, EventBridge, CloudWatch and SNS. Used by one thread.
#pragma once

#include <cstdint>

#include "config/sections.h"

namespace tocsin::config {

enum class AwsLimits : std::uint8_t {
  Warn,     // a warning
  Enforce,  // an error
  Ignore,   // nothing
};

// Once all sections are loaded. Each limit that is exceeded is told once, with how much there is, at the first
// thing beyond, by file and line, as diagnostics are sorted; and how many others exceed it. Takes time linear
// in the configuration, but for sorting.
void check_aws_limits(AwsLimits treatment, Load& load);

}  // namespace tocsin::config
