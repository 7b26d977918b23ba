// demo_data --out DIR [--events N] [--seed S] [--day YYYY-MM-DD]: writes the demo's day (demo_day.h).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "bench/demo_day.h"
#include "cli/progress.h"

namespace tocsin::bench {
namespace {

int run(int argc, char** argv) {
  CLI::App app("Writes a day of account logs of a made-up company, with six incidents in it.", "demo_data");
  DemoDay day;
  std::string date = "2026-03-01";
  app.add_option("--out", day.folder, "folder for the files")->required();
  app.add_option("--events", day.events, "how many in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100'000'000u));
  app.add_option("--seed", day.seed, "another seed, other details")->capture_default_str();
  app.add_option("--day", date, "the day, in UTC")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto start = parse_rfc3339(date + "T00:00:00Z");
  if (!start) {
    fmt::print(stderr, "demo_data: --day '{}' is no date; write it as 2026-03-01\n", date);
    return 2;
  }
  day.start = *start;

  cli::Progress progress(stderr, cli::text_style_of(stderr));
  const auto bytes = write_demo_day(day, [&](const DemoDayProgress& so_far) {
    progress.update({so_far.bytes, so_far.bytes_expected, so_far.events, so_far.time});
  });
  progress.erase();
  if (!bytes) {
    fmt::print(stderr, "demo_data: {}\n", describe(bytes.error()));
    return bytes.error().code == ErrorCode::Invalid ? 2 : 3;
  }
  fmt::print(stderr, "{} events of {} in {} ({})\n", cli::group_digits(day.events), date, day.folder.string(),
             cli::format_bytes(*bytes));
  return 0;
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) { return tocsin::bench::run(argc, argv); }
