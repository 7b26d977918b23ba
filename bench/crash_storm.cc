// `make crash-storm`: tests/crash/storm.h at a size that takes minutes. Prints its report; exits 1 if
// anything did not hold.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "tests/crash/storm.h"

int main(int argc, char** argv) {
  tocsin::crash_test::StormPlan plan;
  // Calm enough that what is decided while the broker is away fits into a subscription's queue: what does not
  // gives way, and says so.
  plan.history.rate = 8000;
  plan.history.accounts = 50;
  plan.history.events = 10'000'000;
  std::filesystem::path jars;
  CLI::App app("The engine, killed again and again, held against the truth.", "crash_storm");
  app.add_option("--tocsin", plan.tocsin, "the program")->required();
  app.add_option("--jars", jars, "of the broker")->required();
  app.add_option("--out", plan.out, "where to write")->required();
  app.add_option("--events", plan.history.events, "how many (10000000)");
  app.add_option("--kills", plan.kills, "of the engine (100)");
  app.add_option("--broker-kills", plan.broker_kills, "of the broker (3)");
  app.add_option("--pauses", plan.pauses, "SIGSTOPs of the engine (5)");
  app.add_option("--seed", plan.seed, "of when what happens (1)");
  CLI11_PARSE(app, argc, argv);
  try {
    tocsin::kafka_test::Broker broker(jars, std::nullopt, "1g");
    broker.start();
    const auto report = tocsin::crash_test::Storm(broker, plan).run();
    std::ofstream file(plan.out / "report.txt");
    file << report.text();
    for (const std::string& fault : report.faults) file << fault << '\n';
    std::fputs(report.text().c_str(), stdout);
    return report.faults.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crash_storm: %s\n", error.what());
    return 2;
  }
}
