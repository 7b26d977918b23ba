// How a match leaves `tocsin match`: as it came, behind the names of its patterns, or as JSON with what the
// patterns extract; or counted only.
//
//   runtime::Matcher --Matches--> MatchPrinter --> text
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/match_arguments.h"
#include "cli/match_summary.h"
#include "engine/runtime/matcher.h"
#include "engine/source/source.h"
#include "filters/filter_language.h"

namespace tocsin::cli {

// Where messages come from, as JSON names it. The default is the only input.
struct MatchPlace {
  std::string_view file;                             // empty: there is only one
  const source::PartitionName* partition = nullptr;  // of a topic
};

// A message and how it leaves if it matches.
struct Candidate {
  std::string_view message;
  std::string_view printed;    // with its line end
  const char* place = "line";  // what `number` counts
  std::uint64_t number = 0;
  bool ended = true;  // else it gets a line end
};

class MatchPrinter {
 public:
  // Both outlive this.
  MatchPrinter(const MatchArguments& arguments, const std::vector<filters::CompiledFilter>& filters)
      : arguments_(arguments), filters_(filters) {}

  // Appends a message with all the matches of it, at least one, and counts them; `values` are those of the
  // Matches.
  void print(const MatchPlace& place, const Candidate& candidate, std::span<const runtime::Match> matches,
             std::span<const std::optional<std::string_view>> values, std::string& out,
             MatchCounts& counts) const;

 private:
  [[nodiscard]] std::string names_of(std::span<const runtime::Match> matches) const;
  [[nodiscard]] std::string as_json(const MatchPlace& place, const Candidate& candidate,
                                    std::span<const runtime::Match> matches,
                                    std::span<const std::optional<std::string_view>> values) const;

  const MatchArguments& arguments_;
  const std::vector<filters::CompiledFilter>& filters_;
};

// What --count prints.
[[nodiscard]] std::string render_counts(const MatchArguments& arguments, const MatchCounts& counts);

}  // namespace tocsin::cli
