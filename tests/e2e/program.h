// The program under test, as processes of a test's own.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "tests/kafka/child_process.h"

namespace tocsin::kafka_test {

// The program of this build, or the one that TOCSIN_BINARY names: a release beside tests with sanitizers.
inline std::string program() {
  const char* named = std::getenv("TOCSIN_BINARY");
  return named != nullptr ? named : TOCSIN_PROGRAM;
}

// `tocsin run` with the directory's tocsin.yaml; what it writes is in NAME.stdout and NAME.stderr beside it.
class Engine {
 public:
  Engine(const std::filesystem::path& directory, const std::string& name)
      : error_(directory / (name + ".stderr")),
        process_({program(), "run", "-c", (directory / "tocsin.yaml").string()},
                 directory / (name + ".stdout"), error_) {}

  [[nodiscard]] std::string standard_error() const { return read_file(error_); }

  // Waits until stderr says so; there is no other sign of what the engine has noticed.
  [[nodiscard]] bool says(const std::string& text) {
    for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(180);
         std::chrono::steady_clock::now() < deadline && process_.running();
         std::this_thread::sleep_for(std::chrono::milliseconds(100))) {
      if (standard_error().find(text) != std::string::npos) return true;
    }
    return false;
  }

  void reload() { process_.signal(SIGHUP); }

  // SIGTERM; its exit code.
  [[nodiscard]] std::optional<int> stop() {
    process_.signal(SIGTERM);
    return process_.wait(std::chrono::seconds(60));
  }

 private:
  std::filesystem::path error_;
  ChildProcess process_;
};

}  // namespace tocsin::kafka_test
