#include "config/match_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/grammar.h"
#include "config/reader.h"

namespace tocsin::config {
namespace {

// Names that differ in their digits only (`orders-1`, `orders-2`) are meant so.
bool is_sibling(std::string_view one, std::string_view other) {
  const auto letters = [](std::string_view name) {
    std::string out;
    for (const char c : name) {
      if (c < '0' || c > '9') out += c;
    }
    return out;
  };
  return one != other && letters(one) == letters(other);
}

class MatchReader {
 public:
  MatchReader(const Node& map, runtime::MatchSpec& spec, Load& load)
      : map_(map), spec_(spec), load_(load), faults_(load.faults) {}

  std::optional<filters::CompiledFilter> run() {
    read_log_groups();
    read_language();
    return std::move(filter_);
  }

 private:
  void read_log_groups() {
    const Node* list = map_.find("log_groups");
    if (list != nullptr && list->kind == Node::Kind::List && list->items.empty()) {
      faults_.error(*list, "`log_groups` is empty, so no event would be looked at",
                    "leave it out to look at all");
    }
    for (const Node* group : read_texts(map_, "log_groups", faults_)) {
      spec_.log_groups.push_back(group->text);
      check_log_group(*group);
    }
  }

  // A log group that no source can bring is a reference to nothing. Where envelopes may bring any, one that
  // is nearly a source's is taken for a typo.
  void check_log_group(const Node& group) {
    if (load_.sources.empty() || !load_.sources_known) return;
    std::vector<std::string_view> known;
    std::string sources;
    bool envelopes = false;
    for (const SourceFacts& source : load_.sources) {
      for (const std::string& name : source.log_groups) {
        if (name == group.text) return;
        if (!source.names_shown) continue;
        known.push_back(name);
        sources += fmt::format("{}`{}`", sources.empty() ? "" : ", ", name);
      }
      envelopes = envelopes || source.brings_log_groups;
    }
    std::erase_if(known, [&](std::string_view name) { return is_sibling(name, group.text); });
    std::string hint = did_you_mean(group.text, known);
    if (envelopes && hint.empty()) {
      faults_.warning(group, fmt::format("only an envelope can bring the log group {}", quoted(group)),
                      sources.empty() ? "" : fmt::format("the sources have: {}", sources));
      return;
    }
    if (hint.empty() && !sources.empty()) hint = fmt::format("the sources have: {}", sources);
    faults_.error(group, fmt::format("no source has the log group {}", quoted(group)), std::move(hint));
  }

  void read_language() {
    for (const filters::FilterLanguage& language : filters::builtin_filters()) {
      const Key* key = filter_grammar().find(language.key);
      if (key == nullptr) continue;
      if (const Node* text = read_text(map_, language.key)) compile(language, *text);
      if ((key->shapes & kAnyMap) == 0) continue;
      if (const Node* map = read_map(map_, language.key)) compile_map(language, *map);
    }
  }

  void compile(const filters::FilterLanguage& language, const Node& text) {
    auto compiled = language.compile(text.text);
    if (!compiled) {
      faults_.error_of_language(text, compiled.error().offset, compiled.error().message,
                                compiled.error().hint);
      return;
    }
    take(std::move(*compiled));
  }

  // A pattern written as a mapping: faults have their places there.
  void compile_map(const filters::FilterLanguage& language, const Node& map) {
    const PatternText pattern(map);
    if (!pattern.complete()) return;
    warn_of_unquoted_accounts(pattern, faults_);
    auto compiled = language.compile(pattern.json());
    if (!compiled) {
      const PatternText::Place place = pattern.place(compiled.error().offset);
      faults_.error_of_language(*place.node, place.offset, compiled.error().message, compiled.error().hint);
      return;
    }
    take(std::move(*compiled));
  }

  void take(filters::CompiledFilter compiled) {
    spec_.predicate = std::move(compiled.predicate);
    compiled.predicate = {};
    filter_ = std::move(compiled);
  }

  const Node& map_;
  runtime::MatchSpec& spec_;
  Load& load_;
  Faults& faults_;
  std::optional<filters::CompiledFilter> filter_;
};

}  // namespace

void warn_of_unquoted_accounts(const PatternText& pattern, Faults& faults) {
  for (const Node* number : pattern.unquoted_accounts()) {
    faults.warning(*number,
                   fmt::format("{} is a number here, and the ids of accounts are texts", quoted(*number)),
                   fmt::format("write it in quotes: \"{}\"", number->document->shown(*number)));
  }
}

std::optional<filters::CompiledFilter> read_match(const Node& map, runtime::MatchSpec& spec, Load& load) {
  return MatchReader(map, spec, load).run();
}

}  // namespace tocsin::config
