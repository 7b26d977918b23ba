#include "engine/runtime/dead_letter_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

using event::RejectReason;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const WallTime kStart{seconds(1'800'000'000)};

TEST(DeadLetterTally, TellsTheFirstAtOnceAndTheOthersOnceAMinute) {
  DeadLetterTally tally("file dead.jsonl");
  const auto first = tally.add("trail", RejectReason::NotJson, "t[0]@1", kStart);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text, "an item of trail could not be used: not_json, at t[0]@1");
  EXPECT_THAT(first->advice, HasSubstr("kept in file dead.jsonl"));
  for (int i = 2; i < 14; ++i) {
    EXPECT_FALSE(tally.add("trail", RejectReason::NotJson, "t[0]@" + std::to_string(i), kStart + seconds(i)));
  }
  EXPECT_THAT(tally.due(kStart + seconds(59)), IsEmpty());
  const auto due = tally.due(kStart + seconds(60));
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].text, "12 items of trail could not be used: not_json, the first at t[0]@2");
  EXPECT_THAT(tally.due(kStart + seconds(600)), IsEmpty());
  EXPECT_THAT(tally.rest(), IsEmpty());
}

TEST(DeadLetterTally, KeepsReasonsAndSourcesApart) {
  DeadLetterTally tally("");
  EXPECT_TRUE(tally.add("a", RejectReason::NotJson, "p", kStart));
  EXPECT_TRUE(tally.add("a", RejectReason::NoTime, "p", kStart));
  EXPECT_TRUE(tally.add("b", RejectReason::NotJson, "p", kStart));
  EXPECT_FALSE(tally.add("b", RejectReason::NotJson, "q", kStart));
  const auto rest = tally.rest();
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_THAT(rest[0].advice, HasSubstr("dead_letters: {file: PATH}"));
}

TEST(DeadLetterTally, ClockThatIsSetBackSilencesNobody) {
  DeadLetterTally tally("");
  EXPECT_TRUE(tally.add("a", RejectReason::NotJson, "p", kStart));
  EXPECT_TRUE(tally.add("a", RejectReason::NotJson, "p", kStart - seconds(3600)));
}

}  // namespace
}  // namespace tocsin::runtime
