#include "engine/source/file_history.h"

#include <utility>

#include "engine/source/byte_reader.h"
#include "engine/source/path_list.h"
#include "engine/source/record_cutter.h"

namespace tocsin::source {
namespace {

class FileReader final : public PartitionReader {
 public:
  FileReader(Descriptor descriptor, std::string path, const ReadLimits& limits)
      : descriptor_(std::move(descriptor)),
        path_(std::move(path)),
        bytes_(read_bytes(descriptor_.fd(), path_)),
        cutter_(limits) {
    const auto state = state_of(descriptor_.fd(), path_);
    is_regular_ = state && state->is_regular;
  }

  Result<event::RawBatch> read() override {
    event::RawBatch batch;
    batch.sequence = sequence_++;
    batch.read_at = wall_now();
    while (true) {
      cutter_.cut(batch);
      if (!batch.records.empty() || RecordCutter::is_full_of_letters(batch) || cutter_.exhausted()) break;
      if (auto filled = fill(batch); !filled) return std::unexpected(filled.error());
    }
    batch.last = cutter_.exhausted();
    if (batch.last) cutter_.rest();
    return batch;
  }

 private:
  // Adds bytes to what is to be cut. A file's are there already, so that its block is filled: most files end
  // in their first one, and of thousands that are read side by side few stay open.
  Result<void> fill(event::RawBatch& batch) {
    for (bool any = false;; any = true) {
      const std::span<char> room = cutter_.room();
      const auto size = bytes_->read(room);
      if (!size) {
        if (any) return {};  // what came before it is cut first; the next read meets it again
        return std::unexpected(size.error());
      }
      if (*size == 0) {
        // The records before damaged data come first.
        if (any && !bytes_->complete()) return {};
        if (!bytes_->complete()) cutter_.refuse_rest(batch, path_);
        cutter_.end(bytes_->complete());
        bytes_.reset();
        descriptor_.close();
        return {};
      }
      cutter_.filled(*size);
      if (!is_regular_ || *size == room.size()) return {};
    }
  }

  Descriptor descriptor_;
  std::string path_;
  bool is_regular_ = false;
  std::unique_ptr<ByteReader> bytes_;
  RecordCutter cutter_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<PartitionReader> read_records(Descriptor descriptor, std::string path,
                                              const ReadLimits& limits) {
  return std::make_unique<FileReader>(std::move(descriptor), std::move(path), limits);
}

Result<std::vector<HistoryPartition>> list_files(const std::string& source,
                                                 const std::vector<std::string>& patterns,
                                                 const ReadLimits& limits) {
  const auto files = expand_paths(patterns);
  if (!files) return std::unexpected(files.error());
  std::vector<HistoryPartition> partitions;
  partitions.reserve(files->size());
  for (const FoundFile& file : *files) {
    HistoryPartition partition;
    partition.name = {.source = source, .topic = {}, .file = file.path};
    partition.bytes = file.state.is_regular ? file.state.size : 0;
    partition.open = [path = file.path, limits]() -> Result<std::unique_ptr<PartitionReader>> {
      auto descriptor = Descriptor::open(path);
      if (!descriptor) return std::unexpected(descriptor.error());
      return read_records(std::move(*descriptor), path, limits);
    };
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

}  // namespace tocsin::source
