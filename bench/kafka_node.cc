// A real Kafka broker for the length of a script: prints its address, and ends with its standard input.
//
//   kafka_node JARS [HEAP]

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "tests/kafka/broker.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: kafka_node JARS [HEAP]\n");
    return 2;
  }
  try {
    tocsin::kafka_test::Broker broker(argv[1], std::nullopt, argc > 2 ? argv[2] : "512m");
    broker.start();
    fmt::print("{}\n", broker.address());
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    broker.terminate();
  } catch (const std::exception& error) {
    fmt::print(stderr, "kafka_node: {}\n", error.what());
    return 1;
  }
  return 0;
}
