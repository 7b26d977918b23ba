// A Kafka source at work: what it has handed over and said so far, and where it stands.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/source/open_source.h"

namespace tocsin::kafka_test {

struct SourceRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string value;
  std::optional<EventTime> timestamp;
};

class SourceRun {
 public:
  static source::KafkaSettings settings(const std::string& brokers, const std::string& topic) {
    source::KafkaSettings settings;
    settings.brokers = brokers;
    settings.topics = {topic};
    settings.group = "reads." + topic;
    settings.start = source::KafkaSettings::Start::Earliest;
    settings.properties = {{"session.timeout.ms", "6000"},
                           {"heartbeat.interval.ms", "500"},
                           {"topic.metadata.refresh.interval.ms", "500"},
                           {"topic.metadata.propagation.max.ms", "1000"},
                           {"reconnect.backoff.max.ms", "500"},
                           {"broker.address.family", "v4"}};
    return settings;
  }

  // Goes on `from` where an earlier run came to.
  explicit SourceRun(const source::KafkaSettings& kafka, const std::vector<source::Resume>& from = {}) {
    source::SourceSettings settings;
    settings.name = "trail";
    settings.kind = kafka;
    source_ = std::move(*source::make_source(settings, {}));
    const auto opened = source_->open(from);
    EXPECT_TRUE(opened.has_value());
  }

  // Reads on, and commits what it reads; false when `done` does not come about.
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{90};
    while (!done()) {
      step();
      if (failure) {
        ADD_FAILURE() << describe(*failure);
        return false;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "records " << records.size() << ", notes:\n" << said();
        return false;
      }
    }
    return true;
  }
  // Until poll() gives an error.
  [[nodiscard]] bool until_fails() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{90};
    while (!failure && std::chrono::steady_clock::now() < deadline) step();
    return failure.has_value();
  }
  [[nodiscard]] bool until_says(const std::string& code) {
    return until([&] { return note(code) != nullptr; });
  }
  [[nodiscard]] bool until_records(std::size_t count) {
    return until([&] { return records.size() >= count; });
  }

  void step() {
    auto batch = source_->poll(Duration{20});
    if (!batch) {
      failure = batch.error();
      return;
    }
    if (*batch) {
      for (const event::RawRecord& record : (*batch)->records) {
        records.push_back({source_->partitions().at((*batch)->partition).number, record.offset,
                           std::string(record.value), record.timestamp});
      }
      positions_[(*batch)->partition] = (*batch)->next_offset;
      if (commits) source_->commit((*batch)->partition, (*batch)->next_offset);
    }
    status = source_->status();
    std::ranges::move(status.notes, std::back_inserter(notes));
  }

  // What a state keeps of what was read.
  [[nodiscard]] std::vector<source::Resume> kept() const {
    std::vector<source::Resume> kept;
    for (std::uint32_t i = 0; i < source_->partitions().size(); ++i) {
      const auto position = positions_.find(i);
      kept.push_back({.name = source_->partitions()[i],
                      .next_offset = position == positions_.end() ? 0 : position->second});
    }
    return kept;
  }

  // The newest note of that code.
  [[nodiscard]] const Note* note(const std::string& code) const {
    const auto found = std::ranges::find(notes.rbegin(), notes.rend(), code, &Note::code);
    return found == notes.rend() ? nullptr : &*found;
  }
  [[nodiscard]] std::string field(const std::string& code, const std::string& name) const {
    const Note* found = note(code);
    if (found == nullptr) return "no note " + code;
    const auto value = std::ranges::find(found->fields, name, &std::pair<std::string, std::string>::first);
    return value == found->fields.end() ? "no field " + name : value->second;
  }
  [[nodiscard]] std::string said() const {
    std::string text;
    for (const Note& note : notes) text += note.code + ": " + to_text(note) + "\n";
    return text;
  }

  // The values in the order of partition and offset.
  [[nodiscard]] std::vector<std::string> values() const {
    std::vector<SourceRecord> sorted = records;
    std::ranges::stable_sort(sorted, {},
                             [](const SourceRecord& r) { return std::pair(r.partition, r.offset); });
    std::vector<std::string> values;
    for (const SourceRecord& record : sorted) values.push_back(record.value);
    return values;
  }

  // Every partition has been proven to be read to its end, at or after `since`.
  [[nodiscard]] bool caught_up(std::size_t partitions, WallTime since = {}) const {
    return status.partitions.size() == partitions &&
           std::ranges::all_of(status.partitions, [&](const source::Progress& progress) {
             return progress.caught_up && progress.at >= since;
           });
  }

  [[nodiscard]] std::chrono::milliseconds close() {
    const auto start = std::chrono::steady_clock::now();
    source_->close();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }
  [[nodiscard]] source::Source& source() { return *source_; }

  std::vector<SourceRecord> records;
  std::vector<Note> notes;
  source::SourceStatus status;
  std::optional<Error> failure;  // of poll()
  bool commits = true;           // what is read

 private:
  std::unique_ptr<source::Source> source_;
  std::map<std::uint32_t, std::int64_t> positions_;
};

}  // namespace tocsin::kafka_test
