// What the envelopes around a value say about it. A plain value: its texts live as long as the batch.
#pragma once

#include <optional>
#include <string_view>

#include "engine/event/decode.h"
#include "engine/event/event_time.h"

namespace tocsin::event {

struct Surroundings {
  std::string_view account;
  std::string_view region;
  std::string_view log_group;
  std::string_view log_stream;
  std::optional<EventTime> time;     // when it happened
  std::optional<EventTime> arrival;  // when a carrier took it, for what says no better
  Format format = Format::Auto;      // what it is taken for
  int layers = 0;                    // of wrapping around it
  bool enveloped = false;
  bool broken_is_text = false;  // it may be any text: what looks like an object need be none

  // Of what it holds.
  [[nodiscard]] Surroundings inside() const {
    Surroundings inner = *this;
    ++inner.layers;
    inner.broken_is_text = false;
    return inner;
  }
};

}  // namespace tocsin::event
