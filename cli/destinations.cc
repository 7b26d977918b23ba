#include "cli/destinations.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace tocsin::cli {
namespace {

// A Kafka sink has one record in flight: a flood of garbage would wait for the broker's answers one by one.
constexpr std::uint32_t kKafkaLanes = 4;

}  // namespace

Destinations make_destinations(const config::Configuration& configuration) {
  Destinations made{configuration.plan->topics, {}, {}};
  for (const auto& topic : configuration.sinks) {
    auto& sinks = made.sinks.emplace_back();
    for (const sinks::SinkSettings& settings : topic)
      sinks.push_back(sinks::find_sink(settings.kind)->make(settings));
  }
  return made;
}

void add_dead_letters(const config::Configuration& configuration, Destinations& destinations) {
  if (!configuration.dead_letters) return;
  const sinks::SinkSettings& settings = *configuration.dead_letters;
  const bool is_file = settings.kind == "file";
  runtime::DeadLetterRoute route{.topic = static_cast<std::uint32_t>(destinations.topics.size()),
                                 .lanes = is_file ? 1 : kKafkaLanes,
                                 .form = is_file ? runtime::LetterForm::Line : runtime::LetterForm::Record,
                                 .destination = {}};
  // Kept nowhere else, so never given up.
  notify::TopicDefinition topic{.name = "dead_letters", .subscriptions = {}, .gives_up = false};
  auto& sinks = destinations.sinks.emplace_back();
  for (std::uint32_t lane = 1; lane <= route.lanes; ++lane) {
    topic.subscriptions.push_back(
        {.name = is_file ? settings.kind : fmt::format("{}-{}", settings.kind, lane), .kind = settings.kind});
    sinks.push_back(sinks::find_sink(settings.kind)->make(settings));
  }
  route.destination = sinks.front()->describe();
  destinations.topics.push_back(std::move(topic));
  destinations.dead_letters = std::move(route);
}

}  // namespace tocsin::cli
