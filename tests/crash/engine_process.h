// `tocsin run --state` as a process that a test kills and starts again, watched by its page of metrics.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tests/kafka/child_process.h"

namespace tocsin::crash_test {

class EngineProcess {
 public:
  // In `directory`: NAME.yaml, the configuration; state.NAME; NAME.log, of all its lives.
  EngineProcess(std::filesystem::path program, const std::filesystem::path& directory,
                const std::string& name, int partitions);

  void start();
  void kill();  // SIGKILL
  void pause() { process_->signal(SIGSTOP); }
  void resume() { process_->signal(SIGCONT); }
  // SIGTERM; its exit code, nothing if it does not end.
  [[nodiscard]] std::optional<int> stop();

  // Throws if it has ended by itself.
  void expect_running();
  // Its exit code, if it ends by itself within the limit.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit) { return process_->wait(limit); }
  [[nodiscard]] pid_t id() const { return process_->id(); }

  struct Progress {
    double lag = -1;       // records; -1: not known
    double read = 0;       // records, in this life
    bool is_done = false;  // everything is read and judged, and nothing is to be delivered
  };
  [[nodiscard]] Progress progress() const;

  [[nodiscard]] const std::filesystem::path& state() const { return state_; }
  [[nodiscard]] std::string log() const { return kafka_test::read_file(log_); }

 private:
  std::filesystem::path program_;
  std::filesystem::path config_;
  std::filesystem::path state_;
  std::filesystem::path log_;
  int partitions_;
  std::uint16_t metrics_port_ = 0;
  std::unique_ptr<kafka_test::ChildProcess> process_;
};

}  // namespace tocsin::crash_test
