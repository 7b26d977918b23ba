#include "bench/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

namespace tocsin::bench {
namespace {

constexpr Duration kInterval = std::chrono::minutes(4);

std::unexpected<Error> io_failure(const std::filesystem::path& path, int error) {
  return fail(error == ENOSPC ? ErrorCode::Exhausted : ErrorCode::Refused, std::strerror(error),
              path.string());
}

}  // namespace

Result<Delivery> Delivery::open(const std::filesystem::path& folder, EventTime start, std::uint64_t seed) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::Refused, error.message(), folder.string());
  Delivery delivery(seed);
  const auto open_file = [&](File& file, const std::string& name) {
    file.path = folder / name;
    file.stream.reset(std::fopen(file.path.c_str(), "wb"));
    return file.stream != nullptr;
  };
  for (std::size_t i = 0; i < kTrailFiles; ++i) {
    if (!open_file(delivery.trails_[i], fmt::format("cloudtrail-{}.jsonl", i)))
      return io_failure(delivery.trails_[i].path, errno);
  }
  if (!open_file(delivery.backup_, "backup.jsonl")) return io_failure(delivery.backup_.path, errno);
  if (!open_file(delivery.hosts_, "hosts.log")) return io_failure(delivery.hosts_.path, errno);
  for (std::size_t account = 0; account < kAccounts; ++account) {  // each at seconds of its own
    delivery.pending_[account].next = floor_to(start, kInterval) + std::chrono::seconds(11 * (account + 1));
  }
  return delivery;
}

void Delivery::add(Line line) {
  while (due_ <= line.time) deliver_due();
  if (line.log != Log::CloudTrail) {
    write(line.log == Log::Backup ? backup_ : hosts_, line.text);
    return;
  }
  const std::uint32_t luck = random_.below(100);
  pending_[line.account].batches[luck < 90 ? 0 : luck < 98 ? 1 : 2].push_back(std::move(line.text));
}

void Delivery::deliver_due() {
  const EventTime now = due_;
  due_ = kForever;
  for (std::size_t account = 0; account < kAccounts; ++account) {
    if (pending_[account].next <= now) deliver(account);
    due_ = std::min(due_, pending_[account].next);
  }
}

void Delivery::deliver(std::size_t account) {
  Pending& pending = pending_[account];
  std::vector<std::string>& batch = pending.batches[0];
  for (std::size_t i = 1; i < batch.size(); ++i) {
    if (random_.percent(20)) std::swap(batch[i], batch[random_.below(static_cast<std::uint32_t>(i))]);
  }
  for (const std::string& text : batch) write(trails_[account % kTrailFiles], text);
  batch.clear();
  std::swap(pending.batches[0], pending.batches[1]);
  std::swap(pending.batches[1], pending.batches[2]);
  pending.next += kInterval;
}

void Delivery::write(File& file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file.stream.get());  // a failure stays in the stream's error flag
  bytes_ += text.size();
}

Result<void> Delivery::finish() {
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t account = 0; account < kAccounts; ++account) deliver(account);
  }
  std::vector<File*> files{&backup_, &hosts_};
  for (File& file : trails_) files.push_back(&file);
  for (File* file : files) {
    const bool failed = std::ferror(file->stream.get()) != 0;
    if (std::fclose(file->stream.release()) != 0 || failed) return io_failure(file->path, errno);
  }
  return {};
}

}  // namespace tocsin::bench
