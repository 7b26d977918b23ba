#include "engine/source/kafka_properties.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>

namespace tocsin::source {
namespace {

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// librdkafka's own documentation of its properties, a table whose rows begin "NAME | C/P | RANGE |".
std::string documentation() {
  char* bytes = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&bytes, &size);
  if (stream == nullptr) return {};
  rd_kafka_conf_properties_show(stream);
  std::fclose(stream);
  std::string text(bytes, size);
  std::free(bytes);
  return text;
}

// What each property may be set to, by its name.
std::map<std::string, std::string, std::less<>> read_ranges(std::string_view table) {
  std::map<std::string, std::string, std::less<>> ranges;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    const std::string_view row = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    const std::size_t name_end = row.find('|');
    const std::size_t use_end = name_end == row.npos ? row.npos : row.find('|', name_end + 1);
    const std::size_t range_end = use_end == row.npos ? row.npos : row.find('|', use_end + 1);
    if (range_end == row.npos) continue;
    const std::string_view name = trim(row.substr(0, name_end));
    const bool is_name = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
    if (!is_name || name.ends_with("_cb")) continue;  // the head of the table; what only a program can set
    ranges.emplace(name, trim(row.substr(use_end + 1, range_end - use_end - 1)));
  }
  return ranges;
}

const std::map<std::string, std::string, std::less<>>& ranges() {
  static const auto all = read_ranges(documentation());
  return all;
}

}  // namespace

std::optional<KafkaPropertyFault> kafka_property_fault(const std::string& name, const std::string& value) {
  const std::unique_ptr<rd_kafka_conf_t, ConfDeleter> conf(rd_kafka_conf_new());
  const auto result = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), nullptr, 0);
  if (result == RD_KAFKA_CONF_OK) return std::nullopt;
  const auto range = ranges().find(name);
  return KafkaPropertyFault{.unknown = result == RD_KAFKA_CONF_UNKNOWN,
                            .allowed = range == ranges().end() ? std::string() : range->second};
}

std::vector<std::string> kafka_property_names() {
  std::vector<std::string> names;
  for (const auto& [name, range] : ranges()) names.push_back(name);
  return names;
}

}  // namespace tocsin::source
