// walk_bound FILE…: the least that any reader of these files has to do, and how fast it does it.
//
// Reads each file line by line and, with --walk, walks each line as JSON without wanting any field. What a
// backtest takes longer is what decoding, matching, windows and alarms cost. Prints events per second, a bare
// number.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"

namespace tocsin::bench {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

// Calls `each` with every line of the file; false if it cannot be read.
template <typename Each>
bool for_each_line(const char* path, Each each) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path, "rb"));
  if (!file) return false;
  std::vector<char> block(kBlock);
  std::size_t kept = 0;  // the start of a line that the block cut
  while (true) {
    if (kept == block.size()) block.resize(block.size() * 2);
    const std::size_t got = std::fread(block.data() + kept, 1, block.size() - kept, file.get());
    std::string_view rest(block.data(), kept + got);
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      each(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    if (got == 0) {
      if (!rest.empty()) each(rest);
      return std::ferror(file.get()) == 0;
    }
    std::memmove(block.data(), rest.data(), rest.size());
    kept = rest.size();
  }
}

int run(int argc, char** argv) {
  const bool walk = argc > 1 && std::string_view(argv[1]) == "--walk";
  const event::FieldTrie nothing;
  event::JsonView view;
  std::uint64_t events = 0;
  std::uint64_t objects = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = walk ? 2 : 1; i < argc; ++i) {
    const bool read = for_each_line(argv[i], [&](std::string_view line) {
      ++events;
      if (walk && view.walk(line, nothing) == event::JsonStatus::Object) ++objects;
    });
    if (!read) {
      fmt::print(stderr, "walk_bound: cannot read {}\n", argv[i]);
      return 3;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (walk) fmt::print(stderr, "{} of {} events are JSON objects\n", objects, events);
  fmt::print("{:.0f}\n", static_cast<double>(events) / took.count());
  return 0;
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) { return tocsin::bench::run(argc, argv); }
