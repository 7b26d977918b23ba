// Many filters on many messages at once: the matcher finds what the oracle finds, filter by filter.
//
// Input: filters, one a line, each behind the first letter of its language (f, e, r); an empty line;
// messages, one a line.
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/decode.h"
#include "filters/event_pattern.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"
#include "tests/fuzz/filter_check.h"
#include "tests/fuzz/input.h"

namespace tocsin::fuzz {
namespace {

constexpr std::size_t kMostBytes = 2000;  // of all: the oracle is slow
constexpr std::size_t kMostMessageBytes = 400;

Compiled compile(std::string_view line) {
  const char language = line.empty() ? 'f' : line.front();
  const std::string_view text = line.empty() ? line : line.substr(1);
  if (language == 'e') return filters::compile_event_pattern(text);
  if (language == 'r') return filters::compile_regex_filter(text);
  return filters::compile_filter_pattern(text);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  Input input(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  while (!input.done()) lines.push_back(input.line());
  return lines;
}

// The same of events as a decoder finds them in records, matched within its own walk.
class Decoded final : event::EventVisitor {
 public:
  explicit Decoded(std::span<const filters::CompiledFilter> compiled)
      : compiled_(compiled), matcher_(make_matcher(compiled)), decoder_(matcher_->fields()) {}

  void check(std::span<const std::string_view> records) {
    event::DecodeSettings settings;
    settings.log_group = "fuzz";
    event::RawBatch batch;
    for (const std::string_view record : records)
      batch.records.push_back({.value = record, .timestamp = EventTime{}, .offset = 0});
    for (std::size_t next = 0; next < records.size();)
      next = decoder_.decode(batch, settings, out_, next, this);
  }

 private:
  void visit(const event::Event& event, const event::JsonView* walked) override {
    runtime::Matches found;
    matcher_->match(event, 0, walked, found);
    std::size_t next = 0;
    check_found(compiled_, event.message, found, next);
    TOCSIN_CHECK(next == found.matches.size());
  }

  std::span<const filters::CompiledFilter> compiled_;
  std::unique_ptr<runtime::Matcher> matcher_;
  event::Decoder decoder_;
  event::EventBatch out_;
};

}  // namespace
}  // namespace tocsin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::fuzz;
  if (size > kMostBytes) return 0;
  Input input(data, size);
  std::vector<tocsin::filters::CompiledFilter> filters;
  for (const std::string_view line : lines_of(input.paragraph())) {
    if (auto compiled = compile(line)) filters.push_back(std::move(*compiled));
  }
  std::vector<std::string_view> messages = lines_of(input.rest());
  std::erase_if(messages, [](std::string_view message) { return message.size() > kMostMessageBytes; });
  check_matches(filters, messages);
  Decoded(filters).check(messages);
  return 0;
}
