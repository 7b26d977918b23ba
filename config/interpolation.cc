#include "config/interpolation.h"

#include <fmt/format.h>
#include <unistd.h>

namespace tocsin::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

constexpr std::string_view kForms =
    "write `${NAME}`, `${NAME:-default}` or `${NAME:?message}`; `$$` is a dollar sign";

// What the `${…}` at `begin` stands for; `end` is set behind it. A fault leaves the text empty.
std::string substitute(std::string_view written, std::size_t begin, std::size_t& end,
                       const Environment& environment, std::vector<InterpolationFault>& faults) {
  const auto refuse = [&](std::string message, std::string hint) {
    faults.push_back({begin, std::move(message), std::move(hint)});
    return std::string();
  };
  const std::size_t close = written.find('}', begin);
  if (close == std::string_view::npos) {
    end = written.size();
    return refuse("`${` has no closing `}`", std::string(kForms));
  }
  end = close + 1;
  const std::string_view inside = written.substr(begin + 2, close - begin - 2);
  std::size_t length = 0;
  while (length < inside.size() && is_name(inside[length])) ++length;
  const std::string name(inside.substr(0, length));
  const std::string_view rest = inside.substr(length);
  const bool has_default = rest.starts_with(":-");
  const bool has_message = rest.starts_with(":?");
  if (name.empty() || !is_letter(name[0]))
    return refuse("`${` is not followed by a variable's name", std::string(kForms));
  if (!rest.empty() && !has_default && !has_message) {
    return refuse(fmt::format("`{}` cannot be understood", written.substr(begin, end - begin)),
                  rest[0] == '-' ? fmt::format("a default follows `:-`: `${{{}:{}}}`", name, rest)
                                 : std::string(kForms));
  }
  if (inside.find("${") != std::string_view::npos) {
    return refuse(fmt::format("`${{{}…}}` holds another `${{`", name),
                  "a default or a message is plain text");
  }
  const auto variable = environment.find(name);
  if (variable != environment.end() && !(variable->second.empty() && (has_default || has_message))) {
    return variable->second;
  }
  if (has_default) return std::string(rest.substr(2));
  if (has_message && rest.size() > 2) {
    return refuse(fmt::format("the environment variable {} is needed: {}", name, rest.substr(2)),
                  fmt::format("set {} before starting", name));
  }
  return refuse(fmt::format("the environment variable {} is not set", name),
                fmt::format("set it, or give a default: `${{{}:-…}}`", name));
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Interpolated interpolate(std::string_view written, const Environment& environment) {
  Interpolated out;
  std::size_t at = 0;
  while (at < written.size()) {
    const std::size_t dollar = written.find('$', at);
    out.text += written.substr(at, dollar - at);
    if (dollar == std::string_view::npos) break;
    const char next = dollar + 1 < written.size() ? written[dollar + 1] : '\0';
    if (next != '$' && next != '{') {
      out.text += '$';
      at = dollar + 1;
      continue;
    }
    Replacement replacement{.text_begin = out.text.size(), .written_begin = dollar};
    if (next == '$') {
      out.text += '$';
      at = dollar + 2;
    } else {
      out.text += substitute(written, dollar, at, environment, out.faults);
    }
    replacement.text_end = out.text.size();
    replacement.written_end = at;
    out.replacements.push_back(replacement);
  }
  return out;
}

std::size_t written_offset(const std::vector<Replacement>& replacements, std::size_t offset) {
  std::size_t shift_from = 0;  // the text from here on stands as it was written from shift_to on
  std::size_t shift_to = 0;
  for (const Replacement& replacement : replacements) {
    if (offset < replacement.text_begin) break;
    if (offset < replacement.text_end) return replacement.written_begin;
    shift_from = replacement.text_end;
    shift_to = replacement.written_end;
  }
  return shift_to + (offset - shift_from);
}

}  // namespace tocsin::config
