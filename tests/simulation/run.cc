#include "tests/simulation/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "engine/runtime/live_core.h"
#include "engine/runtime/partition_name.h"
#include "engine/shard/journal.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/random.h"
#include "tests/simulation/sinks.h"
#include "tests/simulation/topic.h"

namespace tocsin::simulation {
namespace {

constexpr Duration kAtLeast = kActive + std::chrono::minutes(4);  // of quiet, before it may end
constexpr Duration kAtMost = kActive + std::chrono::minutes(40);  // by then all is at rest
constexpr Duration kLately = std::chrono::seconds(15);            // at rest, a source has given proof
constexpr std::size_t kMostPartitions = 6;                        // of a topic, with those that are gone
constexpr std::size_t kSmallOutbox = 6;                           // of a subscription, besides its mailbox
constexpr std::uint64_t kMostOutboxBytes = std::uint64_t{8} << 20;

class Run {
 public:
  Run(const Scenario& scenario, Ablation ablation)
      : scenario_(scenario), random_(scenario.seed), disk_(prepare(ablation)), destinations_(world_) {
    topics_.emplace_back(world_, kTopics[0], 1 + random_.below(2));
    topics_.emplace_back(world_, kTopics[1], 1);
    for (Topic& topic : topics_) {
      // One that nobody writes to, or only later.
      if (random_.chance(40))
        topic.add_partition(random_.chance(50) ? kActive : Duration{random_.between(1, kActive.count())});
    }
    journal_settings_.snapshot_records = 16 + random_.below(200);
    journal_settings_.snapshot_bytes = 4'000 + random_.below(200'000);
    journal_settings_.hash_records = 8 + random_.below(64);
    configured_ = random_.below(configurations().size());
  }

  Outcome run(bool is_checked) {
    try {
      while (!at_rest_) {
        try {
          ++outcome_.processes;
          live();
        } catch (const ProcessCrash&) {
          world_.trace("crash");
        }
        core_.reset();
        if (at_rest_) break;
        journal_.reset();
        delivery_.reset();
        readers_.clear();
        disk_.crash();
        pass(Duration{random_.between(10, 20'000)});
      }
      if (is_checked)
        check({world_, disk_, topics_, destinations_.all(), notes_, journal_->machine(), answered_},
              outcome_);
    } catch (const Violation& violation) {
      outcome_.violation = violation.what;
      world_.trace(violation.what);
    }
    for (const Topic& topic : topics_) {
      for (const Partition& partition : topic.partitions()) outcome_.events += partition.entries.size();
    }
    outcome_.crashes = world_.crashes;
    outcome_.trace = world_.trace();
    return outcome_;
  }

 private:
  World& prepare(Ablation ablation) {
    world_.ablation = ablation;
    return world_;
  }

  // A process, from its start to its end.
  void live() {
    const Configured& configured = configurations()[configured_];
    const auto note = [this](const Note& said) {
      world_.trace(to_text(said));
      notes_.push_back(said);
    };
    auto opened = shard::Journal::open(disk_, disk_, configured.definitions, journal_settings_, note);
    if (!opened) return refused(opened.error());
    journal_ = std::make_unique<shard::Journal>(std::move(*opened));
    check_positions();

    std::vector<notify::TopicDefinition> told = configured.plan->topics;
    told.push_back({std::string(kDeadLetterTopic), {{"0", "file"}, {"1", "file"}}, false});
    delivery_ = std::make_unique<SimulatedDelivery>(world_, random_, destinations_, told, outcome_.processes);
    options_ = {};
    options_.now = [this] { return world_.wall(); };
    options_.steady = [this] { return world_.steady(); };
    if (scenario_.seed % 4 == 0) options_.outbox.notifications = kSmallOutbox;
    options_.dead_letters = runtime::DeadLetterRoute{static_cast<std::uint32_t>(told.size() - 1), 2,
                                                     runtime::LetterForm::Line, "the simulated letters"};
    core_ = std::make_unique<runtime::LiveCore>(
        configured.plan, *journal_, *delivery_, options_, note,
        [this](std::uint32_t source, std::uint32_t partition, std::int64_t next_offset) {
          world_.reach(Point::Commit);
          std::int64_t& committed = committed_[{source, partition}];
          require(next_offset >= committed, "I8: offset {} is committed after {}", next_offset, committed);
          committed = next_offset;
        });
    const auto from = core_->resume();
    if (!from) return refused(from.error());
    for (std::uint32_t i = 0; i < topics_.size(); ++i) {
      readers_.emplace_back(world_, random_, topics_[i], i, outcome_.processes, (*from)[i]);
    }
    if (auto begun = core_->begin(); !begun) return refused(begun.error());

    stopping_ = false;
    while (!stopping_) {
      step();
      if (is_at_rest()) stopping_ = at_rest_ = true;
      require(world_.passed < kAtMost, "I11: not at rest {} after the last fault: {}",
              format_duration(kAtMost - kActive), why_not_at_rest());
    }
    answered_.clear();
    for (const TopicReader& reader : readers_) answered_.push_back(reader.answered_up_to());
    core_->give_up();
    core_->finish(true);
    const Duration limit = world_.passed + (at_rest_ ? kActive : Duration{10'000});
    while ((core_->put_more() || !delivery_->is_idle()) && world_.passed < limit) {
      pass(Duration{500});
      delivery_->step();
    }
    delivery_->drain();
    core_->close();
    require(!at_rest_ || journal_->machine().outbox().empty(), "I11: the outbox is not empty at the end");
  }

  // A start that finds the disk full is made again later; nothing else may keep a process from starting.
  void refused(const Error& error) {
    require(error.code == ErrorCode::Exhausted && disk_.is_full(), "a start failed: {}", describe(error));
  }

  void step() {
    for (std::uint64_t left = random_.below(4); left > 0 && core_->ready(); --left) {
      TopicReader& reader = readers_[random_.below(readers_.size())];
      auto message = reader.next(disk_.history().size());
      if (!message) continue;
      if (random_.chance(20)) delivery_->step();  // at any time: it has threads of its own
      const auto error = core_->handle(std::move(*message));
      require(!error, "a source ended");
    }
    if (random_.chance(80)) delivery_->step();
    core_->step(true);
    require(!core_->failure(), "the journal failed: {}", core_->failure() ? describe(*core_->failure()) : "");
    check_bounds();
    pass(Duration{random_.between(10, 1'500)});
  }

  // Time passes, whether or not a process runs.
  void pass(Duration time) {
    world_.passed += time;
    if (world_.passed < kActive && random_.chance(60)) {
      for (Topic& topic : topics_) topic.grow(random_);
    }
    while (next_fault_ < scenario_.faults.size() && scenario_.faults[next_fault_].at <= world_.passed) {
      happen(scenario_.faults[next_fault_++]);
    }
    if (world_.passed >= kActive && !mended_) mend();
    if (core_ != nullptr) world_.reach(Point::Step);
  }

  void happen(const Fault& fault) {
    const Duration until = world_.passed + fault.length;
    const std::uint64_t target = fault.target;
    Topic& topic = topics_[target % topics_.size()];
    switch (fault.kind) {
      case Fault::Kind::Crash:
        world_.crash_at = fault.point;
        break;
      case Fault::Kind::Stop:
        stopping_ = true;
        break;
      case Fault::Kind::Configure:
        configured_ = target % configurations().size();
        stopping_ = true;
        break;
      case Fault::Kind::DiskFull:
        disk_.set_full_until(until);
        break;
      case Fault::Kind::SnapshotDamage:
        if (disk_.damage_newest_snapshot()) world_.crash_at = Point::Step;
        break;
      case Fault::Kind::Disconnect:
        topic.disconnected_until = until;
        break;
      case Fault::Kind::SinkDown:
        if (Destination* hit = destination(target)) hit->down_until = until;
        break;
      case Fault::Kind::SinkTimeout:
        if (Destination* hit = destination(target)) hit->times_out_until = until;
        break;
      case Fault::Kind::SinkRejects:
        if (Destination* hit = destination(target)) hit->rejects_until = until;
        break;
      case Fault::Kind::ClockJump:
        world_.jump(fault.length);
        break;
      case Fault::Kind::Retention:
        topic.retain(target / 2, static_cast<std::int64_t>(target % 30));
        break;
      case Fault::Kind::AddPartition:
        // Some are silent for a while.
        if (topic.partitions().size() < kMostPartitions) {
          topic.add_partition(target % 3 == 0 ? until : Duration{0});
        }
        break;
      case Fault::Kind::Recreate:
        if (topic.partitions().size() < kMostPartitions) topic.recreate(target / 2);
        break;
      case Fault::Kind::Lag:
        topic.partition(target / 2).unread_until = until;
        break;
      case Fault::Kind::LeaderAway:
        topic.partition(target / 2).unanswered_until = until;
        break;
    }
  }

  Destination* destination(std::uint64_t target) {
    auto& all = destinations_.all();
    return all.empty() ? nullptr : &all[target % all.size()];
  }

  // The faults are over.
  void mend() {
    mended_ = true;
    world_.crash_at.reset();
    disk_.set_full_until(Duration{0});
    for (Topic& topic : topics_) topic.mend();
    for (Destination& destination : destinations_.all()) {
      destination.down_until = destination.times_out_until = destination.rejects_until = Duration{0};
    }
  }

  [[nodiscard]] bool is_at_rest() const {
    return world_.passed >= kAtLeast && delivery_->is_idle() && journal_->machine().outbox().empty() &&
           std::ranges::all_of(readers_, [&](const TopicReader& reader) {
             return reader.is_at_end() && has_answered(reader);
           });
  }
  // Which source speaks in a step is drawn by lot: now and then one is silent for a good while, and what it
  // has not said the engine cannot know.
  [[nodiscard]] bool has_answered(const TopicReader& reader) const {
    const auto up_to = reader.answered_up_to();
    return up_to && *up_to >= world_.wall() - kLately;
  }
  [[nodiscard]] std::string why_not_at_rest() const {
    return fmt::format("outbox {}, mailboxes {}, ready {}, sources that have answered {} of {}",
                       journal_->machine().outbox().size(), delivery_->is_idle() ? "empty" : "waiting",
                       core_->ready(),
                       std::ranges::count_if(
                           readers_, [&](const TopicReader& reader) { return has_answered(reader); }),
                       readers_.size());
  }

  // What was committed for people to see is not more than what is kept.
  void check_positions() {
    std::map<std::string, std::uint32_t> numbers;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> kept;
    for (const shard::PartitionState& state : journal_->machine().partitions()) {
      const auto name = runtime::parse_partition_name(state.name);
      require(name.has_value(), "a partition called {}", state.name);
      const std::uint32_t source = name->source == kTopics[0] ? 0 : 1;
      kept[{source, numbers[name->source]++}] = state.next_offset;
    }
    for (const auto& [partition, committed] : committed_) {
      require(kept[partition] >= committed, "I8: offset {} was committed, and the state goes on from {}",
              committed, kept[partition]);
    }
  }

  void check_bounds() const {
    // The log is not let go of while the disk is full, so allow for what came before that.
    const std::uint64_t most = 40 * journal_settings_.snapshot_records + 4'000;
    require(disk_.last() - disk_.trimmed() < most, "I10: the log has {} records",
            disk_.last() - disk_.trimmed());
    require(journal_->machine().outbox_bytes() < kMostOutboxBytes, "I10: the outbox has {} bytes",
            journal_->machine().outbox_bytes());
  }

  const Scenario& scenario_;
  Random random_;
  World world_;
  Disk disk_;
  Destinations destinations_;
  std::deque<Topic> topics_;
  shard::JournalSettings journal_settings_;
  std::size_t configured_ = 0;
  std::vector<Note> notes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> committed_;
  std::size_t next_fault_ = 0;
  bool stopping_ = false;
  bool mended_ = false;
  bool at_rest_ = false;
  std::vector<std::optional<WallTime>> answered_;  // as the last process saw it when it came to rest
  Outcome outcome_;
  // Of the process that lives.
  runtime::LiveOptions options_;
  std::unique_ptr<shard::Journal> journal_;
  std::unique_ptr<SimulatedDelivery> delivery_;
  std::deque<TopicReader> readers_;
  std::unique_ptr<runtime::LiveCore> core_;
};

}  // namespace

void Outcome::add(const Outcome& other) {
  events += other.events;
  processes += other.processes;
  crashes += other.crashes;
  records += other.records;
  transitions += other.transitions;
  deliveries += other.deliveries;
  repeats += other.repeats;
  late += other.late;
}

Outcome run(const Scenario& scenario, Ablation ablation) { return Run(scenario, ablation).run(true); }
std::uint64_t trace_of(const Scenario& scenario) { return Run(scenario, Ablation::None).run(false).trace; }

}  // namespace tocsin::simulation
