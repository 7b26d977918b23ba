// What Kafka's handles have to say, in words for a person: what happened, what happens by itself, what to
// check.
//
// One for each source; its handles are polled by several threads, so everything here may be called from any.
// No text shows a property's value.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/base/note.h"

namespace tocsin::source {

class KafkaNotes {
 public:
  KafkaNotes(std::string brokers, std::string group)
      : brokers_(std::move(brokers)), group_(std::move(group)) {}

  void say(Note note);
  // Complaints come again with every retry; each text is said once until forget().
  void say_once(Note note);
  void forget();

  // Of a code of rd_kafka_resp_err_t and librdkafka's own text; `topic` where it is about one.
  void error(int code, const std::string& text, const std::string& topic = {});

  // The notes since the last call.
  [[nodiscard]] std::vector<Note> take();

  // The client cannot go on.
  [[nodiscard]] std::string fatal() const;

  // librdkafka has lost every broker since this was last asked.
  [[nodiscard]] bool take_brokers_lost() { return brokers_lost_.exchange(false); }

 private:
  const std::string brokers_;
  const std::string group_;
  std::atomic<bool> brokers_lost_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::string fatal_;
  std::vector<Note> notes_;
  std::set<std::string> said_;
};

}  // namespace tocsin::source
