#include "engine/metric/evidence.h"

namespace tocsin::metric {

void EvidenceSample::add(const Evidence& evidence) {
  std::size_t at = size_;
  while (at > 0 && evidence < events_[at - 1]) --at;
  if (at == kSize || (at > 0 && events_[at - 1] == evidence)) return;
  if (size_ < kSize) ++size_;
  for (std::size_t i = size_ - 1; i > at; --i) events_[i] = events_[i - 1];
  events_[at] = evidence;
}

void EvidenceSample::merge(const EvidenceSample& other) {
  for (const Evidence& evidence : other.events()) add(evidence);
}

}  // namespace tocsin::metric
