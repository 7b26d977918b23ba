#include "filters/matcher_program.h"

#include <algorithm>
#include <utility>

#include "filters/regex_literals.h"

namespace tocsin::filters {
namespace {

using event::Predicate;

BoundGroup bind_group(const runtime::RegexGroup& group, std::vector<BoundRegex>& regexes) {
  auto same = std::ranges::find_if(
      regexes, [&](const BoundRegex& known) { return known.regex.compiled == group.regex.compiled; });
  if (same == regexes.end()) same = regexes.insert(regexes.end(), {group.regex, 0});
  same->groups = std::max(same->groups, group.group + 1);
  return {static_cast<std::size_t>(same - regexes.begin()), group.group};
}

// What asking costs, in nanoseconds, of an event of 1.2 kB; measured, and rounded a good deal.
double cost_of(const BoundPredicate& predicate) {
  constexpr double kPlain = 10;
  if (predicate.op == Predicate::Op::Leaf) {
    const bool message = predicate.field.kind == FieldId::Kind::Message;
    if (const auto* search = std::get_if<event::RegexSearch>(&predicate.leaf.test)) {
      if (message) return 1500;
      return wildcard_of(search->regex.source) ? kPlain : 100;
    }
    return message ? 50 : kPlain;
  }
  double sum = 0;
  for (const BoundPredicate& child : predicate.children) sum += cost_of(child);
  return std::max(sum, kPlain);
}

bool needs_json(const BoundPredicate& predicate) {
  if (predicate.op == Predicate::Op::Leaf) return predicate.field.kind == FieldId::Kind::Json;
  return std::ranges::any_of(predicate.children, needs_json);
}

}  // namespace

MatcherProgram::MatcherProgram(std::vector<runtime::MatchSpec> specs)
    : index_([&] {
        for (runtime::MatchSpec& spec : specs) filters_.push_back(bind(std::move(spec)));
        return ways_into_all();
      }()) {
  for (const BoundFilter& filter : filters_) heads_.push_back(head_of(filter));
}

FilterHead MatcherProgram::head_of(const BoundFilter& filter) {
  FilterHead head;
  head.needs_json = needs_json(filter.predicate);
  head.has_log_groups = !filter.log_groups.empty();
  head.has_extractions = !filter.extractions.empty();
  if (const auto steps = steps_.add(filter.predicate)) {
    head.has_steps = true;
    head.steps = *steps;
  }
  return head;
}

std::vector<FilterIndex::Filter> MatcherProgram::ways_into_all() const {
  std::vector<FilterIndex::Filter> all;
  for (const BoundFilter& filter : filters_) all.push_back({ways_in(filter.predicate), filter.log_groups});
  return all;
}

BoundFilter MatcherProgram::bind(runtime::MatchSpec spec) {
  BoundFilter filter;
  filter.predicate = filters::bind(std::move(spec.predicate), fields_);
  filter.log_groups = std::move(spec.log_groups);
  std::ranges::sort(filter.log_groups);
  const auto repeats = std::ranges::unique(filter.log_groups);
  filter.log_groups.erase(repeats.begin(), repeats.end());
  for (runtime::Extraction& extraction : spec.extractions) {
    if (const auto* selector = std::get_if<event::Selector>(&extraction)) {
      filter.extractions.emplace_back(fields_.add(*selector));
    } else if (const auto* token = std::get_if<event::TokenField>(&extraction)) {
      filter.extractions.emplace_back(*token);
    } else {
      filter.extractions.emplace_back(bind_group(std::get<runtime::RegexGroup>(extraction), filter.regexes));
    }
  }
  return filter;
}

std::shared_ptr<const MatcherProgram> compile_matcher(std::vector<runtime::MatchSpec> specs) {
  return std::make_shared<const MatcherProgram>(std::move(specs));
}

std::vector<FilterAccess> explain_access(const MatcherProgram& program) {
  std::vector<FilterAccess> all;
  for (FilterNumber f = 0; f < program.filters().size(); ++f) {
    const FilterIndex::Found& found = program.index().found(f);
    FilterAccess& access = all.emplace_back();
    access.is_indexed = !found.always;
    double odds = found.always ? 1 : 0;
    for (const AccessKey& key : found.first) {
      access.keys.push_back(describe(key, program.fields()));
      odds += key.odds();
    }
    for (const AccessKey& key : found.second) access.second_keys.push_back(describe(key, program.fields()));
    access.nanoseconds = std::min(odds, 1.0) * cost_of(program.filters()[f].predicate);
  }
  return all;
}

}  // namespace tocsin::filters
