// Dead letters as lines that people mend and as records of a topic: any bytes are one or an error, and a
// letter stays the same however it travels.
//
// Input: a line. Or, behind a line end: headers of a record, NAME=VALUE a line; an empty line; the record's
// value.
#include <algorithm>
#include <string>

#include "engine/base/check.h"
#include "engine/event/plain_json.h"
#include "engine/runtime/dead_letter_form.h"
#include "tests/fuzz/input.h"

namespace tocsin::runtime {
namespace {

void check_same(const PostedLetter& a, const PostedLetter& b) {
  TOCSIN_CHECK(letter_id(a) == letter_id(b));
  TOCSIN_CHECK(to_line(a) == to_line(b));
  TOCSIN_CHECK(a.letter.value == b.letter.value);
}

void check_letter(const Result<PostedLetter>& letter) {
  if (!letter) {
    TOCSIN_CHECK(!letter.error().message.empty());
    return;
  }
  const auto& from = letter->from;
  for (const std::string& name : {from.source, from.topic, from.file, from.incarnation})
    if (!event::is_utf8(name)) return;  // a line cannot say it
  const std::string line = to_line(*letter);
  TOCSIN_CHECK(line.find('\n') == std::string::npos);
  const auto by_line = parse_line(line);
  TOCSIN_CHECK(by_line.has_value());
  check_same(*letter, *by_line);
  const auto by_record = parse_attributes(to_attributes(*letter), letter->letter.value);
  TOCSIN_CHECK(by_record.has_value());
  check_same(*letter, *by_record);
}

Attributes attributes_of(std::string_view text) {
  Attributes attributes;
  fuzz::Input lines(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  while (!lines.done()) {
    const std::string_view line = lines.line();
    const std::size_t equals = std::min(line.find('='), line.size());
    attributes.emplace_back(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())));
  }
  return attributes;
}

}  // namespace
}  // namespace tocsin::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::runtime;
  tocsin::fuzz::Input input(data, size);
  if (!input.rest().starts_with('\n')) {
    check_letter(parse_line(input.rest()));
    return 0;
  }
  input.byte();
  const Attributes attributes = attributes_of(input.paragraph());
  check_letter(parse_attributes(attributes, input.rest()));
  return 0;
}
