#include "engine/runtime/partition_name.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tocsin::runtime {

using Json = nlohmann::ordered_json;

std::string to_text(const source::PartitionName& name) {
  Json json{{"source", name.source}};
  if (name.topic.empty()) {
    json["file"] = name.file;
    json["by_line"] = name.by_line;
  } else {
    json["topic"] = name.topic;
    json["partition"] = name.number;
  }
  if (!name.incarnation.empty()) json["incarnation"] = name.incarnation;
  // A file's name may be any bytes.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<source::PartitionName> parse_partition_name(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto member = [&](const char* key, auto otherwise) {
    using T = decltype(otherwise);
    const auto at = json.find(key);
    if (at == json.end()) return otherwise;
    if constexpr (std::is_same_v<T, std::string>) {
      return at->is_string() ? at->template get<std::string>() : otherwise;
    } else if constexpr (std::is_same_v<T, bool>) {
      return at->is_boolean() ? at->template get<bool>() : otherwise;
    } else {
      return at->is_number_integer() ? at->template get<T>() : otherwise;
    }
  };
  if (!json.is_object()) {
    return fail(ErrorCode::Invalid,
                fmt::format("the state names a partition as `{}`, which is no name", text));
  }
  source::PartitionName name;
  name.source = member("source", std::string());
  name.topic = member("topic", std::string());
  name.number = member("partition", std::int32_t{0});
  name.file = member("file", std::string());
  name.by_line = member("by_line", true);
  name.incarnation = member("incarnation", std::string());
  return name;
}

std::string item_identity(const source::PartitionName& name, std::int64_t offset, std::uint32_t index) {
  std::string identity;
  for (const std::string_view part :
       {std::string_view(name.source), std::string_view(name.topic), std::string_view(name.file)}) {
    identity += fmt::format(" {}:{}", part.size(), part);
  }
  identity += fmt::format(" {} {} {}", name.number, offset, index);
  // What has the same name later counts its offsets anew.
  if (!name.incarnation.empty()) identity += fmt::format(" {}", name.incarnation);
  return identity;
}

}  // namespace tocsin::runtime
