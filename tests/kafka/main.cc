// The main of every test program that needs a real broker: gets the jars first, and is skipped, visibly,
// without them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "tests/kafka/child_process.h"
#include "tests/kafka/jars.h"

namespace tocsin::kafka_test {
namespace {

constexpr int kSkipped = 77;  // ctest's SKIP_RETURN_CODE
constexpr auto kFetchLimit = std::chrono::minutes(20);

std::filesystem::path jars;  // set once, before any test

// The exit code of fetch_kafka, whose stdout is the path.
int fetch() {
  const auto answer = std::filesystem::temp_directory_path() / ("tocsin-jars-" + std::to_string(::getpid()));
  ChildProcess script({TOCSIN_SOURCE_DIR "/tests/kafka/fetch_kafka"}, answer, "/dev/stderr");
  const int code = script.wait(kFetchLimit).value_or(kSkipped);
  std::string path = read_file(answer);
  std::filesystem::remove(answer);
  if (!path.empty()) path.pop_back();
  jars = path;
  return code;
}

}  // namespace

const std::filesystem::path& kafka_jars() { return jars; }

}  // namespace tocsin::kafka_test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests)) {
    const std::string name = std::filesystem::path(argv[0]).filename();
    if (const int code = tocsin::kafka_test::fetch(); code == tocsin::kafka_test::kSkipped) {
      std::printf("SKIPPED: %s (jars cannot be fetched)\n", name.c_str());
      return code;
    } else if (code != 0) {
      std::printf("FAILED: %s (fetch_kafka failed)\n", name.c_str());
      return 1;
    }
  }
  return RUN_ALL_TESTS();
}
