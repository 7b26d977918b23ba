#include "cli/prometheus.h"

#include <fmt/format.h>

#include <cctype>
#include <vector>

#include "cli/text_style.h"
#include "engine/runtime/own_metrics.h"

namespace tocsin::cli {
namespace {

// Broken UTF-8 would cost the whole page, so it is made visible.
std::string label_value(std::string_view text) {
  TextStyle style;
  style.unicode = true;
  std::string out;
  for (const char c : printable(text, style)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string label_name(std::string_view dimension) {
  std::string out(dimension);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void head(std::string& page, std::string_view name, std::string_view help, std::string_view type) {
  page += fmt::format("# HELP {0} {1}.\n# TYPE {0} {2}\n", name, help, type);
}

}  // namespace

std::string prometheus_page(const runtime::Telemetry* telemetry, std::string_view version) {
  std::string page;
  head(page, "tocsin_build_info", "The version of this program", "gauge");
  page += fmt::format("tocsin_build_info{{version=\"{}\"}} 1\n", label_value(version));
  if (telemetry == nullptr) return page;
  for (const runtime::OwnMetric& metric : runtime::own_metrics()) {
    std::string samples;
    metric.read(*telemetry, [&](const std::vector<std::string_view>& values, double number) {
      std::string labels;
      for (std::size_t i = 0; i < values.size(); ++i) {
        labels += fmt::format("{}{}=\"{}\"", i == 0 ? "" : ",", label_name(metric.dimensions[i]),
                              label_value(values[i]));
      }
      samples += labels.empty() ? fmt::format("{} {}\n", metric.prometheus, number)
                                : fmt::format("{}{{{}}} {}\n", metric.prometheus, labels, number);
    });
    if (samples.empty()) continue;
    head(page, metric.prometheus, metric.help,
         metric.kind == runtime::OwnMetric::Kind::Counter ? "counter" : "gauge");
    page += samples;
  }
  return page;
}

}  // namespace tocsin::cli
