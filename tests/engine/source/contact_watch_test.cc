#include "engine/source/contact_watch.h"

#include <gtest/gtest.h>

namespace tocsin::source {
namespace {

using namespace std::chrono_literals;
using Change = ContactWatch::Change;

// Seconds after both clocks began.
ContactWatch::Moment moment(std::chrono::seconds since, Duration jump = 0ms) {
  return {ContactWatch::Steady{1h + since}, WallTime{24h + since + jump}};
}
ContactWatch::Steady heard(std::chrono::seconds since) { return moment(since).steady; }

TEST(ContactWatch, AnAbsenceIsFromTheLastAnswerToTheFirstOneAfterIt) {
  ContactWatch watch(4s);
  EXPECT_EQ(watch.observe(heard(10s), false, moment(14s)), Change::None);
  EXPECT_EQ(watch.observe(heard(10s), false, moment(15s)), Change::Lost);
  EXPECT_TRUE(watch.is_away());
  EXPECT_EQ(watch.observe(heard(10s), false, moment(300s)), Change::None);
  EXPECT_EQ(watch.observe(heard(312s), false, moment(313s)), Change::Back);
  EXPECT_FALSE(watch.is_away());
  EXPECT_EQ(watch.absence().from, moment(10s).wall);
  EXPECT_EQ(watch.absence().to, moment(312s).wall);
  EXPECT_EQ(watch.absence().length, 302s);
}

TEST(ContactWatch, ARefusalIsAnAbsenceAtOnceAndIsOverWithAnAnswerThatCameAfterIt) {
  ContactWatch watch(4s);
  EXPECT_EQ(watch.observe(heard(10s), true, moment(11s)), Change::Lost);
  EXPECT_EQ(watch.observe(heard(11s), false, moment(11s)), Change::None);
  EXPECT_EQ(watch.observe(heard(12s), false, moment(12s)), Change::Back);
  EXPECT_EQ(watch.absence().length, 2s);
}

TEST(ContactWatch, TheLengthIsTrueWhateverTheWallClockDoesMeanwhile) {
  ContactWatch watch(4s);
  EXPECT_EQ(watch.observe(heard(10s), false, moment(15s)), Change::Lost);
  EXPECT_EQ(watch.observe(heard(30s), false, moment(31s, -1h)), Change::Back);
  EXPECT_EQ(watch.absence().from, moment(10s).wall);
  EXPECT_EQ(watch.absence().to, moment(30s, -1h).wall);
  EXPECT_EQ(watch.absence().length, 20s);
}

TEST(ContactWatch, TheNextAbsenceIsOneOfItsOwn) {
  ContactWatch watch(4s);
  EXPECT_EQ(watch.observe(heard(10s), false, moment(15s)), Change::Lost);
  EXPECT_EQ(watch.observe(heard(16s), false, moment(16s)), Change::Back);
  EXPECT_EQ(watch.observe(heard(16s), false, moment(17s)), Change::None);
  EXPECT_EQ(watch.observe(heard(17s), false, moment(30s)), Change::Lost);
  EXPECT_EQ(watch.observe(heard(31s), false, moment(31s)), Change::Back);
  EXPECT_EQ(watch.absence().from, moment(17s).wall);
  EXPECT_EQ(watch.absence().length, 14s);
}

}  // namespace
}  // namespace tocsin::source
