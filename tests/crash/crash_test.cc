// What the engine's state is worth when everything around it goes wrong: the storm at a small size, a full
// disk, bytes that are not what was written.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "tests/crash/kept_state.h"
#include "tests/crash/storm.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"

namespace tocsin::crash_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr auto kLimit = 180s;  // a passing test takes seconds

class Crash : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "tocsin-crash-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    broker_ = std::make_unique<kafka_test::Broker>(kafka_test::kafka_jars());
    broker_->start();
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  [[nodiscard]] StormPlan plan(std::uint64_t events) const {
    StormPlan plan;
    plan.tocsin = kafka_test::program();
    plan.out = directory_;
    plan.history.events = events;
    return plan;
  }

  fs::path directory_;
  std::unique_ptr<kafka_test::Broker> broker_;
};

TEST_F(Crash, KilledEngineCountsEachEventOnceAndDecidesAsTheUndisturbedOne) {
  StormPlan plan = this->plan(200'000);
  plan.kills = 6;
  plan.broker_kills = 1;
  plan.pauses = 1;
  plan.verified_every = 2;
  plan.seed = std::random_device{}();
  const StormReport report = Storm(*broker_, plan).run();
  EXPECT_THAT(report.faults, ::testing::IsEmpty()) << "seed " << plan.seed << "\n" << report.text();
  EXPECT_GT(report.transitions, 200U);
  EXPECT_GE(report.kills, plan.kills);
}

// A file system of its own for a state, which can be full. Needs the right to mount one.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path at, const char* size) : path_(std::move(at)) {
    fs::create_directory(path_);
    is_there_ = ::mount("tocsin-test", path_.c_str(), "tmpfs", 0, fmt::format("size={}", size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool is_there() const { return is_there_; }
  void fill_but(std::uintmax_t bytes) const {
    const std::string block(4096, 'x');
    std::ofstream filler(path_ / "filler", std::ios::binary | std::ios::app);
    while (fs::space(path_).available > bytes && filler) filler.write(block.data(), 4096).flush();
  }
  void make_room() const { fs::remove(path_ / "filler"); }

 private:
  fs::path path_;
  bool is_there_ = false;
};

// Whether it stops reading, with records left of so many. (The lag may not be known: an engine that waits for
// the disk asks for no end of a partition.)
::testing::AssertionResult comes_to_rest(const EngineProcess& engine, std::uint64_t records) {
  double before = -1;
  double read = -1;
  for (const auto end = std::chrono::steady_clock::now() + kLimit; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(2s)) {
    read = engine.progress().read;
    if (read > 0 && read == before && read < static_cast<double>(records))
      return ::testing::AssertionSuccess();
    before = read;
  }
  return ::testing::AssertionFailure() << "it read " << read << "\n" << engine.log();
}

bool has_begun(const EngineProcess& engine) {
  for (const auto end = std::chrono::steady_clock::now() + kLimit; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(10ms)) {
    if (engine.progress().read > 0) return true;
  }
  return false;
}

// The disk is full from soon after its first start on, and then it is not.
void run_on_full_disk(kafka_test::Broker& broker, StormPlan plan,
                      const std::function<void(EngineProcess&)>& fill,
                      const std::function<void(EngineProcess&)>& make_room) {
  plan.kills = 0;
  plan.broker_kills = 0;
  plan.pauses = 0;
  bool was_full = false;
  plan.meanwhile = [&](EngineProcess& engine) {
    const auto says = [&](std::string_view code) {
      for (const auto end = std::chrono::steady_clock::now() + kLimit; std::chrono::steady_clock::now() < end;
           std::this_thread::sleep_for(50ms)) {
        engine.expect_running();
        if (engine.log().find(fmt::format(R"("code":"{}")", code)) != std::string::npos) return true;
      }
      return false;
    };
    EXPECT_TRUE(has_begun(engine));
    fill(engine);
    was_full = says("state_not_kept");
    EXPECT_TRUE(comes_to_rest(engine, plan.history.events));
    EXPECT_FALSE(engine.progress().is_done);
    make_room(engine);
    EXPECT_TRUE(says("state_kept"));
  };
  const StormReport report = Storm(broker, plan).run();
  EXPECT_TRUE(was_full);
  EXPECT_THAT(report.faults, ::testing::IsEmpty()) << report.text();
}

TEST_F(Crash, FullDiskStopsTheReadingAndNothingIsLost) {
  const SmallDisk disk(directory_ / "disk", "64m");
  if (!disk.is_there()) GTEST_SKIP() << "no right to mount a small file system";
  fs::create_directory(directory_ / "disk" / "state");
  fs::create_directory_symlink(directory_ / "disk" / "state", directory_ / "state.storm");
  StormPlan plan = this->plan(800'000);
  plan.before_start = [&] { disk.fill_but(400'000); };  // enough to start with
  run_on_full_disk(
      *broker_, plan, [&](EngineProcess&) { disk.fill_but(0); }, [&](EngineProcess&) { disk.make_room(); });
}

// The same, without the right to mount anything.
TEST_F(Crash, FilesThatMayNotGrowStopTheReadingAndNothingIsLost) {
  const auto may_grow_to = [](const EngineProcess& engine, rlim_t bytes) {
    const struct rlimit limit{bytes, RLIM_INFINITY};
    EXPECT_EQ(::prlimit(engine.id(), RLIMIT_FSIZE, &limit, nullptr), 0);
  };
  run_on_full_disk(
      *broker_, plan(800'000), [&](EngineProcess& engine) { may_grow_to(engine, 100'000); },
      [&](EngineProcess& engine) { may_grow_to(engine, RLIM_INFINITY); });
}

// Either it is as it was, or whoever asks is told that it is not.
TEST_F(Crash, DamagedStateIsRefusedOrRecoveredExactlyNeverUsed) {
  StormPlan plan = this->plan(100'000);
  plan.kills = 4;  // the first may come before there is anything
  plan.broker_kills = 0;
  plan.pauses = 0;
  plan.verified_every = 1;
  fs::path kept = directory_ / "kept";
  plan.after_kill = [&](const fs::path& state) {
    fs::remove_all(kept);
    fs::copy(state, kept);
  };
  const StormReport report = Storm(*broker_, plan).run();
  ASSERT_THAT(report.faults, ::testing::IsEmpty()) << report.text();
  const auto whole = look_at_state(kept);
  ASSERT_TRUE(whole) << describe(whole.error());

  std::mt19937_64 random(std::random_device{}());
  int refused = 0;
  int recovered = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const fs::path damaged = directory_ / "damaged";
    fs::remove_all(damaged);
    fs::copy(kept, damaged);
    const char* names[] = {"state.sqlite", "state.sqlite-wal", "newest"};
    const fs::path file = damaged / names[random() % 8 < 3 ? 0 : random() % 8 < 7 ? 1 : 2];
    std::string bytes = kafka_test::read_file(file);
    if (bytes.empty()) continue;
    const std::size_t at = random() % bytes.size();
    if (random() % 4 == 0) {
      bytes.resize(at);  // torn
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    }
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    const auto state = look_at_state(damaged);
    if (!state) {
      ++refused;
      EXPECT_THAT(describe(state.error()), Not(::testing::IsEmpty()));
      continue;
    }
    ++recovered;
    EXPECT_EQ(state->digest, whole->digest) << file << " at byte " << at << ": used as if it were whole";
  }
  std::printf("damaged states: %d refused, %d recovered exactly\n", refused, recovered);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace tocsin::crash_test
