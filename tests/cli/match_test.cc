#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/line_cutter.h"
#include "cli/match_arguments.h"
#include "cli/match_summary.h"
#include "engine/event/reject.h"
#include "tests/cli/outcome.h"

namespace tocsin::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Outcome run(const std::vector<std::string>& arguments) {
  return outcome_of([&] { return match_command(arguments); });
}

class MatchCommand : public testing::Test {
 protected:
  MatchCommand() {
    std::string name = testing::TempDir() + "match_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~MatchCommand() override { std::filesystem::remove_all(folder_); }

  // A file with that content.
  [[nodiscard]] std::string file(const std::string& content) {
    const std::string path = folder_ + "/" + std::to_string(++files_);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  [[nodiscard]] std::string gzip_file(const std::string& content) {
    const std::string path = folder_ + "/" + std::to_string(++files_) + ".gz";
    gzFile out = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(out, content.data(), static_cast<unsigned>(content.size())),
              static_cast<int>(content.size()));
    gzclose(out);
    return path;
  }

  std::string folder_;
  int files_ = 0;
};

// --- patterns and exit codes -----------------------------------------------------------------------------

TEST_F(MatchCommand, EventPatternFromTheArgumentOrAFile) {
  const std::string input =
      file("{\n  \"source\": \"aws.backup\",\n  \"detail\": {\"state\": \"FAILED\"}\n}\n");
  const std::string pattern = R"({"source": ["aws.backup"], "detail": {"state": [{"prefix": "FAIL"}]}})";
  for (const std::string& given : {pattern, "@" + file(pattern + "\n")}) {
    const Outcome match = run({"--event-pattern", given, "--document", input});
    EXPECT_EQ(match.status, kFine) << match.err;
    EXPECT_THAT(match.out, HasSubstr("aws.backup"));
  }
  EXPECT_EQ(run({"--event-pattern={\"source\": [\"aws.ec2\"]}", "--document", input}).status, kNo);
  const Outcome extracted = run({"--event-pattern", pattern, "--document", "--extract", input});
  EXPECT_EQ(nlohmann::json::parse(extracted.out)["extracted"],
            nlohmann::json::parse(R"({"$.source": "aws.backup", "$.detail.state": "FAILED"})"));
}

TEST_F(MatchCommand, EventPatternThatIsRefusedIsShownInItsFile) {
  const std::string place = file("{\n  \"source\": \"aws.backup\"\n}\n");
  const Outcome refused = run({"--event-pattern", "@" + place, file("")});
  EXPECT_EQ(refused.status, kUsage);
  EXPECT_EQ(refused.err,
            place +
                ":2:13: error: Event pattern is not valid. Reason: \"source\" must be an object or an array\n"
                "  \"source\": \"aws.backup\"\n"
                "            ^\n"
                "hint: values stand in a list: [\"aws.backup\"]\n");
  const Outcome missing = run({"--event-pattern", "@" + folder_ + "/none", file("")});
  EXPECT_EQ(missing.status, kUsage);
  EXPECT_THAT(missing.err, HasSubstr("/none: "));
}

TEST_F(MatchCommand, PrintsMatchingLinesAndExitsZero) {
  const std::string input = file("{\"a\":1,\"b\":\"xyz\"}\n");
  const Outcome match = run({"--filter-pattern", "{ $.a = 1 && $.b = \"x*\" }", input});
  EXPECT_EQ(match.status, kFine);
  EXPECT_EQ(match.out, "{\"a\":1,\"b\":\"xyz\"}\n");
  EXPECT_THAT(match.err, IsEmpty());
  const Outcome none = run({"--filter-pattern", "{ $.a = 2 && $.b = \"x*\" }", input});
  EXPECT_EQ(none.status, kNo);
  EXPECT_THAT(none.out, IsEmpty());
  EXPECT_THAT(none.err, IsEmpty());
}

TEST_F(MatchCommand, ARefusedPatternIsShownWithACaretUnderItsFault) {
  const Outcome outcome = run({"--filter-pattern", "{ $.a = }", "/does/not/exist"});
  EXPECT_EQ(outcome.status, kUsage);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("--filter-pattern:1:9: error: A value is missing after '='\n"));
  EXPECT_THAT(outcome.err, HasSubstr("{ $.a = }\n        ^\n"));
  EXPECT_THAT(outcome.err, HasSubstr("hint: "));
}

TEST_F(MatchCommand, EveryRefusedPatternIsTold) {
  const Outcome outcome =
      run({"--filter-pattern", "[", "--regex", "(", "--filter-pattern", "{\n $.a == 1 }", file("")});
  EXPECT_EQ(outcome.status, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("--filter-pattern:1:2: error: "));
  EXPECT_THAT(outcome.err, HasSubstr("--regex:1:2: error: "));
  EXPECT_THAT(outcome.err, HasSubstr("--filter-pattern:2:7: error: "));
}

TEST_F(MatchCommand, AColumnCountsCharacters) {
  const Outcome outcome = run({"--filter-pattern", "{ $.a = \"\xC3\xA9\xC3\xA9\" x }", file("")});
  EXPECT_THAT(outcome.err, HasSubstr("--filter-pattern:1:14: error: "));
}

TEST_F(MatchCommand, PatternsArePassedUntouched) {
  const std::string input = file("a b c\n-x =-y\n");
  EXPECT_EQ(run({"--filter-pattern", "[ip, rest]", input}).out, "a b c\n-x =-y\n");
  EXPECT_EQ(run({"--filter-pattern", "", input}).out, "a b c\n-x =-y\n");
  EXPECT_EQ(run({"--filter-pattern=", input}).out, "a b c\n-x =-y\n");
  EXPECT_EQ(run({"--filter-pattern=[x=a, y]", input}).out, "a b c\n");
  EXPECT_EQ(run({"--filter-pattern", "-a", input}).out, "-x =-y\n");
  EXPECT_EQ(run({"--regex", "=-y", input}).out, "-x =-y\n");
  EXPECT_EQ(run({"--regex==-y", input}).out, "-x =-y\n");
  EXPECT_EQ(run({"--regex", "--count", input}).status, kNo);
}

TEST_F(MatchCommand, ALineThatAnyPatternMatchesLeavesOnce) {
  const std::string input = file("a\nb\nab\nc\n");
  EXPECT_EQ(run({"--filter-pattern", "a", "--regex", "b", input}).out, "a\nb\nab\n");
  EXPECT_EQ(run({"--filter-pattern", "a", "--regex", "b", "--count", input}).out, "3\n");
}

TEST_F(MatchCommand, BadUsageIsTold) {
  const auto fault = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, kUsage);
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(fault({}), HasSubstr("name a pattern"));
  EXPECT_THAT(fault({"--filter-pattern"}), HasSubstr("--filter-pattern needs a pattern"));
  EXPECT_THAT(fault({"--filter-patern", "x"}), HasSubstr("did you mean `--filter-pattern`?"));
  EXPECT_THAT(fault({"--regex", "x", "--count", "--extract"}), HasSubstr("exclude each other"));
  EXPECT_EQ(fault({"--regex", "x", "--count=1"}),
            "tocsin match: `--count` takes no value\nsee `tocsin match --help`\n");
  EXPECT_THAT(fault({"--regex", "x", "--cuont=1"}), HasSubstr("did you mean `--count`?"));
  EXPECT_THAT(fault({"--name", "a", "--regex", "x", "--regex", "y"}),
              HasSubstr("give all patterns a --name, or none"));
  EXPECT_THAT(fault({"--name=a", "--regex", "x", "--name=a", "--regex", "y"}),
              HasSubstr("--name a stands twice"));
  EXPECT_THAT(fault({"--regex", "x", "--name", "a"}), HasSubstr("no pattern stands behind it"));
  EXPECT_THAT(fault({"--name", "a", "--name", "b", "--regex", "x"}),
              HasSubstr("--name a: no pattern stands behind"));
  EXPECT_THAT(fault({"--name", "a b", "--regex", "x"}), HasSubstr("--name a b: write letters"));
  EXPECT_THAT(fault({"--regex", "x", "--topic", "t"}), HasSubstr("--brokers HOST:PORT --topic TOPIC"));
  EXPECT_THAT(fault({"--regex", "x", "--brokers", "k"}), HasSubstr("--brokers HOST:PORT --topic TOPIC"));
  EXPECT_THAT(fault({"--regex", "x", "--from", "2026-03-01T09:00:00Z"}), HasSubstr("are for topics"));
  EXPECT_THAT(fault({"--regex", "x", "--from", "today"}), HasSubstr("write a time as"));
  EXPECT_THAT(fault({"--regex", "x", "-p", "x"}), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(fault({"--regex", "x", "--topic"}), HasSubstr("--topic needs a value"));
  EXPECT_THAT(fault({"--regex", "x", "--workers", "0"}), HasSubstr("a number from 1 to 256"));
}

TEST_F(MatchCommand, APatternWithoutItsOptionIsRecognised) {
  const std::string input = file("x\n");
  EXPECT_EQ(run({"{ $.userIdentity.type = \"Root\" }", input}).err,
            "tocsin match: name a pattern; did you mean "
            "--filter-pattern '{ $.userIdentity.type = \"Root\" }'?\n"
            "see `tocsin match --help`\n");
  const auto suggests = [&](const char* pattern, const std::string& suggestion) {
    EXPECT_THAT(run({pattern, input}).err, HasSubstr("did you mean " + suggestion + "?")) << pattern;
  };
  suggests("[ip, user, ...]", "--filter-pattern '[ip, user, ...]'");
  suggests("failed password", "--filter-pattern 'failed password'");
  suggests("\"access denied\"", "--filter-pattern '\"access denied\"'");
  suggests("?ERROR ?WARN", "--filter-pattern '?ERROR ?WARN'");
  suggests("%404|500%", "--filter-pattern '%404|500%'");
  suggests("it's over", R"(--filter-pattern 'it'\''s over')");
  suggests(R"({"source": ["aws.s3"]})", R"(--event-pattern '{"source": ["aws.s3"]}')");
  EXPECT_THAT(run({input}).err, HasSubstr("name a pattern: --filter-pattern P"));
  EXPECT_THAT(run({"/no/such/file"}).err, HasSubstr("name a pattern: --filter-pattern P"));
  std::filesystem::rename(input, folder_ + "/[1] old.log");
  EXPECT_THAT(run({folder_ + "/[1] old.log"}).err, HasSubstr("name a pattern: --filter-pattern P"));
  EXPECT_THAT(run({"{ $.a\x1B[31m = 1 }"}).err, testing::Not(HasSubstr("\x1B")));
}

TEST_F(MatchCommand, AnEventPatternThatIsAFilesNameIsToldHowFilesAreGiven) {
  const std::string rule = file("{\"source\": [\"aws.s3\"]}");
  for (const std::string& name : {rule, std::string("missing/rule.json")}) {
    const Outcome outcome = run({"--event-pattern", name, file("")});
    EXPECT_EQ(outcome.status, kUsage);
    EXPECT_EQ(outcome.err,
              "tocsin match: --event-pattern takes the pattern itself, or a file's name behind an @: "
              "--event-pattern @" +
                  name + "\nsee `tocsin match --help`\n");
  }
}

TEST_F(MatchCommand, OptionsOfOtherGrepsFindTheirNearest) {
  const auto told = [](const char* option) { return run({option, "x", "-"}).err; };
  EXPECT_THAT(told("--pattern"), HasSubstr("did you mean `--filter-pattern`?"));
  EXPECT_THAT(told("-c"), HasSubstr("did you mean `--count`?"));
  EXPECT_THAT(told("-e"), HasSubstr("did you mean `--regex`?"));
  EXPECT_THAT(told("-E"), HasSubstr("did you mean `--regex`?"));
  EXPECT_THAT(told("--max-count"), HasSubstr("there is no option `--max-count`\n"));
}

TEST_F(MatchCommand, HelpIsNoError) {
  const Outcome outcome = run({"--help"});
  EXPECT_EQ(outcome.status, kFine);
  EXPECT_THAT(outcome.out, HasSubstr("--filter-pattern"));
}

// --- input and output ------------------------------------------------------------------------------------

TEST_F(MatchCommand, LinesLeaveByteForByte) {
  const std::string content = "x 1\r\n\nx\t2 \n\r\nx 3\r\r\nx 4";
  EXPECT_EQ(run({"--filter-pattern", "x", file(content)}).out, "x 1\r\nx\t2 \nx 3\r\r\nx 4");
  EXPECT_EQ(run({"--filter-pattern", "", file(content)}).out, content);
  EXPECT_EQ(run({"--regex", "1$", file(content)}).out, "x 1\r\n");
}

TEST_F(MatchCommand, ReadsSeveralFilesInOrder) {
  const std::string one = file("x1\ny\n");
  const std::string two = gzip_file("x2\n");
  EXPECT_EQ(run({"--filter-pattern", "x", two, "--", one}).out, "x2\nx1\n");
}

TEST_F(MatchCommand, ReadsStandardInputWithoutAFile) {
  const int saved = dup(STDIN_FILENO);
  for (const std::vector<std::string>& files : {std::vector<std::string>{}, {"-"}}) {
    const int input = open(file("x\ny\n").c_str(), O_RDONLY);
    dup2(input, STDIN_FILENO);
    close(input);
    std::vector<std::string> arguments{"--filter-pattern", "y"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    EXPECT_EQ(run(arguments).out, "y\n");
  }
  dup2(saved, STDIN_FILENO);
  close(saved);
}

TEST_F(MatchCommand, AnUnreadableFileIsToldAndTheOthersAreRead) {
  const std::string empty = folder_ + "/empty";
  std::filesystem::create_directory(empty);
  const Outcome outcome = run({"--filter-pattern", "x", "/does/not/exist", empty, file("x\n")});
  EXPECT_EQ(outcome.status, kUnreadable);
  EXPECT_EQ(outcome.out, "x\n");
  EXPECT_THAT(outcome.err, HasSubstr("/does/not/exist"));
  EXPECT_THAT(outcome.err, HasSubstr(empty + ": no files in this directory"));
}

TEST_F(MatchCommand, OfADirectoryAllFilesBelowAreReadByTheirPaths) {
  std::filesystem::create_directories(folder_ + "/trail/b/c");
  std::filesystem::rename(gzip_file("x3\ny\n"), folder_ + "/trail/b/c/3.json.gz");
  std::filesystem::rename(file("x1\n"), folder_ + "/trail/a.json");
  std::filesystem::rename(file("x2\n"), folder_ + "/trail/b/2.json");
  EXPECT_EQ(run({"--filter-pattern", "x", folder_ + "/trail"}).out, "x1\nx2\nx3\n");
  EXPECT_EQ(run({"--count", "--decode", "--filter-pattern", "x", folder_ + "/trail"}).out, "3\n");
}

TEST_F(MatchCommand, AFileWhoseNameLooksLikeAGlobIsItself) {
  const std::string path = folder_ + "/[1].log";
  std::filesystem::rename(file("x\n"), path);
  EXPECT_EQ(run({"--filter-pattern", "x", path}).out, "x\n");
}

TEST_F(MatchCommand, ManyThreadsChangeNoByte) {
  const std::string folder = folder_ + "/many";
  std::filesystem::create_directory(folder);
  for (int i = 100; i < 160; ++i) {
    std::string content;
    for (int line = 0; line < 20'000 * (i % 7 == 0) + 10; ++line)
      content += std::to_string(i) + " x" + std::to_string(line) +
                 " and some more words, for a waiting file to be a large one\n";
    std::filesystem::rename(i % 2 == 0 ? gzip_file(content) : file(content),
                            folder + "/" + std::to_string(i));
  }
  const Outcome one = run({"--workers", "1", "--regex", "x.*", folder, "/does/not/exist", folder});
  EXPECT_GT(one.out.size(), 20'000'000U);
  for (const char* workers : {"2", "7"}) {
    const Outcome many = run({"--workers", workers, "--regex", "x.*", folder, "/does/not/exist", folder});
    EXPECT_TRUE(many.out == one.out);
    EXPECT_EQ(many.err, one.err);
    EXPECT_EQ(many.status, kUnreadable);
  }
}

// --- names -----------------------------------------------------------------------------------------------

TEST_F(MatchCommand, NamedPatternsSayWhichOfThemMatch) {
  const std::string one = file("a\nb\nc\nab");
  const std::string two = file("b\n");
  const std::vector<std::string> patterns{"--name",  "first", "--filter-pattern", "a", "--name=second/2",
                                          "--regex", "b"};
  const auto with = [&patterns](std::vector<std::string> more) {
    more.insert(more.begin(), patterns.begin(), patterns.end());
    return run(more);
  };
  EXPECT_EQ(with({one, two}).out, "first\ta\nsecond/2\tb\nfirst,second/2\tab\nsecond/2\tb\n");
  EXPECT_EQ(with({"--count", one, two}).out, "first\t2\nsecond/2\t3\n");
  EXPECT_EQ(with({"--count", file("c\n")}).out, "first\t0\nsecond/2\t0\n");
  EXPECT_EQ(with({"--extract", two}).out,
            "{\"line\":1,\"patterns\":[\"second/2\"],\"message\":\"b\",\"extracted\":{}}\n");
}

TEST_F(MatchCommand, ExtractSaysWhichFileWhereThereAreSeveral) {
  const std::string one = file("x\n");
  const std::string two = file("y\nx\n");
  EXPECT_EQ(run({"--extract", "--filter-pattern", "x", one, two}).out,
            "{\"file\":\"" + one + "\",\"line\":1,\"message\":\"x\",\"extracted\":{}}\n{\"file\":\"" + two +
                "\",\"line\":2,\"message\":\"x\",\"extracted\":{}}\n");
}

TEST_F(MatchCommand, DamagedCompressionIsUnreadable) {
  const std::string path = gzip_file(std::string(100'000, 'x') + "\n");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 12);
  const Outcome outcome = run({"--filter-pattern", "y", path});
  EXPECT_EQ(outcome.status, kUnreadable);
  EXPECT_THAT(outcome.err, HasSubstr("damaged"));
}

TEST_F(MatchCommand, TheLineInWhichCompressedDataBreaksOffIsNoMessage) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "event " + std::to_string(i * 7919) + "\n";
  const std::string path = gzip_file(content);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Outcome outcome = run({"--filter-pattern", "", path});
  EXPECT_EQ(outcome.status, kUnreadable);
  EXPECT_THAT(outcome.err, HasSubstr("damaged"));
  EXPECT_GT(outcome.out.size(), 1000U);
  EXPECT_TRUE(outcome.out.ends_with('\n'));
  EXPECT_TRUE(content.starts_with(outcome.out));
}

TEST_F(MatchCommand, ALastLineWithoutItsEndIsAMessageWhereTheDataIsWhole) {
  EXPECT_EQ(run({"--filter-pattern", "", gzip_file("a\nb")}).out, "a\nb");
}

TEST_F(MatchCommand, WhatCannotMatchIsCounted) {
  const std::string large(event::kMaxEventBytes, 'x');
  const Outcome outcome = run({"--filter-pattern", "", "--count",
                               file("ok\n\xFF\n" + large + "\n" + large + "x\n" + large + "\r\nlast")});
  EXPECT_EQ(outcome.status, kFine);
  EXPECT_EQ(outcome.out, "4\n");
  EXPECT_EQ(outcome.err, "tocsin match: never matched: 1 bad_utf8, 1 too_large\n");
}

TEST_F(MatchCommand, ADocumentIsOneMessage) {
  const std::string document = "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}\n";
  EXPECT_EQ(run({"--filter-pattern", "{ $.b[0] = 2 }", file(document)}).status, kNo);
  const Outcome outcome =
      run({"--document", "--filter-pattern", "{ $.b[0] = 2 }", file(document), file("{\"b\":[2]}")});
  EXPECT_EQ(outcome.status, kFine);
  EXPECT_EQ(outcome.out, document + "{\"b\":[2]}");
  EXPECT_EQ(run({"--document", "--count", "--regex", "^a\nb$", file("a\nb\r\n")}).out, "1\n");
  const Outcome large = run({"--document", "--filter-pattern", "",
                             file(std::string(event::kMaxEventBytes + 1, 'x')), file("\xFF")});
  EXPECT_EQ(large.status, kNo);
  EXPECT_THAT(large.err, HasSubstr("1 bad_utf8, 1 too_large"));
}

TEST_F(MatchCommand, CountIsTheBareNumber) {
  const Outcome none = run({"--count", "--filter-pattern", "z", file("x\n")});
  EXPECT_EQ(none.status, kNo);
  EXPECT_EQ(none.out, "0\n");
}

TEST_F(MatchCommand, ExtractPrintsLineMessageAndFields) {
  const std::string input = file("no\n{\"a\":1,\"s\":\"\\u00e9\\n\"}\r\n");
  EXPECT_EQ(run({"--extract", "--filter-pattern", "{ $.a = 1 && $.s = * && $.none NOT EXISTS }", input}).out,
            "{\"line\":2,\"message\":\"{\\\"a\\\":1,\\\"s\\\":\\\"\\\\u00e9\\\\n\\\"}\",\"extracted\":{\"$."
            "a\":\"1\",\"$.s\":\"\xC3\xA9\\n\"}}\n");
  EXPECT_EQ(
      run({"--extract", "--filter-pattern", "[a, ..., z]", file("1 [2 2] 3\n")}).out,
      "{\"line\":1,\"message\":\"1 [2 2] 3\",\"extracted\":{\"$a\":\"1\",\"$2\":\"2 2\",\"$z\":\"3\"}}\n");
  EXPECT_EQ(run({"--extract", "--regex", "(?P<user>b)(c)?", "--filter-pattern", "[user]", file("ab\n")}).out,
            "{\"line\":1,\"message\":\"ab\",\"extracted\":{\"$user\":\"b\"}}\n");
}

// In time linear in the tokens: in quadratic time this one would not end before the test's limit.
TEST_F(MatchCommand, ExtractTakesALineOfManyTokens) {
  std::string line;
  for (int i = 0; i < 200'000; ++i) line += "x ";
  const std::string out = run({"--extract", "--filter-pattern", "[first, ...]", file(line + "\n")}).out;
  EXPECT_THAT(out, HasSubstr("\"extracted\":{\"$first\":\"x\",\"$2\":\"x\","));
  EXPECT_TRUE(out.ends_with(",\"$200000\":\"x\"}}\n"));
}

TEST_F(MatchCommand, DecodeUnwrapsRecords) {
  const std::string trail =
      R"({"Records":[{"eventVersion":"1.08","eventTime":"2026-03-01T00:00:00Z","eventSource":"s3","eventName":"A","recipientAccountId":"111122223333"},)"
      R"({"eventVersion":"1.08","eventTime":"2026-03-01T00:00:01Z","eventSource":"s3","eventName":"B","recipientAccountId":"111122223333"}]})";
  EXPECT_EQ(run({"--filter-pattern", "{ $.eventName = B }", file(trail)}).status, kNo);
  for (const std::string& path : {file(trail), gzip_file(trail)}) {
    const Outcome outcome = run({"--decode", "--filter-pattern", "{ $.eventName = B }", path});
    EXPECT_EQ(outcome.status, kFine);
    EXPECT_THAT(outcome.out,
                testing::StartsWith("{\"eventVersion\":\"1.08\",\"eventTime\":\"2026-03-01T00:00:01Z\""));
    EXPECT_THAT(outcome.out, testing::EndsWith("}\n"));
    EXPECT_EQ(run({"--decode", "--document", "--count", "--filter-pattern", "{ $.eventName = * }", path}).out,
              "2\n");
  }
}

TEST(MatchSummary, SaysHowFastItWas) {
  EXPECT_EQ(render_speed({.matched = 12, .events = 300'000, .bytes = 379'000'000}, 0.5),
            "12 of 300,000 match, 379 MB in 0.5 s: 600,000 events/s, 758 MB/s");
}

// --- lines -----------------------------------------------------------------------------------------------

std::vector<std::string> cut(std::string_view text, std::size_t piece, std::size_t most) {
  LineCutter cutter(most);
  std::vector<std::string> out;
  std::vector<Line> lines;
  std::size_t at = 0;
  for (bool last = false; !last;) {
    const auto room = cutter.room();
    const std::size_t size = std::min({piece, room.size(), text.size() - at});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
    at += size;
    cutter.filled(size);
    last = size == 0;
    cutter.cut(last, lines);
    for (const Line& line : lines) {
      EXPECT_EQ(line.number, out.size() + 1);
      out.push_back(line.too_long ? "TOO LONG"
                                  : std::string(line.content) + "|" +
                                        std::string(line.whole.substr(line.content.size())));
    }
  }
  return out;
}

TEST(LineCutter, HowBytesComeChangesNothing) {
  const std::string_view text = "a\n\nabcd\nabcde\r\nabcdef\nx\r\nabcdefghijklmnopq\r\nend\r";
  const std::vector<std::string> expected = cut(text, text.size(), 5);
  EXPECT_THAT(expected, ElementsAre("a|\n", "|\n", "abcd|\n", "abcde|\r\n", "TOO LONG", "x|\r\n", "TOO LONG",
                                    "end\r|"));
  for (std::size_t piece = 1; piece < text.size(); ++piece) EXPECT_EQ(cut(text, piece, 5), expected) << piece;
}

TEST(LineCutter, ALongLineWithoutEndIsOneLongLine) {
  EXPECT_THAT(cut(std::string(3'000'000, 'x'), 65536, 1000), ElementsAre("TOO LONG"));
  EXPECT_THAT(cut(std::string(3'000'000, 'x') + "\ny", 65536, 1000), ElementsAre("TOO LONG", "y|"));
  EXPECT_THAT(cut("", 10, 10), IsEmpty());
}

TEST_F(MatchCommand, SaysWhereEventsAreInsideOfMessagesAndNothingMatched) {
  const std::string trail = file("{\"Records\": [{\"eventName\": \"ConsoleLogin\"}]}\n");
  const Outcome whole = run({"--filter-pattern", "{ $.eventName = ConsoleLogin }", trail});
  EXPECT_EQ(whole.status, kNo);
  EXPECT_NE(whole.err.find("1 of the messages carry events"), std::string::npos) << whole.err;
  EXPECT_NE(whole.err.find("add --decode"), std::string::npos) << whole.err;
  const Outcome decoded = run({"--decode", "--filter-pattern", "{ $.eventName = ConsoleLogin }", trail});
  EXPECT_EQ(decoded.status, kFine);
  EXPECT_EQ(decoded.err, "");
  EXPECT_EQ(run({"--filter-pattern", "{ $.Records[0].eventName = * }", trail}).err, "") << "it matches";
}

TEST_F(MatchCommand, SaysSoOfEveryEnvelopeThatDecodeUnwraps) {
  const char* const kEnvelopes[] = {
      R"({"owner":"1","logGroup":"g","logStream":"s","messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1772323200000,"message":"x"}]})",
      R"({"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"{\"a\":1}","Timestamp":"2026-03-01T00:00:00.000Z"})",
      R"( {"Subject":"s", "Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:t","MessageId":"1","Message":"{\"a\":1}","Timestamp":"2026-03-01T00:00:00.000Z"})"};
  for (const char* envelope : kEnvelopes) {
    const std::string input = file(std::string(envelope) + "\n");
    const Outcome outcome = run({"--filter-pattern", "{ $.nothing = 1 }", input});
    EXPECT_EQ(outcome.status, kNo);
    EXPECT_THAT(outcome.err, HasSubstr("add --decode")) << envelope;
  }
}

TEST_F(MatchCommand, SaysNothingOfMessagesThatAreEventsThemselves) {
  const Outcome outcome =
      run({"--filter-pattern", "{ $.nothing = 1 }",
           file("{\"a\":1}\ntext\n{\"broken\n\n{\"source\":\"aws.s3\",\"detail\":{}}\n")});
  EXPECT_EQ(outcome.status, kNo);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(MatchCommand, SaysWhereAnEventIsWrittenOverLinesAndNothingMatched) {
  const std::string pretty = file("{\n  \"a\": 1\n}\n");
  const Outcome lines = run({"--filter-pattern", "{ $.a = 1 }", pretty});
  EXPECT_EQ(lines.status, kNo);
  EXPECT_NE(lines.err.find("add --document"), std::string::npos) << lines.err;
  EXPECT_EQ(run({"--document", "--filter-pattern", "{ $.a = 2 }", pretty}).err, "");
}

}  // namespace
}  // namespace tocsin::cli
