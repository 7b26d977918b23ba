// Lines to files, in the order and with the delays of real deliveries.
//
// CloudTrail hands an account's records over every four minutes, some only with the next delivery or the one
// after that: a record comes up to twelve minutes late, and in a delivery they are not sorted. Hosts and the
// event bus deliver at once. Memory holds twelve minutes of records, however long the day is. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/company.h"
#include "bench/line.h"
#include "bench/random.h"
#include "engine/base/result.h"

namespace tocsin::bench {

class Delivery {
 public:
  static constexpr std::size_t kTrailFiles = 4;  // as many as a topic might have partitions

  // Makes the folder and opens the files in it, which lose what they held. No line is older than `start`.
  [[nodiscard]] static Result<Delivery> open(const std::filesystem::path& folder, EventTime start,
                                             std::uint64_t seed);

  // Lines come in order of time.
  void add(Line line);

  // Delivers what is left, closes the files, and tells whether everything was written.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct File {
    std::filesystem::path path;
    std::unique_ptr<std::FILE, Close> stream;
  };
  // What an account still has to deliver: with the next delivery, the one after it, and the one after that.
  struct Pending {
    EventTime next{};
    std::array<std::vector<std::string>, 3> batches;
  };

  explicit Delivery(std::uint64_t seed) : random_(seed, 7) {}
  void deliver_due();
  void deliver(std::size_t account);
  void write(File& file, const std::string& text);

  std::array<File, kTrailFiles> trails_;
  File backup_;
  File hosts_;
  std::array<Pending, kAccounts> pending_;
  EventTime due_ = kNever;  // the soonest of their deliveries
  Random random_;
  std::uint64_t bytes_ = 0;
};

}  // namespace tocsin::bench
