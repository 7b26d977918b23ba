#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/backtest_inputs.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/pace.h"
#include "cli/progress.h"
#include "cli/run_summary.h"
#include "cli/signals.h"
#include "cli/timed_records.h"
#include "engine/event/json_view.h"
#include "engine/event/written_times.h"
#include "sinks/kafka_producer.h"

namespace tocsin::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMaxLoopBytes = 1'000'000'000;
constexpr std::uint64_t kStep = 256;  // records between two looks at the clock
constexpr Duration kFinishLimit = std::chrono::minutes(5);
constexpr Duration kStopLimit = std::chrono::seconds(10);

struct ProduceArguments {
  std::vector<std::string> config;
  std::string brokers;
  std::string topic;
  std::vector<std::string> properties;
  std::string format;
  std::string key = "none";
  bool shift_to_now = false;
  std::string align = "1m";
  std::string rate;
  bool loop = false;
  std::string partition_by;
  std::string compression = "lz4";
  int create_topic = 0;
  bool quiet = false;
  std::vector<std::string> files;
};

enum class PartitionBy : std::uint8_t { File, RoundRobin, Key };

// What goes wrong, and the exit code for it.
struct Failure {
  int code = kUsage;
  std::string text;
};
template <typename T>
using Outcome = std::expected<T, Failure>;

std::unexpected<Failure> usage(std::string text) { return std::unexpected(Failure{kUsage, std::move(text)}); }
std::unexpected<Failure> unreadable(const Error& error) {
  return std::unexpected(Failure{kUnreadable, describe(error)});
}

// Everything that the arguments mean.
struct Job {
  std::vector<source::SourceSettings> sources;
  std::vector<runtime::ReplayInput> inputs;
  std::string brokers;
  std::vector<std::string> topics;  // by source
  std::map<std::string, std::string> properties;
  std::optional<event::Selector> key;
  PartitionBy partition_by = PartitionBy::RoundRobin;
  std::optional<double> rate;  // records a second
  Duration align{0};
};

std::optional<double> parse_rate(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (error != std::errc{} || end != text.data() + text.size() || !(rate > 0) || rate > 1e9)
    return std::nullopt;
  return rate;
}

// The sources of the configuration; without one, a source of no settings for each topic.
Outcome<runtime::Plan> choose_sources(const ProduceArguments& arguments) {
  runtime::Plan plan;
  if (arguments.config.empty()) {
    std::vector<std::string> topics;
    if (!arguments.topic.empty()) topics.push_back(arguments.topic);
    for (const std::string& file : arguments.files) {
      std::error_code ignored;
      const std::size_t equals = file.find('=');
      if (equals == std::string::npos || std::filesystem::exists(file, ignored)) continue;
      const std::string topic = file.substr(0, equals);
      if (std::ranges::find(topics, topic) == topics.end()) topics.push_back(topic);
    }
    if (arguments.brokers.empty() || topics.empty())
      return usage("say where to: --brokers HOST:PORT --topic TOPIC FILE, or -c FILE with a kafka source");
    for (const std::string& topic : topics) {
      plan.sources.push_back({.name = topic,
                              .kind = source::KafkaSettings{.brokers = arguments.brokers, .topics = {topic}},
                              .decode = {}});
    }
  } else {
    auto configuration = load_or_report(arguments.config);
    if (!configuration) return std::unexpected(Failure{kBadConfiguration, "the configuration has faults"});
    plan.sources = configuration->plan->sources;
  }
  if (!arguments.format.empty()) {
    const auto format = event::parse_format(arguments.format);
    if (!format)
      return usage(fmt::format("--format {}: one of auto, cloudtrail, eventbridge, subscription, json, text",
                               arguments.format));
    for (source::SourceSettings& source : plan.sources) source.decode.format = *format;
  }
  return plan;
}

// Where the records of each source that has files go.
Outcome<void> choose_destination(const ProduceArguments& arguments, const runtime::Plan& plan, Job& job) {
  job.brokers = arguments.brokers;
  job.topics.resize(plan.sources.size());
  for (const runtime::ReplayInput& input : job.inputs) {
    std::string& topic = job.topics[input.source];
    if (!topic.empty()) continue;
    const source::SourceSettings& source = plan.sources[input.source];
    if (!arguments.config.empty()) topic = arguments.topic;
    const auto* kafka = std::get_if<source::KafkaSettings>(&source.kind);
    if (kafka == nullptr) {
      if (topic.empty() || job.brokers.empty())
        return usage(
            fmt::format("the source `{}` is no kafka source: add --brokers and --topic", source.name));
      continue;
    }
    if (topic.empty() && kafka->topics.size() != 1)
      return usage(fmt::format("the source `{}` has {} topics: choose one with --topic", source.name,
                               kafka->topics.size()));
    if (topic.empty()) topic = kafka->topics.front();
    if (job.brokers.empty()) job.brokers = kafka->brokers;
    if (arguments.brokers.empty() && job.brokers != kafka->brokers)
      return usage("the sources named are on different brokers: produce to one of them at a time");
    // What the consumer needs to be let in, the producer needs too; its own settings it does not know.
    for (const auto& [name, value] : kafka->properties) {
      if (name.starts_with("security.") || name.starts_with("sasl.") || name.starts_with("ssl.") ||
          name.starts_with("enable.ssl."))
        job.properties[name] = value;
    }
  }
  job.properties["compression.codec"] = arguments.compression;
  for (const std::string& text : arguments.properties) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return usage("-p takes a librdkafka property as NAME=VALUE");
    job.properties[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return {};
}

Outcome<Job> understand(const ProduceArguments& arguments) {
  Job job;
  if (!arguments.rate.empty() && !(job.rate = parse_rate(arguments.rate)))
    return usage(fmt::format("--rate {}: write records a second as 5000 or 5000/s", arguments.rate));
  const auto align = parse_duration(arguments.align);
  if (!align || *align < std::chrono::seconds(1) || *align % std::chrono::seconds(1) != Duration{0})
    return usage(
        fmt::format("--align {}: write whole seconds, minutes or hours as 5m or 1h", arguments.align));
  job.align = *align;
  if (arguments.loop && arguments.shift_to_now)
    return usage(
        "--loop gives every record the time of its sending, so --shift-to-now has no meaning with it");
  if (arguments.key != "none") {
    const auto selector = event::parse_selector(arguments.key);
    if (!selector)
      return usage(fmt::format("--key {}: {}; write a field as $.recipientAccountId, or none", arguments.key,
                               selector.error().message));
    job.key = *selector;
  }
  std::string by = arguments.partition_by;
  if (by.empty()) by = job.key ? "key" : "round_robin";
  job.partition_by = by == "file"  ? PartitionBy::File
                     : by == "key" ? PartitionBy::Key
                                   : PartitionBy::RoundRobin;
  if (job.partition_by == PartitionBy::Key && !job.key)
    return usage("--partition-by key needs a --key, e.g. --key '$.recipientAccountId'");

  auto plan = choose_sources(arguments);
  if (!plan) return std::unexpected(plan.error());
  if (arguments.files.empty()) return usage("name the files to send; - is stdin");
  auto inputs = choose_inputs(*plan, {arguments.files, false, {}});
  if (!inputs) {
    return std::unexpected(
        Failure{inputs.error().code == ErrorCode::Invalid ? kUsage : kUnreadable, describe(inputs.error())});
  }
  job.inputs = std::move(*inputs);
  const bool from_stdin = std::ranges::find(arguments.files, "-") != arguments.files.end();
  if (arguments.shift_to_now && from_stdin)
    return usage("--shift-to-now reads its input twice, which stdin cannot: give files");
  if (auto chosen = choose_destination(arguments, *plan, job); !chosen)
    return std::unexpected(chosen.error());
  job.sources = std::move(plan->sources);
  return job;
}

struct SentCounts {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t left_out = 0;  // their times could not be moved
  std::uint64_t without_time = 0;
};

// Sends records in their order: which topic, partition and key, at which pace.
class Sending {
 public:
  Sending(const Job& job, sinks::KafkaProducer& producer,
          const std::vector<sinks::KafkaProducer::TopicNumber>& topics, const std::atomic<bool>& stop)
      : job_(job), producer_(producer), topics_(topics), stop_(stop), next_partition_(job.sources.size()) {
    if (job.rate) pace_.emplace(*job.rate, Clock::now());
    if (job.key) key_slot_ = key_fields_.add(*job.key);
    // Each file keeps to one partition of its topic, the files of a topic taking turns.
    std::vector<std::int32_t> files(job.sources.size());
    for (const runtime::ReplayInput& input : job.inputs) {
      file_partition_.push_back(files[input.source]++ % producer.partitions(topics[input.source]));
    }
  }

  // The key of a record; nothing if it has none. Until the next call.
  std::optional<std::string_view> key_of(std::string_view value) {
    if (!job_.key || view_.walk(value, key_fields_) != event::JsonStatus::Object) return std::nullopt;
    const auto nodes = view_.nodes(key_slot_);
    if (nodes.empty()) return std::nullopt;
    return nodes.front().text;
  }

  // Waits for its turn and for room in the queue. False: stopped.
  Result<bool> send(std::uint32_t input, std::optional<std::string_view> key, std::string_view value,
                    EventTime time) {
    if (!wait_for_turn()) return false;
    const std::uint32_t source = job_.inputs[input].source;
    std::optional<std::int32_t> partition;
    if (job_.partition_by == PartitionBy::File) {
      partition = file_partition_[input];
    } else if (job_.partition_by == PartitionBy::RoundRobin) {
      partition = next_partition_[source]++;
      if (next_partition_[source] == producer_.partitions(topics_[source])) next_partition_[source] = 0;
    }
    for (;;) {
      const auto sent = producer_.send(topics_[source], partition, key, value, time);
      if (!sent) return std::unexpected(sent.error());
      if (*sent) return true;
      if (stop_) return false;
      producer_.poll(Duration{20});
    }
  }

 private:
  bool wait_for_turn() {
    while (granted_ == 0) {
      if (stop_) return false;
      producer_.poll(Duration{0});
      granted_ = pace_ ? std::min(pace_->allowed(Clock::now()), kStep) : kStep;
      if (pace_) pace_->take(granted_);
      if (granted_ == 0) producer_.poll(Duration{1});
    }
    --granted_;
    return true;
  }

  const Job& job_;
  sinks::KafkaProducer& producer_;
  const std::vector<sinks::KafkaProducer::TopicNumber>& topics_;
  const std::atomic<bool>& stop_;
  std::optional<Pace> pace_;
  std::uint64_t granted_ = 0;  // records that may go without asking
  std::vector<std::int32_t> file_partition_;
  std::vector<std::int32_t> next_partition_;
  event::JsonView view_;
  event::FieldTrie key_fields_;
  event::Slot key_slot_ = event::kNoSlot;
};

// By how much to move everything so that the last event is now, in whole `align`s.
Result<std::optional<std::chrono::seconds>> shift_to_now(const Job& job, const std::atomic<bool>& stop) {
  TimedRecords records(job.sources, job.inputs);
  EventTime last = kNever;
  while (!stop) {
    const auto record = records.next();
    if (!record) return std::unexpected(record.error());
    if (!*record) break;
    if ((*record)->own_time) last = std::max(last, (*record)->time);
  }
  if (last == kNever) return std::nullopt;
  const Duration distance = as_event_time(wall_now()) - last;
  const auto steps =
      std::floor(static_cast<double>(distance.count()) / static_cast<double>(job.align.count()));
  return std::chrono::duration_cast<std::chrono::seconds>(job.align * static_cast<std::int64_t>(steps));
}

// Every record once, moved by `shift` if there is one.
Result<void> send_once(const Job& job, std::optional<std::chrono::seconds> shift, Sending& sending,
                       const std::atomic<bool>& stop, SentCounts& counts,
                       const std::function<void(std::uint64_t bytes, EventTime time)>& progress) {
  TimedRecords records(job.sources, job.inputs);
  std::vector<RecordTime> proof;
  for (const source::SourceSettings& source : job.sources) proof.emplace_back(source.decode);
  std::string moved;
  while (!stop) {
    const auto next = records.next();
    if (!next) return std::unexpected(next.error());
    if (!*next) break;
    const TimedRecord& record = **next;
    std::string_view value = record.value;
    EventTime time = record.time;
    if (time == kNever) {
      time = as_event_time(wall_now());
      ++counts.without_time;
    } else if (shift) {
      time += *shift;
      if (record.own_time) {
        moved = value;
        move_times(moved.data(), event::find_times(value, record.time), *shift);
        value = moved;
        if (proof[job.inputs[record.input].source].of(value) != time) {
          ++counts.left_out;
          continue;
        }
      }
    }
    const auto sent = sending.send(record.input, sending.key_of(value), value, time);
    if (!sent) return std::unexpected(sent.error());
    if (!*sent) break;
    ++counts.records;
    counts.bytes += value.size();
    if (counts.records % kStep == 0) progress(records.bytes_read(), time);
  }
  return {};
}

// Every record over and over, each with the time of its sending. A record is decoded once; what a round costs
// is copying it and writing its times.
class Round {
 public:
  explicit Round(const Job& job) : job_(job) {}

  // Reads everything into memory.
  Outcome<void> load(Sending& sending, const std::atomic<bool>& stop, SentCounts& counts) {
    TimedRecords records(job_.sources, job_.inputs);
    std::vector<RecordTime> proof;
    for (const source::SourceSettings& source : job_.sources) proof.emplace_back(source.decode);
    std::string moved;
    while (!stop) {
      const auto next = records.next();
      if (!next) return unreadable(next.error());
      if (!*next) break;
      const TimedRecord& record = **next;
      Item item{.value = std::string(record.value),
                .key = {},
                .times = {},
                .input = record.input,
                .time = record.time};
      if (record.own_time) {
        item.times = event::find_times(item.value, record.time);
        const std::chrono::seconds shift = to_now(record.time, wall_now());
        moved = item.value;
        move_times(moved.data(), item.times, shift);
        if (proof[job_.inputs[record.input].source].of(moved) != record.time + shift) {
          ++counts.left_out;
          continue;
        }
      }
      if (const auto key = sending.key_of(item.value)) item.key = *key;
      bytes_ += item.value.size();
      if (bytes_ > kMaxLoopBytes)
        return usage(fmt::format("--loop keeps the files in memory, and they hold more than {}: give fewer",
                                 format_bytes(kMaxLoopBytes)));
      items_.push_back(std::move(item));
    }
    if (items_.empty() && !stop) return std::unexpected(Failure{kNo, "there is no record to send"});
    return {};
  }

  Result<bool> send(Sending& sending, SentCounts& counts,
                    const std::function<void(std::uint64_t bytes, EventTime time)>& progress) {
    WallTime now = wall_now();
    for (Item& item : items_) {
      if (counts.records % kStep == 0) {
        now = wall_now();
        progress(counts.bytes, kNever);
      }
      EventTime time = as_event_time(now);
      if (item.time != kNever) {
        const std::chrono::seconds shift = to_now(item.time, now);
        move_times(item.value.data(), item.times, shift);
        time = item.time + shift;
      }
      const auto sent = sending.send(item.input, item.key, item.value, time);
      if (!sent) return std::unexpected(sent.error());
      if (!*sent) return false;
      ++counts.records;
      counts.bytes += item.value.size();
    }
    return true;
  }

 private:
  struct Item {
    std::string value;
    std::optional<std::string> key;
    std::vector<event::TimeSpot> times;
    std::uint32_t input = 0;
    EventTime time = kNever;
  };

  // Whole seconds: fractions stay as they are written, so that a record may be up to a second behind the
  // clock, never ahead.
  static std::chrono::seconds to_now(EventTime time, WallTime now) {
    return std::chrono::floor<std::chrono::seconds>(as_event_time(now) - time);
  }

  const Job& job_;
  std::vector<Item> items_;
  std::uint64_t bytes_ = 0;
};

std::string in_words(std::chrono::seconds shift) {
  const bool back = shift.count() < 0;
  return fmt::format("{}{}", back ? "-" : "+", format_duration(std::chrono::abs(shift)));
}

std::string topics_in_words(const std::vector<std::string>& topics) {
  std::vector<std::string> names;
  for (const std::string& topic : topics) {
    if (!topic.empty() && std::ranges::find(names, topic) == names.end()) names.push_back(topic);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Outcome<int> produce(const ProduceArguments& arguments) {
  auto understood = understand(arguments);
  if (!understood) return std::unexpected(understood.error());
  const Job& job = *understood;
  const std::atomic<bool>& stop = install_stop_signal();
  signal(SIGPIPE, SIG_IGN);

  auto opened = sinks::KafkaProducer::open(job.brokers, job.properties);
  if (!opened) return usage(describe(opened.error()));
  sinks::KafkaProducer& producer = *opened;
  std::vector<sinks::KafkaProducer::TopicNumber> topics;
  for (const std::string& topic : job.topics) {
    if (topic.empty()) {  // nothing is sent there
      topics.push_back(0);
      continue;
    }
    if (arguments.create_topic > 0) {
      if (auto created = producer.create_topic(topic, arguments.create_topic); !created)
        return unreadable(created.error());
    }
    auto added = producer.add_topic(topic);
    if (!added) {
      const bool missing = added.error().code == ErrorCode::NotFound;
      return std::unexpected(Failure{
          kUnreadable,
          describe(added.error()) + (missing ? "; create it, or add --create-topic PARTITIONS" : "")});
    }
    topics.push_back(*added);
  }

  const TextStyle style = text_style_of(stderr);
  TextStyle progress_style = style;
  progress_style.terminal = style.terminal && !arguments.quiet;
  std::optional<std::chrono::seconds> shift;
  if (arguments.shift_to_now) {
    const auto found = shift_to_now(job, stop);
    if (!found) return unreadable(found.error());
    if (!*found && !stop)
      return std::unexpected(Failure{kNo, "no event has a time of its own, so nothing can be moved"});
    shift = *found;
  }

  std::uint64_t total = 0;
  if (!arguments.loop) {
    for (const runtime::ReplayInput& input : job.inputs) total += input.partition.bytes;
  }
  SentCounts counts;
  Sending sending(job, producer, topics, stop);
  Round round(job);
  if (arguments.loop) {
    if (auto loaded = round.load(sending, stop, counts); !loaded) return std::unexpected(loaded.error());
  }
  const auto started = Clock::now();
  Progress progress(stderr, progress_style);
  const auto show = [&](std::uint64_t bytes, EventTime time) {
    progress.update({bytes, total, producer.counts().acknowledged, time});
  };
  Result<void> result;
  if (arguments.loop) {
    Result<bool> more = true;
    while (more && *more && !stop) more = round.send(sending, counts, show);
    if (!more) result = std::unexpected(more.error());
  } else {
    result = send_once(job, shift, sending, stop, counts, show);
  }
  const bool complete = producer.finish(stop ? kStopLimit : kFinishLimit);
  progress.erase();

  const std::chrono::duration<double> seconds = Clock::now() - started;
  const sinks::ProducedCounts& reports = producer.counts();
  if (!arguments.quiet) {
    fmt::print(
        stderr, "{} records to {} in {:.1f} s ({} records/s), {}\n", group_digits(reports.acknowledged),
        topics_in_words(job.topics), seconds.count(),
        group_digits(static_cast<std::uint64_t>(static_cast<double>(reports.acknowledged) / seconds.count())),
        format_bytes(counts.bytes));
    if (shift) fmt::print(stderr, "all times moved by {}\n", in_words(*shift));
    if (counts.without_time > 0)
      fmt::print(stderr, "{} records had no time, and got that of their sending\n",
                 group_digits(counts.without_time));
    if (stop) fmt::print(stderr, "stopped early: what was sent until then is there\n");
  }
  if (counts.left_out > 0) {
    fmt::print(stderr,
               "tocsin produce: {} records were left out: their times cannot be moved where they stand, as "
               "in compressed "
               "envelopes; unpack them first, or send them as they are\n",
               group_digits(counts.left_out));
  }
  if (!result) return unreadable(result.error());
  if (!complete || reports.failed > 0) {
    fmt::print(stderr, "tocsin produce: {} records were not acknowledged; the first: {}\n",
               group_digits(reports.failed), reports.first_failure);
    return kNo;
  }
  return counts.left_out > 0 ? kNo : kFine;
}

}  // namespace

int produce_command(const std::vector<std::string>& arguments) {
  ProduceArguments parsed;
  CLI::App app(
      "Files to a topic: each record as it stands, stamped with its own event's time, several files merged "
      "by time.\n"
      "Text lines, JSON lines and CloudTrail files (one record an event), also .gz and .zst.",
      "tocsin produce");
  app.add_option("-c,--config", parsed.config,
                 "take brokers, topics and how to read times from its kafka sources")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--brokers", parsed.brokers, "where to send to")->type_name("HOST:PORT");
  app.add_option("--topic", parsed.topic, "the topic; it must be there")->type_name("TOPIC");
  app.add_option("-p,--property", parsed.properties, "a librdkafka property; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  app.add_option("--format", parsed.format, "what the records are (auto)")->type_name("FORMAT");
  app.add_option("--key", parsed.key, "the field that becomes the record's key (none)")
      ->type_name("FIELD|none");
  app.add_option("--partition-by", parsed.partition_by, "file, round_robin, or key where there is one")
      ->check(one_of({"file", "round_robin", "key"}))
      ->type_name("HOW");
  app.add_flag("--shift-to-now", parsed.shift_to_now,
               "move every time, also those in the records, so that the last event is now");
  app.add_option(
         "--align", parsed.align,
         "--shift-to-now moves by a multiple of this (1m): with 1h, hourly periods hold the same events")
      ->type_name("DURATION");
  app.add_option("--rate", parsed.rate, "at most so many records a second, steadily")->type_name("N[/s]");
  app.add_flag("--loop", parsed.loop,
               "over and over until SIGTERM, every record with the time of its sending");
  app.add_option("--compression", parsed.compression, "of the batches: none, gzip, snappy, lz4 or zstd (lz4)")
      ->check(one_of({"none", "gzip", "snappy", "lz4", "zstd"}))
      ->type_name("CODEC");
  app.add_option("--create-topic", parsed.create_topic,
                 "create the topics that are missing, with so many partitions")
      ->check(number_from(1, 10'000))
      ->type_name("PARTITIONS");
  app.add_flag("--quiet", parsed.quiet, "no progress and no summary on stderr");
  app.add_option("files", parsed.files,
                 "FILE, or TOPIC=FILE; with -c NAME=FILE for the topic of the source called NAME; - is stdin")
      ->type_name("[FILE | TOPIC=FILE]...");
  app.footer(
      "Exit 0 once the broker has acknowledged every record, 1 if it did not or records were left out, 2 for bad usage,\n"
      "3 if a file cannot be read or no broker is there, 78 if the configuration has faults.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  const auto code = produce(parsed);
  if (code) return *code;
  fmt::print(stderr, "tocsin produce: {}\n", code.error().text);
  return code.error().code;
}

}  // namespace tocsin::cli
