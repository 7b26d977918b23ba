// The proof that every decoder test asks for: what was read has come to an end, and what died left a letter.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "engine/event/decode.h"
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

// All pieces of a batch as one.
inline void decode_all(Decoder& decoder, RawBatch& batch, const DecodeSettings& settings, EventBatch& out) {
  std::size_t next = decoder.decode(batch, settings, out);
  while (next < batch.records.size()) {
    EventBatch piece;
    next = decoder.decode(batch, settings, piece, next);
    out.events.insert(out.events.end(), piece.events.begin(), piece.events.end());
    out.rejects.merge(piece.rejects);
    out.items.merge(piece.items);
    std::ranges::move(piece.dead, std::back_inserter(out.dead));
    std::ranges::move(piece.untimed, std::back_inserter(out.untimed));
    std::ranges::move(piece.owned, std::back_inserter(out.owned));
  }
}

}  // namespace tocsin::event
