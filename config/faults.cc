#include "config/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tocsin::config {

using Severity = Diagnostic::Severity;

void Faults::error(const Node& node, std::string text, std::string hint) {
  diagnostics_.push_back(
      node.document->diagnostic(Severity::Error, node.start, std::move(text), std::move(hint)));
}

void Faults::warning(const Node& node, std::string text, std::string hint) {
  diagnostics_.push_back(
      node.document->diagnostic(Severity::Warning, node.start, std::move(text), std::move(hint)));
}

void Faults::error_inside(const Node& node, std::size_t text_offset, std::string text, std::string hint) {
  const std::size_t place = node.document->place(node, text_offset);
  diagnostics_.push_back(node.document->diagnostic(Severity::Error, place, std::move(text), std::move(hint)));
}

void Faults::error_of_language(const Node& node, std::size_t text_offset, std::string text,
                               std::string hint) {
  const std::string& written = node.replacements.empty() ? node.text : node.written;
  const bool secret = node.kind == Node::Kind::Text && node.document->shown(node) != written;
  if (secret && !node.has_variables()) {
    error_inside(node, text_offset, "this text is not valid here");
  } else if (node.has_variables()) {
    error_inside(node, text_offset, "with its variables replaced, this text is not valid here",
                 "try it with their values in their place");
  } else {
    error_inside(node, text_offset, std::move(text), std::move(hint));
  }
}

void Faults::error(std::string file, std::string text, std::string hint) {
  diagnostics_.push_back({.file = std::move(file), .text = std::move(text), .hint = std::move(hint)});
}

void Faults::add(std::vector<Diagnostic> diagnostics) {
  std::ranges::move(diagnostics, std::back_inserter(diagnostics_));
}

bool Faults::has_errors() const {
  return std::ranges::any_of(diagnostics_, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

std::vector<Diagnostic> Faults::take() {
  std::vector<Diagnostic> out = std::exchange(diagnostics_, {});
  sort_diagnostics(out);
  return out;
}

std::string describe_place(const Node& node) {
  return fmt::format("{}:{}", node.document->file(), node.document->line_of(node.start));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest(word, known);
  return near.empty() ? std::string() : fmt::format("did you mean `{}`?", near);
}

}  // namespace tocsin::config
