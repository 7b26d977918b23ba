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
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/event/record.h"
#include "engine/source/settings.h"

struct rd_kafka_s;
struct rd_kafka_message_s;

namespace tocsin::source {

using KafkaProperties = std::map<std::string, std::string>;

struct KafkaPartition {
  std::string topic;
  std::int32_t number = 0;
  auto operator<=>(const KafkaPartition&) const = default;
};
using KafkaOffsets = std::map<KafkaPartition, std::int64_t>;

// librdkafka's special offsets.
inline constexpr std::int64_t kOffsetStored = -1000;  // where the group is
inline constexpr std::int64_t kNoOffset = -1001;

// The properties of a handle: our defaults, then the user's. Those that the engine's promises rest on cannot
// be set.
[[nodiscard]] Result<KafkaProperties> live_properties(const KafkaSettings& settings);
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
  virtual void on_commit_failed(const KafkaOffsets& offsets, const std::string& text) = 0;
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

  // Replaces the assignment.
  void assign(const KafkaOffsets& offsets);

  // Starts a commit; a failure comes to the listener. Or waits for it, at most `timeout`.
  void commit(const KafkaOffsets& offsets);
  void commit_and_wait(const KafkaOffsets& offsets, Duration timeout);

  // Leaves the group; the listener hears nothing more. librdkafka may hang in this, so after `timeout` it
  // goes on in a thread of its own that nobody waits for.
  static void close(const std::shared_ptr<KafkaClient>& client, Duration timeout);

 private:
  rd_kafka_s* handle_ = nullptr;
  std::atomic<KafkaListener*> listener_;
};

// The partitions of the topics that exist.
[[nodiscard]] Result<std::vector<KafkaPartition>> list_partitions(const KafkaClient& client,
                                                                  const std::vector<std::string>& topics,
                                                                  Duration timeout);

// Where the group is; kNoOffset where it has no position. Nothing is known without an answer.
[[nodiscard]] Result<KafkaOffsets> committed_offsets(const KafkaClient& client,
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

  // Takes `message` over and adds its record to `batch`; a tombstone only moves the offset on.
  void add(rd_kafka_message_s* message, event::RawBatch& batch);

 private:
  std::shared_ptr<KafkaClient> client_;
  std::vector<rd_kafka_message_s*> messages_;
};

}  // namespace tocsin::source
