#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/match_arguments.h"
#include "cli/match_inputs.h"
#include "cli/match_order.h"
#include "cli/match_output.h"
#include "cli/match_patterns.h"
#include "cli/match_printer.h"
#include "cli/match_reader.h"
#include "cli/match_summary.h"
#include "cli/progress.h"
#include "cli/text_style.h"

namespace tocsin::cli {
namespace {

// Lines on a terminal are progress enough.
TextStyle progress_style() {
  TextStyle style = text_style_of(stderr);
  style.terminal = style.terminal && isatty(STDOUT_FILENO) == 0;
  return style;
}

// How far all readers are, drawn by whichever comes by. Any thread may call.
class MatchProgress {
 public:
  explicit MatchProgress(std::uint64_t bytes_total)
      : progress_(stderr, progress_style()), bytes_total_(bytes_total) {}

  void advance(std::uint64_t stored, std::uint64_t events) {
    stored_ += stored;
    events_ += events;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) progress_.update({stored_, bytes_total_, events_, kNever});
  }

  // Gone until somebody advances.
  void erase() {
    const std::lock_guard lock(mutex_);
    progress_.erase();
  }

 private:
  std::mutex mutex_;  // guards the drawing
  Progress progress_;
  std::uint64_t bytes_total_;
  std::atomic<std::uint64_t> stored_ = 0;
  std::atomic<std::uint64_t> events_ = 0;
};

std::size_t count_readers(const MatchArguments& arguments, std::size_t inputs) {
  if (!arguments.topics.empty())
    return 1;  // the partitions share a connection, which one thread at a time may use
  const std::size_t wanted = arguments.workers > 0 ? arguments.workers : std::thread::hardware_concurrency();
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(inputs, 1));
}

// The counts of all readers, and whether all could be read.
std::pair<MatchCounts, bool> read_all(const MatchTask& task) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](MatchReader& reader) {
    for (std::size_t input = next++; input < task.inputs.size(); input = next++) reader.read(input);
  };
  std::vector<std::unique_ptr<MatchReader>> readers;
  for (std::size_t i = count_readers(task.arguments, task.inputs.size()); i > 0; --i)
    readers.push_back(std::make_unique<MatchReader>(task));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < readers.size(); ++i) threads.emplace_back(work, std::ref(*readers[i]));
    work(*readers.front());
  }
  std::pair<MatchCounts, bool> all{{}, true};
  for (const auto& reader : readers) {
    all.first.merge(reader->counts());
    all.second = all.second && !reader->any_fault();
  }
  return all;
}

void summarise(const MatchCounts& counts, std::chrono::duration<double> taken) {
  if (const std::string told = render_refused(counts.rejects); !told.empty())
    fmt::print(stderr, "tocsin match: never matched: {}\n", told);
  if (const std::string advice = render_advice(counts); !advice.empty())
    fmt::print(stderr, "tocsin match: {}\n", advice);
  const bool waited = taken > std::chrono::milliseconds(200);
  if (waited && progress_style().terminal) fmt::print(stderr, "{}\n", render_speed(counts, taken.count()));
}

int run_match(const MatchArguments& arguments, const std::vector<filters::CompiledFilter>& filters) {
  const auto started = std::chrono::steady_clock::now();
  const std::vector<MatchInput> inputs = list_match_inputs(arguments);
  MatchProgress progress(total_bytes(inputs));
  MatchOutput output(STDOUT_FILENO);
  MatchOrder order(inputs.size(), output, [&progress](const std::string& fault) {
    progress.erase();
    fmt::print(stderr, "tocsin match: {}\n", fault);
  });
  const MatchTask task{
      arguments,
      filters,
      make_program(filters, arguments.extract),
      inputs,
      order,
      [&progress](std::uint64_t stored, std::uint64_t events) { progress.advance(stored, events); }};
  const auto [counts, readable] = read_all(task);
  if (arguments.count) output.write(render_counts(arguments, counts));
  output.flush();
  progress.erase();
  summarise(counts, std::chrono::steady_clock::now() - started);
  if (!output.fault().empty()) {
    fmt::print(stderr, "tocsin match: the output could not be written in full: {}\n", output.fault());
    return kUnreadable;
  }
  if (!readable) return kUnreadable;
  return counts.matched > 0 ? kFine : kNo;
}

}  // namespace

int match_command(const std::vector<std::string>& arguments) {
  const auto parsed = parse_match_arguments(arguments);
  if (!parsed) {
    fmt::print(stderr, "tocsin match: {}\nsee `tocsin match --help`\n",
               printable(parsed.error(), text_style_of(stderr)));
    return kUsage;
  }
  if (parsed->help) {
    fmt::print("{}", match_help());
    return kFine;
  }
  const auto compiled = compile_patterns(parsed->patterns);
  if (!compiled) return kUsage;
  signal(SIGPIPE, SIG_IGN);  // a reader that has enough ends the run quietly
  return run_match(*parsed, *compiled);
}

}  // namespace tocsin::cli
