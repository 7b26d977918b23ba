#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>

#include "cli/backtest_inputs.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/explanation.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/run_summary.h"
#include "cli/signals.h"
#include "cli/timeline.h"
#include "engine/runtime/replay.h"

namespace tocsin::cli {
namespace {

struct BacktestArguments {
  std::vector<std::string> config;
  std::vector<std::string> files;
  std::string from;
  std::string to;
  std::string lateness = "15m";
  unsigned workers = 1;
  bool kafka = false;
  bool datapoints = false;
  bool explain = false;
  bool fail_on_alarm = false;
  bool json = false;
  bool quiet = false;
};

// Passes what the engine decides to programs (stdout) and people (stderr).
class Report final : public runtime::Listener {
 public:
  Report(const runtime::Plan& plan, const runtime::PartitionTable& partitions, JsonOutput& json,
         Timeline* timeline, Progress& progress, const TextStyle& style, bool explain, bool datapoints)
      : plan_(plan),
        partitions_(partitions),
        json_(json),
        timeline_(timeline),
        progress_(progress),
        style_(style),
        explain_(explain),
        datapoints_(datapoints) {}

  void on_transition(const alarm::Transition& transition,
                     const std::vector<runtime::JudgedNotification>& notifications) override {
    any_alarm_ |= transition.to == alarm::State::Alarm;
    json_.transition(transition, notifications);
    if (explain_) {
      progress_.erase();
      fmt::print(stderr, "{}\n", cli::explain(transition, plan_.alarms[transition.alarm], style_));
    }
    if (timeline_ != nullptr) timeline_->add(transition);
  }
  void on_event(std::uint32_t rule, const metric::Evidence& event,
                const std::vector<runtime::JudgedNotification>& notifications) override {
    json_.event(rule, event, notifications);
    if (timeline_ != nullptr && !notifications.empty()) timeline_->add(*notifications.front().notification.event);
  }
  [[nodiscard]] std::string place(const metric::Evidence& event) const override {
    return partitions_.place(event);
  }
  void on_closed(const shard::ClosedBucket& bucket) override {
    if (datapoints_) json_.datapoint(bucket);
    if (timeline_ != nullptr) timeline_->add(bucket);
  }
  void on_time(EventTime time) override { json_.advance(time); }

  [[nodiscard]] bool any_alarm() const { return any_alarm_; }

 private:
  const runtime::Plan& plan_;
  const runtime::PartitionTable& partitions_;
  JsonOutput& json_;
  Timeline* timeline_;
  Progress& progress_;
  const TextStyle& style_;
  const bool explain_;
  const bool datapoints_;
  bool any_alarm_ = false;
};

int usage(const std::string& message) {
  fmt::print(stderr, "tocsin backtest: {}\n", message);
  return kUsage;
}

std::uint64_t total_bytes(const std::vector<runtime::ReplayInput>& inputs) {
  std::uint64_t total = 0;
  for (const runtime::ReplayInput& input : inputs) {
    if (input.partition.bytes == 0) return 0;
    total += input.partition.bytes;
  }
  return total;
}

int run_backtest(const BacktestArguments& arguments) {
  runtime::ReplayOptions options;
  options.workers = arguments.workers;
  options.report_closed = arguments.datapoints || !arguments.quiet;  // the timeline draws them
  if (!arguments.from.empty() && !(options.from = parse_rfc3339(arguments.from))) {
    return usage(fmt::format("--from {}: write a time as 2026-03-01T09:00:00Z", arguments.from));
  }
  if (!arguments.to.empty() && !(options.to = parse_rfc3339(arguments.to))) {
    return usage(fmt::format("--to {}: write a time as 2026-03-01T09:00:00Z", arguments.to));
  }
  if (options.from && options.to && *options.from >= *options.to) return usage("--from must be before --to");
  const auto lateness = parse_duration(arguments.lateness);
  if (!lateness)
    return usage(fmt::format("--lateness {}: write a duration as 15m or 1h30m", arguments.lateness));
  options.lateness = *lateness;

  auto configuration = load_or_report(arguments.config);
  if (!configuration) return kBadConfiguration;
  const std::shared_ptr<const runtime::Plan> plan = configuration->plan;
  auto inputs = choose_inputs(*plan, {arguments.files, arguments.kafka, options.from});
  if (!inputs) {
    fmt::print(stderr, "tocsin backtest: {}\n", describe(inputs.error()));
    return inputs.error().code == ErrorCode::Invalid ? kUsage : kUnreadable;
  }

  const std::atomic<bool>& stop = install_stop_signal();
  const TextStyle style = text_style_of(stderr);
  const bool print_json = arguments.json || isatty(STDOUT_FILENO) == 0;
  runtime::PartitionTable partitions;
  JsonOutput json(print_json ? stdout : nullptr, plan, partitions, arguments.datapoints);
  Timeline timeline(
      plan->alarms, plan->metrics,
      [&](const alarm::Evidence& evidence) { return partitions.place(evidence); }, style);
  const auto started = std::chrono::steady_clock::now();
  TextStyle progress_style = style;
  progress_style.terminal = style.terminal && !arguments.quiet;
  Progress progress(stderr, progress_style);
  const std::uint64_t bytes = total_bytes(*inputs);
  Report report(*plan, partitions, json, arguments.quiet ? nullptr : &timeline, progress, style,
                arguments.explain, arguments.datapoints);
  const auto result = runtime::replay(
      plan, std::move(*inputs), options, partitions, report,
      [&](const runtime::ReplayProgress& reached) {
        progress.update({reached.records_bytes, bytes, reached.events, reached.time});
      },
      stop);
  progress.erase();
  if (!result) {
    fmt::print(stderr, "tocsin backtest: {}\n", describe(result.error()));
    return kUnreadable;
  }
  json.summary(result->counts);
  if (!json.good()) {
    fmt::print(stderr, "tocsin backtest: the output could not be written in full\n");
    return kUnreadable;
  }
  if (!arguments.quiet) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    const runtime::EngineCounts& counts = result->counts;
    const RunSummary summary{.events = counts.events,
                             .matched = counts.matched,
                             .rule_matches = counts.rule_matches,
                             .datapoints = counts.datapoints,
                             .transitions = counts.transitions,
                             .notifications = counts.notifications,
                             .rejected = counts.rejects,
                             .seconds = seconds.count(),
                             .peak_bytes = peak_resident_bytes()};
    fmt::print(stderr, "{}\n{}", timeline.render(), render(summary, style));
    if (result->stopped) fmt::print(stderr, "stopped early: what was read until then was judged\n");
  }
  return arguments.fail_on_alarm && report.any_alarm() ? kNo : kFine;
}

}  // namespace

int backtest_command(const std::vector<std::string>& arguments) {
  BacktestArguments parsed;
  CLI::App app(
      "History through the same engine: prints every transition and notification that the alarms and rules "
      "would have made.\n"
      "Opens no connection (--kafka only reads) and delivers nothing.",
      "tocsin backtest");
  app.add_option("-c,--config", parsed.config, "a configuration file; may be repeated")
      ->required()
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--from", parsed.from, "start here; earlier events are passed over")->type_name("TIME");
  app.add_option("--to", parsed.to, "end here; later events are passed over")->type_name("TIME");
  app.add_option("--lateness", parsed.lateness, "how late events may be within a file or partition (15m)")
      ->type_name("DURATION");
  app.add_option("--workers", parsed.workers,
                 "threads that read, decode and match (1); changes no byte of the result")
      ->check(number_from(1, 256))
      ->type_name("N");
  app.add_flag("--kafka", parsed.kafka,
               "read the configuration's topics, from their start or --from to their end");
  app.add_flag("--datapoints", parsed.datapoints, "also print the datapoints of every series");
  app.add_flag("--explain", parsed.explain, "draw the row of periods behind each transition");
  app.add_flag("--fail-on-alarm", parsed.fail_on_alarm, "exit 1 if any alarm fired");
  app.add_flag("--json", parsed.json, "print JSON lines even on a terminal");
  app.add_flag("--quiet", parsed.quiet, "no timeline and no summary on stderr");
  app.add_option("files", parsed.files,
                 "FILE feeds the only source, NAME=FILE the source called NAME; - is stdin.\n"
                 "Without any, the configuration's own files are read, or stdin")
      ->type_name("[FILE | NAME=FILE]...");
  app.footer(
      "Exit 0, or 1 if an alarm fired and --fail-on-alarm is given; 2 for bad usage, 3 if an input cannot be read, 78 if\n"
      "the configuration has faults.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  return run_backtest(parsed);
}

}  // namespace tocsin::cli
