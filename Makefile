# The front door. Every target installs what it needs on Debian 12 (tools/debian-packages.txt); everything made is in build/.
#
#   make          the release build: build/release/tocsin
#   make demo     a day of made-up account logs, backtested against config/demo/tocsin.yaml
#   make demo-kafka  the same day through a real Kafka broker and the running engine
#   make soak     an hour at 100,000 records/s from a real broker (SOAK_MINUTES, SOAK_RATE), measured; then every
#                 fuzzer for SOAK_FUZZ_SECONDS (300)
#   make crash-storm  the engine killed KILLS (100) times over EVENTS (10000000) events from a real broker, held against the truth
#   make test     all tests, with sanitizers
#   make simulate the simulation with all its faults (SEEDS, FROM), as fast as it goes
#   make fuzz     the fuzzers of all parsers, SECONDS (60) each, or of one TARGET
#   make bench    how fast matching and a backtest are, beside bounds and other programs in the same run (QUICK=1: a minute)
#   make bench-kafka  the Kafka source and the whole engine, each against a bare librdkafka loop on the same broker
#   make format   clang-format over all C++ files
#   make tidy     clang-tidy over all C++ files

JOBS ?= $(shell nproc)

.PHONY: release demo demo-kafka soak crash-storm simulate fuzz test bench bench-kafka format tidy clean
release:
	@tools/install-packages build
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS)

demo:
	@tools/install-packages build
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS) tocsin demo_data
	@tools/demo

demo-kafka: release
	@tools/install-packages test
	@tools/demo-kafka

SOAK_FUZZ_SECONDS ?= 300
soak: release
	@tools/install-packages test
	@tools/soak
	@JOBS=$(JOBS) tools/fuzz --seconds $(SOAK_FUZZ_SECONDS)

SEEDS ?= 10000
FROM ?= 1
simulate:
	@tools/install-packages build
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS) simulation
	@build/release/tests/simulation/simulation --seeds $(SEEDS) --from $(FROM)

SECONDS ?= 60
fuzz:
	@JOBS=$(JOBS) tools/fuzz --seconds $(SECONDS) $(TARGET)

crash-storm: release
	@tools/install-packages test
	@tools/crash-storm

test:
	@JOBS=$(JOBS) tools/test

bench:
	@tools/install-packages build bench
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS)
	@tools/bench $(if $(QUICK),--quick)

bench-kafka: release
	@tools/install-packages test
	@build/release/bench/kafka_read --jars "$$(tests/kafka/fetch_kafka)"
	@tools/bench-kafka

format:
	@tools/install-packages format
	@tools/format

tidy:
	@tools/install-packages build test format
	@cmake --preset dev > /dev/null
	@run-clang-tidy-19 -quiet -extra-arg=-Wno-unknown-warning-option -p build/dev -j $(JOBS) '/(engine|filters|sinks|config|cli|bench)/.*\.cc$$'

clean:
	@rm -rf build
