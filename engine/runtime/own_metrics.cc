#include "engine/runtime/own_metrics.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/base/check.h"

namespace tocsin::runtime {
namespace {

using Kind = OwnMetric::Kind;
using Fold = OwnMetric::Fold;
using Emit = OwnMetric::Emit;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// One value for each source, by a member or a function of its telemetry.
template <auto kValue>
void of_sources(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    emit({source.name}, static_cast<double>(std::invoke(kValue, source)));
  }
}

template <auto kValue>
void of_subscriptions(const Telemetry& telemetry, const Emit& emit) {
  for (const SubscriptionTelemetry& subscription : telemetry.subscriptions) {
    emit({subscription.topic, subscription.name},
         static_cast<double>(std::invoke(kValue, subscription.status)));
  }
}

void notifications_held(const Telemetry& telemetry, const Emit& emit) {
  for (const SubscriptionTelemetry& subscription : telemetry.subscriptions) {
    emit({subscription.topic, subscription.name}, static_cast<double>(subscription.held));
  }
}

void filtered_out(const Telemetry& telemetry, const Emit& emit) {
  for (const SubscriptionTelemetry& subscription : telemetry.subscriptions) {
    for (std::size_t i = 1; i < notify::kFilterOutcomes; ++i) {
      emit({subscription.topic, subscription.name, notify::kFilterOutcomeNames[i]},
           static_cast<double>(subscription.filtered[i]));
    }
  }
}

template <auto kValue>
void of_engine(const Telemetry& telemetry, const Emit& emit) {
  emit({}, static_cast<double>(std::invoke(kValue, telemetry)));
}

void lag(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    for (const PartitionTelemetry& partition : source.partitions) {
      if (const auto behind = partition.lag())
        emit({source.name, partition.name}, static_cast<double>(*behind));
    }
  }
}

void rejected(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
      const auto reason = static_cast<event::RejectReason>(i);
      if (reason == event::RejectReason::Late || reason == event::RejectReason::Overflow) continue;
      emit({source.name, event::kRejectNames[i]}, static_cast<double>(source.rejects.counts[i]));
    }
  }
}

void skipped(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    for (std::size_t i = 0; i < event::kSkipReasons; ++i) {
      emit({source.name, event::kSkipNames[i]}, static_cast<double>(source.items.skipped[i]));
    }
  }
}

template <auto kPart>
void lateness(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    if (source.lateness) emit({source.name}, seconds((*source.lateness).*kPart));
  }
}

// How far a source's time lies behind the clock; nothing while it is not known, or once it has ended.
template <auto kTime>
void behind_clock(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    const EventTime time = source.*kTime;
    if (time == kNever || time == kForever || source.ended) continue;
    emit({source.name}, std::max(0.0, seconds(as_event_time(telemetry.at) - time)));
  }
}

void held(const Telemetry& telemetry, const Emit& emit) {
  for (const SourceTelemetry& source : telemetry.sources) {
    if (source.held) emit({source.name, source.held->reason}, seconds(source.held->behind));
  }
}

// Of an engine that keeps its state.
template <auto kValue>
void of_state(const Telemetry& telemetry, const Emit& emit) {
  if (telemetry.state) emit({}, static_cast<double>((*telemetry.state).*kValue));
}

void filter_matches(const Telemetry& telemetry, const Emit& emit) {
  for (const FilterTelemetry& filter : telemetry.filters)
    emit({filter.name}, static_cast<double>(filter.matched));
}

void rule_matches(const Telemetry& telemetry, const Emit& emit) {
  for (const RuleTelemetry& rule : telemetry.rules) emit({rule.name}, static_cast<double>(rule.matched));
}

void alarm_states(const Telemetry& telemetry, const Emit& emit) {
  for (const alarm::State state : {alarm::State::InsufficientData, alarm::State::Ok, alarm::State::Alarm}) {
    emit({alarm::to_string(state)}, static_cast<double>(telemetry.alarms[static_cast<std::size_t>(state)]));
  }
}

const std::vector<OwnMetric>& table() {
  static const std::vector<OwnMetric> kTable = [] {
    const std::vector<std::string_view> none;
    const std::vector<std::string_view> source{"Source"};
    const std::vector<std::string_view> subscription{"Topic", "Subscription"};
    std::vector<OwnMetric> rows{
        {"RecordsRead", "Count", Kind::Counter, Fold::Sum, source, "tocsin_records_read_total",
         "Records that the source has handed over", of_sources<&SourceTelemetry::records>},
        {"BytesRead", "Bytes", Kind::Counter, Fold::Sum, source, "tocsin_read_bytes_total",
         "Bytes of those records", of_sources<&SourceTelemetry::bytes>},
        {"ItemsRead", "Count", Kind::Counter, Fold::Sum, source, "tocsin_items_read_total",
         "Records, and log events inside of envelopes: read = decoded + skipped + refused + dead",
         of_sources<[](const SourceTelemetry& s) { return s.items.read; }>},
        {"EventsDecoded", "Count", Kind::Counter, Fold::Sum, source, "tocsin_items_decoded_total",
         "Items that became events", of_sources<[](const SourceTelemetry& s) { return s.items.decoded; }>},
        {"ItemsSkipped",
         "Count",
         Kind::Counter,
         Fold::Sum,
         {"Source", "Reason"},
         "tocsin_items_skipped_total",
         "Items that are no log events and not meant to be",
         skipped},
        {"ItemsRefused", "Count", Kind::Counter, Fold::Sum, source, "tocsin_items_refused_total",
         "Items of accounts that the source does not allow",
         of_sources<[](const SourceTelemetry& s) { return s.items.refused; }>},
        {"DeadLetters", "Count", Kind::Counter, Fold::Sum, source, "tocsin_items_dead_total",
         "Items that could not become events",
         of_sources<[](const SourceTelemetry& s) { return s.items.dead; }>},
        {"Rejected",
         "Count",
         Kind::Counter,
         Fold::Sum,
         {"Source", "Reason"},
         "tocsin_rejected_total",
         "Records, events and matches that did not count, by reason",
         rejected},
        {"LagRecords",
         "Count",
         Kind::Gauge,
         Fold::Sum,
         {"Source", "Partition"},
         "tocsin_lag_records",
         "Records that are there and not read yet",
         lag},
        {"LatenessSeconds", "Seconds", Kind::Gauge, Fold::Greatest, source, "tocsin_lateness_seconds",
         "How long after it happened the latest event of the last minute came",
         lateness<&SourceTelemetry::Lateness::greatest>},
        {"LatenessMeanSeconds", "Seconds", Kind::Gauge, Fold::Greatest, source,
         "tocsin_lateness_mean_seconds",
         "How long after they happened the events of the last minute came, on average",
         lateness<&SourceTelemetry::Lateness::mean>},
        {"NewestEventAgeSeconds", "Seconds", Kind::Gauge, Fold::Greatest, source,
         "tocsin_newest_event_age_seconds", "How long ago the newest event happened",
         behind_clock<&SourceTelemetry::newest_event>},
        {"FrontierAgeSeconds", "Seconds", Kind::Gauge, Fold::Greatest, source, "tocsin_frontier_age_seconds",
         "How far the time up to which alarms are judged lies behind the clock",
         behind_clock<&SourceTelemetry::frontier>},
        {"FrontierHeldSeconds",
         "Seconds",
         Kind::Gauge,
         Fold::Greatest,
         {"Source", "Reason"},
         "tocsin_frontier_held_seconds",
         "How far the source is behind, by what holds it: unanswered, no_partitions, lagging",
         held},
        {"SourceStalled", "None", Kind::Gauge, Fold::Greatest, source, "tocsin_source_stalled",
         "1 while the time of the source has stood still for five minutes",
         of_sources<[](const SourceTelemetry& s) { return s.stalled_since ? 1 : 0; }>},
        {"SourceConnected", "None", Kind::Gauge, Fold::Least, source, "tocsin_source_connected",
         "1 while the outside world answers the source", of_sources<&SourceTelemetry::connected>},
        {"PartitionsOwned", "Count", Kind::Gauge, Fold::Sum, source, "tocsin_partitions_owned",
         "Partitions that this process reads",
         of_sources<[](const SourceTelemetry& s) { return s.partitions.size(); }>},
        {"Rebalances", "Count", Kind::Counter, Fold::Sum, source, "tocsin_rebalances_total",
         "How often the partitions were dealt out anew", of_sources<&SourceTelemetry::rebalances>},
        {"QueuedBytes", "Bytes", Kind::Gauge, Fold::Sum, source, "tocsin_queued_bytes",
         "Read ahead and not looked at yet", of_sources<&SourceTelemetry::queued_bytes>},
        {"FilterMatches",
         "Count",
         Kind::Counter,
         Fold::Sum,
         {"Filter"},
         "tocsin_filter_matches_total",
         "Events that the metric filter matched",
         filter_matches},
        {"RuleMatches",
         "Count",
         Kind::Counter,
         Fold::Sum,
         {"Rule"},
         "tocsin_rule_matches_total",
         "Events that the event rule matched",
         rule_matches},
        {"RuleMatchesUntold", "Count", Kind::Counter, Fold::Sum, none, "tocsin_rule_matches_untold_total",
         "Events that rules matched and nobody is told of: more at once than `memory:` has room for",
         of_engine<[](const Telemetry& t) { return t.engine.untold; }>},
        {"Datapoints", "Count", Kind::Counter, Fold::Sum, none, "tocsin_datapoints_total",
         "Series and buckets that got data",
         of_engine<[](const Telemetry& t) { return t.engine.datapoints; }>},
        {"LateValues", "Count", Kind::Counter, Fold::Sum, none, "tocsin_values_late_total",
         "Values that came when no alarm could see their time any more",
         of_engine<[](const Telemetry& t) { return t.engine.rejects[event::RejectReason::Late]; }>},
        {"OverflowValues", "Count", Kind::Counter, Fold::Sum, none, "tocsin_values_overflow_total",
         "Values of metrics that have their maximum of series",
         of_engine<[](const Telemetry& t) { return t.engine.rejects[event::RejectReason::Overflow]; }>},
        {"Series", "Count", Kind::Gauge, Fold::Sum, none, "tocsin_series", "Series that exist",
         of_engine<[](const Telemetry& t) { return t.engine.series; }>},
        {"Evaluations", "Count", Kind::Counter, Fold::Sum, none, "tocsin_evaluations_total",
         "Judgements of alarms", of_engine<&Telemetry::evaluations>},
        {"Transitions", "Count", Kind::Counter, Fold::Sum, none, "tocsin_transitions_total",
         "Changes of an alarm's state", of_engine<[](const Telemetry& t) { return t.engine.transitions; }>},
        {"AlarmStates",
         "Count",
         Kind::Gauge,
         Fold::Sum,
         {"State"},
         "tocsin_alarm_states",
         "Alarm states, one for each combination of dimension values, by state",
         alarm_states},
        {"NotificationsPublished", "Count", Kind::Counter, Fold::Sum, subscription,
         "tocsin_notifications_published_total", "Notifications given to the subscription",
         of_subscriptions<&notify::SubscriptionStatus::published>},
        {"NotificationsDelivered", "Count", Kind::Counter, Fold::Sum, subscription,
         "tocsin_notifications_delivered_total", "Notifications that the destination took",
         of_subscriptions<&notify::SubscriptionStatus::delivered>},
        {"NotificationsFilteredOut",
         "Count",
         Kind::Counter,
         Fold::Sum,
         {"Topic", "Subscription", "Reason"},
         "tocsin_notifications_filtered_out_total",
         "Notifications that the subscription's filter policy did not let pass, by reason",
         filtered_out},
        {"NotificationsRetried", "Count", Kind::Counter, Fold::Sum, subscription,
         "tocsin_notifications_retried_total", "Attempts after the first",
         of_subscriptions<&notify::SubscriptionStatus::retried>},
        {"NotificationsFailed", "Count", Kind::Counter, Fold::Sum, subscription,
         "tocsin_notifications_failed_total",
         "Notifications that the destination refused, that were given up, or that gave way",
         of_subscriptions<[](const notify::SubscriptionStatus& s) {
           return s.rejected + s.given_up + s.overflowed;
         }>},
        {"NotificationsOverflowed", "Count", Kind::Counter, Fold::Sum, subscription,
         "tocsin_notifications_overflowed_total",
         "Notifications that gave way to newer ones in a full queue or outbox",
         of_subscriptions<&notify::SubscriptionStatus::overflowed>},
        {"NotificationsHeld", "Count", Kind::Gauge, Fold::Sum, subscription, "tocsin_notifications_held",
         "Events of rules that wait, and reading with them, until the subscription's queue has room",
         notifications_held},
        {"NotificationsInOutbox", "Count", Kind::Gauge, Fold::Sum, subscription,
         "tocsin_notifications_in_outbox",
         "Notifications that wait in the state's outbox until the subscription's queue has room",
         of_subscriptions<&notify::SubscriptionStatus::in_outbox>},
        {"NotificationsWaiting", "Count", Kind::Gauge, Fold::Sum, subscription,
         "tocsin_notifications_waiting", "Notifications in the subscription's queue",
         of_subscriptions<&notify::SubscriptionStatus::waiting>},
        {"OutboxBytes", "Bytes", Kind::Gauge, Fold::Sum, none, "tocsin_outbox_bytes",
         "What the state's outbox holds: notifications and dead letters that are to be delivered",
         of_state<&StateTelemetry::outbox_bytes>},
        {"OutboxNotifications", "Count", Kind::Gauge, Fold::Sum, none, "tocsin_outbox_notifications",
         "How many that are, each counted once however many subscriptions wait for it",
         of_state<&StateTelemetry::outbox>},
        {"StateBytes", "Bytes", Kind::Gauge, Fold::Sum, none, "tocsin_state_bytes", "The state on the disk",
         of_state<&StateTelemetry::bytes>},
        {"ResidentBytes", "Bytes", Kind::Gauge, Fold::Sum, none, "tocsin_resident_bytes",
         "Memory of the process", of_engine<[](const Telemetry& t) { return t.process.resident_bytes; }>},
        {"OpenFiles", "Count", Kind::Gauge, Fold::Sum, none, "tocsin_open_files",
         "File descriptors of the process",
         of_engine<[](const Telemetry& t) { return t.process.open_files; }>},
        {"UptimeSeconds", "Seconds", Kind::Gauge, Fold::Sum, none, "tocsin_uptime_seconds",
         "Since the start of the process",
         of_engine<[](const Telemetry& t) { return seconds(t.process.uptime); }>},
    };
    std::ranges::sort(rows, {}, &OwnMetric::name);
    return rows;
  }();
  return kTable;
}

double fold(Fold how, double a, double b) {
  return how == Fold::Sum ? a + b : how == Fold::Greatest ? std::max(a, b) : std::min(a, b);
}

}  // namespace

std::span<const OwnMetric> own_metrics() { return table(); }

const OwnMetric* find_own_metric(std::string_view name) {
  const auto found = std::ranges::lower_bound(table(), name, {}, &OwnMetric::name);
  return found != table().end() && found->name == name ? &*found : nullptr;
}

std::vector<std::vector<std::string>> dimension_sets(const OwnMetric& metric) {
  std::vector<std::vector<std::string>> sets;
  for (std::size_t size = 0; size <= metric.dimensions.size(); ++size) {
    auto& set = sets.emplace_back(metric.dimensions.begin(),
                                  metric.dimensions.begin() + static_cast<std::ptrdiff_t>(size));
    std::ranges::sort(set);
  }
  return sets;
}

OwnMetricFeed::OwnMetricFeed(const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.metrics.size(); ++i) {
    if (plan.metrics[i].metric_namespace != kOwnNamespace) continue;
    const OwnMetric* metric = find_own_metric(plan.metrics[i].name);
    TOCSIN_CHECK(metric != nullptr);  // the configuration knows the table
    watched_.push_back({metric, i, plan.metrics[i].bucket});
  }
}

shard::Chunk OwnMetricFeed::sample(const Telemetry& telemetry, EventTime time) {
  shard::Chunk chunk;
  for (const Watched& watched : watched_) {
    const OwnMetric& metric = *watched.metric;
    std::map<metric::Dimensions, double> values;
    metric.read(telemetry, [&](const std::vector<std::string_view>& dimensions, double number) {
      metric::Dimensions set;
      for (std::size_t size = 0; size <= dimensions.size(); ++size) {
        if (size > 0) set.emplace_back(metric.dimensions[size - 1], dimensions[size - 1]);
        metric::Dimensions sorted = set;
        std::ranges::sort(sorted);
        const auto [at, is_new] = values.emplace(std::move(sorted), number);
        if (!is_new) at->second = fold(metric.fold, at->second, number);
      }
    });
    for (const auto& [dimensions, number] : values) {
      const Hash128 hash = metric::series_hash(kOwnNamespace, metric.name, dimensions);
      double value = number;
      if (metric.kind == Kind::Counter) value -= std::exchange(counted_[hash], number);
      chunk.entries.push_back({static_cast<std::uint32_t>(chunk.series.size()),
                               floor_to(time, watched.bucket),
                               {1, value, value, value},
                               {}});
      chunk.series.push_back({hash, watched.index, dimensions});
    }
  }
  return chunk;
}

}  // namespace tocsin::runtime
