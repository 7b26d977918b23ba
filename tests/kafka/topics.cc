#include "tests/kafka/topics.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <tuple>

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;

constexpr int kLimitMs = 60'000;

[[noreturn]] void fail(const std::string& what, rd_kafka_resp_err_t error) {
  throw std::runtime_error(fmt::format("{}: {}", what, rd_kafka_err2str(error)));
}

void check(const std::string& what, rd_kafka_resp_err_t error) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, error);
}

struct ClientDestroyer {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, ClientDestroyer>;

struct PartitionsDestroyer {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionsDestroyer>;

struct MessageDestroyer {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDestroyer>;

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) *static_cast<rd_kafka_resp_err_t*>(opaque) = message->err;
}

Client make_client(rd_kafka_type_t type, const std::map<std::string, std::string>& properties,
                   rd_kafka_resp_err_t* report = nullptr) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> message{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), message.data(), message.size()) !=
        RD_KAFKA_CONF_OK) {
      throw std::runtime_error(message.data());
    }
  }
  rd_kafka_conf_set_log_cb(conf, nullptr);
  if (report != nullptr) {
    rd_kafka_conf_set_opaque(conf, report);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  }
  Client client(rd_kafka_new(type, conf, message.data(), message.size()));
  if (!client) throw std::runtime_error(message.data());
  return client;
}

// How many partitions of the topic have a leader.
int led_partitions(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(client, 0, handle, &metadata, kLimitMs);
  rd_kafka_topic_destroy(handle);
  check("metadata of " + topic, error);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  const auto led =
      std::count_if(found.partitions, found.partitions + found.partition_cnt,
                    [](const rd_kafka_metadata_partition_t& partition) { return partition.leader >= 0; });
  rd_kafka_metadata_destroy(metadata);
  return static_cast<int>(led);
}

void wait_for_leaders(rd_kafka_t* client, const std::string& topic, int partitions) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (led_partitions(client, topic) < partitions) {
    if (std::chrono::steady_clock::now() > deadline)
      fail("leaders of " + topic, RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
}

// One administrative request about one topic: `send` puts its answer on a queue.
template <typename Result, typename Send>
void ask(rd_kafka_t* client, const std::string& what, const Result* (*result_of)(rd_kafka_event_t*),
         const rd_kafka_topic_result_t** (*topics_of)(const Result*, std::size_t*), Send send) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  send(queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kLimitMs);
  auto error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
  if (const Result* result = error == RD_KAFKA_RESP_ERR_NO_ERROR ? result_of(event) : nullptr) {
    std::size_t count = 0;
    error = rd_kafka_topic_result_error(topics_of(result, &count)[0]);
  }
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  check(what, error);
}

TopicRecord record_of(const rd_kafka_message_t& message) {
  TopicRecord record;
  if (message.key != nullptr) record.key.assign(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) record.value.assign(static_cast<const char*>(message.payload), message.len);
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  record.partition = message.partition;
  record.offset = message.offset;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      record.headers[name].assign(static_cast<const char*>(value), size);
    }
  }
  return record;
}

}  // namespace

Topics::Topics(std::string brokers) : brokers_(std::move(brokers)) {}

void Topics::create(const std::string& topic, int partitions,
                    const std::map<std::string, std::string>& settings) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers_}});
  rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, nullptr, 0);
  for (const auto& [name, value] : settings)
    rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  ask(client.get(), "creating " + topic, rd_kafka_event_CreateTopics_result,
      rd_kafka_CreateTopics_result_topics,
      [&](rd_kafka_queue_t* queue) { rd_kafka_CreateTopics(client.get(), &wanted, 1, nullptr, queue); });
  rd_kafka_NewTopic_destroy(wanted);
  wait_for_leaders(client.get(), topic, partitions);
}

void Topics::remove(const std::string& topic) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers_}});
  rd_kafka_DeleteTopic_t* unwanted = rd_kafka_DeleteTopic_new(topic.c_str());
  ask(client.get(), "deleting " + topic, rd_kafka_event_DeleteTopics_result,
      rd_kafka_DeleteTopics_result_topics,
      [&](rd_kafka_queue_t* queue) { rd_kafka_DeleteTopics(client.get(), &unwanted, 1, nullptr, queue); });
  rd_kafka_DeleteTopic_destroy(unwanted);
}

void Topics::add_partitions(const std::string& topic, int new_total) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers_}});
  rd_kafka_NewPartitions_t* wanted =
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(new_total), nullptr, 0);
  ask(client.get(), "adding partitions to " + topic, rd_kafka_event_CreatePartitions_result,
      rd_kafka_CreatePartitions_result_topics,
      [&](rd_kafka_queue_t* queue) { rd_kafka_CreatePartitions(client.get(), &wanted, 1, nullptr, queue); });
  rd_kafka_NewPartitions_destroy(wanted);
  wait_for_leaders(client.get(), topic, new_total);
}

void Topics::delete_before(const std::string& topic, std::int32_t partition, std::int64_t offset) const {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers_}});
  const Partitions before(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(before.get(), topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* unwanted = rd_kafka_DeleteRecords_new(before.get());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
  rd_kafka_DeleteRecords(client.get(), &unwanted, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kLimitMs);
  auto error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
  if (const auto* result =
          error == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_event_DeleteRecords_result(event) : nullptr) {
    error = rd_kafka_DeleteRecords_result_offsets(result)->elems[0].err;
  }
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteRecords_destroy(unwanted);
  check("deleting records of " + topic, error);
}

void Topics::produce(const std::string& topic, const std::vector<TopicRecord>& records,
                     const std::map<std::string, std::string>& properties) const {
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::map<std::string, std::string> all{{"bootstrap.servers", brokers_}, {"enable.idempotence", "true"}};
  all.insert(properties.begin(), properties.end());
  const Client client = make_client(RD_KAFKA_PRODUCER, all, &failure);
  for (const TopicRecord& record : records) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
    }
    const auto error = rd_kafka_producev(
        client.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_KEY(record.key.empty() ? nullptr : record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(record.tombstone ? nullptr : const_cast<char*>(record.value.data()),
                         record.value.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    check("producing to " + topic, error);
  }
  check("producing to " + topic, rd_kafka_flush(client.get(), kLimitMs));
  check("producing to " + topic, failure);
}

std::vector<TopicRecord> Topics::read(const std::string& topic) const {
  auto records = TopicReader(brokers_, topic).rest();
  std::ranges::sort(records, {}, [](const TopicRecord& r) { return std::tuple(r.partition, r.offset); });
  return records;
}

std::vector<Topics::Extent> Topics::extents(const std::string& topic) const {
  const Client client =
      make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers_}, {"group.id", "tests"}});
  std::vector<Extent> extents(static_cast<std::size_t>(led_partitions(client.get(), topic)));
  for (std::size_t partition = 0; partition < extents.size(); ++partition) {
    check("the extent of " + topic,
          rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), static_cast<std::int32_t>(partition),
                                           &extents[partition].begin, &extents[partition].end, kLimitMs));
  }
  return extents;
}

std::optional<std::int64_t> Topics::committed(const std::string& group, const std::string& topic,
                                              std::int32_t partition) const {
  const Client client =
      make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers_}, {"group.id", group}});
  const Partitions partitions(rd_kafka_topic_partition_list_new(1));
  const auto* entry = rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), partition);
  const rd_kafka_resp_err_t error = rd_kafka_committed(client.get(), partitions.get(), kLimitMs);
  // A broker's first group waits for its topic of offsets.
  if (error == RD_KAFKA_RESP_ERR_NOT_COORDINATOR || error == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
    return std::nullopt;
  check("committed offsets of " + group, error);
  return entry->offset >= 0 ? std::optional(entry->offset) : std::nullopt;
}

namespace {

// One administrative request about one group, again while the group still has a member.
template <typename Send, typename GroupsOf>
void ask_group(const std::string& brokers, const std::string& what, Send send, GroupsOf groups_of) {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (true) {
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
    send(client.get(), queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kLimitMs);
    auto error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::size_t count = 0;
      const rd_kafka_group_result_t** groups = groups_of(event, &count);
      for (std::size_t i = 0; i < count && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        if (const rd_kafka_error_t* refusal = rd_kafka_group_result_error(groups[i]))
          error = rd_kafka_error_code(refusal);
        const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
        for (int p = 0; partitions != nullptr && p < partitions->cnt; ++p) {
          if (partitions->elems[p].err != RD_KAFKA_RESP_ERR_NO_ERROR) error = partitions->elems[p].err;
        }
      }
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (std::chrono::steady_clock::now() > deadline) fail(what, error);
  }
}

}  // namespace

void Topics::commit(const std::string& group, const std::string& topic, std::int32_t partition,
                    std::int64_t offset) const {
  ask_group(
      brokers_, "offsets of " + group,
      [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
        const Partitions partitions(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), partition)->offset = offset;
        rd_kafka_AlterConsumerGroupOffsets_t* request =
            rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), partitions.get());
        rd_kafka_AlterConsumerGroupOffsets(client, &request, 1, nullptr, queue);
        rd_kafka_AlterConsumerGroupOffsets_destroy(request);
      },
      [](rd_kafka_event_t* event, std::size_t* count) {
        return rd_kafka_AlterConsumerGroupOffsets_result_groups(
            rd_kafka_event_AlterConsumerGroupOffsets_result(event), count);
      });
}

void Topics::remove_group(const std::string& group) const {
  ask_group(
      brokers_, "deletion of " + group,
      [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
        rd_kafka_DeleteGroup_t* request = rd_kafka_DeleteGroup_new(group.c_str());
        rd_kafka_DeleteGroups(client, &request, 1, nullptr, queue);
        rd_kafka_DeleteGroup_destroy(request);
      },
      [](rd_kafka_event_t* event, std::size_t* count) {
        return rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), count);
      });
}

struct TopicReader::Handle {
  Client client;
  int partitions = 0;
  std::set<std::int32_t> ended;  // partitions whose end was met, and nothing came since
};

TopicReader::TopicReader(const std::string& brokers, const std::string& topic)
    : handle_(std::make_unique<Handle>()) {
  handle_->client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                    {"group.id", "tests"},
                                                    {"enable.auto.commit", "false"},
                                                    {"fetch.wait.max.ms", "50"},
                                                    {"enable.partition.eof", "true"}});
  handle_->partitions = led_partitions(handle_->client.get(), topic);
  if (handle_->partitions == 0) fail("reading " + topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const Partitions all(rd_kafka_topic_partition_list_new(handle_->partitions));
  for (int partition = 0; partition < handle_->partitions; ++partition) {
    rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), partition)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  check("reading " + topic, rd_kafka_assign(handle_->client.get(), all.get()));
}

TopicReader::~TopicReader() { rd_kafka_consumer_close(handle_->client.get()); }

std::optional<TopicRecord> TopicReader::next(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (auto left = limit; left > 0ms; left = std::chrono::duration_cast<std::chrono::milliseconds>(
                                          deadline - std::chrono::steady_clock::now())) {
    if (auto record = step(left)) return record;
  }
  return std::nullopt;
}

std::vector<TopicRecord> TopicReader::rest() {
  std::vector<TopicRecord> records;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (static_cast<int>(handle_->ended.size()) < handle_->partitions) {
    if (auto record = step(std::chrono::milliseconds(kLimitMs))) records.push_back(std::move(*record));
    if (std::chrono::steady_clock::now() > deadline) fail("reading", RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
  return records;
}

// One message of librdkafka: a record, or news. A broker that is away may come back before the caller's
// deadline.
std::optional<TopicRecord> TopicReader::step(std::chrono::milliseconds limit) {
  const Message message(rd_kafka_consumer_poll(handle_->client.get(), static_cast<int>(limit.count())));
  if (!message) return std::nullopt;
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) handle_->ended.insert(message->partition);
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  handle_->ended.erase(message->partition);
  return record_of(*message);
}

}  // namespace tocsin::kafka_test
