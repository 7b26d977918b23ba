// A program of others that only reads files: timed over the first so many lines of a corpus, less what it
// takes over an empty file. Its time is that of the clock or of the processors, whichever is less: neither
// its threads nor a busy machine is held against it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "bench/contest.h"
#include "bench/corpus.h"

namespace tocsin::bench {

class WholeProgram {
 public:
  // `command` is the shell's, with FILE for the file's name; `matches_of` reads the number of matches out of
  // what it prints. `folder` is for the files, and is there.
  WholeProgram(std::string command, std::function<std::uint64_t(const std::string&)> matches_of,
               const Corpus& corpus, std::filesystem::path folder);

  // Few lines are too short to be timed from outside: never over fewer than kLeastLines, of which the time is
  // the share.
  [[nodiscard]] Pass run(std::size_t lines) const;

  static constexpr std::size_t kLeastLines = 2'000;

 private:
  [[nodiscard]] std::filesystem::path file_of(std::size_t lines) const;
  [[nodiscard]] Pass run_over(const std::filesystem::path& file) const;

  std::string command_;
  std::function<std::uint64_t(const std::string&)> matches_of_;
  const Corpus& corpus_;
  std::filesystem::path folder_;
};

// What the shell's command prints on its standard output; what it says besides is lost.
[[nodiscard]] std::string output_of(const std::string& command);

// Whether the shell finds it.
[[nodiscard]] bool is_installed(const std::string& program);

}  // namespace tocsin::bench
