// The proof that every decoder test asks for: what was read has come to an end, and what died left a letter.
#pragma once

#include <gtest/gtest.h>

#include "engine/event/event.h"

namespace tocsin::event {

inline void expect_closed_ledger(const EventBatch& batch) {
  const ItemCounts& items = batch.items;
  EXPECT_EQ(items.read, items.decoded + items.skipped_total() + items.refused + items.dead);
  EXPECT_EQ(items.decoded, batch.events.size());
  EXPECT_EQ(items.dead, batch.dead.size());
  EXPECT_EQ(items.refused + items.dead, batch.rejects.total());
  EXPECT_EQ(items.refused, batch.rejects[RejectReason::AccountRefused]);
}

}  // namespace tocsin::event
