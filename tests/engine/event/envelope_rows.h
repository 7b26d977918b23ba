// The rows of tests/conformance/envelopes.json, and how their records are made.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/engine/event/compress.h"

namespace tocsin::event {

using RowJson = nlohmann::ordered_json;

inline std::string make_record(const RowJson& recipe);

// `value` with its {"$": recipe} replaced by what the recipe makes.
inline RowJson fill_in(const RowJson& value) {
  if (value.is_object() && value.size() == 1 && value.contains("$")) return make_record(value["$"]);
  RowJson filled = value;
  if (value.is_structured()) {
    for (auto& item : filled) item = fill_in(item);
  }
  return filled;
}

inline std::string make_record(const RowJson& recipe) {
  if (recipe.is_string()) return recipe.get<std::string>();
  if (recipe.contains("gzip")) return gzip(make_record(recipe["gzip"]));
  if (recipe.contains("base64")) return base64(make_record(recipe["base64"]));
  if (recipe.contains("json")) return fill_in(recipe["json"]).dump();
  std::string joined;
  for (const auto& part : recipe.at("concat")) joined += make_record(part);
  return joined;
}

inline RowJson envelope_rows() {
  std::ifstream file(TOCSIN_SOURCE_DIR "/tests/conformance/envelopes.json");
  return RowJson::parse(file);
}

}  // namespace tocsin::event
