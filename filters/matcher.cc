// How matching goes, for one event:
//
//   log group ─► its filters, one after the other ─► predicate holds? ─► extractions
//
// What filters ask of an event is found out at the first question and kept until the next event: the JSON
// walk (one for the fields of all filters), the tokens of the line, whether the message is UTF-8. So an event
// whose filters ask no JSON is never walked.
//
// The program is what the matchers of all threads share: the predicates with their fields replaced by slots
// and indexes, the trie of all wanted JSON fields, and the filters of each log group.
#include "filters/matcher.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/event/json_view.h"
#include "engine/event/reject.h"

namespace tocsin::filters {
namespace {

using event::Leaf;
using event::Predicate;
using event::Slot;
using event::TokenField;
using runtime::Matches;
using runtime::MatchSpec;

// A predicate whose JSON fields and paths are known by their slots.
struct BoundPredicate {
  Predicate::Op op = Predicate::Op::True;
  std::vector<BoundPredicate> children;
  Leaf leaf;
  Slot slot = 0;  // of a leaf with a JSON field or path
};

struct BoundGroup {
  std::size_t regex = 0;  // index into BoundFilter::regexes
  int group = 0;
};
using BoundExtraction = std::variant<Slot, TokenField, BoundGroup>;

struct BoundRegex {
  event::Regex regex;
  int groups = 0;  // the largest that is wanted, plus one
};

struct BoundFilter {
  BoundPredicate predicate;
  bool needs_json = false;  // the predicate does: nothing but a JSON object can match
  std::vector<BoundExtraction> extractions;
  std::vector<BoundRegex> regexes;  // that have wanted groups, each once
};

using FilterList = std::vector<std::uint32_t>;

// Lets a map of strings be searched by a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

bool may_be_object(std::string_view message) {
  const std::size_t first = message.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && message[first] == '{';
}

}  // namespace

class MatcherProgram {
 public:
  explicit MatcherProgram(std::vector<MatchSpec> specs) {
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
      for (const std::string& group : specs[i].log_groups) by_group_.try_emplace(group);
    }
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
      add(i, specs[i].log_groups);
      filters_.push_back(bind(std::move(specs[i])));
    }
  }

  [[nodiscard]] const FilterList& filters_of(std::string_view log_group) const {
    const auto found = by_group_.find(log_group);
    return found == by_group_.end() ? for_all_ : found->second;
  }
  [[nodiscard]] const BoundFilter& filter(std::uint32_t index) const { return filters_[index]; }
  [[nodiscard]] const event::FieldTrie& fields() const { return fields_; }

 private:
  // Filters come in the order of their index, so every list is sorted.
  void add(std::uint32_t index, const std::vector<std::string>& groups) {
    if (groups.empty()) {
      for_all_.push_back(index);
      for (auto& [group, list] : by_group_) list.push_back(index);
      return;
    }
    for (const std::string& group : groups) {
      FilterList& list = by_group_.find(group)->second;
      if (list.empty() || list.back() != index) list.push_back(index);
    }
  }

  BoundFilter bind(MatchSpec spec) {
    BoundFilter filter;
    filter.needs_json = event::needs_json(spec.predicate);
    filter.predicate = bind(std::move(spec.predicate));
    for (runtime::Extraction& extraction : spec.extractions) {
      if (const auto* selector = std::get_if<event::Selector>(&extraction)) {
        filter.extractions.emplace_back(fields_.add(*selector));
      } else if (const auto* token = std::get_if<TokenField>(&extraction)) {
        filter.extractions.emplace_back(*token);
      } else {
        filter.extractions.emplace_back(bind(std::get<runtime::RegexGroup>(extraction), filter.regexes));
      }
    }
    return filter;
  }

  BoundPredicate bind(Predicate predicate) {
    BoundPredicate bound;
    bound.op = predicate.op;
    bound.leaf = std::move(predicate.leaf);
    if (const auto* field = std::get_if<event::JsonField>(&bound.leaf.field);
        field && bound.op == Predicate::Op::Leaf) {
      bound.slot = fields_.add(field->selector);
    }
    if (const auto* field = std::get_if<event::PathField>(&bound.leaf.field)) {
      bound.slot = fields_.add_path(field->path);
    }
    for (Predicate& child : predicate.children) bound.children.push_back(bind(std::move(child)));
    return bound;
  }

  static BoundGroup bind(const runtime::RegexGroup& group, std::vector<BoundRegex>& regexes) {
    auto same = std::ranges::find_if(
        regexes, [&](const BoundRegex& known) { return known.regex.compiled == group.regex.compiled; });
    if (same == regexes.end()) same = regexes.insert(regexes.end(), {group.regex, 0});
    same->groups = std::max(same->groups, group.group + 1);
    return {static_cast<std::size_t>(same - regexes.begin()), group.group};
  }

  event::FieldTrie fields_;
  std::vector<BoundFilter> filters_;  // by index of their specs
  FilterList for_all_;                // filters of all log groups
  std::unordered_map<std::string, FilterList, TextHash, std::equal_to<>>
      by_group_;  // of named log groups: their own and those of all
};

namespace {

class PlainMatcher final : public runtime::Matcher {
 public:
  explicit PlainMatcher(std::shared_ptr<const MatcherProgram> program) : program_(std::move(program)) {}

  void match(std::span<const event::Event> events, Matches& out) override {
    out.clear();
    const FilterList* filters = nullptr;
    std::string_view log_group;
    for (std::uint32_t i = 0; i < events.size(); ++i) {
      const event::Event& event = events[i];
      if (filters == nullptr || event.log_group != log_group) {
        log_group = event.log_group;
        filters = &program_->filters_of(log_group);
      }
      if (!filters->empty()) match(event.message, i, *filters, out);
    }
  }

 private:
  enum class Known : std::uint8_t { NotYet, Yes, No };

  void match(std::string_view message, std::uint32_t index, const FilterList& filters, Matches& out) {
    if (message.size() > event::kMaxEventBytes) return;
    message_ = message;
    object_ = utf8_ = Known::NotYet;
    split_ = false;
    for (const std::uint32_t f : filters) {
      const BoundFilter& filter = program_->filter(f);
      if (filter.needs_json && !is_object()) continue;
      if (!holds(filter.predicate)) continue;
      if (!is_utf8()) return;
      out.matches.push_back({index, f, static_cast<std::uint32_t>(out.values.size())});
      extract(filter, out);
    }
  }

  // --- what is found out about a message at the first question -------------------------------------------

  bool is_object() {
    if (object_ == Known::NotYet) {
      const bool object =
          may_be_object(message_) && view_.walk(message_, program_->fields()) == event::JsonStatus::Object;
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

  // --- predicates ----------------------------------------------------------------------------------------

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

  // Leaves whose values stand in no array need no choice, nor does a single one that does.
  bool jointly_holds(const std::vector<BoundPredicate>& leaves) {
    candidates_.clear();
    std::uint32_t fields = 0;
    for (const BoundPredicate& bound : leaves) {
      const auto& test = std::get<event::FieldTest>(bound.leaf.test);
      const auto nodes = view_.nodes(bound.slot);
      const std::size_t before = candidates_.size();
      bool settled = nodes.empty() && test.or_absent;
      for (const event::JsonNode& node : nodes) {
        if (settled) break;
        if (!event::holds(test, node.kind, node.text)) continue;
        settled = node.element == 0;
        candidates_.push_back({fields, node.element});
      }
      if (settled) {
        candidates_.resize(before);
      } else if (candidates_.size() == before) {
        return false;
      } else {
        ++fields;
      }
    }
    return fields < 2 || event::has_consistent_choice(candidates_, fields, view_.elements());
  }

  bool leaf_holds(const BoundPredicate& predicate) {
    const Leaf& leaf = predicate.leaf;
    if (std::holds_alternative<event::JsonField>(leaf.field)) {
      const auto nodes = view_.nodes(predicate.slot);
      if (std::holds_alternative<event::NotExists>(leaf.test)) return nodes.empty();
      return std::ranges::any_of(
          nodes, [&](const event::JsonNode& node) { return event::node_satisfies(node, leaf); });
    }
    if (const auto* test = std::get_if<event::FieldTest>(&leaf.test)) {
      const auto nodes = view_.nodes(predicate.slot);
      if (nodes.empty()) return test->or_absent;
      return std::ranges::any_of(
          nodes, [&](const event::JsonNode& node) { return event::holds(*test, node.kind, node.text); });
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
    const auto nodes = view_.nodes(slot);
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
  event::JsonView view_;
  std::vector<std::string_view> tokens_;
  std::vector<std::size_t> starts_;
  std::vector<re2::StringPiece> groups_;
  std::vector<std::size_t> group_begins_;  // by regex of the filter
  std::vector<event::ArrayCandidate> candidates_;

  // Of the message at hand.
  std::string_view message_;
  Known object_ = Known::NotYet;
  Known utf8_ = Known::NotYet;
  bool split_ = false;
};

}  // namespace

std::shared_ptr<const MatcherProgram> compile_matcher(std::vector<MatchSpec> specs) {
  return std::make_shared<const MatcherProgram>(std::move(specs));
}

std::unique_ptr<runtime::Matcher> make_matcher(std::shared_ptr<const MatcherProgram> program) {
  return std::make_unique<PlainMatcher>(std::move(program));
}

}  // namespace tocsin::filters
