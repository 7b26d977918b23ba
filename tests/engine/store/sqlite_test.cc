#include "engine/store/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string_view>

#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using ::testing::HasSubstr;

TEST(Sqlite, AValueThatIsTooLargeIsAnErrorAndTheStatementGoesOn) {
  const TemporaryDirectory directory;
  auto database = Database::open((directory.path() / "file").string(), Database::Access::Create);
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->execute("CREATE TABLE t(bytes BLOB)"));
  auto insert = (*database)->prepare("INSERT INTO t VALUES(?)");
  ASSERT_TRUE(insert);
  // Nobody reads it, so it takes no memory.
  constexpr std::size_t kSize = 1'000'000'001;
  void* bytes = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(bytes, MAP_FAILED);
  insert->bind_blob(1, std::string_view(static_cast<const char*>(bytes), kSize));
  const auto inserted = insert->run();
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code, ErrorCode::Invalid);
  EXPECT_THAT(describe(inserted.error()), HasSubstr("1000000001 bytes"));
  munmap(bytes, kSize);

  insert->bind_blob(1, "small");
  EXPECT_TRUE(insert->run());
  EXPECT_EQ(*(*database)->integer("SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace tocsin::store
