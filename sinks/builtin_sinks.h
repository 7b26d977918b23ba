// The rows of the table of sinks, and what all rows share. For the files of this folder; others ask
// sink_kind.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sinks/sink_kind.h"

namespace tocsin::sinks {

[[nodiscard]] SinkKind console_sink();
[[nodiscard]] SinkKind file_sink();
[[nodiscard]] SinkKind email_sink();
[[nodiscard]] SinkKind kafka_sink();
[[nodiscard]] SinkKind slack_sink();
[[nodiscard]] SinkKind webhook_sink();

template <typename SinkType>
[[nodiscard]] std::unique_ptr<notify::Sink> make(const SinkSettings& settings) {
  return std::make_unique<SinkType>(settings);
}

[[nodiscard]] inline std::string text_or(const SinkSettings& settings, const std::string& option,
                                         std::string_view otherwise) {
  const auto text = settings.texts.find(option);
  return text == settings.texts.end() ? std::string(otherwise) : text->second;
}

[[nodiscard]] inline std::vector<std::string> list_of(const SinkSettings& settings,
                                                      const std::string& option) {
  const auto list = settings.lists.find(option);
  return list == settings.lists.end() ? std::vector<std::string>{} : list->second;
}

// What a failed write() means for the notification.
[[nodiscard]] inline notify::Attempt failed_write(const Error& error) {
  const bool hopeless = error.code == ErrorCode::Invalid;
  return {.outcome = hopeless ? notify::Attempt::Outcome::Rejected : notify::Attempt::Outcome::Retry,
          .detail = describe(error),
          .away = !hopeless};
}

}  // namespace tocsin::sinks
