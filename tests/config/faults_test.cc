// Every flaw that a configuration can have, one file each: NAME.yaml, and NAME.expected with what `tocsin
// check` says of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

const std::filesystem::path kFaults = std::filesystem::path(TOCSIN_SOURCE_DIR) / "tests/config/faults";

// `tocsin check` run beside the file.
std::string checked(const std::filesystem::path& yaml, std::size_t& errors) {
  Loaded loaded = load({yaml.string()}, {});
  EXPECT_FALSE(loaded.configuration.has_value());
  errors = 0;
  std::string out;
  const std::string folder = yaml.parent_path().string() + "/";
  for (Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::Error) ++errors;
    diagnostic.file = yaml.filename().string();
    if (const auto at = diagnostic.hint.find(folder); at != std::string::npos)
      diagnostic.hint.erase(at, folder.size());
    out += render(diagnostic);
  }
  return out + fmt::format("{} errors\n", errors);
}

TEST(Faults, EachIsToldOnceWithItsPlaceAndHint) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFaults)) {
    if (entry.path().extension() != ".yaml" || entry.path().stem() == "twenty") continue;
    ++files;
    std::filesystem::path expected = entry.path();
    expected.replace_extension(".expected");
    std::size_t errors = 0;
    EXPECT_EQ(checked(entry.path(), errors), read_whole(expected)) << entry.path().filename();
    EXPECT_EQ(errors, 1U) << entry.path().filename();
  }
  EXPECT_GT(files, 100U);
}

TEST(Faults, TwentyInOneFileAreAllToldInOrder) {
  std::size_t errors = 0;
  EXPECT_EQ(checked(kFaults / "twenty.yaml", errors), read_whole(kFaults / "twenty.expected"));
  EXPECT_EQ(errors, 20U);
}

TEST(Faults, UnreadableFileIsAFaultOfTheFile) {
  const Loaded loaded = load({"/nonexistent/a.yaml"}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(render(loaded.diagnostics[0]),
            "/nonexistent/a.yaml:1:1: error: cannot read the file: No such file or directory\n");
  EXPECT_EQ(load({"/"}, {}).diagnostics.size(), 1U);
}

TEST(Faults, SyntaxErrorOfOneFileHidesNothingOfAnother) {
  const TemporaryFile broken("topics: {\n");
  const TemporaryFile other(
      "region: [x]\nalarms: {a: {condition: '> 1', metric: {namespace: n, name: m, statistic: Sum, period: "
      "1m}}}\n");
  const Loaded loaded = load({broken.path(), other.path()}, {});
  // The alarm's metric may be in the broken file: nothing is said about it.
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  EXPECT_EQ(loaded.diagnostics[0].file, broken.path());
  EXPECT_EQ(loaded.diagnostics[1].file, other.path());
}

TEST(Faults, NameInTwoFilesNamesTheOtherPlace) {
  const TemporaryFile one("sources:\n  a:\n    stdin: {}\n");
  const TemporaryFile two("# two\nsources:\n  a:\n    stdin: {}\n");
  const Loaded loaded = load({one.path(), two.path()}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].file, two.path());
  EXPECT_EQ(loaded.diagnostics[0].hint, "it is also at " + one.path() + ":2");
}

TEST(Faults, FaultyThingIsNotAlsoMissing) {
  // The filter and the topic have faults of their own; the alarm that names them has none.
  const Loaded loaded = load_text(R"(
sources: {s: {stdin: {}}}
metric_filters: {f: {pattern: '{ $.a == 1 }', metric: {namespace: n, name: m, dimensions: {A: $.a}}}}
alarms: {a: {condition: '> 1', for_each: A, metric: {namespace: n, name: m, statistic: Sum, period: 1m}, notify: [t]}}
topics: {t: {subscriptions: [file: {}]}}
)");
  EXPECT_EQ(loaded.diagnostics.size(), 2U) << shown(loaded);
}

TEST(Faults, SecretIsNeverShown) {
  const TemporaryFile secret("hunter2\n");
  for (const std::string& properties : std::initializer_list<std::string>{
           "sasl.password: hunter2, acks: [hunter]", "sasl.password: [hunter2]",
           "sasl.pasword: hunter2, 1: []", "sasl.password: \"hunter2${\"",
           "sasl.password_file: " + secret.path() + ", group.id: x"}) {
    const Loaded loaded =
        load_text("sources:\n  s: {kafka: {brokers: a, topics: t, properties: {" + properties + "}}}\n");
    EXPECT_FALSE(loaded.diagnostics.empty()) << properties;
    EXPECT_EQ(shown(loaded).find("hunter2"), std::string::npos) << shown(loaded);
  }
}

}  // namespace
}  // namespace tocsin::config
