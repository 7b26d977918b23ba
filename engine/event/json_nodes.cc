#include "engine/event/json_nodes.h"

#include <utility>

namespace tocsin::event {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

}  // namespace

void JsonNodes::begin(std::size_t slots) {
  ++walk_;
  nodes_.cut(0);
  is_sorted_ = true;
  if (ranges_.size() < slots) ranges_.resize(slots);
}

void JsonNodes::strike_out(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t i = begin; i < end; ++i) nodes_[i].slot = kNoSlot;
  is_sorted_ = false;
}

void JsonNodes::drop() {
  ++walk_;
  nodes_.cut(0);
  is_sorted_ = true;
}

JsonNodes::Found JsonNodes::found() {
  if (!is_sorted_) sort_by_slot();
  Found found;
  found.nodes_ = nodes_.items();
  found.ranges_ = ranges_;
  found.walk_ = walk_;
  return found;
}

void JsonNodes::give_back() {
  nodes_ = {};
  sorted_ = {};
}

// Makes nodes_ one range for each slot that has any: count, place, fill.
void JsonNodes::sort_by_slot() {
  ++walk_;
  for (const JsonNode& node : nodes_.items()) {
    if (node.slot == kNoSlot) continue;
    Range& range = ranges_[node.slot];
    if (range.walk != walk_) {
      range = {walk_, kNone, 0};
    }
    ++range.end;
  }
  while (sorted_.size() < nodes_.size()) sorted_.push({});
  std::uint32_t next = 0;
  for (const JsonNode& node : nodes_.items()) {
    if (node.slot == kNoSlot) continue;
    Range& range = ranges_[node.slot];
    if (range.begin == kNone) {  // the slot's first: its `end` still is the number of its nodes
      range.begin = next;
      next += range.end;
      range.end = range.begin;
    }
    sorted_[range.end++] = node;
  }
  sorted_.cut(next);
  std::swap(nodes_, sorted_);
}

}  // namespace tocsin::event
