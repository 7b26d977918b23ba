#include "engine/runtime/live.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mailbox.h"
#include "engine/runtime/live_core.h"
#include "engine/runtime/source_reader.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMessageWait{200};
constexpr Duration kNotReadyWait{20};
constexpr Duration kDrainWait{1};  // a quick destination has emptied its queue by then
constexpr Duration kRoomWait{2};
constexpr std::size_t kMailboxBatches = 16;  // a few megabytes: the back-pressure on the sources

}  // namespace

class Live::Session {
 public:
  Session(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
          shard::Journal& journal, notify::Delivery& delivery, LiveOptions options,
          std::function<void(const Note&)> note)
      : plan_(std::move(plan)),
        sources_(std::move(sources)),
        delivery_(delivery),
        options_(std::move(options)),
        note_(std::move(note)),
        messages_(kMailboxBatches),
        core_(plan_, journal, delivery, options_, note_,
              [this](std::uint32_t source, std::uint32_t partition, std::int64_t next_offset) {
                readers_[source]->commit(partition, next_offset);
              }) {
    TOCSIN_CHECK(sources_.size() == plan_->sources.size());
  }

  Result<LiveResult> run(const std::function<bool()>& should_stop) {
    const auto from = core_.resume();
    if (!from) return std::unexpected(from.error());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (auto opened = sources_[i]->open((*from)[i]); !opened) return std::unexpected(opened.error());
    }
    if (auto begun = core_.begin(); !begun) return std::unexpected(begun.error());
    note_({Severity::Info,
           "running",
           fmt::format("running: sources {}, metric filters {}, alarms {}, rules {}, topics {}",
                       sources_.size(), plan_->filters.size(), plan_->alarms.size(), plan_->rules.size(),
                       plan_->topics.size()),
           {},
           {}});
    for (std::uint32_t i = 0; i < sources_.size(); ++i) {
      readers_.push_back(std::make_unique<SourceReader>(i, *sources_[i], messages_, stop_reading_));
    }

    std::optional<Error> failure;
    while (!core_.all_ended()) {
      if (!stop_reading_ && should_stop()) stop();
      std::optional<Error> error;
      if (!core_.ready()) {
        std::this_thread::sleep_for(kNotReadyWait);
      } else if (auto message = messages_.take_for(kMessageWait)) {
        error = core_.handle(std::move(*message));
      }
      core_.step(!stop_reading_);
      if (!error) error = core_.failure();
      if (error && !failure) {
        failure = std::move(error);
        stop();
      }
    }
    core_.finish(stop_reading_);
    LiveResult result;
    result.undelivered = drain(should_stop);
    result.asked_to_stop = stop_reading_;
    core_.close();
    result.undelivered += core_.left();
    result.lost = core_.lost();
    for (auto& reader : readers_) reader->close_commits();  // all at once: to leave a group takes time
    for (auto& reader : readers_) reader->finish();
    result.counts = core_.counts();
    if (!failure) failure = core_.failure();
    if (failure) return std::unexpected(*failure);
    return result;
  }

 private:
  // The queues take more as they empty; half of the time is for the prompt attempts of the drain. At the end of
  // all history nobody waits for the end: time counts from the last that a destination took.
  std::uint64_t drain(const std::function<bool()>& should_stop) {
    auto begun = std::chrono::steady_clock::now();
    const auto passed = [&] { return std::chrono::ceil<Duration>(std::chrono::steady_clock::now() - begun); };
    std::uint64_t least = UINT64_MAX;
    while (passed() < options_.drain_limit / 2) {
      std::uint64_t left = core_.put_more();
      if (!stop_reading_) left += in_queues();
      if (left == 0) break;
      if (!stop_reading_ && left < least) begun = std::chrono::steady_clock::now();
      least = std::min(least, left);
      if (!stop_reading_ && should_stop()) stop();
      std::this_thread::sleep_for(kDrainWait);
    }
    return delivery_.drain(std::max(options_.drain_limit - passed(), Duration{0}));
  }

  [[nodiscard]] std::uint64_t in_queues() const {
    std::uint64_t waiting = 0;
    for (const notify::SubscriptionStatus& status : delivery_.status()) waiting += status.waiting;
    return waiting;
  }

  void stop() {
    stop_reading_ = true;
    core_.give_up();
  }

  const std::shared_ptr<const Plan> plan_;
  const std::vector<std::unique_ptr<source::Source>> sources_;
  notify::Delivery& delivery_;
  const LiveOptions options_;
  const std::function<void(const Note&)> note_;
  std::atomic<bool> stop_reading_{false};
  Mailbox<SourceMessage> messages_;
  std::vector<std::unique_ptr<SourceReader>> readers_;  // of each source, once they are open
  LiveCore core_;
};

Live::Live(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
           shard::Journal& journal, notify::Delivery& delivery, LiveOptions options,
           std::function<void(const Note&)> note)
    : session_(std::make_unique<Session>(std::move(plan), std::move(sources), journal, delivery,
                                         std::move(options), std::move(note))) {}

Live::~Live() = default;

Result<LiveResult> Live::run(const std::function<bool()>& should_stop) { return session_->run(should_stop); }

}  // namespace tocsin::runtime
