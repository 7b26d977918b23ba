#include "engine/store/state_directory.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/child.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using testing::HasSubstr;

class OpenState : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path state() const { return temporary_.path() / "state"; }

  // A state with one record, closed.
  void make_state() const {
    const auto made = opened(state());
    ASSERT_TRUE(shard::append(*made, {"a"}));
  }

  void execute(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((state() / "state.sqlite").c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  [[nodiscard]] Error refused() const {
    const auto result = open_state(state().string(), kProgram);
    EXPECT_FALSE(result);
    return result ? Error{} : result.error();
  }

  TemporaryDirectory temporary_;
};

TEST_F(OpenState, MakesADirectoryForItsOwnerAlone) {
  make_state();
  struct stat status{};
  ASSERT_EQ(::stat(state().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((state() / "state.sqlite").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(OpenState, UsesAnEmptyDirectory) {
  std::filesystem::create_directory(state());
  make_state();
  EXPECT_EQ(opened(state())->last(), 1U);
}

TEST_F(OpenState, ASecondEngineIsToldWhoUsesIt) {
  const auto first = opened(state());
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::Refused);
  EXPECT_THAT(error.message, HasSubstr(fmt::format("process {} uses this state", ::getpid())));
}

TEST_F(OpenState, TheLockGoesWithItsProcess) {
  const int code = in_child([&] {
    auto kept = open_state(state().string(), kProgram);
    if (!kept) return 1;
    (void)kept->release();  // as after kill -9: nothing is closed in order
    return 0;
  });
  ASSERT_EQ(code, 0);
  EXPECT_EQ(opened(state())->last(), 0U);
}

TEST_F(OpenState, RefusesWhatIsNoDirectory) {
  write_file(state(), "x");
  EXPECT_THAT(refused().message, HasSubstr("is no directory"));
}

TEST_F(OpenState, RefusesADirectoryOfSomethingElseAndLeavesNothingInIt) {
  std::filesystem::create_directory(state());
  write_file(state() / "precious.txt", "x");
  EXPECT_THAT(refused().message, HasSubstr("holds something that is no state (`precious.txt`)"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(state()), {}), 1);
}

TEST_F(OpenState, NamesADirectoryAboveThatIsNotThere) {
  const auto result = open_state((temporary_.path() / "none" / "state").string(), kProgram);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::NotFound);
  EXPECT_THAT(result.error().message, HasSubstr("the directory above it does not exist"));
}

TEST_F(OpenState, RefusesTheDatabaseOfAnotherProgram) {
  std::filesystem::create_directory(state());
  execute("CREATE TABLE bookmarks(url)");
  EXPECT_THAT(refused().message, HasSubstr("is a database of another program"));
}

TEST_F(OpenState, RefusesANewerVersionAndNamesIt) {
  make_state();
  execute("PRAGMA user_version = 2; UPDATE meta SET value = 'tocsin 9.9' WHERE name = 'written_by'");
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_THAT(error.message, HasSubstr("was written by tocsin 9.9 (schema 2)"));
}

TEST_F(OpenState, NotesWhoWroteLast) {
  make_state();
  ASSERT_TRUE(open_state(state().string(), "tocsin 2.0"));
  execute("PRAGMA user_version = 2");
  EXPECT_THAT(refused().message, HasSubstr("tocsin 2.0"));
}

TEST_F(OpenState, BeginsAgainWhereMakingItBrokeOff) {
  std::filesystem::create_directory(state());
  write_file(state() / "state.sqlite.new", "half a sta");
  write_file(state() / "state.sqlite.new-journal", "junk");
  make_state();
  EXPECT_EQ(opened(state())->last(), 1U);
  EXPECT_FALSE(std::filesystem::exists(state() / "state.sqlite.new"));
  EXPECT_FALSE(std::filesystem::exists(state() / "state.sqlite.new-journal"));
}

TEST_F(OpenState, NeverStartsFromNothingWhereAStateWas) {
  make_state();
  std::filesystem::remove(state() / "state.sqlite");
  EXPECT_THAT(refused().message, HasSubstr("state.sqlite is missing"));
}

TEST_F(OpenState, RefusesAnEmptyFile) {
  make_state();
  write_file(state() / "state.sqlite", "");
  EXPECT_THAT(refused().message, HasSubstr("is empty"));
}

TEST_F(OpenState, RefusesAFileThatIsNoDatabase) {
  make_state();
  write_file(state() / "state.sqlite", std::string(40'000, 'x'));
  EXPECT_THAT(refused().message, HasSubstr("is damaged"));
}

TEST_F(OpenState, TellsOfRecordsThatWereLeftBehindInCopying) {
  const auto running = opened(state());
  ASSERT_TRUE(shard::append(*running, {"a", "b"}));
  const auto copy = temporary_.path() / "copy";
  std::filesystem::create_directory(copy);
  for (const char* name : {"state.sqlite", "newest"}) std::filesystem::copy_file(state() / name, copy / name);
  const auto result = open_state(copy.string(), kProgram);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("records 1 to 2 are missing, the newest"));
  std::filesystem::remove(copy / "newest");  // as the message says, to go on without them
  EXPECT_EQ(opened(copy)->last(), 0U);
}

TEST_F(OpenState, ACopyByOtherToolsIsWholeWithoutItsWitness) {
  make_state();
  std::filesystem::remove(state() / "newest");
  std::filesystem::remove(state() / "lock");
  EXPECT_EQ(opened(state())->last(), 1U);
}

// Root may write everywhere, so this asks as somebody else.
int open_as_nobody(const std::filesystem::path& directory, const std::string& expected) {
  return in_child([&] {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 3;
    const auto result = open_state(directory.string(), kProgram);
    if (result) return 1;
    const bool told = result.error().code == ErrorCode::Refused &&
                      describe(result.error()).find(expected) != std::string::npos;
    if (!told) fmt::print(stderr, "{}\n", describe(result.error()));
    return told ? 0 : 2;
  });
}

TEST_F(OpenState, NamesADirectoryThatMayNotBeWritten) {
  make_state();
  ASSERT_EQ(::chmod(temporary_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(state().c_str(), 0555), 0);
  EXPECT_EQ(open_as_nobody(state(), "let the user of this process"), 0);
  ASSERT_EQ(::chmod(state().c_str(), 0700), 0);
}

TEST_F(OpenState, NamesAPlaceWhereNoDirectoryCanBeMade) {
  ASSERT_EQ(::chmod(temporary_.path().c_str(), 0555), 0);
  EXPECT_EQ(open_as_nobody(state(), "the state directory cannot be made"), 0);
  ASSERT_EQ(::chmod(temporary_.path().c_str(), 0700), 0);
}

}  // namespace
}  // namespace tocsin::store
