#include "engine/runtime/process_facts.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tocsin::runtime {
namespace {

const auto kStarted = std::chrono::steady_clock::now();

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  facts.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++facts.open_files;
  if (facts.open_files > 0) --facts.open_files;  // the one that was opened to look
  facts.uptime = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - kStarted);
  return facts;
}

}  // namespace tocsin::runtime
