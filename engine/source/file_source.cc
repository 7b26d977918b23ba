#include "engine/source/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace tocsin::source {
namespace {

// How long poll() sleeps before it looks at quiet files again.
constexpr Duration kPause{50};

std::uint64_t position_of(const Descriptor& descriptor) {
  const off_t position = ::lseek(descriptor.fd(), 0, SEEK_CUR);
  return position < 0 ? 0 : static_cast<std::uint64_t>(position);
}

}  // namespace

FileSource::FileSource(std::string name, FileSettings settings, const ReadLimits& limits,
                       Duration rescan_every)
    : name_(std::move(name)), settings_(std::move(settings)), limits_(limits), rescan_every_(rescan_every) {}

Result<void> FileSource::open(const std::vector<Resume>& /*from*/) {
  if (settings_.follow) {
    rescan();
    return {};
  }
  const auto found = expand_paths(settings_.paths);
  if (!found) return std::unexpected(found.error());
  for (const FoundFile& file : *found) {
    if (auto readable = Descriptor::open(file.path); !readable) return std::unexpected(readable.error());
    add_file(file);
  }
  return {};
}

void FileSource::add_file(const FoundFile& found) {
  File file;
  file.path = found.path;
  file.identity = found.state.identity;
  files_.push_back(std::move(file));
  partitions_.push_back({.source = name_, .topic = {}, .file = found.path});
}

Result<void> FileSource::start(File& file) {
  auto descriptor = Descriptor::open(file.path);
  if (!descriptor) return std::unexpected(descriptor.error());
  file.descriptor = std::move(*descriptor);
  file.bytes = read_bytes(file.descriptor.fd(), file.path);
  file.cutter = std::make_unique<RecordCutter>(limits_);
  return {};
}

void FileSource::finish(File& file) {
  if (settings_.follow && !file.shrunk) done_[file.identity] = position_of(file.descriptor);
  file.finished = true;
  file.at_end = true;
  file.proven = wall_now();
  file.bytes.reset();
  file.cutter.reset();
  file.descriptor.close();
}

// At its end: whether nothing more is to be waited for.
bool FileSource::is_done_with(const File& file) const {
  if (!settings_.follow || file.shrunk || file.bytes->damaged()) return true;
  return file.left_at && Clock::now() - *file.left_at >= rescan_every_;
}

Result<std::optional<event::RawBatch>> FileSource::read(std::uint32_t index) {
  File& file = files_[index];
  event::RawBatch batch;
  batch.partition = index;
  batch.read_at = wall_now();
  while (true) {
    file.cutter->cut(batch);
    if (!batch.records.empty() || RecordCutter::is_full_of_letters(batch) || file.cutter->exhausted()) break;
    const WallTime asked = wall_now();
    const std::span<char> room = file.cutter->room();
    const auto size = file.bytes->read(room);
    if (!size) return std::unexpected(size.error());
    if (*size > 0) {
      file.at_end = false;
      file.cutter->filled(*size);
      continue;
    }
    if (!is_done_with(file)) {
      file.at_end = true;
      file.proven = asked;
      file.cutter->rest();
      break;
    }
    if (!file.bytes->complete()) file.cutter->refuse_rest(batch, file.path);
    file.cutter->end(file.bytes->complete());
  }
  batch.last = file.cutter->exhausted();
  const bool refused = batch.rejects.total() > 0;
  if (batch.records.empty() && !batch.last && !refused) return std::nullopt;
  batch.sequence = file.sequence++;
  if (batch.last) finish(file);
  return batch;
}

Result<std::optional<event::RawBatch>> FileSource::poll(Duration wait) {
  const auto deadline = Clock::now() + wait;
  while (true) {
    if (settings_.follow && Clock::now() - scanned_at_ >= rescan_every_) rescan();
    for (std::size_t looked = 0; looked < files_.size(); ++looked) {
      const std::size_t index = (turn_ + looked) % files_.size();
      File& file = files_[index];
      if (file.finished) continue;
      if (!file.cutter) {
        if (auto started = start(file); !started) return std::unexpected(started.error());
      }
      auto batch = read(static_cast<std::uint32_t>(index));
      if (!batch) return batch;
      if (!*batch) continue;
      // Followed files take turns; the others are read one after the other, so that only one is open.
      turn_ = settings_.follow || file.finished ? index + 1 : index;
      return batch;
    }
    const auto left = std::chrono::ceil<Duration>(deadline - Clock::now());
    if (left <= Duration{0}) return std::nullopt;
    std::this_thread::sleep_for(std::min(left, kPause));
  }
}

// What became of a followed file's name, and of the file.
void FileSource::look_at(File& file) {
  const auto named = state_of(file.path);
  const auto opened = state_of(file.descriptor.fd(), file.path);
  if (opened && opened->size < position_of(file.descriptor)) {
    file.shrunk = true;
    note({.severity = Severity::Warning,
          .code = "file_truncated",
          .text = file.path + " got shorter",
          .advice = "it is read again from its start",
          .fields = {{"file", file.path}}});
    return;
  }
  const bool own_name = named && named->identity == file.identity;
  const bool others_name = named && !own_name;
  struct stat status{};
  const bool deleted = ::fstat(file.descriptor.fd(), &status) == 0 && status.st_nlink == 0;
  if (others_name || deleted) {
    if (!file.left_at) file.left_at = Clock::now();
  } else {
    file.left_at.reset();
  }
}

void FileSource::rescan() {
  scanned_at_ = Clock::now();
  std::vector<FoundFile> found;
  for (const std::string& pattern : settings_.paths) {
    const std::vector<FoundFile> files = files_of_pattern(pattern);
    if (files.empty()) note({.severity = Severity::Warning,
            .code = "file_absent",
            .text = pattern + " does not exist yet",
            .advice = "waiting for it",
            .fields = {{"file", pattern}}});
    found.insert(found.end(), files.begin(), files.end());
  }
  std::erase_if(found, [](const FoundFile& file) { return !file.state.is_regular; });
  sort_and_deduplicate(found);
  std::set<FileIdentity> followed;
  for (File& file : files_) {
    if (file.finished) continue;
    look_at(file);
    if (!file.shrunk) followed.insert(file.identity);
  }
  std::map<FileIdentity, std::uint64_t> still_there;
  for (const FoundFile& file : found) {
    if (followed.contains(file.state.identity)) continue;
    const auto done = done_.find(file.state.identity);
    if (done != done_.end() && file.state.size >= done->second) {
      still_there.insert(*done);
      continue;
    }
    add_file(file);
    if (auto started = start(files_.back()); !started) {
      note({.severity = Severity::Error,
            .code = "file_unreadable",
            .text = describe(started.error()),
            .advice = {},
            .fields = {}});
      files_.pop_back();
      partitions_.pop_back();
    }
  }
  done_ = std::move(still_there);
}

void FileSource::note(Note note) {
  if (noted_.insert(note.text).second) notes_.push_back(std::move(note));
}

SourceStatus FileSource::status() {
  SourceStatus status;
  for (std::uint32_t i = 0; i < files_.size(); ++i) {
    const File& file = files_[i];
    status.partitions.push_back(
        {.partition = i, .caught_up = file.at_end, .finished = file.finished, .at = file.proven});
  }
  status.notes = std::exchange(notes_, {});
  return status;
}

void FileSource::commit(std::uint32_t /*partition*/, std::int64_t /*next_offset*/) {}

void FileSource::close() {
  for (File& file : files_) {
    file.bytes.reset();
    file.cutter.reset();
    file.descriptor.close();
    file.finished = true;
  }
}

}  // namespace tocsin::source
