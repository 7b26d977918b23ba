// A process that is killed at a named point between its log, its state and whoever it tells: a small engine
// of the real journal, state machine and SQLite file, whose every step follows from how far its state has
// come.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/shard/journal.h"
#include "engine/shard/memory_log.h"
#include "engine/store/sqlite_state.h"
#include "engine/store/state_report.h"
#include "tests/engine/shard/history.h"
#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using shard::Sequence;

enum class Point : std::uint8_t {
  None,
  BeforeAppend,
  AfterAppend,    // durable, not applied
  BeforeTelling,  // decided and applied, and its bytes are not in the log
  AfterTelling,   // they are, and nobody has heard
  AfterDelivery,  // heard, and not acknowledged
  AfterAck,
  BeforeSnapshot,
  DuringSnapshot,  // some of its pieces are stored
  AfterSnapshot,   // stored, and the log before it is still there
  AfterTrim,
};

// Where a life ends: at a point's `left`th time.
class End {
 public:
  explicit End(Point point, int left = 1) : point_(point), left_(left) {}
  void reach(Point point) {
    if (point != point_ || --left_ > 0) return;
    if (point == Point::DuringSnapshot) return die_writing();
    ::kill(::getpid(), SIGKILL);
  }

 private:
  // At the first byte beyond what is some of the pieces.
  static void die_writing() {
    const struct rlimit none{0, 0};
    const struct rlimit some{12U << 20, 12U << 20};
    ::setrlimit(RLIMIT_CORE, &none);
    ::setrlimit(RLIMIT_FSIZE, &some);
  }

  Point point_;
  int left_;
};

class Mortal final : public shard::ShardLog, public shard::SnapshotStore {
 public:
  Mortal(shard::ShardLog& log, shard::SnapshotStore& snapshots, End& end)
      : log_(log), snapshots_(snapshots), end_(end) {}

  [[nodiscard]] Result<void> append(std::span<const std::string> records) override {
    end_.reach(Point::BeforeAppend);
    auto appended = log_.append(records);
    end_.reach(Point::AfterAppend);
    return appended;
  }
  [[nodiscard]] Sequence last() const override { return log_.last(); }
  [[nodiscard]] Result<void> read(Sequence after, const Each& each) const override {
    return log_.read(after, each);
  }
  [[nodiscard]] Result<void> trim(Sequence through) override {
    end_.reach(Point::AfterSnapshot);
    auto trimmed = log_.trim(through);
    end_.reach(Point::AfterTrim);
    return trimmed;
  }
  [[nodiscard]] Result<void> put(const shard::Snapshot& snapshot) override {
    end_.reach(Point::BeforeSnapshot);
    end_.reach(Point::DuringSnapshot);
    return snapshots_.put(snapshot);
  }
  [[nodiscard]] Result<std::vector<Sequence>> kept() const override { return snapshots_.kept(); }
  [[nodiscard]] Result<shard::Snapshot> get(Sequence sequence) const override {
    return snapshots_.get(sequence);
  }

 private:
  shard::ShardLog& log_;
  shard::SnapshotStore& snapshots_;
  End& end_;
};

constexpr std::int64_t kSteps = 60;
constexpr shard::JournalSettings kOften{.snapshot_records = 10, .snapshot_bytes = 4096, .hash_records = 7};

// What comes at offset `step` of partition `p`, and how far time is known then. At the first, another
// partition of which the state keeps `bulk`.
std::vector<shard::Record> records_of(std::int64_t step, const std::string& bulk) {
  const EventTime time = shard::kStart + std::chrono::seconds(37 * step);
  shard::Chunk chunk;
  if (step == 0) chunk.new_partitions = {"p", "bulk"};
  chunk.covers.push_back({0, step, step + 1, "place", time});
  if (step == 0) chunk.covers.push_back({1, 0, 1, bulk, time});
  const auto add = [&](std::uint32_t metric, const metric::Dimensions& dimensions, double value) {
    const metric::MetricDefinition definition = shard::definitions().metrics[metric];
    chunk.series.push_back(
        {metric::series_hash(definition.metric_namespace, definition.name, dimensions), metric, dimensions});
    auto& entry = chunk.entries.emplace_back();
    entry.series = static_cast<std::uint32_t>(chunk.series.size() - 1);
    entry.bucket = floor_to(time, definition.bucket);
    entry.statistics.add(value);
    entry.newest = time;
  };
  add(0, shard::account(static_cast<int>(step % 3)), static_cast<double>(step * 7 % 11));
  if (step % 4 < 2) add(2, {}, static_cast<double>(step * 5 % 9));
  chunk.counts = {{"events", 1}};
  std::vector<shard::Record> records;
  if (step == 0) records.emplace_back(shard::Start{shard::kStart, shard::Start::Later{2, shard::kStart}});
  records.emplace_back(std::move(chunk));
  records.emplace_back(shard::Tick{std::vector<EventTime>(3, time), time});
  return records;
}

class Engine {
 public:
  // Whoever is told writes it into the file `told`. The state keeps `bulk`.
  Engine(shard::Journal& journal, std::filesystem::path told, std::string bulk, End& end)
      : journal_(journal), told_(std::move(told)), bulk_(std::move(bulk)), end_(end) {}

  // From wherever the state has come to.
  void run() {
    tell();
    deliver();
    const auto& partitions = journal_.machine().partitions();
    for (std::int64_t step = partitions.empty() ? 0 : partitions[0].next_offset; step < kSteps; ++step) {
      commit(records_of(step, bulk_));
      tell();
      deliver();
      if (!journal_.snapshot_if_due()) std::abort();
    }
  }

 private:
  void commit(const std::vector<shard::Record>& records) {
    shard::Output output;
    if (!journal_.commit(records, output)) std::abort();
  }

  void tell() {
    const shard::StateMachine& machine = journal_.machine();
    if (machine.untold().empty()) return;
    shard::Outbox outbox;
    for (const alarm::Transition& transition : machine.untold()) {
      outbox.told.push_back(transition.id);
      outbox.entries.push_back({machine.next_number() + outbox.entries.size(),
                                "topic",
                                {"one", "two"},
                                transition.id + " " + transition.reason});
    }
    end_.reach(Point::BeforeTelling);
    commit({std::move(outbox)});
    end_.reach(Point::AfterTelling);
  }

  void deliver() {
    const auto outbox = journal_.machine().outbox();
    for (const auto& [number, entry] : outbox) {
      for (const std::string& subscription : entry.subscriptions) {
        std::ofstream(told_, std::ios::app) << fmt::format("{} {}\n", subscription, entry.content);
        end_.reach(Point::AfterDelivery);
        commit({shard::Ack{{{number, subscription, true}}}});
        end_.reach(Point::AfterAck);
      }
    }
  }

  shard::Journal& journal_;
  const std::filesystem::path told_;
  const std::string bulk_;
  End& end_;
};

// What it comes to, and how often each subscription was told each thing.
struct Outcome {
  Hash128 digest;
  std::map<std::string, int> told;
};

std::map<std::string, int> read_told(const std::filesystem::path& path) {
  std::map<std::string, int> told;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) ++told[line];
  return told;
}

class NamedPoints : public testing::Test {
 protected:
  // A life that comes to its end, if nothing kills it.
  void live(shard::ShardLog& log, shard::SnapshotStore& snapshots, const std::filesystem::path& told,
            End end) {
    Mortal mortal(log, snapshots, end);
    auto journal = shard::Journal::open(mortal, mortal, shard::definitions(), kOften,
                                        [](const Note& note) { ADD_FAILURE() << note.text; });
    if (!journal) std::abort();
    Engine(*journal, told, bulk_, end).run();
    digest_ = journal->machine().digest();
  }

  // What it comes to without a death.
  Outcome undisturbed() {
    shard::MemoryLog log;
    live(log, log, temporary_.path() / "undisturbed", End(Point::None));
    return {digest_, read_told(temporary_.path() / "undisturbed")};
  }

  // A process of its own; the signal that killed it, or 0.
  int die(Point point, int left) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto state = opened(directory_);
      live(*state, *state, told_, End(point, left));
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const auto report = inspect_state(directory_.string(), Depth::Verify);
    EXPECT_TRUE(report && report->faults.empty());
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  // The last life, to its end.
  Outcome finish() {
    const auto state = opened(directory_);
    live(*state, *state, told_, End(Point::None));
    return {digest_, read_told(told_)};
  }

  void begin_anew(int round) {
    directory_ = temporary_.path() / fmt::format("state {}", round);
    told_ = temporary_.path() / fmt::format("told {}", round);
  }

  TemporaryDirectory temporary_;
  std::filesystem::path directory_ = temporary_.path() / "state";
  std::filesystem::path told_ = temporary_.path() / "told";
  std::string bulk_;
  Hash128 digest_;
};

TEST_F(NamedPoints, KilledAtAnyOfThemItComesToWhatItWouldHaveComeTo) {
  const Outcome wanted = undisturbed();
  ASSERT_GT(wanted.told.size(), 10U);
  const Point points[] = {Point::BeforeAppend,   Point::AfterAppend,   Point::BeforeTelling,
                          Point::AfterTelling,   Point::AfterDelivery, Point::AfterAck,
                          Point::BeforeSnapshot, Point::AfterSnapshot, Point::AfterTrim};
  for (const Point point : points) {
    SCOPED_TRACE(static_cast<int>(point));
    begin_anew(static_cast<int>(point));
    int heard_twice = 0;
    for (const int left : {1, 2, 3}) {
      EXPECT_EQ(die(point, left), SIGKILL);
      heard_twice += point == Point::AfterDelivery ? 1 : 0;
    }
    const Outcome got = finish();
    EXPECT_EQ(got.digest, wanted.digest);
    int repeats = 0;
    for (const auto& [what, times] : got.told) {
      EXPECT_TRUE(wanted.told.contains(what)) << what;
      repeats += times - 1;
    }
    EXPECT_EQ(got.told.size(), wanted.told.size());
    EXPECT_EQ(repeats, heard_twice);
  }
}

TEST_F(NamedPoints, KilledWhileASnapshotIsStoredItUsesNothingOfIt) {
  bulk_ = shard::some_bytes(std::size_t{24} << 20);
  const Outcome wanted = undisturbed();
  EXPECT_EQ(die(Point::DuringSnapshot, 1), SIGXFSZ);
  EXPECT_EQ(opened(directory_)->kept()->size(), 0U);
  const Outcome got = finish();
  EXPECT_EQ(got.digest, wanted.digest);
  EXPECT_EQ(got.told, wanted.told);
}

}  // namespace
}  // namespace tocsin::store
