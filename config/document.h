// A configuration file as a tree in which each value knows its place.
//
//   bytes --yaml-cpp's events--> Document (merge keys applied, aliases resolved, `${VAR}` replaced)
//   --Reader--> load
//
// Stricter than YAML: one document, a root map, keys are text and stand once, no cycles, no tags of one's
// own; each breach is a diagnostic, and what is behind it becomes a Broken node, about which nobody complains
// a second time. Nodes live as long as their document and are immutable; an alias is the node it names, so
// the tree is a graph without cycles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/interpolation.h"

namespace tocsin::config {

class Document;
struct Node;

struct Entry {
  const Node* key = nullptr;    // Text
  const Node* value = nullptr;  // any kind
};

struct Node {
  enum class Kind : std::uint8_t { Nothing, Text, List, Map, Broken };
  Kind kind = Kind::Nothing;
  const Document* document = nullptr;
  std::size_t start = 0;                  // of its first byte in the document
  std::string written;                    // Text: the value as YAML gives it
  std::string text;                       // Text: after `${VAR}`; keys go by `written`
  std::vector<Replacement> replacements;  // from `text` back to `written`
  std::vector<const Node*> items;         // List
  std::vector<Entry> entries;             // Map: its own, then those of `<<`

  // The value of `key` in a map; null if there is none.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

inline constexpr std::size_t kMaxDocumentBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxDocumentValues = 2'000'000;  // aliases counted as often as they are used

class Document {
 public:
  // Parses `bytes`; what is wrong with them is in diagnostics(), and root() is null if nothing could be read
  // at all.
  Document(std::string file, std::string_view bytes, const Environment& environment);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const Node* root() const { return root_; }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  // False: a syntax error hides the rest of the file, so what it defines is not known.
  [[nodiscard]] bool complete() const { return complete_; }

  // Line (from 1) of a byte of the source.
  [[nodiscard]] std::size_t line_of(std::size_t offset) const;
  // Where a node's value was written; of a Text node where byte `text_offset` of its text was.
  [[nodiscard]] std::size_t place(const Node& node, std::size_t text_offset = 0) const;
  // A diagnostic at a byte of the source. Its line is shown with the values of secrets masked.
  [[nodiscard]] Diagnostic diagnostic(Diagnostic::Severity severity, std::size_t offset, std::string text,
                                      std::string hint) const;

 private:
  class Builder;
  struct Fault {
    std::size_t offset = 0;
    std::string text;
    std::string hint;
  };
  [[nodiscard]] std::size_t place_of_written(const Node& node, std::size_t offset) const;
  [[nodiscard]] std::string shown_line(std::size_t line, std::size_t& caret) const;
  void refuse(std::size_t offset, std::string text, std::string hint = {});
  bool check_bytes();
  void parse(const Environment& environment);
  void hide_secret(const Node& value);

  std::string file_;
  std::string source_;                    // without a byte order mark, its lines ended by "\n"
  std::vector<std::size_t> line_starts_;  // in source_
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
  bool complete_ = true;
  std::vector<std::pair<std::size_t, std::size_t>> secrets_;  // ranges of source_ that are never shown
  std::vector<Fault> faults_;                                 // of parsing, before they can be shown
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace tocsin::config
