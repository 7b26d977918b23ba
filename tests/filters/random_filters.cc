#include "tests/filters/random_filters.h"

#include <utility>

#include "filters/event_pattern.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"

namespace tocsin::filters_test {
namespace {

// --- filter patterns --------------------------------------------------------------------------------------

const std::vector<std::string> kSelectors{"$.a", "$.b", "$.a.b", "$.a[0]", "$.a[1].b", "$.c", "$.['x.y']"};
const std::vector<std::string> kWildcardSelectors{"$.a[*]", "$.*", "$.a.*", "$.a[*].b", "$.*.b"};
const std::vector<std::string> kValues{"x",    "1",   "1*",    "*",   "\"*x*\"", "true",        "\"\"",
                                       "-0.5", "1e1", "\"1\"", "y*y", "10",      "\"\xC3\xA9\""};
const std::vector<std::string> kNumbers{"1", "0", "-0.5", "1e1", "10.0"};
const std::vector<std::string> kWords{"x", "xy", "a", "ERROR", "1", "true"};

std::string random_comparison(Random& random, int& regexes) {
  switch (random.below(4)) {
    case 0:
      return random.of({">", ">=", "<", "<="}) + random.of(kNumbers);
    case 1:
      if (regexes < 2) {
        ++regexes;
        return random.of({"=", "!="}) +
               random.of({"%^x%", "%[0-9]+%", "%y$|e%", "%.%", "%^x.*y$%", "%x.*x%", "%1$%", "%^true$%"});
      }
      [[fallthrough]];
    default:
      return random.of({"=", "!="}) + random.of(kValues);
  }
}

std::string random_condition(Random& random, int& regexes, int& wildcards) {
  const bool wildcard = wildcards < 3 && random.below(4) == 0;
  if (wildcard) ++wildcards;
  const std::string selector = random.of(wildcard ? kWildcardSelectors : kSelectors);
  if (random.below(3) == 0)
    return selector + " " + random.of({"NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"});
  return selector + " " + random_comparison(random, regexes);
}

std::string random_expression(Random& random, int depth, int& regexes, int& wildcards) {
  if (depth == 0 || random.below(3) == 0) return random_condition(random, regexes, wildcards);
  const std::string left = random_expression(random, depth - 1, regexes, wildcards);
  const std::string right = random_expression(random, depth - 1, regexes, wildcards);
  const std::string joined = left + random.of({" && ", " || "}) + right;
  return random.below(2) == 0 ? joined : "(" + joined + ")";
}

std::string random_delimited(Random& random) {
  std::string pattern = "[";
  const std::size_t slots = random.below(4);
  const std::size_t ellipsis = random.below(6);
  int regexes = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    if (i > 0) pattern += ", ";
    if (i == ellipsis) {
      pattern += "...";
      continue;
    }
    const std::string name = "f" + std::to_string(i);
    if (random.below(4) == 0) continue;
    pattern += name;
    if (random.below(2) == 0) pattern += random_comparison(random, regexes);
    if (pattern.ends_with(name)) continue;
    if (random.below(3) == 0)
      pattern += random.of({" && ", " || "}) + name + random_comparison(random, regexes);
  }
  return pattern + "]";
}

std::string random_filter_pattern(Random& random) {
  int regexes = 0;
  int wildcards = 0;
  switch (random.below(6)) {
    case 0: {
      std::string terms;
      for (std::size_t i = 0; i <= random.below(3); ++i)
        terms += random.of({"", "-", "?"}) + random.of(kWords) + " ";
      return terms;
    }
    case 1:
      return random.of({"%x.%", "%^[^{]%", "%\\d\\d%", ""});
    case 2:
      return random_delimited(random);
    default:
      return "{ " + random_expression(random, 3, regexes, wildcards) + " }";
  }
}

// --- messages --------------------------------------------------------------------------------------------

std::string random_value(Random& random, int depth) {
  const std::vector<std::string> scalars{"1",    "0",        "10",       "-0.5",        "1e1",
                                         "true", "false",    "null",     "\"x\"",       "\"1\"",
                                         "\"\"", "\"xy y\"", "\"10.0\"", R"("\u00e9")", R"("y\"y")"};
  const std::size_t kind = depth == 0 ? 0 : random.below(3);
  if (kind == 0) return random.of(scalars);
  std::string out = kind == 1 ? "{" : "[";
  for (std::size_t i = 0; i < random.below(4); ++i) {
    if (out.size() > 1) out += ",";
    if (kind == 1) out += random.of({"\"a\":", "\"b\":", "\"c\":", "\"x.y\":", "\"\\u0061\":"});
    out += random_value(random, depth - 1);
  }
  return out + (kind == 1 ? "}" : "]");
}

std::string random_filter_message(Random& random) {
  const std::size_t kind = random.below(8);
  if (kind == 0) return random_value(random, 2);
  if (kind <= 2) {
    std::string line;
    for (std::size_t i = 0; i < random.below(6); ++i) {
      line += random.of({"x", "xy", "1", "10", "-0.5", "ERROR", "\"x y\"", "[1]", "[", "\"", "\xC3\xA9",
                         "\xFF", "true"}) +
              random.of({" ", "  ", "\t"});
    }
    return line;
  }
  std::string out = "{";
  for (std::size_t i = 0; i < 1 + random.below(4); ++i) {
    if (out.size() > 1) out += ",";
    out += random.of({"\"a\":", "\"b\":", "\"c\":", "\"x.y\":"}) + random_value(random, 2);
  }
  return out + random.of({"}", "}", "}", "}", "", "}x"});
}

// --- event patterns --------------------------------------------------------------------------------------

const std::vector<std::string> kKeys{"\"a\"", "\"b\"", "\"c\"", "\"a.b\"", "\"\"", "\"b.\"", "\"\\u0061\""};
const std::vector<std::string> kTexts{"\"\"",    "\"x\"",      "\"xy\"",       "\"XY\"",
                                      "\"7\"",   "\"x*y\"",    "\"10.0.0.1\"", "\"010.0.0.1\"",
                                      "\"::1\"", "\"0:0::1\"", "\"\\u00e9x\"", "\"\\u00c9X\""};
const std::vector<std::string> kJsonNumbers{"0",     "-0",   "7",     "7.0",
                                            "0.7e1", "-1.5", "1e400", "12345678901234567890"};
const std::vector<std::string> kComparable{"0", "7", "7.0", "-1.5", "100"};
const std::vector<std::string> kJsonWords{"true", "false", "null"};

std::string random_list_of(Random& random, const std::vector<std::string>& choices) {
  std::string list = "[" + random.of(choices);
  if (random.below(2) == 0) list += "," + random.of(choices);
  return list + "]";
}

std::string random_matcher(Random& random) {
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
      return random.of(kTexts);
    case 3:
      return random.of(kJsonNumbers);
    case 4:
      return random.of(kJsonWords);
    case 5:
      return "{\"" + random.of({"prefix", "suffix", "equals-ignore-case", "exactly"}) +
             "\":" + random.of(kTexts) + "}";
    case 6:
      return "{\"" + random.of({"prefix", "suffix"}) + "\":{\"equals-ignore-case\":" + random.of(kTexts) +
             "}}";
    case 7:
      return "{\"wildcard\":" +
             random.of({R"("*")", R"("x*")", R"("*y")", R"("x\\*y")", R"("*x*y*")", R"("*1*")"}) + "}";
    case 8:
      return "{\"numeric\":" +
             random.of(
                 {"[\"=\",7]", "[\"<\",7]", "[\"<=\",7]", "[\">\",0]", "[\">=\",0]", "[\">\",-2,\"<=\",7]"}) +
             "}";
    case 9:
      return "{\"exists\":" + random.of({"true", "false"}) + "}";
    case 10:
      return "{\"cidr\":\"" +
             random.of({"10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/31", "10.0.0.7/8", "10.1.2.3/31", "::5/120",
                        "::/0", "::/127"}) +
             "\"}";
    case 11:
      return "{\"anything-but\":" + (random.below(2) == 0 ? random.of(kTexts) : random.of(kComparable)) + "}";
    case 12:
      return "{\"anything-but\":" +
             (random.below(2) == 0 ? random_list_of(random, kTexts) : random_list_of(random, kComparable)) +
             "}";
    default:
      return "{\"anything-but\":{\"" + random.of({"prefix", "suffix", "equals-ignore-case", "wildcard"}) +
             "\":" + random_list_of(random, {"\"x\"", "\"y\"", "\"1\"", "\"\\u00e9\""}) + "}}";
  }
}

std::string random_event_pattern(Random& random, int depth) {
  std::string out = "{";
  const std::size_t members = 1 + random.below(3);
  for (std::size_t i = 0; i < members; ++i) {
    if (i > 0) out += ",";
    if (depth > 0 && random.below(5) == 0) {
      out += "\"$or\":[" + random_event_pattern(random, depth - 1) + "," +
             random_event_pattern(random, depth - 1) + "]";
    } else if (depth > 0 && random.below(3) == 0) {
      out += random.of(kKeys) + ":" + random_event_pattern(random, depth - 1);
    } else {
      out += random.of(kKeys) + ":[" + random_matcher(random);
      if (random.below(3) == 0) out += "," + random_matcher(random);
      out += "]";
    }
  }
  return out + "}";
}

std::string random_json(Random& random, int depth) {
  const std::size_t kind = depth == 0 ? 2 + random.below(4) : random.below(6);
  if (kind == 2) return random.of(kJsonNumbers);
  if (kind == 3) return random.of(kJsonWords);
  if (kind > 3) return random.of(kTexts);
  std::string out = kind == 0 ? "{" : "[";
  const std::size_t members = random.below(4);
  for (std::size_t i = 0; i < members; ++i) {
    if (i > 0) out += ",";
    if (kind == 0) out += random.of(kKeys) + ":";
    out += random_json(random, depth - 1);
  }
  return out + (kind == 0 ? "}" : "]");
}

std::string random_json_event(Random& random) {
  if (random.below(30) == 0) return random_json(random, 2);
  std::string out = "{";
  const std::size_t members = 1 + random.below(4);
  for (std::size_t i = 0; i < members; ++i) {
    if (i > 0) out += ",";
    out += random.of(kKeys) + ":" + random_json(random, 4);
  }
  return out + (random.below(30) == 0 ? "" : "}");
}

}  // namespace

RandomFilter random_filter(Random& random) {
  for (;;) {
    const std::size_t kind = random.below(9);
    std::string text = kind < 4 ? random_filter_pattern(random)
                       : kind < 8
                           ? random_event_pattern(random, 2)
                           : random.of({"x.", "^[^{]", "\\d+ ERROR|xy", "(?i)error", "true|false", "e.*1"});
    auto compiled = kind < 4   ? filters::compile_filter_pattern(text)
                    : kind < 8 ? filters::compile_event_pattern(text)
                               : filters::compile_regex_filter(text);
    if (compiled) return {std::move(text), std::move(*compiled)};  // else its wildcards are beyond the limits
  }
}

std::string random_message(Random& random) {
  return random.below(2) == 0 ? random_filter_message(random) : random_json_event(random);
}

}  // namespace tocsin::filters_test
