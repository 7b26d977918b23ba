// What the README and the pages for users show is what loads.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

class Pages : public testing::TestWithParam<const char*> {};

TEST_P(Pages, EveryConfigurationInThemLoads) {
  const std::string page = read_whole(std::filesystem::path(TOCSIN_SOURCE_DIR) / GetParam());
  constexpr std::string_view kFence = "```yaml\n";
  // Secrets of the samples come from variables.
  const Environment environment{{"KAFKA_PASSWORD", "secret"},
                                {"SMTP_PASSWORD", "secret"},
                                {"SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T0/B0/x"},
                                {"WEBHOOK_SECRET", "secret"}};
  std::size_t blocks = 0;
  for (std::size_t at = page.find(kFence); at != std::string::npos; at = page.find(kFence, at)) {
    at += kFence.size();
    const std::string block = page.substr(at, page.find("\n```", at) - at) + "\n";
    ++blocks;
    const Loaded loaded = load_text(block, environment);
    EXPECT_TRUE(loaded.configuration.has_value()) << block << shown(loaded);
  }
  EXPECT_GT(blocks, 0U);
}

INSTANTIATE_TEST_SUITE_P(ShownToPeople, Pages,
                         testing::Values("README.md", "docs/connect.md", "docs/notifications.md"));

}  // namespace
}  // namespace tocsin::config
