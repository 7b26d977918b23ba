// Files as a live source: read once, or followed as they grow.
//
// Not following, the files are read one after the other, and then the source is finished. Following, all of
// them are read from their start and kept open; what the paths match is looked at anew every second:
//   * a new file that matches is followed too; what does not exist yet is waited for, with a note;
//   * a file renamed away is still read until another took its name (or it was deleted) and nothing more came
//   for a second;
//     what took its name is a new file; under its new name it is not read once more;
//   * a file that got shorter is read again from its start, with a note.
// Each file that was ever opened, by identity and not by name, is a partition of its own, so that line
// numbers never run backwards in one. A last line without an end is kept until it has one, or until the file
// is done with.
//
// Positions are not kept over a restart: a followed file is then read from its start again. One thread.
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
    std::string path;
    FileIdentity identity;
    Descriptor descriptor;
    std::unique_ptr<ByteReader> bytes;
    std::unique_ptr<RecordCutter> cutter;
    std::uint64_t sequence = 0;
    bool finished = false;
    bool at_end = false;  // all that was there at `proven` has been handed over
    WallTime proven{};
    std::optional<Clock::time_point> left_at;  // when its name was found to be gone or another's
    bool shrunk = false;                       // what is left of it is another partition
  };

  void add_file(const FoundFile& found);
  Result<void> start(File& file);
  Result<std::optional<event::RawBatch>> read(std::uint32_t index);
  void finish(File& file);
  [[nodiscard]] bool is_done_with(const File& file) const;
  void rescan();
  void look_at(File& file);
  void note(Note note);

  std::string name_;
  FileSettings settings_;
  ReadLimits limits_;
  Clock::duration rescan_every_;
  Clock::time_point scanned_at_{};
  std::vector<File> files_;
  std::vector<PartitionName> partitions_;
  std::map<FileIdentity, std::uint64_t>
      done_;              // finished files that the paths still match, by how much of them was read
  std::size_t turn_ = 0;  // the file to look at first
  std::vector<Note> notes_;
  std::set<std::string> noted_;  // the texts of `notes_`: each is said once
};

}  // namespace tocsin::source
