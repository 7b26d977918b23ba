// What tests do with the topics of a broker: create, fill, read back. Blocking, with limits that a passing
// test never meets; what goes wrong is thrown. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::kafka_test {

struct TopicRecord {
  std::string key;  // none when empty
  std::string value;
  std::map<std::string, std::string> headers;
  std::int64_t timestamp_ms = 0;  // 0 when producing: now
  std::int32_t partition = 0;
  std::int64_t offset = -1;  // given by the broker
  bool tombstone = false;    // without a value
};

class Topics {
 public:
  explicit Topics(std::string brokers);

  // Returns once all partitions have a leader.
  void create(const std::string& topic, int partitions,
              const std::map<std::string, std::string>& settings = {}) const;
  void remove(const std::string& topic) const;
  // Returns once all of them have a leader.
  void add_partitions(const std::string& topic, int new_total) const;
  // What retention does: the partition's first record is then the one at `offset`.
  void delete_before(const std::string& topic, std::int32_t partition, std::int64_t offset) const;

  // In order, each into its own partition; returns when all are acknowledged. `properties` of the producer.
  void produce(const std::string& topic, const std::vector<TopicRecord>& records,
               const std::map<std::string, std::string>& properties = {}) const;

  // Everything that is there now, by partition and offset.
  [[nodiscard]] std::vector<TopicRecord> read(const std::string& topic) const;

  // Where each partition begins and ends now.
  struct Extent {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  [[nodiscard]] std::vector<Extent> extents(const std::string& topic) const;

  // The offset that a group has committed, if any.
  [[nodiscard]] std::optional<std::int64_t> committed(const std::string& group, const std::string& topic,
                                                      std::int32_t partition) const;
  // What a person does with the tools: sets the group's offset, or deletes the group. Waits for its last
  // member to leave.
  void commit(const std::string& group, const std::string& topic, std::int32_t partition,
              std::int64_t offset) const;
  void remove_group(const std::string& group) const;

 private:
  std::string brokers_;
};

// Reads a topic from its first record on.
class TopicReader {
 public:
  TopicReader(const std::string& brokers, const std::string& topic);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  // The next record of any partition; nothing if none comes within `limit`.
  [[nodiscard]] std::optional<TopicRecord> next(std::chrono::milliseconds limit);

  // All records up to the present end of every partition.
  [[nodiscard]] std::vector<TopicRecord> rest();

 private:
  std::optional<TopicRecord> step(std::chrono::milliseconds limit);

  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace tocsin::kafka_test
