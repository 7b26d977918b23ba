#include "tests/crash/engine_process.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tests/kafka/metrics_page.h"

namespace tocsin::crash_test {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopLimit = 90s;
constexpr double kBesideTheClock = 60;  // seconds: time goes with the clock, so all of the history is judged

}  // namespace

EngineProcess::EngineProcess(std::filesystem::path program, const std::filesystem::path& directory,
                             const std::string& name, int partitions)
    : program_(std::move(program)),
      config_(directory / (name + ".yaml")),
      state_(directory / ("state." + name)),
      log_(directory / (name + ".log")),
      partitions_(partitions) {}

void EngineProcess::start() {
  metrics_port_ = kafka_test::free_port();
  process_ = std::make_unique<kafka_test::ChildProcess>(
      std::vector<std::string>{program_, "run", "-c", config_, "--state", state_, "--metrics-listen",
                               fmt::format("127.0.0.1:{}", metrics_port_), "--log", "json"},
      log_, log_);
}

void EngineProcess::kill() {
  process_->signal(SIGKILL);
  if (process_->wait(kStopLimit) != 128 + SIGKILL) {
    throw std::runtime_error("the engine had ended before it was killed; see " + log_.string());
  }
}

std::optional<int> EngineProcess::stop() {
  process_->signal(SIGTERM);
  return process_->wait(kStopLimit);
}

void EngineProcess::expect_running() {
  if (!process_->running()) throw std::runtime_error("the engine has ended by itself; see " + log_.string());
}

EngineProcess::Progress EngineProcess::progress() const {
  const std::string page = kafka_test::metrics_page(metrics_port_);
  const double age = kafka_test::sum_of(page, "tocsin_frontier_age_seconds");
  Progress progress;
  progress.read = kafka_test::sum_of(page, "tocsin_records_read_total");
  if (kafka_test::count_of(page, "tocsin_lag_records") == partitions_) {
    progress.lag = kafka_test::sum_of(page, "tocsin_lag_records");
  }
  progress.is_done = progress.lag == 0 && age >= 0 && age < kBesideTheClock &&
                     kafka_test::sum_of(page, "tocsin_notifications_waiting") <= 0 &&
                     kafka_test::sum_of(page, "tocsin_notifications_in_outbox") <= 0;
  return progress;
}

}  // namespace tocsin::crash_test
