#include "filters/filter_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tocsin::filters {
namespace {

// So many filters of one key are looked at one by one rather than told apart.
constexpr std::uint32_t kShortList = 8;
// A way in that is worth looking up as the second.
constexpr double kSelective = 0.1;
constexpr std::size_t kMaxPairs = 16;

}  // namespace

FilterIndex::FilterIndex(std::vector<Filter> filters) : found_(filters.size()) {
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

  // Only when all have chosen is it known which keys many have chosen.
  std::vector<std::vector<const WayIn*>> chosen(filters.size());
  TextTable<std::uint32_t> load;
  for (std::size_t f = 0; f < filters.size(); ++f) {
    for (const Conjunction& conjunction : filters[f].conjunctions) {
      const WayIn* best = nullptr;
      for (const WayIn& way : conjunction.ways) {
        if (best == nullptr || cost(way) < cost(*best)) best = &way;
      }
      chosen[f].push_back(best);
      if (best == nullptr) continue;
      for (const AccessKey& key : *best) ++load[key.identity()];
    }
  }

  for (FilterNumber f = 0; f < filters.size(); ++f) {
    Found& found = found_[f];
    found.always = std::ranges::find(chosen[f], nullptr) != chosen[f].end();
    if (found.always) {
      always_.push_back(f);
      continue;
    }
    for (std::size_t c = 0; c < chosen[f].size(); ++c) {
      const WayIn& first = *chosen[f][c];
      const WayIn* second = nullptr;
      for (const WayIn& way : filters[f].conjunctions[c].ways) {
        if (&way == &first || cost(way) > kSelective || way.size() * first.size() > kMaxPairs) continue;
        if (second == nullptr || cost(way) < cost(*second)) second = &way;
      }
      bool is_paired = false;
      for (const AccessKey& key : first) {
        const KeyNumber number = number_of(key);
        found.first.push_back(key);
        note_looks(key, filters[f].log_groups);
        if (second == nullptr || load[key.identity()] <= kShortList) {
          lists_[number].filters.push_back(f);
          continue;
        }
        is_paired = true;
        lists_[number].has_pairs = true;
        for (const AccessKey& other : *second) {
          const KeyNumber other_number = number_of(other);
          lists_[other_number].is_second = true;
          pairs_[pair(number, other_number)].push_back(f);
          note_looks(other, filters[f].log_groups);
        }
      }
      if (is_paired) found.second.insert(found.second.end(), second->begin(), second->end());
    }
  }

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
  numbers_ = {};
  wanted_ = {};
}

double FilterIndex::cost(const WayIn& way) const {
  double sum = 0;
  for (const AccessKey& key : way) {
    const auto wanted = wanted_.find(key.identity());
    sum += key.odds() * (1 + 0.1 * std::log2(wanted == wanted_.end() ? 1 : wanted->second));
  }
  return sum;
}

KeyNumber FilterIndex::number_of(const AccessKey& key) {
  const auto [known, is_new] = numbers_.try_emplace(key.identity(), static_cast<KeyNumber>(lists_.size()));
  const KeyNumber number = known->second;
  if (!is_new) return number;
  lists_.emplace_back();
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
  if (field.kind == FieldId::Kind::Json)
    return field.index < json_values_.size() ? json_values_[field.index] : nullptr;
  const auto known = values_.find(field);
  return known == values_.end() ? nullptr : &known->second;
}

void FilterIndex::candidates(const KeyHits& hits, Candidates& out) const {
  for (const FilterNumber filter : always_) out.add(filter);
  for (const KeyNumber key : hits.list()) {
    const List& list = lists_[key];
    for (const FilterNumber filter : list.filters) out.add(filter);
    if (!list.has_pairs) continue;
    for (const KeyNumber other : hits.list()) {
      if (!lists_[other].is_second) continue;
      const auto paired = pairs_.find(pair(key, other));
      if (paired == pairs_.end()) continue;
      for (const FilterNumber filter : paired->second) out.add(filter);
    }
  }
}

}  // namespace tocsin::filters
