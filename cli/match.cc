#include <fmt/format.h>
#include <signal.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/line_cutter.h"
#include "cli/match_arguments.h"
#include "cli/match_output.h"
#include "cli/text_style.h"
#include "config/characters.h"
#include "config/diagnostic.h"
#include "engine/base/time.h"
#include "engine/event/decode.h"
#include "engine/event/reject.h"
#include "engine/source/byte_reader.h"
#include "engine/source/descriptor.h"
#include "engine/source/file_history.h"
#include "filters/filter_language.h"
#include "filters/matcher.h"

namespace tocsin::cli {
namespace {

constexpr std::string_view kStdin = "-";

// --- patterns --------------------------------------------------------------------------------------------

config::Diagnostic diagnose(const MatchArguments::Pattern& pattern, const event::SyntaxError& fault) {
  const std::string_view text = pattern.text;
  const std::string_view before = text.substr(0, fault.offset);
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  config::Diagnostic diagnostic;
  diagnostic.file = pattern.place;
  diagnostic.line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
  diagnostic.column = 1 + config::count_characters(before.substr(line_begin));
  diagnostic.text = fault.message;
  diagnostic.source_line = text.substr(line_begin, text.find('\n', line_begin) - line_begin);
  diagnostic.hint = fault.hint;
  return diagnostic;
}

// The patterns compiled, or nothing once every fault in them is told.
std::optional<std::vector<filters::CompiledFilter>> compile(
    const std::vector<MatchArguments::Pattern>& patterns) {
  std::vector<filters::CompiledFilter> compiled;
  for (const MatchArguments::Pattern& pattern : patterns) {
    for (const filters::FilterLanguage& language : filters::builtin_filters()) {
      if (language.option != pattern.option) continue;
      if (auto filter = language.compile(pattern.text)) {
        compiled.push_back(std::move(*filter));
      } else {
        fmt::print(stderr, "{}",
                   config::render(diagnose(pattern, filter.error()), text_style_of(stderr).colour));
      }
    }
  }
  if (compiled.size() != patterns.size()) return std::nullopt;
  return compiled;
}

// --- matching --------------------------------------------------------------------------------------------

// A message and how it leaves if it matches.
struct Candidate {
  std::string_view message;
  std::string_view printed;    // with its line end
  const char* place = "line";  // what `number` counts
  std::uint64_t number = 0;
  bool ended = true;  // `printed` has a line end
};

class MatchRun {
 public:
  MatchRun(const MatchArguments& arguments, std::vector<filters::CompiledFilter> filters)
      : arguments_(arguments), filters_(std::move(filters)), output_(STDOUT_FILENO) {
    std::vector<runtime::MatchSpec> specs;
    for (const filters::CompiledFilter& filter : filters_) {
      runtime::MatchSpec& spec = specs.emplace_back();
      spec.predicate = filter.predicate;
      if (!arguments_.extract) continue;
      for (const auto& [key, field] : filter.shown) spec.extractions.push_back(field);
    }
    matcher_ = filters::make_matcher(filters::compile_matcher(std::move(specs)));
  }

  int run() {
    bool readable = true;
    for (const std::string& file : arguments_.files) {
      if (output_.closed()) break;
      if (auto read = read_file(file); !read) {
        readable = false;
        output_.flush();
        fmt::print(stderr, "tocsin match: {}\n", describe(read.error()));
      }
    }
    if (arguments_.count) output_.write(fmt::format("{}\n", matches_));
    output_.flush();
    tell_refused();
    if (!output_.fault().empty()) {
      fmt::print(stderr, "tocsin match: the output could not be written in full: {}\n", output_.fault());
      return kUnreadable;
    }
    if (!readable) return kUnreadable;
    return matches_ > 0 ? kFine : kNo;
  }

 private:
  Result<void> read_file(const std::string& file) {
    source::Descriptor opened;
    int fd = STDIN_FILENO;
    if (file != kStdin) {
      auto descriptor = source::Descriptor::open(file);
      if (!descriptor) return std::unexpected(descriptor.error());
      opened = std::move(*descriptor);
      fd = opened.fd();
    }
    const std::string name = file == kStdin ? "standard input" : file;
    if (arguments_.decode && !arguments_.document) {
      if (file == kStdin) opened = source::Descriptor(dup(STDIN_FILENO));  // the reader closes what it reads
      return read_decoded(std::move(opened), name);
    }
    const auto bytes = source::read_bytes(fd, name);
    return arguments_.document ? read_document(*bytes, name) : read_lines(*bytes, name);
  }

  static Result<void> check_whole(const source::ByteReader& bytes, const std::string& name) {
    if (bytes.complete()) return {};
    return fail(ErrorCode::Invalid, "the compressed data is damaged or ends too early", name);
  }

  // --- lines

  Result<void> read_lines(source::ByteReader& bytes, const std::string& name) {
    LineCutter cutter(event::kMaxEventBytes);
    for (bool last = false; !last && !output_.closed();) {
      const auto size = bytes.read(cutter.room());
      if (!size) return std::unexpected(size.error());
      cutter.filled(*size);
      last = *size == 0;
      // Where compressed data breaks off, so does its last line: what is left of it is no message.
      cutter.cut(last && bytes.complete(), lines_);
      for (const Line& line : lines_) {
        if (line.too_long) {
          ++too_large_;
        } else {
          candidates_.push_back({line.content, line.whole, "line", line.number, line.whole.ends_with('\n')});
        }
      }
      count_bad_utf8();
      match();
      if (!bytes.at_hand()) output_.flush();  // somebody may be waiting at the other end
    }
    return check_whole(bytes, name);
  }

  // One look over all of a block, and a second one only if there is something to find.
  void count_bad_utf8() {
    if (candidates_.empty()) return;
    const char* const begin = candidates_.front().message.data();
    const char* const end = candidates_.back().message.data() + candidates_.back().message.size();
    if (simdjson::validate_utf8(begin, static_cast<std::size_t>(end - begin))) return;
    std::erase_if(candidates_, [&](const Candidate& candidate) {
      const bool bad = !simdjson::validate_utf8(candidate.message.data(), candidate.message.size());
      bad_utf8_ += bad ? 1 : 0;
      return bad;
    });
  }

  // --- documents

  Result<void> read_document(source::ByteReader& bytes, const std::string& name) {
    const std::size_t most = arguments_.decode ? event::kMaxInflatedBytes : event::kMaxEventBytes + 2;
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
        ++too_large_;
        return {};
      }
    }
    if (auto whole = check_whole(bytes, name); !whole) return whole;
    std::string_view message = *document;
    if (message.ends_with('\n')) message.remove_suffix(message.ends_with("\r\n") ? 2 : 1);
    if (arguments_.decode) {
      event::RawBatch batch;
      batch.records.push_back({message, std::nullopt, 1});
      batch.bytes = document;
      match_decoded(batch);
    } else if (message.size() > event::kMaxEventBytes) {
      ++too_large_;
    } else {
      candidates_.push_back({message, *document, "line", 1, document->ends_with('\n')});
      count_bad_utf8();
    }
    match();
    output_.flush();
    return {};
  }

  // --- records that are unwrapped first

  Result<void> read_decoded(source::Descriptor descriptor, const std::string& name) {
    const auto reader = source::read_records(std::move(descriptor), name, {});
    for (bool last = false; !last && !output_.closed();) {
      auto batch = reader->read();
      if (!batch) return std::unexpected(batch.error());
      last = batch->last;
      match_decoded(*batch);
      output_.flush();
    }
    return {};
  }

  void match_decoded(event::RawBatch& batch) {
    batch.read_at = wall_now();  // no rule of `match` looks at times; those without a year need one
    const char* const place = batch.by_line ? "line" : "record";
    std::size_t next = 0;
    do {
      next = decoder_.decode(batch, settings_, decoded_, next);
      for (const event::Event& event : decoded_.events) {
        candidates_.push_back(
            {event.message, event.message, place, static_cast<std::uint64_t>(event.position.offset), false});
      }
      rejects_.merge(decoded_.rejects);
      match();
    } while (next < batch.records.size());
  }

  // --- what matches

  // Matches all candidates and hands on those that any pattern matches.
  void match() {
    events_.clear();
    for (const Candidate& candidate : candidates_) {
      event::Event& event = events_.emplace_back();
      event.message = candidate.message;
      event.log_group = "match";
    }
    matcher_->match(events_, found_);
    for (std::size_t i = 0; i < found_.matches.size();) {
      std::size_t next = i + 1;
      while (next < found_.matches.size() && found_.matches[next].event == found_.matches[i].event) ++next;
      ++matches_;
      if (!arguments_.count)
        print(candidates_[found_.matches[i].event], std::span(found_.matches).subspan(i, next - i));
      i = next;
    }
    candidates_.clear();
  }

  void print(const Candidate& candidate, std::span<const runtime::Match> matches) {
    if (arguments_.extract) {
      output_.write(extracted(candidate, matches));
      return;
    }
    output_.write(candidate.printed);
    if (!candidate.ended && arguments_.decode) output_.write("\n");
  }

  // What the patterns that match extract; of a field that several have, what the first has.
  std::string extracted(const Candidate& candidate, std::span<const runtime::Match> matches) const {
    nlohmann::ordered_json object;
    object[candidate.place] = candidate.number;
    object["message"] = candidate.message;
    nlohmann::ordered_json& fields = object["extracted"] = nlohmann::ordered_json::object();
    // An ordered object searches from its start for every key; a line may have hundreds of thousands of tokens.
    auto& values = fields.get_ref<nlohmann::ordered_json::object_t&>();
    std::unordered_set<std::string> seen;
    for (const runtime::Match& match : matches) {
      const filters::CompiledFilter& filter = filters_[match.filter];
      const auto extractions = std::span(found_.values).subspan(match.first_value, filter.shown.size());
      for (const filters::ShownValue& shown : filters::shown_values(filter, candidate.message, extractions)) {
        if (seen.insert(shown.key).second) values.emplace_back(shown.key, shown.value);
      }
    }
    return object.dump() + "\n";
  }

  void tell_refused() const {
    event::RejectCounts counts = rejects_;
    counts.add(event::RejectReason::BadUtf8, bad_utf8_);
    counts.add(event::RejectReason::TooLarge, too_large_);
    std::string told;
    for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
      if (counts.counts[i] == 0) continue;
      told += fmt::format("{}{} {}", told.empty() ? "" : ", ", counts.counts[i], event::kRejectNames[i]);
    }
    if (!told.empty()) fmt::print(stderr, "tocsin match: never matched: {}\n", told);
  }

  const MatchArguments& arguments_;
  std::vector<filters::CompiledFilter> filters_;
  std::unique_ptr<runtime::Matcher> matcher_;
  MatchOutput output_;
  event::Decoder decoder_;
  event::DecodeSettings settings_;

  std::vector<Line> lines_;
  std::vector<Candidate> candidates_;  // not matched yet; their texts are in the input's buffer
  event::EventBatch decoded_;
  std::vector<event::Event> events_;
  runtime::Matches found_;

  std::uint64_t matches_ = 0;
  std::uint64_t bad_utf8_ = 0;
  std::uint64_t too_large_ = 0;
  event::RejectCounts rejects_;
};

}  // namespace

int match_command(const std::vector<std::string>& arguments) {
  const auto parsed = parse_match_arguments(arguments);
  if (!parsed) {
    fmt::print(stderr, "tocsin match: {}\nsee `tocsin match --help`\n", parsed.error());
    return kUsage;
  }
  if (parsed->help) {
    fmt::print("{}", match_help());
    return kFine;
  }
  auto compiled = compile(parsed->patterns);
  if (!compiled) return kUsage;
  signal(SIGPIPE, SIG_IGN);  // a reader that has enough ends the run quietly
  return MatchRun(*parsed, std::move(*compiled)).run();
}

}  // namespace tocsin::cli
