#include "engine/runtime/dead_letter_form.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/base64.h"
#include "engine/base/hash.h"
#include "engine/event/reject.h"
#include "engine/runtime/partition_name.h"
#include "engine/runtime/partition_table.h"

namespace tocsin::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kType = "tocsin.dead_letter";

// Only a time that is read back as it is written.
bool is_on_the_calendar(const std::optional<EventTime>& time) {
  return time && *time >= kEarliestTime && *time <= kLatestTime;
}

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

// Whether arrays and objects stand in each other more deeply than those of any event, and the letter around
// it. Writing such a value would take a stack as deep.
bool is_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > event::kMaxDepth + 1) return true;
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
    }
  }
  return false;
}

template <typename Enum>
std::optional<Enum> parse_name(const auto& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}
std::optional<event::RejectReason> parse_reason(std::string_view name) {
  return parse_name<event::RejectReason>(event::kRejectNames, name);
}
std::optional<event::Part> parse_part(std::string_view name) {
  return parse_name<event::Part>(event::kPartNames, name);
}

template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The fields of a line. Each of them notes what is wrong with it; the first complaint is the answer.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::optional<std::string> text(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    complain(key, "a text");
    return std::nullopt;
  }

  template <typename Integer>
  Integer integer(const char* key, Integer otherwise) {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (value->is_number_integer()) {
      const std::string digits = value->dump();
      if (const auto number = parse_integer<Integer>(digits)) return *number;
    }
    complain(key, "a whole number");
    return otherwise;
  }

  bool boolean(const char* key, bool otherwise) {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (value->is_boolean()) return value->get<bool>();
    complain(key, "true or false");
    return otherwise;
  }

  const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void complain(std::string_view key, std::string_view wanted) {
    if (fault_.empty()) fault_ = fmt::format("`{}` is not {}", key, wanted);
  }
  void fault(std::string text) {
    if (fault_.empty()) fault_ = std::move(text);
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  const Json& object_;
  std::string fault_;
};

// A file has no partition, and a topic no lines: a person's leftovers of them are of no account, and in no
// id.
void keep_own_fields(source::PartitionName& from) {
  if (from.topic.empty()) from.number = 0;
  if (from.file.empty()) from.by_line = true;
}

std::string read_value(Fields& fields) {
  const Json* value = fields.find("value");
  const auto base64 = fields.text("value_base64");
  if (value != nullptr && base64) {
    fields.fault("has both `value` and `value_base64`: remove one of them");
  } else if (value != nullptr) {
    return value->is_string() ? value->get<std::string>()
                              : value->dump(-1, ' ', false, Json::error_handler_t::replace);
  } else if (base64) {
    std::string bytes;
    if (!decode_base64(*base64, bytes)) fields.complain("value_base64", "base64");
    return bytes;
  } else {
    fields.fault("has no `value`");
  }
  return {};
}

}  // namespace

std::string letter_place(const PostedLetter& posted) {
  return place_of(posted.from, posted.letter.offset, posted.letter.index);
}

std::string letter_id(const PostedLetter& posted) {
  const auto& [from, letter] = posted;
  return to_hex(hash128("dead_letter" + item_identity(from, letter.offset, letter.index)));
}

std::string to_line(const PostedLetter& posted) {
  const auto& [from, letter] = posted;
  Json line;
  line["id"] = letter_id(posted);
  line["reason"] = event::to_string(letter.reason);
  line["place"] = letter_place(posted);
  line["source"] = from.source;
  if (!from.topic.empty()) {
    line["topic"] = from.topic;
    line["partition"] = from.number;
  } else {
    line["file"] = from.file;
    if (!from.by_line) line["by_line"] = false;
  }
  if (!from.incarnation.empty()) line["incarnation"] = from.incarnation;
  line["offset"] = letter.offset;
  if (letter.index > 0) line["index"] = letter.index;
  if (letter.part != event::Part::Record) line["part"] = event::to_string(letter.part);
  if (letter.carried) line["carried"] = true;
  if (is_on_the_calendar(letter.timestamp)) line["timestamp"] = format_rfc3339(*letter.timestamp);
  if (letter.cut_bytes > 0) line["cut_bytes"] = letter.cut_bytes;
  if (letter.envelope) {
    line["envelope"] = {{"account", letter.envelope->account},
                        {"log_group", letter.envelope->log_group},
                        {"log_stream", letter.envelope->log_stream}};
  }
  if (is_utf8(letter.value)) {
    line["value"] = letter.value;
  } else {
    line["value_base64"] = encode_base64(letter.value);
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<PostedLetter> parse_line(std::string_view line) {
  if (is_too_deep(line)) return fail(ErrorCode::Invalid, "is nested too deeply");
  const Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded()) return fail(ErrorCode::Invalid, "is not JSON");
  if (!object.is_object()) return fail(ErrorCode::Invalid, "is not a JSON object");
  PostedLetter posted;
  auto& [from, letter] = posted;
  Fields fields(object);
  from.source = fields.text("source").value_or("");
  from.topic = fields.text("topic").value_or("");
  from.number = fields.integer<std::int32_t>("partition", 0);
  from.file = fields.text("file").value_or("");
  from.by_line = fields.boolean("by_line", true);
  from.incarnation = fields.text("incarnation").value_or("");
  if (fields.find("offset") == nullptr) fields.fault("has no `offset`");
  letter.offset = fields.integer<std::int64_t>("offset", 0);
  letter.index = fields.integer<std::uint32_t>("index", 0);
  letter.cut_bytes = fields.integer<std::uint64_t>("cut_bytes", 0);
  letter.carried = fields.boolean("carried", false);
  if (const auto name = fields.text("part")) {
    const auto part = parse_part(*name);
    if (part) letter.part = *part;
    if (!part) fields.complain("part", fmt::format("one of {}", fmt::join(event::kPartNames, ", ")));
  }
  if (const auto name = fields.text("reason")) {
    const auto reason = parse_reason(*name);
    if (reason) letter.reason = *reason;
    if (!reason) fields.complain("reason", "one that Tocsin gives");
  }
  if (const auto text = fields.text("timestamp")) {
    letter.timestamp = parse_rfc3339(*text);
    if (!letter.timestamp) fields.complain("timestamp", "a time like 2026-03-01T09:00:00Z");
  }
  if (const Json* envelope = fields.find("envelope")) {
    if (envelope->is_object()) {
      Fields inner(*envelope);
      letter.envelope = event::DeadLetter::Envelope{inner.text("account").value_or(""),
                                                    inner.text("log_group").value_or(""),
                                                    inner.text("log_stream").value_or("")};
      if (!inner.fault().empty()) fields.fault("in `envelope`, " + inner.fault());
    } else {
      fields.complain("envelope", "an object");
    }
  }
  keep_own_fields(from);
  letter.value = read_value(fields);
  if (from.source.empty()) fields.fault("has no `source`");
  if (from.topic.empty() == from.file.empty()) fields.fault("needs one of `topic` and `file`");
  if (!fields.fault().empty()) return fail(ErrorCode::Invalid, fields.fault());
  return posted;
}

// The names of CloudEvents' extensions are lower-case letters and digits.
Attributes to_attributes(const PostedLetter& posted) {
  const auto& [from, letter] = posted;
  Attributes attributes{
      {"specversion", "1.0"},
      {"id", letter_id(posted)},
      {"source", "/tocsin/sources"},
      {"type", std::string(kType)},
      {"subject", letter_place(posted)},
      {"datacontenttype", "application/octet-stream"},
      {"reason", std::string(event::to_string(letter.reason))},
      {"logsource", from.source},
  };
  if (!from.topic.empty()) {
    attributes.emplace_back("topic", from.topic);
    attributes.emplace_back("partition", std::to_string(from.number));
  } else {
    attributes.emplace_back("file", from.file);
    if (!from.by_line) attributes.emplace_back("byline", "false");
  }
  if (!from.incarnation.empty()) attributes.emplace_back("incarnation", from.incarnation);
  attributes.emplace_back("offset", std::to_string(letter.offset));
  if (letter.index > 0) attributes.emplace_back("index", std::to_string(letter.index));
  if (letter.part != event::Part::Record) attributes.emplace_back("part", event::to_string(letter.part));
  if (letter.carried) attributes.emplace_back("carried", "true");
  if (is_on_the_calendar(letter.timestamp))
    attributes.emplace_back("time", format_rfc3339(*letter.timestamp));
  if (letter.cut_bytes > 0) attributes.emplace_back("cutbytes", std::to_string(letter.cut_bytes));
  if (letter.envelope) {
    attributes.emplace_back("account", letter.envelope->account);
    attributes.emplace_back("loggroup", letter.envelope->log_group);
    attributes.emplace_back("logstream", letter.envelope->log_stream);
  }
  return attributes;
}

Result<PostedLetter> parse_attributes(const Attributes& attributes, std::string_view value) {
  const auto find = [&](std::string_view name) -> const std::string* {
    const auto found = std::ranges::find(attributes, name, &Attributes::value_type::first);
    return found == attributes.end() ? nullptr : &found->second;
  };
  const auto text = [&](std::string_view name) {
    const std::string* found = find(name);
    return found == nullptr ? std::string() : *found;
  };
  std::string fault;
  const auto integer = [&]<typename Integer>(std::string_view name, Integer& into) {
    const std::string* found = find(name);
    if (found == nullptr) return;
    const auto number = parse_integer<Integer>(*found);
    if (number) into = *number;
    if (!number && fault.empty()) fault = fmt::format("its header ce_{} is no number", name);
  };
  if (text("type") != kType) return fail(ErrorCode::Invalid, "is no dead letter of Tocsin's");
  PostedLetter posted;
  auto& [from, letter] = posted;
  from.source = text("logsource");
  from.topic = text("topic");
  from.file = text("file");
  from.by_line = text("byline") != "false";
  from.incarnation = text("incarnation");
  integer("partition", from.number);
  integer("offset", letter.offset);
  integer("index", letter.index);
  integer("cutbytes", letter.cut_bytes);
  letter.carried = text("carried") == "true";
  if (const std::string* name = find("part")) {
    const auto part = parse_part(*name);
    if (part) letter.part = *part;
    if (!part && fault.empty()) fault = "its header ce_part names no piece of a record";
  }
  if (const auto reason = parse_reason(text("reason"))) letter.reason = *reason;
  if (const std::string* time = find("time")) letter.timestamp = parse_rfc3339(*time);
  if (find("loggroup") != nullptr || find("account") != nullptr) {
    letter.envelope = event::DeadLetter::Envelope{text("account"), text("loggroup"), text("logstream")};
  }
  keep_own_fields(from);
  letter.value = value;
  if (from.source.empty() || from.topic.empty() == from.file.empty())
    fault = "its headers do not say where it was read";
  if (!fault.empty()) return fail(ErrorCode::Invalid, fault);
  return posted;
}

notify::Notification to_notification(PostedLetter posted, std::uint32_t topic, LetterForm form) {
  notify::Notification notification;
  notification.id = letter_id(posted);
  notification.topic = topic;
  notification.time = posted.letter.timestamp.value_or(EventTime{});
  notification.subject = "dead letter " + letter_place(posted);
  notification.key = posted.from.topic.empty() ? posted.from.file
                                               : fmt::format("{}[{}]", posted.from.topic, posted.from.number);
  if (form == LetterForm::Line) {
    notification.payload = to_line(posted);
  } else {
    notification.attributes = to_attributes(posted);
    notification.payload = std::move(posted.letter.value);
  }
  return notification;
}

}  // namespace tocsin::runtime
