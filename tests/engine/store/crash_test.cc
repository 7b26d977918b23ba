// A process that is killed while it stores, and a disk that is full.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "engine/store/sqlite_state.h"
#include "engine/store/state_report.h"
#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/child.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using shard::Sequence;

// The records of an append tell which it is, and their place in it: "17 0/3", and then some bytes.
std::vector<std::string> batch(std::uint64_t number) {
  const std::size_t size = 1 + number % 5;
  std::vector<std::string> records;
  for (std::size_t i = 0; i < size; ++i) {
    records.push_back(fmt::format("{} {}/{} ", number, i, size) +
                      shard::some_bytes(number * 997 % 40'000, number));
  }
  return records;
}

// A snapshot tells which append was its last: "17 ", and then some bytes.
std::string snapshot_of(std::uint64_t number) {
  return fmt::format("{} ", number) + shard::some_bytes(number * 7919 % 3'000'000, number);
}

// The number of the newest append, after all that is stored was compared with what it must be.
std::uint64_t recovered(const SqliteState& state) {
  std::uint64_t number = 0;
  Sequence after = 0;
  const auto kept = state.kept();
  EXPECT_TRUE(kept);
  if (!kept->empty()) {
    const auto snapshot = state.get(kept->front());
    EXPECT_TRUE(snapshot) << describe(snapshot.error());
    number = std::stoull(snapshot->bytes);
    EXPECT_EQ(snapshot->bytes, snapshot_of(number));
    after = snapshot->sequence;
  }
  std::vector<std::string> waited;  // of the append that is being read
  const auto read = state.read(after, [&](Sequence, std::string_view record) -> Result<void> {
    if (waited.empty()) {
      waited = batch(++number);
      std::ranges::reverse(waited);
    }
    EXPECT_EQ(waited.back(), record);
    waited.pop_back();
    return {};
  });
  EXPECT_TRUE(read) << describe(read.error());
  EXPECT_TRUE(waited.empty()) << "half an append";
  return number;
}

// Stores until it is killed, and says after each append that it is durable.
[[noreturn]] void store_for_ever(const std::filesystem::path& directory, std::uint64_t number, int told) {
  auto state = open_state(directory.string(), kProgram);
  if (!state) ::_exit(1);
  for (;;) {
    if (!(*state)->append(batch(++number))) ::_exit(2);
    if (::write(told, &number, sizeof number) != sizeof number) ::_exit(3);
    if (number % 6 != 0) continue;
    if (!(*state)->put({(*state)->last(), snapshot_of(number)})) ::_exit(4);
    const auto kept = (*state)->kept();
    if (!kept || !(*state)->trim(kept->back())) ::_exit(5);
  }
}

TEST(Crash, AKilledProcessLeavesWholeAppendsAndAllThatItWasToldAreDurable) {
  const TemporaryDirectory temporary;
  const auto directory = temporary.path() / "state";
  std::mt19937_64 random(4);
  std::uint64_t number = 0;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    int pipes[2];
    ASSERT_EQ(::pipe(pipes), 0);
    const pid_t child = ::fork();
    if (child == 0) store_for_ever(directory, number, pipes[1]);
    ::close(pipes[1]);
    std::uint64_t told = number;
    for (auto left = 1 + random() % 12; left > 0; --left) {
      ASSERT_EQ(::read(pipes[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
    }
    ::usleep(static_cast<useconds_t>(random() % 20'000));  // anywhere in what comes next
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::uint64_t more = 0; ::read(pipes[0], &more, sizeof more) == static_cast<ssize_t>(sizeof more);)
      told = more;
    ::close(pipes[0]);
    const auto report = inspect_state(directory.string(), Depth::Verify);
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_EQ(report->faults, std::vector<std::string>{});
    number = recovered(*opened(directory));
    EXPECT_GE(number, told);
    EXPECT_LE(number, told + 1);
  }
}

TEST(DiskFull, AFileThatMayNotGrowIsExhaustedUntilItMay) {
  const TemporaryDirectory temporary;
  const auto state = opened(temporary.path() / "state");
  ASSERT_TRUE(shard::append(*state, {"a", "b"}));
  ASSERT_TRUE(state->put({1, "one"}));

  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small{1'000'000, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto appended = shard::append(*state, {"c", shard::some_bytes(3'000'000)});
  const auto put = state->put({2, shard::some_bytes(3'000'000)});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, before);

  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::Exhausted) << describe(appended.error());
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::Exhausted) << describe(put.error());
  EXPECT_EQ(state->last(), 2U);
  EXPECT_EQ(*shard::read_all(*state), (shard::Records{{1, "a"}, {2, "b"}}));
  EXPECT_EQ(*state->kept(), (std::vector<Sequence>{1}));
  ASSERT_TRUE(shard::append(*state, {"c", shard::some_bytes(3'000'000)}));
  ASSERT_TRUE(state->put({2, shard::some_bytes(3'000'000)}));
  EXPECT_EQ(state->get(2)->bytes, shard::some_bytes(3'000'000));
}

// In a mount namespace of the child's own: gone with it.
TEST(DiskFull, AFullFileSystemIsExhaustedAndWhatWasStoredIsAsItWas) {
  const TemporaryDirectory temporary;
  constexpr int kNotPermitted = 77;
  const int code = in_child([&] {
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return kNotPermitted;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNotPermitted;
    if (::mount("none", temporary.path().c_str(), "tmpfs", 0, "size=8m") != 0) return kNotPermitted;
    const auto state = opened(temporary.path() / "state");
    std::uint64_t number = 0;
    for (;;) {
      const auto appended = state->append(batch(number + 1));
      if (appended) {
        ++number;
        continue;
      }
      if (appended.error().code != ErrorCode::Exhausted) return 1;
      break;
    }
    if (number < 10 || recovered(*state) != number) return 2;
    const auto put = state->put({state->last(), snapshot_of(number)});
    if (put || put.error().code != ErrorCode::Exhausted) return 3;
    if (!state->kept()->empty() || recovered(*state) != number) return 4;
    if (::mount("none", temporary.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m") != 0) return 5;
    if (!state->append(batch(number + 1)) || recovered(*state) != number + 1) return 6;
    if (!state->put({state->last(), snapshot_of(number + 1)})) return 7;
    return testing::Test::HasFailure() ? 8 : 0;
  });
  if (code == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EQ(code, 0);
}

TEST(DiskFull, AStateThatCannotBeMadeLeavesNoneBehind) {
  const TemporaryDirectory temporary;
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small{10'000, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto state = open_state((temporary.path() / "state").string(), kProgram);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, before);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, ErrorCode::Exhausted) << describe(state.error());
  EXPECT_FALSE(std::filesystem::exists(temporary.path() / "state" / "state.sqlite"));
  EXPECT_EQ(opened(temporary.path() / "state")->last(), 0U);
}

}  // namespace
}  // namespace tocsin::store
