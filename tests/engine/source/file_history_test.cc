#include "engine/source/file_history.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/engine/source/temporary_folder.h"

namespace tocsin::source {
namespace {

using event::kMaxEventBytes;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// All that a file gives: its records as "offset:value", and its rejects.
struct Contents {
  std::vector<std::string> records;
  std::string rejects;
  std::vector<std::string> dead;  // "offset:size" of each letter, cut bytes counted
  bool by_line = true;
  std::size_t batches = 0;
  std::size_t largest_batch = 0;
  bool operator==(const Contents& other) const {
    return records == other.records && rejects == other.rejects && by_line == other.by_line;
  }
};

Contents read_all(PartitionReader& reader) {
  Contents contents;
  event::RejectCounts rejects;
  while (true) {
    const auto batch = reader.read();
    if (!batch) {
      contents.rejects = describe(batch.error());
      return contents;
    }
    EXPECT_EQ(batch->sequence, contents.batches);
    ++contents.batches;
    contents.largest_batch = std::max(contents.largest_batch, batch->records.size());
    for (const event::RawRecord& record : batch->records) {
      contents.records.push_back(std::to_string(record.offset) + ":" + std::string(record.value));
    }
    rejects.merge(batch->rejects);
    EXPECT_EQ(batch->rejects.total(), batch->dead.size());
    for (const event::DeadLetter& letter : batch->dead) {
      EXPECT_LE(letter.value.size(), 65'536U);
      contents.dead.push_back(std::to_string(letter.offset) + ":" +
                              std::to_string(letter.value.size() + letter.cut_bytes));
    }
    contents.by_line = batch->by_line;
    if (batch->last) break;
  }
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (rejects.counts[i] == 0) continue;
    contents.rejects += std::string(event::kRejectNames[i]) + "=" + std::to_string(rejects.counts[i]) + " ";
  }
  return contents;
}

class FileHistory : public ::testing::Test {
 protected:
  Contents read(std::string_view content, const ReadLimits& limits = {}) {
    const std::string path = folder.write("file", content);
    auto descriptor = Descriptor::open(path);
    EXPECT_TRUE(descriptor.has_value());
    return read_all(*read_records(std::move(*descriptor), path, limits));
  }
  std::vector<std::string> names(const std::vector<std::string>& patterns) {
    const auto partitions = list_files("hosts", patterns, {});
    if (!partitions) return {describe(partitions.error())};
    std::vector<std::string> names;
    for (const HistoryPartition& partition : *partitions) {
      names.push_back(partition.name.file.substr(folder.path("").size()));
    }
    return names;
  }

  TemporaryFolder folder;
};

TEST_F(FileHistory, CutsLinesAndNumbersThem) {
  EXPECT_THAT(read("one\ntwo\r\n\n\r\nfive\r\n\rsix\r").records,
              ElementsAre("1:one", "2:two", "5:five", "6:\rsix"));
  EXPECT_THAT(read("one\n").records, ElementsAre("1:one"));
  EXPECT_THAT(read("one").records, ElementsAre("1:one"));
}

TEST_F(FileHistory, ReadsAnEmptyFileAsNothing) {
  for (const std::string_view content : {"", "\n", "\r\n\n", "\xef\xbb\xbf"}) {
    const Contents contents = read(content);
    EXPECT_THAT(contents.records, IsEmpty());
    EXPECT_EQ(contents.rejects, "");
  }
}

TEST_F(FileHistory, StripsAByteOrderMarkAtTheStartOnly) {
  EXPECT_THAT(read("\xef\xbb\xbfone\n\xef\xbb\xbftwo").records, ElementsAre("1:one", "2:\xef\xbb\xbftwo"));
  EXPECT_THAT(read("\xef\xbb\xbf\n{\"Records\":[1]}").records, ElementsAre("0:1"));
}

TEST_F(FileHistory, LeavesInvalidUtf8ToTheDecoder) {
  EXPECT_THAT(read("caf\xe9\nok").records, ElementsAre("1:caf\xe9", "2:ok"));
}

TEST_F(FileHistory, PassesOverLongLinesWithTheNumbersRight) {
  const std::string fits(kMaxEventBytes, 'x');
  for (const std::size_t block : {std::size_t{1} << 10, std::size_t{1} << 18, std::size_t{1} << 23}) {
    const ReadLimits limits{.batch_bytes = block, .batch_records = 100};
    const Contents contents = read("a\n" + fits + "\r\n" + fits + "y\n" + std::string(5'000'000, 'z') +
                                       "\nb\n" + std::string(5'000'000, 'z'),
                                   limits);
    ASSERT_EQ(contents.records.size(), 3U);
    EXPECT_EQ(contents.records[1].size(), 2 + kMaxEventBytes);
    EXPECT_EQ(contents.records[2], "5:b");
    EXPECT_EQ(contents.rejects, "too_large=3 ");
    EXPECT_THAT(contents.dead,
                ElementsAre("3:" + std::to_string(kMaxEventBytes + 1), "4:5000000", "6:5000000"));
  }
}

TEST_F(FileHistory, HandsLettersOverBeforeTheyPileUp) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += std::string(kMaxEventBytes + 1 + static_cast<std::size_t>(i), 'x') + "\n";
  const Contents contents = read(text + "end");
  EXPECT_THAT(contents.records, ElementsAre("201:end"));
  EXPECT_EQ(contents.dead.size(), 200U);
  EXPECT_EQ(contents.dead[150], "151:" + std::to_string(kMaxEventBytes + 151));
  EXPECT_GE(contents.batches, 3U);
}

TEST_F(FileHistory, NamesTheFileThatIsDamaged) {
  const auto whole = gzip("one\ntwo\n");
  const std::string path = folder.write("broken.gz", whole.substr(0, whole.size() - 6));
  const auto files = list_files("s", {path}, {});
  ASSERT_TRUE(files.has_value());
  auto reader = files->front().open();
  ASSERT_TRUE(reader.has_value());
  auto batch = (*reader)->read();
  while (batch && !batch->last) batch = (*reader)->read();
  ASSERT_TRUE(batch.has_value());
  ASSERT_EQ(batch->dead.size(), 1U);
  EXPECT_EQ(batch->dead[0].reason, event::RejectReason::BadGzip);
  EXPECT_EQ(batch->dead[0].value, path);
  EXPECT_GT(batch->dead[0].cut_bytes, 0U) << "it cannot be read again";
}

TEST_F(FileHistory, ReadsCompressedFilesByTheirMagic) {
  const std::string text = "one\ntwo\nthree\n";
  const auto expected = ElementsAre("1:one", "2:two", "3:three");
  EXPECT_THAT(read(gzip(text)).records, expected);
  EXPECT_THAT(read(gzip("one\ntw") + gzip("") + gzip("o\nthree\n") + std::string(600, '\0')).records,
              expected);
  EXPECT_THAT(read(zstd(text)).records, expected);
  EXPECT_THAT(read(zstd("one\ntw") + zstd("o\nthree\n")).records, expected);
  EXPECT_THAT(read(gzip(R"({"Records":[{"a":1}]})")).records, ElementsAre(R"(0:{"a":1})"));
  EXPECT_THAT(read("(\xb5 no zstd\n").records, ElementsAre("1:(\xb5 no zstd"));
  EXPECT_THAT(read("\x1f").records, ElementsAre("1:\x1f"));
}

TEST_F(FileHistory, CountsDamagedCompressionOnceAndGivesWhatWasBefore) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    const Contents cut = read(whole.substr(0, whole.size() / 2));
    EXPECT_GT(cut.records.size(), 1000U);
    EXPECT_EQ(cut.records[1], "2:line 7919");
    EXPECT_EQ(cut.rejects, "bad_gzip=1 ");
    const std::string& last = cut.records.back();
    EXPECT_NE(text.find(last.substr(last.find(':') + 1) + "\n"), std::string::npos)
        << "half a line is no record";
    std::string flipped = whole;
    flipped[flipped.size() / 2] = static_cast<char>(~flipped[flipped.size() / 2]);
    EXPECT_THAT(read(flipped).rejects, EndsWith("bad_gzip=1 "));
  }
  EXPECT_EQ(read(gzip("one\n") + "garbage").rejects, "bad_gzip=1 ");
  EXPECT_EQ(read(gzip(R"({"Records":[{"a":1},{"b":2}]})").substr(0, 24)).rejects, "bad_gzip=1 ");
}

// In the midst of a frame that would be unpacked at once.
TEST_F(FileHistory, BlocksBeforeADamagedOneAreGiven) {
  std::string text;
  for (int i = 0; i < 16'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  std::string damaged = zstd(text);
  std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(damaged.size() * 8 / 10), damaged.end(), '\xFF');
  const Contents found = read(damaged);
  EXPECT_GT(found.records.size(), 8'000U);
  EXPECT_EQ(found.rejects, "bad_gzip=1 ");
}

TEST_F(FileHistory, CutsRecordsDocumentsIntoTheirElements) {
  const auto expected = ElementsAre(R"(0:{"a":"]}"})", R"(1:{"b":[{}]})", "2:3");
  for (const std::string_view content :
       {R"({"Records":[{"a":"]}"},{"b":[{}]},3]})",
        " \n{ \"Records\" :\n [ {\"a\":\"]}\"} ,\r\n\t{\"b\":[{}]} , 3 ] , \"x\" : {} }\n"}) {
    const Contents contents = read(content);
    EXPECT_THAT(contents.records, expected);
    EXPECT_EQ(contents.rejects, "");
    EXPECT_FALSE(contents.by_line);
  }
  EXPECT_THAT(read(R"({"Records":[]})").records, IsEmpty());
}

TEST_F(FileHistory, CountsOnOverDocumentsThatFollowEachOther) {
  const Contents contents =
      read("{\"Records\":[1,2]}\n{\"Records\":[3]}{\"other\":1}\n\n{\"Records\":[4]}\n");
  EXPECT_THAT(contents.records, ElementsAre("0:1", "1:2", "2:3", R"(3:{"other":1})", "4:4"));
  EXPECT_EQ(contents.rejects, "");
}

TEST_F(FileHistory, TakesAnyOtherObjectForLines) {
  for (const std::string content :
       {R"({"records":[1]})", R"({"Records":{"a":1}})", R"({"x":1,"Records":[1]})", R"({"Recor)"}) {
    const Contents contents = read(content);
    EXPECT_THAT(contents.records, ElementsAre("1:" + content));
    EXPECT_TRUE(contents.by_line);
  }
}

TEST_F(FileHistory, CountsADocumentCutShortOnce) {
  const std::string whole = R"({"Records":[{"a":1},{"b":"x"}],"c":{}})";
  for (std::size_t size = 12; size < whole.size(); ++size) {
    const Contents contents = read(whole.substr(0, size));
    EXPECT_EQ(contents.rejects, "not_json=1 ") << whole.substr(0, size);
    EXPECT_EQ(contents.records.size(), size >= 29 ? 2U : size >= 19 ? 1U : 0U) << whole.substr(0, size);
  }
}

TEST_F(FileHistory, GoesOnBehindABrokenLineBetweenDocuments) {
  const Contents contents = read("{\"Records\":[1]}\nrubbish } here\n{\"Records\":[2]}\n");
  EXPECT_THAT(contents.records, ElementsAre("0:1", "1:2"));
  EXPECT_EQ(contents.rejects, "not_json=1 ");
}

TEST_F(FileHistory, PassesOverLargeElementsWithTheIndexesRight) {
  const std::string large = "\"" + std::string(3'000'000, 'x') + "\"";
  const Contents contents = read("{\"Records\":[1," + large + ",2," + large + "]}");
  EXPECT_THAT(contents.records, ElementsAre("0:1", "2:2"));
  EXPECT_EQ(contents.rejects, "too_large=2 ");
}

TEST_F(FileHistory, ReadsAHugeDocumentInBatchesOfTheirLimits) {
  std::string content = "{\"Records\":[";
  for (int i = 0; i < 50'000; ++i)
    content +=
        (i > 0 ? ",{\"i\":" : "{\"i\":") + std::to_string(i) + ",\"pad\":\"" + std::string(200, 'p') + "\"}";
  const Contents contents = read(content + "]}", {.batch_bytes = 64 * 1024, .batch_records = 100});
  EXPECT_EQ(contents.records.size(), 50'000U);
  EXPECT_EQ(contents.largest_batch, 100U);
  EXPECT_THAT(contents.records.back(), HasSubstr("49999:{\"i\":49999,"));
}

TEST_F(FileHistory, GivesTheSameRecordsWhateverTheBatches) {
  std::mt19937 random(20260310);
  const std::vector<std::string> pieces{"{\"Records\":[",
                                        "{\"a\":\"\\\"]}\"}",
                                        ",",
                                        "]}",
                                        "\n",
                                        "\r\n",
                                        "text",
                                        "\"",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "\\",
                                        " ",
                                        "\xef\xbb\xbf",
                                        "1",
                                        "{\"Records\" : [ {\"b\":{}} ] }"};
  for (int round = 0; round < 300; ++round) {
    std::string content = round % 3 == 0 ? "" : "{\"Records\":[";
    for (std::size_t i = random() % 30; i > 0; --i) content += pieces[random() % pieces.size()];
    const Contents whole = read(content);
    for (const ReadLimits limits :
         {ReadLimits{1, 1}, ReadLimits{3, 1000}, ReadLimits{7, 2}, ReadLimits{64, 3}}) {
      EXPECT_EQ(read(content, limits), whole) << content;
    }
    EXPECT_EQ(read(gzip(content), {5, 2}), whole) << content;
  }
}

TEST_F(FileHistory, ListsGlobsFoldersAndFilesSortedAndOnce) {
  folder.write("b.log", "b");
  folder.write("a.log", "a");
  folder.write("deep/down/c.log", "c");
  folder.write("deep/d.txt", "d");
  EXPECT_THAT(names({folder.path("*.log")}), ElementsAre("a.log", "b.log"));
  EXPECT_THAT(names({folder.path("deep")}), ElementsAre("deep/d.txt", "deep/down/c.log"));
  EXPECT_THAT(names({folder.path("b.log"), folder.path(""), folder.path("*.log")}),
              ElementsAre("a.log", "b.log", "deep/d.txt", "deep/down/c.log"));
  folder.write("odd[1]*.log", "o");
  EXPECT_THAT(names({folder.path("odd[1]*.log")}), ElementsAre("odd[1]*.log"));
}

TEST_F(FileHistory, NamesThePatternThatNothingMatches) {
  EXPECT_THAT(names({folder.path("none.log")}), ElementsAre(folder.path("none.log") + ": no such file"));
  EXPECT_THAT(names({folder.path("*.none")}), ElementsAre(folder.path("*.none") + ": no file matches"));
  EXPECT_THAT(names({folder.path("")}), ElementsAre(folder.path("") + ": no files in this directory"));
}

TEST_F(FileHistory, ReportsAFileThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string path = folder.write("secret", "x");
  ::chmod(path.c_str(), 0);
  const auto partitions = list_files("hosts", {path}, {});
  ASSERT_TRUE(partitions.has_value());
  const auto reader = partitions->front().open();
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(reader.error().code, ErrorCode::Refused);
}

TEST_F(FileHistory, SaysHowMuchThereIsToRead) {
  folder.write("a", "12345");
  const auto partitions = list_files("hosts", {folder.path("a")}, {});
  ASSERT_TRUE(partitions.has_value());
  EXPECT_EQ(partitions->front().bytes, 5U);
  EXPECT_EQ(partitions->front().name.source, "hosts");
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// Thousands of files are open side by side only if each has more than a block.
TEST_F(FileHistory, AFileOfABlockIsOneBatchAndHoldsNoDescriptor) {
  const std::vector<std::string> contents{"a\nb\n",
                                          "a\nb",
                                          R"({"Records":[{"a":1},{"b":2}]})",
                                          gzip("a\nb\n"),
                                          gzip("a\n") + gzip("b"),
                                          gzip(R"({"Records":[{"a":1},{"b":2}]})")};
  const std::size_t before = open_descriptors();
  for (const std::string& content : contents) {
    auto descriptor = Descriptor::open(folder.write("file", content));
    ASSERT_TRUE(descriptor.has_value());
    const auto reader = read_records(std::move(*descriptor), "file", {});
    const auto batch = reader->read();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->records.size(), 2U) << content;
    EXPECT_TRUE(batch->last);
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST_F(FileHistory, HoldsNoDescriptorOfFilesNotBeingRead) {
  for (int i = 0; i < 2000; ++i) folder.write("f" + std::to_string(i), "x\n");
  const std::size_t before = open_descriptors();
  const auto partitions = list_files("hosts", {folder.path("")}, {});
  ASSERT_TRUE(partitions.has_value());
  std::vector<std::unique_ptr<PartitionReader>> readers;
  for (const HistoryPartition& partition : *partitions) {
    readers.push_back(std::move(*partition.open()));
    EXPECT_EQ(read_all(*readers.back()).records.size(), 1U);
  }
  EXPECT_EQ(readers.size(), 2000U);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace tocsin::source
