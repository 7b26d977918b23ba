// Files over restarts: what a state keeps of the batches leads back into the files, whatever became of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/source/file_source.h"
#include "tests/engine/source/temporary_folder.h"

namespace tocsin::source {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What a durable state does with batches: it keeps the positions, and drops what they cover.
class Ledger {
 public:
  void take(const PartitionName& name, const event::RawBatch& batch) {
    Resume& resume = resume_of(name);
    for (const event::RawRecord& record : batch.records) {
      if (record.offset >= resume.next_offset) values.emplace_back(record.value);
    }
    EXPECT_GE(batch.next_offset, resume.next_offset) << name.file;
    resume.next_offset = std::max(resume.next_offset, batch.next_offset);
    resume.place = batch.place;
  }
  // Of a partition that was met, with or without data.
  Resume& resume_of(const PartitionName& name) {
    for (Resume& resume : from) {
      if (resume.name.file == name.file && resume.name.incarnation == name.incarnation) return resume;
    }
    from.push_back({.name = name});
    return from.back();
  }

  std::vector<Resume> from;
  std::vector<std::string> values;
};

// A followed file, an engine that is started and stopped over it, and what came of it.
class FileResumeTest : public ::testing::Test {
 protected:
  // Looks at the paths anew with every poll, so that no test waits for a clock.
  Result<void> start(const std::vector<std::string>& paths, bool follow = true,
                     const ReadLimits& limits = {}) {
    source_ = std::make_unique<FileSource>("hosts", FileSettings{.paths = paths, .follow = follow}, limits,
                                           Duration{0});
    return source_->open(ledger.from);
  }
  void run(const std::vector<std::string>& paths, bool follow = true) {
    const auto started = start(paths, follow);
    ASSERT_TRUE(started) << describe(started.error());
    drain();
  }
  void drain() {
    while (true) {
      const auto batch = source_->poll(Duration{0});
      ASSERT_TRUE(batch) << describe(batch.error());
      if (!*batch) break;
      ledger.take(source_->partitions()[(*batch)->partition], **batch);
      rejects.merge((*batch)->rejects);
    }
  }
  std::vector<std::string> take_values() { return std::exchange(ledger.values, {}); }
  std::vector<std::string> notes() {
    std::vector<std::string> texts;
    for (const Note& note : source_->status().notes) texts.push_back(note.code + ": " + to_text(note));
    return texts;
  }

  TemporaryFolder folder;
  Ledger ledger;
  event::RejectCounts rejects;
  std::unique_ptr<FileSource> source_;
};

TEST_F(FileResumeTest, GoesOnAtItsByteWithItsLineNumberInItsPartition) {
  folder.write("app.log", "\xef\xbb\xbfone\n\ntw");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("one"));
  folder.append("app.log", "o\nthree\n");
  ASSERT_TRUE(start({folder.path("app.log")}));
  const auto batch = source_->poll(Duration{0});
  ASSERT_TRUE(batch && *batch);
  EXPECT_EQ((*batch)->partition, 0U);
  ASSERT_EQ((*batch)->records.size(), 2U);
  EXPECT_EQ((*batch)->records[0].value, "two") << "half a line is read again";
  EXPECT_EQ((*batch)->records[0].offset, 3);
  EXPECT_EQ((*batch)->records[1].offset, 4);
  EXPECT_EQ((*batch)->next_offset, 5);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(FileResumeTest, WhatIsNotCommittedIsReadAgain) {
  folder.write("app.log", "one\ntwo\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("one", "two"));
  const std::vector<Resume> before = ledger.from;
  folder.append("app.log", "three\n");
  run({folder.path("app.log")});
  ledger.from = before;
  ledger.values.clear();
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("three"));
}

TEST_F(FileResumeTest, PositionsBeyondThePlaceAreKept) {
  folder.write("app.log", "one\ntwo\nthree\n");
  run({folder.path("app.log")});
  take_values();
  folder.append("app.log", "four\nfive\n");
  ledger.from[0].next_offset = 5;
  ASSERT_TRUE(start({folder.path("app.log")}));
  const auto batch = source_->poll(Duration{0});
  ASSERT_TRUE(batch && *batch);
  ASSERT_EQ((*batch)->records.size(), 1U);
  EXPECT_EQ((*batch)->records[0].value, "five");
}

TEST_F(FileResumeTest, ARotatedFileIsFinishedUnderItsNewNameThenTheNewOneIsRead) {
  folder.write("app.log", "one\n");
  run({folder.path("app.log")});
  folder.append("app.log", "two\nlast words");
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.1"));
  folder.write("app.log", "new\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ::testing::UnorderedElementsAre("one", "two", "last words", "new"));
  EXPECT_EQ(source_->partitions().size(), 2U);
  EXPECT_TRUE(source_->status().partitions[0].finished);
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), IsEmpty());
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(FileResumeTest, AFileThatWasReadToItsEndIsGoneOnceNoPathHasIt) {
  folder.write("app.log", "one\n");
  run({folder.path("app.log*")});
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.1"));
  folder.write("app.log", "two\n");
  run({folder.path("app.log*")});
  EXPECT_THAT(source_->status().gone, IsEmpty()) << "it is still there";
  std::filesystem::remove(folder.path("app.log.1"));
  for (int i = 0; i < 100 && !source_->status().partitions[0].finished; ++i) drain();
  drain();
  run({folder.path("app.log*")});
  EXPECT_THAT(source_->status().gone, ElementsAre(0));
  EXPECT_THAT(source_->status().gone, IsEmpty()) << "once";
  ASSERT_EQ(source_->partitions().size(), 2U);
  EXPECT_FALSE(source_->status().partitions[1].finished);
}

TEST_F(FileResumeTest, AFileThatIsGoneIsNamedWithWhatMayBeLost) {
  ReadLimits small;
  small.batch_records = 1;
  folder.write("app.log", "one\ntwo\n");
  ASSERT_TRUE(start({folder.path("app.log")}, true, small));
  const auto batch = source_->poll(Duration{0});
  ledger.take(source_->partitions()[0], **batch);
  std::filesystem::remove(folder.path("app.log"));
  folder.write("other.log", "holds another inode");
  run({folder.path("app.log")});
  EXPECT_THAT(notes(), Contains(AllOf(HasSubstr("file_gone"), HasSubstr("read to byte 4"),
                                      HasSubstr("at least 4 bytes more are lost"))));
  run({folder.path("app.log")});
  EXPECT_THAT(notes(), ::testing::Not(Contains(HasSubstr("file_gone")))) << "once is enough";
}

TEST_F(FileResumeTest, AFileCutOffMeanwhileIsAnotherPartition) {
  folder.write("app.log", "one\ntwo\n");
  run({folder.path("app.log")});
  std::filesystem::resize_file(folder.path("app.log"), 0);
  folder.append("app.log", "new\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("one", "two", "new"));
  EXPECT_THAT(notes(), ElementsAre(AllOf(HasSubstr("file_truncated"), HasSubstr("read to byte 8"))));
  ASSERT_EQ(source_->partitions().size(), 2U);
  EXPECT_NE(source_->partitions()[0].incarnation, source_->partitions()[1].incarnation);
  run({folder.path("app.log")});
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_EQ(source_->partitions().size(), 2U);
}

TEST_F(FileResumeTest, AFileWithAnotherContentIsAnotherPartition) {
  folder.write("app.log", "one\ntwo\n");
  run({folder.path("app.log")});
  folder.write("app.log", "new\nand longer than before\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("one", "two", "new", "and longer than before"));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("file_replaced")));
}

TEST_F(FileResumeTest, AFileThatIsEmptiedAndOutgrowsItselfWhileFollowedIsReadFromItsStart) {
  folder.write("app.log", "one\ntwo\n");
  run({folder.path("app.log")});
  folder.write("app.log", "new\nand longer than before\n");
  drain();
  EXPECT_THAT(take_values(), ElementsAre("one", "two", "new", "and longer than before"));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("file_replaced")));
}

TEST_F(FileResumeTest, APlaceInTheMiddleOfALineIsNotBelieved) {
  const std::string head(2000, 'h');
  folder.write("app.log", head + "\none\n");
  run({folder.path("app.log")});
  folder.write("app.log", head + "\nanother\nthan before\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre(head, "one", head, "another", "than before"));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("file_replaced")));
}

TEST_F(FileResumeTest, CompressedFilesAndDocumentsPassOverWhatIsKnown) {
  const std::string whole = gzip("one\n") + gzip("two\nthree\n");
  const std::string document = R"({"Records":[{"a":1},{"b":2},{"c":3}]})";
  folder.write("a.gz", whole.substr(0, gzip("one\n").size()));
  folder.write("b.json", document.substr(0, 20));
  run({folder.path("")});
  EXPECT_THAT(take_values(), ElementsAre("one", R"({"a":1})"));
  folder.write("a.gz", whole);
  folder.write("b.json", document);
  ASSERT_TRUE(start({folder.path("")}));
  for (const auto& [value, offset] : std::map<std::string, std::int64_t>{{"two", 2}, {R"({"b":2})", 1}}) {
    const auto batch = source_->poll(Duration{0});
    ASSERT_TRUE(batch && *batch);
    EXPECT_EQ((*batch)->records.front().value, value);
    EXPECT_EQ((*batch)->records.front().offset, offset);
    EXPECT_EQ((*batch)->by_line, value == "two");
    ledger.take(source_->partitions()[(*batch)->partition], **batch);
  }
  drain();
  EXPECT_EQ(take_values().size(), 4U);
  EXPECT_EQ(rejects.total(), 0U);
}

TEST_F(FileResumeTest, ARefusedLineIsRefusedOnce) {
  const std::string long_line(event::kMaxEventBytes + 100, 'x');
  folder.write("app.log", "one\n" + long_line.substr(0, long_line.size() / 2));
  run({folder.path("app.log")});
  folder.append("app.log", long_line.substr(long_line.size() / 2) + "\ntwo\n");
  run({folder.path("app.log")});
  folder.append("app.log", "three\n");
  run({folder.path("app.log")});
  EXPECT_THAT(take_values(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(rejects[event::RejectReason::TooLarge], 1U);
}

TEST_F(FileResumeTest, FilesReadToTheirEndAreNotReadAgainButWhatIsAddedIs) {
  folder.write("a.log", "one\n");
  run({folder.path("a.log")}, false);
  EXPECT_TRUE(source_->status().partitions[0].finished);
  run({folder.path("a.log")}, false);
  EXPECT_THAT(take_values(), ElementsAre("one"));
  EXPECT_THAT(notes(), IsEmpty());
  folder.append("a.log", "two\n");
  run({folder.path("a.log")}, false);
  EXPECT_THAT(take_values(), ElementsAre("two"));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("file_grew")));
}

TEST_F(FileResumeTest, AFileThatIsNotAmongThePathsAnyMoreKeepsItsNumberAndIsLeft) {
  folder.write("a.log", "one\n");
  folder.write("b.log", "two\n");
  run({folder.path("a.log"), folder.path("b.log")});
  take_values();
  folder.append("a.log", "more\n");
  folder.append("b.log", "more\n");
  run({folder.path("b.*")});
  EXPECT_THAT(take_values(), ElementsAre("more"));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("file_left_out")));
  EXPECT_EQ(source_->partitions()[0].file, folder.path("a.log"));
  EXPECT_EQ(source_->partitions().size(), 2U);
}

TEST_F(FileResumeTest, APlaceThatCannotBeReadIsAnErrorThatNamesTheFile) {
  folder.write("app.log", "one\n");
  run({folder.path("app.log")});
  const std::vector<Resume> good = ledger.from;
  ledger.from[0].place = "file9 somewhere";
  EXPECT_THAT(describe(start({folder.path("app.log")}).error()),
              AllOf(HasSubstr(folder.path("app.log")), HasSubstr("file9 somewhere")));
  ledger.from = good;
  ledger.from[0].name.incarnation = "";
  EXPECT_FALSE(start({folder.path("app.log")}));
}

// A writer, a log that is rotated in both ways, and an engine that is stopped at any batch: in the end each
// line was taken once. The engine's state is some batches behind what was handed over, as after a crash.
class FileResumeProperty : public FileResumeTest {
 protected:
  static constexpr int kSteps = 120;

  void live(std::uint32_t seed) {
    random_.seed(seed);
    const bool all_names = chance(2);  // rotated files match the paths, too
    paths_ = {folder.path(std::to_string(seed) + ".log" + (all_names ? "*" : ""))};
    log_ = std::to_string(seed) + ".log";
    keep_all_ = !all_names || chance(2);
    folder.write(log_, "");
    restart();
    for (int step = 0; step < kSteps; ++step) {
      switch (random_() % 8) {
        case 0:
        case 1:
        case 2:
          write();
          break;
        case 3:
        case 4:
          poll(1 + random_() % 4);
          break;
        case 5:
          if (chance(3)) rename();
          break;
        case 6:
          if (chance(3)) empty();
          break;
        default:
          // With lines, half lines and a rotation in between.
          source_.reset();
          if (chance(2)) write();
          if (chance(4)) rename();
          if (chance(2)) write();
          restart();
      }
    }
    end_line();
    poll_all();
    std::map<std::string, int> times;
    for (const std::string& line : lines_) --times[line];
    for (const std::string& value : ledger.values) ++times[value];
    for (const auto& [line, more] : times) {
      EXPECT_EQ(more, 0) << "seed " << seed << ": \"" << line << "\" was " << (more < 0 ? "lost" : "doubled");
    }
  }

 private:
  bool chance(std::uint32_t of) { return random_() % of == 0; }

  void write() {
    std::string text;
    for (std::uint32_t i = random_() % 4; i > 0; --i) {
      if (half_.empty()) half_ = std::to_string(number_++) + " line";
      lines_.push_back(half_);
      text += half_.substr(written_) + "\n";
      half_.clear();
      written_ = 0;
    }
    if (chance(3)) {
      if (half_.empty()) half_ = std::to_string(number_++) + " line";
      const std::string more = half_.substr(written_, 4);
      text += more;
      written_ += more.size();
    }
    folder.append(log_, text);
  }
  void end_line() {
    if (half_.empty()) return;
    folder.append(log_, half_.substr(written_) + "\n");
    lines_.push_back(std::exchange(half_, {}));
    written_ = 0;
  }
  // Half a line is the last of a file that was known by its name before.
  void rename() {
    // A file that comes and goes unseen is not read, nor is what comes and goes in one.
    if (!met_ || (emptied_ && !source_)) return;
    // Half a line is kept of a file that is met under this name first: it may go on.
    if (!keep_all_) end_line();
    if (written_ > 0) lines_.push_back(half_.substr(0, written_));
    half_.clear();
    written_ = 0;
    std::filesystem::rename(folder.path(log_), folder.path(log_ + "." + std::to_string(rotated_++)));
    folder.write(log_, "");
    met_ = false;
    if (emptied_) poll(1);
  }
  // In place, once everything in it is known.
  void empty() {
    end_line();
    poll_all();
    std::filesystem::resize_file(folder.path(log_), 0);
    emptied_ = true;
  }

  void poll(std::uint32_t batches) {
    for (; batches > 0; --batches) {
      auto batch = source_->poll(Duration{0});
      ASSERT_TRUE(batch) << describe(batch.error());
      met_ = true;
      emptied_ = false;
      if (!*batch) break;
      pending_.emplace_back(source_->partitions()[(*batch)->partition], std::move(**batch));
    }
    settle(random_() % (pending_.size() + 1));
  }
  void poll_all() {
    std::size_t before = 0;
    do {
      before = pending_.size();
      poll(1000);
    } while (pending_.size() != before);
    settle(pending_.size());
  }
  // The first of them are durable.
  void settle(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ledger.take(pending_[i].first, pending_[i].second);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    if (!keep_all_) return;
    for (const PartitionName& name : source_->partitions()) ledger.resume_of(name);
  }
  void restart() {
    pending_.clear();
    ReadLimits limits;
    limits.batch_records = 1 + random_() % 3;
    limits.batch_bytes = 16;
    const auto started = start(paths_, true, limits);
    ASSERT_TRUE(started) << describe(started.error());
    met_ = true;
    emptied_ = false;
    settle(0);
  }

  std::mt19937 random_;
  std::vector<std::string> paths_;
  std::string log_;
  bool keep_all_ = true;  // the state knows partitions that no batch came from
  std::vector<std::string> lines_;
  int number_ = 0;
  std::string half_;
  std::size_t written_ = 0;
  int rotated_ = 0;
  bool met_ = false;      // the file that has the log's name now
  bool emptied_ = false;  // and that is not noticed yet
  std::vector<std::pair<PartitionName, event::RawBatch>> pending_;
};

class FileResumeSeed : public FileResumeProperty, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(FileResumeSeed, EveryLineIsTakenOnce) { live(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Random, FileResumeSeed, ::testing::Range(1U, 101U));

}  // namespace
}  // namespace tocsin::source
