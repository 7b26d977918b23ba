// How it is decided
//
// From the outside inwards. At each depth a field that has a candidate in no further array is settled. The
// others fall into groups: fields that share an array, and arrays that share a field. Groups do not touch
// each other, so each is decided alone: an element is chosen for each of its arrays, and what stands in the
// chosen elements is decided one depth further in. Almost always a group has one array, and all its elements
// together are looked at once.
//
// Most often no array stands in another, and each field's candidates stand in one of them: then an element is
// looked for that all fields of an array have, without any memory, if there are few.
#include "engine/event/array_choice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace tocsin::event {
namespace {

// Candidates times fields up to which an element is looked for in place: that takes time in their product.
constexpr std::size_t kFewSteps = 1024;

// What a depth costs besides its candidates, most of it memory for few of them; of kMaxChoices.
constexpr std::size_t kDepthCost = 128;

// A candidate with the elements around it from the outside inwards.
struct Placed {
  std::uint32_t field = 0;
  std::span<const std::uint32_t> elements;
};

class ArrayChoice {
 public:
  ArrayChoice(std::span<const ArrayElement> elements, std::size_t choices)
      : elements_(elements), choices_left_(choices) {}

  [[nodiscard]] std::size_t choices_left() const { return choices_left_; }

  bool decide(std::span<const ArrayCandidate> candidates, std::uint32_t fields) {
    std::vector<bool> there(fields);
    std::size_t total = 0;
    for (const ArrayCandidate& candidate : candidates) {
      there[candidate.field] = true;
      for (std::uint32_t at = candidate.element; at != 0; at = elements_[at].outer) ++total;
      if (total > choices_left_) return pay(total);  // it is no use to count on
    }
    if (std::ranges::find(there, false) != there.end()) return false;
    if (!pay(total)) return false;
    std::vector<std::uint32_t> chains(total);
    std::vector<Placed> placed;
    std::size_t end = 0;
    for (const ArrayCandidate& candidate : candidates) {
      const std::size_t begin = end;
      for (std::uint32_t at = candidate.element; at != 0; at = elements_[at].outer) chains[end++] = at;
      const auto chain = std::span(chains).subspan(begin, end - begin);
      std::ranges::reverse(chain);
      placed.push_back({candidate.field, chain});
    }
    return decide(std::move(placed), 0);
  }

 private:
  // Once something cannot be paid nothing can: the answer is no.
  bool pay(std::size_t cost) {
    if (cost > choices_left_) {
      choices_left_ = 0;
      return false;
    }
    choices_left_ -= cost;
    return true;
  }

  // Whether every field that has a candidate here can be settled.
  bool decide(std::vector<Placed> candidates, std::size_t depth) {
    if (!pay(kDepthCost + candidates.size())) return false;
    std::vector<std::uint32_t> settled;
    for (const Placed& candidate : candidates) {
      if (candidate.elements.size() == depth) settled.push_back(candidate.field);
    }
    std::ranges::sort(settled);
    std::erase_if(candidates, [&](const Placed& candidate) {
      return std::ranges::binary_search(settled, candidate.field);
    });
    for (std::vector<Placed>& group : groups(std::move(candidates), depth)) {
      if (!decide_group(std::move(group), depth)) return false;
    }
    return true;
  }

  // Candidates by what is connected through a field or an array.
  [[nodiscard]] std::vector<std::vector<Placed>> groups(std::vector<Placed> candidates,
                                                        std::size_t depth) const {
    std::vector<std::size_t> parent(candidates.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](std::size_t at) {
      while (parent[at] != at) at = parent[at] = parent[parent[at]];
      return at;
    };
    std::map<std::uint32_t, std::size_t> by_field;
    std::map<std::uint32_t, std::size_t> by_array;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::uint32_t array = elements_[candidates[i].elements[depth]].array;
      parent[root(i)] = root(by_field.try_emplace(candidates[i].field, i).first->second);
      parent[root(i)] = root(by_array.try_emplace(array, i).first->second);
    }
    std::map<std::size_t, std::vector<Placed>> found;
    for (std::size_t i = 0; i < candidates.size(); ++i) found[root(i)].push_back(candidates[i]);
    std::vector<std::vector<Placed>> out;
    for (auto& [first, group] : found) out.push_back(std::move(group));
    return out;
  }

  bool decide_group(std::vector<Placed> group, std::size_t depth) {
    const std::size_t fields = count_fields(group);
    std::map<std::uint32_t, std::map<std::uint32_t, std::vector<Placed>>>
        arrays;  // candidates by array, by element
    for (const Placed& candidate : group) {
      const std::uint32_t element = candidate.elements[depth];
      arrays[elements_[element].array][element].push_back(candidate);
    }
    if (arrays.size() == 1) {
      return std::ranges::any_of(arrays.begin()->second, [&](const auto& element) {
        return count_fields(element.second) == fields && decide(element.second, depth + 1);
      });
    }
    std::vector<const std::map<std::uint32_t, std::vector<Placed>>*> choices;
    for (const auto& [array, by_element] : arrays) choices.push_back(&by_element);
    return decide_choices(choices, fields, {}, depth);
  }

  // Chooses an element of each array that is left.
  bool decide_choices(std::span<const std::map<std::uint32_t, std::vector<Placed>>* const> arrays,
                      std::size_t fields, std::vector<Placed> chosen, std::size_t depth) {
    if (arrays.empty()) return count_fields(chosen) == fields && decide(std::move(chosen), depth + 1);
    return std::ranges::any_of(*arrays.front(), [&](const auto& element) {
      const std::size_t cost = 1 + chosen.size() + element.second.size();
      if (!pay(cost)) return false;
      std::vector<Placed> more = chosen;
      more.insert(more.end(), element.second.begin(), element.second.end());
      return decide_choices(arrays.subspan(1), fields, std::move(more), depth);
    });
  }

  static std::size_t count_fields(const std::vector<Placed>& candidates) {
    std::vector<std::uint32_t> fields;
    for (const Placed& candidate : candidates) fields.push_back(candidate.field);
    std::ranges::sort(fields);
    return static_cast<std::size_t>(std::ranges::unique(fields).begin() - fields.begin());
  }

  std::span<const ArrayElement> elements_;
  std::size_t choices_left_;
};

// The same where each field's candidates stand in one array, and that in no other.
class SingleArrays {
 public:
  SingleArrays(std::span<const ArrayCandidate> candidates, std::span<const ArrayElement> elements)
      : candidates_(candidates), elements_(elements) {}

  // Whether that is so, and the candidates are sorted.
  [[nodiscard]] bool fit() const {
    const auto place = [](const ArrayCandidate& c) { return std::pair(c.field, c.element); };
    return std::ranges::is_sorted(candidates_, {}, place) &&
           std::ranges::all_of(candidates_, [&](const ArrayCandidate& c) {
             return c.element != 0 && elements_[c.element].outer == 0 &&
                    array_of(c) == array_of(candidates_of(c.field).front());
           });
  }

  // Whether every field has a candidate in an element that all later fields of the array have one in, too.
  [[nodiscard]] bool decide(std::uint32_t fields) const {
    for (std::uint32_t field = fields; field-- > 0;) {
      if (std::ranges::none_of(candidates_of(field),
                               [&](const ArrayCandidate& c) { return goes_with_later(c, fields); }))
        return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool goes_with_later(const ArrayCandidate& candidate, std::uint32_t fields) const {
    for (std::uint32_t field = candidate.field + 1; field < fields; ++field) {
      const auto others = candidates_of(field);
      if (array_of(others.front()) == array_of(candidate) &&
          !std::ranges::binary_search(others, candidate.element, {}, &ArrayCandidate::element))
        return false;
    }
    return true;
  }
  [[nodiscard]] std::span<const ArrayCandidate> candidates_of(std::uint32_t field) const {
    return std::ranges::equal_range(candidates_, field, {}, &ArrayCandidate::field);
  }
  [[nodiscard]] std::uint32_t array_of(const ArrayCandidate& candidate) const {
    return elements_[candidate.element].array;
  }

  std::span<const ArrayCandidate> candidates_;
  std::span<const ArrayElement> elements_;
};

}  // namespace

bool has_consistent_choice(std::span<const ArrayCandidate> candidates, std::uint32_t fields,
                           std::span<const ArrayElement> elements, std::size_t& choices_left) {
  const SingleArrays single(candidates, elements);
  if (candidates.size() * fields <= kFewSteps && single.fit()) return single.decide(fields);
  const std::size_t choices = std::min(kMaxChoices, choices_left);
  ArrayChoice choice(elements, choices);
  const bool decided = choice.decide(candidates, fields);
  choices_left -= choices - choice.choices_left();
  return decided;
}

}  // namespace tocsin::event
