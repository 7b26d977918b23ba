#include "engine/source/kafka_position.h"

#include <algorithm>

namespace tocsin::source {

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

}  // namespace tocsin::source
