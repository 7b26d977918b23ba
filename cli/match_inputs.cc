#include "cli/match_inputs.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/source/kafka_history.h"
#include "engine/source/path_list.h"
#include "engine/source/settings.h"

namespace tocsin::cli {
namespace {

void add_fault(std::string file, Error fault, std::vector<MatchInput>& inputs) {
  inputs.push_back({.file = std::move(file), .partition = {}, .fault = std::move(fault)});
}

// What is there is itself, also where its name looks like a glob; a shell has replaced those that are none.
void add_path(const std::string& path, std::vector<MatchInput>& inputs) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    const auto state = path == "-" ? std::nullopt : std::optional(source::state_of(path));
    const bool sized = state && *state && (*state)->is_regular;
    inputs.push_back({.file = path, .bytes = sized ? (*state)->size : 0, .partition = {}, .fault = {}});
    return;
  }
  const auto files = source::expand_paths({path});
  if (!files) return add_fault(path, files.error(), inputs);
  for (const source::FoundFile& file : *files)
    inputs.push_back({.file = file.path, .bytes = file.state.size, .partition = {}, .fault = {}});
}

void add_topics(const MatchArguments& arguments, std::vector<MatchInput>& inputs) {
  const source::KafkaSettings settings{
      .brokers = arguments.brokers, .topics = arguments.topics, .properties = arguments.properties};
  auto partitions = source::list_topics("match", settings, arguments.from, {});
  if (!partitions) return add_fault({}, partitions.error(), inputs);
  for (source::HistoryPartition& partition : *partitions)
    inputs.push_back({.file = {}, .partition = std::move(partition), .fault = {}});
}

}  // namespace

std::vector<MatchInput> list_match_inputs(const MatchArguments& arguments) {
  std::vector<MatchInput> inputs;
  for (const std::string& path : arguments.files) add_path(path, inputs);
  if (!arguments.topics.empty()) add_topics(arguments, inputs);
  return inputs;
}

std::uint64_t total_bytes(const std::vector<MatchInput>& inputs) {
  std::uint64_t total = 0;
  for (const MatchInput& input : inputs) {
    if (input.bytes == 0 && !input.fault) return 0;
    total += input.bytes;
  }
  return total;
}

}  // namespace tocsin::cli
