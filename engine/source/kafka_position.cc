#include "engine/source/kafka_position.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace tocsin::source {
namespace {

constexpr std::string_view kMark = "tocsin ";
constexpr std::string_view kCluster = "cluster ";

}  // namespace

KafkaPosition decide_position(const KafkaPositionFacts& facts) {
  if (!facts.committed && !facts.handed) return {};
  const std::int64_t position = std::max(facts.committed.value_or(0), facts.handed.value_or(0));
  // A broker forgets the positions in a topic with the topic itself; otherwise they go forward only.
  const bool forgotten = facts.seen && facts.committed.value_or(-1) < *facts.seen;
  const std::int64_t end = std::min(facts.end, facts.least_end.value_or(facts.end));
  if (forgotten || position > end) {
    // A topic that retention has not touched yet is taken for a new one: to read twice is better than to
    // lose.
    const bool same_topic = !forgotten && facts.start > 0;
    if (!same_topic) {
      // Another member of the group may have begun with the new one.
      const std::int64_t begun = forgotten ? facts.committed.value_or(0) : 0;
      return {KafkaPosition::Kind::Recreated, std::clamp(begun, facts.start, facts.end), position, position};
    }
    return {KafkaPosition::Kind::Truncated, std::max(end, facts.start), end, position};
  }
  if (position < facts.start) return {KafkaPosition::Kind::Gap, facts.start, position, facts.start};
  return {KafkaPosition::Kind::Known, position, position, position};
}

namespace {

// The topic is another one: this process saw it gone, with the group's positions; or an earlier run began
// with the new one, and the state does not know it yet.
bool is_another_topic(const KafkaRestartFacts& facts) {
  return facts.mark > facts.incarnation || (facts.was_gone && !facts.committed);
}

}  // namespace

KafkaDispute find_dispute(const KafkaRestartFacts& facts) {
  if (is_another_topic(facts) || facts.position > facts.end) return KafkaDispute::None;
  if (!facts.committed) return KafkaDispute::Expired;
  // We passed over what retention took, and ended before anything behind it was read.
  const bool is_over_a_gap = facts.mark == facts.incarnation && *facts.committed <= facts.start;
  if (*facts.committed > facts.position && !is_over_a_gap) return KafkaDispute::Ahead;
  if (*facts.committed < facts.position && facts.mark == 0) return KafkaDispute::Reset;
  return KafkaDispute::None;
}

KafkaPosition decide_restart(const KafkaRestartFacts& facts) {
  if (is_another_topic(facts)) {
    const std::int64_t begun = std::clamp(facts.committed.value_or(0), facts.start, facts.end);
    return {KafkaPosition::Kind::Recreated, begun, facts.position, facts.position};
  }
  return decide_position({.handed = facts.position, .start = facts.start, .end = facts.end});
}

KafkaPosition decide_restart_by_group(const KafkaRestartFacts& facts, std::int64_t otherwise) {
  const std::int64_t offset = std::clamp(facts.committed.value_or(otherwise), facts.start, facts.end);
  // What is read again the state knows already.
  if (offset <= facts.position) return {KafkaPosition::Kind::Known, offset, offset, offset};
  return {KafkaPosition::Kind::Skipped, offset, facts.position, offset};
}

KafkaPosition decide_elsewhere(const KafkaRestartFacts& facts, std::int64_t otherwise) {
  const std::int64_t begun = std::clamp(facts.committed.value_or(otherwise), facts.start, facts.end);
  return {KafkaPosition::Kind::Elsewhere, begun, facts.position, facts.position};
}

std::uint64_t decide_incarnation(const KafkaIncarnationFacts& facts) {
  // Without a state the mark is all that a restart knows of topics that had this name before.
  const std::uint64_t before = facts.is_known ? facts.own : std::max(facts.own, facts.mark);
  return facts.renewed ? std::max(facts.mark, before + 1) : before;
}

std::string commit_mark(std::uint64_t incarnation) {
  return std::string(kMark) + std::to_string(incarnation);
}

std::uint64_t read_commit_mark(std::string_view metadata) {
  if (!metadata.starts_with(kMark)) return 0;
  metadata.remove_prefix(kMark.size());
  std::uint64_t incarnation = 0;
  const auto [end, error] = std::from_chars(metadata.data(), metadata.data() + metadata.size(), incarnation);
  return error == std::errc{} && end == metadata.data() + metadata.size() ? incarnation : 0;
}

std::string cluster_place(std::string_view cluster) {
  return cluster.empty() ? std::string() : std::string(kCluster).append(cluster);
}

std::string read_cluster_place(std::string_view place) {
  return place.starts_with(kCluster) ? std::string(place.substr(kCluster.size())) : std::string();
}

}  // namespace tocsin::source
