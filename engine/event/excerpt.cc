#include "engine/event/excerpt.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/event/json_view.h"
#include "engine/event/vpc_flow.h"

namespace tocsin::event {
namespace {

class Fields {
 public:
  enum Name : std::size_t {
    EventName,
    EventSource,
    Arn,
    InvokedBy,
    UserName,
    PrincipalId,
    IdentityType,
    SourceAddress,
    AwsRegion,
    ErrorCode,
    ConsoleLogin,
    InsightType,
    InsightState,
    InsightSource,
    InsightName,
    Source,
    DetailType,
    Detail,
    DetailState,
    DetailStatus,
    DetailEvent,
    DetailResource,
    Resource,
    StatusMessage,
    Bucket,
    Key,
    Size,
    S3Address,
    NoticeType,
    NoticeState,
    NoticeResource,
    NoticeId,
    AlarmName,
    OldState,
    NewState,
    Reason,
    Action,
    SourceIp,
    TargetIp,
    SourcePort,
    TargetPort,
    Protocol,
    Packets,
    kNames,
  };

  Fields() {
    constexpr std::array<std::string_view, kNames> kSelectors{
        "$.eventName",
        "$.eventSource",
        "$.userIdentity.arn",
        "$.userIdentity.invokedBy",
        "$.userIdentity.userName",
        "$.userIdentity.principalId",
        "$.userIdentity.type",
        "$.sourceIPAddress",
        "$.awsRegion",
        "$.errorCode",
        "$.responseElements.ConsoleLogin",
        "$.insightDetails.insightType",
        "$.insightDetails.state",
        "$.insightDetails.eventSource",
        "$.insightDetails.eventName",
        "$.source",
        "$.['detail-type']",
        "$.detail",
        "$.detail.state",
        "$.detail.status",
        "$.detail.event",
        "$.detail.resourceArn",
        "$.resources[0]",
        "$.detail.statusMessage",
        "$.s3.bucket.name",
        "$.s3.object.key",
        "$.s3.object.size",
        "$.requestParameters.sourceIPAddress",
        "$.EventType",
        "$.State",
        "$.resourceArn",
        "$.Id",
        "$.AlarmName",
        "$.OldStateValue",
        "$.NewStateValue",
        "$.NewStateReason",
        "$.action",
        "$.srcaddr",
        "$.dstaddr",
        "$.srcport",
        "$.dstport",
        "$.protocol",
        "$.packets",
    };
    for (std::size_t i = 0; i < kNames; ++i) {
      const auto selector = parse_selector(kSelectors[i]);
      TOCSIN_CHECK(selector.has_value());
      slots_[i] = trie_.add(*selector);
    }
  }

  [[nodiscard]] const FieldTrie& trie() const { return trie_; }
  [[nodiscard]] Slot slot(Name name) const { return slots_[name]; }

 private:
  FieldTrie trie_;
  std::array<Slot, kNames> slots_{};
};

const Fields& fields() {
  static const Fields fields;
  return fields;
}

// The walked object; absent, null and structured fields are empty.
class Object {
 public:
  explicit Object(JsonView& view) : view_(view) {}

  [[nodiscard]] std::string_view operator[](Fields::Name name) const {
    const auto nodes = view_.nodes(fields().slot(name));
    if (nodes.empty() || nodes[0].kind == NodeKind::Null || nodes[0].kind == NodeKind::Array) return {};
    if (nodes[0].kind == NodeKind::Object && name != Fields::Detail) return {};
    return nodes[0].text;
  }

  // The first of these that says something.
  template <typename... Names>
  [[nodiscard]] std::string_view first(Names... names) const {
    for (const Fields::Name name : {names...}) {
      if (const std::string_view text = (*this)[name]; !text.empty()) return text;
    }
    return {};
  }

 private:
  JsonView& view_;
};

void append(std::string& line, std::string_view before, std::string_view text) {
  if (text.empty()) return;
  if (!line.empty()) line += before;
  line += text;
}

std::string trail_line(const Object& object) {
  std::string line(object.first(Fields::EventName, Fields::InsightName));
  append(line, " ", object.first(Fields::EventSource, Fields::InsightSource));
  if (!object[Fields::InsightType].empty()) {
    append(line, " ", object[Fields::InsightType]);
    append(line, ": ", object[Fields::InsightState]);
    append(line, " in ", object[Fields::AwsRegion]);
    return line;
  }
  append(line, " by ",
         object.first(Fields::Arn, Fields::UserName, Fields::InvokedBy, Fields::PrincipalId,
                      Fields::IdentityType));
  append(line, " from ", object[Fields::SourceAddress]);
  // The global services report us-east-1: there it says nothing.
  if (object[Fields::AwsRegion] != "us-east-1") append(line, " in ", object[Fields::AwsRegion]);
  append(line, ": ", object.first(Fields::ErrorCode, Fields::ConsoleLogin));
  return line;
}

std::string bus_line(const Object& object, JsonView& view) {
  std::string line(object[Fields::Source]);
  append(line, " ", object[Fields::DetailType]);
  if (object[Fields::DetailType].ends_with("via CloudTrail")) {
    const std::string detail(object[Fields::Detail]);
    if (view.walk(detail, fields().trie()) == JsonStatus::Object) append(line, ": ", trail_line(object));
    return line;
  }
  std::string what(object.first(Fields::DetailState, Fields::DetailStatus, Fields::DetailEvent));
  append(what, " ", object.first(Fields::DetailResource, Fields::Resource));
  append(what, ": ", object[Fields::StatusMessage]);
  append(line, ": ", what);
  return line;
}

std::string bytes_text(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, bytes < 9.95 && unit > 0 ? 1 : 0, kUnits[unit]);
}

std::string s3_line(const Object& object) {
  std::string line(object[Fields::EventName]);
  append(line, " ", object[Fields::Bucket]);
  append(line, "/", object[Fields::Key]);
  if (const auto size = parse_number(object[Fields::Size])) append(line, " ", bytes_text(*size));
  append(line, " by ", object[Fields::PrincipalId]);
  append(line, " from ", object[Fields::S3Address]);
  return line;
}

std::string notice_line(const Object& object) {
  std::string line = "AWS Backup";
  append(line, " ", object[Fields::NoticeType]);
  append(line, " ", object[Fields::NoticeState]);
  append(line, ": ", object.first(Fields::NoticeResource, Fields::NoticeId));
  return line;
}

std::string alarm_line(const Object& object) {
  std::string line(object[Fields::AlarmName]);
  append(line, ": ", object[Fields::OldState]);
  append(line, " → ", object[Fields::NewState]);
  append(line, ": ", object[Fields::Reason]);
  return line;
}

std::string_view protocol_name(std::string_view number) {
  if (number == "1") return "icmp";
  if (number == "6") return "tcp";
  if (number == "17") return "udp";
  if (number == "58") return "icmpv6";
  return {};
}

std::string endpoint(std::string_view address, std::string_view port) {
  if (port.empty() || port == "0") return std::string(address);
  const bool v6 = address.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

template <typename Field>
std::string flow_line(Field field) {
  if (field("srcaddr", Fields::SourceIp).empty()) return {};
  std::string line(field("action", Fields::Action));
  append(line, " ", endpoint(field("srcaddr", Fields::SourceIp), field("srcport", Fields::SourcePort)));
  append(line, " → ", endpoint(field("dstaddr", Fields::TargetIp), field("dstport", Fields::TargetPort)));
  const std::string_view number = field("protocol", Fields::Protocol);
  const std::string_view protocol = protocol_name(number);
  append(line, protocol.empty() ? " protocol " : " ", protocol.empty() ? number : protocol);
  if (const std::string_view packets = field("packets", Fields::Packets); !packets.empty()) {
    append(line, " ", packets);
    line += packets == "1" ? " packet" : " packets";
  }
  return line;
}

// What is known about the event's kind; empty where that says nothing.
std::string kind_line(const Event& event) {
  if (event.kind == Kind::Text || event.kind == Kind::Json || event.kind == Kind::LambdaPlatform) return {};
  thread_local JsonView view;
  if (view.walk(event.message, fields().trie()) == JsonStatus::Object) {
    const Object object(view);
    switch (event.kind) {
      case Kind::CloudTrail:
        return trail_line(object);
      case Kind::BusEvent:
        return bus_line(object, view);
      case Kind::S3Notification:
        return s3_line(object);
      case Kind::BackupNotice:
        return notice_line(object);
      case Kind::AlarmMessage:
        return alarm_line(object);
      case Kind::VpcFlow:
        return flow_line([&](std::string_view, Fields::Name name) { return object[name]; });
      case Kind::Text:
      case Kind::Json:
      case Kind::LambdaPlatform:
        break;
    }
    return {};
  }
  if (event.kind != Kind::VpcFlow) return {};
  VpcFlowLine line;
  line.read(event.message);
  const VpcFlowFormat format;
  // Another format's fourteen tokens have their window elsewhere.
  if (!line.has_fields_of(format) || !line.start(format) || line.start(format) != line.guess_start())
    return {};
  return flow_line([&](std::string_view name, Fields::Name) { return line.field(format, name); });
}

// The character at `at` in `text` (U+FFFD for what is none) and the length of what was read.
std::size_t read_character(std::string_view text, std::size_t at, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  code = lead & (0xFFU >> (size + 1));
  bool valid = lead >= 0xC2 && lead <= 0xF4 && at + size <= text.size();
  for (std::size_t i = 1; valid && i < size; ++i) {
    valid = (byte(at + i) & 0xC0) == 0x80;
    code = code << 6 | (byte(at + i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  valid = valid && code >= kLeast[size] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (valid) return size;
  code = 0xFFFD;
  return 1;
}

bool is_space(std::uint32_t code) {
  return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029;
}

// Zero width, or turning the direction of what follows.
bool is_invisible(std::uint32_t code) {
  return (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || code == 0xAD || code == 0x61C ||
         (code >= 0xE0000 && code <= 0xE007F);
}

std::string one_line(std::string_view text) {
  constexpr std::string_view kCut = "…";
  std::string line;
  std::size_t fits = 0;  // of `line`, with room for the mark behind it
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t code = 0;
    const std::size_t size = read_character(text, at, code);
    const std::string_view character =
        code == 0xFFFD ? std::string_view("\xef\xbf\xbd") : text.substr(at, size);
    at += size;
    if (is_space(code)) {
      space = !line.empty();
      continue;
    }
    if (is_invisible(code)) continue;
    if (line.size() + (space ? 1 : 0) + character.size() > kMaxExcerptBytes) {
      line.resize(fits);
      line += kCut;
      return line;
    }
    if (std::exchange(space, false)) line += ' ';
    line += character;
    if (line.size() + kCut.size() <= kMaxExcerptBytes) fits = line.size();
  }
  return line;
}

}  // namespace

std::string excerpt(const Event& event) {
  const std::string known = kind_line(event);
  return one_line(known.empty() ? event.message : std::string_view(known));
}

}  // namespace tocsin::event
