#include "engine/source/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/engine/source/temporary_folder.h"

namespace tocsin::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> notes_of(FileSource& source) {
  std::vector<std::string> texts;
  for (const Note& note : source.status().notes) texts.push_back(to_text(note));
  return texts;
}

class FileSourceTest : public ::testing::Test {
 protected:
  // Looks at the paths anew with every poll, so that no test waits for a clock.
  FileSource make(const std::vector<std::string>& paths, bool follow) const {
    return FileSource("hosts", {.paths = paths, .follow = follow}, {}, Duration{0});
  }
  // All that is there now, as "partition/offset:value".
  std::vector<std::string> drain(FileSource& source) {
    std::vector<std::string> records;
    while (true) {
      auto batch = source.poll(Duration{0});
      if (!batch) {
        ADD_FAILURE() << describe(batch.error());
        return records;
      }
      if (!*batch) return records;
      EXPECT_EQ((*batch)->sequence, sequences_[(*batch)->partition]++);
      rejects.merge((*batch)->rejects);
      for (const event::RawRecord& record : (*batch)->records) {
        records.push_back(std::to_string((*batch)->partition) + "/" + std::to_string(record.offset) + ":" +
                          std::string(record.value));
      }
    }
  }

  TemporaryFolder folder;
  event::RejectCounts rejects;

 private:
  std::map<std::uint32_t, std::uint64_t> sequences_;
};

TEST_F(FileSourceTest, ReadsFilesOnceAndIsFinished) {
  FileSource source = make({folder.write("b", "three\n"), folder.write("a", "one\ntwo")}, false);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_EQ(source.partitions().size(), 2U);
  EXPECT_FALSE(source.status().partitions[0].finished);
  EXPECT_THAT(drain(source), ElementsAre("0/1:one", "0/2:two", "1/1:three"));
  for (const Progress& progress : source.status().partitions) {
    EXPECT_TRUE(progress.finished);
    EXPECT_TRUE(progress.caught_up);
  }
}

TEST_F(FileSourceTest, RefusesToStartWithoutItsFilesUnlessItFollows) {
  FileSource once = make({folder.path("none")}, false);
  ASSERT_FALSE(once.open({}).has_value());
  FileSource follow = make({folder.path("none")}, true);
  ASSERT_TRUE(follow.open({}).has_value());
  EXPECT_THAT(notes_of(follow), ElementsAre(folder.path("none") + " does not exist yet; waiting for it"));
  EXPECT_THAT(drain(follow), IsEmpty());
  EXPECT_THAT(notes_of(follow), IsEmpty()) << "once is enough";
  folder.write("none", "here\n");
  EXPECT_THAT(drain(follow), ElementsAre("0/1:here"));
}

TEST_F(FileSourceTest, FollowsWhatIsAppendedAndKeepsHalfALine) {
  FileSource source = make({folder.write("app.log", "one\ntw")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:one"));
  EXPECT_TRUE(source.status().partitions[0].caught_up);
  EXPECT_FALSE(source.status().partitions[0].finished);
  folder.append("app.log", "o\nthree\nfo");
  EXPECT_THAT(drain(source), ElementsAre("0/2:two", "0/3:three"));
  folder.append("app.log", "ur\n");
  EXPECT_THAT(drain(source), ElementsAre("0/4:four"));
}

TEST_F(FileSourceTest, IsNotCaughtUpBeforeItReadToTheEnd) {
  folder.write("app.log", "one\n");
  FileSource source = make({folder.path("app.log")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_FALSE(source.status().partitions[0].caught_up);
  const WallTime before = wall_now();
  drain(source);
  ASSERT_TRUE(source.status().partitions[0].caught_up);
  EXPECT_GE(source.status().partitions[0].at, before);
}

TEST_F(FileSourceTest, ReadsARotatedFileToItsEndAndTheNewOneFromItsStart) {
  FileSource source = make({folder.write("app.log", "one\n")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:one"));
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.1"));
  folder.append("app.log.1", "late\nhalf");
  EXPECT_THAT(drain(source), ElementsAre("0/2:late")) << "renamed, and its writer may go on";
  folder.append("app.log.1", " a line");
  folder.write("app.log", "new\n");
  EXPECT_THAT(drain(source), ::testing::UnorderedElementsAre("0/3:half a line", "1/1:new"));
  const SourceStatus status = source.status();
  EXPECT_TRUE(status.partitions[0].finished);
  EXPECT_FALSE(status.partitions[1].finished);
  EXPECT_EQ(source.partitions()[0].file, source.partitions()[1].file);
}

TEST_F(FileSourceTest, DoesNotReadARotatedFileAgainUnderItsNewName) {
  folder.write("app.log", "one\n");
  FileSource source = make({folder.path("app.log*")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:one"));
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.1"));
  folder.write("app.log", "two\n");
  EXPECT_THAT(drain(source), ElementsAre("1/1:two"));
  EXPECT_THAT(drain(source), IsEmpty());
  EXPECT_EQ(source.partitions().size(), 2U);
}

TEST_F(FileSourceTest, StartsOverWhenAFileGotShorter) {
  FileSource source = make({folder.write("app.log", "one\ntwo\n")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:one", "0/2:two"));
  std::filesystem::resize_file(folder.path("app.log"), 0);
  folder.append("app.log", "new\n");
  EXPECT_THAT(drain(source), ElementsAre("1/1:new"));
  EXPECT_THAT(notes_of(source), ElementsAre(HasSubstr("got shorter")));
  folder.append("app.log", "more\n");
  EXPECT_THAT(drain(source), ElementsAre("1/2:more"));
}

TEST_F(FileSourceTest, FinishesADeletedFile) {
  FileSource source = make({folder.write("app.log", "one\ntwo")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:one"));
  std::filesystem::remove(folder.path("app.log"));
  EXPECT_THAT(drain(source), ElementsAre("0/2:two"));
  EXPECT_TRUE(source.status().partitions[0].finished);
}

TEST_F(FileSourceTest, PicksUpNewFilesThatMatch) {
  folder.write("logs/a.log", "a\n");
  FileSource source = make({folder.path("logs")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre("0/1:a"));
  folder.write("logs/deep/b.log", "b\n");
  EXPECT_THAT(drain(source), ElementsAre("1/1:b"));
}

TEST_F(FileSourceTest, FollowsCompressedFilesAndDocumentsAsTheyGrow) {
  const std::string whole = gzip("one\ntwo\n");
  const std::string document = R"({"Records":[{"a":1},{"b":2}]})";
  folder.write("a.gz", whole.substr(0, 12));
  folder.write("b.json", document.substr(0, 24));
  FileSource source = make({folder.path("")}, true);
  ASSERT_TRUE(source.open({}).has_value());
  EXPECT_THAT(drain(source), ElementsAre(R"(1/0:{"a":1})"));
  folder.append("a.gz", whole.substr(12));
  folder.append("b.json", document.substr(24));
  EXPECT_THAT(drain(source), ::testing::UnorderedElementsAre("0/1:one", "0/2:two", R"(1/1:{"b":2})"));
  EXPECT_EQ(rejects.total(), 0U);
}

TEST_F(FileSourceTest, CountsACompressedFileThatEndsTooEarlyOnceItIsDoneWith) {
  FileSource source = make({folder.write("a.gz", gzip("one\ntwo\n").substr(0, 14))}, true);
  ASSERT_TRUE(source.open({}).has_value());
  drain(source);
  EXPECT_EQ(rejects[event::RejectReason::BadGzip], 0U);
  std::filesystem::remove(folder.path("a.gz"));
  drain(source);
  EXPECT_EQ(rejects[event::RejectReason::BadGzip], 1U);
}

}  // namespace
}  // namespace tocsin::source
