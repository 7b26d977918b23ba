// A real Kafka broker of a test's own: one KRaft node on free loopback ports, its data in a temporary
// directory.
//
//   Broker broker(jars);           // formats the storage
//   broker.start();                // returns once it answers
//   Topics topics(broker.address());
//
// terminate() and kill() followed by start() is a restart on the same ports with the same data. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/kafka/child_process.h"

namespace tocsin::kafka_test {

class Broker {
 public:
  explicit Broker(std::filesystem::path jars);
  ~Broker();  // ends it and removes its data
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void start();      // throws with the end of its log when it does not come up
  void terminate();  // SIGTERM: a clean stop
  void kill();       // SIGKILL: a crash

  [[nodiscard]] std::string address() const;  // "127.0.0.1:40001"
  [[nodiscard]] std::size_t resident_bytes() const;

 private:
  void choose_ports();
  void write_files() const;
  void format() const;
  void launch();
  [[nodiscard]] bool answers() const;
  [[nodiscard]] std::vector<std::string> java(const std::vector<std::string>& arguments) const;
  [[nodiscard]] std::filesystem::path log() const { return directory_ / "broker.log"; }

  std::filesystem::path jars_;
  std::filesystem::path directory_;
  std::uint16_t client_port_ = 0;
  std::uint16_t controller_port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace tocsin::kafka_test
