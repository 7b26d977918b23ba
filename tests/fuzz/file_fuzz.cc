// Files of any content, plain, gzip or zstd: how much is read at once changes nothing about the records and
// the dead letters.
//
// Input: the file.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/source/file_history.h"
#include "tests/fuzz/input.h"

namespace tocsin::source {
namespace {

constexpr std::size_t kMostRead = std::size_t{4} << 20;  // of what a small file may unpack to

Descriptor file_of(std::string_view content) {
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  TOCSIN_CHECK(fd >= 0);
  TOCSIN_CHECK(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  TOCSIN_CHECK(::lseek(fd, 0, SEEK_SET) == 0);
  return Descriptor(fd);
}

struct Found {
  std::vector<std::string> records;  // with their offsets
  std::vector<std::string> letters;
  bool all = true;
};

Found read(std::string_view content, const ReadLimits& limits) {
  Found found;
  std::size_t bytes = 0;
  const auto reader = read_records(file_of(content), "fuzz", limits);
  for (bool last = false; !last && found.all;) {
    const auto batch = reader->read();
    TOCSIN_CHECK(batch.has_value());
    TOCSIN_CHECK(batch->dead.size() == batch->rejects.total());
    for (const event::RawRecord& record : batch->records) {
      TOCSIN_CHECK(record.value.size() <= event::kMaxEventBytes);
      found.records.push_back(std::to_string(record.offset) + " " + std::string(record.value));
      bytes += record.value.size() + 1;
    }
    for (const event::DeadLetter& letter : batch->dead) {
      found.letters.push_back(std::to_string(letter.offset) + " " + letter.value);
      bytes += letter.value.size() + 1;
    }
    last = batch->last;
    found.all = bytes < kMostRead;
  }
  return found;
}

}  // namespace
}  // namespace tocsin::source

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::source;
  const std::string_view content = tocsin::fuzz::Input(data, size).rest();
  const Found whole = read(content, {});
  const Found piecewise = read(content, {.batch_bytes = 7, .batch_records = 2});
  if (!whole.all || !piecewise.all) return 0;
  TOCSIN_CHECK(whole.records == piecewise.records);
  TOCSIN_CHECK(whole.letters == piecewise.letters);
  return 0;
}
