// Never a stall: the worst events that are known against the worst filters. Each pair may cost so much a byte
// and no more, which work that grows with the square of an event's size exceeds a hundred times over. Time is
// that of the thread, so that a busy machine changes nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/decode.h"
#include "filters/filter_language.h"
#include "filters/matcher.h"

namespace tocsin::filters {
namespace {

constexpr std::size_t kBytes = std::size_t{256} << 10;  // of every event, about
constexpr double kMostNanosecondsPerByte = 2'000;

struct Named {
  std::string name;
  std::string text;
};

// Around `middle`, repeated with commas between until the event has its size.
std::string filled(std::string_view before, std::string_view middle, std::string_view after) {
  std::string text(before);
  text.reserve(kBytes + middle.size());
  for (bool first = true; text.size() < kBytes; first = false) {
    if (!first) text += ',';
    text += middle;
  }
  return text.append(after);
}

std::string repeated(std::string_view piece, std::size_t bytes = kBytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  return text;
}

std::string numbered(const std::function<std::string(std::size_t)>& member, std::string_view before,
                     std::string_view after) {
  std::string text(before);
  for (std::size_t i = 0; text.size() < kBytes; ++i) text += (i > 0 ? "," : "") + member(i);
  return text.append(after);
}

std::vector<Named> worst_events() {
  std::string nested = "1";
  for (int depth = 0; depth < 240; ++depth) nested = R"({"a":)" + nested + "}";
  std::string arrays = "1";
  for (int depth = 0; depth < 240; ++depth) arrays = "[" + arrays + "]";
  const std::string open(230, '[');
  const std::string closed(230, ']');
  const std::string deep_pair = R"({"w":1,"q":)" + open + R"({"x":1},{"y":1})" + closed + "}";
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  return {
      {"objects as deep as they may be", filled(R"({"a":[)", nested, "]}")},
      {"arrays as deep as they may be", filled(R"({"a":[)", arrays, "]}")},
      {"one name of that size", "{" + quoted(repeated("a")) + ":1}"},
      {"one text of that size", R"({"a":)" + quoted(repeated("a")) + "}"},
      {"one text of escapes", R"({"a":)" + quoted(repeated(R"(\u0061)")) + "}"},
      {"one text of quotes", R"({"a":)" + quoted(repeated(R"(\")")) + "}"},
      {"one number of that size", R"({"a":)" + repeated("1") + "}"},
      {"one number of zeros", R"({"a":0.)" + repeated("0") + "1}"},
      {"many elements", filled(R"({"a":[)", R"({"b":1,"c":2})", "]}")},
      {"many equal texts", filled(R"({"a":[)", R"("aaaaaaab")", "]}")},
      {"many different texts",
       numbered([](std::size_t i) { return fmt::format("\"a{}\"", i); }, R"({"a":[)", "]}")},
      {"many members", numbered([](std::size_t i) { return fmt::format("\"a{}\":1", i); }, "{", "}")},
      {"many members of one name", filled("{", R"("a":1)", "}")},
      {"many objects of one name", filled("{", R"("a":{"b":1,"c":"a"})", "}")},
      {"a name of dots", "{" + quoted(repeated("a.")) + ":1}"},
      {"many names of dots", filled("{", R"("a.b.c.a.b.c":1)", "}")},
      {"names of dots in arrays",
       filled(R"({"a":[)", R"({"b.c":[{"d":1},{"d":2}],"b":[{"c.d":1}],"c":[1,2]})", "]}")},
      {"values far down in arrays", filled(R"({"a":)" + open, R"({"x":1},{"y":1})", closed + "}")},
      {"values far down in one spelling of a path",
       filled(R"({"a.b":[)" + deep_pair + "," + deep_pair + R"(],"a":{"b":[)", R"({"w":1})", "]}}")},
      {"many tokens", repeated("a ")},
      {"many brackets", repeated("[")},
      {"many quotes", repeated("a\" ")},
      {"one token", repeated("a")},
      {"tokens that nearly match", repeated("aaaaaaab ")},
      {"no ASCII", repeated("\xC3\xA9")},
  };
}

struct WorstFilter {
  std::string_view option;
  std::string_view text;
};

constexpr WorstFilter kWorstFilters[] = {
    {"--filter-pattern", "a -b \"a a\""},
    {"--filter-pattern", "?aaaaaaaac ?baaaaaaaa ?abababab"},
    {"--filter-pattern", "%^.*a.*a.*b$%"},
    {"--filter-pattern", "%a*a*a*a*a*a*c%"},
    {"--filter-pattern", "{ $.a = \"*a*a*a*a*a*a*c\" }"},
    {"--filter-pattern", "{ $.a = %a*a*a*a*a*c% }"},
    {"--filter-pattern", "{ $.a[*] = \"*a*a*a*c*\" && $.a[*].b = 1 || $.a[*].c NOT EXISTS }"},
    {"--filter-pattern", "{ $.* = \"*a*b*c\" || $.* > 3 }"},
    {"--filter-pattern", "{ $.a.a.a.a.a.a.a.a = 2 && $.a[99999].b = 1 }"},
    {"--filter-pattern", "{ $.['a.a.a.a'] = 1 || $.a IS NULL || $.b NOT EXISTS }"},
    {"--filter-pattern", "[first, ..., last = *a*a*a*c]"},
    {"--filter-pattern", "[..., b = a, c = %a*a*c%, d != a]"},
    {"--filter-pattern", "[a, b = *b*, c]"},
    {"--event-pattern", R"({"a":[{"wildcard":"*a*a*c"},{"suffix":"c"},{"prefix":"ac"}]})"},
    {"--event-pattern", R"({"a":[{"anything-but":{"wildcard":"*a*b*"}}],"b":[{"exists":false}]})"},
    {"--event-pattern", R"({"a":{"b":[1],"c":[3],"d":[{"numeric":[">",2]}]}})"},
    {"--event-pattern",
     R"({"a":{"b":{"c":{"d":[2]}},"c":[2]},"$or":[{"a":{"b":[{"exists":true}]}},{"a.b":{"c":[1]}}]})"},
    {"--event-pattern", R"({"a":{"x":[1],"y":[1]}})"},
    {"--event-pattern", R"({"a":{"b":{"w":[1],"q":{"x":[1],"y":[1]}}}})"},
    {"--event-pattern",
     R"({"a":[{"equals-ignore-case":"AAAAAAAC"},{"prefix":{"equals-ignore-case":"ÉA"}}]})"},
    {"--event-pattern", R"({"a":[{"cidr":"10.0.0.0/8"},{"numeric":["=",1.5]},null,true]})"},
    {"--regex", "(a+)+$"},
    {"--regex", "(?i)(a|ab|aab)*c"},
    {"--regex", "(?P<x>.*)a(?P<y>.*)c"},
    {"--regex", "[ab]{50}.{50}c"},
};

CompiledFilter compile(const WorstFilter& filter) {
  for (const FilterLanguage& language : builtin_filters()) {
    if (language.option != filter.option) continue;
    auto compiled = language.compile(filter.text);
    EXPECT_TRUE(compiled.has_value()) << filter.text << ": " << compiled.error().message;
    if (compiled) return std::move(*compiled);
  }
  return {};
}

double thread_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Records matched within the decoder's walk, as a worker does it; and on their own, as `match` does it.
class Matching : event::EventVisitor {
 public:
  explicit Matching(const std::vector<CompiledFilter>& filters) {
    std::vector<runtime::MatchSpec> specs;
    for (const CompiledFilter& filter : filters) {
      runtime::MatchSpec& spec = specs.emplace_back();
      spec.predicate = filter.predicate;
      for (const auto& [key, field] : filter.shown) spec.extractions.push_back(field);
    }
    matcher_ = make_matcher(compile_matcher(std::move(specs)));
    decoder_ = event::Decoder(matcher_->fields());
    settings_.log_group = "worst";
  }

  // Nanoseconds for each byte.
  double cost(std::string_view message) {
    const double began = thread_nanoseconds();
    event::RawBatch batch;
    batch.records.push_back({.value = message, .timestamp = EventTime{}, .offset = 0});
    found_.clear();
    EXPECT_EQ(decoder_.decode(batch, settings_, out_, 0, this), 1U);
    event::Event event;
    event.message = message;
    event.log_group = "worst";
    matcher_->match({&event, 1}, found_);
    return (thread_nanoseconds() - began) / static_cast<double>(message.size());
  }

 private:
  void visit(const event::Event& event, const event::JsonView* walked) override {
    matcher_->match(event, 0, walked, found_);
  }

  std::unique_ptr<runtime::Matcher> matcher_;
  event::Decoder decoder_;
  event::DecodeSettings settings_;
  event::EventBatch out_;
  runtime::Matches found_;
};

TEST(WorstEvents, EachCostsEachFilterBoundedTimePerByte) {
  const std::vector<Named> events = worst_events();
  for (const WorstFilter& filter : kWorstFilters) {
    Matching matching({compile(filter)});
    double most = 0;
    std::string_view worst;
    for (const Named& event : events) {
      const double cost = matching.cost(event.text);
      EXPECT_LT(cost, kMostNanosecondsPerByte) << filter.text << " on " << event.name;
      if (cost > most) worst = event.name;
      most = std::max(most, cost);
    }
    fmt::print("{:7.1f} ns a byte at most: {} {} (on {})\n", most, filter.option, filter.text, worst);
  }
}

TEST(WorstEvents, EachCostsAllFiltersTogetherBoundedTimePerByte) {
  std::vector<CompiledFilter> filters;
  for (const WorstFilter& filter : kWorstFilters) filters.push_back(compile(filter));
  Matching matching(filters);
  for (const Named& event : worst_events()) {
    const double cost = matching.cost(event.text);
    EXPECT_LT(cost, kMostNanosecondsPerByte) << event.name;
    fmt::print("{:7.1f} ns a byte: {}\n", cost, event.name);
  }
}

// A hundred alternatives of one pattern share what an event may cost it.
TEST(WorstEvents, ManyFieldsOfOneArrayInManyAlternativesCostBoundedTimePerByte) {
  std::string fields;
  std::string members;
  for (int field = 0; field < 300; ++field) {
    fields += fmt::format(R"("f{}":[1],)", field);
    if (field > 0) members += fmt::format(R"(,"f{}":1)", field);
  }
  std::string one_of_ten;
  for (int branch = 0; branch < 10; ++branch)
    one_of_ten += fmt::format(R"({}{{"b{}":[1]}})", branch == 0 ? "" : ",", branch);
  const std::string pattern = fmt::format(R"({{"x":{{{}"last":[1]}},"o":{{"$or":[{}]}},"p":{{"$or":[{}]}}}})",
                                          fields, one_of_ten, one_of_ten);
  std::string ones;
  while (ones.size() < kBytes) ones += "1,";
  std::string branches;
  for (int branch = 0; branch < 10; ++branch)
    branches += fmt::format(R"({}"b{}":1)", branch == 0 ? "" : ",", branch);
  const std::string event = fmt::format(R"({{"x":[{{"f0":[{}1]{}}},{{"last":1}}],"o":{{{}}},"p":{{{}}}}})",
                                        ones, members, branches, branches);

  constexpr double kMostOfHundred = 10'000;  // ns
  Matching matching({compile({"--event-pattern", pattern})});
  const double cost = matching.cost(event);
  EXPECT_LT(cost, kMostOfHundred);
  fmt::print("{:7.1f} ns a byte: many fields in many alternatives\n", cost);
}

// Each of its values is looked at in each of the arrays around it, for each alternative.
TEST(WorstEvents, DeepArraysInManyAlternativesCostBoundedTimePerByte) {
  constexpr int kBranches = 31;
  const auto one_of = [](std::string_view name) {
    std::string branches;
    for (int i = 0; i < kBranches; ++i)
      branches += fmt::format(R"({}{{"{}":[""]}})", i == 0 ? "" : ",", name);
    return branches;
  };
  const std::string pattern =
      fmt::format(R"({{"d":{{"$or":[{}],"b":{{"$or":[{}]}}}}}})", one_of("a"), one_of("c"));
  std::string event = R"({"d":)" + std::string(250, '[');
  while (event.size() < kBytes) event += R"({"a":""},)";
  event += R"({"b":{"c":""}})" + std::string(250, ']') + "}";

  constexpr double kMostOfAlternatives = 60'000;  // ns; about fourteen thousand, asked twice
  Matching matching({compile({"--event-pattern", pattern})});
  const double cost = matching.cost(event);
  EXPECT_LT(cost, kMostOfAlternatives);
  fmt::print("{:7.1f} ns a byte: deep arrays in many alternatives\n", cost);
}

// What is kept of one alternative for the others is bounded, in memory too.
TEST(WorstEvents, ManyTestsThatAnArrayPassesInManyAlternativesCostBoundedTimePerByte) {
  std::string branches;
  for (int i = 0; i < 330; ++i) branches += fmt::format(R"({}{{"a":[1]}})", i == 0 ? "" : ",");
  const std::string pattern =
      fmt::format(R"({{"r":{{"$or":[{}],"x":{{"$or":[{{"b":[1]}},{{"b":[1]}}]}}}}}})", branches);
  std::string event = R"({"r":[{"a":[1)";
  while (event.size() < kBytes) event += ",[1]";
  event += R"(]},{"x":{"b":1}}]})";

  constexpr double kMostOfKept = 60'000;  // ns
  Matching matching({compile({"--event-pattern", pattern})});
  const double cost = matching.cost(event);
  EXPECT_LT(cost, kMostOfKept);
  fmt::print("{:7.1f} ns a byte: many tests that an array passes\n", cost);
}

// RE2 takes time in proportion to the program where its automaton does not fit into memory.
TEST(WorstEvents, ARegexAsLargeAsTheyMayBeCostsBoundedTimePerByte) {
  constexpr double kMostOfLargestRegex = 60'000;  // ns; about nine thousand, asked twice
  Matching matching({compile({"--regex", "a[ab]{999}[ab]{490}c"})});
  std::mt19937 random(20261128);
  std::string text;
  while (text.size() < kBytes / 8) text += random() % 2 == 0 ? 'a' : 'b';
  const double cost = matching.cost(text);
  EXPECT_LT(cost, kMostOfLargestRegex);
  fmt::print("{:7.1f} ns a byte: the largest regex\n", cost);
}

}  // namespace
}  // namespace tocsin::filters
