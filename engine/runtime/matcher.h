// All filters at once: the interface between the engine and whatever finds matches.
//
//   event::Event, walked --Matcher--> Matches --Worker--> contributions to series
//
// The implementation lives in filters/matcher. A matcher belongs to one thread.
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
#include "engine/event/field_trie.h"
#include "engine/event/json_view.h"
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

  // The JSON fields that its filters look at.
  [[nodiscard]] virtual const event::FieldTrie& fields() const = 0;

  // Adds the matches of one event. `index`: what Match::event is to say; from call to call it does not go
  // down. `walked`: the event's message, walked with a trie that has fields() in the same slots; null: not
  // walked yet. The views in `out` hold as long as the event's message.
  virtual void match(const event::Event& event, std::uint32_t index, const event::JsonView* walked,
                     Matches& out) = 0;

  // Clears `out` and fills it with the matches of all.
  void match(std::span<const event::Event> events, Matches& out) {
    out.clear();
    for (std::uint32_t i = 0; i < events.size(); ++i) match(events[i], i, nullptr, out);
  }
};

}  // namespace tocsin::runtime
