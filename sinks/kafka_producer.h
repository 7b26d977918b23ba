// Many records to Kafka topics, fast: what `tocsin produce` sends with. The kafka sink, which sends one
// notification at a time, is kafka_sink.cc.
//
//   producer.send() …           librdkafka batches and compresses; false while its queue is full, which
//   bounds
//                               the memory: poll() and send again
//   producer.finish(limit)      until every record has its delivery report
//   producer.counts()           delivery reports are the only truth
//
// The producer is idempotent (acks=all): what is acknowledged is there once, and in order within its
// partition. One thread; librdkafka's own threads only send.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace tocsin::sinks {

struct ProducedCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
  std::string first_failure;  // why the first of them failed
};

class KafkaProducer {
 public:
  using TopicNumber = std::size_t;

  // An unknown property or a bad value is an error that names it, never its value. Connects to nothing yet.
  [[nodiscard]] static Result<KafkaProducer> open(const std::string& brokers,
                                                  const std::map<std::string, std::string>& properties);
  ~KafkaProducer();  // drops what has no report yet
  KafkaProducer(KafkaProducer&&) noexcept;
  KafkaProducer& operator=(KafkaProducer&&) noexcept;

  // Creates the topic; one that is there already is fine as it is.
  Result<void> create_topic(const std::string& topic, std::int32_t partitions);

  // A topic that is there, and its partitions. An error says that the broker does not answer, or that the
  // topic is missing.
  Result<TopicNumber> add_topic(const std::string& topic);
  [[nodiscard]] std::int32_t partitions(TopicNumber topic) const;

  // Takes a copy. Without a partition the key's hash decides, as in Java's client, or chance where there is
  // no key. False: the queue is full; poll() and try again.
  Result<bool> send(TopicNumber topic, std::optional<std::int32_t> partition,
                    std::optional<std::string_view> key, std::string_view value, EventTime timestamp);

  // Takes delivery reports, waiting at most `wait` for the first.
  void poll(Duration wait);

  // Waits for the reports of all records, at most `limit`; false if some are still missing. Those are
  // dropped, and count as failed.
  bool finish(Duration limit);

  [[nodiscard]] const ProducedCounts& counts() const;

 private:
  struct State;
  explicit KafkaProducer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::sinks
