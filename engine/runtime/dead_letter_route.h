// Where dead letters are kept: a topic of the delivery that the plan does not know.
#pragma once

#include <cstdint>
#include <string>

#include "engine/runtime/dead_letter_form.h"

namespace tocsin::runtime {

struct DeadLetterRoute {
  std::uint32_t topic = 0;
  std::uint32_t lanes = 1;  // its subscriptions, all to the one destination, among which letters are dealt
  LetterForm form = LetterForm::Line;
  std::string destination;  // the sink's describe()
};

}  // namespace tocsin::runtime
