// How many partial matches of wildcards a text can keep alive at once.
//
// Of one wildcard, a text keeps alive: each star it has got past, and the beginnings of later pieces that the
// text just read ends with. The latter are all ends of the longest of them, so the most there can be is found
// by looking at each beginning of each piece once. Before the first star there is only one place.
#include <algorithm>
#include <map>
#include <string_view>

#include "filters/event_pattern.h"

namespace tocsin::filters {
namespace {

// How often a beginning of one of `pieces` is an end of `text`.
std::size_t count_beginnings(const std::vector<std::string>& pieces, std::string_view text) {
  std::size_t count = 0;
  for (auto piece = pieces.begin() + 1; piece != pieces.end(); ++piece) {
    for (std::size_t size = 1; size <= std::min(piece->size(), text.size()); ++size) {
      if (text.ends_with(std::string_view(*piece).substr(0, size))) ++count;
    }
  }
  return count;
}

std::size_t cost_of(const std::vector<std::string>& pieces) {
  const std::size_t stars = pieces.size() - 1;
  std::size_t most = 1;
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    for (std::size_t size = 1; size <= pieces[i].size(); ++size) {
      most = std::max(most, count_beginnings(pieces, std::string_view(pieces[i]).substr(0, size)));
      if (stars + most > kMaxWildcardCost) return stars + most;
    }
  }
  return stars + most;
}

}  // namespace

std::size_t wildcard_cost(const std::vector<PlacedWildcard>& wildcards) {
  std::map<std::vector<std::string>, std::size_t> different;  // with the cost of each
  for (const PlacedWildcard& wildcard : wildcards) {
    if (const auto [known, is_new] = different.try_emplace(wildcard.pieces, 0); is_new)
      known->second = cost_of(known->first);
  }
  // Of wildcards that one text can lead into, the longest first piece names the text.
  std::size_t most = 0;
  for (const auto& [longest, unused] : different) {
    std::size_t sum = 0;
    for (const auto& [other, cost] : different) {
      if (longest.front().starts_with(other.front())) sum += cost;
    }
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace tocsin::filters
