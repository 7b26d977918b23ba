#include "engine/runtime/dead_letter_history.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "engine/runtime/dead_letter_form.h"
#include "engine/source/descriptor.h"
#include "engine/source/open_source.h"

namespace tocsin::runtime {
namespace {

constexpr std::size_t kMaxLine = std::size_t{128} << 20;  // 16 MiB of a letter's bytes, each of them escaped
constexpr std::size_t kChunk = std::size_t{1} << 20;

// Where a letter's line stands, and whose it is.
struct Slot {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::pair<std::int64_t, std::uint32_t> item;  // offset and index
};

struct LetterFile {
  std::string path;
  source::Descriptor descriptor;
};

Result<void> read_at(const LetterFile& file, const Slot& slot, std::string& line) {
  line.resize(slot.size);
  for (std::size_t there = 0; there < slot.size;) {
    const ssize_t size = ::pread(file.descriptor.fd(), line.data() + there, slot.size - there,
                                 static_cast<off_t>(slot.offset + there));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(ErrorCode::Unavailable, std::generic_category().message(errno), file.path);
    if (size == 0) return fail(ErrorCode::Unavailable, "became shorter while it was read", file.path);
    there += static_cast<std::size_t>(size);
  }
  return {};
}

// The letters of one partition, in the order in which they were read once: they may be kept in another.
class LetterReader final : public source::PartitionReader {
 public:
  LetterReader(std::shared_ptr<const LetterFile> file, std::vector<Slot> slots, bool by_line)
      : file_(std::move(file)), slots_(std::move(slots)), by_line_(by_line) {}

  Result<event::RawBatch> read() override {
    auto letters = std::make_shared<std::vector<PostedLetter>>();
    std::string line;
    std::size_t bytes = 0;
    while (next_ < slots_.size() && bytes < limits_.batch_bytes && letters->size() < limits_.batch_records) {
      const Slot& slot = slots_[next_++];
      if (auto read = read_at(*file_, slot, line); !read) return std::unexpected(read.error());
      auto posted = parse_line(line);
      // It could be parsed when it was listed.
      if (!posted) return fail(ErrorCode::Unavailable, "was changed while it was read", file_->path);
      bytes += slot.size;
      letters->push_back(std::move(*posted));
    }
    event::RawBatch batch;
    batch.sequence = sequence_++;
    batch.read_at = wall_now();
    batch.by_line = by_line_;
    batch.last = next_ == slots_.size();
    for (const PostedLetter& posted : *letters) {
      const event::DeadLetter& letter = posted.letter;
      batch.records.push_back({.value = letter.value,
                               .timestamp = letter.timestamp,
                               .offset = letter.offset,
                               .index = letter.index,
                               .part = letter.part,
                               .carried = letter.carried,
                               .envelope = letter.envelope ? &*letter.envelope : nullptr});
    }
    batch.bytes = std::move(letters);
    return batch;
  }

 private:
  const std::shared_ptr<const LetterFile> file_;
  const std::vector<Slot> slots_;
  const bool by_line_;
  const source::ReadLimits limits_;
  std::size_t next_ = 0;
  std::uint64_t sequence_ = 0;
};

// Sorts letters by the partition that they came from.
class Listing {
 public:
  Listing(const Plan& plan, const UnusableLetter& tell) : plan_(plan), tell_(tell) {}

  void add(const PostedLetter& posted, Slot slot, const std::string& place) {
    slot.item = {posted.letter.offset, posted.letter.index};
    const auto source = std::ranges::find(plan_.sources, posted.from.source, &source::SourceSettings::name);
    if (source == plan_.sources.end()) {
      return unusable(place, fmt::format("came from the source {}, which the configuration does not have",
                                         posted.from.source));
    }
    if (posted.letter.cut_bytes > 0) {
      return unusable(
          place, fmt::format("was kept without its last {} bytes: read the original at {}, and give `value` "
                             "whole, without `cut_bytes`",
                             posted.letter.cut_bytes, letter_place(posted)));
    }
    if (!seen_.insert(letter_id(posted)).second) {
      ++history_.repeated;
      return;
    }
    const source::PartitionName& from = posted.from;
    Partition& partition = partitions_[{from.source, from.topic, from.number, from.file, from.by_line}];
    partition.name = from;
    partition.source = static_cast<std::uint32_t>(source - plan_.sources.begin());
    partition.slots.push_back(slot);
    ++history_.letters;
  }

  void unusable(const std::string& place, const std::string& why) {
    ++history_.unusable;
    tell_(place, why);
  }

  DeadLetterHistory take(std::shared_ptr<const LetterFile> file) {
    for (auto& [key, partition] : partitions_) {
      std::ranges::sort(partition.slots, {}, &Slot::item);
      source::HistoryPartition history{.name = partition.name, .open = {}};
      history.open = [file, slots = std::move(partition.slots),
                      by_line =
                          partition.name.by_line]() -> Result<std::unique_ptr<source::PartitionReader>> {
        return std::make_unique<LetterReader>(file, slots, by_line);
      };
      history_.inputs.push_back({.source = partition.source, .partition = std::move(history)});
    }
    return std::move(history_);
  }

 private:
  using Key = std::tuple<std::string, std::string, std::int32_t, std::string, bool>;
  struct Partition {
    source::PartitionName name;
    std::uint32_t source = 0;
    std::vector<Slot> slots;
  };

  const Plan& plan_;
  const UnusableLetter& tell_;
  std::map<Key, Partition> partitions_;
  std::set<std::string> seen_;
  DeadLetterHistory history_;
};

// Calls `each` with every line and its slot; nothing for a line over the limit.
template <typename Each>
Result<void> for_each_line(const LetterFile& file, Each each) {
  std::string held;
  std::vector<char> chunk(kChunk);
  std::uint64_t start = 0;  // of the current line
  std::size_t size = 0;     // of it, so far
  const auto finish = [&] {
    const Slot slot{start, size, {}};
    each(size <= kMaxLine ? std::optional<std::string_view>(held) : std::nullopt, slot);
    held.clear();
    start += size + 1;
    size = 0;
  };
  for (;;) {
    const auto read = source::read_some(file.descriptor.fd(), chunk, file.path);
    if (!read) return std::unexpected(read.error());
    if (*read == 0) break;
    std::string_view bytes(chunk.data(), *read);
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      size += part.size();
      if (size <= kMaxLine) held += part;
      if (end == std::string_view::npos) break;
      bytes.remove_prefix(end + 1);
      finish();
    }
  }
  if (size > 0) finish();
  return {};
}

// A file that is gone with its descriptor.
class Spool {
 public:
  Spool() : file_(std::tmpfile()) {}
  ~Spool() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Result<Slot> append(std::string_view line) {
    if (file_ == nullptr || std::fwrite(line.data(), 1, line.size(), file_) != line.size()) return failed();
    const Slot slot{end_, line.size(), {}};
    end_ += line.size();
    return slot;
  }

  Result<std::shared_ptr<const LetterFile>> take() {
    if (file_ == nullptr || std::fflush(file_) != 0) return failed();
    source::Descriptor descriptor(::dup(::fileno(file_)));
    if (!descriptor.is_open()) return failed();
    return std::make_shared<const LetterFile>(LetterFile{"the temporary file", std::move(descriptor)});
  }

 private:
  static std::unexpected<Error> failed() {
    return fail(ErrorCode::Exhausted, fmt::format("the letters cannot be held in a temporary file: {}",
                                                  std::generic_category().message(errno)));
  }

  std::FILE* file_;
  std::uint64_t end_ = 0;
};

}  // namespace

Result<DeadLetterHistory> open_letter_file(const std::string& path, const Plan& plan,
                                           const UnusableLetter& tell) {
  auto descriptor = source::Descriptor::open(path);
  if (!descriptor) return std::unexpected(descriptor.error());
  const auto file = std::make_shared<const LetterFile>(LetterFile{path, std::move(*descriptor)});
  Listing listing(plan, tell);
  std::uint64_t number = 0;
  const auto read = for_each_line(*file, [&](std::optional<std::string_view> line, const Slot& slot) {
    ++number;
    if (line && line->find_first_not_of(" \t\r") == std::string_view::npos) return;
    const std::string place = fmt::format("{}:{}", path, number);
    if (!line) return listing.unusable(place, "is too long for a letter");
    if (const auto posted = parse_line(*line)) {
      listing.add(*posted, slot, place);
    } else {
      listing.unusable(place, posted.error().message);
    }
  });
  if (!read) return std::unexpected(read.error());
  return listing.take(file);
}

Result<DeadLetterHistory> open_letter_topic(const source::KafkaSettings& kafka, const Plan& plan,
                                            const UnusableLetter& tell) {
  source::SourceSettings settings;
  settings.name = "dead_letters";
  settings.kind = kafka;
  source::ReadLimits limits;
  limits.headers = true;
  auto partitions = source::open_history(settings, limits);
  if (!partitions) return std::unexpected(partitions.error());
  Listing listing(plan, tell);
  Spool spool;
  for (const source::HistoryPartition& partition : *partitions) {
    auto reader = partition.open();
    if (!reader) return std::unexpected(reader.error());
    for (bool last = false; !last;) {
      const auto batch = (*reader)->read();
      if (!batch) return std::unexpected(batch.error());
      last = batch->last;
      for (std::size_t i = 0; i < batch->records.size(); ++i) {
        const event::RawRecord& record = batch->records[i];
        if (record.value.empty() && batch->headers[i].empty()) continue;  // a tombstone
        const std::string place = place_of(partition.name, record.offset, 0);
        Attributes attributes;
        for (const auto& [name, text] : batch->headers[i]) {
          if (name.starts_with("ce_")) attributes.emplace_back(name.substr(3), text);
        }
        const auto posted = parse_attributes(attributes, record.value);
        if (!posted) {
          listing.unusable(place, posted.error().message);
          continue;
        }
        const auto slot = spool.append(to_line(*posted));
        if (!slot) return std::unexpected(slot.error());
        listing.add(*posted, *slot, place);
      }
    }
  }
  const auto file = spool.take();
  if (!file) return std::unexpected(file.error());
  return listing.take(*file);
}

}  // namespace tocsin::runtime
