#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/control_requests.h"
#include "cli/control_socket.h"
#include "cli/destinations.h"
#include "cli/ledger_note.h"
#include "cli/log.h"
#include "cli/metrics_server.h"
#include "cli/reloads.h"
#include "cli/replay_dead_letters.h"
#include "cli/signals.h"
#include "cli/text_style.h"
#include "engine/notify/clock.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/live.h"
#include "engine/runtime/memory_shares.h"
#include "engine/runtime/partition_name.h"
#include "engine/runtime/plan_definitions.h"
#include "engine/runtime/requests.h"
#include "engine/runtime/telemetry.h"
#include "engine/shard/journal.h"
#include "engine/source/open_source.h"
#include "engine/store/sqlite_state.h"

namespace tocsin::cli {
namespace {

// What outlives a configuration: what other threads see of the engine, and ask of it.
struct Desk {
  runtime::TelemetryBoard board;
  runtime::Requests requests;
  Reloads reloads;
};

struct RunOptions {
  std::vector<std::string> files;
  std::string metrics_listen;  // empty: nowhere, as is `control`
  std::string control;
  std::string state;  // empty: nothing is kept
  source::KafkaSettings::Positions positions = source::KafkaSettings::Positions::Undecided;
  std::optional<DeadLetterReplay> replay;
};

// What is known of the sources, and where it is kept, if it is. Outlives a configuration.
struct Memory {
  std::unique_ptr<store::SqliteState> state;
  std::optional<shard::Journal> journal;
};

// A state that has nothing to do with the configuration is somebody else's.
Result<void> check_sources(const shard::StateMachine& machine, const runtime::Plan& plan,
                           const std::string& directory) {
  std::set<std::string> theirs;
  for (const shard::PartitionState& partition : machine.partitions()) {
    if (partition.is_forgotten()) continue;
    const auto name = runtime::parse_partition_name(partition.name);
    if (!name) return std::unexpected(name.error());
    theirs.insert(name->source);
  }
  std::vector<std::string> ours;
  for (const source::SourceSettings& source : plan.sources) ours.push_back(source.name);
  const bool common =
      std::ranges::any_of(ours, [&](const std::string& name) { return theirs.contains(name); });
  if (theirs.empty() || common) return {};
  return fail(
      ErrorCode::Invalid,
      fmt::format("the state is of the sources {}, and the configuration has {}: give the configuration "
                  "it was made with, or another directory",
                  fmt::join(theirs, ", "), fmt::join(ours, ", ")),
      directory);
}

Result<Memory> recall(const std::string& directory, const runtime::Plan& plan, Log& log) {
  Memory memory;
  if (directory.empty()) {
    memory.journal.emplace(std::make_shared<const shard::Definitions>(runtime::definitions_of(plan)));
    return memory;
  }
  auto state = store::open_state(directory, fmt::format("tocsin {}", TOCSIN_VERSION));
  if (!state) return std::unexpected(state.error());
  memory.state = std::move(*state);
  const auto begun = std::chrono::steady_clock::now();
  auto journal = shard::Journal::open(*memory.state, *memory.state, runtime::definitions_of(plan), {},
                                      [&](const Note& note) { log.write(note); });
  if (!journal) return std::unexpected(journal.error());
  memory.journal.emplace(std::move(*journal));
  const shard::StateMachine& machine = memory.journal->machine();
  if (auto checked = check_sources(machine, plan, directory); !checked)
    return std::unexpected(checked.error());
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
  log.write({Severity::Info,
             "state",
             fmt::format("the state in {}: series {}, partitions {}, to deliver {}, {} bytes, read in {}",
                         directory, machine.shard().counts().series,
                         std::ranges::count_if(machine.partitions(),
                                               std::not_fn(&shard::PartitionState::is_forgotten)),
                         machine.outbox().size(), memory.state->bytes(), format_duration(took)),
             {},
             {{"records", std::to_string(memory.journal->replayed())}}});
  return memory;
}

runtime::MemoryUsers users_of(const runtime::Plan& plan, const Destinations& destinations) {
  runtime::MemoryUsers users;
  for (const source::SourceSettings& source : plan.sources) {
    if (std::holds_alternative<source::KafkaSettings>(source.kind)) ++users.kafka_sources;
  }
  for (const notify::TopicDefinition& topic : plan.topics) users.subscriptions += topic.subscriptions.size();
  if (destinations.dead_letters) users.letter_lanes = destinations.dead_letters->lanes;
  return users;
}

// Everything that one configuration needs, from its start to its stop.
Result<runtime::LiveResult> run_session(const config::Configuration& configuration,
                                        source::KafkaSettings::Positions positions, Log& log, Desk& desk,
                                        Memory& memory, const std::function<bool()>& should_stop) {
  Destinations destinations = make_destinations(configuration);
  add_dead_letters(configuration, destinations);
  runtime::Plan plan = *configuration.plan;
  plan.installation.configured_at = as_event_time(wall_now());
  const runtime::MemoryShares shares = runtime::shares_of(plan.memory, users_of(plan, destinations));
  for (source::SourceSettings& settings : plan.sources) {
    auto* kafka = std::get_if<source::KafkaSettings>(&settings.kind);
    if (kafka == nullptr) continue;
    kafka->positions = positions;
    kafka->ahead_bytes = shares.ahead;
  }
  const auto shared_plan = std::make_shared<const runtime::Plan>(std::move(plan));
  std::vector<std::unique_ptr<source::Source>> sources;
  for (const source::SourceSettings& settings : shared_plan->sources) {
    auto source = source::make_source(settings, {});
    if (!source) return std::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  notify::SteadyClock clock;
  notify::Delivery delivery(destinations.topics, std::move(destinations.sinks),
                            {.retry = {}, .mailbox_bytes = shares.queue, .is_kept = memory.journal->keeps()},
                            clock, [&](const notify::DeliveryReport& report) { log.write(to_note(report)); });
  if (auto opened = delivery.open(); !opened) return std::unexpected(opened.error());
  runtime::LiveOptions options;
  options.board = &desk.board;
  options.requests = &desk.requests;
  options.dead_letters = std::move(destinations.dead_letters);
  options.outbox.bytes = shares.outbox;
  options.most_events = shares.events;
  if (memory.state) options.state_bytes = [&state = *memory.state] { return state.bytes(); };
  runtime::Live live(shared_plan, std::move(sources), *memory.journal, delivery, std::move(options),
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

// `reloads`: the process goes on.
void tell(const runtime::LiveResult& result, const runtime::Plan& plan, bool is_kept, bool reloads,
          Log& log) {
  log.write(ledger_note("stopped", "stopped", result.counts));
  if (result.undelivered > 0) {
    log.write({Severity::Error,
               "undelivered",
               fmt::format("{} notifications or dead letters could not be delivered before the end",
                           result.undelivered),
               is_kept ? "they are in the state, and go out at the next start"
               : reloads
                   ? "they are lost: a reload goes on behind their events; with --state they would go out"
               : reads_again(plan) ? "their events are read again at the next start"
                                   : "they are lost",
               {}});
  }
  if (result.lost > 0 && !result.asked_to_stop) {
    log.write({Severity::Error,
               "lost",
               fmt::format("{} notifications were refused, given up or gave way", result.lost),
               "the lines above say which destinations did not take them",
               {}});
  }
}

// Nothing that was read is lost to whom it was meant for. A live engine has told of its losses long ago: how
// it is stopped is another matter.
bool is_fine(const runtime::LiveResult& result, const runtime::Plan& plan, bool is_kept) {
  if (!result.asked_to_stop) return result.undelivered == 0 && result.lost == 0;
  return result.undelivered == 0 || is_kept || reads_again(plan);
}

// The pages and the socket, as far as they are asked for.
struct Doors {
  std::unique_ptr<MetricsServer> metrics;
  std::unique_ptr<ControlRequests> requests;
  std::unique_ptr<ControlServer> control;
};

Result<Doors> open_doors(const RunOptions& options, Log& log, Desk& desk) {
  Doors doors;
  if (!options.metrics_listen.empty()) {
    const auto address = parse_listen_address(options.metrics_listen);
    if (!address) return std::unexpected(address.error());
    auto opened = MetricsServer::open(*address, desk.board, TOCSIN_VERSION);
    if (!opened) return std::unexpected(opened.error());
    doors.metrics = std::move(*opened);
    log.write(
        {Severity::Info, "metrics", fmt::format("metrics are at {}/metrics", doors.metrics->url()), {}, {}});
  }
  if (!options.control.empty()) {
    doors.requests =
        std::make_unique<ControlRequests>(desk.board, desk.requests, desk.reloads, TOCSIN_VERSION,
                                          [&log](const Note& note) { log.write(note); });
    auto opened = ControlServer::open(
        options.control,
        [requests = doors.requests.get()](std::string_view line) { return requests->answer(line); });
    if (!opened) return std::unexpected(opened.error());
    doors.control = std::move(*opened);
  }
  return doors;
}

// One session after another, a new one with each reload, to the end.
int run_sessions(config::Configuration configuration, const RunOptions& options, Log& log, Desk& desk,
                 Memory& memory) {
  source::KafkaSettings::Positions positions = options.positions;
  const std::atomic<bool>& stop = install_stop_signal();
  std::atomic<bool>& reload = install_reload_signal();
  std::optional<config::Configuration> previous;  // what ran before the last reload
  for (;;) {
    std::optional<config::Configuration> next;
    bool is_running = false;
    const auto result = run_session(configuration, positions, log, desk, memory, [&] {
      is_running = true;
      if (stop) return true;
      if (next) return true;
      if (!reload.exchange(false) && !desk.reloads.wanted()) return false;
      std::vector<std::string> errors;
      next = load_or_log(options.files, log, &errors);
      if (next) {
        log.write({Severity::Info,
                   "reloading",
                   "reloading: the configuration is good",
                   "windows and alarm states of what did not change go on",
                   {}});
      } else {
        log.write({Severity::Error,
                   "not_reloaded",
                   "not reloaded: the new configuration has faults",
                   "mend the faults above; the running configuration stays",
                   {}});
      }
      desk.reloads.settle({next.has_value(), std::move(errors)});
      return next.has_value();
    });
    // A reload goes on from what this process knows.
    positions = source::KafkaSettings::Positions::State;
    if (!result && !is_running && previous) {
      // Without faults, and yet it does not start: a broker's certificate that is not there, a full disk.
      log.write({Severity::Error,
                 "not_reloaded",
                 fmt::format("not reloaded: {}", describe(result.error())),
                 "mend that and reload again; the configuration before goes on",
                 {}});
      configuration = std::move(*previous);
      previous.reset();
      continue;
    }
    if (!result) {
      log.write({Severity::Error, "failed", describe(result.error()), "the engine has ended", {}});
      return kUnreadable;
    }
    tell(*result, *configuration.plan, memory.journal->keeps(), next.has_value() && !stop, log);
    const bool fine = is_fine(*result, *configuration.plan, memory.journal->keeps());
    if (stop || !next) return fine ? kFine : kNo;
    previous = std::exchange(configuration, std::move(*next));
  }
}

int run_engine(const RunOptions& options, Log& log) {
  auto configuration = load_or_log(options.files, log);
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
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a full disk, which can be waited for
  if (options.replay) return replay_dead_letters(*configuration, *options.replay, log);
  auto memory = recall(options.state, *configuration->plan, log);
  if (!memory) {
    log.write({Severity::Error, "not_started", describe(memory.error()), {}, {}});
    return kUnreadable;
  }
  Desk desk;
  const auto doors = open_doors(options, log, desk);
  if (!doors) {
    log.write({Severity::Error, "not_started", describe(doors.error()), {}, {}});
    return doors.error().code == ErrorCode::Invalid ? kUsage : kUnreadable;
  }
  const int code = run_sessions(std::move(*configuration), options, log, desk, *memory);
  desk.reloads.close();
  return code;
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  RunOptions options;
  CLI::App app("The engine: reads the sources, judges the alarms, delivers the notifications, until SIGTERM.",
               "tocsin run");
  app.add_option("-c,--config", options.files, "a configuration file; may be repeated")
      ->required()
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option(
         "--metrics-listen", options.metrics_listen,
         "serve /metrics (Prometheus), /healthz and /readyz here; without a host on the loopback address")
      ->type_name("[HOST:]PORT");
  app.add_option("--control", options.control, "open a control socket, for `tocsin status` and its like")
      ->type_name("PATH");
  app.add_option(
         "--state", options.state,
         "keep windows, alarm states, positions and what is to be delivered in this directory: a restart\n"
         "goes on where the run before ended, whatever ended it")
      ->type_name("DIR");
  std::string positions;
  app.add_option("--positions", positions,
                 "when a Kafka group's positions contradict the engine's state: go on where the `state` is, "
                 "or where\n"
                 "the `group` is; without it such a start is refused")
      ->type_name("WHICH")
      ->check(one_of({"state", "group"}));
  std::string log_format;
  app.add_option("--log", log_format, "lines of the log as `text` or `json`; by default text on a terminal")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json"}));
  DeadLetterReplay replay;
  const CLI::Option* replays =
      app.add_option("--replay-dead-letters", replay.file,
                     "read the dead letters of FILE, or of the configured destination, once more, then end;\n"
                     "exit 1 if some are dead still")
          ->expected(0, 1)
          ->type_name("[FILE]");
  app.add_option("--still-dead", replay.still_dead,
                 "with --replay-dead-letters: write the letters that are dead again to FILE")
      ->type_name("FILE")
      ->needs("--replay-dead-letters");
  bool no_age_limits = false;
  app.add_flag("--no-age-limits", no_age_limits,
               "with --replay-dead-letters: however old the events of the letters are")
      ->needs("--replay-dead-letters");
  app.footer(
      "Exit 0 at the end, 1 if notifications could not be delivered or records were lost by then, 2 for bad usage, 3 if "
      "it\n"
      "could not start or go on (a broker, the state, a port), 78 if the configuration has faults.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  replay.age_limits = !no_age_limits;
  const TextStyle style = text_style_of(stderr);
  const LogFormat format =
      parse_log_format(log_format).value_or(style.terminal ? LogFormat::Text : LogFormat::Json);
  Log log(stderr, format, style);
  using Positions = source::KafkaSettings::Positions;
  if (!positions.empty()) options.positions = positions == "state" ? Positions::State : Positions::Group;
  if (replays->count() > 0) options.replay = std::move(replay);
  return run_engine(options, log);
}

}  // namespace tocsin::cli
