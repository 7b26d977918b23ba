// `make soak`: the engine at a steady rate for a long time, beside a real broker on one machine, measured
// from outside.
//
//   tocsin produce --loop --rate ─► broker ─► tocsin run with the demo's rules ─► alert topic
//
// Everything runs as processes of its own on loopback, is sampled every few seconds (/proc, the broker's
// offsets, the engine's own metrics), and is stopped at the end: the producer first, so that the engine can
// show that it catches up. Writes samples.csv, soak.svg and summary.txt; exits 1 if a process died or the
// engine did not read exactly what was acknowledged: no member comes or goes, so nothing comes twice.

#include <dirent.h>
#include <fmt/format.h>
#include <fmt/ostream.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "bench/soak_plot.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/child_process.h"
#include "tests/kafka/metrics_page.h"
#include "tests/kafka/topics.h"

namespace tocsin::bench {
namespace {

using namespace std::chrono_literals;
using kafka_test::Broker;
using kafka_test::ChildProcess;
using kafka_test::free_port;
using kafka_test::metrics_page;
using kafka_test::sum_of;
using kafka_test::Topics;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr auto kEvery = 2s;
constexpr auto kCatchUpLimit = 120s;
constexpr auto kStopLimit = 90s;
constexpr int kPartitions = 4;
constexpr const char* kGroup = "tocsin-demo";  // as in config/demo/kafka.yaml

struct Options {
  fs::path tocsin;
  fs::path jars;
  fs::path data;
  fs::path out;
  std::vector<std::string> config;
  double minutes = 60;
  double rate = 100'000;
};

volatile std::sig_atomic_t interrupted = 0;

// What a process has used so far.
struct Usage {
  double cpu_seconds = 0;
  double resident_mb = 0;
  double handles = 0;
};

Usage usage_of(pid_t id) {
  Usage usage;
  std::ifstream stat(fmt::format("/proc/{}/stat", id));
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return usage;
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  usage.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream statm(fmt::format("/proc/{}/statm", id));
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  usage.resident_mb = resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
  if (DIR* folder = ::opendir(fmt::format("/proc/{}/fd", id).c_str())) {
    while (::readdir(folder) != nullptr) ++usage.handles;
    ::closedir(folder);
    usage.handles -= 2;  // "." and ".."
  }
  return usage;
}

struct Ends {
  std::int64_t end = 0;
  std::int64_t committed = 0;
};

class Soak {
 public:
  explicit Soak(Options options)
      : options_(std::move(options)),
        broker_(options_.jars, std::nullopt, "1g"),
        topics_((broker_.start(), broker_.address())) {}

  int run() {
    fs::create_directories(options_.out);
    for (const char* name : {"engine.out", "engine.log", "producer.log"}) fs::remove(options_.out / name);
    create_topics();
    ::setenv("DEMO_BROKERS", broker_.address().c_str(), 1);
    ::setenv("DEMO_DELAY", "5s", 1);
    start_engine();
    start_producer();
    started_ = Clock::now();
    const auto end = started_ + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(options_.minutes * 60));
    bool alive = true;
    for (auto next = started_ + kEvery; next < end && interrupted == 0; next += kEvery) {
      std::this_thread::sleep_until(next);
      alive = engine_->running() && producer_->running();
      if (!alive) break;
      take_sample();
    }
    producer_->signal(SIGTERM);
    const bool produced = producer_->wait(kStopLimit) == 0;
    const double produced_for = std::chrono::duration<double>(Clock::now() - started_).count();
    const double catch_up = alive ? wait_for_engine() : -1;
    engine_->signal(SIGTERM);
    const bool stopped = engine_->wait(kStopLimit) == 0;
    const bool orderly = alive && produced && stopped;
    const bool all_read = events_read() == ends().end;
    report(!orderly    ? "FAILED: a process died or did not stop; see the logs"
           : !all_read ? "FAILED: the engine did not read exactly what the broker acknowledged"
                       : "every record was read, and every process ran to its orderly end",
           produced_for, catch_up);
    return orderly && all_read ? 0 : 1;
  }

 private:
  void create_topics() {
    // Enough for a minute of lag, not for a disk.
    const std::map<std::string, std::string> settings = {{"retention.bytes", "800000000"},
                                                         {"segment.bytes", "67108864"}};
    topics_.create("cloudtrail", kPartitions, settings);
    topics_.create("backup", 1, settings);
    topics_.create("hosts", 1, settings);
    topics_.create("alerts", 1);
  }

  void start_engine() {
    std::vector<std::string> command{options_.tocsin, "run", "--log", "json"};
    for (const std::string& file : options_.config) command.insert(command.end(), {"-c", file});
    const auto help = options_.out / "run-help.txt";
    (void)ChildProcess({options_.tocsin, "run", "--help"}, help, help).wait(10s);
    if (kafka_test::read_file(help).find("--metrics-listen") != std::string::npos) {
      metrics_port_ = free_port();
      command.insert(command.end(), {"--metrics-listen", fmt::format("127.0.0.1:{}", metrics_port_)});
    }
    fs::remove(help);
    engine_ =
        std::make_unique<ChildProcess>(command, options_.out / "engine.out", options_.out / "engine.log");
  }

  void start_producer() {
    std::vector<std::string> command{options_.tocsin,
                                     "produce",
                                     "--brokers",
                                     broker_.address(),
                                     "--loop",
                                     "--rate",
                                     fmt::format("{}", options_.rate)};
    for (int i = 0; i < 4; ++i)
      command.push_back(
          fmt::format("cloudtrail={}", (options_.data / fmt::format("cloudtrail-{}.jsonl", i)).string()));
    command.push_back("backup=" + (options_.data / "backup.jsonl").string());
    command.push_back("hosts=" + (options_.data / "hosts.log").string());
    producer_ =
        std::make_unique<ChildProcess>(command, options_.out / "producer.log", options_.out / "producer.log");
  }

  [[nodiscard]] Ends ends() const {
    Ends sum;
    for (const char* topic : {"cloudtrail", "backup", "hosts"}) {
      const auto extents = topics_.extents(topic);
      for (std::size_t partition = 0; partition < extents.size(); ++partition) {
        sum.end += extents[partition].end;
        sum.committed += topics_.committed(kGroup, topic, static_cast<std::int32_t>(partition)).value_or(0);
      }
    }
    return sum;
  }

  [[nodiscard]] double lag() const {
    return metrics_port_ == 0 ? -1 : sum_of(metrics_page(metrics_port_), "tocsin_lag_records");
  }

  void take_sample() {
    Sample sample;
    sample.lag = lag();
    const Ends now = ends();
    sample.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    const double passed = sample.seconds - last_.seconds;
    sample.records_per_s = static_cast<double>(now.end - last_end_) / passed;
    sample.uncommitted = static_cast<double>(now.end - now.committed);
    sample.alerts = static_cast<double>(topics_.extents("alerts").front().end);
    const Usage engine = usage_of(engine_->id());
    const Usage producer = usage_of(producer_->id());
    const Usage broker = usage_of(broker_.id());
    sample.engine_mb = engine.resident_mb;
    sample.engine_handles = engine.handles;
    sample.engine_cpu = (engine.cpu_seconds - engine_before_.cpu_seconds) / passed * 100;
    sample.producer_cpu = (producer.cpu_seconds - producer_before_.cpu_seconds) / passed * 100;
    sample.broker_cpu = (broker.cpu_seconds - broker_before_.cpu_seconds) / passed * 100;
    engine_before_ = engine;
    producer_before_ = producer;
    broker_before_ = broker;
    last_end_ = now.end;
    last_ = sample;
    samples_.push_back(sample);
    if (samples_.size() % 15 == 0) {
      fmt::print(stderr,
                 "{:5.0f} s  {:7.0f} records/s  lag {:9.0f}  engine {:5.0f} MB, {:3.0f} % of a core\n",
                 sample.seconds, sample.records_per_s, sample.lag, sample.engine_mb, sample.engine_cpu);
      write_csv(options_.out / "samples.csv",
                samples_);  // so that a run that is cut short has told what it saw
    }
  }

  // The seconds until the engine has read everything, after the last record; -1 if it does not within the
  // limit, or does not tell.
  [[nodiscard]] double wait_for_engine() {
    const auto began = Clock::now();
    if (metrics_port_ == 0) {
      std::this_thread::sleep_for(10s);
      return -1;
    }
    while (Clock::now() - began < kCatchUpLimit) {
      std::this_thread::sleep_for(200ms);
      if (lag() == 0) return std::chrono::duration<double>(Clock::now() - began).count();
    }
    return -1;
  }

  // Least squares over the samples after the first fifth.
  [[nodiscard]] double slope_mb_per_hour() const {
    const std::size_t first = samples_.size() / 5;
    const auto count = static_cast<double>(samples_.size() - first);
    if (count < 2) return 0;
    double x = 0;
    double y = 0;
    for (std::size_t i = first; i < samples_.size(); ++i) {
      x += samples_[i].seconds / count;
      y += samples_[i].engine_mb / count;
    }
    double covariance = 0;
    double variance = 0;
    for (std::size_t i = first; i < samples_.size(); ++i) {
      covariance += (samples_[i].seconds - x) * (samples_[i].engine_mb - y);
      variance += (samples_[i].seconds - x) * (samples_[i].seconds - x);
    }
    return variance == 0 ? 0 : covariance / variance * 3600;
  }

  // As the engine says when it stops; -1 if it did not.
  [[nodiscard]] std::int64_t events_read() const {
    constexpr std::string_view kBefore = "stopped: ";
    const std::string log = kafka_test::read_file(options_.out / "engine.log");
    const std::size_t at = log.rfind(kBefore);
    return at == std::string::npos ? -1 : std::strtoll(log.c_str() + at + kBefore.size(), nullptr, 10);
  }

  void report(std::string_view result, double produced_for, double catch_up) {
    const Ends end = ends();
    write_csv(options_.out / "samples.csv", samples_);
    write_svg(
        options_.out / "soak.svg",
        fmt::format(
            "tocsin run at {:.0f} records/s for {:.0f} min: one engine, one broker, one producer on {} cores",
            static_cast<double>(end.end) / produced_for, produced_for / 60,
            std::thread::hardware_concurrency()),
        samples_);
    const auto row = [](std::string_view name, const std::string& text) {
      return fmt::format("{:<34} {}\n", name, text);
    };
    const auto range = [&](double Sample::* value, std::string_view unit) {
      double least = 1e300;
      double most = -1e300;
      double sum = 0;
      const std::size_t first = samples_.size() / 5;
      for (std::size_t i = first; i < samples_.size(); ++i) {
        least = std::min(least, samples_[i].*value);
        most = std::max(most, samples_[i].*value);
        sum += samples_[i].*value;
      }
      if (samples_.empty()) return std::string("no sample");
      if (most < 0) return std::string("not told");
      return fmt::format("{:.0f} to {:.0f}{}, mean {:.0f}", least, most, unit,
                         sum / static_cast<double>(samples_.size() - first));
    };
    std::string text = row("records acknowledged", fmt::format("{} in {:.0f} s", end.end, produced_for));
    text +=
        row("sustained rate", fmt::format("{:.0f} records/s", static_cast<double>(end.end) / produced_for));
    text += "after the first fifth of the run:\n";
    text += row("  records/s", range(&Sample::records_per_s, ""));
    text += row("  engine memory", range(&Sample::engine_mb, " MB"));
    text += row("  engine memory, slope", fmt::format("{:+.1f} MB/h", slope_mb_per_hour()));
    text += row("  engine handles", range(&Sample::engine_handles, ""));
    text += row("  lag, records", range(&Sample::lag, ""));
    text += row("  uncommitted, records", range(&Sample::uncommitted, ""));
    text += row("  CPU engine", range(&Sample::engine_cpu, " % of a core"));
    text += row("  CPU producer", range(&Sample::producer_cpu, " % of a core"));
    text += row("  CPU broker", range(&Sample::broker_cpu, " % of a core"));
    text +=
        row("caught up after the last record", catch_up < 0 ? "not told" : fmt::format("{:.1f} s", catch_up));
    text += row("alerts in the topic", fmt::format("{}", topics_.extents("alerts").front().end));
    text += row("producer said", last_line("producer.log"));
    text += row("engine said", last_line("engine.log"));
    text += row("result", std::string(result));
    std::ofstream(options_.out / "summary.txt") << text;
    fmt::print("{}\nsamples.csv, soak.svg, summary.txt and the logs are in {}\n", text,
               options_.out.string());
  }

  [[nodiscard]] std::string last_line(const char* file) const {
    std::string text = kafka_test::read_file(options_.out / file);
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

  Options options_;
  Broker broker_;
  Topics topics_;
  std::unique_ptr<ChildProcess> engine_;
  std::unique_ptr<ChildProcess> producer_;
  std::uint16_t metrics_port_ = 0;  // 0: the engine has no page of metrics
  Clock::time_point started_;
  Sample last_;
  std::int64_t last_end_ = 0;
  Usage engine_before_;
  Usage producer_before_;
  Usage broker_before_;
  std::vector<Sample> samples_;
};

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) {
  tocsin::bench::Options options;
  CLI::App app("The engine at a steady rate for a long time, measured from outside.", "soak");
  app.add_option("--tocsin", options.tocsin, "the program")->required();
  app.add_option("--jars", options.jars, "of the broker")->required();
  app.add_option("--data", options.data, "the demo's day")->required();
  app.add_option("--out", options.out, "where to write")->required();
  app.add_option("-c,--config", options.config, "of the engine")->required();
  app.add_option("--minutes", options.minutes, "how long (60)");
  app.add_option("--rate", options.rate, "records a second (100000)");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, [](int) { tocsin::bench::interrupted = 1; });
  std::signal(SIGTERM, [](int) { tocsin::bench::interrupted = 1; });
  try {
    return tocsin::bench::Soak(std::move(options)).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 1;
  }
}
