#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tocsin::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kBarColumns = 20;

std::string bar(double share, const TextStyle& style) {
  const auto full = static_cast<std::size_t>(share * kBarColumns);
  std::string drawn;
  for (std::size_t i = 0; i < kBarColumns; ++i)
    drawn += style.unicode ? (i < full ? "█" : "░") : (i < full ? "#" : ".");
  return drawn;
}

std::string seconds_left(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.999);
  if (whole < 100) return fmt::format("{} s left", whole);
  if (whole < 6000) return fmt::format("{} min left", (whole + 59) / 60);
  return fmt::format("{} h left", (whole + 3599) / 3600);
}

}  // namespace

std::string render(const ProgressFacts& facts, std::chrono::milliseconds elapsed, const TextStyle& style) {
  std::vector<std::string> pieces;
  const double seconds = static_cast<double>(elapsed.count()) / 1000;
  const bool sized = facts.bytes_total > 0;
  const double share =
      sized ? std::min(1.0, static_cast<double>(facts.bytes_done) / static_cast<double>(facts.bytes_total))
            : 0;
  if (sized) {
    pieces.push_back(fmt::format("{} {:3.0f} %", bar(share, style), std::floor(share * 100)));
    pieces.push_back(
        fmt::format("{} of {}", format_bytes(facts.bytes_done), format_bytes(facts.bytes_total)));
  } else {
    pieces.push_back(format_bytes(facts.bytes_done));
  }
  if (seconds > 0) {
    pieces.push_back(group_digits(static_cast<std::uint64_t>(static_cast<double>(facts.events) / seconds)) +
                     " events/s");
  }
  if (facts.reached != kNever && facts.reached != kForever) {
    pieces.push_back("at " + format_rfc3339(floor_to(facts.reached, std::chrono::minutes(1))).substr(0, 16));
  }
  if (share > 0 && seconds >= 1) pieces.push_back(seconds_left(seconds / share * (1 - share)));

  std::string line;
  for (const std::string& piece : pieces) {
    const std::size_t width = text_width(line) + (line.empty() ? 0 : 2) + text_width(piece);
    if (width + 1 > style.columns) break;
    if (!line.empty()) line += "  ";
    line += piece;
  }
  return line;
}

Progress::Progress(std::FILE* stream, const TextStyle& style, Clock::time_point now)
    : stream_(stream), style_(style), started_(now) {}

Progress::~Progress() { erase(); }

void Progress::update(const ProgressFacts& facts, Clock::time_point now) {
  if (!style_.terminal || (drawn_ && now - *drawn_ < kRedraw)) return;
  drawn_ = now;
  visible_ = true;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  fmt::print(stream_, "\r{}\x1b[K", render(facts, elapsed, style_));
  std::fflush(stream_);
}

void Progress::erase() {
  if (!visible_) return;
  visible_ = false;
  drawn_.reset();
  fmt::print(stream_, "\r\x1b[K");
  std::fflush(stream_);
}

}  // namespace tocsin::cli
