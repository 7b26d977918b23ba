#include "engine/runtime/repeats.h"

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::runtime {

std::int64_t drop_repeats(event::RawBatch& batch, std::int64_t next) {
  std::int64_t end = batch.next_offset;
  if (!batch.records.empty()) end = std::max(end, batch.records.back().offset + 1);
  for (const event::DeadLetter& letter : batch.dead) end = std::max(end, letter.offset + 1);
  const bool has_headers = !batch.headers.empty();
  TOCSIN_CHECK(!has_headers || batch.headers.size() == batch.records.size());
  const auto first = std::find_if(batch.records.begin(), batch.records.end(),
                                  [&](const event::RawRecord& record) { return record.offset >= next; });
  if (has_headers)
    batch.headers.erase(batch.headers.begin(), batch.headers.begin() + (first - batch.records.begin()));
  batch.records.erase(batch.records.begin(), first);
  std::erase_if(batch.dead, [&](const event::DeadLetter& letter) {
    if (letter.offset >= next) return false;
    --batch.rejects.counts[static_cast<std::size_t>(letter.reason)];
    return true;
  });
  return end;
}

}  // namespace tocsin::runtime
