// Who reads which partitions, and from where: this process's place in a consumer group.
//
//   brokers --rebalance--> KafkaGroup --places--> KafkaSource --> KafkaReader
//      ▲                       │
//      └──── commits ──────────┘
//
// The group's handle owns partitions and reads none of them. A thread of its own polls it, so that a reader
// that waits for room keeps its membership; only that thread commits, so that no commit is made by somebody
// who does not own the partition any more. What may be committed of a partition is committed before it is
// given back; what may be only later waits for the partition to come back.
//
// A partition starts where the group is; where the group has no position, by `start:`, and that start is
// committed before anything is read, so that a crash loses nothing. A partition that joins a topic
// which the group already reads starts at its earliest record: in it nothing is from before. Which partitions
// have joined is decided by what the topic had when this process first found the group without a position in
// it; those follow `start:`, however late the last of them finds its leader, and their starts are committed
// together, whoever of the group reads them. Where position and topic have
// parted, decide_position() says how, and a note tells what is lost.
//
// Positions that an earlier run kept (`from`) are the truth, and the group's are for people. They are
// compared once, when a partition is met first: each commit carries a mark that says it is the engine's, and
// the mark is there before anything is read, so that only what others did to the group's positions can
// contradict the engine's. Then nothing of that topic is read: dispute() says what is to be decided,
// KafkaSettings::positions what was. The mark counts the topics that had this name one after another:
// librdkafka 2.0 does not tell their ids.
//
// Nothing here is an error but a dispute and a fatal one of the client: what may come right by itself is a
// note, and is tried again. Used by one thread beside its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/source/kafka_client.h"
#include "engine/source/kafka_notes.h"
#include "engine/source/kafka_position.h"
#include "engine/source/settings.h"

namespace tocsin::source {

class KafkaGroup final : private KafkaListener {
 public:
  // Where to read a partition from. Another version means: begin again, here.
  struct Place {
    std::optional<std::int64_t> start;  // nothing: owned, but nobody knows yet where to begin
    std::uint64_t version = 0;
    std::uint64_t incarnation = 1;
    bool renewed = false;  // its offsets mean other records than before: created anew, or cut off
  };
  using Places = std::map<KafkaPartition, Place>;

  // Where an earlier run came to.
  struct Known {
    std::optional<std::int64_t> position;  // none: it was met, and nothing was read
    std::uint64_t incarnation = 1;
    bool is_durable = true;  // Resume::is_durable
    std::string cluster;     // that it was read from; empty: not known
  };

  [[nodiscard]] static Result<std::unique_ptr<KafkaGroup>> join(const KafkaSettings& settings,
                                                                const std::map<KafkaPartition, Known>& from,
                                                                KafkaNotes& notes);
  ~KafkaGroup() { close(Duration{0}); }
  KafkaGroup(const KafkaGroup&) = delete;
  KafkaGroup& operator=(const KafkaGroup&) = delete;

  // All that is owned, if something about it has changed since the last call.
  [[nodiscard]] std::optional<Places> take_places();

  // Everything before `offset` has been handed over; may be committed.
  void handed(const KafkaPartition& partition, std::int64_t offset);
  void commit(const KafkaPartition& partition, std::int64_t offset);

  // The place of an owned partition does not hold: its records are gone, or its topic ends before it, at
  // `end`.
  void place_again(const KafkaPartition& partition, std::optional<std::int64_t> end);

  // The group's positions contradict those of the earlier run: what is to be decided. Nothing more is read.
  [[nodiscard]] std::optional<Error> dispute() const;

  // The group's position, as far as this process knows.
  [[nodiscard]] std::optional<std::int64_t> committed(const KafkaPartition& partition) const;
  [[nodiscard]] std::uint64_t rebalances() const;
  // What the brokers call their cluster, once a partition has its place; empty where they do not say.
  [[nodiscard]] std::string cluster() const;

  // The configured topics of which this process owns nothing, though no other member does: they do not exist,
  // or nobody may see them.
  [[nodiscard]] std::vector<std::string> unheard_topics() const;

  // Commits what may be committed and leaves the group. Waits for what is under way, and then at most
  // `timeout`.
  void stop();
  void close(Duration timeout);

 private:
  using Clock = std::chrono::steady_clock;

  // What is remembered of a partition, owned or not.
  struct Partition {
    bool owned = false;
    Place place;
    std::optional<std::int64_t> handed;
    std::optional<std::int64_t> least_end;
    std::optional<std::int64_t> committed;
    std::optional<std::int64_t> to_commit;
    std::uint64_t incarnation = 1;
    std::optional<std::int64_t> known;  // of an earlier run, until the partition is placed
    bool is_durable = true;             // that
    std::string cluster;                // and whose
  };
  // A place that was found.
  struct Placing {
    KafkaPartition key;
    KafkaPosition position;
    std::uint64_t incarnation = 1;
    std::optional<std::int64_t> committed;  // the group's position, before
    bool claimed = false;                   // and is committed anew
  };

  KafkaGroup(const KafkaSettings& settings, KafkaNotes& notes) : settings_(settings), notes_(notes) {}

  void on_assigned(const std::vector<KafkaPartition>& partitions) override;
  void on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) override;
  void on_error(int code, const std::string& text) override { notes_.error(code, text); }

  void run(const std::stop_token& stopping);
  void serve(Duration wait);
  void commit_all();
  bool commit_now(const KafkaCommits& commits);
  void place_all(const std::stop_token& stopping);
  [[nodiscard]] bool place(const std::string& topic, const std::vector<KafkaPartition>& unplaced);
  void measure_topics(const std::stop_token& stopping);
  void settle(const Placing& placing);
  void raise(const std::vector<std::string>& disputes);
  [[nodiscard]] bool was_read(const std::string& topic) const;
  [[nodiscard]] bool is_elsewhere(const Partition& partition) const;
  [[nodiscard]] std::map<std::string, std::size_t> count_owned() const;
  [[nodiscard]] bool is_shared(const std::map<std::string, std::size_t>& owned) const;
  void tell_partial();
  void tell(const KafkaPartition& partition, const KafkaPosition& position);
  void topic_missing(const std::string& topic);
  [[nodiscard]] const std::set<KafkaPartition>& followers_of_start(const std::string& topic,
                                                                   const KafkaCommits& committed);

  const KafkaSettings settings_;
  KafkaNotes& notes_;
  std::shared_ptr<KafkaClient> client_;

  // Of the thread.
  std::map<std::string, std::set<KafkaPartition>> followers_of_start_;  // by topic, once it was first placed
  std::set<std::string> gone_;                                          // topics that were read and are gone
  std::map<std::string, std::string> partial_;                          // of which a part was told, and which
  Clock::time_point committed_at_{};
  Clock::time_point place_at_{};

  mutable std::mutex mutex_;  // guards what follows
  std::map<KafkaPartition, Partition> partitions_;
  std::map<std::string, std::size_t> topic_sizes_;  // partitions, as answered since the last assignment
  std::uint64_t last_version_ = 0;
  std::uint64_t rebalances_ = 0;
  bool changed_ = false;
  std::optional<Error> dispute_;
  std::string cluster_;

  std::jthread thread_;  // last: starts when all else is there
};

}  // namespace tocsin::source
