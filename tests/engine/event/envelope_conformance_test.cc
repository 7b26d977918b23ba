// Every row of tests/conformance/envelopes.json through the decoder.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "engine/event/decode.h"
#include "tests/engine/event/envelope_rows.h"
#include "tests/engine/event/ledger.h"

namespace tocsin::event {
namespace {

constexpr std::array<std::string_view, 9> kKinds{"text",          "json",  "cloudtrail", "bus_event", "s3",
                                                 "backup_notice", "alarm", "vpc_flow",   "lambda"};

// The members that a row may name, as texts.
std::string member(const Event& event, std::string_view name) {
  if (name == "message") return std::string(event.message);
  if (name == "kind") return std::string(kKinds[static_cast<std::size_t>(event.kind)]);
  if (name == "time") return format_rfc3339(event.time);
  if (name == "account") return std::string(event.account);
  if (name == "region") return std::string(event.region);
  if (name == "log_group") return std::string(event.log_group);
  if (name == "log_stream") return std::string(event.log_stream);
  if (name == "index") return std::to_string(event.position.index);
  return "no such member";
}

void expect_event(const RowJson& expected, const Event& event) {
  for (const auto& [name, value] : expected.items()) {
    EXPECT_EQ(member(event, name), value.is_number() ? value.dump() : make_record(value)) << name;
  }
}

TEST(EnvelopeConformance, EveryRow) {
  const RowJson file = envelope_rows();
  std::set<std::string> names;
  Decoder decoder;
  for (const RowJson& row : file["rows"]) {
    const std::string name = row["name"];
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.insert(name).second) << "a row of this name is there already";
    EXPECT_TRUE(file["sources"].contains(row["source"].get<std::string>()));

    DecodeSettings settings;
    settings.log_group = "the-group";
    const RowJson given = row.value("settings", RowJson::object());
    settings.format = *parse_format(given.value("format", "auto"));
    settings.vpc_flow.fields = parse_vpc_flow_fields(given.value("fields", ""));
    settings.vpc_flow.as_json = given.value("as", "") == "json";
    const std::string record = make_record(row["record"]);
    RawBatch batch;
    batch.read_at = wall_now();
    batch.records.push_back(
        {.value = record, .timestamp = parse_rfc3339("2030-01-02T00:00:00Z"), .offset = 1});
    EventBatch out;
    decode_all(decoder, batch, settings, out);

    expect_closed_ledger(out);
    const RowJson& events = row["events"];
    EXPECT_EQ(out.events.size(), events.size());
    for (std::size_t i = 0; i < std::min(events.size(), out.events.size()); ++i)
      expect_event(events[i], out.events[i]);
    RowJson skipped = RowJson::object();
    for (std::size_t i = 0; i < kSkipReasons; ++i) {
      if (out.items.skipped[i] > 0) skipped[std::string(kSkipNames[i])] = out.items.skipped[i];
    }
    RowJson expected = row.value("skipped", RowJson::object());
    std::vector<std::string> expected_dead = row.value("dead", std::vector<std::string>());
    std::vector<std::string> dead;
    for (const DeadLetter& letter : out.dead) dead.emplace_back(to_string(letter.reason));
    std::ranges::sort(dead);
    EXPECT_EQ(dead, expected_dead);
    EXPECT_EQ(nlohmann::json(skipped), nlohmann::json(expected));
  }
}

}  // namespace
}  // namespace tocsin::event
