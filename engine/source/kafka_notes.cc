#include "engine/source/kafka_notes.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace tocsin::source {
namespace {

constexpr std::size_t kMostSaid = 1000;

// "… (after 12ms in state CONNECT, 3 identical error(s) suppressed)": every time another number, and a
// complaint is said once.
std::string_view without_timing(std::string_view text) { return text.substr(0, text.find(" (after ")); }

// The text of a refused login or a failed handshake begins with the broker's URL; what is wrong is in the
// rest.
Note connection_refused(std::string_view text) {
  const std::string_view reason = text.substr(std::min(text.size(), text.find(": ")));
  const auto says = [reason](std::string_view part) { return reason.find(part) != reason.npos; };
  Note note{Severity::Error,
            "login_refused",
            fmt::format("a broker refuses the login: {}", text),
            "check sasl.username, sasl.password and sasl.mechanism of the source; trying again",
            {}};
  if (says("SASL")) return note;
  if (says("certificate")) {
    // librdkafka says the same of a stranger's certificate and of one for another name.
    note.code = "certificate_refused";
    note.text = fmt::format("a broker's certificate is not accepted: {}", text);
    note.advice =
        "check that ssl.ca.location names the authority that signed it, and that it is for the name that "
        "`brokers:` uses; trying again";
  } else if (says("SSL") || says("ssl")) {
    note.code = "encryption_refused";
    note.text = fmt::format("no encrypted connection comes about: {}", text);
    note.advice = "check security.protocol, the port, and the ssl.* properties of the source; trying again";
  }
  return note;
}

}  // namespace

void KafkaNotes::say(Note note) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(note));
}

void KafkaNotes::say_once(Note note) {
  const std::lock_guard lock(mutex_);
  if (said_.size() == kMostSaid) said_.clear();
  if (said_.insert(note.text).second) notes_.push_back(std::move(note));
}

void KafkaNotes::forget() {
  const std::lock_guard lock(mutex_);
  said_.clear();
}

std::vector<Note> KafkaNotes::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notes_, {});
}

std::string KafkaNotes::fatal() const {
  const std::lock_guard lock(mutex_);
  return fatal_;
}

void KafkaNotes::error(int code, const std::string& text, const std::string& topic) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL: {
      const std::lock_guard lock(mutex_);
      fatal_ = text;
      return;
    }
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      brokers_lost_ = true;
      return;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      say_once({Severity::Warning,
                "broker_connection",
                fmt::format("broker connection: {}", without_timing(text)),
                "trying again",
                {}});
      return;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__SSL:
      say_once(connection_refused(without_timing(text)));
      return;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      say_once({Severity::Warning,
                "topic_absent",
                fmt::format("topic {} does not exist (yet)", topic),
                "create it or mend the name; trying again",
                {{"topic", topic}}});
      return;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      say_once({Severity::Error,
                "topic_refused",
                fmt::format("the brokers do not allow to read topic {}", topic),
                "allow this user to read it; trying again",
                {{"topic", topic}}});
      return;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      say_once({Severity::Error,
                "group_refused",
                fmt::format("the brokers do not allow the group {}", group_),
                "allow this user to use it; trying again",
                {{"group", group_}}});
      return;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
      say_once({Severity::Error,
                "record_damaged",
                fmt::format("the broker holds damaged records: {}", text),
                "they are passed over; check the broker's disks",
                {{"topic", topic}}});
      return;
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      say({Severity::Warning,
           "poll_exceeded",
           "this process stood still for longer than max.poll.interval.ms, so the group gave its partitions "
           "away",
           "joining again",
           {{"group", group_}}});
      return;
    default:
      say_once({Severity::Warning, "kafka", fmt::format("kafka: {}", without_timing(text)), {}, {}});
  }
}

}  // namespace tocsin::source
