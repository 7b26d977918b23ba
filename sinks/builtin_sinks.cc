#include "sinks/builtin_sinks.h"

#include <algorithm>
#include <array>

namespace tocsin::sinks {

std::span<const SinkKind> builtin_sinks() {
  static const std::array kinds = {
      console_sink(), file_sink(), kafka_sink(), email_sink(), slack_sink(), webhook_sink(),
  };
  return kinds;
}

const SinkKind* find_sink(std::string_view name) {
  const auto kinds = builtin_sinks();
  const auto kind = std::ranges::find(kinds, name, &SinkKind::name);
  return kind == kinds.end() ? nullptr : &*kind;
}

}  // namespace tocsin::sinks
