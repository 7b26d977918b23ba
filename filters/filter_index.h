// From the keys that hit an event to the filters that have a chance.
//
//   filters' ways in ─► FilterIndex ─► keys for the fields' ValueIndexes
//   keys that hit ──► candidates() ─► filters whose predicates are to be asked
//
// Every conjunction of a filter is listed under one of its ways in: the one whose keys hit seldom and are not
// asked for by many other filters. Where several have the same key (`eventName = "GetObject"`), they are told
// apart by a second one, so that no list is walked: they are looked up by both. A filter that no key can find
// is a candidate for every event.
//
// Immutable once built; any number of threads may use it.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "filters/access_key.h"
#include "filters/text_table.h"
#include "filters/value_index.h"

namespace tocsin::filters {

using FilterNumber = std::uint32_t;

// A set of filters, read in their order.
class Candidates {
 public:
  explicit Candidates(std::size_t filters)
      : words_((filters + 63) / 64), summary_((words_.size() + 63) / 64) {}

  void add(FilterNumber filter) {
    words_[filter / 64] |= std::uint64_t{1} << filter % 64;
    summary_[filter / 4096] |= std::uint64_t{1} << filter / 64 % 64;
  }

  // Empties the set, calling `visit(filter)` for each until one answers false.
  template <typename Visit>
  void take(const Visit& visit) {
    bool goes_on = true;
    for (std::size_t s = 0; s < summary_.size(); ++s) {
      for (; summary_[s] != 0; summary_[s] &= summary_[s] - 1) {
        const std::size_t w = s * 64 + static_cast<std::size_t>(std::countr_zero(summary_[s]));
        for (; words_[w] != 0; words_[w] &= words_[w] - 1) {
          if (goes_on)
            goes_on = visit(
                static_cast<FilterNumber>(w * 64 + static_cast<std::size_t>(std::countr_zero(words_[w]))));
        }
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;    // a bit for each filter
  std::vector<std::uint64_t> summary_;  // a bit for each word that is not zero
};

class FilterIndex {
 public:
  struct Filter {
    std::vector<Conjunction> conjunctions;
    std::vector<std::string> log_groups;  // empty: all
  };

  explicit FilterIndex(std::vector<Filter> filters);

  // --- for an event

  // What is looked at in the events of a log group.
  struct Looks {
    bool json = false;
    bool tokens = false;
    bool message = false;
  };
  struct LogGroup {
    KeyNumber key = kNoKey;  // hits its events
    Looks looks;
  };
  [[nodiscard]] LogGroup log_group(std::string_view name) const;

  // Null: nobody asks about it.
  [[nodiscard]] const ValueIndex* values_of(FieldId field) const;
  [[nodiscard]] const ValueIndex* values_of_json(event::Slot slot) const {
    return slot < json_values_.size() ? json_values_[slot] : nullptr;
  }
  // Fields whose absence is a key.
  [[nodiscard]] std::span<const std::pair<FieldId, KeyNumber>> absences() const { return absences_; }

  void candidates(KeyHits& hits, Candidates& out) const;

  // --- for people

  // How a filter is found: its keys; second keys apart.
  struct Found {
    bool always = false;  // nothing tells: its predicate is asked for every event
    std::vector<AccessKey> first;
    std::vector<AccessKey> second;
  };
  [[nodiscard]] const Found& found(FilterNumber filter) const { return found_[filter]; }
  [[nodiscard]] std::size_t keys() const { return reached_.size(); }

  static constexpr KeyNumber kNoKey = UINT32_MAX;

 private:
  using Filters = std::vector<FilterNumber>;

  // While it is built.
  struct List {
    Filters filters;
    std::vector<std::pair<KeyNumber, Filters>> pairs;  // by second key
    bool is_second = false;
  };

  // What a key leads to: parts of filters_ and pairs_.
  struct Reached {
    std::uint32_t filters_begin = 0;
    std::uint32_t filters_end = 0;
    std::uint32_t pairs_begin = 0;
    std::uint32_t pairs_end = 0;
    bool is_second = false;
  };
  struct Pair {
    KeyNumber second = 0;
    std::uint32_t filters_begin = 0;
    std::uint32_t filters_end = 0;
  };

  void count_wants(std::vector<Filter>& filters);
  [[nodiscard]] const WayIn* choose_first(const Conjunction& conjunction) const;
  [[nodiscard]] const WayIn* choose_second(const Conjunction& conjunction, const WayIn& first) const;
  void list(FilterNumber filter, const Filter& from, const WayIn& first, const WayIn* second);
  void build();
  void lay_out();
  void add(std::uint32_t begin, std::uint32_t end, Candidates& out) const {
    for (std::uint32_t i = begin; i < end; ++i) out.add(filters_[i]);
  }
  KeyNumber number_of(const AccessKey& key);
  Filters& paired(KeyNumber first, KeyNumber second);
  [[nodiscard]] double odds(const AccessKey& key) const;
  [[nodiscard]] double cost(const WayIn& way) const;
  static std::uint64_t pair(KeyNumber first, KeyNumber second) {
    return (std::uint64_t{first} << 32) | second;
  }
  void note_looks(const AccessKey& key, const std::vector<std::string>& log_groups);

  // While it is built.
  std::vector<List> lists_;          // by key
  TextTable<KeyNumber> numbers_;     // by identity
  TextTable<std::uint32_t> wanted_;  // by identity: conjunctions that a key leads to
  TextTable<std::uint32_t> chosen_;  // by identity: conjunctions that have it as their first

  std::vector<Reached> reached_;  // by key
  std::vector<Pair> pairs_;       // of one first key side by side
  Filters filters_;               // of one key or pair side by side
  absl::flat_hash_map<std::uint64_t, std::uint32_t>
      pair_numbers_;  // by both keys: where in the first's pairs
  Filters always_;
  std::map<FieldId, ValueIndex> values_;
  std::vector<const ValueIndex*> json_values_;  // by slot
  std::vector<std::pair<FieldId, KeyNumber>> absences_;
  Looks looks_;  // for filters of all log groups
  TextTable<LogGroup> log_groups_;
  std::vector<Found> found_;
};

}  // namespace tocsin::filters
