// One bound for what waits, `memory:` in the configuration, and what each place where something can wait gets
// of it. A source, a destination or the disk that is away makes its place full, and no other one.
//
//   a quarter   fetched ahead of Kafka, by each such source         full: fetching pauses
//   a quarter   the queue of each subscription and of dead letters  full: the outbox takes it, else the
//                                                                   oldest gives way; letters pause the
//                                                                   reading
//   a quarter   the outbox of each subscription (`--state`)         full: the oldest is given up
//   (so much may also be made of events by rules before it is kept   full: the others are counted)
//   the rest    batches and chunks in hand, which have bounds of their own, and what they unpack to
//
// Windows and alarm states are not in it: they grow with series, which `max_series` bounds. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tocsin::runtime {

struct MemoryShares {
  std::uint64_t ahead = 0;   // bytes, of each Kafka source
  std::size_t queue = 0;     // bytes, of each subscription and lane of dead letters
  std::uint64_t outbox = 0;  // bytes, of each subscription, besides its queue
  std::uint64_t events = 0;  // bytes, of notifications that rules make at once: as all outboxes together
};

struct MemoryUsers {
  std::size_t kafka_sources = 0;
  std::size_t subscriptions = 0;
  std::size_t letter_lanes = 0;
};

// `memory` in bytes. A place with one user gets no more than serves it: 64 MiB ahead, 16 MiB in a queue.
[[nodiscard]] MemoryShares shares_of(std::uint64_t memory, const MemoryUsers& users);

}  // namespace tocsin::runtime
