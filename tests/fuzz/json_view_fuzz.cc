// The walk over a JSON message against the plain reader, and against a view that knows nothing of messages
// before: the same verdict, the same nodes.
//
// Input: selectors, one a line; an empty line; messages, with record separators (0x1E) between them.
#include <span>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/event/json_view.h"
#include "engine/event/plain_json.h"
#include "tests/fuzz/input.h"

namespace tocsin::event {
namespace {

constexpr char kBetweenMessages = '\x1E';

struct Wanted {
  Selector selector;
  Slot slot = 0;
};

// What is no selector is the path that it spells.
std::vector<Wanted> add_fields(std::string_view text, FieldTrie& fields) {
  constexpr std::size_t kMostFields = 32;
  std::vector<Wanted> wanted;
  fuzz::Input lines(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  for (std::size_t i = 0; i < kMostFields && !lines.done(); ++i) {
    const std::string_view line = lines.line();
    if (const auto selector = parse_selector(line)) {
      wanted.push_back({*selector, fields.add(*selector)});
    } else {
      fields.add_path(line);
    }
  }
  return wanted;
}

void check_nodes(std::span<const JsonNode> nodes, const std::vector<const PlainJson*>& expected) {
  TOCSIN_CHECK(nodes.size() == expected.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    TOCSIN_CHECK(nodes[i].kind == expected[i]->kind);
    TOCSIN_CHECK(nodes[i].text == expected[i]->text);
  }
}

void check_walk(JsonView& view, const FieldTrie& fields, std::span<const Wanted> wanted, std::string_view message) {
  const JsonStatus status = view.walk(message, fields);
  const auto plain = read_plain_json(message);
  const bool is_object = plain && plain->kind == NodeKind::Object;
  TOCSIN_CHECK((status == JsonStatus::Object) == is_object);
  TOCSIN_CHECK((status == JsonStatus::NotObject) == (plain && !is_object));
  TOCSIN_CHECK((status == JsonStatus::BadUtf8) == !is_utf8(message));
  JsonView fresh;
  TOCSIN_CHECK(fresh.walk(message, fields) == status);
  TOCSIN_CHECK(fresh.nodes().size() == view.nodes().size());
  for (std::size_t i = 0; i < fresh.nodes().size(); ++i) {
    TOCSIN_CHECK(fresh.nodes()[i].kind == view.nodes()[i].kind &&
                 fresh.nodes()[i].text == view.nodes()[i].text);
    TOCSIN_CHECK(fresh.nodes()[i].slot == view.nodes()[i].slot);
    TOCSIN_CHECK(fresh.nodes()[i].element == view.nodes()[i].element);
  }
  for (const Wanted& field : wanted) {
    check_nodes(view.nodes(field.slot),
                is_object ? select(*plain, field.selector) : std::vector<const PlainJson*>{});
  }
}

// One view walks them all: what it knows of those before must change nothing.
void check_walks(std::string_view selectors, std::string_view messages) {
  FieldTrie fields;
  const std::vector<Wanted> wanted = add_fields(selectors, fields);
  JsonView view;
  for (;;) {
    const std::size_t end = messages.find(kBetweenMessages);
    const std::string_view message = messages.substr(0, end);
    check_walk(view, fields, wanted, message);
    check_walk(view, fields, wanted, message);
    if (end == std::string_view::npos) return;
    messages.remove_prefix(end + 1);
  }
}

}  // namespace
}  // namespace tocsin::event

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::Input input(data, size);
  const std::string_view selectors = input.paragraph();
  tocsin::event::check_walks(selectors, input.rest());
  return 0;
}
