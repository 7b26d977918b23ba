// Filter policies on attributes that keep everything away: what no notification can fulfil is a typo, or
// meant for the message's body.
//
//   {eventName: [CreateUser]}, {NewStateValue: [Alarm]}, {Region: [1]}  ──►  warnings
//
// Which attributes there are is notify::message_attributes(). Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "config/document.h"
#include "config/faults.h"

namespace tocsin::config {

// What stands at a byte of the policy's JSON.
using PolicyNodeAt = std::function<const Node&(std::size_t offset)>;

// `json`: a policy that compiles. `accounts_told`: its numbers of twelve digits have been told already.
void warn_of_silent_policy(std::string_view json, const PolicyNodeAt& node_at, bool accounts_told,
                           Faults& faults);

}  // namespace tocsin::config
