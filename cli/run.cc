#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/log.h"
#include "cli/signals.h"
#include "cli/text_style.h"
#include "engine/notify/clock.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/live.h"
#include "engine/source/open_source.h"

namespace tocsin::cli {
namespace {

std::vector<std::vector<std::unique_ptr<notify::Sink>>> make_sinks(
    const config::Configuration& configuration) {
  std::vector<std::vector<std::unique_ptr<notify::Sink>>> made;
  for (const auto& topic : configuration.sinks) {
    auto& sinks = made.emplace_back();
    for (const sinks::SinkSettings& settings : topic)
      sinks.push_back(sinks::find_sink(settings.kind)->make(settings));
  }
  return made;
}

std::string rejects_text(const event::RejectCounts& rejects) {
  std::string text;
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (rejects.counts[i] > 0) text += fmt::format(" {}={}", event::kRejectNames[i], rejects.counts[i]);
  }
  return text.empty() ? " none" : text;
}

// Everything that one configuration needs, from its start to its stop.
Result<runtime::LiveResult> run_session(const config::Configuration& configuration, Log& log,
                                        const std::function<bool()>& should_stop) {
  runtime::Plan plan = *configuration.plan;
  plan.installation.configured_at = as_event_time(wall_now());
  const auto shared_plan = std::make_shared<const runtime::Plan>(std::move(plan));
  std::vector<std::unique_ptr<source::Source>> sources;
  for (const source::SourceSettings& settings : shared_plan->sources) {
    auto source = source::make_source(settings, {});
    if (!source) return std::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  notify::SteadyClock clock;
  notify::Delivery delivery(shared_plan->topics, make_sinks(configuration), {}, clock,
                            [&](const notify::DeliveryReport& report) { log.write(to_note(report)); });
  if (auto opened = delivery.open(); !opened) return std::unexpected(opened.error());
  runtime::Live live(shared_plan, std::move(sources), delivery, {},
                     [&](const Note& note) { log.write(note); });
  return live.run(should_stop);
}

// Whether what a stop leaves undelivered comes again: Kafka keeps the events, and their offsets are not
// committed.
bool reads_again(const runtime::Plan& plan) {
  return std::all_of(plan.sources.begin(), plan.sources.end(), [](const source::SourceSettings& source) {
    return std::holds_alternative<source::KafkaSettings>(source.kind);
  });
}

void tell(const runtime::LiveResult& result, const runtime::Plan& plan, Log& log) {
  const runtime::EngineCounts& counts = result.counts;
  log.write({Severity::Info,
             "stopped",
             fmt::format("stopped: {} events, {} matched, {} transitions, {} notifications; rejected:{}",
                         counts.events, counts.matched, counts.transitions, counts.notifications,
                         rejects_text(counts.rejects)),
             {},
             {}});
  if (result.undelivered > 0) {
    log.write({Severity::Error,
               "undelivered",
               fmt::format("{} notifications could not be delivered before the end", result.undelivered),
               reads_again(plan) ? "their events are read again at the next start" : "they are lost",
               {}});
  }
}

int run_engine(const std::vector<std::string>& files, Log& log) {
  auto configuration = load_or_log(files, log);
  if (!configuration) {
    log.write({Severity::Error,
               "not_started",
               "not started: the configuration has faults",
               "mend them; `tocsin check` shows them too",
               {}});
    return kBadConfiguration;
  }
  if (configuration->plan->sources.empty()) {
    log.write(
        {Severity::Error, "not_started", "the configuration has no sources", "add one under `sources:`", {}});
    return kBadConfiguration;
  }
  const std::atomic<bool>& stop = install_stop_signal();
  std::atomic<bool>& reload = install_reload_signal();
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    std::optional<config::Configuration> next;
    const auto result = run_session(*configuration, log, [&] {
      if (stop) return true;
      if (!reload.exchange(false)) return false;
      next = load_or_log(files, log);
      if (next) {
        log.write({Severity::Info,
                   "reloading",
                   "reloading: the configuration is good",
                   "windows and alarm states start anew: what a period had counted so far is not kept",
                   {}});
      } else {
        log.write({Severity::Error,
                   "not_reloaded",
                   "not reloaded: the new configuration has faults",
                   "mend the faults above; the running configuration stays",
                   {}});
      }
      return next.has_value();
    });
    if (!result) {
      log.write({Severity::Error, "failed", describe(result.error()), "the engine has ended", {}});
      return kUnreadable;
    }
    tell(*result, *configuration->plan, log);
    if (stop) return kFine;
    if (!next) return result->undelivered > 0 ? kNo : kFine;
    configuration = std::move(next);
  }
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  CLI::App app("The engine: reads the sources, judges the alarms, delivers the notifications, until SIGTERM.",
               "tocsin run");
  app.add_option("-c,--config", files, "a configuration file; may be repeated")
      ->required()
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("FILE");
  std::string log_format;
  app.add_option("--log", log_format, "lines of the log as `text` or `json`; by default text on a terminal")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  }
  const TextStyle style = text_style_of(stderr);
  const LogFormat format =
      parse_log_format(log_format).value_or(style.terminal ? LogFormat::Text : LogFormat::Json);
  Log log(stderr, format, style);
  return run_engine(files, log);
}

}  // namespace tocsin::cli
