#include "sinks/builtin_sinks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/hash.h"

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

// A hash, because the place may be a secret.
std::string address_of(const SinkSettings& settings) {
  std::string place;
  const auto add = [&](std::string_view text) { place += fmt::format("{}:{}", text.size(), text); };
  for (const SinkOption& option : find_sink(settings.kind)->options) {
    if (!option.is_where) continue;
    const std::string name(option.name);
    if (const auto text = settings.texts.find(name); text != settings.texts.end()) {
      add(name);
      add(text->second);
    }
    const auto list = settings.lists.find(name);
    if (list == settings.lists.end()) continue;
    add(name);
    for (const std::string& text : list->second) add(text);
  }
  if (place.empty()) return settings.kind;
  return fmt::format("{}:{}", settings.kind, to_hex(hash128(place)).substr(0, 16));
}

}  // namespace tocsin::sinks
