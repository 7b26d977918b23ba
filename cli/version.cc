#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <zlib.h>
#include <zstd.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace tocsin::cli {

int version_command(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--help"} || arguments == std::vector<std::string>{"-h"}) {
    fmt::print("The versions of tocsin and of the libraries in it.\n\nUsage: tocsin version\n");
    return kFine;
  }
  if (!arguments.empty()) {
    fmt::print(stderr, "tocsin version: takes no arguments\n");
    return kUsage;
  }
  fmt::print("tocsin {}\n", TOCSIN_VERSION);
  fmt::print("  compiler    {}\n", __VERSION__);
  fmt::print("  librdkafka  {}\n", rd_kafka_version_str());
  fmt::print("  simdjson    {}.{}.{} ({})\n", static_cast<int>(simdjson::SIMDJSON_VERSION_MAJOR),
             static_cast<int>(simdjson::SIMDJSON_VERSION_MINOR),
             static_cast<int>(simdjson::SIMDJSON_VERSION_REVISION),
             simdjson::get_active_implementation()->name());
  fmt::print("  json        {}.{}.{}\n", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
             NLOHMANN_JSON_VERSION_PATCH);
  fmt::print("  fmt         {}.{}.{}\n", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
  fmt::print("  sqlite      {}\n", sqlite3_libversion());
  fmt::print("  zlib        {}\n", zlibVersion());
  fmt::print("  zstd        {}\n", ZSTD_versionString());
  return kFine;
}

}  // namespace tocsin::cli
