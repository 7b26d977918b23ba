// How dead letters look outside: the JSON line of a file, the record of a topic, and back.
//
//   event::DeadLetter + where it was read --PostedLetter--> to_line()       a line, that a person can mend
//                                                           to_attributes() headers; the record's value is
//                                                           the letter's
//   parse_line(), parse_attributes() --PostedLetter--> dead_letter_history
//
// A file has one JSON object a line: text bytes are its `value`, any others its `value_base64`. A topic's
// record has the bytes themselves as its value, so that a record near the broker's limit still fits; all else
// is in its headers, as a CloudEvent's attributes. Nothing depends on when or how often a letter is written:
// a repeat has the same id and bytes. Pure. docs/dead-letters.md says the same for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/dead_letter.h"
#include "engine/notify/notification.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

// A letter, and the partition that it was read from.
struct PostedLetter {
  source::PartitionName from;
  event::DeadLetter letter;
};

enum class LetterForm : std::uint8_t { Line, Record };

// 32 hex digits of where the letter was read: the same in every repeat.
[[nodiscard]] std::string letter_id(const PostedLetter& posted);

// "org-cloudtrail[3]@1042".
[[nodiscard]] std::string letter_place(const PostedLetter& posted);

// Without its end.
[[nodiscard]] std::string to_line(const PostedLetter& posted);

// A line as to_line() makes it, or as a person left it: `value` may also be the JSON object itself. An error
// says what is missing or wrong.
[[nodiscard]] Result<PostedLetter> parse_line(std::string_view line);

using Attributes = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] Attributes to_attributes(const PostedLetter& posted);
[[nodiscard]] Result<PostedLetter> parse_attributes(const Attributes& attributes, std::string_view value);

// For the destination: topic `topic` of its notify::Delivery.
[[nodiscard]] notify::Notification to_notification(PostedLetter posted, std::uint32_t topic, LetterForm form);

}  // namespace tocsin::runtime
