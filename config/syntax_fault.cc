#include "config/syntax_fault.h"

#include <yaml-cpp/exceptions.h>

#include <array>

namespace tocsin::config {

std::span<const SyntaxFault> syntax_faults() {
  static const std::array<SyntaxFault, 17> faults{{
      {YAML::ErrorMsg::CHAR_IN_BLOCK, "`>` and `|` begin a block of text, whose lines follow below",
       "quote a condition: `\">= 10\"`"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "YAML gives this character a meaning of its own here",
       "put the value in single quotes"},
      {YAML::ErrorMsg::MAP_VALUE, "`:` cannot stand here",
       "indent the keys of one map alike, and quote a value that holds `: `"},
      {YAML::ErrorMsg::MAP_KEY, "a key cannot stand here", "indent the keys of one map alike"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "`-` cannot begin an item of a list here",
       "indent the items of one list alike"},
      {YAML::ErrorMsg::END_OF_MAP, "this line belongs to no map above it",
       "indent the keys of one map alike"},
      {YAML::ErrorMsg::END_OF_SEQ, "this line belongs to no list above it",
       "indent the items of one list alike"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "this `{` is not closed",
       "close it with `}`, or quote a pattern: `'{ … }'`"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "this `[` is not closed",
       "close it with `]`, or quote a pattern: `'[ … ]'`"},
      {YAML::ErrorMsg::FLOW_END, "a closing bracket without an opening one", ""},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab cannot indent a line", "indent with blanks"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias names no anchor above it",
       "quote a text that begins with `*`"},
      {YAML::ErrorMsg::ALIAS_NOT_FOUND, "`*` begins an alias", "quote a text that begins with `*`"},
      {YAML::ErrorMsg::CHAR_IN_ALIAS, "`*` begins an alias", "quote a text that begins with `*`"},
      {YAML::ErrorMsg::ANCHOR_NOT_FOUND, "`&` begins an anchor", "quote a text that begins with `&`"},
      {YAML::ErrorMsg::CHAR_IN_ANCHOR, "`&` begins an anchor", "quote a text that begins with `&`"},
      {YAML::ErrorMsg::DOC_IN_SCALAR, "a new document begins inside a text", "close its quotes"},
  }};
  return faults;
}

}  // namespace tocsin::config
