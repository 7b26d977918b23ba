#include "cli/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/cli/alarm_samples.h"

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;

constexpr TextStyle kTerminal{80, true, true, true};

// A stream whose bytes can be read back.
class Written {
 public:
  Written() : stream_(open_memstream(&bytes_, &size_)) {}
  ~Written() {
    std::fclose(stream_);
    std::free(bytes_);
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;

  std::FILE* stream() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {bytes_, size_};
  }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

TEST(Progress, LineTellsShareRateTimeReachedAndRest) {
  const ProgressFacts facts{242'000'000, 390'000'000, 300'000, at("09:14:30")};
  EXPECT_EQ(render(facts, 4200ms, {120, true, true, true}),
            "████████████░░░░░░░░  62 %  242 MB of 390 MB  71,428 events/s  at 2026-03-01T09:14  3 s left");
  EXPECT_EQ(render(facts, 4200ms, {120, true, false, false}),
            "############........  62 %  242 MB of 390 MB  71,428 events/s  at 2026-03-01T09:14  3 s left");
}

TEST(Progress, NarrowTerminalDropsPiecesFromTheRight) {
  const ProgressFacts facts{242'000'000, 390'000'000, 300'000, at("09:14:30")};
  EXPECT_EQ(render(facts, 4200ms, {50, true, true, true}), "████████████░░░░░░░░  62 %  242 MB of 390 MB");
  EXPECT_EQ(render(facts, 4200ms, {10, true, true, true}), "");
}

TEST(Progress, UnknownTotalShowsNoShareAndNoRest) {
  EXPECT_EQ(render({1'500, 0, 10, kNever}, 2s, kTerminal), "1.5 kB  5 events/s");
}

TEST(Progress, MoreThanTheTotalIsNeverMoreThanAll) {
  EXPECT_EQ(render({500, 400, 10, kForever}, 2s, kTerminal),
            "████████████████████ 100 %  500 B of 400 B  5 events/s  0 s left");
}

TEST(Progress, IsSilentWithoutATerminal) {
  Written written;
  {
    Progress progress(written.stream(), {80, false, false, true});
    progress.update({1, 2, 3, kNever});
  }
  EXPECT_EQ(written.text(), "");
}

TEST(Progress, RedrawsAtMostTenTimesASecond) {
  Written written;
  const auto start = Progress::Clock::time_point{} + 1h;
  Progress progress(written.stream(), kTerminal, start);
  progress.update({100, 1000, 1, kNever}, start + 10ms);
  progress.update({200, 1000, 2, kNever}, start + 109ms);
  EXPECT_EQ(written.text().find("20 %"), std::string::npos);
  progress.update({300, 1000, 3, kNever}, start + 110ms);
  EXPECT_NE(written.text().find("10 %"), std::string::npos);
  EXPECT_NE(written.text().find("30 %"), std::string::npos);
}

TEST(Progress, ErasedLineLeavesNothingAndComesBackAtOnce) {
  Written written;
  const auto start = Progress::Clock::time_point{} + 1h;
  {
    Progress progress(written.stream(), kTerminal, start);
    progress.erase();
    EXPECT_EQ(written.text(), "") << "nothing to erase yet";
    progress.update({100, 1000, 1, kNever}, start);
    progress.erase();
    EXPECT_TRUE(written.text().ends_with("\r\x1b[K"));
    progress.update({200, 1000, 2, kNever}, start + 1ms);
    EXPECT_NE(written.text().find("20 %"), std::string::npos);
  }
  EXPECT_TRUE(written.text().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace tocsin::cli
