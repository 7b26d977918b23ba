// The matcher against the oracle: random filters on random events, in batches cut anywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/event/predicate.h"
#include "filters/filter_pattern.h"
#include "filters/matcher.h"

namespace tocsin::filters {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  const std::string& of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }

 private:
  std::mt19937 engine_;
};

// --- patterns --------------------------------------------------------------------------------------------

const std::vector<std::string> kSelectors{"$.a", "$.b", "$.a.b", "$.a[0]", "$.a[1].b", "$.c", "$.['x.y']"};
const std::vector<std::string> kWildcardSelectors{"$.a[*]", "$.*", "$.a.*", "$.a[*].b", "$.*.b"};
const std::vector<std::string> kValues{"x",    "1",   "1*",    "*",   "\"*x*\"", "true",        "\"\"",
                                       "-0.5", "1e1", "\"1\"", "y*y", "10",      "\"\xC3\xA9\""};
const std::vector<std::string> kNumbers{"1", "0", "-0.5", "1e1", "10.0"};
const std::vector<std::string> kWords{"x", "xy", "a", "ERROR", "1", "true"};

std::string random_comparison(Random& random, int& regexes) {
  switch (random.below(4)) {
    case 0:
      return random.of({">", ">=", "<", "<="}) + random.of(kNumbers);
    case 1:
      if (regexes < 2) {
        ++regexes;
        return random.of({"=", "!="}) + random.of({"%^x%", "%[0-9]+%", "%y$|e%", "%.%"});
      }
      [[fallthrough]];
    default:
      return random.of({"=", "!="}) + random.of(kValues);
  }
}

std::string random_condition(Random& random, int& regexes, int& wildcards) {
  const bool wildcard = wildcards < 3 && random.below(4) == 0;
  if (wildcard) ++wildcards;
  const std::string selector = random.of(wildcard ? kWildcardSelectors : kSelectors);
  if (random.below(3) == 0)
    return selector + " " + random.of({"NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"});
  return selector + " " + random_comparison(random, regexes);
}

std::string random_expression(Random& random, int depth, int& regexes, int& wildcards) {
  if (depth == 0 || random.below(3) == 0) return random_condition(random, regexes, wildcards);
  const std::string left = random_expression(random, depth - 1, regexes, wildcards);
  const std::string right = random_expression(random, depth - 1, regexes, wildcards);
  const std::string joined = left + random.of({" && ", " || "}) + right;
  return random.below(2) == 0 ? joined : "(" + joined + ")";
}

std::string random_delimited(Random& random) {
  std::string pattern = "[";
  const std::size_t slots = random.below(4);
  const std::size_t ellipsis = random.below(6);
  int regexes = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    if (i > 0) pattern += ", ";
    if (i == ellipsis) {
      pattern += "...";
      continue;
    }
    const std::string name = "f" + std::to_string(i);
    if (random.below(4) == 0) continue;
    pattern += name;
    if (random.below(2) == 0) pattern += random_comparison(random, regexes);
    if (pattern.ends_with(name)) continue;
    if (random.below(3) == 0)
      pattern += random.of({" && ", " || "}) + name + random_comparison(random, regexes);
  }
  return pattern + "]";
}

std::string random_pattern(Random& random) {
  int regexes = 0;
  int wildcards = 0;
  switch (random.below(6)) {
    case 0: {
      std::string terms;
      for (std::size_t i = 0; i <= random.below(3); ++i)
        terms += random.of({"", "-", "?"}) + random.of(kWords) + " ";
      return terms;
    }
    case 1:
      return random.of({"%x.%", "%^[^{]%", "%\\d\\d%", ""});
    case 2:
      return random_delimited(random);
    default:
      return "{ " + random_expression(random, 3, regexes, wildcards) + " }";
  }
}

// --- messages --------------------------------------------------------------------------------------------

std::string random_value(Random& random, int depth) {
  const std::vector<std::string> scalars{"1",    "0",        "10",       "-0.5",        "1e1",
                                         "true", "false",    "null",     "\"x\"",       "\"1\"",
                                         "\"\"", "\"xy y\"", "\"10.0\"", R"("\u00e9")", R"("y\"y")"};
  const std::size_t kind = depth == 0 ? 0 : random.below(3);
  if (kind == 0) return random.of(scalars);
  std::string out = kind == 1 ? "{" : "[";
  for (std::size_t i = 0; i < random.below(4); ++i) {
    if (out.size() > 1) out += ",";
    if (kind == 1) out += random.of({"\"a\":", "\"b\":", "\"c\":", "\"x.y\":", "\"\\u0061\":"});
    out += random_value(random, depth - 1);
  }
  return out + (kind == 1 ? "}" : "]");
}

std::string random_message(Random& random) {
  const std::size_t kind = random.below(8);
  if (kind == 0) return random_value(random, 2);
  if (kind <= 2) {
    std::string line;
    for (std::size_t i = 0; i < random.below(6); ++i) {
      line += random.of({"x", "xy", "1", "10", "-0.5", "ERROR", "\"x y\"", "[1]", "[", "\"", "\xC3\xA9",
                         "\xFF", "true"}) +
              random.of({" ", "  ", "\t"});
    }
    return line;
  }
  std::string out = "{";
  for (std::size_t i = 0; i < 1 + random.below(4); ++i) {
    if (out.size() > 1) out += ",";
    out += random.of({"\"a\":", "\"b\":", "\"c\":", "\"x.y\":"}) + random_value(random, 2);
  }
  return out + random.of({"}", "}", "}", "}", "", "}x"});
}

// --- the properties --------------------------------------------------------------------------------------

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

TEST(MatcherProperty, AgreesWithTheOracleHoweverBatchesAreCut) {
  Random random(20261122);
  std::size_t matched = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<runtime::MatchSpec> specs;
    std::vector<std::string> patterns;
    for (int i = 0; i < 40; ++i) {
      patterns.push_back(random_pattern(random));
      const auto filter = compile_filter_pattern(patterns.back());
      ASSERT_TRUE(filter.has_value()) << patterns.back() << ": " << filter.error().message;
      runtime::MatchSpec& spec = specs.emplace_back();
      spec.predicate = filter->predicate;
      for (const auto& [key, field] : filter->shown) spec.extractions.push_back(field);
    }
    std::vector<std::string> messages;
    for (int i = 0; i < 60; ++i) messages.push_back(random_message(random));
    std::vector<event::Event> events;
    for (const std::string& message : messages) {
      event::Event& event = events.emplace_back();
      event.message = message;
      event.log_group = "g";
    }

    const auto program = compile_matcher(specs);
    runtime::Matches matches;
    const auto whole = make_matcher(program);
    whole->match(events, matches);
    const std::vector<Found> at_once = found_in(matches, specs, 0);
    matched += at_once.size();

    std::size_t next = 0;
    for (std::uint32_t e = 0; e < events.size(); ++e) {
      for (std::uint32_t f = 0; f < specs.size(); ++f) {
        const bool listed = next < at_once.size() && at_once[next].event == e && at_once[next].filter == f;
        ASSERT_EQ(listed, event::evaluate(specs[f].predicate, messages[e]))
            << patterns[f] << " on " << messages[e];
        next += listed ? 1 : 0;
      }
    }
    ASSERT_EQ(next, at_once.size());

    std::vector<Found> in_pieces;
    const auto pieces = make_matcher(program);
    for (std::size_t begin = 0; begin < events.size();) {
      const std::size_t size = std::min(events.size() - begin, 1 + random.below(9));
      pieces->match(std::span(events).subspan(begin, size), matches);
      const auto found = found_in(matches, specs, static_cast<std::uint32_t>(begin));
      in_pieces.insert(in_pieces.end(), found.begin(), found.end());
      begin += size;
    }
    ASSERT_EQ(in_pieces, at_once);
  }
  EXPECT_GT(matched, 10'000U);
}

}  // namespace
}  // namespace tocsin::filters
