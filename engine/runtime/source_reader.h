// Reads one source on a thread of its own, and does its commits there: a source belongs to one thread.
//
//   Source --poll(), status()--> SourceReader --SourceMessage--> Mailbox --> the engine's thread
//                                     ▲─────────────commit()───────────────────────┘
//
// A full mailbox makes it wait, which is the back-pressure on the source. Whatever happens outside, its last
// message is SourceEnded; it still commits after that, until it is told that there is no more.
//
// commit(), close_commits() and finish() may be called by any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/result.h"
#include "engine/event/record.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

struct SourceEnded {
  std::optional<Error> error;  // none: asked to stop, or come to its end
};

// What a source thread says to the engine's, in its order.
struct SourceMessage {
  using Content = std::variant<event::RawBatch, source::SourceStatus, SourceEnded>;
  std::uint32_t source = 0;
  std::vector<source::PartitionName> new_partitions;
  Content content;
};

class SourceReader {
 public:
  // Starts to read. All but `index` outlive the reader; it stops reading once `stop` is set.
  SourceReader(std::uint32_t index, source::Source& source, Mailbox<SourceMessage>& out,
               const std::atomic<bool>& stop);
  ~SourceReader() { finish(); }

  void commit(std::uint32_t partition, std::int64_t next_offset) { commits_.put(partition, next_offset); }

  // No more commits: the thread does those that are left, closes the source and ends.
  void close_commits() { commits_.close(); }
  void finish();

 private:
  // Offsets on their way to the source's thread: for each partition the greatest.
  class CommitBox {
   public:
    void put(std::uint32_t partition, std::int64_t next_offset);
    void close();
    // What is there now; empty if nothing is.
    std::map<std::uint32_t, std::int64_t> take();
    // Waits until something is there or the box is closed; false once it is closed and empty.
    bool wait();

   private:
    std::mutex mutex_;  // guards everything here
    std::condition_variable changed_;
    std::map<std::uint32_t, std::int64_t> offsets_;
    bool closed_ = false;
  };

  void run();
  void commit_all();
  bool post(SourceMessage::Content content);

  const std::uint32_t index_;
  source::Source& source_;
  Mailbox<SourceMessage>& out_;
  const std::atomic<bool>& stop_;
  std::size_t known_partitions_ = 0;
  CommitBox commits_;
  std::thread thread_;  // last: starts when everything above is there
};

}  // namespace tocsin::runtime
