#include "engine/source/kafka_group.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tocsin::source {
namespace {

constexpr Duration kServeWait{50};
constexpr Duration kCommitEvery{500};
constexpr Duration kCommitWait = std::chrono::seconds{2};
constexpr Duration kAskWait = std::chrono::seconds{1};
constexpr Duration kPlaceAgain = std::chrono::seconds{1};

// "5 (audit 1, trail 4)".
std::string counted(const std::vector<KafkaPartition>& partitions) {
  std::map<std::string, std::size_t> topics;
  for (const KafkaPartition& partition : partitions) ++topics[partition.topic];
  std::vector<std::string> parts;
  for (const auto& [topic, count] : topics) parts.push_back(fmt::format("{} {}", topic, count));
  return fmt::format("{} ({})", partitions.size(), fmt::join(parts, ", "));
}

std::optional<std::int64_t> find_offset(const KafkaOffsets& offsets, const KafkaPartition& partition) {
  const auto found = offsets.find(partition);
  if (found == offsets.end() || found->second == kNoOffset) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> find_offset(const KafkaCommits& commits, const KafkaPartition& partition) {
  const auto found = commits.find(partition);
  if (found == commits.end() || found->second.offset == kNoOffset) return std::nullopt;
  return found->second.offset;
}

std::uint64_t find_mark(const KafkaCommits& commits, const KafkaPartition& partition) {
  const auto found = commits.find(partition);
  return found == commits.end() ? 0 : read_commit_mark(found->second.metadata);
}

bool has_position(const KafkaCommits& commits) {
  return std::ranges::any_of(commits, [](const auto& entry) { return entry.second.offset != kNoOffset; });
}

std::string where_is(const KafkaPartition& partition) {
  return fmt::format("topic {} partition {}", partition.topic, partition.number);
}

// Its offsets mean other records than before.
bool is_renewal(const KafkaPosition& position) {
  return position.kind == KafkaPosition::Kind::Recreated || position.kind == KafkaPosition::Kind::Truncated ||
         position.kind == KafkaPosition::Kind::Elsewhere;
}

std::string describe(const KafkaPartition& partition, const KafkaRestartFacts& facts, KafkaDispute dispute) {
  const std::string where = fmt::format("{} was read to offset {}", where_is(partition), facts.position);
  switch (dispute) {
    case KafkaDispute::None:
      break;
    case KafkaDispute::Expired:
      return where + ", and the group has no offset (expired or deleted, or the topic was created anew)";
    case KafkaDispute::Reset:
      return fmt::format("{}, and the group was set back to {}", where, *facts.committed);
    case KafkaDispute::Ahead:
      return fmt::format(
          "{}, and the group is ahead at {} (set by somebody else, or the state is an old one)", where,
          *facts.committed);
  }
  return where;
}

// What has to be committed before the partition is read from there, lest a crash leaves a group whose
// position is not ours; nothing: the group is where it was left, and has our mark.
std::optional<std::int64_t> claim_of(const KafkaPosition& position, std::optional<std::int64_t> committed,
                                     bool is_marked, bool is_kept) {
  switch (position.kind) {
    case KafkaPosition::Kind::Known:
      if (is_kept)
        return is_marked && committed == position.offset ? std::nullopt : std::optional(position.offset);
      // Only the group knows how far everything is judged and told.
      if (is_marked || !committed) return std::nullopt;
      return std::min(*committed, position.offset);
    // What was handed over and is not settled must come again after a crash: only what cannot be read any
    // more, or never was to be, is passed over.
    case KafkaPosition::Kind::Truncated:
      return std::min(committed.value_or(position.offset), position.offset);
    default:
      return position.offset;
  }
}

}  // namespace

Result<std::unique_ptr<KafkaGroup>> KafkaGroup::join(const KafkaSettings& settings,
                                                     const std::map<KafkaPartition, Known>& from,
                                                     KafkaNotes& notes) {
  const auto properties = group_properties(settings);
  if (!properties) return std::unexpected(properties.error());
  std::unique_ptr<KafkaGroup> group(new KafkaGroup(settings, notes));
  for (const auto& [key, known] : from) {
    Partition& partition = group->partitions_[key];
    partition.known = known.position;
    partition.incarnation = known.incarnation;
    partition.is_durable = known.is_durable;
    partition.cluster = known.cluster;
  }
  auto client = KafkaClient::create(*properties, group.get());
  if (!client) return std::unexpected(client.error());
  group->client_ = std::move(*client);
  rd_kafka_topic_partition_list_t* topics =
      rd_kafka_topic_partition_list_new(static_cast<int>(settings.topics.size()));
  for (const std::string& topic : settings.topics) {
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(group->client_->handle(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(ErrorCode::Invalid, rd_kafka_err2str(code), "topics");
  notes.say({Severity::Info,
             "kafka_client",
             fmt::format("librdkafka {}: partitions are dealt out by range, all of them at each rebalance{}",
                         rd_kafka_version_str(),
                         properties->contains("group.instance.id") ? "; a static member of its group" : ""),
             {},
             {{"version", rd_kafka_version_str()},
              {"assignment", "range"},
              {"fetch_queue_backoff", properties->contains("fetch.queue.backoff.ms") ? "yes" : "no"}}});
  KafkaGroup* self = group.get();
  group->thread_ = std::jthread([self](const std::stop_token& stopping) { self->run(stopping); });
  return group;
}

void KafkaGroup::run(const std::stop_token& stopping) {
  while (!stopping.stop_requested()) {
    serve(kServeWait);
    if (Clock::now() - committed_at_ >= kCommitEvery) commit_all();
    if (Clock::now() >= place_at_) {
      place_all(stopping);
      measure_topics(stopping);
    }
  }
  commit_all();
}

void KafkaGroup::serve(Duration wait) {
  rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), static_cast<int>(wait.count()));
  if (message == nullptr) return;
  const std::string topic = message->rkt != nullptr ? rd_kafka_topic_name(message->rkt) : "";
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:  // fetched before the pause took hold; the reader brings it
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      topic_missing(topic);
      break;
    default:
      notes_.error(message->err, rd_kafka_message_errstr(message), topic);
  }
  rd_kafka_message_destroy(message);
}

void KafkaGroup::topic_missing(const std::string& topic) {
  if (!followers_of_start_.contains(topic) && !was_read(topic)) {
    notes_.error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, {}, topic);
  } else if (gone_.insert(topic).second) {
    notes_.say({Severity::Error,
                "topic_deleted",
                fmt::format("topic {} is gone: deleted, or this user may not see it any more", topic),
                "if it is created anew it is read from its first record; until then nothing that this source "
                "feeds is judged; if this was meant, take it out of `topics:`",
                {{"topic", topic}}});
  }
}

void KafkaGroup::on_assigned(const std::vector<KafkaPartition>& partitions) {
  client_->hold(partitions);
  std::uint64_t rebalance = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const KafkaPartition& key : partitions) {
      Partition& partition = partitions_[key];
      partition.owned = true;
      partition.place = {};
    }
    topic_sizes_.clear();
    changed_ = true;
    rebalance = ++rebalances_;
  }
  place_at_ = Clock::now();
  const std::string number = std::to_string(rebalance);
  if (partitions.empty()) {
    notes_.say({Severity::Info,
                "partitions_assigned",
                fmt::format("group {}: no partition for this process", settings_.group),
                "standing by; it gets some when another member leaves, or when there are more",
                {{"group", settings_.group}, {"partitions", "0"}, {"rebalance", number}}});
    return;
  }
  notes_.say({Severity::Info,
              "partitions_assigned",
              fmt::format("partitions assigned: {}", counted(partitions)),
              {},
              {{"group", settings_.group},
               {"partitions", std::to_string(partitions.size())},
               {"rebalance", number}}});
}

void KafkaGroup::on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) {
  KafkaCommits commits;
  {
    const std::lock_guard lock(mutex_);
    for (const KafkaPartition& key : partitions) {
      Partition& partition = partitions_[key];
      partition.owned = false;
      if (partition.to_commit && partition.place.start)
        commits[key] = {*partition.to_commit, commit_mark(partition.incarnation)};
    }
    changed_ = true;
  }
  if (!lost) commit_now(commits);
  if (partitions.empty()) return;
  const std::vector<std::pair<std::string, std::string>> fields{
      {"group", settings_.group}, {"partitions", std::to_string(partitions.size())}};
  if (lost) {
    notes_.say({Severity::Warning, "partitions_lost", fmt::format("partitions lost: {}", counted(partitions)),
                "the group took this process for dead; joining again", fields});
  } else {
    notes_.say({Severity::Info, "partitions_revoked",
                fmt::format("partitions given back: {}", counted(partitions)),
                "the group deals them out anew", fields});
  }
}

std::optional<KafkaGroup::Places> KafkaGroup::take_places() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(changed_, false)) return std::nullopt;
  Places places;
  for (const auto& [key, partition] : partitions_) {
    if (partition.owned) places.emplace(key, partition.place);
  }
  return places;
}

void KafkaGroup::handed(const KafkaPartition& partition, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  partitions_[partition].handed = offset;
}

void KafkaGroup::commit(const KafkaPartition& partition, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  Partition& known = found->second;
  // Of the records before the renewal, whose reader has not heard of it yet.
  if (changed_ && known.place.renewed) return;
  // Never back: what another member did meanwhile stays done.
  if (offset > known.to_commit.value_or(known.committed.value_or(kNoOffset))) known.to_commit = offset;
}

void KafkaGroup::place_again(const KafkaPartition& partition, std::optional<std::int64_t> end) {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  if (found == partitions_.end() || !found->second.owned) return;
  found->second.place = {};
  if (end) found->second.least_end = std::min(*end, found->second.least_end.value_or(*end));
  changed_ = true;
}

std::optional<std::int64_t> KafkaGroup::committed(const KafkaPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? std::nullopt : found->second.committed;
}

std::uint64_t KafkaGroup::rebalances() const {
  const std::lock_guard lock(mutex_);
  return rebalances_;
}

std::optional<Error> KafkaGroup::dispute() const {
  const std::lock_guard lock(mutex_);
  return dispute_;
}

void KafkaGroup::commit_all() {
  committed_at_ = Clock::now();
  KafkaCommits commits;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, partition] : partitions_) {
      if (partition.owned && partition.place.start && partition.to_commit)
        commits[key] = {*partition.to_commit, commit_mark(partition.incarnation)};
    }
  }
  commit_now(commits);
}

bool KafkaGroup::commit_now(const KafkaCommits& commits) {
  if (commits.empty()) return true;
  const auto committed = client_->commit(commits, kCommitWait);
  if (committed) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, commit] : commits) {
      Partition& partition = partitions_[key];
      partition.committed = commit.offset;
      if (partition.to_commit == commit.offset) partition.to_commit.reset();
    }
  } else if (committed.error().code != ErrorCode::Refused) {
    notes_.say_once({Severity::Warning,
                     "commit_failed",
                     fmt::format("the group's positions could not be saved: {}", committed.error().message),
                     "trying again",
                     {{"group", settings_.group}}});
  }
  return committed.has_value();
}

// Finds out where to begin in the partitions that have no place yet.
void KafkaGroup::place_all(const std::stop_token& stopping) {
  std::map<std::string, std::vector<KafkaPartition>> unplaced;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, partition] : partitions_) {
      if (partition.owned && !partition.place.start) unplaced[key.topic].push_back(key);
    }
    if (dispute_) unplaced.clear();
  }
  bool all_placed = true;
  for (const auto& [topic, partitions] : unplaced) {
    if (stopping.stop_requested()) return;
    all_placed &= place(topic, partitions);
  }
  place_at_ = Clock::now() + (all_placed ? kServeWait : kPlaceAgain);
}

// By this process, or by the run that it goes on from.
bool KafkaGroup::was_read(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(partitions_, [&](const auto& entry) {
    const Partition& partition = entry.second;
    return entry.first.topic == topic && (partition.handed || (partition.known && !is_elsewhere(partition)));
  });
}

// What an earlier run knew of it is about another cluster.
bool KafkaGroup::is_elsewhere(const Partition& partition) const {
  return partition.known && !partition.cluster.empty() && !cluster_.empty() && partition.cluster != cluster_;
}

std::string KafkaGroup::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

std::map<std::string, std::size_t> KafkaGroup::count_owned() const {
  std::map<std::string, std::size_t> owned;
  for (const auto& [key, partition] : partitions_) {
    if (partition.owned) ++owned[key.topic];
  }
  return owned;
}

// Whether other members own something. Dealt out by range, all of a topic goes to a single member only if it
// is the first, and that one gets some of every topic.
bool KafkaGroup::is_shared(const std::map<std::string, std::size_t>& owned) const {
  return std::ranges::any_of(owned, [&](const auto& topic) {
    const auto size = topic_sizes_.find(topic.first);
    return size != topic_sizes_.end() && topic.second < size->second;
  });
}

std::vector<std::string> KafkaGroup::unheard_topics() const {
  const std::lock_guard lock(mutex_);
  const auto owned = count_owned();
  const bool shared = is_shared(owned);
  std::vector<std::string> unheard;
  for (const std::string& topic : settings_.topics) {
    if (owned.contains(topic)) continue;
    const auto size = topic_sizes_.find(topic);
    const bool exists = size != topic_sizes_.end() && size->second > 0;
    if (!shared || !exists) unheard.push_back(topic);
  }
  return unheard;
}

// Asks after each assignment how much there is of each topic.
void KafkaGroup::measure_topics(const std::stop_token& stopping) {
  bool all_known = true;
  bool asked = false;
  for (const std::string& topic : settings_.topics) {
    if (stopping.stop_requested()) return;
    {
      const std::lock_guard lock(mutex_);
      if (rebalances_ == 0) return;
      if (topic_sizes_.contains(topic)) continue;
    }
    asked = true;
    const auto found = list_partitions(*client_, {topic}, kAskWait);
    if (!found && found.error().code != ErrorCode::NotFound) {
      all_known = false;
      continue;
    }
    const std::lock_guard lock(mutex_);
    topic_sizes_[topic] = found ? found->size() : 0;
  }
  if (!all_known) {
    place_at_ = Clock::now() + kPlaceAgain;
  } else if (asked) {
    tell_partial();
  }
}

void KafkaGroup::tell_partial() {
  std::map<std::string, std::string> partial;
  {
    const std::lock_guard lock(mutex_);
    const auto owned = count_owned();
    if (is_shared(owned)) {
      for (const auto& [topic, size] : topic_sizes_) {
        const auto mine = owned.find(topic);
        const std::size_t count = mine == owned.end() ? 0 : mine->second;
        if (count < size) partial[topic] = fmt::format("{} of {}", count, size);
      }
    }
  }
  for (const auto& [topic, part] : partial) {
    if (const auto told = partial_.find(topic); told != partial_.end() && told->second == part) continue;
    notes_.say(
        {Severity::Warning,
         "topic_shared",
         fmt::format("alarms see only part of topic {}: {} partitions", topic, part),
         fmt::format("another member of group {} reads the rest; run one engine per group", settings_.group),
         {{"group", settings_.group}, {"topic", topic}, {"part", part}}});
  }
  partial_ = std::move(partial);
}

// Decides for a topic that is placed for the first time which of its partitions follow `start:`. Once and for
// all: as soon as the first of them has its start committed, the rest of a new topic looks like partitions
// that joined an old one.
const std::set<KafkaPartition>& KafkaGroup::followers_of_start(const std::string& topic,
                                                               const KafkaCommits& committed) {
  const auto [followers, is_new] = followers_of_start_.try_emplace(topic);
  if (is_new && !has_position(committed) && !was_read(topic)) {
    for (const auto& [key, commit] : committed) followers->second.insert(key);
  }
  return followers->second;
}

bool KafkaGroup::place(const std::string& topic, const std::vector<KafkaPartition>& unplaced) {
  const auto all = list_partitions(*client_, {topic}, kAskWait);
  if (!all) {
    if (all.error().code == ErrorCode::NotFound) topic_missing(topic);
    return false;
  }
  const auto committed = committed_offsets(*client_, *all, kAskWait);
  if (!committed) return false;
  std::string cluster = cluster_id(*client_, kAskWait);
  {
    const std::lock_guard lock(mutex_);
    cluster_ = std::move(cluster);
  }
  const bool is_first = !has_position(*committed) && !was_read(topic);
  const std::set<KafkaPartition>& followers = followers_of_start(topic, *committed);
  // With those of the other members: once one of a topic's partitions has a position, the rest would look
  // like partitions that joined it.
  std::vector<KafkaPartition> asked = unplaced;
  if (is_first) std::ranges::set_difference(*all, unplaced, std::back_inserter(asked));
  const KafkaOffsets starts = query_offsets(*client_, asked, OffsetQuery::Start, kAskWait);
  const KafkaOffsets ends = query_offsets(*client_, asked, OffsetQuery::End, kAskWait);
  const bool by_time = settings_.start == KafkaSettings::Start::Time;
  const KafkaOffsets at_time =
      by_time ? query_offsets(*client_, asked, settings_.start_time, kAskWait) : KafkaOffsets{};
  std::vector<Placing> placings;
  std::vector<std::string> joined;
  std::vector<std::string> disputes;
  std::int64_t before_start = 0;  // records
  KafkaCommits claims;
  for (const KafkaPartition& key : asked) {
    const auto start = find_offset(starts, key);
    const auto end = find_offset(ends, key);
    const auto from = by_time                                           ? find_offset(at_time, key)
                      : settings_.start == KafkaSettings::Start::Latest ? end
                                                                        : start;
    if (!start || !end || !from) continue;  // its leader does not answer
    if (!std::ranges::binary_search(unplaced, key)) {
      if (followers.contains(key)) claims[key] = {*from, commit_mark(1)};
      continue;
    }
    const auto group_position = find_offset(*committed, key);
    const std::uint64_t mark = find_mark(*committed, key);
    const std::lock_guard lock(mutex_);
    Partition& partition = partitions_[key];
    Placing placing{.key = key};
    if (partition.known) {
      const KafkaRestartFacts facts{.position = *partition.known,
                                    .incarnation = partition.incarnation,
                                    .committed = group_position,
                                    .mark = mark,
                                    .was_gone = gone_.contains(topic),
                                    .start = *start,
                                    .end = *end};
      const bool elsewhere = is_elsewhere(partition);
      const KafkaDispute dispute = elsewhere ? KafkaDispute::None : find_dispute(facts);
      if (elsewhere) {
        placing.position = decide_elsewhere(facts, followers.contains(key) ? *from : *start);
      } else if (dispute == KafkaDispute::None || settings_.positions == KafkaSettings::Positions::State) {
        placing.position = decide_restart(facts);
      } else if (settings_.positions == KafkaSettings::Positions::Group) {
        placing.position = decide_restart_by_group(facts, *from);
      } else {
        disputes.push_back(describe(key, facts, dispute));
        continue;
      }
    } else {
      placing.position = decide_position({.committed = group_position,
                                          .handed = partition.handed,
                                          .seen = partition.committed,
                                          .start = *start,
                                          .end = *end,
                                          .least_end = partition.least_end});
    }
    KafkaPosition& position = placing.position;
    if (position.kind == KafkaPosition::Kind::None) {
      const bool follows = followers.contains(key);
      position.offset = follows ? *from : *start;
      before_start += position.offset - *start;
      if (!follows) joined.push_back(std::to_string(key.number));
    }
    placing.incarnation = decide_incarnation({.own = partition.incarnation,
                                              .is_known = partition.known || partition.handed,
                                              .mark = mark,
                                              .renewed = is_renewal(position)});
    placing.committed = group_position;
    const bool is_kept = partition.known && (partition.is_durable || !group_position);
    if (const auto claim = claim_of(position, group_position, mark == placing.incarnation, is_kept)) {
      claims[key] = {*claim, commit_mark(placing.incarnation)};
      placing.claimed = true;
    }
    placings.push_back(std::move(placing));
  }
  if (!disputes.empty()) {
    raise(disputes);
    return false;
  }
  if (!commit_now(claims)) return false;
  for (const Placing& placing : placings) {
    settle(placing);
    tell(placing.key, placing.position);
  }
  if (before_start > 0 && settings_.start == KafkaSettings::Start::Latest) {
    notes_.say({Severity::Info,
                "starts_behind_records",
                fmt::format("group {} is new to topic {}: records that are there already are not read: {}",
                            settings_.group, topic, before_start),
                "`start: latest`, the default, reads what comes from now on; `start: earliest` reads all",
                {{"group", settings_.group}, {"topic", topic}, {"records", std::to_string(before_start)}}});
  }
  if (!joined.empty()) {
    notes_.say({Severity::Info,
                "partitions_added",
                fmt::format("topic {} has new partitions: {}", topic, fmt::join(joined, ", ")),
                "they are read from their first record",
                {{"topic", topic}, {"partitions", fmt::format("{}", fmt::join(joined, ","))}}});
  }
  if (!placings.empty()) gone_.erase(topic);
  return placings.size() == unplaced.size();
}

void KafkaGroup::settle(const Placing& placing) {
  const std::lock_guard lock(mutex_);
  Partition& partition = partitions_[placing.key];
  const KafkaPosition& position = placing.position;
  partition.place = {.start = position.offset,
                     .version = ++last_version_,
                     .incarnation = placing.incarnation,
                     .renewed = is_renewal(position)};
  partition.incarnation = placing.incarnation;
  partition.handed = position.offset;
  partition.least_end.reset();
  partition.known.reset();
  if (!placing.claimed) partition.committed = placing.committed;
  if (position.kind != KafkaPosition::Kind::Known || partition.to_commit <= partition.committed)
    partition.to_commit.reset();
  changed_ = true;
}

void KafkaGroup::raise(const std::vector<std::string>& disputes) {
  constexpr std::size_t kMostNamed = 5;
  std::string text = fmt::format(
      "{}",
      fmt::join(disputes.begin(),
                disputes.begin() + static_cast<std::ptrdiff_t>(std::min(disputes.size(), kMostNamed)), "; "));
  if (disputes.size() > kMostNamed)
    text += fmt::format("; and {} partitions more", disputes.size() - kMostNamed);
  const std::lock_guard lock(mutex_);
  dispute_ = Error{
      ErrorCode::Refused,
      fmt::format("the positions of group {} contradict those in the engine's state: {}. Choose: with "
                  "`--positions state` "
                  "the engine goes on from its state, and the group's positions are overwritten; with "
                  "`--positions group` it goes on where the group is, and what lies between is not read",
                  settings_.group, text),
      "kafka " + settings_.brokers};
}

void KafkaGroup::tell(const KafkaPartition& partition, const KafkaPosition& position) {
  const std::string where = where_is(partition);
  std::vector<std::pair<std::string, std::string>> fields{{"topic", partition.topic},
                                                          {"partition", std::to_string(partition.number)}};
  const auto add_range = [&] {
    fields.emplace_back("from", std::to_string(position.lost_from));
    fields.emplace_back("to", std::to_string(position.lost_to - 1));
    fields.emplace_back("count", std::to_string(position.lost_to - position.lost_from));
  };
  switch (position.kind) {
    case KafkaPosition::Kind::None:
    case KafkaPosition::Kind::Known:
      return;
    case KafkaPosition::Kind::Gap:
      add_range();
      notes_.say(
          {Severity::Error, "source_gap",
           fmt::format("{}: offsets {} to {} were deleted before they were read ({} lost)", where,
                       position.lost_from, position.lost_to - 1, position.lost_to - position.lost_from),
           fmt::format("going on at {}; keep records longer (retention.ms, retention.bytes) than this "
                       "engine may be behind",
                       position.offset),
           std::move(fields)});
      return;
    case KafkaPosition::Kind::Skipped:
      add_range();
      notes_.say(
          {Severity::Error, "source_gap",
           fmt::format("{}: offsets {} to {} are passed over ({} not read)", where, position.lost_from,
                       position.lost_to - 1, position.lost_to - position.lost_from),
           fmt::format("going on at {}, where the group is, as `--positions group` asks", position.offset),
           std::move(fields)});
      return;
    case KafkaPosition::Kind::Recreated:
      fields.emplace_back("position", std::to_string(position.lost_from));
      notes_.say({Severity::Error, "topic_recreated",
                  fmt::format("{} is another topic than the one that was read up to offset {}", where,
                              position.lost_from),
                  fmt::format("reading the new one from offset {}; what the old one still held is lost",
                              position.offset),
                  std::move(fields)});
      return;
    case KafkaPosition::Kind::Elsewhere:
      fields.emplace_back("position", std::to_string(position.lost_from));
      notes_.say(
          {Severity::Warning, "cluster_changed",
           fmt::format("{} is of another Kafka cluster ({}) than the one that was read up to offset {}",
                       where, cluster(), position.lost_from),
           fmt::format("beginning in it at offset {}, where the group is there or as `start:` says; "
                       "give the source another name if the brokers were not to be others",
                       position.offset),
           std::move(fields)});
      return;
    case KafkaPosition::Kind::Truncated:
      add_range();
      notes_.say({Severity::Error, "source_truncated",
                  fmt::format("{} was cut off: offsets {} to {}, read before, are not in it any more", where,
                              position.lost_from, position.lost_to - 1),
                  fmt::format("going on at {}; a broker without the newest records was made leader "
                              "(unclean.leader.election.enable)",
                              position.offset),
                  std::move(fields)});
      return;
  }
}

void KafkaGroup::stop() { thread_.request_stop(); }

void KafkaGroup::close(Duration timeout) {
  if (!client_) return;
  stop();
  if (thread_.joinable()) thread_.join();
  KafkaClient::close(client_, timeout);
  client_.reset();
}

}  // namespace tocsin::source
