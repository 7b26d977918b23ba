#include "engine/source/kafka_source.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

namespace tocsin::source {
namespace {

constexpr Duration kCommitEvery{500};
constexpr Duration kCommitWait = std::chrono::seconds{2};
constexpr Duration kCloseWait = std::chrono::seconds{5};
constexpr Duration kAskWait = std::chrono::seconds{2};
// Missing positions show up one by one; after the first the others are waited for this long, and after a
// failure this long.
constexpr Duration kResolveSoon{100};
constexpr Duration kResolveAgain = std::chrono::seconds{1};
constexpr std::size_t kMostSamples = 128;
constexpr std::size_t kMostNotes = 1000;

}  // namespace

KafkaSource::KafkaSource(std::string name, KafkaSettings settings, const ReadLimits& limits)
    : name_(std::move(name)), settings_(std::move(settings)), limits_(limits) {}

KafkaSource::~KafkaSource() { close(); }

Result<void> KafkaSource::open() {
  const auto properties = live_properties(settings_);
  if (!properties) return std::unexpected(properties.error());
  auto client = KafkaClient::create(*properties, this);
  if (!client) return std::unexpected(client.error());
  client_ = std::move(*client);
  rd_kafka_topic_partition_list_t* topics =
      rd_kafka_topic_partition_list_new(static_cast<int>(settings_.topics.size()));
  for (const std::string& topic : settings_.topics) {
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client_->handle(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(ErrorCode::Invalid, rd_kafka_err2str(code), "topics");
  ends_ = std::make_unique<KafkaEndWatch>(client_);
  return {};
}

std::uint32_t KafkaSource::index_of(const KafkaPartition& key) {
  const auto [found, is_new] = indexes_.try_emplace(key, static_cast<std::uint32_t>(partitions_.size()));
  if (is_new) {
    Partition partition;
    partition.key = key;
    partitions_.push_back(std::move(partition));
    names_.push_back({.source = name_, .topic = key.topic, .number = key.number, .file = {}});
  }
  return found->second;
}

Result<std::optional<event::RawBatch>> KafkaSource::poll(Duration wait) {
  if (!client_) return std::nullopt;
  flush_commits(false);
  if (resolve_at_ && Clock::now() >= *resolve_at_) resolve_positions();
  if (ready_.empty()) collect(wait);
  if (!fatal_.empty()) return fail(ErrorCode::Refused, fatal_, "kafka " + settings_.brokers);
  if (ready_.empty()) return std::nullopt;
  event::RawBatch batch = std::move(ready_.front());
  ready_.pop_front();
  Partition& partition = partitions_[batch.partition];
  batch.sequence = partition.sequence++;
  partition.handed = batch.next_offset;
  return batch;
}

// Polls until the limits are reached or nothing more is at hand; the first message may take `wait`.
void KafkaSource::collect(Duration wait) {
  const auto deadline = Clock::now() + wait;
  last_topic_ = nullptr;
  collected_records_ = collected_bytes_ = 0;
  while (collected_records_ < limits_.batch_records && collected_bytes_ < limits_.batch_bytes &&
         fatal_.empty()) {
    auto left = building_.empty() ? std::chrono::ceil<Duration>(deadline - Clock::now()) : Duration{0};
    // Waiting is cut short for what is due meanwhile.
    if (resolve_at_)
      left = std::min(left, std::max(Duration{0}, std::chrono::ceil<Duration>(*resolve_at_ - Clock::now())));
    left = std::clamp(left, Duration{0}, kCommitEvery);
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), static_cast<int>(left.count()));
    if (message != nullptr) {
      take(message);
    } else if (!building_.empty() || Clock::now() >= deadline) {
      break;
    } else {
      flush_commits(false);
      if (resolve_at_ && Clock::now() >= *resolve_at_) resolve_positions();
    }
  }
  for (Building& building : building_) {
    building.batch.read_at = wall_now();
    building.batch.bytes = std::move(building.messages);
    ready_.push_back(std::move(building.batch));
  }
  building_.clear();
}

KafkaSource::Building& KafkaSource::building_of(std::uint32_t index) {
  const auto found =
      std::ranges::find(building_, index, [](const Building& building) { return building.batch.partition; });
  if (found != building_.end()) return *found;
  Building building{.batch = {}, .messages = std::make_shared<KafkaMessages>(client_)};
  building.batch.partition = index;
  return building_.emplace_back(std::move(building));
}

void KafkaSource::take(rd_kafka_message_s* message) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_event(*message);
    rd_kafka_message_destroy(message);
    return;
  }
  if (message->rkt != last_topic_ || message->partition != last_number_) {
    last_topic_ = message->rkt;
    last_number_ = message->partition;
    last_index_ = index_of({rd_kafka_topic_name(message->rkt), message->partition});
  }
  Partition& partition = partitions_[last_index_];
  if (!partition.assigned || message->offset < partition.received) {
    rd_kafka_message_destroy(message);
    return;
  }
  partition.received = message->offset + 1;
  ++collected_records_;
  collected_bytes_ += message->len;
  Building& building = building_of(last_index_);
  building.messages->add(message, building.batch);
}

// What comes in the place of a message.
void KafkaSource::take_event(const rd_kafka_message_s& message) {
  const bool of_partition = message.rkt != nullptr && message.partition >= 0;
  const std::string topic = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "";
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
      if (!of_partition) return;
      const std::uint32_t index = index_of({topic, message.partition});
      Partition& partition = partitions_[index];
      if (!partition.assigned || message.offset < 0) return;
      partition.received = std::max(partition.received, message.offset);
      const auto building =
          std::ranges::find(building_, index, [](const Building& one) { return one.batch.partition; });
      if (building == building_.end()) {
        partition.handed = std::max(partition.handed, message.offset);
      } else {
        building->batch.next_offset = std::max(building->batch.next_offset, message.offset);
      }
      return;
    }
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      if (!of_partition) return;
      partitions_[index_of({topic, message.partition})].unresolved = true;
      if (!resolve_at_) resolve_at_ = Clock::now() + kResolveSoon;
      return;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      note({Severity::Warning, "topic_absent", fmt::format("topic {} does not exist (yet)", topic),
            "create it or mend the name; trying again", {{"topic", topic}}});
      return;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      note({Severity::Error, "topic_refused", fmt::format("the brokers do not allow to read topic {}", topic),
            "allow this user to read it; trying again", {{"topic", topic}}});
      return;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      note({Severity::Error, "group_refused",
            fmt::format("the brokers do not allow the group {}", settings_.group),
            "allow this user to use it; trying again", {{"group", settings_.group}}});
      return;
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      note({Severity::Warning, "poll_exceeded",
            "reading paused for longer than max.poll.interval.ms, so the group gave the partitions to others",
            "joining again", {}});
      return;
    default:
      on_error(message.err, rd_kafka_message_errstr(&message));
  }
}

void KafkaSource::on_assigned(const std::vector<KafkaPartition>& partitions) {
  for (const KafkaPartition& key : partitions) {
    Partition& partition = partitions_[index_of(key)];
    partition.assigned = true;
    partition.unresolved = false;
  }
  KafkaOffsets offsets;
  std::vector<KafkaPartition> assigned;
  for (const Partition& partition : partitions_) {
    if (!partition.assigned) continue;
    offsets[partition.key] = kOffsetStored;
    assigned.push_back(partition.key);
  }
  client_->assign(offsets);
  ends_->watch(std::move(assigned));
}

void KafkaSource::on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) {
  if (!lost) flush_commits(true);
  for (const KafkaPartition& key : partitions) {
    const std::uint32_t index = index_of(key);
    std::erase_if(building_, [&](const Building& building) { return building.batch.partition == index; });
    std::erase_if(ready_, [&](const event::RawBatch& batch) { return batch.partition == index; });
    Partition& partition = partitions_[index];
    partition.assigned = false;
    partition.unresolved = false;
    partition.received = partition.handed;  // what was not handed out will come again
    partition.to_commit.reset();
    partition.submitted = kNoOffset;
    partition.samples.clear();
    partition.proven.reset();
  }
  ends_->watch({});
}

void KafkaSource::on_error(int code, const std::string& text) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
      fatal_ = text;
      return;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      brokers_away_ = true;
      note({Severity::Error, "brokers_away", fmt::format("no broker of {} answers", settings_.brokers),
            "trying again; nothing is judged missing meanwhile", {{"brokers", settings_.brokers}}});
      return;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      brokers_away_ = true;
      // "(after 12ms in state CONNECT, …)": every time another number, and a note is said once.
      note({Severity::Warning, "broker_connection",
            fmt::format("broker connection: {}", text.substr(0, text.find(" (after "))), "trying again", {}});
      return;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__SSL:
      note({Severity::Error, "login_refused",
            fmt::format("a broker refuses the login or the connection's encryption: {}", text),
            "check the security properties of the source; trying again", {}});
      return;
    default:
      note({Severity::Warning, "kafka", fmt::format("kafka: {}", text), {}, {}});
  }
}

void KafkaSource::on_commit_failed(const KafkaOffsets& offsets, const std::string& text) {
  note({Severity::Warning, "commit_failed",
        fmt::format("the group's positions could not be saved: {}", text), "trying again", {}});
  for (const auto& [key, offset] : offsets) {
    Partition& partition = partitions_[index_of(key)];
    if (!partition.assigned || partition.to_commit || partition.submitted == kNoOffset) continue;
    // A newer commit may already be on its way, or there: what failed must not take the group back behind it.
    partition.to_commit = partition.submitted;
  }
}

void KafkaSource::commit(std::uint32_t partition, std::int64_t next_offset) {
  if (partition < partitions_.size() && partitions_[partition].assigned)
    partitions_[partition].to_commit = next_offset;
}

void KafkaSource::flush_commits(bool wait) {
  const auto now = Clock::now();
  if (!wait && now - committed_at_ < kCommitEvery) return;
  KafkaOffsets offsets;
  for (Partition& partition : partitions_) {
    if (!partition.to_commit) continue;
    if (partition.assigned) {
      partition.submitted = *partition.to_commit;
      offsets[partition.key] = partition.submitted;
    }
    partition.to_commit.reset();
  }
  if (offsets.empty()) return;
  committed_at_ = now;
  if (wait) {
    client_->commit_and_wait(offsets, kCommitWait);
  } else {
    client_->commit(offsets);
  }
}

// Decides for topics that are resolved for the first time which of their partitions follow `start:`. Once and
// for all: as soon as the first of them has its start committed, the rest of a new topic looks like
// partitions that joined an old one.
void KafkaSource::remember_topics(const std::vector<std::string>& topics, const KafkaOffsets& committed) {
  std::set<std::string> read;  // of which the group has a position somewhere
  for (const auto& [key, offset] : committed) {
    if (offset != kNoOffset) read.insert(key.topic);
  }
  for (const std::string& topic : topics) {
    const auto [followers, is_new] = followers_of_start_.try_emplace(topic);
    if (!is_new || read.contains(topic)) continue;
    for (const auto& [key, offset] : committed) {
      if (key.topic == topic) followers->second.insert(key);
    }
  }
}

// Finds where to go on in partitions that have no position, or one that is gone.
void KafkaSource::resolve_positions() {
  resolve_at_ = Clock::now() + kResolveAgain;  // unless all goes well
  std::vector<std::string> topics;
  for (const Partition& partition : partitions_) {
    if (partition.assigned && partition.unresolved &&
        std::ranges::find(topics, partition.key.topic) == topics.end()) {
      topics.push_back(partition.key.topic);
    }
  }
  const auto all = list_partitions(*client_, topics, kAskWait);
  if (!all) return;
  const auto committed = committed_offsets(*client_, *all, kAskWait);
  if (!committed) return;
  remember_topics(topics, *committed);
  std::vector<KafkaPartition> to_start;
  std::vector<KafkaPartition> by_rule;
  for (const Partition& partition : partitions_) {
    if (!partition.assigned || !partition.unresolved) continue;
    const auto position = committed->find(partition.key);
    const bool is_gone =
        partition.handed != kNoOffset || (position != committed->end() && position->second != kNoOffset);
    if (is_gone) {
      note({Severity::Error, "source_gap",
            fmt::format("topic {} partition {}: the records at its position are gone", partition.key.topic,
                        partition.key.number),
            "going on at the earliest one there is",
            {{"topic", partition.key.topic}, {"partition", std::to_string(partition.key.number)}}});
    }
    const bool from_start = is_gone || !followers_of_start_[partition.key.topic].contains(partition.key);
    (from_start || settings_.start == KafkaSettings::Start::Earliest ? to_start : by_rule)
        .push_back(partition.key);
  }
  KafkaOffsets found = query_offsets(*client_, to_start, OffsetQuery::Start, kAskWait);
  found.merge(settings_.start == KafkaSettings::Start::Time
                  ? query_offsets(*client_, by_rule, settings_.start_time, kAskWait)
                  : query_offsets(*client_, by_rule, OffsetQuery::End, kAskWait));
  bool all_found = true;
  for (Partition& partition : partitions_) {
    if (!partition.assigned || !partition.unresolved) continue;
    const auto offset = found.find(partition.key);
    if (offset == found.end()) {
      all_found = false;
      continue;
    }
    partition.unresolved = false;
    partition.received = partition.handed = offset->second;
    partition.to_commit = offset->second;
    partition.submitted = kNoOffset;
    partition.samples.clear();
  }
  if (!found.empty()) assign_all();
  if (all_found) resolve_at_.reset();
}

// Assigns anew, everything where it was received up to. librdkafka 2.0 cannot start a single partition again.
void KafkaSource::assign_all() {
  KafkaOffsets offsets;
  for (const Partition& partition : partitions_) {
    if (!partition.assigned) continue;
    offsets[partition.key] = partition.received == kNoOffset ? kOffsetStored : partition.received;
  }
  client_->assign(offsets);
}

void KafkaSource::prove(Partition& partition) {
  if (partition.handed == kNoOffset) return;
  auto behind = partition.samples.begin();
  for (auto sample = partition.samples.begin(); sample != partition.samples.end(); ++sample) {
    if (sample->end > partition.handed) continue;
    partition.proven = sample->asked_at;
    behind = sample + 1;
  }
  partition.samples.erase(partition.samples.begin(), behind);
}

SourceStatus KafkaSource::status() {
  SourceStatus status;
  if (!client_) return status;
  for (const KafkaEndWatch::Answer& answer : ends_->take()) {
    if (std::exchange(brokers_away_, false)) {
      noted_.clear();
      note({Severity::Info, "brokers_back", "the brokers answer again", {}, {}});
    }
    for (const auto& [key, end] : answer.ends) {
      const auto index = indexes_.find(key);
      if (index == indexes_.end() || !partitions_[index->second].assigned) continue;
      std::vector<Sample>& samples = partitions_[index->second].samples;
      if (samples.size() == kMostSamples) {
        // Far behind: every second sample tells the way as well.
        for (std::size_t i = 0; i < kMostSamples / 2; ++i) samples[i] = samples[2 * i];
        samples.resize(kMostSamples / 2);
      }
      samples.push_back({.asked_at = answer.asked_at, .end = end});
    }
  }
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = partitions_[i];
    if (!partition.assigned) continue;
    prove(partition);
    status.partitions.push_back({.partition = i,
                                 .caught_up = partition.proven.has_value(),
                                 .finished = false,
                                 .at = partition.proven.value_or(WallTime{})});
  }
  status.notes = std::exchange(notes_, {});
  return status;
}

void KafkaSource::note(Note note) {
  if (noted_.size() == kMostNotes) noted_.clear();
  if (noted_.insert(note.text).second) notes_.push_back(std::move(note));
}

void KafkaSource::close() {
  if (!client_) return;
  flush_commits(true);
  building_.clear();
  ready_.clear();
  for (Partition& partition : partitions_) partition.assigned = false;
  ends_.reset();
  KafkaClient::close(client_, kCloseWait);
  client_.reset();
}

}  // namespace tocsin::source
