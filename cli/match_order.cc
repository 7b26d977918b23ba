#include "cli/match_order.h"

#include <utility>

namespace tocsin::cli {
namespace {

constexpr std::size_t kMostWaiting = std::size_t{8} << 20;  // of one input

}  // namespace

MatchOrder::MatchOrder(std::size_t inputs, MatchOutput& output,
                       std::function<void(const std::string& fault)> tell)
    : output_(output), tell_(std::move(tell)), waiting_(inputs) {}

void MatchOrder::write(std::size_t input, std::string_view bytes) {
  std::unique_lock lock(mutex_);
  Waiting& waiting = waiting_[input];
  turned_.wait(lock, [&] { return turn_ == input || waiting.bytes.size() < kMostWaiting; });
  if (turn_ == input)
    output_.write(bytes);
  else
    waiting.bytes += bytes;
}

void MatchOrder::flush(std::size_t input) {
  const std::lock_guard lock(mutex_);
  if (turn_ == input) output_.flush();
}

void MatchOrder::end(std::size_t input, std::string fault) {
  const std::lock_guard lock(mutex_);
  waiting_[input].ended = true;
  waiting_[input].fault = std::move(fault);
  if (turn_ != input) return;
  while (turn_ < waiting_.size() && waiting_[turn_].ended) {
    let_go(waiting_[turn_]);
    ++turn_;
  }
  if (turn_ < waiting_.size()) let_go(waiting_[turn_]);
  turned_.notify_all();
}

bool MatchOrder::closed() {
  const std::lock_guard lock(mutex_);
  return output_.closed();
}

void MatchOrder::let_go(Waiting& waiting) {
  output_.write(std::exchange(waiting.bytes, {}));
  if (waiting.fault.empty()) return;
  output_.flush();
  tell_(std::exchange(waiting.fault, {}));
}

}  // namespace tocsin::cli
