#include "bench/six_fields.h"

#include <simdjson.h>

namespace tocsin::bench {
namespace {

namespace ondemand = simdjson::ondemand;

bool is_wanted(std::string_view key) {
  switch (key.size()) {
    case 9:
      return key == "eventName" || key == "awsRegion" || key == "errorCode";
    case 11:
      return key == "eventSource";
    case 18:
      return key == "recipientAccountId";
    default:
      return false;
  }
}

// Takes a string where there is one.
template <typename Value>
std::uint64_t take(Value&& value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS ? 1 : 0;
}

std::uint64_t take_fields(ondemand::object record) {
  std::uint64_t taken = 0;
  for (auto field : record) {
    ondemand::raw_json_string raw;
    if (field.key().get(raw) != simdjson::SUCCESS) return taken;
    // The key's text as it stands: those that are wanted hold no escapes.
    const std::string_view from_key(raw.raw(), 19);
    const std::string_view key = from_key.substr(0, from_key.find('"'));
    if (is_wanted(key)) {
      taken += take(field.value());
    } else if (key == "userIdentity") {
      taken += take(field.value().find_field("type"));
    }
  }
  return taken;
}

}  // namespace

struct SixFields::Parsers {
  ondemand::parser on_demand;
  simdjson::dom::parser dom;
};

SixFields::SixFields() : parsers_(std::make_unique<Parsers>()) {}
SixFields::~SixFields() = default;

std::uint64_t SixFields::on_demand(std::string_view message) {
  ondemand::document document;
  const simdjson::padded_string_view padded(message, message.size() + simdjson::SIMDJSON_PADDING);
  if (parsers_->on_demand.iterate(padded).get(document) != simdjson::SUCCESS) return 0;
  ondemand::object record;
  if (document.get_object().get(record) != simdjson::SUCCESS) return 0;
  return take_fields(record);
}

std::uint64_t SixFields::dom(std::string_view message) {
  simdjson::dom::element document;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.data());
  if (parsers_->dom.parse(bytes, message.size(), false).get(document) != simdjson::SUCCESS) return 0;
  std::uint64_t taken = 0;
  for (const std::string_view key :
       {"eventName", "eventSource", "awsRegion", "errorCode", "recipientAccountId"}) {
    taken += take(document[key]);
  }
  return taken + take(document["userIdentity"]["type"]);
}

}  // namespace tocsin::bench
