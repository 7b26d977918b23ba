#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "cli/commands.h"
#include "cli/text_style.h"
#include "config/diagnostic.h"

namespace tocsin::cli {
namespace {

// Of a value its name only: descriptions tell the rest.
class HelpFormatter : public CLI::Formatter {
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string told;
    if (option->get_type_size() != 0 && !option->get_type_name().empty())
      told = fmt::format(" {}", option->get_type_name());
    if (option->get_required() && !option->get_positional()) told += " (required)";
    return told;
  }
};

std::string suggestion(std::string_view written, const std::vector<std::string_view>& known) {
  const std::string_view near = config::nearest(written, known);
  return near.empty() ? std::string() : fmt::format("; did you mean `{}`?", near);
}

using Names = std::vector<std::string>;

std::string suggestion(std::string_view written, const Names& known) {
  return suggestion(written, std::vector<std::string_view>(known.begin(), known.end()));
}

// The command itself, or the one of its subcommands that was chosen.
const CLI::App& chosen(const CLI::App& app) {
  const auto subcommands = app.get_subcommands();
  return subcommands.empty() ? app : *subcommands.front();
}

Names options_of(const CLI::App& command) {
  Names names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

Names subcommands_of(const CLI::App& command) {
  Names names;
  for (const CLI::App* subcommand : command.get_subcommands({})) names.push_back(subcommand->get_name());
  return names;
}

// What the command needs and has not got.
std::string missing(const CLI::App& command) {
  if (const auto names = subcommands_of(command); !names.empty())
    return fmt::format("name one of {}", fmt::join(names, ", "));
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    return option->get_positional()
               ? fmt::format("{} is required", option->get_name())
               : fmt::format("{} {} is required", option->get_name(), option->get_type_name());
  }
  return "an argument is missing";
}

// An option without its value, or given twice where once is enough. CLI11 names it first.
std::string miscounted(std::string_view words, const CLI::App& command) {
  const CLI::Option* option = command.get_option_no_throw(std::string(words.substr(0, words.find(':'))));
  if (option == nullptr) return std::string(words);
  if (option->count() > 1) return fmt::format("{} is given more than once", option->get_name());
  return fmt::format("{} needs a value: {}", option->get_name(), option->get_type_name());
}

// A value that is no number, or one behind `--flag=`. CLI11 names the option behind "Could not convert: ".
std::string misread(std::string_view words, const CLI::App& command) {
  const std::size_t begin = words.find("--");
  if (begin == std::string_view::npos) return std::string(words);
  const std::string name(words.substr(begin, words.find(' ', begin) - begin));
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr || option->get_expected_max() != 0) return std::string(words);
  return fmt::format("{} takes no value", name);
}

// What is wrong. An argument that nobody understands says more than what is missing because of it.
std::string explain(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const Names left = app.remaining(true);
  for (const std::string& argument : left) {
    if (argument.size() > 1 && argument.starts_with('-') && argument != "--") {
      const Names known = options_of(command);
      return unknown_option(std::string_view(argument).substr(0, argument.find('=')),
                            {known.begin(), known.end()});
    }
  }
  if (!left.empty() && left.front() != "--")
    return fmt::format("`{}` is not understood{}", left.front(),
                       suggestion(left.front(), subcommands_of(command)));
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(command);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return miscounted(error.what(), command);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return misread(error.what(), command);
  return error.what();
}

}  // namespace

std::optional<int> parse_command_line(CLI::App& app, const std::vector<std::string>& arguments) {
  const auto formatter = std::make_shared<HelpFormatter>();
  app.formatter(formatter);
  for (CLI::App* subcommand : app.get_subcommands({})) subcommand->formatter(formatter);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return std::nullopt;
  } catch (const CLI::Success& help) {
    app.exit(help);
    return kFine;
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = chosen(app);
    const std::string name =
        &command == &app ? app.get_name() : fmt::format("{} {}", app.get_name(), command.get_name());
    fmt::print(stderr, "{}: {}\nsee `{} --help`\n", name,
               printable(explain(error, app), text_style_of(stderr)), name);
    return kUsage;
  }
}

std::string unknown_option(std::string_view written, const std::vector<std::string_view>& known) {
  return fmt::format("there is no option `{}`{}", written, suggestion(written, known));
}

ValueCheck one_of(std::vector<std::string> choices) {
  return [choices = std::move(choices)](const std::string& value) -> std::string {
    if (std::ranges::find(choices, value) != choices.end()) return {};
    const std::span all_but_last = std::span(choices).first(choices.size() - 1);
    return fmt::format("write {} or {}, not `{}`{}", fmt::join(all_but_last, ", "), choices.back(), value,
                       suggestion(value, choices));
  };
}

ValueCheck number_from(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& value) -> std::string {
    std::uint64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc() && stop == end && number >= least && number <= most) return {};
    return fmt::format("write a number from {} to {}, not `{}`", group_digits(least), group_digits(most),
                       value);
  };
}

}  // namespace tocsin::cli
