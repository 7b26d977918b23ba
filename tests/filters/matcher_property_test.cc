// The matcher against the oracle: random filters of every language on random messages, in batches cut
// anywhere.
//
// TOCSIN_DIFFERENTIAL_CASES: how many pairs of filter and message at least, instead of the usual ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/event/decode.h"
#include "engine/event/predicate.h"
#include "engine/event/selector.h"
#include "filters/matcher.h"
#include "tests/filters/random_filters.h"

namespace tocsin::filters {
namespace {

using filters_test::Random;

struct Found {
  std::uint32_t event;
  std::uint32_t filter;
  std::vector<std::optional<std::string>> values;
  bool operator==(const Found&) const = default;
};

std::vector<Found> found_in(const runtime::Matches& matches, const std::vector<runtime::MatchSpec>& specs,
                            std::uint32_t first_event) {
  std::vector<Found> found;
  for (const runtime::Match& match : matches.matches) {
    Found& added = found.emplace_back(Found{first_event + match.event, match.filter, {}});
    for (std::size_t i = 0; i < specs[match.filter].extractions.size(); ++i) {
      const auto& value = matches.values[match.first_value + i];
      added.values.push_back(value ? std::optional<std::string>(*value) : std::nullopt);
    }
  }
  return found;
}

const std::vector<std::string> kLogGroups{"g", "h", "i"};

// A world of filters and events.
struct Case {
  std::vector<std::string> patterns;
  std::vector<runtime::MatchSpec> specs;
  std::vector<std::string> messages;
  std::vector<event::Event> events;

  Case(Random& random, std::size_t filter_count, std::size_t event_count) {
    while (specs.size() < filter_count) {
      const auto filter = filters_test::random_filter(random);
      patterns.push_back(filter.text);
      runtime::MatchSpec& spec = specs.emplace_back();
      spec.predicate = filter.compiled.predicate;
      for (const auto& [key, field] : filter.compiled.shown) spec.extractions.push_back(field);
      while (random.below(3) == 0) spec.log_groups.push_back(random.of(kLogGroups));
    }
    while (messages.size() < event_count) messages.push_back(filters_test::random_message(random));
    for (const std::string& message : messages) {
      event::Event& event = events.emplace_back();
      event.message = message;
      event.log_group = random.below(4) == 0 ? std::string_view("elsewhere") : random.of(kLogGroups);
    }
  }

  [[nodiscard]] bool should_match(std::size_t event, std::size_t filter) const {
    const std::vector<std::string>& groups = specs[filter].log_groups;
    return (groups.empty() || std::ranges::find(groups, events[event].log_group) != groups.end()) &&
           event::evaluate(specs[filter].predicate, messages[event]);
  }
};

std::size_t wanted_cases() {
  const char* const wanted = std::getenv("TOCSIN_DIFFERENTIAL_CASES");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 150'000;
}

TEST(MatcherProperty, AgreesWithTheOracleHoweverManyFiltersAndHoweverBatchesAreCut) {
  Random random(20261127);
  std::size_t cases = 0;
  std::size_t matched = 0;
  while (cases < wanted_cases()) {
    const std::vector<std::size_t> sizes{1, 12, 40, 400};
    const Case world(random, random.of(sizes), 60);
    const auto program = compile_matcher(world.specs);
    runtime::Matches matches;
    make_matcher(program)->match(world.events, matches);
    const std::vector<Found> at_once = found_in(matches, world.specs, 0);
    matched += at_once.size();

    std::size_t next = 0;
    for (std::uint32_t e = 0; e < world.events.size(); ++e) {
      for (std::uint32_t f = 0; f < world.specs.size(); ++f, ++cases) {
        const bool listed = next < at_once.size() && at_once[next].event == e && at_once[next].filter == f;
        ASSERT_EQ(listed, world.should_match(e, f)) << world.patterns[f] << " on " << world.messages[e];
        next += listed ? 1 : 0;
      }
    }
    ASSERT_EQ(next, at_once.size());

    std::vector<Found> in_pieces;
    const auto pieces = make_matcher(program);
    for (std::size_t begin = 0; begin < world.events.size();) {
      const std::size_t size = std::min(world.events.size() - begin, 1 + random.below(9));
      pieces->match(std::span(world.events).subspan(begin, size), matches);
      const auto found = found_in(matches, world.specs, static_cast<std::uint32_t>(begin));
      in_pieces.insert(in_pieces.end(), found.begin(), found.end());
      begin += size;
    }
    ASSERT_EQ(in_pieces, at_once);
  }
  std::printf("%zu pairs of filter and message, %zu matches\n", cases, matched);
  EXPECT_GT(matched, cases / 50);
}

// Matches events as the decoder finds them, and beside it as if they had not been walked.
class BothWays : public event::EventVisitor {
 public:
  explicit BothWays(const std::shared_ptr<const MatcherProgram>& program)
      : walked_(make_matcher(program)), alone_(make_matcher(program)) {}

  void visit(const event::Event& event, const event::JsonView* walked) override {
    walks += walked != nullptr ? 1 : 0;
    walked_->match(event, 0, walked, in_walk);
    alone_->match(event, 0, nullptr, in_own_walk);
  }
  [[nodiscard]] const event::FieldTrie& fields() const { return walked_->fields(); }

  std::size_t walks = 0;
  runtime::Matches in_walk;
  runtime::Matches in_own_walk;

 private:
  std::unique_ptr<runtime::Matcher> walked_;
  std::unique_ptr<runtime::Matcher> alone_;
};

TEST(MatcherProperty, TheDecodersWalkServesAsWellAsItsOwn) {
  Random random(20261128);
  std::size_t walks = 0;
  for (int round = 0; round < 40; ++round) {
    const Case world(random, 40, 60);
    std::vector<std::string> records;
    for (const std::string& message : world.messages) {
      switch (random.below(4)) {
        case 0:  // one of CloudTrail's files
          records.push_back(
              R"({"Records":[{"eventSource":"x.amazonaws.com","eventName":"E","userIdentity":{},"a":)" +
              std::to_string(random.below(3)) + "}]}");
          break;
        case 1:  // a carrier of the message as a text
          records.push_back(R"({"eventSource":"aws:sqs","body":")" +
                            std::string(message.starts_with('{') ? "x" : "1") + "\"}");
          break;
        default:
          records.push_back(message);
      }
    }
    event::RawBatch batch;
    for (const std::string& record : records) batch.records.emplace_back().value = record;
    event::DecodeSettings by_default;
    by_default.log_group = "g";
    event::DecodeSettings by_field = by_default;
    by_field.format = event::Format::Json;
    by_field.time.from = event::TimeRule::From::Field;
    by_field.time.field = *event::parse_selector("$.a");

    BothWays both(compile_matcher(world.specs));
    event::Decoder decoder(both.fields());
    event::EventBatch out;
    for (const event::DecodeSettings* settings : {&by_default, &by_field, &by_default}) {
      ASSERT_EQ(decoder.decode(batch, *settings, out, 0, &both), batch.records.size());
    }
    EXPECT_EQ(found_in(both.in_walk, world.specs, 0), found_in(both.in_own_walk, world.specs, 0));
    walks += both.walks;
  }
  EXPECT_GT(walks, 1000U);
}

}  // namespace
}  // namespace tocsin::filters
