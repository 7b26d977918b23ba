#include "cli/match_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/diagnostic.h"
#include "config/file_content.h"
#include "filters/filter_language.h"

namespace tocsin::cli {
namespace {

struct Flag {
  std::string_view name;
  bool MatchArguments::* member;
};

constexpr Flag kFlags[] = {{"--document", &MatchArguments::document}, {"--decode", &MatchArguments::decode},
                           {"--count", &MatchArguments::count},       {"--extract", &MatchArguments::extract},
                           {"--help", &MatchArguments::help},         {"-h", &MatchArguments::help}};

bool is_pattern_option(std::string_view name) {
  for (const filters::FilterLanguage& language : filters::builtin_filters()) {
    if (language.option == name) return true;
  }
  return false;
}

std::string unknown_option(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Flag& flag : kFlags) known.push_back(flag.name);
  for (const filters::FilterLanguage& language : filters::builtin_filters()) known.push_back(language.option);
  const std::string_view near = config::nearest(name, known);
  return fmt::format("there is no option `{}`{}", name,
                     near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
}

// A pattern as given; of an event pattern, `@FILE` stands for what is in that file.
std::expected<MatchArguments::Pattern, std::string> read_pattern(const std::string& option,
                                                                 std::string text) {
  if (option != "--event-pattern" || !text.starts_with('@'))
    return MatchArguments::Pattern{option, std::move(text), option};
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  std::string file = text.substr(1);
  auto content = config::read_file(file, kMaxBytes);
  if (!content) return std::unexpected(fmt::format("{} @{}: {}", option, file, content.error().message));
  return MatchArguments::Pattern{option, std::move(*content), std::move(file)};
}

}  // namespace

std::expected<MatchArguments, std::string> parse_match_arguments(const std::vector<std::string>& arguments) {
  MatchArguments parsed;
  bool only_files = false;  // behind "--"
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (only_files || argument == "-" || !argument.starts_with('-')) {
      parsed.files.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_files = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    if (is_pattern_option(name)) {
      if (equals == std::string::npos && ++i == arguments.size())
        return std::unexpected(fmt::format("{} needs a pattern", name));
      auto pattern =
          read_pattern(name, equals == std::string::npos ? arguments[i] : argument.substr(equals + 1));
      if (!pattern) return std::unexpected(std::move(pattern.error()));
      parsed.patterns.push_back(std::move(*pattern));
      continue;
    }
    const auto flag = std::ranges::find(kFlags, name, &Flag::name);
    if (flag == std::ranges::end(kFlags)) return std::unexpected(unknown_option(name));
    if (equals != std::string::npos) return std::unexpected(fmt::format("`{}` takes no value", name));
    parsed.*flag->member = true;
  }
  if (parsed.help) return parsed;
  if (parsed.patterns.empty())
    return std::unexpected("name a pattern: --filter-pattern P, --event-pattern JSON or --regex R");
  if (parsed.count && parsed.extract) return std::unexpected("--count and --extract exclude each other");
  if (parsed.files.empty()) parsed.files.emplace_back("-");
  return parsed;
}

std::string_view match_help() {
  return "A grep that speaks filter patterns.\n"
         "\n"
         "Usage: tocsin match (--filter-pattern P | --event-pattern JSON|@FILE | --regex R)… [OPTION]… "
         "[FILE]…\n"
         "\n"
         "Every line, without its line end, is one raw message; those that match leave byte for byte, in "
         "their order.\n"
         "Without a FILE, or where it is -, standard input is read. What is compressed by gzip or zstd is "
         "unpacked.\n"
         "Lines that are not UTF-8 or are over 1 MiB never match and are counted on stderr.\n"
         "\n"
         "  --filter-pattern P  a CloudWatch Logs filter pattern: terms, { JSON }, [space, delimited] or "
         "%regex%\n"
         "  --event-pattern JSON|@FILE\n"
         "                      an EventBridge event pattern, or a file that has one\n"
         "  --regex R           a regular expression (RE2) with groups as fields\n"
         "                      Each may be repeated: a line leaves if any of the patterns matches it.\n"
         "  --document          a file as a whole is one message\n"
         "  --decode            unwrap records first, as a source with format: auto does; events leave one a "
         "line\n"
         "  --count             print only how many match\n"
         "  --extract           print matches as JSON: "
         "{\"line\":1,\"message\":…,\"extracted\":{\"$.a\":\"1\"}}\n"
         "\n"
         "Exit 0 if anything matches, 1 if nothing does, 2 for bad usage or a pattern that is refused, 3 if "
         "an input\n"
         "cannot be read.\n";
}

}  // namespace tocsin::cli
