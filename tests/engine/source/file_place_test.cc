#include "engine/source/file_place.h"

#include <gtest/gtest.h>

#include "tests/engine/source/temporary_folder.h"

namespace tocsin::source {
namespace {

TEST(FilePlace, ItsTextIsReadAsItWasWritten) {
  FilePlace place{.kind = FilePlace::Kind::Lines,
                  .done = true,
                  .byte = 1234,
                  .next = 57,
                  .size = 2000,
                  .print = {.size = 1024, .hash = hash128("x")}};
  EXPECT_EQ(parse_file_place(to_text(place), "f"), place);
  place.kind = FilePlace::Kind::Whole;
  place.done = false;
  EXPECT_EQ(parse_file_place(to_text(place), "f"), place);
  EXPECT_EQ(to_text(FilePlace{}), "file1 whole open 0 0 0 0 00000000000000000000000000000000");
}

TEST(FilePlace, AnIncarnationsTextIsReadAsItWasWritten) {
  const FileIncarnation incarnation{.identity = {.device = 64769, .inode = 1234}, .number = 2};
  EXPECT_EQ(to_text(incarnation), "inode1 64769 1234 2");
  EXPECT_EQ(parse_file_incarnation(to_text(incarnation), "f"), incarnation);
}

TEST(FilePlace, WhatCannotBeUnderstoodIsAnErrorThatNamesTheFile) {
  const std::string hash(32, '0');
  for (const std::string& text :
       {std::string(), "file2 lines open 1 2 3 4 " + hash, "file1 pages open 1 2 3 4 " + hash,
        std::string("file1 lines open 1 2 3 4"), "file1 lines open -1 2 3 4 " + hash,
        "file1 lines open 1 2 3 4 " + hash + " ", "file1 lines open 1 2 3 1025 " + hash,
        "file1 lines open 1 2 3 4 " + hash.substr(1) + "g",
        "file1 lines open 99999999999999999999 2 3 4 " + hash}) {
    const auto place = parse_file_place(text, "app.log");
    ASSERT_FALSE(place) << text;
    EXPECT_EQ(place.error().where, "app.log");
  }
  for (const char* text : {"", "inode2 1 2 3", "inode1 1 2", "inode1 1 x 3"})
    EXPECT_FALSE(parse_file_incarnation(text, "app.log")) << text;
}

TEST(FilePlace, APrintHoldsAsLongAsTheFirstBytesDo) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "one\n");
  const auto fd = Descriptor::open(path);
  const auto print = print_of(fd->fd(), path);
  EXPECT_EQ(print->size, 4U);
  folder.append("f", std::string(5000, 'x'));
  EXPECT_TRUE(still_starts_with(fd->fd(), path, *print));
  EXPECT_EQ(print_of(fd->fd(), path)->size, FilePrint::kMost);
  folder.write("f", "two\nand more");
  EXPECT_FALSE(still_starts_with(fd->fd(), path, *print));
  folder.write("f", "on");
  EXPECT_FALSE(still_starts_with(fd->fd(), path, *print));
  EXPECT_TRUE(still_starts_with(fd->fd(), path, {})) << "of nothing, nothing is known";
}

}  // namespace
}  // namespace tocsin::source
