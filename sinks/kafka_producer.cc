#include "sinks/kafka_producer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

namespace tocsin::sinks {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 10> kDefaults = {{
    {"client.id", "tocsin-produce"},
    {"enable.idempotence", "true"},
    {"compression.codec", "lz4"},
    {"linger.ms", "50"},  // batches of a busy topic are full long before
    {"batch.size", "1000000"},
    {"batch.num.messages", "10000"},
    {"queue.buffering.max.kbytes", "131072"},
    {"queue.buffering.max.messages", "200000"},
    {"partitioner", "murmur2_random"},
    {"socket.nagle.disable", "true"},
}};

constexpr int kAnswerMs = 10'000;  // for the broker to say what topics it has

struct ConfDestroyer {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDestroyer>;

struct HandleDestroyer {
  void operator()(rd_kafka_t* handle) const {
    // Without the purge, destroying would wait for brokers that may never answer.
    rd_kafka_purge(handle,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(handle);
  }
};

struct TopicDestroyer {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using Topic = std::unique_ptr<rd_kafka_topic_t, TopicDestroyer>;

}  // namespace

struct KafkaProducer::State {
  std::string brokers;
  ProducedCounts counts;
  std::uint64_t sent = 0;

  std::mutex trouble_mutex;
  std::string trouble;  // guarded by trouble_mutex; librdkafka's last complaint, which explains a silence

  std::unique_ptr<rd_kafka_t, HandleDestroyer> handle;
  struct Known {
    Topic topic;
    std::int32_t partitions = 0;
  };
  std::vector<Known> topics;  // gone before the handle

  // In rd_kafka_poll(), on the caller's thread.
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    ProducedCounts& counts = static_cast<State*>(opaque)->counts;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++counts.acknowledged;
    } else if (counts.failed++ == 0) {
      counts.first_failure = rd_kafka_err2str(message->err);
    }
  }

  // On librdkafka's threads.
  static void on_log(const rd_kafka_t* handle, int level, const char*, const char* text) {
    constexpr int kError = 3;  // of syslog
    if (level > kError) return;
    auto* state = static_cast<State*>(rd_kafka_opaque(handle));
    std::string_view line(text);
    if (const auto thread = line.find("]: "); line.starts_with("[thrd:") && thread != line.npos)
      line.remove_prefix(thread + 3);
    std::lock_guard lock(state->trouble_mutex);
    state->trouble = line;
  }

  [[nodiscard]] std::string with_trouble(std::string text) {
    std::lock_guard lock(trouble_mutex);
    return trouble.empty() ? text : text + ": " + trouble;
  }
};

KafkaProducer::KafkaProducer(std::unique_ptr<State> state) : state_(std::move(state)) {}
KafkaProducer::~KafkaProducer() = default;
KafkaProducer::KafkaProducer(KafkaProducer&&) noexcept = default;
KafkaProducer& KafkaProducer::operator=(KafkaProducer&&) noexcept = default;

Result<KafkaProducer> KafkaProducer::open(const std::string& brokers,
                                          const std::map<std::string, std::string>& properties) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : kDefaults) rd_kafka_conf_set(conf.get(), name, value, nullptr, 0);
  for (const auto& [name, value] : properties) {
    const auto set = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), nullptr, 0);
    if (set == RD_KAFKA_CONF_UNKNOWN)
      return fail(ErrorCode::Invalid, fmt::format("librdkafka knows no property '{}'", name));
    if (set != RD_KAFKA_CONF_OK)
      return fail(ErrorCode::Invalid, fmt::format("librdkafka refuses the value of the property '{}'", name));
  }
  auto state = std::make_unique<State>();
  state->brokers = brokers;
  rd_kafka_conf_set(conf.get(), "bootstrap.servers", brokers.c_str(), nullptr, 0);
  rd_kafka_conf_set_opaque(conf.get(), state.get());
  rd_kafka_conf_set_dr_msg_cb(conf.get(), State::on_report);
  rd_kafka_conf_set_log_cb(conf.get(), State::on_log);
  std::array<char, 512> message{};
  state->handle.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), message.data(), message.size()));
  if (!state->handle) return fail(ErrorCode::Invalid, message.data());
  (void)conf.release();  // the handle owns it now
  return KafkaProducer(std::move(state));
}

Result<void> KafkaProducer::create_topic(const std::string& topic, std::int32_t partitions) {
  rd_kafka_t* handle = state_->handle.get();
  std::array<char, 512> message{};
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, message.data(), message.size());
  if (wanted == nullptr) return fail(ErrorCode::Invalid, message.data(), "topic " + topic);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_request_timeout(options, kAnswerMs, nullptr, 0);
  rd_kafka_CreateTopics(handle, &wanted, 1, options, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kAnswerMs * 2);
  std::string trouble;
  if (event == nullptr) {
    trouble = "no answer in time";
  } else if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    trouble = rd_kafka_event_error_string(event);
  } else {
    std::size_t count = 0;
    const auto* topics =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto code = rd_kafka_topic_result_error(topics[i]);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
      const char* text = rd_kafka_topic_result_error_string(topics[i]);
      trouble = text != nullptr ? text : rd_kafka_err2str(code);
    }
  }
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(wanted);
  if (trouble.empty()) return {};
  return fail(ErrorCode::Unavailable, state_->with_trouble("cannot create it: " + trouble), "topic " + topic);
}

Result<KafkaProducer::TopicNumber> KafkaProducer::add_topic(const std::string& topic) {
  State::Known known{Topic(rd_kafka_topic_new(state_->handle.get(), topic.c_str(), nullptr)), 0};
  if (!known.topic) return fail(ErrorCode::Invalid, "this cannot be the name of a Kafka topic", topic);
  // A topic that was just created may not be known everywhere yet, so a missing one is asked for again.
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  do {
    const rd_kafka_metadata_t* metadata = nullptr;
    code = rd_kafka_metadata(state_->handle.get(), 0, known.topic.get(), &metadata, kAnswerMs);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(ErrorCode::Unavailable,
                  state_->with_trouble(fmt::format("the broker at {} does not answer", state_->brokers)));
    }
    code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) known.partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) poll(Duration{200});
  } while (code != RD_KAFKA_RESP_ERR_NO_ERROR && std::chrono::steady_clock::now() < deadline);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return fail(ErrorCode::NotFound, fmt::format("there is no such topic at {}", state_->brokers),
                "topic " + topic);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(ErrorCode::Refused, rd_kafka_err2str(code), "topic " + topic);
  state_->topics.push_back(std::move(known));
  return state_->topics.size() - 1;
}

std::int32_t KafkaProducer::partitions(TopicNumber topic) const { return state_->topics[topic].partitions; }

Result<bool> KafkaProducer::send(TopicNumber topic, std::optional<std::int32_t> partition,
                                 std::optional<std::string_view> key, std::string_view value,
                                 EventTime timestamp) {
  const auto bytes = [](std::string_view text) {
    return const_cast<char*>(text.data());
  };  // copied, not written
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_RKT;
  parts[0].u.rkt = state_->topics[topic].topic.get();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[2].u.i32 = partition.value_or(RD_KAFKA_PARTITION_UA);
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[3].u.mem = {bytes(value), value.size()};
  parts[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  parts[4].u.i64 = timestamp.time_since_epoch().count();
  parts[5].vtype = RD_KAFKA_VTYPE_KEY;
  if (key) parts[5].u.mem = {bytes(*key), key->size()};
  rd_kafka_error_t* error = rd_kafka_produceva(state_->handle.get(), parts.data(), parts.size());
  if (error == nullptr) {
    ++state_->sent;
    return true;
  }
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {  // this one can never be sent; the others can
    ++state_->sent;
    if (state_->counts.failed++ == 0) state_->counts.first_failure = text;
    return true;
  }
  return fail(ErrorCode::Unavailable, state_->with_trouble(text));
}

void KafkaProducer::poll(Duration wait) {
  rd_kafka_poll(state_->handle.get(), static_cast<int>(wait.count()));
}

bool KafkaProducer::finish(Duration limit) {
  rd_kafka_flush(state_->handle.get(), static_cast<int>(limit.count()));
  const std::uint64_t missing = state_->sent - state_->counts.acknowledged - state_->counts.failed;
  if (missing == 0) return true;
  if (state_->counts.failed == 0)
    state_->counts.first_failure =
        state_->with_trouble(fmt::format("not acknowledged within {}", format_duration(limit)));
  state_->counts.failed += missing;
  return false;
}

const ProducedCounts& KafkaProducer::counts() const { return state_->counts; }

}  // namespace tocsin::sinks
