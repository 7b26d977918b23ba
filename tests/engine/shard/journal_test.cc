#include "engine/shard/journal.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/shard/memory_log.h"
#include "tests/engine/shard/history.h"

namespace tocsin::shard {
namespace {

const JournalSettings kOften{.snapshot_records = 40, .snapshot_bytes = 4096, .hash_records = 8};

struct Kept {
  MemoryLog log;
  std::vector<Note> notes;

  [[nodiscard]] std::vector<Sequence> snapshots() const {
    const auto sequences = log.kept();
    EXPECT_TRUE(sequences);
    return sequences.value_or(std::vector<Sequence>{});
  }

  Result<Journal> open(JournalSettings settings = kOften) {
    return Journal::open(log, log, definitions(), settings,
                         [this](const Note& note) { notes.push_back(note); });
  }
};

std::vector<std::string> ids(const Output& output) {
  std::vector<std::string> all;
  for (const alarm::Transition& transition : output.transitions) all.push_back(transition.id);
  return all;
}

// Ended at any record, however often, the run comes to what it would have come to.
TEST(Journal, OpenedAgainItGoesOnWhereItEnded) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Kept kept;
    std::mt19937_64 random(seed);
    History history(seed);
    StateMachine undisturbed(shared(definitions()));
    Output wanted;
    Output got;
    auto journal = kept.open();
    ASSERT_TRUE(journal);
    for (int step = 0; step < 300; ++step) {
      std::vector<Record> records;
      for (auto count = 1 + random() % 3; count > 0; --count) {
        records.push_back(history.next(undisturbed));
        ASSERT_TRUE(undisturbed.apply(records.back(), wanted));
      }
      ASSERT_TRUE(journal->commit(records, got));
      ASSERT_TRUE(journal->snapshot_if_due());
      if (random() % 11 == 0) {
        journal = kept.open();
        ASSERT_TRUE(journal) << journal.error().message;
      }
      ASSERT_EQ(journal->machine().digest(), undisturbed.digest()) << "seed " << seed << " step " << step;
    }
    EXPECT_EQ(ids(got), ids(wanted));
    EXPECT_TRUE(kept.notes.empty());
    EXPECT_GE(kept.snapshots().size(), 2U);
  }
}

TEST(Journal, WhatCannotBeKeptIsNotAppliedAndMayBeTriedAgain) {
  Kept kept;
  auto journal = kept.open();
  ASSERT_TRUE(journal);
  History history(1);
  const Record start = history.next(journal->machine());
  const Hash128 before = journal->machine().digest();
  kept.log.set_fault([](MemoryLog::Operation operation) -> std::optional<Error> {
    if (operation != MemoryLog::Operation::Append) return std::nullopt;
    return Error{ErrorCode::Exhausted, "the disk is full", ""};
  });
  Output out;
  const auto refused = journal->commit({start}, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Exhausted);
  EXPECT_EQ(journal->machine().digest(), before);
  kept.log.set_fault({});
  EXPECT_TRUE(journal->commit({start}, out));
  EXPECT_TRUE(journal->machine().shard().started());
}

// Fills a journal until it has two snapshots and records after them.
Hash128 fill(Kept& kept) {
  auto journal = kept.open();
  History history(2);
  Output out;
  for (int step = 0; step < 400 || kept.snapshots().front() == kept.log.last(); ++step) {
    EXPECT_TRUE(journal->commit({history.next(journal->machine())}, out));
    EXPECT_TRUE(journal->snapshot_if_due());
  }
  return journal->machine().digest();
}

TEST(Journal, ADamagedSnapshotIsToldAndTheOneBeforeItServes) {
  Kept kept;
  const Hash128 digest = fill(kept);
  const auto snapshots = kept.snapshots();
  ASSERT_EQ(snapshots.size(), 2U);
  kept.log.damage_snapshot(snapshots.front());
  auto journal = kept.open();
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_EQ(journal->machine().digest(), digest);
  ASSERT_EQ(kept.notes.size(), 1U);
  EXPECT_EQ(kept.notes[0].code, "snapshot_damaged");
}

TEST(Journal, WithoutAWholeSnapshotNothingStartsFromZero) {
  Kept kept;
  (void)fill(kept);
  for (const Sequence sequence : kept.snapshots()) kept.log.damage_snapshot(sequence);
  EXPECT_FALSE(kept.open());
}

TEST(Journal, ADamagedRecordIsAnErrorThatNamesIt) {
  Kept kept;
  (void)fill(kept);
  kept.log.damage_record(kept.log.last());
  const auto refused = kept.open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(std::to_string(kept.log.last())), std::string::npos)
      << refused.error().message;
}

TEST(Journal, AStateThatReadsDifferentlyThanItWasWrittenIsRefused) {
  Kept kept;
  (void)fill(kept);
  const std::string wrong = encode(Hash{{1, 2}}, [](const Hash128&) { return false; });
  ASSERT_TRUE(kept.log.append(std::vector{wrong}));
  const auto refused = kept.open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("fault of the program"), std::string::npos);
}

TEST(Journal, TheLogIsBounded) {
  Kept kept;
  auto journal = kept.open();
  History history(3);
  Output out;
  std::uint64_t longest = 0;
  for (int step = 0; step < 3000; ++step) {
    ASSERT_TRUE(journal->commit({history.next(journal->machine())}, out));
    ASSERT_TRUE(journal->snapshot_if_due());
    const auto snapshots = kept.snapshots();
    if (snapshots.size() == 2) longest = std::max(longest, kept.log.last() - snapshots.back());
  }
  EXPECT_GT(longest, 0U);
  EXPECT_LE(longest, 16 * kOften.snapshot_records + 2);
}

}  // namespace
}  // namespace tocsin::shard
