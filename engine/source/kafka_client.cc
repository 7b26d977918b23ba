#include "engine/source/kafka_client.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/source/kafka_properties.h"

namespace tocsin::source {
namespace {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using Topic = std::unique_ptr<rd_kafka_topic_t, TopicDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

int milliseconds(Duration timeout) {
  return static_cast<int>(std::clamp<Duration::rep>(timeout.count(), 0, 600'000));
}

// Always a fresh list: those of callbacks point into their handle.
List make_list(const KafkaOffsets& offsets) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset = offset;
  }
  return list;
}

List make_list(const KafkaCommits& commits) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(commits.size())));
  for (const auto& [partition, commit] : commits) {
    rd_kafka_topic_partition_t* element =
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
    element->offset = commit.offset;
    element->metadata = ::strdup(commit.metadata.c_str());  // the list frees it
    element->metadata_size = commit.metadata.size();
  }
  return list;
}

KafkaOffsets with_offset(const std::vector<KafkaPartition>& partitions, std::int64_t offset) {
  KafkaOffsets offsets;
  for (const KafkaPartition& partition : partitions) offsets[partition] = offset;
  return offsets;
}

std::vector<KafkaPartition> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaPartition> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, list.elems[i].partition});
  return partitions;
}

// What the exactly-once promise and the proof of being caught up rest on.
constexpr std::array<std::string_view, 6> kReserved{"enable.auto.commit", "enable.auto.offset.store",
                                                    "auto.offset.reset",  "enable.partition.eof",
                                                    "group.protocol",     "partition.assignment.strategy"};

Result<KafkaProperties> merged_properties(KafkaProperties properties, const KafkaSettings& settings) {
  for (const auto& [name, value] : settings.properties) {
    if (name == "group.id") return fail(ErrorCode::Invalid, "group.id is what `group:` sets", "properties");
    if (name == "bootstrap.servers" || name == "metadata.broker.list") {
      return fail(ErrorCode::Invalid, name + " is what `brokers:` sets", "properties");
    }
    if (std::ranges::find(kReserved, name) != kReserved.end()) {
      return fail(ErrorCode::Invalid, name + " cannot be set: the engine keeps its own positions",
                  "properties");
    }
    properties[name] = value;
  }
  return properties;
}

KafkaProperties common_properties(const KafkaSettings& settings) {
  KafkaProperties properties{
      {"bootstrap.servers", settings.brokers},
      {"group.id", settings.group.empty() ? "tocsin" : settings.group},
      {"client.id", "tocsin"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      // A position that is gone must be seen, not passed over by a jump.
      {"auto.offset.reset", "error"},
      // The end of a partition may lie behind its last record (transaction markers, compaction): only this
      // event says so.
      {"enable.partition.eof", "true"},
      // Cooperative rebalancing loses assignments in librdkafka before 2.10.
      {"partition.assignment.strategy", "range"},
      {"check.crcs", "true"},
      {"socket.nagle.disable", "true"},
      {"log.connection.close", "false"},
      // A new partition is seen within half a minute instead of five.
      {"topic.metadata.refresh.interval.ms", "30000"},
      {"fetch.wait.max.ms", "100"},
      // Responses of some megabytes are read twice as fast as those of the default's fifty.
      {"fetch.max.bytes", "4194304"},
      {"fetch.message.max.bytes", "524288"},
  };
  // What newer versions of librdkafka have: a shorter sleep when enough is fetched ahead, and telemetry to
  // the brokers, which nobody asked for.
  for (const auto& [name, value] :
       {std::pair{"fetch.queue.backoff.ms", "100"}, {"enable.metrics.push", "false"}}) {
    if (!kafka_property_fault(name, value)) properties[name] = value;
  }
  return properties;
}

void rebalance_callback(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                        void* opaque) {
  KafkaListener* listener = static_cast<KafkaClient*>(opaque)->listener();
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && listener != nullptr) {
    listener->on_assigned(partitions_of(*list));
    return;
  }
  if (listener != nullptr) listener->on_revoked(partitions_of(*list), rd_kafka_assignment_lost(handle) != 0);
  rd_kafka_assign(handle, nullptr);
}

void error_callback(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
  KafkaListener* listener = static_cast<KafkaClient*>(opaque)->listener();
  if (listener == nullptr) return;
  std::string text = reason;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> buffer{};
    rd_kafka_fatal_error(handle, buffer.data(), buffer.size());
    text = buffer.data();
  }
  listener->on_error(code, text);
}

int statistics_callback(rd_kafka_t* /*handle*/, char* json, std::size_t size, void* opaque) {
  KafkaListener* listener = static_cast<KafkaClient*>(opaque)->listener();
  if (listener != nullptr) listener->on_statistics({json, size});
  return 0;  // librdkafka keeps the text
}

void drop_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*line*/) {}

// Which broker leads which of `partitions`; those without a leader are left out.
std::map<std::int32_t, std::vector<KafkaPartition>> by_leader(const KafkaClient& client,
                                                              const std::vector<KafkaPartition>& partitions,
                                                              Duration timeout) {
  std::map<std::int32_t, std::vector<KafkaPartition>> leaders;
  // The question is about the topics that the handle knows, so it must know these.
  std::map<std::string, Topic> topics;
  for (const KafkaPartition& partition : partitions) {
    Topic& topic = topics[partition.topic];
    if (!topic) topic.reset(rd_kafka_topic_new(client.handle(), partition.topic.c_str(), nullptr));
  }
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client.handle(), 0, nullptr, &metadata, milliseconds(timeout)) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return leaders;
  }
  KafkaOffsets known;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[t];
    for (int p = 0; p < topic.partition_cnt; ++p) {
      known[{topic.topic, topic.partitions[p].id}] = topic.partitions[p].leader;
    }
  }
  rd_kafka_metadata_destroy(metadata);
  for (const KafkaPartition& partition : partitions) {
    const auto found = known.find(partition);
    if (found != known.end() && found->second >= 0)
      leaders[static_cast<std::int32_t>(found->second)].push_back(partition);
  }
  return leaders;
}

KafkaOffsets ask_leaders(const KafkaClient& client, const std::vector<KafkaPartition>& partitions,
                         std::int64_t timestamp, Duration timeout) {
  KafkaOffsets answered;
  for (const auto& [leader, led] : by_leader(client, partitions, timeout)) {
    const List list = make_list(with_offset(led, timestamp));
    if (rd_kafka_offsets_for_times(client.handle(), list.get(), milliseconds(timeout)) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
      continue;
    for (int i = 0; i < list->cnt; ++i) {
      const rd_kafka_topic_partition_t& element = list->elems[i];
      if (element.err == RD_KAFKA_RESP_ERR_NO_ERROR)
        answered[{element.topic, element.partition}] = element.offset;
    }
  }
  return answered;
}

constexpr std::int64_t kEndTimestamp = -1;
constexpr std::int64_t kStartTimestamp = -2;

constexpr Duration kDestroyWait = std::chrono::seconds{2};

// Runs what librdkafka may hang in on a thread of its own, which nobody waits for any longer than `timeout`.
void within(Duration timeout, std::function<void()> work) {
  std::promise<void> done;
  const std::future<void> is_done = done.get_future();
  std::thread thread([work = std::move(work), done = std::move(done)]() mutable {
    work();
    work = nullptr;  // with what it holds
    done.set_value();
  });
  if (is_done.wait_for(timeout) == std::future_status::ready) {
    thread.join();
  } else {
    thread.detach();
  }
}

}  // namespace

Result<KafkaProperties> group_properties(const KafkaSettings& settings) {
  KafkaProperties properties = common_properties(settings);
  properties["session.timeout.ms"] = "15000";
  properties["heartbeat.interval.ms"] = "3000";
  return merged_properties(std::move(properties), settings);
}

Result<KafkaProperties> reader_properties(const KafkaSettings& settings) {
  // When it is full, librdkafka sleeps up to a second before it fetches again.
  KafkaProperties properties = common_properties(settings);
  properties["queued.max.messages.kbytes"] = std::to_string(settings.ahead_bytes / 1024);
  properties["queued.min.messages"] = "1000000";  // bytes are the limit, however small the records
  properties["statistics.interval.ms"] = "5000";
  return merged_properties(std::move(properties), settings);
}

Result<KafkaProperties> history_properties(const KafkaSettings& settings, std::size_t partitions) {
  // Partitions are read unevenly; what is fetched ahead of all of them together stays within this.
  constexpr std::size_t kAheadKilobytes = 256 * 1024;
  constexpr std::size_t kLeast = 512;
  constexpr std::size_t kMost = 32 * 1024;
  KafkaProperties properties = common_properties(settings);
  const std::size_t share = std::clamp(kAheadKilobytes / std::max<std::size_t>(partitions, 1), kLeast, kMost);
  properties["queued.max.messages.kbytes"] = std::to_string(share);
  return merged_properties(std::move(properties), settings);
}

Result<std::shared_ptr<KafkaClient>> KafkaClient::create(const KafkaProperties& properties,
                                                         KafkaListener* listener) {
  auto client = std::make_shared<KafkaClient>(listener);
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> buffer{};
  for (const auto& [name, value] : properties) {
    const auto result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), buffer.data(), buffer.size());
    if (result == RD_KAFKA_CONF_OK) continue;
    rd_kafka_conf_destroy(conf);
    if (result == RD_KAFKA_CONF_UNKNOWN)
      return fail(ErrorCode::Invalid, "librdkafka knows no property " + name, "properties");
    return fail(ErrorCode::Invalid, "librdkafka refuses the value of " + name, "properties");
  }
  rd_kafka_conf_set_opaque(conf, client.get());
  rd_kafka_conf_set_rebalance_cb(conf, rebalance_callback);
  rd_kafka_conf_set_error_cb(conf, error_callback);
  rd_kafka_conf_set_stats_cb(conf, statistics_callback);
  // Errors come by callback; the log is for those who ask for it.
  if (!properties.contains("debug")) rd_kafka_conf_set_log_cb(conf, drop_log);
  client->handle_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, buffer.data(), buffer.size());
  if (client->handle_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return fail(ErrorCode::Invalid, fmt::format("librdkafka refuses the properties: {}", buffer.data()),
                "properties");
  }
  rd_kafka_poll_set_consumer(client->handle_);
  return client;
}

KafkaClient::~KafkaClient() {
  if (handle_ == nullptr) return;
  // librdkafka 2.0 waits for ever here once a topic that it read was deleted.
  within(kDestroyWait,
         [handle = handle_] { rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
}

void KafkaClient::hold(const std::vector<KafkaPartition>& partitions) {
  // An explicit offset asks nobody where to begin, and what is paused is not fetched.
  const List list = make_list(with_offset(partitions, 0));
  auto code = rd_kafka_assign(handle_, list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = rd_kafka_pause_partitions(handle_, list.get());
  KafkaListener* listener = listener_;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && listener != nullptr)
    listener->on_error(code, rd_kafka_err2str(code));
}

void KafkaClient::start(const KafkaPartition& partition, std::int64_t offset) {
  tell(rd_kafka_incremental_assign(handle_, make_list({{partition, offset}}).get()));
}

void KafkaClient::stop(const KafkaPartition& partition) {
  tell(rd_kafka_incremental_unassign(handle_, make_list({{partition, kNoOffset}}).get()));
}

void KafkaClient::tell(rd_kafka_error_s* error) {
  if (error == nullptr) return;
  KafkaListener* listener = listener_;
  if (listener != nullptr) listener->on_error(rd_kafka_error_code(error), rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
}

Result<void> KafkaClient::commit(const KafkaCommits& commits, Duration timeout) {
  const Queue queue(rd_kafka_queue_new(handle_));
  auto code = rd_kafka_commit_queue(handle_, make_list(commits).get(), queue.get(), nullptr, nullptr);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), milliseconds(timeout));
    code = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    rd_kafka_event_destroy(event);
  }
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
      return {};
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      return fail(ErrorCode::Refused, rd_kafka_err2str(code), "commit");  // somebody else may own them by now
    default:
      return fail(ErrorCode::Unavailable, rd_kafka_err2str(code), "commit");
  }
}

void KafkaClient::close(const std::shared_ptr<KafkaClient>& client, Duration timeout) {
  client->listener_ = nullptr;
  within(timeout, [client] { rd_kafka_consumer_close(client->handle_); });
}

bool answers(const KafkaClient& client, Duration timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client.handle(), 0, nullptr, &metadata, milliseconds(timeout)) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  rd_kafka_metadata_destroy(metadata);
  return true;
}

std::string cluster_id(const KafkaClient& client, Duration timeout) {
  char* id = rd_kafka_clusterid(client.handle(), milliseconds(timeout));
  if (id == nullptr) return {};
  std::string copy = id;
  rd_kafka_mem_free(client.handle(), id);
  return copy;
}

Result<std::vector<KafkaPartition>> list_partitions(const KafkaClient& client,
                                                    const std::vector<std::string>& topics,
                                                    Duration timeout) {
  std::vector<KafkaPartition> partitions;
  for (const std::string& name : topics) {
    const Topic topic(rd_kafka_topic_new(client.handle(), name.c_str(), nullptr));
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto code = rd_kafka_metadata(client.handle(), 0, topic.get(), &metadata, milliseconds(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail(ErrorCode::Unavailable, rd_kafka_err2str(code), "topic " + name);
    rd_kafka_resp_err_t topic_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) {
      const rd_kafka_metadata_topic_t& found = metadata->topics[0];
      topic_code = found.err;
      for (int p = 0; p < found.partition_cnt; ++p) partitions.push_back({name, found.partitions[p].id});
    }
    rd_kafka_metadata_destroy(metadata);
    if (topic_code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      return fail(ErrorCode::Refused, "the broker does not allow to read it", "topic " + name);
    }
    if (topic_code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      return fail(ErrorCode::NotFound, "no such topic", "topic " + name);
    }
    if (topic_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(ErrorCode::Unavailable, rd_kafka_err2str(topic_code), "topic " + name);
    }
  }
  std::ranges::sort(partitions);
  return partitions;
}

Result<KafkaCommits> committed_offsets(const KafkaClient& client,
                                       const std::vector<KafkaPartition>& partitions, Duration timeout) {
  const List list = make_list(with_offset(partitions, kNoOffset));
  const auto code = rd_kafka_committed(client.handle(), list.get(), milliseconds(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(ErrorCode::Unavailable, rd_kafka_err2str(code), "committed offsets");
  KafkaCommits commits;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& element = list->elems[i];
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(ErrorCode::Unavailable, rd_kafka_err2str(element.err), "committed offsets");
    }
    KafkaCommit& commit = commits[{element.topic, element.partition}];
    if (element.offset < 0) continue;
    commit.offset = element.offset;
    if (element.metadata != nullptr)
      commit.metadata.assign(static_cast<const char*>(element.metadata), element.metadata_size);
  }
  return commits;
}

KafkaOffsets query_offsets(const KafkaClient& client, const std::vector<KafkaPartition>& partitions,
                           OffsetQuery query, Duration timeout) {
  return ask_leaders(client, partitions, query == OffsetQuery::Start ? kStartTimestamp : kEndTimestamp,
                     timeout);
}

KafkaOffsets query_offsets(const KafkaClient& client, const std::vector<KafkaPartition>& partitions,
                           EventTime time, Duration timeout) {
  KafkaOffsets offsets =
      ask_leaders(client, partitions, std::max<std::int64_t>(time.time_since_epoch().count(), 0), timeout);
  std::vector<KafkaPartition> at_end;
  for (const auto& [partition, offset] : offsets) {
    if (offset < 0) at_end.push_back(partition);
  }
  if (at_end.empty()) return offsets;
  const KafkaOffsets ends = query_offsets(client, at_end, OffsetQuery::End, timeout);
  for (const KafkaPartition& partition : at_end) {
    offsets.erase(partition);
    if (const auto end = ends.find(partition); end != ends.end()) offsets.insert(*end);
  }
  return offsets;
}

KafkaMessages::~KafkaMessages() {
  for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
}

void KafkaMessages::add(rd_kafka_message_s* message, event::RawBatch& batch) {
  messages_.push_back(message);
  batch.next_offset = message->offset + 1;
  event::RawRecord record;
  if (message->payload != nullptr) record.value = {static_cast<const char*>(message->payload), message->len};
  record.offset = message->offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t timestamp = rd_kafka_message_timestamp(message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0)
    record.timestamp = EventTime{Duration{timestamp}};
  batch.records.push_back(record);
}

}  // namespace tocsin::source
