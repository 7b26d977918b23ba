#include "engine/shard/fields.h"

namespace tocsin::shard {

void put(WireWriter& out, const metric::StatisticSet& set) {
  out.real(set.count);
  if (set.empty()) return;
  out.real(set.sum);
  out.real(set.min);
  out.real(set.max);
}

metric::StatisticSet get_statistics(WireReader& in) {
  metric::StatisticSet set;
  set.count = in.real();
  if (set.empty()) return set;
  set.sum = in.real();
  set.min = in.real();
  set.max = in.real();
  return set;
}

void put(WireWriter& out, const metric::Dimensions& dimensions) {
  out.number(dimensions.size());
  for (const auto& [name, value] : dimensions) {
    out.text(name);
    out.text(value);
  }
}

metric::Dimensions get_dimensions(WireReader& in) {
  metric::Dimensions dimensions(in.count());
  for (auto& [name, value] : dimensions) {
    name = in.text();
    value = in.text();
  }
  return dimensions;
}

void put(WireWriter& out, const metric::EvidenceSample& sample, EventTime base) {
  out.number(sample.events().size());
  for (const metric::Evidence& evidence : sample.events()) {
    out.time_near(evidence.time, base);
    out.number(evidence.partition);
    out.number(evidence.index);
    out.signed_number(evidence.offset);
  }
}

metric::EvidenceSample get_evidence(WireReader& in, EventTime base) {
  metric::EvidenceSample sample;
  for (std::size_t left = in.count(); left > 0; --left) {
    metric::Evidence evidence;
    evidence.time = in.time_near(base);
    evidence.partition = static_cast<std::uint32_t>(in.number());
    evidence.index = static_cast<std::uint32_t>(in.number());
    evidence.offset = in.signed_number();
    sample.add(evidence);
  }
  return sample;
}

void put(WireWriter& out, const OutboxEntry& entry) {
  out.number(entry.number);
  out.text(entry.topic);
  out.number(entry.subscriptions.size());
  for (const std::string& name : entry.subscriptions) out.text(name);
  out.text(entry.content);
}

OutboxEntry get_outbox_entry(WireReader& in) {
  OutboxEntry entry;
  entry.number = in.number();
  entry.topic = in.text();
  entry.subscriptions.resize(in.count());
  for (std::string& name : entry.subscriptions) name = in.text();
  entry.content = in.text();
  return entry;
}

}  // namespace tocsin::shard
