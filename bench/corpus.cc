#include "bench/corpus.h"

#include <simdjson.h>

#include <algorithm>
#include <chrono>

#include "bench/account_activity.h"
#include "bench/application_line.h"
#include "bench/random.h"

namespace tocsin::bench {
namespace {

const EventTime kStart{std::chrono::sys_days{std::chrono::March / 1 / 2026}.time_since_epoch()};
constexpr std::chrono::milliseconds kPause{86};  // between two events: a million a day

}  // namespace

Corpus::Corpus(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    places_.emplace_back(buffer_.size(), text.size());
    buffer_ += text;
  }
  buffer_.append(simdjson::SIMDJSON_PADDING, '\0');
}

std::size_t Corpus::bytes() const { return buffer_.size() - simdjson::SIMDJSON_PADDING; }

std::vector<std::string> call_log(std::size_t events, std::uint64_t seed) {
  const ApiCalls calls;
  Random random(seed, 11);
  Line line;
  std::vector<std::string> texts;
  texts.reserve(events);
  for (std::size_t i = 0; i < events; ++i) {
    add_ordinary_call(kStart + kPause * static_cast<std::int64_t>(i), calls, random, line);
    line.text.pop_back();
    texts.push_back(line.text);
  }
  return texts;
}

std::vector<std::string> application_log(std::size_t lines, std::uint64_t seed) {
  Random random(seed, 12);
  std::vector<std::string> texts;
  texts.reserve(lines);
  for (std::size_t i = 0; i < lines; ++i) {
    texts.push_back(application_line(kStart + kPause * static_cast<std::int64_t>(i), random));
  }
  return texts;
}

}  // namespace tocsin::bench
