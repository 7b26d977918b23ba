// What a soak run measured, as CSV and as an SVG of small charts below each other, one for each column.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tocsin::bench {

struct Sample {
  double seconds = 0;        // since the start
  double records_per_s = 0;  // into the topics
  double lag = 0;            // records that the engine has not read yet; negative: not known
  double uncommitted = 0;    // records whose offsets are not committed yet: also those whose windows are open
  double engine_mb = 0;
  double engine_handles = 0;
  double engine_cpu = 0;  // of one core, per cent
  double producer_cpu = 0;
  double broker_cpu = 0;
  double alerts = 0;
};

struct Column {
  const char* name;   // in the CSV
  const char* title;  // in the plot
  double Sample::* value;
};
[[nodiscard]] const std::vector<Column>& columns();

void write_csv(const std::filesystem::path& path, const std::vector<Sample>& samples);
void write_svg(const std::filesystem::path& path, const std::string& title,
               const std::vector<Sample>& samples);

}  // namespace tocsin::bench
