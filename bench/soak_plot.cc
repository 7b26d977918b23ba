#include "bench/soak_plot.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace tocsin::bench {
namespace {

constexpr int kWidth = 900;
constexpr int kLeft = 110;
constexpr int kRight = 20;
constexpr int kTop = 50;
constexpr int kChart = 70;
constexpr int kGap = 34;
constexpr std::size_t kMaxPoints = 800;

// The least of 1, 2, 2.5, 5 times a power of ten that is not below `value`.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string number(double value) {
  if (value >= 1e6) return fmt::format("{:g} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:g} k", value / 1e3);
  return fmt::format("{:g}", value);
}

std::string time(double seconds) {
  return seconds < 600 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

}  // namespace

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"records_per_s", "records/s produced", &Sample::records_per_s},
      {"lag", "lag, records (end of the topics less position)", &Sample::lag},
      {"uncommitted", "uncommitted, records (open windows too)", &Sample::uncommitted},
      {"engine_mb", "engine: resident memory, MB", &Sample::engine_mb},
      {"engine_handles", "engine: open handles", &Sample::engine_handles},
      {"engine_cpu", "engine: CPU, % of a core", &Sample::engine_cpu},
      {"producer_cpu", "producer: CPU, % of a core", &Sample::producer_cpu},
      {"broker_cpu", "broker: CPU, % of a core", &Sample::broker_cpu},
      {"alerts", "alerts in the topic", &Sample::alerts},
  };
  return all;
}

void write_csv(const std::filesystem::path& path, const std::vector<Sample>& samples) {
  std::ofstream out(path);
  out << "seconds";
  for (const Column& column : columns()) out << ',' << column.name;
  out << '\n';
  for (const Sample& sample : samples) {
    fmt::print(out, "{:.1f}", sample.seconds);
    for (const Column& column : columns()) fmt::print(out, ",{:.1f}", sample.*column.value);
    out << '\n';
  }
}

void write_svg(const std::filesystem::path& path, const std::string& title,
               const std::vector<Sample>& samples) {
  if (samples.empty()) return;
  const double end = std::max(samples.back().seconds, 1.0);
  const int height = kTop + static_cast<int>(columns().size()) * (kChart + kGap) + 10;
  const int plot = kWidth - kLeft - kRight;
  std::ofstream out(path);
  fmt::print(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"24\" font-size=\"14\" font-weight=\"bold\">{3}</text>\n",
      kWidth, height, kLeft, title);
  int top = kTop;
  for (const Column& column : columns()) {
    double largest = 0;
    for (const Sample& sample : samples) largest = std::max(largest, sample.*column.value);
    const double scale = round_up(largest);
    fmt::print(
        out,
        "<text x=\"{0}\" y=\"{1}\" fill=\"#444\">{2}</text>\n<rect x=\"{0}\" y=\"{3}\" width=\"{4}\" "
        "height=\"{5}\" "
        "fill=\"#f6f8fa\" stroke=\"#d0d7de\"/>\n<text x=\"{6}\" y=\"{7}\" text-anchor=\"end\">{8}</text>\n"
        "<text x=\"{6}\" y=\"{9}\" text-anchor=\"end\">0</text>\n",
        kLeft, top + 8, column.title, top + 14, plot, kChart, kLeft - 6, top + 22, number(scale),
        top + 14 + kChart);
    std::string points;
    const std::size_t step = (samples.size() + kMaxPoints - 1) / kMaxPoints;
    for (std::size_t i = 0; i < samples.size(); i += step) {
      const double value = samples[i].*column.value;
      if (value < 0) continue;
      points += fmt::format("{:.1f},{:.1f} ", kLeft + samples[i].seconds / end * plot,
                            top + 14 + kChart * (1 - value / scale));
    }
    fmt::print(out, "<polyline fill=\"none\" stroke=\"#0969da\" stroke-width=\"1.3\" points=\"{}\"/>\n",
               points);
    top += kChart + kGap;
  }
  for (int i = 0; i <= 4; ++i) {
    fmt::print(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{}</text>\n",
               kLeft + plot * i / 4, top - 4, time(end * i / 4));
  }
  out << "</svg>\n";
}

}  // namespace tocsin::bench
