#include "bench/whole_program.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

namespace tocsin::bench {
namespace {

// Processor time of all child processes that have ended.
std::chrono::nanoseconds time_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(popen((command + " 2> /dev/null").c_str(), "r"));
  std::string output;
  std::array<char, 4096> block{};
  for (std::size_t got = 1; pipe != nullptr && got > 0;) {
    got = std::fread(block.data(), 1, block.size(), pipe.get());
    output.append(block.data(), got);
  }
  return output;
}

WholeProgram::WholeProgram(std::string command, std::function<std::uint64_t(const std::string&)> matches_of,
                           const Corpus& corpus, std::filesystem::path folder)
    : command_(std::move(command)),
      matches_of_(std::move(matches_of)),
      corpus_(corpus),
      folder_(std::move(folder)) {}

Pass WholeProgram::run(std::size_t lines) const {
  const std::size_t least = std::max(lines, std::min(kLeastLines, corpus_.size()));
  const auto file = file_of(least);
  const auto empty = file_of(0);
  Pass pass = run_over(file);
  pass.took = std::max(pass.took - run_over(empty).took, std::chrono::nanoseconds{1});
  pass.took = pass.took * static_cast<std::int64_t>(lines) / static_cast<std::int64_t>(least);
  return pass;
}

// Written once for each number of lines.
std::filesystem::path WholeProgram::file_of(std::size_t lines) const {
  auto file = folder_ / fmt::format("lines-{}.log", lines);
  if (std::filesystem::exists(file)) return file;
  std::ofstream stream(file, std::ios::binary);
  for (std::size_t i = 0; i < lines; ++i) stream << corpus_[i] << '\n';
  return file;
}

Pass WholeProgram::run_over(const std::filesystem::path& file) const {
  std::string command = command_;
  const std::size_t at = command.find("FILE");
  command.replace(at, 4, file.string());
  const auto begun = std::chrono::steady_clock::now();
  const auto used_before = time_of_children();
  const std::string output = output_of(command);
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
  return {std::min(took, time_of_children() - used_before), matches_of_(output)};
}

bool is_installed(const std::string& program) {
  return std::system(fmt::format("command -v {} > /dev/null 2>&1", program).c_str()) == 0;
}

}  // namespace tocsin::bench
