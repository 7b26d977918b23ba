// All filters at once: the interface between the engine and whatever finds matches.
//
//   event::EventBatch --Matcher--> Matches --Worker--> contributions to series
//
// The implementation lives in filters/matcher; it takes batches so that it may share work between events and
// filters. A matcher belongs to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/event/event.h"
#include "engine/event/predicate.h"

namespace tocsin::runtime {

// A group of a regex, as a field: 0 is the whole match.
struct RegexGroup {
  event::Regex regex;
  int group = 0;
};

// A field whose text is wanted from events that match: for values, dimensions, `match --extract`.
using Extraction = std::variant<event::Selector, event::TokenField, RegexGroup>;

// One filter, as the matcher needs it.
struct MatchSpec {
  std::vector<std::string> log_groups;  // exact names; empty: all
  event::Predicate predicate;
  std::vector<Extraction> extractions;
};

struct Match {
  std::uint32_t event = 0;        // index into the events given
  std::uint32_t filter = 0;       // index into the specs
  std::uint32_t first_value = 0;  // its filter's extractions are values[first_value …], in their order
};

struct Matches {
  std::vector<Match> matches;  // by event, then filter
  std::vector<std::optional<std::string_view>>
      values;                     // none: the field is not there, is null, an object or an array
  std::deque<std::string> owned;  // unescaped texts that `values` point into

  void clear() {
    matches.clear();
    values.clear();
    owned.clear();
  }
};

class Matcher {
 public:
  virtual ~Matcher() = default;

  // Clears `out` and fills it. The views in it hold while the events do and until the next call.
  virtual void match(std::span<const event::Event> events, Matches& out) = 0;
};

}  // namespace tocsin::runtime
