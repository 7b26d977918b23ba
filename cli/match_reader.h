// Reads inputs of `tocsin match` and matches their messages, one input after the other.
//
//   MatchInput --bytes--> lines, documents or records --runtime::Matcher--> MatchPrinter --> MatchOrder
//
// A reader belongs to one thread; several share the inputs of a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/line_cutter.h"
#include "cli/match_arguments.h"
#include "cli/match_inputs.h"
#include "cli/match_order.h"
#include "cli/match_printer.h"
#include "cli/match_summary.h"
#include "engine/event/decode.h"
#include "engine/source/byte_reader.h"
#include "engine/source/source.h"
#include "filters/filter_language.h"
#include "filters/matcher.h"

namespace tocsin::cli {

// What all readers of a run have in common; immutable but for `order`, and outlives them.
struct MatchTask {
  const MatchArguments& arguments;
  const std::vector<filters::CompiledFilter>& filters;
  std::shared_ptr<const filters::MatcherProgram> program;
  const std::vector<MatchInput>& inputs;
  MatchOrder& order;
  // How much further a reader is, in bytes as they are stored and in events. Called by any of them.
  std::function<void(std::uint64_t stored, std::uint64_t events)> advance;
};

class MatchReader : event::EventVisitor {
 public:
  explicit MatchReader(const MatchTask& task);

  // Reads the input of that number whole, or as long as somebody reads what comes of it. The order is told of
  // its end.
  void read(std::size_t input);

  // Of all that was read.
  [[nodiscard]] const MatchCounts& counts() const { return counts_; }
  [[nodiscard]] bool any_fault() const { return any_fault_; }

 private:
  [[nodiscard]] Result<void> read(const MatchInput& input);
  [[nodiscard]] Result<void> read_file(const std::string& file);
  [[nodiscard]] Result<void> read_lines(source::ByteReader& bytes, const std::string& name);
  [[nodiscard]] Result<void> read_document(source::ByteReader& bytes, const std::string& name);
  [[nodiscard]] Result<void> read_records(source::PartitionReader& reader);

  void take(const Candidate& candidate);
  void look_inside(std::string_view message);
  [[nodiscard]] bool block_is_utf8() const;
  void drop_bad_utf8();
  void match();
  void match_records(const event::RawBatch& batch);
  void match_decoded(event::RawBatch& batch);
  void visit(const event::Event& event, const event::JsonView* walked) override;
  void hand_on();
  void tell_progress();

  const MatchTask& task_;
  std::unique_ptr<runtime::Matcher> matcher_;
  MatchPrinter printer_;
  event::Decoder decoder_;
  event::DecodeSettings settings_;

  // The input at hand.
  std::size_t number_ = 0;
  MatchPlace place_;
  int fd_ = -1;               // of a file
  std::uint64_t stored_ = 0;  // of its bytes, told as progress

  std::vector<Line> lines_;
  std::vector<Candidate> candidates_;  // not matched yet; their texts are in the input's buffer
  event::EventBatch decoded_;
  std::vector<event::Event> events_;
  runtime::Matches found_;
  std::string page_;  // what leaves of the candidates at hand
  MatchCounts counts_;
  int looks_ = 0;  // into messages, for what they carry
  bool any_fault_ = false;
};

}  // namespace tocsin::cli
