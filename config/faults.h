// Collects the faults of a load. Used by one thread.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/document.h"

namespace tocsin::config {

class Faults {
 public:
  // At the start of a value or key.
  void error(const Node& node, std::string text, std::string hint = {});
  void warning(const Node& node, std::string text, std::string hint = {});
  // At a byte of a node's text: the character of a pattern that is wrong.
  void error_inside(const Node& node, std::size_t text_offset, std::string text, std::string hint = {});
  // What a language says of a node's text. Its words may quote the text, so they are not told where variables
  // or secrets stand in it.
  void error_of_language(const Node& node, std::size_t text_offset, std::string text, std::string hint = {});
  // Of a file as a whole.
  void error(std::string file, std::string text, std::string hint = {});
  void add(std::vector<Diagnostic> diagnostics);

  [[nodiscard]] bool has_errors() const;
  // All of them, sorted by file, line and column.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  std::vector<Diagnostic> diagnostics_;
};

// "FILE:LINE" of a node, as other faults refer to it.
[[nodiscard]] std::string describe_place(const Node& node);

// "did you mean `x`?", or nothing where no known word is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace tocsin::config
