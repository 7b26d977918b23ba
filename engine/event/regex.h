// A compiled regular expression as predicates hold it. Immutable; any number of threads may use it.
#pragma once

#include <memory>
#include <string>

namespace re2 {
class RE2;
}  // namespace re2

namespace tocsin::event {

// Shared by all predicates that use it. RE2: linear time, UTF-8, case sensitive.
struct Regex {
  std::string source;  // in RE2's syntax
  std::shared_ptr<const re2::RE2> compiled;
};

}  // namespace tocsin::event
