#include "filters/filter_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::filters {
namespace {

// A second way in that hits more often would tell too few apart.
constexpr double kMostOdds = 0.6;

}  // namespace

FilterIndex::FilterIndex(std::vector<Filter> filters) : found_(filters.size()) {
  count_wants(filters);
  // Only when all have chosen is it known which keys many have chosen.
  std::vector<std::vector<const WayIn*>> firsts(filters.size());
  for (std::size_t f = 0; f < filters.size(); ++f) {
    for (const Conjunction& conjunction : filters[f].conjunctions) {
      const WayIn* const first = choose_first(conjunction);
      firsts[f].push_back(first);
      if (first == nullptr) continue;
      for (const AccessKey& key : *first) ++chosen_[key.identity()];
    }
  }
  for (FilterNumber f = 0; f < filters.size(); ++f) {
    found_[f].always = std::ranges::find(firsts[f], nullptr) != firsts[f].end();
    if (found_[f].always) {
      always_.push_back(f);
      continue;
    }
    for (std::size_t c = 0; c < firsts[f].size(); ++c)
      list(f, filters[f], *firsts[f][c], choose_second(filters[f].conjunctions[c], *firsts[f][c]));
  }
  build();
}

// A filter's log groups are one more way into each of its conjunctions.
void FilterIndex::count_wants(std::vector<Filter>& filters) {
  for (Filter& filter : filters) {
    WayIn by_group;
    for (const std::string& group : filter.log_groups) {
      log_groups_.try_emplace(group);
      AccessKey& key = by_group.emplace_back();
      key.kind = AccessKey::Kind::LogGroup;
      key.text = group;
    }
    for (Conjunction& conjunction : filter.conjunctions) {
      if (!by_group.empty()) conjunction.ways.push_back(by_group);
      for (const WayIn& way : conjunction.ways) {
        for (const AccessKey& key : way) ++wanted_[key.identity()];
      }
    }
  }
}

// Null: there is no way in.
const WayIn* FilterIndex::choose_first(const Conjunction& conjunction) const {
  const WayIn* best = nullptr;
  for (const WayIn& way : conjunction.ways) {
    if (best == nullptr || cost(way) < cost(*best)) best = &way;
  }
  return best;
}

// Null: none tells the conjunctions apart that have the same first.
const WayIn* FilterIndex::choose_second(const Conjunction& conjunction, const WayIn& first) const {
  const WayIn* best = nullptr;
  for (const WayIn& way : conjunction.ways) {
    if (&way == &first || way.size() * first.size() > kMaxPairs) continue;
    double sum = 0;
    for (const AccessKey& key : way) sum += odds(key);
    if (sum <= kMostOdds && (best == nullptr || cost(way) < cost(*best))) best = &way;
  }
  return best;
}

void FilterIndex::list(FilterNumber filter, const Filter& from, const WayIn& first, const WayIn* second) {
  Found& found = found_[filter];
  bool is_paired = false;
  for (const AccessKey& key : first) {
    const KeyNumber number = number_of(key);
    found.first.push_back(key);
    note_looks(key, from.log_groups);
    if (second == nullptr || chosen_[key.identity()] == 1) {  // else the key alone would find others as well
      lists_[number].filters.push_back(filter);
      continue;
    }
    is_paired = true;
    for (const AccessKey& other : *second) {
      const KeyNumber other_number = number_of(other);
      paired(number, other_number).push_back(filter);
      note_looks(other, from.log_groups);
    }
  }
  if (is_paired) found.second.insert(found.second.end(), second->begin(), second->end());
}

FilterIndex::Filters& FilterIndex::paired(KeyNumber first, KeyNumber second) {
  auto& pairs = lists_[first].pairs;
  const auto [known, is_new] =
      pair_numbers_.try_emplace(pair(first, second), static_cast<std::uint32_t>(pairs.size()));
  if (is_new) pairs.emplace_back(second, Filters());
  lists_[second].is_second = true;
  return pairs[known->second].second;
}

void FilterIndex::build() {
  for (auto& [field, values] : values_) {
    values.build();
    if (field.kind != FieldId::Kind::Json) continue;
    if (json_values_.size() <= field.index) json_values_.resize(field.index + 1);
    json_values_[field.index] = &values;
  }
  for (auto& [name, group] : log_groups_) {
    group.looks.json |= looks_.json;
    group.looks.tokens |= looks_.tokens;
    group.looks.message |= looks_.message;
  }
  lay_out();
  numbers_ = {};
  wanted_ = {};
  chosen_ = {};
}

// Lists are read where their keys hit: side by side they take few cache lines.
void FilterIndex::lay_out() {
  const auto lay = [this](const Filters& filters) {
    filters_.insert(filters_.end(), filters.begin(), filters.end());
    return static_cast<std::uint32_t>(filters_.size());
  };
  for (const List& list : lists_) {
    Reached& reached = reached_.emplace_back();
    reached.is_second = list.is_second;
    reached.filters_begin = static_cast<std::uint32_t>(filters_.size());
    reached.filters_end = lay(list.filters);
    reached.pairs_begin = static_cast<std::uint32_t>(pairs_.size());
    for (const auto& [second, filters] : list.pairs) {
      const auto begin = static_cast<std::uint32_t>(filters_.size());
      pairs_.push_back({second, begin, lay(filters)});
    }
    reached.pairs_end = static_cast<std::uint32_t>(pairs_.size());
  }
  lists_ = std::vector<List>();
}

// Filters that name a log group are taken to say how many of the events are its.
double FilterIndex::odds(const AccessKey& key) const {
  if (key.kind != AccessKey::Kind::LogGroup) return key.odds();
  const auto wanted = wanted_.find(key.identity());
  const double share = wanted == wanted_.end() ? 0 : wanted->second / static_cast<double>(found_.size());
  return std::clamp(share, key.odds(), 1.0);
}

double FilterIndex::cost(const WayIn& way) const {
  double sum = 0;
  for (const AccessKey& key : way) {
    const auto wanted = wanted_.find(key.identity());
    sum += odds(key) * (1 + 0.1 * std::log2(wanted == wanted_.end() ? 1 : wanted->second));
  }
  return sum;
}

KeyNumber FilterIndex::number_of(const AccessKey& key) {
  const auto [known, is_new] = numbers_.try_emplace(key.identity(), static_cast<KeyNumber>(lists_.size()));
  const KeyNumber number = known->second;
  if (!is_new) return number;
  lists_.emplace_back();
  TOCSIN_CHECK(key.kind != AccessKey::Kind::Absent || key.field.kind == FieldId::Kind::Json);
  if (key.kind == AccessKey::Kind::LogGroup) {
    log_groups_[key.text].key = number;
  } else if (key.kind == AccessKey::Kind::Absent) {
    absences_.emplace_back(key.field, number);
  } else {
    values_[key.field].add(key, number);
  }
  return number;
}

void FilterIndex::note_looks(const AccessKey& key, const std::vector<std::string>& log_groups) {
  if (key.kind == AccessKey::Kind::LogGroup) return;
  const auto note = [&key](Looks& looks) {
    switch (key.field.kind) {
      case FieldId::Kind::Message:
        looks.message = true;
        break;
      case FieldId::Kind::Json:
        looks.json = true;
        break;
      case FieldId::Kind::Token:
        looks.tokens = true;
        break;
    }
  };
  if (log_groups.empty()) note(looks_);
  for (const std::string& group : log_groups) note(log_groups_[group].looks);
}

FilterIndex::LogGroup FilterIndex::log_group(std::string_view name) const {
  const auto known = log_groups_.find(name);
  return known == log_groups_.end() ? LogGroup{kNoKey, looks_} : known->second;
}

const ValueIndex* FilterIndex::values_of(FieldId field) const {
  if (field.kind == FieldId::Kind::Json) return values_of_json(field.index);
  const auto known = values_.find(field);
  return known == values_.end() ? nullptr : &known->second;
}

void FilterIndex::candidates(KeyHits& hits, Candidates& out) const {
  for (const FilterNumber filter : always_) out.add(filter);
  hits.seconds.clear();
  for (const KeyNumber key : hits.list()) {
    if (reached_[key].is_second) hits.seconds.push_back(key);
  }
  for (const KeyNumber key : hits.list()) {
    const Reached& reached = reached_[key];
    add(reached.filters_begin, reached.filters_end, out);
    // Of the key's pairs and the hits that are seconds, the fewer are gone through.
    if (reached.pairs_end - reached.pairs_begin <= hits.seconds.size()) {
      for (std::uint32_t i = reached.pairs_begin; i < reached.pairs_end; ++i) {
        if (hits.contains(pairs_[i].second)) add(pairs_[i].filters_begin, pairs_[i].filters_end, out);
      }
    } else {
      for (const KeyNumber second : hits.seconds) {
        const auto known = pair_numbers_.find(pair(key, second));
        if (known == pair_numbers_.end()) continue;
        const Pair& both = pairs_[reached.pairs_begin + known->second];
        add(both.filters_begin, both.filters_end, out);
      }
    }
  }
}

}  // namespace tocsin::filters
