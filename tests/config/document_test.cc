#include "config/document.h"

#include <gtest/gtest.h>

#include <random>

#include "config/scalar_source.h"

namespace tocsin::config {
namespace {

const Environment kEnvironment{{"NAME", "value"}};

std::string faults(const Document& document) {
  std::string out;
  for (const Diagnostic& diagnostic : document.diagnostics()) out += render(diagnostic);
  return out;
}

// The character that the caret of a fault at `offset` of the value of `key` points at, with all before it on
// its line.
std::string up_to_caret(const Document& document, std::string_view key, std::size_t offset) {
  const Node* value = document.root()->find(key);
  const Diagnostic d =
      document.diagnostic(Diagnostic::Severity::Error, document.place(*value, offset), "", "");
  return std::to_string(d.line) + ":" + d.source_line.substr(0, d.column);
}

TEST(Document, ReadsValuesWithTheirPlaces) {
  const Document document("f", "a: 1\nb:\n  - x\n  - {c: 'y'}\n", {});
  ASSERT_NE(document.root(), nullptr);
  EXPECT_TRUE(document.complete());
  EXPECT_EQ(document.root()->find("a")->text, "1");
  const Node* list = document.root()->find("b");
  ASSERT_EQ(list->items.size(), 2U);
  EXPECT_EQ(document.line_of(list->items[0]->start), 3U);
  EXPECT_EQ(list->items[1]->find("c")->text, "y");
  EXPECT_EQ(document.root()->find("nothing"), nullptr);
}

TEST(Document, ByteOrderMarkAndLineEndsOfOtherSystems) {
  const Document document("f",
                          "\xEF\xBB\xBF"
                          "a: 1\r\nb: 2\rc: x\n",
                          {});
  EXPECT_EQ(faults(document), "");
  EXPECT_EQ(document.line_of(document.root()->find("c")->start), 3U);
  EXPECT_EQ(document.root()->find("a")->text, "1");
}

TEST(Document, TextsStayTextsWhateverTheyLookLike) {
  const Document document("f", "a: no\nb: 012345678901\nc: 0x1F\nd: 1_000\ne: 2026-03-01\n", {});
  EXPECT_EQ(document.root()->find("a")->text, "no");
  EXPECT_EQ(document.root()->find("b")->text, "012345678901");
  EXPECT_EQ(document.root()->find("c")->text, "0x1F");
  EXPECT_EQ(document.root()->find("d")->text, "1_000");
  EXPECT_EQ(document.root()->find("e")->text, "2026-03-01");
}

TEST(Document, MergeKeysGiveWhatIsNotThere) {
  const Document document("f",
                          "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\n"
                          "x: {<<: *one, b: 9}\ny:\n  b: 8\n  <<: [*one, *two]\nz: {\"<<\": text}\n",
                          {});
  EXPECT_EQ(faults(document), "");
  const Node* x = document.root()->find("x");
  EXPECT_EQ(x->find("a")->text, "1");
  EXPECT_EQ(x->find("b")->text, "9");
  const Node* y = document.root()->find("y");
  EXPECT_EQ(y->find("a")->text, "1");
  EXPECT_EQ(y->find("b")->text, "8");
  EXPECT_EQ(y->find("c")->text, "2");
  EXPECT_EQ(document.root()->find("z")->find("<<")->text, "text");
}

TEST(Document, EarlierOfSeveralMergedMapsWins) {
  const Document document("f", "one: &one {a: 1}\ntwo: &two {a: 2}\nx: {<<: [*two, *one]}\n", {});
  EXPECT_EQ(document.root()->find("x")->find("a")->text, "2");
}

TEST(Document, MergedMapsCanThemselvesMerge) {
  const Document document("f", "one: &one {a: 1}\ntwo: &two {<<: *one, b: 2}\nx: {<<: *two}\n", {});
  EXPECT_EQ(document.root()->find("x")->find("a")->text, "1");
}

TEST(Document, AliasOfAnUnfinishedValueIsRefused) {
  const Document document("f", "a: &a [1, *a]\nb: &b {c: {<<: *b}}\n", {});
  EXPECT_EQ(document.diagnostics().size(), 2U) << faults(document);
  EXPECT_EQ(document.root()->find("a")->items[1]->kind, Node::Kind::Broken);
}

TEST(Document, AliasBombIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) text += ", " + before;
    text += "]\n";
  }
  const Document document("f", text, {});
  EXPECT_FALSE(document.complete());
  EXPECT_EQ(document.root(), nullptr);
  EXPECT_NE(faults(document).find("aliases"), std::string::npos);
}

TEST(Document, MergeBombIsRefused) {
  std::string text = "a: &a {";
  for (int i = 0; i < 3000; ++i) text += "k" + std::to_string(i) + ": 1, ";
  text += "}\nb: {<<: [*a";
  for (int i = 0; i < 3000; ++i) text += ", *a";
  text += "]}\n";
  const Document document("f", text, {});
  EXPECT_FALSE(document.complete());
}

TEST(Document, DeepNestingIsRefusedNotFollowed) {
  const Document document("f", std::string(100'000, '['), {});
  EXPECT_FALSE(document.complete());
  EXPECT_FALSE(document.diagnostics().empty());
}

TEST(Document, VariablesAreReplacedInValuesNeverInKeys) {
  const Document document("f", "${NAME}: ${NAME}\nlist: ['${NAME}']\n", kEnvironment);
  EXPECT_EQ(faults(document), "");
  EXPECT_EQ(document.root()->find("${NAME}")->text, "value");
  EXPECT_EQ(document.root()->find("list")->items[0]->text, "value");
}

TEST(Document, SecretsAreNotShownOnTheLineOfAFault) {
  const Document document("f", "p: {sasl.password: hunter2, a: 1, a: 2}\n", {});
  ASSERT_EQ(document.diagnostics().size(), 1U);
  EXPECT_EQ(render(document.diagnostics()[0]),
            "f:1:35: error: `a` stands twice in this map\n"
            "p: {sasl.password: <secret>, a: 1, a: 2}\n"
            "                                   ^\n"
            "hint: it is also on line 1\n");
}

TEST(Document, SecretsAreNotShownWhereYamlIsBroken) {
  for (const std::string_view text : {"p: {sasl.password: hunter2\n", "\"sasl.password\": \"hunter2\n",
                                      "a: {ssl_key_password: hunter2, b: ]}\n"}) {
    const Document document("f", text, {});
    ASSERT_FALSE(document.diagnostics().empty()) << text;
    EXPECT_EQ(faults(document).find("hunter2"), std::string::npos) << faults(document);
  }
}

TEST(Document, SecretsOfSeveralLinesAreMaskedOnEach) {
  const Document document("f", "p:\n  ssl.key.pem: |\n    first\n    second\n  a: 1\n", {});
  const Node* pem = document.root()->find("p")->find("ssl.key.pem");
  for (const std::size_t offset : {std::size_t{0}, std::size_t{7}}) {
    const Diagnostic d =
        document.diagnostic(Diagnostic::Severity::Error, document.place(*pem, offset), "", "");
    EXPECT_EQ(d.source_line.find("first"), std::string::npos);
    EXPECT_EQ(d.source_line.find("second"), std::string::npos);
  }
}

TEST(Document, VariableOfASecretIsNoSecret) {
  const Document document("f", "p: {sasl.password: \"${PASSWORD}\"}\n", {});
  ASSERT_EQ(document.diagnostics().size(), 1U);
  EXPECT_NE(document.diagnostics()[0].source_line.find("${PASSWORD}"), std::string::npos);
}

TEST(ScalarSource, CaretOfAPlainScalar) {
  const Document document("f", "é: 日本 abc\n", {});
  EXPECT_EQ(
      document.diagnostic(Diagnostic::Severity::Error, document.place(*document.root()->find("é"), 7), "", "")
          .column,
      7U);
}

TEST(ScalarSource, CaretOfAPlainScalarOfSeveralLines) {
  const Document document("f", "k: ab\n   cd  \n\n  ef\n", {});
  ASSERT_EQ(document.root()->find("k")->text, "ab cd\nef");
  EXPECT_EQ(up_to_caret(document, "k", 4), "2:   cd");
  EXPECT_EQ(up_to_caret(document, "k", 6), "4:  e");
}

TEST(ScalarSource, CaretOfASingleQuotedScalar) {
  const Document document("f", "k: 'a''b c'\n", {});
  ASSERT_EQ(document.root()->find("k")->text, "a'b c");
  EXPECT_EQ(up_to_caret(document, "k", 2), "1:k: 'a''b");
}

TEST(ScalarSource, CaretOfADoubleQuotedScalar) {
  const Document document("f", "k: \"\\x41\\u00e9\\\"\\\\\\n\\\n   z\"\n", {});
  ASSERT_EQ(document.root()->find("k")->text, "Aé\"\\\nz");
  EXPECT_EQ(up_to_caret(document, "k", 1), "1:k: \"\\x41\\");
  EXPECT_EQ(up_to_caret(document, "k", 3), "1:k: \"\\x41\\u00e9\\");
  EXPECT_EQ(up_to_caret(document, "k", 6), "2:   z");
}

TEST(ScalarSource, CaretOfALiteralScalar) {
  const Document document("f", "m:\n  k: |-  # why\n    ab\n\n      cd\n", {});
  const Node* value = document.root()->find("m")->find("k");
  ASSERT_EQ(value->text, "ab\n\n  cd");
  EXPECT_EQ(document.line_of(document.place(*value, 1)), 3U);
  EXPECT_EQ(document.line_of(document.place(*value, 6)), 5U);
  EXPECT_EQ(document.diagnostic(Diagnostic::Severity::Error, document.place(*value, 6), "", "").column, 7U);
}

TEST(ScalarSource, CaretOfALiteralScalarWithGivenIndentation) {
  const Document document("f", "k: |2\n    ab\n  c\n", {});
  ASSERT_EQ(document.root()->find("k")->text, "  ab\nc\n");
  EXPECT_EQ(up_to_caret(document, "k", 2), "2:    a");
  EXPECT_EQ(up_to_caret(document, "k", 5), "3:  c");
}

TEST(ScalarSource, CaretOfAFoldedScalar) {
  const Document document("f", "k: >\n  ab\n  cd\n\n  ef\n    gh\n  ij\n", {});
  ASSERT_EQ(document.root()->find("k")->text, "ab cd\nef\n  gh\nij\n");
  EXPECT_EQ(up_to_caret(document, "k", 4), "3:  cd");
  EXPECT_EQ(up_to_caret(document, "k", 6), "5:  e");
  EXPECT_EQ(up_to_caret(document, "k", 11), "6:    g");
  EXPECT_EQ(up_to_caret(document, "k", 14), "7:  i");
}

TEST(ScalarSource, CaretBehindAVariable) {
  const Document document("f", "k: 'x ${NAME} , y'\n", kEnvironment);
  ASSERT_EQ(document.root()->find("k")->text, "x value , y");
  EXPECT_EQ(up_to_caret(document, "k", 4), "1:k: 'x $");
  EXPECT_EQ(up_to_caret(document, "k", 8), "1:k: 'x ${NAME} ,");
}

TEST(ScalarSource, AnchorsAndTagsAreNotPartOfTheValue) {
  const Document document("f", "k: &anchor !!str abc\n", {});
  EXPECT_EQ(faults(document), "");
  EXPECT_EQ(up_to_caret(document, "k", 1), "1:k: &anchor !!str ab");
}

TEST(ScalarSource, DisagreementGivesNoPlace) {
  EXPECT_FALSE(source_offsets("'abc'", 0, "abd").has_value());
  EXPECT_FALSE(source_offsets("abc", 0, "abcd").has_value());
  EXPECT_FALSE(source_offsets("|\n  ab\n", 0, "ac\n").has_value());
}

// Every byte of every scalar maps to a place that holds it, or to an escape or fold.
TEST(ScalarSource, RandomScalarsMapBack) {
  std::mt19937 random(20260301);
  const std::string_view alphabet[]{"a", "b ", " c", "é", "\n  ", "\n\n  ", "''", "$", "x: ", "日"};
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  int mapped = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string body = "a";
    for (std::size_t i = pick(12); i > 0; --i) body += alphabet[pick(std::size(alphabet))];
    const std::string texts[]{"k: '" + body + "'\n", "k: |\n  " + body + "\n", "k: >-\n  " + body + "\n",
                              "k: " + body + "\n"};
    for (const std::string& text : texts) {
      const Document document("f", text, {});
      const Node* value = document.root() == nullptr ? nullptr : document.root()->find("k");
      if (value == nullptr || value->kind != Node::Kind::Text) continue;
      const auto offsets = source_offsets(text, value->start, value->written);
      if (!offsets) continue;
      ++mapped;
      for (std::size_t i = 0; i < value->written.size(); ++i) {
        const char c = value->written[i];
        if (c == ' ' || c == '\n') continue;
        ASSERT_EQ(text[(*offsets)[i]], c) << text;
      }
    }
  }
  EXPECT_GT(mapped, 4000);
}

}  // namespace
}  // namespace tocsin::config
