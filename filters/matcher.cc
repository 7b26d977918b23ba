// Why the number of filters hardly matters
//
// A filter that does not match should cost nothing. So filters are not gone through; the event's own values
// lead to those that have a chance:
//
//                 one walk for the fields of all filters
//   message ─► JsonView ─► values ─► ValueIndex of each field ─► keys that hit
//                                                                    │
//        matches ◄─ predicate holds? ◄─ candidates ◄─ FilterIndex ◄──┘
//
//   keys        Every filter says what an event must show for it to have a chance: a value of eventName that
//               is "ConsoleLogin", a userName that starts with "svc-" (access_key.h).
//   values      All keys of one field are asked at once: one look-up in a hash table for all equalities, one
//               walk down a tree for all prefixes, one pass for all literals and the literals of regular
//               expressions, one search for all ranges of numbers (value_index.h). What this costs depends on
//               how many fields an event has and how long its values are, not on how many filters ask.
//   candidates  A key leads to the filter that chose it, or, where several did, to those of them whose second
//               key hit as well (filter_index.h).
//   predicate   What is left is asked one by one, as written: a key may promise too much, never too little.
//               The answer is the predicate's; the index is about speed only. It is asked in a form
//               that touches little memory (steps.h), unless it has alternatives whose values must stand
//               in the same elements of arrays.
//
// Filters that no key can find (`-DEBUG`, a TokenCount alone, a regular expression without a literal) are
// candidates for every event; `tocsin check --explain` names them.
//
// What is left of filters times event: a candidate goes over all values of its fields. That is a few, but for
// an event made to hit 100,000 filters with an array of 100,000 values, which takes seconds.
//
// The decoder, which has to walk every JSON event, does so for the filters' fields as well. What else filters
// ask is found out at the first question and kept until the next event: the tokens of the line, whether the
// message is UTF-8, the JSON of a message that was not walked.
//
// The program is what the matchers of all threads share.
#include "filters/matcher.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "engine/event/json_view.h"
#include "engine/event/reject.h"
#include "filters/matcher_program.h"
#include "filters/steps.h"

namespace tocsin::filters {
namespace {

using event::Leaf;
using event::Predicate;
using event::Slot;
using event::TokenField;
using runtime::Matches;

bool may_be_object(std::string_view message) {
  const std::size_t first = message.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && message[first] == '{';
}

class IndexedMatcher final : public runtime::Matcher {
 public:
  explicit IndexedMatcher(std::shared_ptr<const MatcherProgram> program)
      : program_(std::move(program)),
        index_(program_->index()),
        hits_(index_.keys()),
        candidates_(program_->filters().size()) {
    for (std::uint32_t i = 0; i < program_->fields().tokens.size(); ++i) {
      if (const ValueIndex* values = index_.values_of({FieldId::Kind::Token, i}))
        token_values_.emplace_back(program_->fields().tokens[i], values);
    }
    message_values_ = index_.values_of({FieldId::Kind::Message, 0});
    std::uint32_t tests = 0;
    for (const BoundFilter& filter : program_->filters()) tests = std::max(tests, filter.predicate.shared_tests);
    known_tests_.resize(tests);
  }

  [[nodiscard]] const event::FieldTrie& fields() const override { return program_->fields().json; }

  void match(const event::Event& event, std::uint32_t index, const event::JsonView* walked,
             Matches& out) override {
    if (event.message.size() > event::kMaxEventBytes) return;
    if (event.log_group != log_group_) {
      log_group_ = event.log_group;
      known_group_ = index_.log_group(log_group_);
    }
    message_ = event.message;
    json_ = walked != nullptr ? walked : &view_;
    object_ = utf8_ = walked != nullptr ? Known::Yes : Known::NotYet;
    split_ = false;
    find_hits();
    index_.candidates(hits_, candidates_);
    candidates_.take([&](FilterNumber f) {
      const FilterHead& head = program_->heads()[f];
      if (head.has_log_groups && !is_of_log_group(program_->filters()[f])) return true;
      if (head.needs_json && !is_object()) return true;
      choices_left_ = event::kMaxChoicesOfPattern;
      ++asked_;
      elements_.clear();
      if (head.has_steps ? !steps_hold(f, head.steps) : !holds(program_->filters()[f].predicate)) return true;
      if (!is_utf8()) return false;
      out.matches.push_back({index, f, static_cast<std::uint32_t>(out.values.size())});
      if (head.has_extractions) extract(program_->filters()[f], out);
      return true;
    });
    if (elements_.capacity() > kKeptElements) elements_ = std::vector<std::uint32_t>();
    if (choices_.capacity() > kKeptElements) choices_ = std::vector<event::ArrayCandidate>();
  }

 private:
  // An event leaves no more than that to the next one.
  static constexpr std::size_t kKeptElements = std::size_t{1} << 16;

  enum class Known : std::uint8_t { NotYet, Yes, No };

  void find_hits() {
    hits_.clear();
    if (known_group_.key != FilterIndex::kNoKey) hits_.add(known_group_.key);
    const FilterIndex::Looks& looks = known_group_.looks;
    if (looks.json && is_object()) {
      const event::JsonNode* last = nullptr;  // arrays may hold one value very often
      for (const event::JsonNode& node : json_->nodes()) {
        const ValueIndex* values = index_.values_of_json(node.slot);
        if (values != nullptr && (last == nullptr || node.slot != last->slot || node.kind != last->kind ||
                                  node.text != last->text))
          values->find(node.kind, node.text, hits_);
        last = &node;
      }
      for (const auto& [field, key] : index_.absences()) {
        if (json_->nodes(field.index).empty()) hits_.add(key);
      }
    }
    if (looks.tokens) {
      split();
      for (const auto& [field, values] : token_values_) {
        if (const auto text = event::token_text(message_, field, tokens_, starts_))
          values->find(event::NodeKind::String, *text, hits_);
      }
    }
    if (looks.message) message_values_->find(event::NodeKind::String, message_, hits_);
  }

  // --- what is found out about a message at the first question -------------------------------------------

  bool is_object() {
    if (object_ == Known::NotYet) {
      const bool object = may_be_object(message_) &&
                          view_.walk(message_, program_->fields().json) == event::JsonStatus::Object;
      object_ = object ? Known::Yes : Known::No;
      if (object) utf8_ = Known::Yes;
    }
    return object_ == Known::Yes;
  }

  bool is_utf8() {
    if (utf8_ == Known::NotYet) {
      utf8_ = simdjson::validate_utf8(message_.data(), message_.size()) ? Known::Yes : Known::No;
    }
    return utf8_ == Known::Yes;
  }

  void split() {
    if (split_) return;
    event::split_tokens(message_, tokens_, starts_);
    split_ = true;
  }

  [[nodiscard]] bool is_of_log_group(const BoundFilter& filter) const {
    return std::ranges::binary_search(filter.log_groups, log_group_);
  }

  // --- predicates ----------------------------------------------------------------------------------------

  bool steps_hold(FilterNumber f, Steps::Range range) {
    const std::span<const Step> steps = program_->steps().of(range);
    std::uint32_t in_arrays = 0;
    std::uint16_t at = 0;
    do {
      const Step& step = steps[at];
      at = step_holds(step, in_arrays) ? step.if_holds : step.if_fails;
    } while (at < Step::kFails);
    if (at == Step::kFails) return false;
    if (in_arrays < 2) return true;
    const BoundPredicate& predicate = program_->filters()[f].predicate;
    return predicate.op != Predicate::Op::Jointly || jointly_holds(predicate.children);
  }

  // `in_arrays` counts the steps that hold in elements of arrays only.
  bool step_holds(const Step& step, std::uint32_t& in_arrays) {
    if (step.kind == Step::Kind::Leaf) return leaf_holds(*step.leaf);
    const auto nodes = json_->nodes(step.slot);
    if (nodes.empty()) return step.kind == Step::Kind::Absent || step.or_absent;
    bool holds = false;
    for (const event::JsonNode& node : nodes) {
      if ((holds && node.element != 0) || !program_->steps().holds(step, node.kind, node.text)) continue;
      holds = true;
      if (node.element == 0) return true;
    }
    in_arrays += holds ? 1 : 0;
    return holds;
  }

  bool holds(const BoundPredicate& predicate) {
    switch (predicate.op) {
      case Predicate::Op::True:
        return true;
      case Predicate::Op::Leaf:
        return leaf_holds(predicate);
      case Predicate::Op::And:
        for (const BoundPredicate& child : predicate.children) {
          if (!holds(child)) return false;
        }
        return true;
      case Predicate::Op::Or:
        for (const BoundPredicate& child : predicate.children) {
          if (holds(child)) return true;
        }
        return false;
      case Predicate::Op::Not:
        return !holds(predicate.children.front());
      case Predicate::Op::Jointly:
        return jointly_holds(predicate.children);
    }
    return false;
  }

  // Where a leaf's satisfying values stand.
  struct Places {
    bool anywhere = false;    // outside of arrays, or there need be none
    std::uint32_t begin = 0;  // else: in these array elements, elements_[begin, end)
    std::uint32_t end = 0;
  };
  struct KnownTest {
    std::uint64_t asked = 0;
    Places places;
  };

  // Leaves whose values stand in no array need no choice, nor does a single one that does.
  bool jointly_holds(const std::vector<BoundPredicate>& leaves) {
    choices_.clear();
    std::uint32_t fields = 0;
    for (const BoundPredicate& bound : leaves) {
      if (choices_left_ == 0) return false;
      const Places places = places_of(bound);
      if (places.anywhere) continue;
      if (places.begin == places.end) return false;
      for (std::uint32_t i = places.begin; i < places.end; ++i) choices_.push_back({fields, elements_[i]});
      if (bound.shared_test == kNotShared) elements_.resize(places.begin);
      ++fields;
    }
    return fields < 2 || event::has_consistent_choice(choices_, fields, json_->elements(), choices_left_);
  }

  // What alternatives have in common is asked at the first of them.
  Places places_of(const BoundPredicate& bound) {
    if (bound.shared_test == kNotShared) return find_places(bound);
    KnownTest& known = known_tests_[bound.shared_test];
    if (known.asked != asked_) {
      known = {asked_, find_places(bound)};
      const std::size_t cost = event::kChoicesOfKept * (known.places.end - known.places.begin);
      choices_left_ -= std::min(cost, choices_left_);
    }
    return known.places;
  }

  Places find_places(const BoundPredicate& bound) {
    const event::FieldTest& test = *std::get<event::SharedFieldTest>(bound.leaf.test);
    const auto nodes = json_->nodes(bound.field.index);
    Places places{.anywhere = nodes.empty() && test.or_absent,
                  .begin = static_cast<std::uint32_t>(elements_.size())};
    for (const event::JsonNode& node : nodes) {
      const bool is_known = elements_.size() != places.begin && elements_.back() == node.element;
      if (is_known || !event::holds(test, node.kind, node.text)) continue;
      places.anywhere = node.element == 0;
      if (places.anywhere) break;
      elements_.push_back(node.element);
    }
    if (places.anywhere) elements_.resize(places.begin);
    places.end = static_cast<std::uint32_t>(elements_.size());
    return places;
  }

  bool leaf_holds(const BoundPredicate& predicate) {
    const Leaf& leaf = predicate.leaf;
    if (std::holds_alternative<event::JsonField>(leaf.field)) {
      const auto nodes = json_->nodes(predicate.field.index);
      if (std::holds_alternative<event::NotExists>(leaf.test)) return nodes.empty();
      return std::ranges::any_of(
          nodes, [&](const event::JsonNode& node) { return event::node_satisfies(node, leaf); });
    }
    if (const auto* test = std::get_if<event::SharedFieldTest>(&leaf.test)) {
      const auto nodes = json_->nodes(predicate.field.index);
      if (nodes.empty()) return (*test)->or_absent;
      return std::ranges::any_of(
          nodes, [&](const event::JsonNode& node) { return event::holds(**test, node.kind, node.text); });
    }
    if (const auto* field = std::get_if<TokenField>(&leaf.field)) {
      split();
      const auto text = event::token_text(message_, *field, tokens_, starts_);
      return text && event::text_satisfies(*text, leaf);
    }
    if (const auto* test = std::get_if<event::TokenCount>(&leaf.test)) {
      split();
      return (tokens_.size() >= test->at_least && tokens_.size() <= test->at_most) != leaf.negated;
    }
    return event::text_satisfies(message_, leaf);
  }

  // --- extractions of a match ----------------------------------------------------------------------------

  void extract(const BoundFilter& filter, Matches& out) {
    groups_.clear();
    group_begins_.clear();
    for (const BoundRegex& regex : filter.regexes) search(regex);
    for (const BoundExtraction& extraction : filter.extractions) {
      if (const auto* slot = std::get_if<Slot>(&extraction)) {
        out.values.push_back(scalar(*slot, out));
      } else if (const auto* token = std::get_if<TokenField>(&extraction)) {
        split();
        out.values.push_back(event::token_text(message_, *token, tokens_, starts_));
      } else {
        const BoundGroup& group = std::get<BoundGroup>(extraction);
        const re2::StringPiece& text =
            groups_[group_begins_[group.regex] + static_cast<std::size_t>(group.group)];
        if (text.data() == nullptr) {
          out.values.emplace_back();
        } else {
          out.values.emplace_back(std::string_view(text.data(), text.size()));
        }
      }
    }
  }

  // Puts the groups of one regex behind those of the ones before it; without a match they are all null.
  void search(const BoundRegex& regex) {
    const std::size_t begin = groups_.size();
    group_begins_.push_back(begin);
    groups_.resize(begin + static_cast<std::size_t>(regex.groups));
    const re2::StringPiece text(message_.data(), message_.size());
    regex.regex.compiled->Match(text, 0, message_.size(), re2::RE2::UNANCHORED, &groups_[begin],
                                regex.groups);
  }

  std::optional<std::string_view> scalar(Slot slot, Matches& out) {
    if (!is_object()) return std::nullopt;
    const auto nodes = json_->nodes(slot);
    if (nodes.empty()) return std::nullopt;
    const event::JsonNode& node = nodes.front();
    if (node.kind == event::NodeKind::Null || node.kind == event::NodeKind::Object ||
        node.kind == event::NodeKind::Array) {
      return std::nullopt;
    }
    // An unescaped text lives in the view, only until its next walk.
    const bool in_message = std::less_equal<>{}(message_.data(), node.text.data()) &&
                            std::less<>{}(node.text.data(), message_.data() + message_.size());
    return in_message ? node.text : std::string_view(out.owned.emplace_back(node.text));
  }

  std::shared_ptr<const MatcherProgram> program_;
  const FilterIndex& index_;
  std::vector<std::pair<TokenField, const ValueIndex*>> token_values_;
  const ValueIndex* message_values_ = nullptr;

  event::JsonView view_;
  KeyHits hits_;
  Candidates candidates_;
  std::vector<std::string_view> tokens_;
  std::vector<std::size_t> starts_;
  std::vector<re2::StringPiece> groups_;
  std::vector<std::size_t> group_begins_;  // by regex of the filter
  std::vector<event::ArrayCandidate> choices_;
  std::vector<std::uint32_t> elements_;  // of the filter at hand
  std::vector<KnownTest> known_tests_;   // by number: BoundPredicate::shared_test
  std::uint64_t asked_ = 0;              // predicates
  std::size_t choices_left_ = 0;  // of the filter at hand: all its alternatives share it

  // Of the log group at hand.
  std::string log_group_;
  FilterIndex::LogGroup known_group_ = index_.log_group({});

  // Of the message at hand.
  std::string_view message_;
  const event::JsonView* json_ = &view_;  // once it is known to be an object
  Known object_ = Known::NotYet;
  Known utf8_ = Known::NotYet;
  bool split_ = false;
};

}  // namespace

std::unique_ptr<runtime::Matcher> make_matcher(std::shared_ptr<const MatcherProgram> program) {
  return std::make_unique<IndexedMatcher>(std::move(program));
}

}  // namespace tocsin::filters
