// Lines of VPC Flow Logs: fields by name, in the order that a flow log's format gives them.
//
// Fields, their versions and the default format: Amazon VPC User Guide, "Flow log records". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::event {

// A source's `format: {vpc_flow: {…}}`.
struct VpcFlowFormat {
  std::vector<std::string> fields;  // in their order; empty: the default format
  bool as_json = false;             // the message is an object of the fields, not the line
};

[[nodiscard]] std::span<const std::string_view> vpc_flow_known_fields();

// "version account-id …" or "${version} ${account-id} …": the names, known or not.
[[nodiscard]] std::vector<std::string> parse_vpc_flow_fields(std::string_view text);

// One line, split. Keeps its memory from line to line; its views point into the line.
class VpcFlowLine {
 public:
  // Splits by white space.
  void read(std::string_view line);

  [[nodiscard]] std::span<const std::string_view> tokens() const { return tokens_; }

  // The first line of a flow log's file: field names instead of values.
  [[nodiscard]] bool is_header() const;

  // Whether it looks like a flow log's line of any format: a version, an interface and a log status.
  [[nodiscard]] bool looks_right() const;

  // When the capture window began, by what can be told without the format: the first two neighbouring tokens
  // that are a window of Unix seconds.
  [[nodiscard]] std::optional<EventTime> guess_start() const;

  // The value of a field; empty where it is not in `format` or not available ("-"). The line must have the
  // format's tokens.
  [[nodiscard]] std::string_view field(const VpcFlowFormat& format, std::string_view name) const;
  [[nodiscard]] bool has_fields_of(const VpcFlowFormat& format) const;
  [[nodiscard]] std::optional<EventTime> start(const VpcFlowFormat& format) const;

  // An object of the fields that are available; numbers of packets, ports and the like as numbers.
  void write_json(const VpcFlowFormat& format, std::string& out) const;

 private:
  std::vector<std::string_view> tokens_;
};

}  // namespace tocsin::event
