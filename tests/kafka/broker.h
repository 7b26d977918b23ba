// A real Kafka broker of a test's own: one KRaft node on free loopback ports, its data in a temporary
// directory.
//
//   Broker broker(jars);           // formats the storage
//   broker.start();                // returns once it answers
//   Topics topics(broker.address());
//
// terminate() and kill() followed by start() is a restart on the same ports with the same data. With
// `security` it has two more listeners, with encryption, and with a login on top. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/kafka/child_process.h"

namespace tocsin::kafka_test {

struct BrokerSecurity {
  std::filesystem::path certificate;  // the broker's key and certificate in one PEM file, read at each start
  std::string user;                   // may log in by PLAIN and by SCRAM-SHA-512
  std::string password;
};

class Broker {
 public:
  // `heap` as java takes it.
  explicit Broker(std::filesystem::path jars, std::optional<BrokerSecurity> security = std::nullopt,
                  std::string heap = "512m");
  ~Broker();  // ends it and removes its data
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void start();      // throws with the end of its log when it does not come up
  void terminate();  // SIGTERM: a clean stop
  void kill();       // SIGKILL: a crash
  void pause();      // SIGSTOP: it keeps its connections and answers nothing
  void resume();
  // Of SCRAM-SHA-512.
  void change_password(const std::string& user, const std::string& password) const;

  [[nodiscard]] std::string address() const;           // "127.0.0.1:40001"
  [[nodiscard]] std::string ssl_address() const;       // "localhost:40003", and below
  [[nodiscard]] std::string sasl_ssl_address() const;  // "localhost:40004"
  [[nodiscard]] std::filesystem::path data() const { return directory_ / "data"; }
  [[nodiscard]] pid_t id() const { return process_->id(); }
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
  std::string heap_;
  std::filesystem::path directory_;
  std::uint16_t client_port_ = 0;
  std::uint16_t controller_port_ = 0;
  std::optional<BrokerSecurity> security_;
  std::uint16_t ssl_port_ = 0;
  std::uint16_t sasl_ssl_port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace tocsin::kafka_test
