#include "engine/event/vpc_flow.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/event/json_text.h"

namespace tocsin::event {
namespace {

constexpr std::array<std::string_view, 14> kDefault{
    "version",  "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
    "protocol", "packets",    "bytes",        "start",   "end",     "action",  "log-status"};
constexpr std::array<std::string_view, 42> kKnown{"version",
                                                  "account-id",
                                                  "interface-id",
                                                  "srcaddr",
                                                  "dstaddr",
                                                  "srcport",
                                                  "dstport",
                                                  "protocol",
                                                  "packets",
                                                  "bytes",
                                                  "start",
                                                  "end",
                                                  "action",
                                                  "log-status",
                                                  "vpc-id",
                                                  "subnet-id",
                                                  "instance-id",
                                                  "tcp-flags",
                                                  "type",
                                                  "pkt-srcaddr",
                                                  "pkt-dstaddr",
                                                  "region",
                                                  "az-id",
                                                  "sublocation-type",
                                                  "sublocation-id",
                                                  "pkt-src-aws-service",
                                                  "pkt-dst-aws-service",
                                                  "flow-direction",
                                                  "traffic-path",
                                                  "ecs-cluster-arn",
                                                  "ecs-cluster-name",
                                                  "ecs-container-instance-arn",
                                                  "ecs-container-instance-id",
                                                  "ecs-container-id",
                                                  "ecs-second-container-id",
                                                  "ecs-service-name",
                                                  "ecs-task-definition-arn",
                                                  "ecs-task-arn",
                                                  "ecs-task-id",
                                                  "reject-reason",
                                                  "resource-id",
                                                  "encryption-status"};
constexpr std::array<std::string_view, 10> kNumbers{"version",   "srcport",     "dstport", "protocol",
                                                    "packets",   "bytes",       "start",   "end",
                                                    "tcp-flags", "traffic-path"};

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Ten digits: seconds from 2001 to 2286.
std::optional<std::int64_t> epoch_seconds(std::string_view text) {
  return text.size() == 10 && text.front() != '0' ? integer(text) : std::nullopt;
}

EventTime at_second(std::int64_t seconds) { return EventTime{Duration{seconds * 1000}}; }

std::size_t index_of(const VpcFlowFormat& format, std::string_view name) {
  if (!format.fields.empty())
    return static_cast<std::size_t>(std::ranges::find(format.fields, name) - format.fields.begin());
  return static_cast<std::size_t>(std::ranges::find(kDefault, name) - kDefault.begin());
}

std::size_t field_count(const VpcFlowFormat& format) {
  return format.fields.empty() ? kDefault.size() : format.fields.size();
}

}  // namespace

std::span<const std::string_view> vpc_flow_known_fields() { return kKnown; }

std::vector<std::string> parse_vpc_flow_fields(std::string_view text) {
  VpcFlowLine line;
  line.read(text);
  std::vector<std::string> names;
  for (std::string_view token : line.tokens()) {
    if (token.starts_with("${") && token.ends_with('}')) token = token.substr(2, token.size() - 3);
    names.emplace_back(token);
  }
  return names;
}

void VpcFlowLine::read(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  tokens_.clear();
  for (std::size_t at = line.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kSpace, at), line.size());
    tokens_.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kSpace, end);
  }
}

bool VpcFlowLine::is_header() const {
  return tokens_.size() > 1 && std::ranges::all_of(tokens_, [](std::string_view token) {
           return std::ranges::find(kKnown, token) != kKnown.end();
         });
}

bool VpcFlowLine::looks_right() const {
  constexpr std::size_t kLeast = 8;
  constexpr std::int64_t kNewestVersion = 10;
  if (tokens_.size() < kLeast || tokens_.size() > kKnown.size()) return false;
  const auto version = tokens_.front().size() <= 2 ? integer(tokens_.front()) : std::nullopt;
  if (!version || *version < 2 || *version > kNewestVersion) return false;
  const std::string_view status = tokens_.back();
  if (status != "OK" && status != "NODATA" && status != "SKIPDATA") return false;
  return std::ranges::any_of(tokens_, [](std::string_view token) { return token.starts_with("eni-"); });
}

std::optional<EventTime> VpcFlowLine::guess_start() const {
  constexpr std::int64_t kLongestWindow = 600;  // seconds; flow logs aggregate over one minute or ten
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    const auto start = epoch_seconds(tokens_[i]);
    const auto end = start ? epoch_seconds(tokens_[i + 1]) : std::nullopt;
    if (end && *end >= *start && *end - *start <= kLongestWindow) return at_second(*start);
  }
  return std::nullopt;
}

bool VpcFlowLine::has_fields_of(const VpcFlowFormat& format) const {
  return tokens_.size() == field_count(format);
}

std::string_view VpcFlowLine::field(const VpcFlowFormat& format, std::string_view name) const {
  const std::size_t index = index_of(format, name);
  if (index >= tokens_.size() || tokens_[index] == "-") return {};
  return tokens_[index];
}

std::optional<EventTime> VpcFlowLine::start(const VpcFlowFormat& format) const {
  const auto seconds = epoch_seconds(field(format, "start"));
  return seconds ? std::optional(at_second(*seconds)) : std::nullopt;
}

void VpcFlowLine::write_json(const VpcFlowFormat& format, std::string& out) const {
  out.assign(1, '{');  // g++ 12 warns of assigning a literal here
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view name = format.fields.empty() ? kDefault[i] : std::string_view(format.fields[i]);
    if (tokens_[i] == "-") continue;
    if (out.size() > 1) out += ',';
    write_json_string(name, out);
    out += ':';
    if (std::ranges::find(kNumbers, name) != kNumbers.end() && is_json_number(tokens_[i])) {
      out += tokens_[i];
    } else {
      write_json_string(tokens_[i], out);
    }
  }
  out += '}';
}

}  // namespace tocsin::event
