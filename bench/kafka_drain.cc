// The least that any reader of a topic does: a bare loop of librdkafka takes all records by batch calls and
// frees them. Prints records a second by the clock.
//
//   kafka_drain BROKERS TOPIC

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::array<char, 512> fault;

[[noreturn]] void give_up() {
  fmt::print(stderr, "kafka_drain: {}\n", fault.data());
  std::exit(1);
}

void set(rd_kafka_conf_t* settings, const char* name, const std::string& value) {
  if (rd_kafka_conf_set(settings, name, value.c_str(), fault.data(), fault.size()) != RD_KAFKA_CONF_OK)
    give_up();
}

int partitions_of(rd_kafka_t* client, const char* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic, nullptr);
  if (rd_kafka_metadata(client, 0, handle, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) give_up();
  const int partitions = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
  return partitions;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: kafka_drain BROKERS TOPIC\n");
    return 2;
  }
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  set(settings, "bootstrap.servers", argv[1]);
  set(settings, "group.id", "kafka_drain");
  set(settings, "enable.partition.eof", "true");
  set(settings, "fetch.max.bytes", "4194304");  // what the engine has
  set(settings, "max.partition.fetch.bytes", "4194304");
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, settings, fault.data(), fault.size());
  if (client == nullptr) give_up();
  rd_kafka_poll_set_consumer(client);

  const int partitions = partitions_of(client, argv[2]);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i)
    rd_kafka_topic_partition_list_add(list, argv[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(client, list);

  const auto begun = std::chrono::steady_clock::now();
  std::vector<rd_kafka_message_t*> messages(2000);
  std::size_t records = 0;
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  for (int open = partitions; open > 0;) {
    const auto count = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++records;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) --open;
      rd_kafka_message_destroy(message);
    }
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  fmt::print("{:.0f}\n", static_cast<double>(records) / taken.count());
  std::fflush(stdout);
  std::_Exit(0);
}
