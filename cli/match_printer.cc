#include "cli/match_printer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

namespace tocsin::cli {

void MatchPrinter::print(const MatchPlace& place, const Candidate& candidate,
                         std::span<const runtime::Match> matches,
                         std::span<const std::optional<std::string_view>> values, std::string& out,
                         MatchCounts& counts) const {
  ++counts.matched;
  counts.by_pattern.resize(filters_.size());
  for (const runtime::Match& match : matches) ++counts.by_pattern[match.filter];
  if (arguments_.count) return;
  if (arguments_.extract) {
    out += as_json(place, candidate, matches, values);
    return;
  }
  if (arguments_.named()) out.append(names_of(matches)).append(1, '\t');
  out += candidate.printed;
  // A last line without its end leaves as it is, unless a name may follow it.
  if (!candidate.ended || (arguments_.named() && !candidate.printed.ends_with('\n'))) out += '\n';
}

std::string render_counts(const MatchArguments& arguments, const MatchCounts& counts) {
  if (!arguments.named()) return fmt::format("{}\n", counts.matched);
  std::string lines;
  for (std::size_t i = 0; i < arguments.patterns.size(); ++i) {
    const std::uint64_t count = i < counts.by_pattern.size() ? counts.by_pattern[i] : 0;
    lines += fmt::format("{}\t{}\n", arguments.patterns[i].name, count);
  }
  return lines;
}

std::string MatchPrinter::names_of(std::span<const runtime::Match> matches) const {
  std::string names;
  for (const runtime::Match& match : matches)
    names += (names.empty() ? "" : ",") + arguments_.patterns[match.filter].name;
  return names;
}

// Of a field that several patterns extract: what the first has.
std::string MatchPrinter::as_json(const MatchPlace& place, const Candidate& candidate,
                                  std::span<const runtime::Match> matches,
                                  std::span<const std::optional<std::string_view>> values) const {
  nlohmann::ordered_json object;
  if (place.partition != nullptr) {
    object["topic"] = place.partition->topic;
    object["partition"] = place.partition->number;
  } else if (!place.file.empty()) {
    object["file"] = place.file;
  }
  object[candidate.place] = candidate.number;
  if (arguments_.named()) {
    for (const runtime::Match& match : matches)
      object["patterns"].push_back(arguments_.patterns[match.filter].name);
  }
  object["message"] = candidate.message;
  nlohmann::ordered_json& fields = object["extracted"] = nlohmann::ordered_json::object();
  // An ordered object searches from its start for every key; a line may have hundreds of thousands of tokens.
  auto& extracted = fields.get_ref<nlohmann::ordered_json::object_t&>();
  std::unordered_set<std::string> seen;
  for (const runtime::Match& match : matches) {
    const filters::CompiledFilter& filter = filters_[match.filter];
    const auto extractions = values.subspan(match.first_value, filter.shown.size());
    for (const filters::ShownValue& shown : filters::shown_values(filter, candidate.message, extractions)) {
      if (seen.insert(shown.key).second) extracted.emplace_back(shown.key, shown.value);
    }
  }
  // A file's name may be any bytes.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tocsin::cli
