// The command line of `tocsin match`.
//
// Read by hand: a pattern is passed on untouched, also where it looks like an option, like a list of an
// option parser, or is empty.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::cli {

struct MatchArguments {
  struct Pattern {
    std::string option;  // "--filter-pattern": a row of the table of filter languages
    std::string text;
    std::string place;  // where a fault is: the option, or the file that the text was read from
  };
  std::vector<Pattern> patterns;
  std::vector<std::string> files;  // "-" is stdin
  bool document = false;
  bool decode = false;
  bool count = false;
  bool extract = false;
  bool help = false;  // all else is of no account
};

// The arguments, or what is wrong with them.
[[nodiscard]] std::expected<MatchArguments, std::string> parse_match_arguments(
    const std::vector<std::string>& arguments);

[[nodiscard]] std::string_view match_help();

}  // namespace tocsin::cli
