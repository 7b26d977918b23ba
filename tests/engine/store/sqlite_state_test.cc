#include "engine/store/sqlite_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::shard {

struct SqliteStore {
  store::TemporaryDirectory directory;
  std::unique_ptr<store::SqliteState> state = store::opened(directory.path() / "state");
  ShardLog& log() { return *state; }
  SnapshotStore& snapshots() { return *state; }
  void reopen() {
    state.reset();
    state = store::opened(directory.path() / "state");
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, LogContract, SqliteStore);

}  // namespace tocsin::shard
