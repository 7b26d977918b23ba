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
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/interpolation.h"
#include "config/secret_mask.h"

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
  std::vector<Entry> repeated;            // Map: keys that stand in it already; only their faults matter

  // Does a part of the text come from the environment?
  [[nodiscard]] bool has_variables() const;
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
  // Whether a text was written without quotes and not as a block, so that YAML may take it for a number.
  [[nodiscard]] bool is_plain(const Node& text) const;
  // A key or text as messages quote it: as it was written, for what a variable stands for may be a secret,
  // and masked where it is one itself.
  [[nodiscard]] std::string shown(const Node& node) const;
  // A diagnostic at a byte of the source. Its line is shown with the values of secrets masked.
  [[nodiscard]] Diagnostic diagnostic(Diagnostic::Severity severity, std::size_t offset, std::string text,
                                      std::string hint) const;

 private:
  class Builder;
  struct Fault {
    std::size_t offset = 0;
    std::string text;
    std::string hint;
    const Node* node = nullptr;  // the text that it quotes, if any
  };
  [[nodiscard]] std::size_t place_of_written(const Node& node, std::size_t offset) const;
  void refuse(std::size_t offset, std::string text, std::string hint = {}, const Node* node = nullptr);
  bool check_bytes();
  void parse(const Environment& environment);
  void hide(const Node& value);
  void hide_destination(const Node& kind, const Node& value);
  void hide_entry(const Entry& entry);
  void hide_embedded_secret(const Node& text);
  void hide_from(const Node& text, std::size_t offset);

  std::string file_;
  std::string source_;                    // without a byte order mark, its lines ended by "\n"
  std::vector<std::size_t> line_starts_;  // in source_
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
  bool complete_ = true;
  std::vector<ByteRange> secrets_;                       // ranges of source_ that are never shown
  std::unordered_map<const Node*, std::size_t> hidden_;  // values that are secret, from which byte on
  std::vector<Fault> faults_;                            // of parsing, before they can be shown
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace tocsin::config
