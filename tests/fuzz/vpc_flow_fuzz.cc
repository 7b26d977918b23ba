// Lines of VPC flow logs, of any format: whatever a line holds, its object is JSON.
//
// Input: the format's fields; a line end; a flow log's line.
#include <string>

#include "engine/base/check.h"
#include "engine/event/plain_json.h"
#include "engine/event/vpc_flow.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::event;
  tocsin::fuzz::Input input(data, size);
  VpcFlowFormat format;
  const std::string_view fields = input.line();
  format.fields = parse_vpc_flow_fields(fields);
  VpcFlowLine line;
  line.read(input.rest());
  (void)line.is_header();
  (void)line.looks_right();
  (void)line.guess_start();
  if (!line.has_fields_of(format)) return 0;
  (void)line.start(format);
  for (const std::string& name : format.fields) (void)line.field(format, name);
  // Neither a configuration nor a record that is not UTF-8 comes so far.
  if (!is_utf8(fields) || !is_utf8(input.rest())) return 0;
  std::string json;
  line.write_json(format, json);
  const auto object = read_plain_json(json);
  TOCSIN_CHECK(object && object->kind == NodeKind::Object);
  return 0;
}
