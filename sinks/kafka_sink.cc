// The alert topic: notifications as CloudEvents on a Kafka topic, for programs. (Many records at once:
// kafka_producer.h.)
//
// Binary mode of the CloudEvents binding: the payload is the record's value, the attributes are its headers
// (`ce_id`, …, `content-type`). The record's key is the notification's, its partition Java's choice for that
// key (murmur2): one alarm's notifications stay in order, and other clients find them where they expect them.
// The record's timestamp is the time of sending, since retention goes by it; `ce_time` is the event's.
//
// The broker's acknowledgement, which librdkafka calls a delivery report, is the only truth about a record.
// There is one record in flight at a time (order), so nothing is gained by waiting for more to fill a batch.
// The producer's handle is disposable: after a fatal error (librdkafka before 2.3 can lose its count when a
// broker fails over), a report that does not come, or a topic that was missing, it is thrown away and the
// next attempt makes another. A record may then be there twice, with the same `ce_id`.

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "sinks/builtin_sinks.h"

namespace tocsin::sinks {
namespace {

using notify::Attempt;

constexpr std::array<std::pair<const char*, const char*>, 9> kDefaults = {{
    {"client.id", "tocsin"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"linger.ms", "0"},
    {"partitioner", "murmur2_random"},
    {"message.timeout.ms", "10000"},
    {"topic.metadata.propagation.max.ms", "2000"},  // how long an unknown topic may be mere news
    {"socket.nagle.disable", "true"},
    {"reconnect.backoff.max.ms", "2000"},
}};

// What an acknowledgement means, and where to connect, is not left to the properties.
constexpr std::array<std::string_view, 4> kReserved = {"acks", "request.required.acks", "bootstrap.servers",
                                                       "metadata.broker.list"};

constexpr std::size_t kMaxTopic = 249;
constexpr Duration kMaxMessageTimeout = std::chrono::minutes(5);
constexpr Duration kReportGrace = std::chrono::seconds(2);  // for a report of a timeout to come
constexpr int kPollMs = 100;

bool is_topic_name(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxTopic && name != "." && name != ".." &&
         std::ranges::all_of(name, legal);
}

struct ConfDestroyer {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDestroyer>;

struct ProducerDestroyer {
  void operator()(rd_kafka_t* producer) const {
    // Without the purge, destroying would wait for brokers that may never answer.
    rd_kafka_purge(producer,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(producer);
  }
};
using Producer = std::unique_ptr<rd_kafka_t, ProducerDestroyer>;

struct HeadersDestroyer {
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, HeadersDestroyer>;

// A record can stay too large for ever; everything else (a missing topic, missing rights, an unreachable
// broker) is what people mend while the notification waits.
bool is_hopeless(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

// Nobody is there to take any record, or nobody may: a partition without a leader, a login, rights. Whatever
// else a broker says is of this record, which it may never take.
bool is_away(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

class KafkaSink final : public notify::Sink {
 public:
  explicit KafkaSink(const SinkSettings& settings)
      : brokers_(text_or(settings, "brokers", {})), topic_(text_or(settings, "topic", {})) {
    if (const auto map = settings.maps.find("properties"); map != settings.maps.end())
      properties_ = map->second;
  }

  Result<void> open() override {
    if (!is_topic_name(topic_)) {
      return fail(ErrorCode::Invalid, fmt::format("'{}' cannot be the name of a Kafka topic", topic_));
    }
    if (brokers_.empty()) return fail(ErrorCode::Invalid, "brokers are missing");
    return make_producer();
  }

  Attempt deliver(const notify::Notification& notification) override {
    if (!producer_) {
      if (auto made = make_producer(); !made) return retry(tocsin::describe(made.error()));
    }
    report_.reset();
    if (const rd_kafka_resp_err_t error = produce(notification); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return failed(error);
    }
    const auto deadline = std::chrono::steady_clock::now() + message_timeout_ + kReportGrace;
    while (!report_ && std::chrono::steady_clock::now() < deadline) rd_kafka_poll(producer_.get(), kPollMs);

    if (!report_) {
      producer_.reset();
      return retry(with_trouble(fmt::format("no report within {}", format_duration(message_timeout_))));
    }
    if (*report_ == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::lock_guard lock(trouble_mutex_);
      trouble_.clear();
      return {};
    }
    return failed(*report_);
  }

  std::string describe() const override { return "kafka " + topic_; }

 private:
  Result<void> make_producer() {
    auto conf = make_conf();
    if (!conf) return std::unexpected(conf.error());
    if (auto timeout = read_message_timeout(conf->get()); !timeout) return timeout;
    std::array<char, 512> message{};
    Producer producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), message.data(), message.size()));
    if (!producer) return fail(ErrorCode::Invalid, message.data());
    (void)conf->release();  // the producer owns it now
    producer_ = std::move(producer);
    return {};
  }

  Result<Conf> make_conf() {
    Conf conf(rd_kafka_conf_new());
    for (const auto& [name, value] : kDefaults) {
      if (auto set = set_property(conf.get(), name, value); !set) return std::unexpected(set.error());
    }
    for (const auto& [name, value] : properties_) {
      if (std::ranges::find(kReserved, name) != kReserved.end()) {
        return fail(ErrorCode::Invalid,
                    fmt::format("the property '{}' is not for the configuration to set", name));
      }
      if (auto set = set_property(conf.get(), name, value); !set) return std::unexpected(set.error());
    }
    if (auto set = set_property(conf.get(), "bootstrap.servers", brokers_); !set)
      return std::unexpected(set.error());
    // Statistics would gather in a queue that is only emptied while a record is on its way.
    if (auto set = set_property(conf.get(), "statistics.interval.ms", "0"); !set)
      return std::unexpected(set.error());
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
    rd_kafka_conf_set_log_cb(conf.get(), on_log);
    return conf;
  }

  // Never shows a value: it may be a password.
  static Result<void> set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0)) {
      case RD_KAFKA_CONF_OK:
        return {};
      case RD_KAFKA_CONF_UNKNOWN:
        return fail(ErrorCode::Invalid, fmt::format("librdkafka knows no property '{}'", name));
      case RD_KAFKA_CONF_INVALID:
        break;
    }
    return fail(ErrorCode::Invalid, fmt::format("librdkafka refuses the value of the property '{}'", name));
  }

  // deliver() is only as bounded as librdkafka's own patience, which is the user's to set.
  Result<void> read_message_timeout(const rd_kafka_conf_t* conf) {
    std::array<char, 32> text{};
    std::size_t size = text.size();
    std::int64_t milliseconds = 0;
    if (rd_kafka_conf_get(conf, "message.timeout.ms", text.data(), &size) == RD_KAFKA_CONF_OK) {
      std::from_chars(text.data(), text.data() + size, milliseconds);
    }
    message_timeout_ = Duration{milliseconds};
    if (message_timeout_ <= Duration{0} || message_timeout_ > kMaxMessageTimeout) {
      return fail(ErrorCode::Invalid,
                  fmt::format("the property 'message.timeout.ms' must be between 1 and {}",
                              kMaxMessageTimeout.count()));
    }
    return {};
  }

  // Into librdkafka's queue, as a copy. The headers are made first and handed over whole: given one by one,
  // librdkafka 2.0.2 frees them twice when it refuses the record.
  rd_kafka_resp_err_t produce(const notify::Notification& notification) {
    Headers headers(rd_kafka_headers_new(notification.attributes.size()));
    for (const auto& [name, text] : notification.attributes) {
      const std::string header = name == "datacontenttype" ? "content-type" : "ce_" + name;
      rd_kafka_header_add(headers.get(), header.data(), static_cast<ssize_t>(header.size()), text.data(),
                          static_cast<ssize_t>(text.size()));
    }
    std::array<rd_kafka_vu_t, 5> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic_.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[1].u.i = RD_KAFKA_MSG_F_COPY;
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {const_cast<char*>(notification.key.data()),
                      notification.key.size()};  // never written to
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {const_cast<char*>(notification.payload.data()), notification.payload.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers.get();
    rd_kafka_error_t* error = rd_kafka_produceva(producer_.get(), parts.data(), parts.size());
    if (error == nullptr) {
      (void)headers.release();  // the record owns them now
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
  }

  Attempt failed(rd_kafka_resp_err_t error) {
    std::array<char, 512> message{};
    if (rd_kafka_fatal_error(producer_.get(), message.data(), message.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      producer_.reset();
      return retry(fmt::format("the producer failed and is made anew: {}", message.data()), is_away(error));
    }
    switch (error) {
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        producer_.reset();  // it would believe so for minutes after the topic is there
        return retry(fmt::format("the topic '{}' does not exist at {}: create it", topic_, brokers_));
      case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        return retry(
            with_trouble(fmt::format("not acknowledged within {}", format_duration(message_timeout_))));
      default:
        if (is_hopeless(error))
          return {.outcome = Attempt::Outcome::Rejected, .detail = rd_kafka_err2str(error)};
        return retry(rd_kafka_err2str(error), is_away(error));
    }
  }

  static Attempt retry(std::string detail, bool away = true) {
    return {.outcome = Attempt::Outcome::Retry, .detail = std::move(detail), .away = away};
  }

  std::string with_trouble(std::string text) {
    std::lock_guard lock(trouble_mutex_);
    return trouble_.empty() ? text : text + ": " + trouble_;
  }

  // In rd_kafka_poll(), on the sink's thread.
  static void on_report(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* opaque) {
    static_cast<KafkaSink*>(opaque)->report_ = message->err;
  }

  // On librdkafka's threads. Errors explain a later timeout; nothing is printed, that is the reporter's.
  static void on_log(const rd_kafka_t* producer, int level, const char* /*facility*/, const char* text) {
    constexpr int kError = 3;  // of syslog
    if (level > kError) return;
    auto* sink = static_cast<KafkaSink*>(rd_kafka_opaque(producer));
    std::string_view trouble(text);
    if (const auto thread = trouble.find("]: ");
        trouble.starts_with("[thrd:") && thread != std::string_view::npos) {
      trouble.remove_prefix(thread + 3);
    }
    trouble = trouble.substr(0, trouble.find(" (after "));  // a duration: would make each failure look new
    std::lock_guard lock(sink->trouble_mutex_);
    sink->trouble_ = trouble;
  }

  const std::string brokers_;
  const std::string topic_;
  std::map<std::string, std::string> properties_;
  Duration message_timeout_{0};
  std::optional<rd_kafka_resp_err_t> report_;  // of the record in flight

  std::mutex trouble_mutex_;
  std::string trouble_;  // guarded by trouble_mutex_; librdkafka's last complaint

  Producer producer_;  // the last member: its threads use the others until it is gone
};

constexpr std::array kOptions = {
    SinkOption{.name = "topic", .required = true, .description = "The alert topic.", .is_where = true},
    SinkOption{.name = "brokers",
               .description = "HOST:PORT, …; by default those of the only Kafka source.",
               .is_where = true},
    SinkOption{.name = "properties",
               .type = SinkOption::Type::Map,
               .secret = true,
               .description = "Any property of librdkafka's producer."},
};

}  // namespace

SinkKind kafka_sink() {
  return {.name = "kafka", .scalar_option = "topic", .options = kOptions, .make = make<KafkaSink>};
}

}  // namespace tocsin::sinks
