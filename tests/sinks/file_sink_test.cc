#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/sinks/sink_contract.h"
#include "tests/sinks/temporary_directory.h"

namespace tocsin::sinks {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;
using Outcome = notify::Attempt::Outcome;

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// The sink's path is a link, which an outage turns to a full disk.
class FileHarness {
 public:
  FileHarness() { fs::create_symlink(file(), link()); }
  [[nodiscard]] SinkSettings settings() const { return {.kind = "file", .texts = {{"path", link()}}}; }
  [[nodiscard]] SinkSettings unusable() const {
    return {.kind = "file", .texts = {{"path", directory_.path() / "missing" / "alerts.jsonl"}}};
  }
  [[nodiscard]] std::vector<std::string> received() const { return lines_of(file()); }
  void break_destination() const { point_link_to("/dev/full"); }
  void mend_destination() const { point_link_to(file()); }

 private:
  [[nodiscard]] fs::path file() const { return directory_.path() / "alerts.jsonl"; }
  [[nodiscard]] fs::path link() const { return directory_.path() / "link"; }
  void point_link_to(const fs::path& target) const {
    fs::remove(link());
    fs::create_symlink(target, link());
  }

  TemporaryDirectory directory_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(File, SinkContract, FileHarness);

class FileSinkTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<notify::Sink> opened() const {
    auto sink = find_sink("file")->make({.kind = "file", .texts = {{"path", path_}}});
    const auto result = sink->open();
    EXPECT_TRUE(result) << describe(result.error());
    return sink;
  }
  static Outcome deliver(notify::Sink& sink, const std::string& id) {
    return sink.deliver(contract_notification(id)).outcome;
  }

  TemporaryDirectory directory_;
  fs::path path_ = directory_.path() / "alerts.jsonl";
};

TEST_F(FileSinkTest, LineIsOneObjectWithThePayloadInside) {
  auto sink = opened();
  EXPECT_EQ(deliver(*sink, "id-1"), Outcome::Delivered);
  const auto lines = lines_of(path_);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(Json::parse(lines[0]), Json::parse(R"({"id": "id-1", "time": "2027-01-15T08:00:00Z",
      "subject": "ALARM: \"logins\" in local", "key": "logins{User=\"o'neil \\ sons\"}",
      "payload": {"AlarmName": "logins", "NewStateReason": "Threshold Crossed: id-1"}})"));
}

TEST_F(FileSinkTest, LineMayBeThePayloadAlone) {
  auto sink = find_sink("file")->make({.kind = "file", .texts = {{"path", path_}, {"lines", "payload"}}});
  ASSERT_TRUE(sink->open());
  EXPECT_EQ(deliver(*sink, "id-1"), Outcome::Delivered);
  EXPECT_THAT(lines_of(path_), ElementsAre(contract_notification("id-1").payload));
}

TEST_F(FileSinkTest, PayloadThatWouldBreakTheLineBecomesAString) {
  auto sink = opened();
  for (const char* payload : {"{\n}", "no JSON"}) {
    auto notification = contract_notification("id-1");
    notification.payload = payload;
    EXPECT_EQ(sink->deliver(notification).outcome, Outcome::Delivered);
  }
  const auto lines = lines_of(path_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(Json::parse(lines[0]).at("payload"), "{\n}");
  EXPECT_EQ(Json::parse(lines[1]).at("payload"), "no JSON");
}

TEST_F(FileSinkTest, AppendsAndIsNotReadableByEverybody) {
  write(path_, "before\n");
  EXPECT_EQ(deliver(*opened(), "id-1"), Outcome::Delivered);
  EXPECT_THAT(lines_of(path_), ElementsAre("before", HasSubstr("id-1")));
  fs::remove(path_);
  EXPECT_EQ(deliver(*opened(), "id-1"), Outcome::Delivered);
  EXPECT_EQ(fs::status(path_).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(FileSinkTest, LineThatACrashLeftUnfinishedIsEndedFirst) {
  write(path_, R"({"id":"id-0","ti)");
  EXPECT_EQ(deliver(*opened(), "id-1"), Outcome::Delivered);
  EXPECT_THAT(lines_of(path_), ElementsAre(R"({"id":"id-0","ti)", HasSubstr("id-1")));
}

TEST_F(FileSinkTest, RotatedFileIsCreatedAnew) {
  auto sink = opened();
  EXPECT_EQ(deliver(*sink, "id-1"), Outcome::Delivered);
  const fs::path old = directory_.path() / "alerts.jsonl.1";
  fs::rename(path_, old);
  EXPECT_EQ(deliver(*sink, "id-2"), Outcome::Delivered);
  EXPECT_THAT(lines_of(old), ElementsAre(HasSubstr("id-1")));
  EXPECT_THAT(lines_of(path_), ElementsAre(HasSubstr("id-2")));
}

TEST_F(FileSinkTest, DirectoryThatVanishesIsAnOutage) {
  auto sink = opened();
  const fs::path away = directory_.path().string() + "-away";
  fs::rename(directory_.path(), away);
  const auto attempt = sink->deliver(contract_notification("id-1"));
  fs::rename(away, directory_.path());
  EXPECT_EQ(attempt.outcome, Outcome::Retry);
  EXPECT_THAT(attempt.detail, HasSubstr("the directory does not exist"));
  EXPECT_EQ(deliver(*sink, "id-1"), Outcome::Delivered);
}

// The file may grow by no more than `bytes` while this lives: writes beyond come out short, then fail.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(FileSinkTest, DiskThatFillsUpWithinALineKeepsNoPieceOfIt) {
  auto sink = opened();
  EXPECT_EQ(deliver(*sink, "id-1"), Outcome::Delivered);
  const std::string whole = bytes_of(path_);
  notify::Attempt attempt;
  std::string after_failure;
  {
    const FileSizeLimit limit(whole.size() + 10);
    attempt = sink->deliver(contract_notification("id-2"));
    after_failure = bytes_of(path_);
  }
  EXPECT_EQ(attempt.outcome, Outcome::Retry);
  EXPECT_EQ(after_failure, whole);
  EXPECT_EQ(deliver(*sink, "id-2"), Outcome::Delivered);
  EXPECT_THAT(lines_of(path_), ElementsAre(HasSubstr("id-1"), HasSubstr("id-2")));
}

TEST_F(FileSinkTest, DirectoryAsPathDoesNotOpen) {
  auto sink = find_sink("file")->make({.kind = "file", .texts = {{"path", directory_.path()}}});
  const auto result = sink->open();
  ASSERT_FALSE(result);
  EXPECT_THAT(describe(result.error()), HasSubstr(directory_.path().string()));
}

}  // namespace
}  // namespace tocsin::sinks
