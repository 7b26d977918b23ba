#include "config/diagnostic.h"

#include <gtest/gtest.h>

#include "config/characters.h"

namespace tocsin::config {
namespace {

Diagnostic at(std::size_t line, std::size_t column, std::string source_line) {
  return {.file = "a.yaml",
          .line = line,
          .column = column,
          .text = "wrong",
          .source_line = std::move(source_line),
          .hint = "mend it"};
}

TEST(Diagnostic, ShowsPlaceLineCaretAndHint) {
  EXPECT_EQ(render(at(3, 5, "abc def")), "a.yaml:3:5: error: wrong\nabc def\n    ^\nhint: mend it\n");
}

TEST(Diagnostic, WarningSaysSoAndEmptyHintIsLeftOut) {
  Diagnostic diagnostic = at(1, 1, "x");
  diagnostic.severity = Diagnostic::Severity::Warning;
  diagnostic.hint.clear();
  EXPECT_EQ(render(diagnostic), "a.yaml:1:1: warning: wrong\nx\n^\n");
}

TEST(Diagnostic, TabsStayUnderTheCaret) {
  EXPECT_EQ(render(at(1, 4, "\ta\tb")), "a.yaml:1:4: error: wrong\n\ta\tb\n\t \t^\nhint: mend it\n");
}

TEST(Diagnostic, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(render(at(1, 3, "é日x")), "a.yaml:1:3: error: wrong\né日x\n  ^\nhint: mend it\n");
}

TEST(Diagnostic, FileAsAWholeHasNoLine) {
  EXPECT_EQ(render(at(0, 0, "")), "a.yaml:1:1: error: wrong\nhint: mend it\n");
}

TEST(Diagnostic, LongLineIsCutAroundTheCaret) {
  std::string line(1000, 'a');
  line[500] = 'X';
  const std::string out = render(at(1, 501, line));
  const std::size_t begin = out.find('\n') + 1;
  const std::size_t end = out.find('\n', begin);
  const std::string shown = out.substr(begin, end - begin);
  const std::string under = out.substr(end + 1, out.find('\n', end + 1) - end - 1);
  EXPECT_TRUE(shown.starts_with("…")) << shown;
  EXPECT_TRUE(shown.ends_with("…")) << shown;
  EXPECT_LT(shown.size(), 200U);
  // The ellipsis is one character of three bytes.
  EXPECT_EQ(shown.find('X') - 2, under.find('^'));
}

TEST(Diagnostic, CaretNeverLeavesTheLineByMoreThanOne) {
  EXPECT_EQ(render(at(1, 99, "ab")), "a.yaml:1:99: error: wrong\nab\n  ^\nhint: mend it\n");
}

TEST(Diagnostic, ControlCharactersAreNotSentToATerminal) {
  Diagnostic diagnostic = at(1, 1, "a\x1b[31mb\xC2\x9B");
  diagnostic.text = "unknown key `\x1b]0;x\a`";
  const std::string out = render(diagnostic);
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find("\xC2\x9B"), std::string::npos);
}

TEST(Diagnostic, ColourIsOnlyThereWhenAskedFor) {
  EXPECT_NE(render(at(1, 1, "x"), true).find("\x1b["), std::string::npos);
  EXPECT_EQ(render(at(1, 1, "x"), false).find("\x1b["), std::string::npos);
}

TEST(Diagnostics, AreSortedByFileThenPlaceAndRepeatsGo) {
  std::vector<Diagnostic> all{at(1, 1, ""), at(10, 1, ""), at(9, 9, ""), at(9, 2, ""), at(9, 9, "")};
  all[0].file = "z.yaml";
  sort_diagnostics(all);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].column, 2U);
  EXPECT_EQ(all[1].column, 9U);
  EXPECT_EQ(all[2].line, 10U);
  EXPECT_EQ(all[3].file, "z.yaml");
}

TEST(Nearest, FindsTypos) {
  const std::vector<std::string_view> known{"log_groups", "pattern", "metric", "ok"};
  EXPECT_EQ(nearest("log_gruops", known), "log_groups");
  EXPECT_EQ(nearest("logGroups", known), "log_groups");
  EXPECT_EQ(nearest("log-groups", known), "log_groups");
  EXPECT_EQ(nearest("LOG_GROUPS", known), "log_groups");
  EXPECT_EQ(nearest("patern", known), "pattern");
  EXPECT_EQ(nearest("OK", known), "ok");
}

TEST(Nearest, DoesNotGuessWildly) {
  const std::vector<std::string_view> known{"log_groups", "pattern", "metric", "ok"};
  EXPECT_EQ(nearest("dimension", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("on", known), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), known), "");
}

TEST(Characters, BrokenSequencesCountByteByByte) {
  EXPECT_EQ(count_characters("aé日😀"), 4U);
  EXPECT_EQ(count_characters("\xC3"), 1U);
  EXPECT_EQ(count_characters("\xE6\x97x"), 3U);
  EXPECT_EQ(sequence_length("\xC0\x80", 0), 0U);      // over-long
  EXPECT_EQ(sequence_length("\xED\xA0\x80", 0), 0U);  // a surrogate
  EXPECT_EQ(sequence_length("\xF4\x90\x80\x80", 0), 0U);
  EXPECT_EQ(printable("a\xFFz"), "a\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace tocsin::config
