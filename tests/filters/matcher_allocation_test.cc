// Once it is warm, the matcher allocates nothing: it knows its filters, and its lists have found their sizes.
// (But for event patterns that have to choose among elements of arrays in arrays, array_choice.h, and for
// numbers beyond all doubles.)
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "filters/event_pattern.h"
#include "filters/filter_pattern.h"
#include "filters/matcher.h"
#include "filters/regex_filter.h"

namespace {
thread_local std::size_t allocations = 0;

void* counted_if_there_is_room(std::size_t size) noexcept {
  ++allocations;
  return std::malloc(size);
}

void* counted(std::size_t size) {
  if (void* const room = counted_if_there_is_room(size)) return room;
  throw std::bad_alloc();
}
}  // namespace

// All forms but those with an alignment, which stay a pair of their own.
void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted_if_there_is_room(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return counted_if_there_is_room(size);
}
void operator delete(void* room) noexcept { std::free(room); }
void operator delete[](void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t) noexcept { std::free(room); }
void operator delete[](void* room, std::size_t) noexcept { std::free(room); }
void operator delete(void* room, const std::nothrow_t&) noexcept { std::free(room); }
void operator delete[](void* room, const std::nothrow_t&) noexcept { std::free(room); }

namespace tocsin::filters {
namespace {

TEST(MatcherAllocation, WarmMatchingAllocatesNothing) {
  std::vector<runtime::MatchSpec> specs;
  const auto add = [&](std::expected<CompiledFilter, event::SyntaxError> filter) {
    ASSERT_TRUE(filter.has_value()) << filter.error().message;
    runtime::MatchSpec& spec = specs.emplace_back();
    spec.predicate = filter->predicate;
    for (const auto& [key, field] : filter->shown) spec.extractions.push_back(field);
  };
  add(compile_filter_pattern("{ $.eventName = \"DeleteTrail\" }"));
  add(compile_filter_pattern("{ $.name = svc-* && $.count > 3 && $.none NOT EXISTS }"));
  add(compile_filter_pattern("{ $.name = \"*-7\" || $.list[*] = 2 }"));
  add(compile_filter_pattern("{ $.name = %v.-[0-9]% }"));
  add(compile_filter_pattern("[ip, ..., status = 5*]"));
  add(compile_filter_pattern("ERROR -DEBUG"));
  add(compile_event_pattern(R"({"eventName":[{"anything-but":"x"}],"ip":[{"cidr":"10.0.0.0/8"}]})"));
  add(compile_event_pattern(
      R"({"name":[{"equals-ignore-case":"SVC-7"}],"list":[1,2],"objects":{"k":["v"]}})"));
  add(compile_event_pattern(R"({"objects":{"k":["w"],"n":[{"numeric":[">",1]}]},"ip":[{"exists":true}]})"));
  add(compile_regex_filter("user=(\\w+) failed"));
  for (int i = 0; i < 100; ++i)
    add(compile_filter_pattern("{ $.eventName = DeleteTrail && $.name = svc-" + std::to_string(i) + " }"));

  const std::vector<std::string> messages{
      R"({"eventName":"DeleteTrail","name":"svc-7","count":5,"list":[1,2],"ip":"10.1.2.3","objects":[{"k":"v","n":2},{"k":"w","n":1716239022123.25000}]})",
      R"({"eventName":"DeleteTrail","name":"svc-\u0037","count":"7"})", "10.0.0.1 GET / 503",
      "an ERROR: user=root failed"};
  const auto matcher = make_matcher(compile_matcher(std::move(specs)));
  runtime::Matches found;
  const auto match_all = [&] {
    found.matches.clear();
    found.values.clear();
    for (std::uint32_t i = 0; i < messages.size(); ++i) {
      event::Event event;
      event.message = messages[i];
      event.log_group = "g";
      matcher->match(event, i, nullptr, found);
    }
  };
  match_all();
  match_all();
  const std::size_t matches = found.matches.size();
  found.owned.clear();
  const std::size_t before = allocations;
  match_all();
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(found.matches.size(), matches);
  EXPECT_GT(matches, 10U);
}

}  // namespace
}  // namespace tocsin::filters
