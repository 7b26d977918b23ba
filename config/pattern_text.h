// An event pattern written as a YAML mapping, as the JSON text that the filter language reads.
//
//   {source: [aws.backup], detail: {n: [{exists: true}]}}  -->
//   {"source":["aws.backup"],"detail":{"n":[{"exists":true}]}}
//
// Scalars without quotes are what YAML's core schema says: true, false and null; numbers as JSON writes them;
// anything else is a text. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"

namespace tocsin::config {

class PatternText {
 public:
  explicit PatternText(const Node& map);

  [[nodiscard]] const std::string& json() const { return json_; }
  // False: a part of the mapping is broken, which has been reported.
  [[nodiscard]] bool complete() const { return complete_; }

  // What stands at a byte of the JSON text: a node, and how far within its text.
  struct Place {
    const Node* node = nullptr;
    std::size_t offset = 0;
  };
  [[nodiscard]] Place place(std::size_t json_offset) const;

  // Numbers without quotes that look like an account's id, which is a text in every event.
  [[nodiscard]] const std::vector<const Node*>& unquoted_accounts() const { return unquoted_accounts_; }

 private:
  struct Piece {
    std::size_t begin = 0;  // in json_
    const Node* node = nullptr;
    bool quoted = false;  // byte n of the node's text is byte n + 1 of the piece
  };

  void add(const Node& node);
  void add_scalar(const Node& node);
  void add_string(const Node& node, const std::string& text);

  std::string json_;
  std::vector<Piece> pieces_;  // by their begin
  std::vector<const Node*> unquoted_accounts_;
  bool complete_ = true;
};

}  // namespace tocsin::config
