#include "engine/source/stdin_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

#include "engine/source/file_history.h"

namespace tocsin::source {
namespace {

constexpr char kPath[] = "-";

}  // namespace

StdinSource::StdinSource(std::string name, const ReadLimits& limits, int fd)
    : fd_(fd),
      partitions_{{.source = std::move(name), .topic = {}, .file = kPath, .incarnation = "1"}},
      bytes_(read_bytes(fd, kPath)),
      cutter_(limits) {}

Result<void> StdinSource::open(const std::vector<Resume>& from) {
  std::uint64_t newest = 0;
  std::vector<PartitionName> partitions;
  for (const Resume& resume : from) {
    const std::string& text = resume.name.incarnation;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
      return fail(ErrorCode::Invalid,
                  "the state knows \"" + text + "\" of this input, which this version cannot read", kPath);
    newest = std::max(newest, number);
    partitions.push_back(resume.name);
  }
  partitions_.back().incarnation = std::to_string(newest + 1);
  partitions.push_back(std::move(partitions_.back()));
  partitions_ = std::move(partitions);
  return {};
}

std::uint32_t StdinSource::own_partition() const {
  return static_cast<std::uint32_t>(partitions_.size() - 1);
}

bool StdinSource::is_ready(Duration wait) const {
  struct pollfd waited{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto most = std::clamp<Duration::rep>(wait.count(), 0, 60'000);
  return ::poll(&waited, 1, static_cast<int>(most)) >
         0;  // an interrupted wait is like one in which nothing came
}

Result<std::optional<event::RawBatch>> StdinSource::poll(Duration wait) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + wait;
  event::RawBatch batch;
  batch.partition = own_partition();
  while (!finished_) {
    cutter_.cut(batch);
    if (!batch.records.empty() || RecordCutter::is_full_of_letters(batch) || cutter_.exhausted()) break;
    const WallTime asked = wall_now();
    if (!bytes_->at_hand() && !is_ready(Duration{0})) {
      caught_up_ = true;
      proven_ = asked;
      cutter_.rest();
      if (batch.rejects.total() > 0) break;
      const auto left = std::chrono::ceil<Duration>(deadline - Clock::now());
      if (left <= Duration{0} || !is_ready(left)) return std::nullopt;
    }
    caught_up_ = false;
    const std::span<char> room = cutter_.room();
    const auto size = bytes_->read(room);
    if (!size) return std::unexpected(size.error());
    if (*size > 0) {
      cutter_.filled(*size);
    } else {
      if (!bytes_->complete()) cutter_.refuse_rest(batch, kPath);
      cutter_.end(bytes_->complete());
    }
  }
  if (finished_) return std::nullopt;
  batch.read_at = wall_now();
  batch.sequence = sequence_++;
  batch.last = cutter_.exhausted();
  if (batch.last) {
    finished_ = caught_up_ = true;
    proven_ = batch.read_at;
    cutter_.rest();
  }
  return batch;
}

SourceStatus StdinSource::status() {
  return {.partitions =
              {{.partition = own_partition(), .caught_up = caught_up_, .finished = finished_, .at = proven_}},
          .notes = {}};
}

void StdinSource::commit(std::uint32_t /*partition*/, std::int64_t /*next_offset*/) {}

void StdinSource::close() { finished_ = true; }

std::vector<HistoryPartition> stdin_history(const std::string& source, const ReadLimits& limits, int fd) {
  HistoryPartition partition;
  partition.name = {.source = source, .topic = {}, .file = kPath};
  partition.open = [fd, limits]() -> Result<std::unique_ptr<PartitionReader>> {
    const int own = ::dup(fd);
    if (own < 0) return fail(ErrorCode::Unavailable, std::generic_category().message(errno), kPath);
    return read_records(Descriptor(own), kPath, limits);
  };
  return {std::move(partition)};
}

}  // namespace tocsin::source
