#include "cli/match_reader.h"

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/time.h"
#include "engine/event/reject.h"
#include "engine/source/descriptor.h"
#include "engine/source/file_history.h"

namespace tocsin::cli {
namespace {

constexpr std::string_view kStdin = "-";

Result<void> check_whole(const source::ByteReader& bytes, const std::string& name) {
  if (bytes.complete()) return {};
  return fail(ErrorCode::Invalid, "the compressed data is damaged or ends too early", name);
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

MatchReader::MatchReader(const MatchTask& task)
    : task_(task),
      matcher_(filters::make_matcher(task.program)),
      printer_(task.arguments, task.filters),
      decoder_(matcher_->fields()) {}

void MatchReader::read(std::size_t input) {
  number_ = input;
  const MatchInput& chosen = task_.inputs[input];
  place_ = {};
  if (task_.inputs.size() > 1) place_.file = chosen.file;
  if (chosen.partition) place_.partition = &chosen.partition->name;
  fd_ = -1;
  stored_ = 0;
  const auto done = read(chosen);
  any_fault_ = any_fault_ || !done;
  if (chosen.bytes > stored_) task_.advance(chosen.bytes - stored_, 0);
  task_.order.end(input, done ? std::string() : describe(done.error()));
}

Result<void> MatchReader::read(const MatchInput& input) {
  if (input.fault) return std::unexpected(*input.fault);
  if (!input.partition) return read_file(input.file);
  auto reader = input.partition->open();
  if (!reader) return std::unexpected(reader.error());
  return read_records(**reader);
}

Result<void> MatchReader::read_file(const std::string& file) {
  source::Descriptor opened;
  int fd = STDIN_FILENO;
  if (file != kStdin) {
    auto descriptor = source::Descriptor::open(file);
    if (!descriptor) return std::unexpected(descriptor.error());
    opened = std::move(*descriptor);
    fd = opened.fd();
    fd_ = fd;
  }
  const std::string name = file == kStdin ? "standard input" : file;
  if (task_.arguments.decode && !task_.arguments.document) {
    if (file == kStdin) opened = source::Descriptor(dup(STDIN_FILENO));  // the reader closes what it reads
    return read_records(*source::read_records(std::move(opened), name, {}));
  }
  const auto bytes = source::read_bytes(fd, name);
  return task_.arguments.document ? read_document(*bytes, name) : read_lines(*bytes, name);
}

// --- lines -----------------------------------------------------------------------------------------------

Result<void> MatchReader::read_lines(source::ByteReader& bytes, const std::string& name) {
  LineCutter cutter(event::kMaxEventBytes);
  for (bool last = false; !last && !task_.order.closed();) {
    const auto size = bytes.read(cutter.room());
    if (!size) return std::unexpected(size.error());
    cutter.filled(*size);
    last = *size == 0;
    // Where compressed data breaks off, so does its last line: what is left of it is no message.
    cutter.cut(last && bytes.complete(), lines_);
    for (const Line& line : lines_) {
      if (line.too_long) {
        counts_.rejects.add(event::RejectReason::TooLarge, 1);
        counts_.look_at(line.content);
      } else {
        take({line.content, line.whole, "line", line.number, true});
      }
    }
    if (!block_is_utf8()) drop_bad_utf8();
    match();
    if (!bytes.at_hand()) task_.order.flush(number_);  // somebody may be waiting at the other end
  }
  return check_whole(bytes, name);
}

// --- documents -------------------------------------------------------------------------------------------

Result<void> MatchReader::read_document(source::ByteReader& bytes, const std::string& name) {
  const std::size_t most = task_.arguments.decode ? event::kMaxInflatedBytes : event::kMaxEventBytes + 2;
  auto document = std::make_shared<std::string>();
  for (;;) {
    constexpr std::size_t kPiece = std::size_t{256} << 10;
    const std::size_t before = document->size();
    document->resize(before + kPiece);
    const auto size = bytes.read({document->data() + before, kPiece});
    document->resize(before + (size ? *size : 0));
    if (!size) return std::unexpected(size.error());
    if (*size == 0) break;
    if (document->size() > most) {
      counts_.rejects.add(event::RejectReason::TooLarge, 1);
      return {};
    }
  }
  if (auto whole = check_whole(bytes, name); !whole) return whole;
  std::string_view message = *document;
  if (message.ends_with('\n')) message.remove_suffix(message.ends_with("\r\n") ? 2 : 1);
  if (task_.arguments.decode) {
    event::RawBatch batch;
    batch.records.push_back({message, std::nullopt, 1});
    batch.bytes = document;
    match_decoded(batch);
  } else if (message.size() > event::kMaxEventBytes) {
    counts_.rejects.add(event::RejectReason::TooLarge, 1);
  } else {
    take({message, *document, "line", 1, true});
    drop_bad_utf8();
    match();
  }
  return {};
}

// --- records ---------------------------------------------------------------------------------------------

Result<void> MatchReader::read_records(source::PartitionReader& reader) {
  for (bool last = false; !last && !task_.order.closed();) {
    auto batch = reader.read();
    if (!batch) return std::unexpected(batch.error());
    last = batch->last;
    task_.arguments.decode ? match_decoded(*batch) : match_records(*batch);
    task_.order.flush(number_);
  }
  return {};
}

// Records of a topic, as they are. One without a value is none.
void MatchReader::match_records(const event::RawBatch& batch) {
  for (const event::RawRecord& record : batch.records) {
    if (record.value.data() == nullptr) continue;
    if (record.value.size() > event::kMaxEventBytes) {
      counts_.rejects.add(event::RejectReason::TooLarge, 1);
      continue;
    }
    take({record.value, record.value, "offset", static_cast<std::uint64_t>(record.offset), false});
  }
  drop_bad_utf8();
  match();
}

void MatchReader::match_decoded(event::RawBatch& batch) {
  batch.read_at = wall_now();  // no rule of `match` looks at times; those without a year need one
  const char* const place = place_.partition != nullptr ? "offset" : batch.by_line ? "line" : "record";
  std::size_t next = 0;
  do {
    found_.clear();
    next = decoder_.decode(batch, settings_, decoded_, next, this);
    for (const event::Event& event : decoded_.events) {
      candidates_.push_back(
          {event.message, event.message, place, static_cast<std::uint64_t>(event.position.offset), false});
    }
    counts_.rejects.merge(decoded_.rejects);
    hand_on();
  } while (next < batch.records.size());
}

// Matching while the decoder has the event's fields at hand saves a second walk.
void MatchReader::visit(const event::Event& event, const event::JsonView* walked) {
  matcher_->match(event, static_cast<std::uint32_t>(decoded_.events.size() - 1), walked, found_);
}

// --- messages as they are --------------------------------------------------------------------------------

void MatchReader::take(const Candidate& candidate) {
  counts_.look_at(candidate.message);
  look_inside(candidate.message);
  candidates_.push_back(candidate);
}

// Whether events are inside of messages: the decoder knows, and where nothing matches the first ones tell.
void MatchReader::look_inside(std::string_view message) {
  constexpr int kMostLooks = 32;
  if (counts_.matched > 0 || looks_ == kMostLooks) return;
  ++looks_;
  event::RawBatch batch;
  batch.read_at = wall_now();
  batch.records.push_back({message, std::nullopt, 1});
  (void)decoder_.decode(batch, settings_, decoded_);
  const auto& events = decoded_.events;
  if (events.size() > 1 || (events.size() == 1 && events.front().message != message)) ++counts_.unwrapped;
}

// --- what matches ----------------------------------------------------------------------------------------

// One look over all lines of a block; a second one, at each of them, only if there is something to find.
bool MatchReader::block_is_utf8() const {
  if (candidates_.empty()) return true;
  const char* const begin = candidates_.front().message.data();
  const char* const end = candidates_.back().message.data() + candidates_.back().message.size();
  return is_utf8({begin, end});
}

void MatchReader::drop_bad_utf8() {
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    if (is_utf8(candidate.message)) return false;
    counts_.rejects.add(event::RejectReason::BadUtf8, 1);
    return true;
  });
}

void MatchReader::match() {
  events_.clear();
  for (const Candidate& candidate : candidates_) {
    event::Event& event = events_.emplace_back();
    event.message = candidate.message;
    event.log_group = "match";
  }
  matcher_->match(events_, found_);
  hand_on();
}

// The candidates that matched.
void MatchReader::hand_on() {
  for (const Candidate& candidate : candidates_) counts_.bytes += candidate.message.size() + 1;
  counts_.events += candidates_.size();
  for (std::size_t i = 0; i < found_.matches.size();) {
    std::size_t next = i + 1;
    while (next < found_.matches.size() && found_.matches[next].event == found_.matches[i].event) ++next;
    printer_.print(place_, candidates_[found_.matches[i].event],
                   std::span(found_.matches).subspan(i, next - i), found_.values, page_, counts_);
    i = next;
  }
  tell_progress();
  candidates_.clear();
  if (!page_.empty()) task_.order.write(number_, page_);
  page_.clear();
}

// Of compressed files it is known how much of them was read, not what they unpack to.
void MatchReader::tell_progress() {
  const off_t at = fd_ >= 0 ? ::lseek(fd_, 0, SEEK_CUR) : 0;
  const auto stored = std::max(stored_, static_cast<std::uint64_t>(std::max<off_t>(at, 0)));
  task_.advance(stored - stored_, candidates_.size());
  stored_ = stored;
}

}  // namespace tocsin::cli
