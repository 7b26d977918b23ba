#include "cli/backtest_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/source/file_history.h"
#include "engine/source/open_source.h"
#include "engine/source/stdin_source.h"

namespace tocsin::cli {
namespace {

std::string source_names(const runtime::Plan& plan) {
  std::string names;
  for (const source::SourceSettings& source : plan.sources)
    names += (names.empty() ? "" : ", ") + source.name;
  return names;
}

struct NamedFile {
  std::uint32_t source = 0;
  std::string path;
};

// "NAME=FILE" if NAME is a source, else a bare file, which feeds the only source there is.
Result<NamedFile> name_file(const runtime::Plan& plan, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) {
    const std::string name = text.substr(0, equals);
    for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
      if (plan.sources[i].name == name) return NamedFile{i, text.substr(equals + 1)};
    }
  }
  std::error_code ignored;
  if (equals != std::string::npos && !std::filesystem::exists(text, ignored)) {
    return fail(ErrorCode::Invalid, fmt::format("there is no source `{}`; the configuration has: {}",
                                                text.substr(0, equals), source_names(plan)));
  }
  if (plan.sources.size() != 1) {
    return fail(ErrorCode::Invalid, fmt::format("which source does {} feed? Write NAME={} with one of: {}",
                                                text, text, source_names(plan)));
  }
  return NamedFile{0, text};
}

Result<void> add_files(const runtime::Plan& plan, std::uint32_t source, const std::vector<std::string>& paths,
                       std::vector<runtime::ReplayInput>& inputs) {
  auto partitions = source::list_files(plan.sources[source].name, paths, {});
  if (!partitions) return std::unexpected(partitions.error());
  for (source::HistoryPartition& partition : *partitions) inputs.push_back({source, std::move(partition)});
  return {};
}

void add_stdin(const runtime::Plan& plan, std::uint32_t source, std::vector<runtime::ReplayInput>& inputs) {
  for (source::HistoryPartition& partition : source::stdin_history(plan.sources[source].name, {})) {
    inputs.push_back({source, std::move(partition)});
  }
}

}  // namespace

Result<std::vector<runtime::ReplayInput>> choose_inputs(const runtime::Plan& plan,
                                                        const BacktestChoice& choice) {
  std::vector<runtime::ReplayInput> inputs;
  if (plan.sources.empty())
    return fail(ErrorCode::Invalid, "the configuration has no sources: add one under `sources:`");
  for (const std::string& text : choice.files) {
    const auto file = name_file(plan, text);
    if (!file) return std::unexpected(file.error());
    if (file->path == "-") {
      add_stdin(plan, file->source, inputs);
    } else if (auto added = add_files(plan, file->source, {file->path}, inputs); !added) {
      return std::unexpected(added.error());
    }
  }
  if (choice.kafka) {
    bool any = false;
    for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
      if (!std::holds_alternative<source::KafkaSettings>(plan.sources[i].kind)) continue;
      any = true;
      auto partitions = source::open_history(plan.sources[i], {}, choice.from);
      if (!partitions) return std::unexpected(partitions.error());
      for (source::HistoryPartition& partition : *partitions) inputs.push_back({i, std::move(partition)});
    }
    if (!any) return fail(ErrorCode::Invalid, "--kafka: the configuration has no `kafka` source");
  }
  if (!choice.files.empty() || choice.kafka) return inputs;

  bool any_file = false;
  std::optional<std::uint32_t> from_stdin;
  for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
    if (const auto* file = std::get_if<source::FileSettings>(&plan.sources[i].kind)) {
      any_file = true;
      if (auto added = add_files(plan, i, file->paths, inputs); !added) return std::unexpected(added.error());
    }
    if (std::holds_alternative<source::StdinSettings>(plan.sources[i].kind)) from_stdin = i;
  }
  if (!from_stdin && !any_file) {
    if (plan.sources.size() != 1) {
      return fail(ErrorCode::Invalid,
                  fmt::format("no `file` source to read: name files as NAME=FILE with one of: {}, or use "
                              "--kafka",
                              source_names(plan)));
    }
    from_stdin = 0;
  }
  if (from_stdin) add_stdin(plan, *from_stdin, inputs);
  return inputs;
}

}  // namespace tocsin::cli
