// A librdkafka consumer handle, and the questions that both Kafka sources ask of it.
//
// Everything blocking takes a timeout and keeps to it. Callbacks come on the thread that polls. librdkafka's
// own header stays out of ours: only the kafka_*.cc files know it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/event/record.h"
#include "engine/source/settings.h"

struct rd_kafka_s;
struct rd_kafka_error_s;
struct rd_kafka_message_s;

namespace tocsin::source {

using KafkaProperties = std::map<std::string, std::string>;

struct KafkaPartition {
  std::string topic;
  std::int32_t number = 0;
  auto operator<=>(const KafkaPartition&) const = default;
};
using KafkaOffsets = std::map<KafkaPartition, std::int64_t>;

inline constexpr std::int64_t kNoOffset = -1001;  // librdkafka's own word for none

// A group's position, with what was noted down beside it.
struct KafkaCommit {
  std::int64_t offset = kNoOffset;
  std::string metadata;
};
using KafkaCommits = std::map<KafkaPartition, KafkaCommit>;

// The properties of a handle: our defaults, then the user's. Those that the engine's promises rest on cannot
// be set. A group's handle owns partitions and reads none; a reader's reads and is no member.
[[nodiscard]] Result<KafkaProperties> group_properties(const KafkaSettings& settings);
[[nodiscard]] Result<KafkaProperties> reader_properties(const KafkaSettings& settings);
// `partitions`: how many share the memory that may be fetched ahead.
[[nodiscard]] Result<KafkaProperties> history_properties(const KafkaSettings& settings,
                                                         std::size_t partitions);

// Told while the handle is polled.
class KafkaListener {
 public:
  virtual ~KafkaListener() = default;
  virtual void on_assigned(const std::vector<KafkaPartition>& partitions) = 0;
  virtual void on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) = 0;
  virtual void on_error(int code, const std::string& text) = 0;  // a code of rd_kafka_resp_err_t
  virtual void on_statistics(std::string_view /*json*/) {}
};

class KafkaClient {
 public:
  // An unknown property or a bad value is an error that names it; values are never shown, they may be
  // secrets.
  [[nodiscard]] static Result<std::shared_ptr<KafkaClient>> create(const KafkaProperties& properties,
                                                                   KafkaListener* listener);

  explicit KafkaClient(KafkaListener* listener) : listener_(listener) {}
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  [[nodiscard]] rd_kafka_s* handle() const { return handle_; }
  [[nodiscard]] KafkaListener* listener() const { return listener_; }

  // Owns `partitions` without reading them: a group's handle.
  void hold(const std::vector<KafkaPartition>& partitions);
  // Reads from an offset, or no more: a reader's handle. Not while it is polled.
  void start(const KafkaPartition& partition, std::int64_t offset);
  void stop(const KafkaPartition& partition);

  // Commits and waits for the answer, at most `timeout`.
  [[nodiscard]] Result<void> commit(const KafkaCommits& commits, Duration timeout);

  // Leaves the group; the listener hears nothing more. librdkafka may hang in this, and in the destruction of
  // the handle: both are waited for so long and then left to themselves.
  static void close(const std::shared_ptr<KafkaClient>& client, Duration timeout);

 private:
  void tell(rd_kafka_error_s* error);

  rd_kafka_s* handle_ = nullptr;
  std::atomic<KafkaListener*> listener_;
};

// Some broker answers at all.
[[nodiscard]] bool answers(const KafkaClient& client, Duration timeout);

// What the brokers call their cluster; empty where they do not say, or do not answer.
[[nodiscard]] std::string cluster_id(const KafkaClient& client, Duration timeout);

// The partitions of the topics that exist.
[[nodiscard]] Result<std::vector<KafkaPartition>> list_partitions(const KafkaClient& client,
                                                                  const std::vector<std::string>& topics,
                                                                  Duration timeout);

// Where the group is; kNoOffset where it has no position. Nothing is known without an answer.
[[nodiscard]] Result<KafkaCommits> committed_offsets(const KafkaClient& client,
                                                     const std::vector<KafkaPartition>& partitions,
                                                     Duration timeout);

// Each leader is asked by itself, so that one that does not answer leaves only its own partitions out of the
// result.
enum class OffsetQuery : std::uint8_t { Start, End };
[[nodiscard]] KafkaOffsets query_offsets(const KafkaClient& client,
                                         const std::vector<KafkaPartition>& partitions, OffsetQuery query,
                                         Duration timeout);
// The first record at or after `time`; the end if there is none.
[[nodiscard]] KafkaOffsets query_offsets(const KafkaClient& client,
                                         const std::vector<KafkaPartition>& partitions, EventTime time,
                                         Duration timeout);

// Messages that a batch's records point into, given back with it.
class KafkaMessages {
 public:
  explicit KafkaMessages(std::shared_ptr<KafkaClient> client) : client_(std::move(client)) {}
  ~KafkaMessages();
  KafkaMessages(const KafkaMessages&) = delete;
  KafkaMessages& operator=(const KafkaMessages&) = delete;

  // Takes `message` over and adds its record to `batch`; a tombstone is a record without a value.
  void add(rd_kafka_message_s* message, event::RawBatch& batch);

 private:
  std::shared_ptr<KafkaClient> client_;
  std::vector<rd_kafka_message_s*> messages_;
};

}  // namespace tocsin::source
