// The JSON Schema (draft 7) for editors, out of the same grammar that the loader checks.
#include <nlohmann/json.hpp>

#include "config/grammar.h"
#include "config/load.h"

namespace tocsin::config {
namespace {

using Json = nlohmann::ordered_json;

// A value that the environment completes may be anything once it is read.
const Json& interpolated() {
  static const Json schema{{"type", "string"}, {"pattern", "\\$\\{[A-Za-z_]"}};
  return schema;
}

// Unquoted account numbers and the like are texts to the loader and numbers to an editor.
Json text_schema(const Key& key) {
  if (!key.choices.empty()) {
    Json choices = Json::array();
    for (const std::string_view choice : key.choices) choices.push_back(choice);
    return {{"anyOf", {{{"enum", choices}}, interpolated()}}};
  }
  if (!key.pattern.empty()) {
    return {
        {"anyOf", {{{"type", "string"}, {"pattern", key.pattern}}, {{"type", "number"}}, interpolated()}}};
  }
  return {{"type", {"string", "number", "boolean"}}};
}

Json object_schema(const ObjectGrammar& grammar);

Json value_schema(const Key& key) {
  Json ways = Json::array();
  if ((key.shapes & kText) != 0) ways.push_back(text_schema(key));
  if ((key.shapes & kNumber) != 0) {
    ways.push_back({{"type", "number"}});
    ways.push_back({{"type", "string"}, {"pattern", "^[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$"}});
    ways.push_back(interpolated());
  }
  if ((key.shapes & kInteger) != 0) {
    ways.push_back({{"type", "integer"}, {"minimum", key.minimum}});
    ways.push_back({{"type", "string"}, {"pattern", "^[0-9]+$"}});
    ways.push_back(interpolated());
  }
  if ((key.shapes & kBoolean) != 0) {
    ways.push_back({{"type", "boolean"}});
    ways.push_back({{"type", "string"}, {"pattern", "^(true|True|TRUE|false|False|FALSE)$"}});
    ways.push_back(interpolated());
  }
  if ((key.shapes & kDuration) != 0) {
    ways.push_back({{"type", "string"}, {"pattern", "^([0-9]+(ms|s|m|h|d|w))+$"}});
    ways.push_back(interpolated());
  }
  if ((key.shapes & kTexts) != 0) {
    ways.push_back({{"type", "array"}, {"items", text_schema(key)}, {"uniqueItems", true}});
  }
  if ((key.shapes & kTextMap) != 0) {
    ways.push_back(
        {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}});
  }
  if ((key.shapes & kAnyMap) != 0) ways.push_back({{"type", "object"}});
  if ((key.shapes & kObject) != 0) ways.push_back(object_schema(*key.object));
  if ((key.shapes & kNamedObjects) != 0) {
    ways.push_back({{"type", "object"}, {"additionalProperties", object_schema(*key.object)}});
  }
  if ((key.shapes & kObjects) != 0)
    ways.push_back({{"type", "array"}, {"items", object_schema(*key.object)}});
  if ((key.shapes & kEmpty) != 0) ways.push_back({{"type", "null"}});
  Json schema{{"description", key.description}};
  if (ways.size() == 1) {
    schema.update(ways[0]);
  } else {
    schema["anyOf"] = std::move(ways);
  }
  return schema;
}

Json object_schema(const ObjectGrammar& grammar) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : grammar.keys) {
    properties[std::string(key.name)] = value_schema(key);
    if (key.required) required.push_back(key.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  Json alternatives = Json::array();
  for (const std::string_view name : grammar.one_of) {
    alternatives.push_back({{"required", {name}}});
  }
  if (!alternatives.empty()) schema["oneOf"] = std::move(alternatives);
  return schema;
}

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "Tocsin"},
              {"description", "A configuration of Tocsin: log events to metrics, alarms and alert topics."}};
  schema.update(object_schema(configuration_grammar()));
  return schema.dump(2) + "\n";
}

}  // namespace tocsin::config
