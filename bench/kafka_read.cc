// How fast a Kafka source hands batches over, beside a bare loop of librdkafka over the same topic in the
// same run.
//
//   kafka_read --jars DIR [--records N] [--rounds R]      starts a broker of its own
//   kafka_read --brokers ADDRESS [--records N] [--rounds R]
//
// The topic has two partitions of CloudTrail-like records of 1.2 kB in lz4 batches. "bare" takes messages in
// batch calls and frees them; "ours" is Source::poll() until every record came, each batch freed at once.
// Both use the same properties. Best of the rounds; the ratio is what can be compared between machines.

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/source/kafka_client.h"
#include "engine/source/open_source.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/topics.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace tocsin;

constexpr const char* kTopic = "bench-read";
constexpr int kPartitions = 2;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Compresses about as CloudTrail does: most of a record is what the last one had.
std::string record(std::size_t number) {
  std::string text = fmt::format(
      R"({{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE{0}:deploy",)"
      R"("arn":"arn:aws:sts::{1:012}:assumed-role/deploy/{0:x}","accountId":"{1:012}"}},)"
      R"("eventTime":"2026-03-01T09:{2:02}:{3:02}Z","eventSource":"ec2.amazonaws.com",)"
      R"("eventName":"DescribeInstances","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.{4}",)"
      R"("requestID":"{5:016x}-{6:016x}","eventID":"{6:016x}","requestParameters":{{"filters":")",
      number % 9973, number * 7919 % 1'000'000'000'000, number / 60 % 60, number % 60, number % 250,
      number * 0x9E3779B97F4A7C15U, number * 0xC2B2AE3D27D4EB4FU);
  constexpr std::size_t kSize = 1200;
  while (text.size() < kSize - 3) text += "tag:Name=web;state=running;";
  text.resize(kSize - 3);
  return text + "\"}}";
}

void fill(const std::string& brokers, std::size_t records) {
  const kafka_test::Topics topics(brokers);
  topics.create(kTopic, kPartitions);
  constexpr std::size_t kChunk = 50'000;
  for (std::size_t done = 0; done < records; done += kChunk) {
    std::vector<kafka_test::TopicRecord> chunk;
    for (std::size_t i = done; i < std::min(done + kChunk, records); ++i) {
      chunk.push_back({.value = record(i), .partition = static_cast<std::int32_t>(i % kPartitions)});
    }
    topics.produce(kTopic, chunk, {{"compression.type", "lz4"}, {"linger.ms", "20"}});
  }
}

source::KafkaSettings settings(const std::string& brokers, const std::string& group) {
  source::KafkaSettings settings;
  settings.brokers = brokers;
  settings.topics = {kTopic};
  settings.group = group;
  settings.start = source::KafkaSettings::Start::Earliest;
  return settings;
}

// From the first record on, so that joining a group does not count.
double read_bare(const std::string& brokers, std::size_t records) {
  const auto client =
      source::KafkaClient::create(*source::reader_properties(settings(brokers, "bare")), nullptr);
  for (std::int32_t p = 0; p < kPartitions; ++p) (*client)->start({kTopic, p}, 0);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer((*client)->handle());
  std::array<rd_kafka_message_t*, 1024> messages{};
  std::size_t seen = 0;
  std::optional<Clock::time_point> start;
  while (seen < records) {
    const auto count = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++seen;
      rd_kafka_message_destroy(message);
    }
    if (!start && seen > 0) start = Clock::now();
  }
  const double seconds = seconds_since(*start);
  rd_kafka_queue_destroy(queue);
  return seconds;
}

double read_ours(const std::string& brokers, std::size_t records, int round) {
  source::SourceSettings source_settings;
  source_settings.name = "bench";
  source_settings.kind = settings(brokers, fmt::format("ours-{}-{}", ::getpid(), round));
  const auto source = *source::make_source(source_settings, {});
  if (const auto opened = source->open({}); !opened) throw std::runtime_error(describe(opened.error()));
  std::size_t seen = 0;
  std::optional<Clock::time_point> start;
  Clock::time_point status_at{};
  while (seen < records) {
    const auto batch = source->poll(Duration{100});
    if (!batch) throw std::runtime_error(describe(batch.error()));
    if (*batch) {
      seen += (*batch)->records.size();
      source->commit((*batch)->partition, (*batch)->next_offset);
    }
    if (!start && seen > 0) start = Clock::now();
    // As often as the engine asks.
    if (Clock::now() - status_at > Duration{100}) {
      status_at = Clock::now();
      static_cast<void>(source->status());
    }
  }
  const double seconds = seconds_since(*start);
  source->close();
  return seconds;
}

int run(const std::map<std::string, std::string>& options) {
  const auto option = [&](const std::string& name, const std::string& otherwise) {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
  };
  const std::size_t records = std::stoul(option("--records", "1000000"));
  const int rounds = std::stoi(option("--rounds", "3"));
  std::unique_ptr<kafka_test::Broker> broker;
  std::string brokers = option("--brokers", "");
  if (brokers.empty()) {
    broker = std::make_unique<kafka_test::Broker>(option("--jars", ""));
    broker->start();
    brokers = broker->address();
  }
  fill(brokers, records);
  double bare = std::numeric_limits<double>::max();
  double ours = bare;
  for (int round = 0; round < rounds; ++round) {
    bare = std::min(bare, read_bare(brokers, records));
    ours = std::min(ours, read_ours(brokers, records, round));
  }
  const auto row = [&](const char* name, double seconds) {
    fmt::print("{:<28} {:>9.0f} records/s  {:>6.1f} MB/s\n", name, static_cast<double>(records) / seconds,
               static_cast<double>(records) * 1.2e-3 / seconds);
  };
  row("librdkafka, bare loop", bare);
  row("Source::poll() to RawBatch", ours);
  fmt::print("{:<28} {:>9.2f}\n", "ratio", bare / ours);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (!options.contains("--jars") && !options.contains("--brokers")) {
    fmt::print(stderr, "usage: kafka_read (--jars DIR | --brokers ADDRESS) [--records N] [--rounds R]\n");
    return 2;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kafka_read: {}\n", error.what());
    return 1;
  }
}
