// The command line of `tocsin match`.
//
// Read by hand: a pattern is passed on untouched, also where it looks like an option, like a list of an
// option parser, or is empty.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::cli {

struct MatchArguments {
  struct Pattern {
    std::string option;  // "--filter-pattern": a row of the table of filter languages
    std::string text;
    std::string place;  // where a fault is: the option, or the file that the text was read from
    std::string name;   // --name; empty: none has one
  };
  std::vector<Pattern> patterns;
  std::vector<std::string> files;  // "-" is stdin; a directory stands for all files below
  std::string brokers;             // of `topics`
  std::vector<std::string> topics;
  std::map<std::string, std::string> properties;  // librdkafka's; may hold secrets
  std::optional<EventTime> from;                  // topics are read from here
  std::size_t workers = 0;                        // threads; 0: as many as there are cores
  bool document = false;
  bool decode = false;
  bool count = false;
  bool extract = false;
  bool help = false;  // all else is of no account

  [[nodiscard]] bool named() const { return !patterns.empty() && !patterns.front().name.empty(); }
};

// The arguments, or what is wrong with them.
[[nodiscard]] std::expected<MatchArguments, std::string> parse_match_arguments(
    const std::vector<std::string>& arguments);

[[nodiscard]] std::string_view match_help();

}  // namespace tocsin::cli
