// Files as a live source: read once, or followed as they grow.
//
// Not following, the files are read one after the other, and then the source is finished. Following, all of
// them are read from their start and kept open; what the paths match is looked at anew every second:
//   * a new file that matches is followed too; what does not exist yet is waited for, with a note;
//   * a file renamed away is still read until another took its name (or it was deleted) and nothing more came
//   for a second;
//     what took its name is a new file; under its new name it is not read once more, only what was added to
//     it since;
//   * a file that got shorter, or starts otherwise than it did, is read again from its start, with a note.
// Each file that was ever opened, by identity and not by name, is a partition of its own, so that line
// numbers never run backwards in one; an identity that means another content is one more (file_place.h). A
// last line without an end is kept until it has one, or until the file is done with.
//
// A batch carries its place, and open() goes on there: a followed file at its byte, under whatever name it
// has in its folder or under the paths; half a line that was kept is read again. Compressed files and
// documents are read again from their start, and what is known of them is passed over. A file that is gone or
// cut off by then was not read to its end: a note says how much of it may be lost. Files that are not
// followed go on in the same way; those that were read to their end are not read again.
//
// What no reader can tell: what was added to a file after it was read last and before it was emptied in place
// (copytruncate), and whether a file that was emptied begins again with the very bytes that it began with.
// One thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/source/byte_reader.h"
#include "engine/source/descriptor.h"
#include "engine/source/file_place.h"
#include "engine/source/path_list.h"
#include "engine/source/record_cutter.h"
#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::source {

class FileSource final : public Source {
 public:
  FileSource(std::string name, FileSettings settings, const ReadLimits& limits,
             Duration rescan_every = std::chrono::seconds{1});

  Result<void> open(const std::vector<Resume>& from) override;
  Result<std::optional<event::RawBatch>> poll(Duration wait) override;
  [[nodiscard]] const std::vector<PartitionName>& partitions() const override { return partitions_; }
  [[nodiscard]] SourceStatus status() override;
  void commit(std::uint32_t partition, std::int64_t next_offset) override;
  void close() override;

 private:
  using Clock = std::chrono::steady_clock;

  // A file that is or was read; its place in files_ is its partition.
  struct File {
    std::string path;       // the name under which it was found first
    FileIdentity identity;  // as it is now
    Descriptor descriptor;
    std::unique_ptr<ByteReader> bytes;
    std::unique_ptr<RecordCutter> cutter;  // none: not begun, or there is nothing to read
    std::uint64_t sequence = 0;
    FilePlace place;         // where to begin, then of the last batch
    std::int64_t known = 0;  // offsets before it are not handed over
    std::uint64_t read = 0;  // bytes of the file that the cutter has been given, from its start
    FileState looked;        // as it was when its start was last compared
    bool absent = false;     // of an earlier run, and not to be read any more: only its end is handed over
    bool finished = false;
    bool at_end = false;  // all that was there at `proven` has been handed over
    WallTime proven{};
    std::optional<Clock::time_point> left_at;  // when its name was found to be gone or another's
    bool cut_off = false;                      // what is in it now is another partition
    bool told_gone = false;                    // in status()
  };

  // A file that was read to its end and is there still.
  struct Done {
    FilePlace place;
    FileState looked;
  };

  Result<void> restore(const std::vector<Resume>& from);
  Result<void> go_on(File& file, const std::optional<FoundFile>& found);
  void lose(File& file, const std::string& code, const std::string& what);
  void add_file(const FoundFile& found, const FilePlace& place);
  [[nodiscard]] std::optional<FilePlace> start_of(const FoundFile& found);
  Result<void> start(File& file);
  Result<std::optional<event::RawBatch>> read(std::uint32_t index);
  void take_place(File& file, event::RawBatch& batch);
  void finish(File& file);
  [[nodiscard]] bool is_done_with(const File& file) const;
  [[nodiscard]] bool is_gone(const File& file) const;
  void rescan();
  void renew(std::size_t index);
  void look_at(File& file);
  void note(Note note);

  std::string name_;
  FileSettings settings_;
  ReadLimits limits_;
  Clock::duration rescan_every_;
  Clock::time_point scanned_at_{};
  std::vector<File> files_;
  std::vector<PartitionName> partitions_;
  std::map<FileIdentity, std::uint64_t> numbers_;  // the newest incarnation of each identity
  std::map<FileIdentity, Done> done_;              // finished files that the paths still match
  std::size_t turn_ = 0;                           // the file to look at first
  std::vector<Note> notes_;
  std::set<std::string> noted_;  // the texts of `notes_`: each is said once
};

}  // namespace tocsin::source
