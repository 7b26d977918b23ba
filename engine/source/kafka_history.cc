#include "engine/source/kafka_history.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "engine/source/kafka_client.h"

namespace tocsin::source {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kAnswerWait = std::chrono::seconds{30};  // for the partitions and their ends
constexpr Duration kRecordWait = std::chrono::seconds{60};  // for the next record of a partition
constexpr Duration kAskWait = std::chrono::seconds{5};
constexpr Duration kPollWait{500};
constexpr Duration kCloseWait = std::chrono::seconds{5};

// Remembers what the client said last, to tell why nothing comes.
class LastError final : public KafkaListener {
 public:
  void on_assigned(const std::vector<KafkaPartition>& /*partitions*/) override {}
  void on_revoked(const std::vector<KafkaPartition>& /*partitions*/, bool /*lost*/) override {}
  void on_error(int /*code*/, const std::string& text) override {
    const std::lock_guard lock(mutex_);
    text_ = text;
  }

  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_.empty() ? "the brokers do not answer" : text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// The client that all readers share; closed with the last of them.
struct Connection {
  LastError last_error;
  std::shared_ptr<KafkaClient> client;

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (client) KafkaClient::close(client, kCloseWait);
  }
};

std::vector<std::pair<std::string, std::string>> headers_of(const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::string>> headers;
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    headers.emplace_back(
        name, value == nullptr ? std::string() : std::string(static_cast<const char*>(value), size));
  }
  return headers;
}

class HistoryReader final : public PartitionReader {
 public:
  HistoryReader(std::shared_ptr<Connection> connection, KafkaPartition key, std::int64_t start,
                std::int64_t end, const ReadLimits& limits)
      : connection_(std::move(connection)),
        key_(std::move(key)),
        position_(start),
        end_(end),
        limits_(limits) {}

  ~HistoryReader() override { stop(); }
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  Result<void> start() {
    if (position_ >= end_) return {};
    rd_kafka_t* handle = connection_->client->handle();
    queue_ = rd_kafka_queue_get_partition(handle, key_.topic.c_str(), key_.number);
    if (queue_ == nullptr) return fail(ErrorCode::Unavailable, "the partition cannot be read", where());
    rd_kafka_queue_forward(queue_, nullptr);  // its messages come here, not among those of the others
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, key_.topic.c_str(), key_.number)->offset = position_;
    rd_kafka_error_t* error = rd_kafka_incremental_assign(handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == nullptr) return {};
    std::string text = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    return fail(ErrorCode::Unavailable, std::move(text), where());
  }

  Result<event::RawBatch> read() override {
    event::RawBatch batch;
    batch.sequence = sequence_++;
    batch.read_at = wall_now();
    batch.next_offset = position_;
    auto messages = std::make_shared<KafkaMessages>(connection_->client);
    const auto deadline = Clock::now() + kRecordWait;
    std::size_t bytes = 0;
    while (position_ < end_ && batch.records.size() < limits_.batch_records && bytes < limits_.batch_bytes) {
      const Duration wait = batch.records.empty() ? kPollWait : Duration{0};
      rd_kafka_message_t* message = rd_kafka_consume_queue(queue_, static_cast<int>(wait.count()));
      if (message == nullptr) {
        if (!batch.records.empty()) break;
        // Errors of the connection come by the common queue.
        if (rd_kafka_message_t* other = rd_kafka_consumer_poll(connection_->client->handle(), 0))
          rd_kafka_message_destroy(other);
        if (Clock::now() >= deadline)
          return fail(ErrorCode::Unavailable, connection_->last_error.text(), where());
        continue;
      }
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset >= position_ &&
          message->offset < end_) {
        position_ = message->offset + 1;
        bytes += message->len;
        messages->add(message, batch);
        if (limits_.headers && batch.headers.size() < batch.records.size())
          batch.headers.push_back(headers_of(*message));
        continue;
      }
      const rd_kafka_resp_err_t code = message->err;
      // Behind the end, or the end itself: there may be no record at its last offsets.
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        position_ = std::max(position_, message->offset);
      }
      const std::string text =
          rd_kafka_message_errstr(message) != nullptr ? rd_kafka_message_errstr(message) : "";
      rd_kafka_message_destroy(message);
      if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        return fail(ErrorCode::Unavailable, "its records were deleted while they were read", where());
      }
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        connection_->last_error.on_error(code, text);
      }
    }
    batch.bytes = std::move(messages);
    batch.last = position_ >= end_;
    if (batch.last) stop();
    return batch;
  }

 private:
  [[nodiscard]] std::string where() const {
    return fmt::format("topic {} partition {}", key_.topic, key_.number);
  }

  void stop() {
    if (queue_ == nullptr) return;
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, key_.topic.c_str(), key_.number);
    if (rd_kafka_error_t* error = rd_kafka_incremental_unassign(connection_->client->handle(), list)) {
      rd_kafka_error_destroy(error);  // then its messages are dropped with the client
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue_);
    queue_ = nullptr;
  }

  std::shared_ptr<Connection> connection_;
  KafkaPartition key_;
  std::int64_t position_;
  std::int64_t end_;
  ReadLimits limits_;
  std::uint64_t sequence_ = 0;
  rd_kafka_queue_t* queue_ = nullptr;
};

Result<std::shared_ptr<Connection>> connect(const KafkaSettings& settings, std::size_t partitions) {
  const auto properties = history_properties(settings, partitions);
  if (!properties) return std::unexpected(properties.error());
  auto connection = std::make_shared<Connection>();
  auto client = KafkaClient::create(*properties, &connection->last_error);
  if (!client) return std::unexpected(client.error());
  connection->client = std::move(*client);
  return connection;
}

// Asks until `ask` says that it has all it wants, or the time is over.
template <typename Ask>
Result<void> ask_until(const Connection& connection, const std::string& brokers, Ask ask) {
  const auto deadline = Clock::now() + kAnswerWait;
  while (!ask()) {
    // Serves the callbacks that tell what is wrong.
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(connection.client->handle(), 100))
      rd_kafka_message_destroy(message);
    if (Clock::now() >= deadline)
      return fail(ErrorCode::Unavailable, connection.last_error.text(), "kafka " + brokers);
  }
  return {};
}

Result<std::vector<KafkaPartition>> find_partitions(const KafkaSettings& settings) {
  const auto connection = connect(settings, 1);
  if (!connection) return std::unexpected(connection.error());
  Result<std::vector<KafkaPartition>> found;
  const auto answered = ask_until(**connection, settings.brokers, [&] {
    found = list_partitions(*(*connection)->client, settings.topics, kAskWait);
    return found || found.error().code != ErrorCode::Unavailable;
  });
  if (!answered) return std::unexpected(answered.error());
  return found;
}

}  // namespace

Result<std::vector<HistoryPartition>> list_topics(const std::string& source, const KafkaSettings& settings,
                                                  std::optional<EventTime> from, const ReadLimits& limits) {
  const auto found = find_partitions(settings);
  if (!found) return std::unexpected(found.error());
  const auto connection = connect(settings, found->size());  // now it is known how many share the memory
  if (!connection) return std::unexpected(connection.error());
  const KafkaClient& client = *(*connection)->client;
  KafkaOffsets starts;
  KafkaOffsets ends;
  const auto answered = ask_until(**connection, settings.brokers, [&] {
    ends = query_offsets(client, *found, OffsetQuery::End, kAskWait);
    starts = from ? query_offsets(client, *found, *from, kAskWait)
                  : query_offsets(client, *found, OffsetQuery::Start, kAskWait);
    return ends.size() == found->size() && starts.size() == found->size();
  });
  if (!answered) return std::unexpected(answered.error());
  std::vector<HistoryPartition> partitions;
  for (const KafkaPartition& key : *found) {
    HistoryPartition partition;
    partition.name = {.source = source, .topic = key.topic, .number = key.number, .file = {}};
    partition.open = [shared = *connection, key, start = starts[key], end = ends[key],
                      limits]() -> Result<std::unique_ptr<PartitionReader>> {
      auto reader = std::make_unique<HistoryReader>(shared, key, start, end, limits);
      if (auto started = reader->start(); !started) return std::unexpected(started.error());
      return reader;
    };
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

}  // namespace tocsin::source
