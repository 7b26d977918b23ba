#include "engine/source/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>

namespace tocsin::source {
namespace {

// How long poll() sleeps before it looks at quiet files again.
constexpr Duration kPause{50};

// How much of a file that is known already is passed over before others have their turn.
constexpr std::size_t kMostAtOnce = std::size_t{16} << 20;

std::uint64_t position_of(const Descriptor& descriptor) {
  const off_t position = ::lseek(descriptor.fd(), 0, SEEK_CUR);
  return position < 0 ? 0 : static_cast<std::uint64_t>(position);
}

// The file that had this name and identity, under whatever name it has now.
std::optional<FoundFile> find_again(const std::string& path, const FileIdentity& identity,
                                    const FilePrint& print, const std::vector<FoundFile>& reach) {
  const FoundFile* again = nullptr;
  for (const FoundFile& found : reach) {
    if (found.state.identity.inode != identity.inode || !found.state.is_regular) continue;
    // A device may have another number after the machine was started anew.
    const bool same_device = found.state.identity.device == identity.device;
    if (!same_device && (found.path != path || print.size == 0)) continue;
    if (again == nullptr || found.path == path) again = &found;
  }
  return again == nullptr ? std::nullopt : std::optional(*again);
}

}  // namespace

FileSource::FileSource(std::string name, FileSettings settings, const ReadLimits& limits,
                       Duration rescan_every)
    : name_(std::move(name)), settings_(std::move(settings)), limits_(limits), rescan_every_(rescan_every) {}

Result<void> FileSource::open(const std::vector<Resume>& from) {
  if (auto restored = restore(from); !restored) return restored;
  if (settings_.follow) {
    rescan();
    return {};
  }
  const auto found = expand_paths(settings_.paths);
  if (!found) return std::unexpected(found.error());
  std::set<FileIdentity> begun;
  for (const File& file : files_) {
    if (!file.finished && !file.absent) begun.insert(file.identity);
  }
  for (const FoundFile& file : *found) {
    if (begun.contains(file.state.identity)) continue;
    if (auto readable = Descriptor::open(file.path); !readable) return std::unexpected(readable.error());
    if (const auto place = start_of(file)) add_file(file, *place);
  }
  return {};
}

// The partitions of an earlier run, in their order: each goes on, or was read to its end, or is lost.
Result<void> FileSource::restore(const std::vector<Resume>& from) {
  std::vector<FileIncarnation> incarnations;
  for (const Resume& resume : from) {
    const auto incarnation = parse_file_incarnation(resume.name.incarnation, resume.name.file);
    if (!incarnation) return std::unexpected(incarnation.error());
    File file;
    file.path = resume.name.file;
    file.identity = incarnation->identity;
    if (!resume.place.empty()) {
      const auto place = parse_file_place(resume.place, resume.name.file);
      if (!place) return std::unexpected(place.error());
      file.place = *place;
    }
    file.known = resume.next_offset;
    // What lies between is not known: it is read from the start then.
    if (file.known < file.place.next) file.place.kind = FilePlace::Kind::Whole;
    files_.push_back(std::move(file));
    partitions_.push_back(resume.name);
    incarnations.push_back(*incarnation);
    std::uint64_t& newest = numbers_[incarnation->identity];
    newest = std::max(newest, incarnation->number);
  }
  if (from.empty()) return {};
  std::vector<FoundFile> reach;  // by any name that a file may have by now
  std::set<std::string> folders;
  for (const File& file : files_) folders.insert(std::filesystem::path(file.path).parent_path().string());
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(
             folder.empty() ? "." : folder, std::filesystem::directory_options::skip_permission_denied,
             error)) {
      const std::string path = folder.empty() ? entry.path().filename().string() : entry.path().string();
      if (auto state = state_of(path); state && state->is_regular) reach.push_back({path, *state});
    }
  }
  for (const std::string& pattern : settings_.paths)
    std::ranges::move(files_of_pattern(pattern), std::back_inserter(reach));
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    const bool is_newest = numbers_[incarnations[i].identity] == incarnations[i].number;
    if (file.place.done) {
      file.finished = file.at_end = true;
      if (const auto found = find_again(file.path, file.identity, file.place.print, reach);
          found && is_newest) {
        file.identity = found->state.identity;
        done_[file.identity] = {.place = file.place, .looked = {}};
      }
    } else if (!is_newest) {
      file.absent = true;  // cut off while it was read, and said then
    } else if (!std::ranges::any_of(settings_.paths,
                                    [&](const std::string& pattern) { return means(pattern, file.path); })) {
      file.finished = true;
      note({Severity::Info,
            "file_left_out",
            file.path + " is not among the paths any more",
            "it is not read on",
            {{"file", file.path}}});
    } else if (auto gone_on = go_on(file, find_again(file.path, file.identity, file.place.print, reach));
               !gone_on) {
      return gone_on;
    }
  }
  return {};
}

// Opens what an earlier run was reading, if it is the same still.
Result<void> FileSource::go_on(File& file, const std::optional<FoundFile>& found) {
  if (!found) {
    lose(file, "file_gone", "went away");
    return {};
  }
  const std::string& path = found->path;
  auto descriptor = Descriptor::open(path);
  if (!descriptor) return std::unexpected(descriptor.error());
  const auto state = state_of(descriptor->fd(), path);
  if (!state) return std::unexpected(state.error());
  if (state->size < file.place.byte) {
    lose(file, "file_truncated", "got shorter");
    return {};
  }
  bool same = still_starts_with(descriptor->fd(), path, file.place.print);
  if (same && file.place.kind == FilePlace::Kind::Lines && file.place.byte > 0) {
    char before = 0;
    same =
        ::pread(descriptor->fd(), &before, 1, static_cast<off_t>(file.place.byte - 1)) == 1 && before == '\n';
  }
  if (!same) {
    lose(file, "file_replaced", "was written anew");
    return {};
  }
  file.identity = state->identity;
  file.descriptor = std::move(*descriptor);
  return {};
}

// What an earlier run was reading cannot be read on.
void FileSource::lose(File& file, const std::string& code, const std::string& what) {
  file.absent = true;
  const std::uint64_t unread = file.place.size > file.place.byte ? file.place.size - file.place.byte : 0;
  note(
      {unread > 0 ? Severity::Error : Severity::Warning,
       code,
       fmt::format("{} {} while this engine was stopped; it was read to byte {}, and {}", file.path, what,
                   file.place.byte,
                   unread > 0 ? fmt::format("at least {} bytes more are lost", unread)
                              : std::string("nothing more was known to be in it")),
       "what was written to it after that is lost; keep what is rotated uncompressed and in its folder for "
       "longer than "
       "this engine may be stopped, and rotate by renaming",
       {{"file", file.path}, {"byte", std::to_string(file.place.byte)}, {"unread", std::to_string(unread)}}});
}

void FileSource::add_file(const FoundFile& found, const FilePlace& place) {
  File file;
  file.path = found.path;
  file.identity = found.state.identity;
  file.place = place;
  files_.push_back(std::move(file));
  const FileIncarnation incarnation{found.state.identity, ++numbers_[found.state.identity]};
  partitions_.push_back(
      {.source = name_, .topic = {}, .file = found.path, .incarnation = to_text(incarnation)});
}

// Where to begin in a file that is not being read: where it ended when it was done with, or at its start.
// Nothing: there is nothing in it that was not read.
std::optional<FilePlace> FileSource::start_of(const FoundFile& found) {
  const auto known = done_.find(found.state.identity);
  if (known == done_.end() || !found.state.is_regular) return FilePlace{};
  Done& done = known->second;
  if (found.state.size == done.looked.size && found.state.modified == done.looked.modified)
    return std::nullopt;
  const auto descriptor = Descriptor::open(found.path);
  if (!descriptor) return std::nullopt;
  const bool same = found.state.size >= done.place.byte &&
                    still_starts_with(descriptor->fd(), found.path, done.place.print);
  if (!same) return FilePlace{};
  done.looked = found.state;
  if (found.state.size == done.place.byte) return std::nullopt;
  const std::uint64_t added = found.state.size - done.place.byte;
  const bool enters = done.place.kind == FilePlace::Kind::Lines;
  note({enters ? Severity::Info : Severity::Error,
        "file_grew",
        fmt::format("{} got {} bytes more after it was read to its end", found.path, added),
        enters ? "they are read as a file of their own" : "they are lost: it cannot be entered in the middle",
        {{"file", found.path}, {"bytes", std::to_string(added)}}});
  if (!enters) return std::nullopt;
  FilePlace rest = done.place;
  rest.done = false;
  rest.next = 1;
  return rest;
}

Result<void> FileSource::start(File& file) {
  if (!file.descriptor.is_open()) {
    auto descriptor = Descriptor::open(file.path);
    if (!descriptor) return std::unexpected(descriptor.error());
    file.descriptor = std::move(*descriptor);
  }
  const int fd = file.descriptor.fd();
  file.cutter = std::make_unique<RecordCutter>(limits_);
  if (file.place.kind == FilePlace::Kind::Lines) {
    ::lseek(fd, static_cast<off_t>(file.place.byte), SEEK_SET);
    file.read = file.place.byte;
    file.bytes = read_plain_bytes(fd, file.path);
    file.cutter->enter_lines(file.place.next);
  } else {
    file.bytes = read_bytes(fd, file.path);
  }
  file.cutter->pass_over_before(file.known);
  return {};
}

void FileSource::finish(File& file) {
  if (!file.cut_off && !file.absent) done_[file.identity] = {.place = file.place, .looked = {}};
  file.finished = true;
  file.at_end = true;
  file.proven = wall_now();
  file.bytes.reset();
  file.cutter.reset();
  file.descriptor.close();
}

// At its end: whether nothing more is to be waited for.
bool FileSource::is_done_with(const File& file) const {
  if (!settings_.follow || file.cut_off || file.bytes->damaged()) return true;
  return file.left_at && Clock::now() - *file.left_at >= rescan_every_;
}

Result<std::optional<event::RawBatch>> FileSource::read(std::uint32_t index) {
  File& file = files_[index];
  event::RawBatch batch;
  batch.partition = index;
  batch.read_at = wall_now();
  batch.next_offset = std::max(file.place.next, file.known);
  std::size_t taken = 0;
  while (!file.absent) {
    file.cutter->cut(batch);
    if (!batch.records.empty() || RecordCutter::is_full_of_letters(batch) || file.cutter->exhausted()) break;
    if (taken > kMostAtOnce) break;
    const WallTime asked = wall_now();
    const std::span<char> room = file.cutter->room();
    const auto size = file.cut_off ? Result<std::size_t>(0) : file.bytes->read(room);
    if (!size) return std::unexpected(size.error());
    if (*size > 0) {
      file.at_end = false;
      file.read += *size;
      taken += *size;
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
  batch.last = file.absent || file.cutter->exhausted();
  const bool refused = batch.rejects.total() > 0;
  if (batch.records.empty() && !batch.last && !refused) return std::nullopt;
  batch.sequence = file.sequence++;
  take_place(file, batch);
  if (batch.last) finish(file);
  return batch;
}

// The place after this batch.
void FileSource::take_place(File& file, event::RawBatch& batch) {
  FilePlace& place = file.place;
  place.next = batch.next_offset;
  place.done = batch.last;
  if (file.cutter) {
    const bool enters = file.bytes->is_plain() && batch.by_line;
    place.kind = enters ? FilePlace::Kind::Lines : FilePlace::Kind::Whole;
    if (enters) place.byte = file.read - file.cutter->uncut_bytes();
  }
  if (file.descriptor.is_open()) {
    const int fd = file.descriptor.fd();
    if (place.kind == FilePlace::Kind::Whole) place.byte = position_of(file.descriptor);
    if (const auto state = state_of(fd, file.path)) place.size = state->size;
    // While the file is small its first bytes grow with it.
    if (place.print.size < std::min<std::uint64_t>(FilePrint::kMost, place.size) && !file.cut_off &&
        still_starts_with(fd, file.path, place.print)) {
      if (const auto print = print_of(fd, file.path)) place.print = *print;
    }
  }
  batch.place = to_text(place);
}

Result<std::optional<event::RawBatch>> FileSource::poll(Duration wait) {
  const auto deadline = Clock::now() + wait;
  while (true) {
    if (settings_.follow && Clock::now() - scanned_at_ >= rescan_every_) rescan();
    for (std::size_t looked = 0; looked < files_.size(); ++looked) {
      const std::size_t index = (turn_ + looked) % files_.size();
      File& file = files_[index];
      if (file.finished) continue;
      if (!file.cutter && !file.absent) {
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
  const bool shorter = opened && opened->size < position_of(file.descriptor);
  const bool changed =
      opened && (opened->size != file.looked.size || opened->modified != file.looked.modified);
  if (shorter || (changed && !still_starts_with(file.descriptor.fd(), file.path, file.place.print))) {
    file.cut_off = true;
    note({Severity::Warning,
          shorter ? "file_truncated" : "file_replaced",
          fmt::format("{} {}; it was read to byte {}", file.path,
                      shorter ? "got shorter" : "was written anew", position_of(file.descriptor)),
          "it is read again from its start; what was written to it after that byte and before the change is "
          "lost",
          {{"file", file.path}, {"byte", std::to_string(position_of(file.descriptor))}}});
    return;
  }
  if (opened) file.looked = *opened;
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

// What is in the file now is read from its start, whatever the file is called by now.
void FileSource::renew(std::size_t index) {
  Descriptor descriptor = std::move(files_[index].descriptor);
  ::lseek(descriptor.fd(), 0, SEEK_SET);
  add_file({.path = files_[index].path, .state = {.identity = files_[index].identity}}, {});
  files_.back().descriptor = std::move(descriptor);
}

void FileSource::rescan() {
  scanned_at_ = Clock::now();
  std::vector<FoundFile> found;
  for (const std::string& pattern : settings_.paths) {
    const std::vector<FoundFile> files = files_of_pattern(pattern);
    if (files.empty())
      note({.severity = Severity::Warning,
            .code = "file_absent",
            .text = pattern + " does not exist yet",
            .advice = "waiting for it",
            .fields = {{"file", pattern}}});
    found.insert(found.end(), files.begin(), files.end());
  }
  std::erase_if(found, [](const FoundFile& file) { return !file.state.is_regular; });
  sort_and_deduplicate(found);
  std::set<FileIdentity> followed;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].finished || files_[i].absent) continue;
    if (files_[i].cutter && !files_[i].cut_off) look_at(files_[i]);
    if (files_[i].cut_off && files_[i].descriptor.is_open()) renew(i);
    if (!files_[i].cut_off) followed.insert(files_[i].identity);
  }
  std::map<FileIdentity, Done> still_there;
  for (const FoundFile& file : found) {
    if (followed.contains(file.state.identity)) continue;
    const auto place = start_of(file);
    if (!place) {
      still_there.insert(*done_.find(file.state.identity));
      continue;
    }
    add_file(file, *place);
    if (auto started = start(files_.back()); !started) {
      note({.severity = Severity::Error,
            .code = "file_unreadable",
            .text = describe(started.error()),
            .advice = {},
            .fields = {}});
      files_.pop_back();
      partitions_.pop_back();
      --numbers_[file.state.identity];
    }
  }
  done_ = std::move(still_there);
}

void FileSource::note(Note note) {
  if (noted_.insert(note.text).second) notes_.push_back(std::move(note));
}

// What done_ does not know is not there, or is read as another partition.
bool FileSource::is_gone(const File& file) const {
  return file.finished && file.place.done && (file.absent || file.cut_off || !done_.contains(file.identity));
}

SourceStatus FileSource::status() {
  SourceStatus status;
  for (std::uint32_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    status.partitions.push_back(
        {.partition = i, .caught_up = file.at_end, .finished = file.finished, .at = file.proven});
    if (file.told_gone || !is_gone(file)) continue;
    file.told_gone = true;
    status.gone.push_back(i);
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
