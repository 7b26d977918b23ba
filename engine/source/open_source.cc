#include "engine/source/open_source.h"

#include <string>
#include <variant>

#include "engine/source/file_history.h"
#include "engine/source/file_source.h"
#include "engine/source/kafka_history.h"
#include "engine/source/kafka_source.h"
#include "engine/source/stdin_source.h"

namespace tocsin::source {
namespace {

struct MakeSource {
  const std::string& name;
  const ReadLimits& limits;

  Result<std::unique_ptr<Source>> operator()(const FileSettings& file) const {
    return std::make_unique<FileSource>(name, file, limits);
  }
  Result<std::unique_ptr<Source>> operator()(const StdinSettings& /*input*/) const {
    return std::make_unique<StdinSource>(name, limits);
  }
  Result<std::unique_ptr<Source>> operator()(const KafkaSettings& kafka) const {
    if (const auto properties = reader_properties(kafka); !properties)
      return std::unexpected(properties.error());
    return std::make_unique<KafkaSource>(name, kafka, limits);
  }
};

struct OpenHistory {
  const std::string& name;
  std::optional<EventTime> from;
  const ReadLimits& limits;

  Result<std::vector<HistoryPartition>> operator()(const FileSettings& file) const {
    return list_files(name, file.paths, limits);
  }
  Result<std::vector<HistoryPartition>> operator()(const StdinSettings& /*input*/) const {
    return stdin_history(name, limits);
  }
  Result<std::vector<HistoryPartition>> operator()(const KafkaSettings& kafka) const {
    return list_topics(name, kafka, from, limits);
  }
};

}  // namespace

Result<std::unique_ptr<Source>> make_source(const SourceSettings& settings, const ReadLimits& limits) {
  return std::visit(MakeSource{settings.name, limits}, settings.kind);
}

Result<std::vector<HistoryPartition>> open_history(const SourceSettings& settings, const ReadLimits& limits,
                                                   std::optional<EventTime> from) {
  return std::visit(OpenHistory{settings.name, from, limits}, settings.kind);
}

}  // namespace tocsin::source
