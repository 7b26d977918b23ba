#include "cli/replay_dead_letters.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <utility>

#include "cli/commands.h"
#include "cli/destinations.h"
#include "cli/ledger_note.h"
#include "cli/signals.h"
#include "config/kafka_settings.h"
#include "engine/notify/clock.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/dead_letter_form.h"
#include "engine/runtime/dead_letter_history.h"
#include "engine/runtime/partition_table.h"
#include "engine/runtime/replay.h"

namespace tocsin::cli {
namespace {

constexpr Duration kDrainLimit = std::chrono::minutes(1);
// For room at a destination; one that takes nothing for so long is not waited for again.
constexpr Duration kRoomLimit = std::chrono::minutes(5);
constexpr std::uint64_t kNamed =
    20;  // letters named in the log, of each kind of trouble; the rest is counted

// Tells what the letters' events prove, and keeps what died again.
class Teller final : public runtime::Listener {
 public:
  Teller(const runtime::Plan& plan, const runtime::PartitionTable& partitions, notify::Delivery& delivery,
         const std::string& still_dead, Log& log, const std::atomic<bool>& stop)
      : plan_(plan), partitions_(partitions), delivery_(delivery), log_(log), stop_(stop) {
    if (!still_dead.empty()) still_dead_.open(still_dead, std::ios::binary | std::ios::trunc);
    good_ = still_dead.empty() || still_dead_.good();
  }

  void on_transition(const alarm::Transition& transition,
                     const std::vector<runtime::JudgedNotification>& notifications) override {
    if (is_proven(transition)) submit(notifications);
  }
  // What was dead matched no rule before.
  void on_event(std::uint32_t /*rule*/, const metric::Evidence& /*event*/,
                const std::vector<runtime::JudgedNotification>& notifications) override {
    submit(notifications);
  }
  [[nodiscard]] std::string place(const metric::Evidence& evidence) const override {
    return partitions_.place(evidence);
  }
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}
  void on_dead(std::uint32_t partition, std::vector<event::DeadLetter> letters) override {
    for (event::DeadLetter& letter : letters) {
      const runtime::PostedLetter posted{partitions_[partition].name, std::move(letter)};
      if (still_dead_.is_open()) still_dead_ << runtime::to_line(posted) << '\n';
      if (++dead_ > kNamed) continue;
      const std::string place = runtime::letter_place(posted);
      const std::string reason(event::to_string(posted.letter.reason));
      log_.write({Severity::Warning,
                  "dead_again",
                  fmt::format("the letter of {} is dead again: {}", place, reason),
                  "mend its `value` and replay it once more",
                  {{"source", posted.from.source}, {"place", place}, {"reason", reason}}});
    }
  }

  // Everything that died is in its file.
  [[nodiscard]] bool good() {
    if (still_dead_.is_open()) good_ = good_ && still_dead_.flush().good();
    return good_;
  }
  [[nodiscard]] std::uint64_t left() const { return left_; }
  [[nodiscard]] std::uint64_t untold() const { return untold_; }

 private:
  // A sum over a part of the events cannot be under a threshold for want of the others.
  bool is_proven(const alarm::Transition& transition) {
    const alarm::AlarmDefinition& alarm = plan_.alarms[transition.alarm];
    const std::string key = alarm.name + metric::describe(transition.dimensions);
    if (transition.to == alarm::State::Alarm) {
      const bool over = alarm.rule.comparison == alarm::Comparison::Greater ||
                        alarm.rule.comparison == alarm::Comparison::GreaterOrEqual;
      const bool has_data = std::ranges::any_of(
          transition.points, [](const alarm::Point& point) { return point.breaching && point.value; });
      if (over && has_data) {
        ringing_.insert(key);
        return true;
      }
    } else if (transition.to == alarm::State::Ok && ringing_.erase(key) > 0) {
      return true;
    }
    ++untold_;
    return false;
  }

  void submit(const std::vector<runtime::JudgedNotification>& notifications) {
    for (const auto& [notification, outcomes] : notifications) {
      for (std::uint32_t s = 0; s < outcomes.size(); ++s) {
        if (outcomes[s] == notify::FilterOutcome::Passed) submit(notification, s);
      }
    }
  }
  void submit(const notify::Notification& notification, std::uint32_t subscription) {
    const auto place = std::pair(notification.topic, subscription);
    const Duration patience = stuck_.contains(place) ? Duration{0} : kRoomLimit;
    constexpr Duration kLook{1000};  // at `stop_`
    for (Duration waited{0}; !stop_ && waited <= patience; waited += kLook) {
      if (delivery_.submit(notification, subscription, std::min(patience, kLook))) {
        stuck_.erase(place);
        return;
      }
    }
    if (!stop_) stuck_.insert(place);
    ++left_;
  }

  const runtime::Plan& plan_;
  const runtime::PartitionTable& partitions_;
  notify::Delivery& delivery_;
  Log& log_;
  const std::atomic<bool>& stop_;
  std::ofstream still_dead_;
  bool good_ = true;
  std::set<std::string> ringing_;  // alarms whose ALARM was told
  std::uint64_t dead_ = 0;
  std::uint64_t left_ = 0;    // notifications that found no room, or that a stop kept from being submitted
  std::set<std::pair<std::uint32_t, std::uint32_t>> stuck_;  // topics and subscriptions that took nothing
  std::uint64_t untold_ = 0;  // changes of state that the letters do not prove
};

Result<runtime::DeadLetterHistory> open_letters(const config::Configuration& configuration,
                                                const std::string& file,
                                                const runtime::UnusableLetter& tell) {
  const runtime::Plan& plan = *configuration.plan;
  if (!file.empty()) return runtime::open_letter_file(file, plan, tell);
  const sinks::SinkSettings& kept = *configuration.dead_letters;
  if (kept.kind == "file") return runtime::open_letter_file(kept.texts.at("path"), plan, tell);
  source::KafkaSettings kafka;
  kafka.brokers = kept.texts.at("brokers");
  kafka.topics = {kept.texts.at("topic")};
  if (const auto properties = kept.maps.find("properties"); properties != kept.maps.end())
    kafka.properties = config::connection_properties(properties->second);
  return runtime::open_letter_topic(kafka, plan, tell);
}

// Long enough for every period that an event is in to end, and for its alarm to find it gone.
Duration longest_look_back(const runtime::Plan& plan) {
  Duration longest{0};
  for (const alarm::AlarmDefinition& alarm : plan.alarms) {
    longest = std::max(longest, alarm::looks_back(alarm) + alarm::evaluation_interval(alarm));
  }
  return longest;
}

int fail_to(Log& log, int code, std::string text, std::string advice) {
  log.write({Severity::Error, "not_replayed", std::move(text), std::move(advice), {}});
  return code;
}

}  // namespace

int replay_dead_letters(const config::Configuration& configuration, const DeadLetterReplay& options,
                        Log& log) {
  runtime::Plan own_plan = *configuration.plan;
  own_plan.installation.configured_at = as_event_time(wall_now());
  const auto plan = std::make_shared<const runtime::Plan>(std::move(own_plan));
  if (options.file.empty() && !configuration.dead_letters) {
    return fail_to(log, kUsage, "no dead letters to replay: the configuration has no `dead_letters:`",
                   "name a file: `--replay-dead-letters FILE`");
  }
  const std::atomic<bool>& stop = install_stop_signal();
  signal(SIGPIPE, SIG_IGN);

  std::uint64_t named = 0;
  auto history =
      open_letters(configuration, options.file, [&](const std::string& place, const std::string& why) {
        if (++named > kNamed) return;
        log.write({Severity::Warning,
                   "unusable_letter",
                   fmt::format("{} {}", place, why),
                   "it is passed over",
                   {{"place", place}}});
      });
  if (!history) return fail_to(log, kUnreadable, describe(history.error()), "nothing was replayed");
  std::error_code error;
  const std::string& read = options.file.empty() && configuration.dead_letters->kind == "file"
                                ? configuration.dead_letters->texts.at("path")
                                : options.file;
  if (!options.still_dead.empty() && std::filesystem::equivalent(options.still_dead, read, error)) {
    return fail_to(log, kUsage, "--still-dead names the file that is replayed", "name another one");
  }

  notify::SteadyClock clock;
  Destinations destinations = make_destinations(configuration);
  // Letters are read at a file's speed, and nobody reads them again: nothing gives way, submit() waits.
  for (notify::TopicDefinition& topic : destinations.topics) topic.gives_up = false;
  notify::Delivery delivery(destinations.topics, std::move(destinations.sinks), {}, clock,
                            [&](const notify::DeliveryReport& report) { log.write(to_note(report)); });
  if (auto opened = delivery.open(); !opened)
    return fail_to(log, kUnreadable, describe(opened.error()), "nothing was replayed");
  runtime::PartitionTable partitions;
  Teller teller(*plan, partitions, delivery, options.still_dead, log, stop);
  if (!teller.good()) {
    return fail_to(log, kUnreadable, fmt::format("{} cannot be written", options.still_dead),
                   "look at its directory and permissions");
  }
  runtime::ReplayOptions replay_options;
  replay_options.age_limits = options.age_limits;
  replay_options.run_on = longest_look_back(*plan);
  replay_options.present = as_event_time(wall_now());
  const std::uint64_t letters = history->letters;
  const auto result =
      runtime::replay(plan, std::move(history->inputs), replay_options, partitions, teller, {}, stop);
  std::uint64_t undelivered = delivery.drain(kDrainLimit) + teller.left();
  for (const notify::SubscriptionStatus& status : delivery.status()) undelivered += status.rejected;
  if (!result) {
    return fail_to(log, kUnreadable, describe(result.error()),
                   "what was read until then was judged and told; mend it and replay again");
  }

  Note note = ledger_note("replayed", "replayed", result->counts);
  note.text +=
      fmt::format("; {} letters, {} repeated, {} unusable", letters, history->repeated, history->unusable);
  note.fields.emplace_back("letters", std::to_string(letters));
  note.fields.emplace_back("repeated", std::to_string(history->repeated));
  note.fields.emplace_back("unusable", std::to_string(history->unusable));
  note.fields.emplace_back("untold", std::to_string(teller.untold()));
  const std::uint64_t dead = result->counts.items.dead;
  if (dead > 0 && !options.still_dead.empty())
    note.advice = fmt::format("the dead are in {}", options.still_dead);
  log.write(note);
  bool fine = dead == 0 && history->unusable == 0;
  if (undelivered > 0) {
    fine = false;
    log.write({Severity::Error,
               "undelivered",
               fmt::format("{} notifications could not be delivered", undelivered),
               "mend the destination and replay again: what it has already carries the same ids",
               {}});
  }
  if (!teller.good()) {
    fine = false;
    log.write({Severity::Error,
               "still_dead_incomplete",
               fmt::format("{} could not be written in full", options.still_dead),
               "is the disk full?",
               {}});
  }
  if (result->stopped) {
    fine = false;
    log.write({Severity::Warning,
               "stopped_early",
               "stopped before all letters were read",
               "replay again for the rest: what was told carries the same ids",
               {}});
  }
  return fine ? kFine : kNo;
}

}  // namespace tocsin::cli
