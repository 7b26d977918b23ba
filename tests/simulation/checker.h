// Sees everything, and compares what processes left behind with the truth.
//
//   I1  every record that a source had is in windows exactly once, in integers, or named as lost
//   I2  the ledger says what became of each
//   I3  reading the log again, from its start and from each snapshot, comes to the state of the run
//   I4  transitions are those that a slow evaluator comes to (reference.h), at the same records of the log;
//       they have ids of their own, and numbers without gaps; all of them are told, in their order
//   I5  what is told reaches each destination, or is counted as given up; repeats have the same bytes, and
//       firsts come in the order of the decisions
//   I6  no alarm changes for a period of which a partition still had something to say (coverage.h)
//   I7  nor does time come so far
//   I8  positions go forwards only
//   I10 log, snapshots and outbox are bounded
//   I11 time has come to the newest proof of each source that all of it was read; how far behind the clock
//       that is, is the source's affair, and run.cc waits for one of just now
//   I12 what is lost was said
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/time.h"
#include "engine/shard/state_machine.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/run.h"
#include "tests/simulation/sinks.h"
#include "tests/simulation/topic.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

struct Remains {
  const World& world;
  Disk& disk;
  const std::deque<Topic>& topics;
  std::deque<Destination>& destinations;
  const std::vector<Note>& notes;
  const shard::StateMachine& machine;  // of the last process
  // Of each topic, when all had come to rest: the moment up to which its source had proven that all was read.
  const std::vector<std::optional<WallTime>>& answered;
};

// Throws a Violation.
void check(const Remains& remains, Outcome& outcome);

}  // namespace tocsin::simulation
