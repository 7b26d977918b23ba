#include "engine/source/kafka_reader.h"

#include <librdkafka/rdkafka.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::source {
namespace {

constexpr std::size_t kMostMessages = 1024;  // of one call

// The bytes of all partitions' fetch queues in librdkafka's statistics.
std::uint64_t sum_fetch_queues(std::string_view json) {
  const simdjson::padded_string padded(json);
  simdjson::dom::parser parser;
  simdjson::dom::object topics;
  std::uint64_t sum = 0;
  if (parser.parse(padded)["topics"].get(topics) != simdjson::SUCCESS) return 0;
  for (const auto& topic : topics) {
    simdjson::dom::object partitions;
    if (topic.value["partitions"].get(partitions) != simdjson::SUCCESS) continue;
    for (const auto& partition : partitions) {
      std::uint64_t size = 0;
      if (partition.value["fetchq_size"].get(size) == simdjson::SUCCESS) sum += size;
    }
  }
  return sum;
}

}  // namespace

KafkaReader::KafkaReader(const ReadLimits& limits, KafkaNotes& notes)
    : limits_(limits),
      notes_(notes),
      messages_(std::clamp<std::size_t>(limits.batch_records, 1, kMostMessages)) {}

Result<std::unique_ptr<KafkaReader>> KafkaReader::open(const KafkaSettings& settings,
                                                       const ReadLimits& limits, KafkaNotes& notes) {
  const auto properties = reader_properties(settings);
  if (!properties) return std::unexpected(properties.error());
  std::unique_ptr<KafkaReader> reader(new KafkaReader(limits, notes));
  auto client = KafkaClient::create(*properties, reader.get());
  if (!client) return std::unexpected(client.error());
  reader->client_ = std::move(*client);
  reader->queue_ = rd_kafka_queue_get_consumer(reader->client_->handle());
  return reader;
}

void KafkaReader::start(const KafkaPartition& partition, std::int64_t offset, std::uint32_t index) {
  if (partitions_.contains(partition)) stop(partition);
  partitions_[partition] = {.index = index, .next = offset};
  client_->start(partition, offset);
}

void KafkaReader::stop(const KafkaPartition& partition) {
  if (partitions_.erase(partition) == 0) return;
  client_->stop(partition);
}

KafkaReader::Reading KafkaReader::read(Duration wait) {
  Reading reading;
  last_ = nullptr;
  last_topic_ = nullptr;
  // A call waits until its array is full, or the time is over: so it is asked for one, and then for the rest.
  auto count = rd_kafka_consume_batch_queue(queue_, 0, messages_.data(), messages_.size());
  if (count <= 0 && wait > Duration{0})
    count = rd_kafka_consume_batch_queue(queue_, static_cast<int>(wait.count()), messages_.data(), 1);
  for (std::ptrdiff_t i = 0; i < count; ++i) take(messages_[static_cast<std::size_t>(i)], reading);
  for (Building& building : building_) finish(building, reading);
  building_.clear();
  for (const KafkaPartition& partition : reading.stuck) stop(partition);
  return reading;
}

KafkaReader::Partition* KafkaReader::find(const rd_kafka_message_s& message) {
  if (message.rkt == nullptr || message.partition < 0) return nullptr;
  if (message.rkt != last_topic_ || message.partition != last_number_) {
    last_topic_ = message.rkt;
    last_number_ = message.partition;
    const auto found = partitions_.find({rd_kafka_topic_name(message.rkt), message.partition});
    last_ = found == partitions_.end() ? nullptr : &found->second;
  }
  return last_;
}

KafkaReader::Building& KafkaReader::building_of(const Partition& partition, Reading& reading) {
  const auto found = std::ranges::find(building_, partition.index,
                                       [](const Building& building) { return building.batch.partition; });
  if (found != building_.end()) {
    if (found->bytes < limits_.batch_bytes && found->batch.records.size() < limits_.batch_records)
      return *found;
    finish(*found, reading);
    building_.erase(found);
  }
  Building building{.batch = {}, .messages = std::make_shared<KafkaMessages>(client_)};
  building.batch.partition = partition.index;
  return building_.emplace_back(std::move(building));
}

void KafkaReader::finish(Building& building, Reading& reading) {
  building.batch.read_at = wall_now();
  building.batch.bytes = std::move(building.messages);
  reading.batches.push_back(std::move(building.batch));
}

void KafkaReader::take(rd_kafka_message_s* message, Reading& reading) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_event(*message, reading);
    rd_kafka_message_destroy(message);
    return;
  }
  Partition* partition = find(*message);
  if (partition == nullptr || message->offset < partition->next) {
    rd_kafka_message_destroy(message);
    return;
  }
  partition->next = message->offset + 1;
  Building& building = building_of(*partition, reading);
  building.bytes += message->len;
  building.messages->add(message, building.batch);
}

// What comes in the place of a message.
void KafkaReader::take_event(const rd_kafka_message_s& message, Reading& reading) {
  Partition* partition = find(message);
  const std::string topic = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "";
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // There may be no record at a partition's last offsets: transaction markers, compaction.
      if (partition == nullptr || message.offset <= partition->next) return;
      partition->next = message.offset;
      building_of(*partition, reading).batch.next_offset = message.offset;
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      if (partition != nullptr) reading.stuck.push_back({topic, message.partition});
      return;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return;  // the group says so
    default:
      notes_.error(message.err, rd_kafka_message_errstr(&message), topic);
  }
}

void KafkaReader::on_statistics(std::string_view json) { queued_bytes_ = sum_fetch_queues(json); }

void KafkaReader::close(Duration timeout) {
  if (!client_) return;
  if (queue_ != nullptr) rd_kafka_queue_destroy(queue_);
  queue_ = nullptr;
  KafkaClient::close(client_, timeout);
  client_.reset();
}

}  // namespace tocsin::source
