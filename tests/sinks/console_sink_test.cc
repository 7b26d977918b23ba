#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "tests/sinks/sink_contract.h"
#include "tests/sinks/temporary_directory.h"

namespace tocsin::sinks {
namespace {

using ::testing::ElementsAre;
using Outcome = notify::Attempt::Outcome;

// Sends one of the process's standard streams into a file while it lives.
class CapturedStream {
 public:
  explicit CapturedStream(int stream) : stream_(stream), saved_(::dup(stream)) {
    std::fflush(nullptr);
    point_at(path());
  }
  ~CapturedStream() {
    std::fflush(nullptr);
    ::dup2(saved_, stream_);
    ::close(saved_);
  }
  CapturedStream(const CapturedStream&) = delete;
  CapturedStream& operator=(const CapturedStream&) = delete;

  void point_at(const std::string& path) const {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, stream_);
    ::close(file);
  }
  [[nodiscard]] std::string path() const { return directory_.path() / "stream"; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream file(path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  TemporaryDirectory directory_;
  int stream_;
  int saved_;
};

class ConsoleHarness {
 public:
  [[nodiscard]] SinkSettings settings() const { return {.kind = "console"}; }
  [[nodiscard]] SinkSettings unusable() const { return {.kind = "console", .texts = {{"format", "yaml"}}}; }
  [[nodiscard]] std::vector<std::string> received() const { return stream_.lines(); }
  void break_destination() const { stream_.point_at("/dev/full"); }
  void mend_destination() const { stream_.point_at(stream_.path()); }

 private:
  CapturedStream stream_{STDERR_FILENO};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Console, SinkContract, ConsoleHarness);

std::unique_ptr<notify::Sink> console(std::map<std::string, std::string> texts = {}) {
  auto sink = find_sink("console")->make({.kind = "console", .texts = std::move(texts)});
  EXPECT_TRUE(sink->open().has_value());
  return sink;
}

TEST(ConsoleSink, TextIsALineWithStateKeyAndReasonOnStderr) {
  const CapturedStream stream(STDERR_FILENO);
  EXPECT_EQ(console()->deliver(contract_notification("id-1")).outcome, Outcome::Delivered);
  EXPECT_THAT(
      stream.lines(),
      ElementsAre(R"(2027-01-15T08:00:00Z ALARM logins{User="o'neil \ sons"}: Threshold Crossed: id-1)"));
}

TEST(ConsoleSink, TextOfAnyOtherNotificationIsItsSubject) {
  const CapturedStream stream(STDERR_FILENO);
  auto notification = contract_notification("id-1");
  notification.attributes.clear();
  notification.payload = "no JSON";
  EXPECT_EQ(console()->deliver(notification).outcome, Outcome::Delivered);
  EXPECT_THAT(stream.lines(), ElementsAre(R"(2027-01-15T08:00:00Z ALARM: "logins" in local)"));
}

TEST(ConsoleSink, ControlCharactersOfALogDoNotReachTheTerminal) {
  const CapturedStream stream(STDERR_FILENO);
  auto notification = contract_notification("id-1");
  notification.key = "a\x1b[2Jb\nc\u009Bd\x7F\u00e9";
  notification.payload = R"({"NewStateReason":"\u001b[31m"})";
  EXPECT_EQ(console()->deliver(notification).outcome, Outcome::Delivered);
  EXPECT_THAT(stream.lines(),
              ElementsAre("2027-01-15T08:00:00Z ALARM a\\x1b[2Jb\\x0ac\\x9bd\\x7f\u00e9: \\x1b[31m"));
}

TEST(ConsoleSink, JsonIsThePayloadAsALineOnStdout) {
  const CapturedStream stream(STDOUT_FILENO);
  const auto outcome = console({{"format", "json"}})->deliver(contract_notification("id-1")).outcome;
  const auto lines = stream.lines();
  EXPECT_EQ(outcome, Outcome::Delivered);
  EXPECT_THAT(lines, ElementsAre(contract_notification("id-1").payload));
}

TEST(ConsoleSink, ReaderThatWentAwayIsRefusal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  notify::Attempt attempt;
  {
    const CapturedStream stream(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
    ::close(ends[0]);
    attempt = console()->deliver(contract_notification("id-1"));
  }
  std::signal(SIGPIPE, handler);
  EXPECT_EQ(attempt.outcome, Outcome::Rejected);
  EXPECT_FALSE(attempt.detail.empty());
}

}  // namespace
}  // namespace tocsin::sinks
