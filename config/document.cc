#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "config/characters.h"
#include "config/scalar_source.h"
#include "config/secret.h"
#include "config/syntax_fault.h"
#include "sinks/sink_kind.h"

namespace tocsin::config {
namespace {

bool is_known_tag(const std::string& tag) {
  static constexpr std::array<std::string_view, 9> kKnown{"",
                                                          "?",
                                                          "!",
                                                          "tag:yaml.org,2002:str",
                                                          "tag:yaml.org,2002:int",
                                                          "tag:yaml.org,2002:float",
                                                          "tag:yaml.org,2002:bool",
                                                          "tag:yaml.org,2002:map",
                                                          "tag:yaml.org,2002:seq"};
  return std::ranges::find(kKnown, tag) != kKnown.end();
}

// Behind the anchor and tag that may stand before a value.
std::size_t skip_properties(std::string_view source, std::size_t at) {
  while (at < source.size() && (source[at] == '&' || source[at] == '!')) {
    at = std::min(source.find_first_of(" \t\n,[]{}", at), source.size());
    while (at < source.size()) {
      if (source[at] == '#') at = std::min(source.find('\n', at), source.size());
      const std::size_t text = source.find_first_not_of(" \t\n", at);
      if (text == at || text == std::string_view::npos) break;
      at = text;
    }
  }
  return at;
}

// Does all of the value come from the environment, so that its line shows nothing secret?
bool is_only_a_variable(std::string_view written) {
  if (!written.starts_with("${") || written.find('}') != written.size() - 1) return false;
  const std::string_view inside = written.substr(2, written.size() - 3);
  return std::ranges::all_of(inside.substr(0, inside.find(":?")), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

bool Node::has_variables() const {
  return std::ranges::any_of(replacements, [this](const Replacement& replacement) {
    return written.compare(replacement.written_begin, 2, "${") == 0;
  });
}

const Node* Node::find(std::string_view key) const {
  const auto entry =
      std::ranges::find(entries, key, [](const Entry& e) { return std::string_view(e.key->written); });
  return entry == entries.end() ? nullptr : entry->value;
}

// Builds the tree from the parser's events.
class Document::Builder : public YAML::EventHandler {
 public:
  Builder(Document& document, const Environment& environment)
      : document_(document), environment_(environment) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node& node = make(Node::Kind::Nothing, mark);
    // The parser tells where the next thing starts; a reader looks for what has no value.
    if (!frames_.empty() && frames_.back().key != nullptr) {
      node.start = frames_.back().key->start;
    } else {
      const std::string_view source(document_.source_);
      const std::size_t before = source.find_last_not_of(" \n", node.start == 0 ? 0 : node.start - 1);
      if (before != std::string_view::npos && source[before] == '-') node.start = before;
    }
    remember(anchor, node, 1);
    add(node, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node& node = make(Node::Kind::Text, mark);
    check_tag(node, tag);
    node.written = value;
    node.text = value;
    const ScalarStyle style = scalar_style(document_.source_, node.start);
    if ((style == ScalarStyle::SingleQuoted || style == ScalarStyle::DoubleQuoted) &&
        !end_of_quoted(document_.source_, node.start)) {
      document_.complete_ = false;
      document_.refuse(node.start, "this text has no closing quote");
      node.kind = Node::Kind::Broken;
    }
    const bool is_key =
        !frames_.empty() && frames_.back().node->kind == Node::Kind::Map && frames_.back().key == nullptr;
    if (!is_key) {
      Interpolated interpolated = interpolate(value, environment_);
      node.text = std::move(interpolated.text);
      node.replacements = std::move(interpolated.replacements);
      for (InterpolationFault& fault : interpolated.faults) {
        document_.refuse(document_.place_of_written(node, fault.offset), std::move(fault.message),
                         std::move(fault.hint), &node);
        node.kind = Node::Kind::Broken;
      }
    }
    remember(anchor, node, 1);
    add(node, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || found->second.values == 0) {  // 0: its definition is still open
      Node& node = make(Node::Kind::Broken, mark);
      document_.refuse(node.start, "this alias stands inside the value it names",
                       "a value cannot contain itself");
      add(node, 1);
      return;
    }
    add(*found->second.node, found->second.values);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::List, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::Map, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] const Node* root() const { return root_; }
  [[nodiscard]] bool too_large() const { return too_large_; }

  // The innermost `{` or `[` that is still open; where there is none, `otherwise`.
  [[nodiscard]] std::size_t open_bracket(std::size_t otherwise) const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (frame->flow) return frame->node->start;
    }
    return otherwise;
  }

 private:
  struct Frame {
    Node* node = nullptr;
    const Node* key = nullptr;  // Map: the key that waits for its value
    YAML::anchor_t anchor = 0;
    std::size_t values = 1;  // its own and all inside
    bool flow = false;
    std::unordered_map<std::string_view, const Node*> seen;  // Map: its own keys
    std::vector<const Node*> merged;                         // Map: the values of `<<`, as written
  };
  struct Anchored {
    const Node* node = nullptr;
    std::size_t values = 0;
  };

  Node& make(Node::Kind kind, const YAML::Mark& mark) {
    Node& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.document = &document_;
    node.start = skip_properties(document_.source_, std::min(static_cast<std::size_t>(std::max(mark.pos, 0)),
                                                             document_.source_.size()));
    return node;
  }

  void check_tag(Node& node, const std::string& tag) {
    if (is_known_tag(tag)) return;
    document_.refuse(node.start, "YAML tags are not understood here", "remove the word that begins with `!`");
    node.kind = Node::Kind::Broken;
  }

  void remember(YAML::anchor_t anchor, const Node& node, std::size_t values) {
    if (anchor != 0) anchors_[anchor] = {&node, values};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    Node& node = make(kind, mark);
    check_tag(node, tag);
    remember(anchor, node, 0);
    Frame& frame = frames_.emplace_back();
    frame.node = &node;
    frame.anchor = anchor;
    frame.flow = style == YAML::EmitterStyle::Flow;
  }

  void close() {
    Frame& frame = frames_.back();
    merge(frame);
    Node& node = *frame.node;
    const std::size_t values = frame.values;
    remember(frame.anchor, node, values);
    frames_.pop_back();
    add(node, values);
  }

  // `node` is complete: gives it to whatever holds it.
  void add(const Node& node, std::size_t values) {
    if (frames_.empty()) {
      root_ = &node;
      return;
    }
    Frame& frame = frames_.back();
    frame.values += values;
    if (frame.values > kMaxDocumentValues) too_large_ = true;
    if (too_large_) return;
    const bool is_value = frame.node->kind == Node::Kind::List || frame.key != nullptr;
    if (is_value && node.kind == Node::Kind::Text &&
        scalar_style(document_.source_, node.start) == ScalarStyle::Plain) {
      document_.hide_embedded_secret(node);
    }
    if (frame.node->kind == Node::Kind::List) {
      frame.node->items.push_back(&node);
    } else if (frame.key == nullptr) {
      frame.key = &node;
    } else {
      const Node& key = *std::exchange(frame.key, nullptr);
      add_entry(frame, key, node);
    }
  }

  void add_entry(Frame& frame, const Node& key, const Node& value) {
    if (key.kind == Node::Kind::Broken) return;
    if (key.kind != Node::Kind::Text) {
      document_.refuse(key.start, "a key must be text",
                       "write it before the `:`, in quotes if YAML reads it as something else");
      return;
    }
    if (key.written == "<<" && scalar_style(document_.source_, key.start) == ScalarStyle::Plain) {
      frame.merged.push_back(&value);
      return;
    }
    const bool in_topic = frames_.size() >= 3 && frames_.front().key != nullptr &&
                          !nearest(frames_.front().key->written, {"topics"}).empty();
    if (names_secret(key.written)) {
      document_.hide(value);
    } else if (in_topic && names_destination(key.written)) {
      document_.hide_destination(key, value);
    }
    document_.hide_embedded_secret(key);
    const auto [first, is_new] = frame.seen.emplace(key.written, &key);
    if (!is_new) {
      document_.refuse(key.start, fmt::format("`{}` stands twice in this map", document_.shown(key)),
                       fmt::format("it is also on line {}", document_.line_of(first->second->start)));
      frame.node->repeated.push_back({&key, &value});
      return;
    }
    frame.node->entries.push_back({&key, &value});
  }

  // Adds what `<<` brings: the map's own keys win, then the earlier of several maps.
  void merge(Frame& frame) {
    const auto add_all = [&](const Node& map) {
      if (map.kind == Node::Kind::Broken) return;
      if (map.kind != Node::Kind::Map) {
        document_.refuse(map.start, "`<<` takes a map, or a list of maps", "name an anchor: `<<: *defaults`");
        return;
      }
      for (const Entry& entry : map.entries) {
        if (too_large_) return;
        if (frame.seen.emplace(entry.key->written, entry.key).second) frame.node->entries.push_back(entry);
        if (++frame.values > kMaxDocumentValues) too_large_ = true;
      }
    };
    for (const Node* value : frame.merged) {
      if (value->kind == Node::Kind::List) {
        for (const Node* item : value->items) add_all(*item);
      } else {
        add_all(*value);
      }
    }
  }

  Document& document_;
  const Environment& environment_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  const Node* root_ = nullptr;
  bool too_large_ = false;
};

Document::Document(std::string file, std::string_view bytes, const Environment& environment)
    : file_(std::move(file)) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  line_starts_.push_back(0);
  source_.reserve(std::min(bytes.size(), kMaxDocumentBytes));
  for (std::size_t at = 0; at < bytes.size() && at < kMaxDocumentBytes; ++at) {
    const bool line_end = bytes[at] == '\n' || bytes[at] == '\r';
    if (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n') ++at;
    source_ += line_end ? '\n' : bytes[at];
    if (line_end) line_starts_.push_back(source_.size());
  }
  if (bytes.size() > kMaxDocumentBytes) {
    refuse(0, fmt::format("the file is larger than {} bytes", kMaxDocumentBytes));
    complete_ = false;
  } else if (!check_bytes()) {
    complete_ = false;
  } else {
    parse(environment);
  }
  // Only now is it known which lines hold secrets.
  for (Fault& fault : faults_) {
    if (hidden_.contains(fault.node)) {
      fault.text = "a variable in this secret cannot be replaced";
      fault.hint = "a value without variables doubles its dollar signs: `$$`";
    }
    diagnostics_.push_back(
        diagnostic(Diagnostic::Severity::Error, fault.offset, std::move(fault.text), std::move(fault.hint)));
  }
}

bool Document::check_bytes() {
  for (std::size_t at = 0; at < source_.size();) {
    const std::size_t length = sequence_length(source_, at);
    const auto byte = static_cast<unsigned char>(source_[at]);
    if (length == 0) {
      refuse(at, fmt::format("byte 0x{:02X} is not UTF-8", byte), "save the file as UTF-8");
      return false;
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F) {
      refuse(at, fmt::format("control character U+{:04X}", byte),
             fmt::format("in double quotes it can be written as `\\x{:02X}`", byte));
      return false;
    }
    at += length;
  }
  return true;
}

void Document::parse(const Environment& environment) {
  Builder builder(*this, environment);
  std::istringstream stream(source_);
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      root_ = builder.root();
      Builder second(*this, environment);
      const std::size_t so_far = faults_.size();
      if (parser.HandleNextDocument(second)) {
        faults_.resize(so_far);
        refuse(second.root() == nullptr ? source_.size() : second.root()->start,
               "a second document begins here", "give each its own file: `-c A -c B`");
        complete_ = false;
      }
    }
  } catch (const YAML::Exception& fault) {
    complete_ = false;
    root_ = nullptr;
    std::size_t offset = fault.mark.is_null() ? 0 : static_cast<std::size_t>(std::max(fault.mark.pos, 0));
    offset = std::min(offset, source_.size());
    const auto faults = syntax_faults();
    auto known = std::ranges::find(faults, std::string_view(fault.msg), &SyntaxFault::theirs);
    // Whatever the parser made of a tab, the tab is at fault.
    const std::size_t line_start = line_starts_[line_of(offset) - 1];
    const std::size_t indented = std::min(source_.find_first_not_of(" \t", line_start), source_.size());
    const std::size_t tab = source_.find('\t', line_start);
    if (tab < indented) {
      known = std::ranges::find(faults, std::string_view(YAML::ErrorMsg::TAB_IN_INDENTATION),
                                &SyntaxFault::theirs);
      offset = tab;
    }
    if (known == faults.end()) {
      refuse(offset, fmt::format("YAML: {}", fault.msg));
    } else {
      if (known->theirs == YAML::ErrorMsg::CHAR_IN_BLOCK) {  // their place is behind the sign
        const std::size_t sign = source_.find_last_of(">|", offset);
        if (sign != std::string::npos && line_of(sign) == line_of(offset)) offset = sign;
      }
      const bool unclosed = known->theirs == YAML::ErrorMsg::END_OF_MAP_FLOW ||
                            known->theirs == YAML::ErrorMsg::END_OF_SEQ_FLOW;
      refuse(unclosed ? builder.open_bracket(offset) : offset, std::string(known->text),
             std::string(known->hint));
    }
  } catch (const std::exception& fault) {
    complete_ = false;
    root_ = nullptr;
    refuse(0, fmt::format("YAML: {}", fault.what()));
  }
  if (builder.too_large()) {
    complete_ = false;
    root_ = nullptr;
    refuse(0,
           fmt::format("more than {} values, aliases counted as often as they are used", kMaxDocumentValues));
  }
}

void Document::refuse(std::size_t offset, std::string text, std::string hint, const Node* node) {
  faults_.push_back({offset, std::move(text), std::move(hint), node});
}

// Nothing in `value` is ever shown.
void Document::hide(const Node& value) {
  if (is_only_a_variable(value.written)) return;
  const auto [hidden, is_new] = hidden_.emplace(&value, 0);
  if (!is_new && std::exchange(hidden->second, 0) == 0) return;
  if (!value.written.empty()) hide_from(value, 0);
  for (const Node* item : value.items) hide(*item);
  for (const Entry& entry : value.entries) hide_entry(entry);
  for (const Entry& entry : value.repeated) hide_entry(entry);
}

// Of a destination only the options that hold no secret are ever shown, and the paths of files that do.
void Document::hide_destination(const Node& kind, const Node& value) {
  const sinks::SinkKind* known = sinks::find_sink(kind.written);
  if (known == nullptr || value.kind != Node::Kind::Map) return hide(value);
  const auto is_open = [known](const std::string& key) {
    return std::ranges::any_of(known->options, [&](const sinks::SinkOption& option) {
      return option.secret ? key == std::string(option.name) + "_file" : key == option.name;
    });
  };
  for (const auto* entries : {&value.entries, &value.repeated}) {
    for (const Entry& entry : *entries) {
      if (!is_open(entry.key->written)) hide_entry(entry);
    }
  }
}

void Document::hide_entry(const Entry& entry) {
  if (entry.value->kind == Node::Kind::Nothing) hide(*entry.key);  // `{hunter2}` is a key without a value
  hide(*entry.value);
}

// `sasl.password:hunter2`, where a blank is missing, is one text to YAML.
void Document::hide_embedded_secret(const Node& text) {
  const auto begin = find_secret_value(text.written);
  if (!begin || text.written.find_first_of(" \t") < *begin) return;
  if (*begin < text.written.size() && hidden_.emplace(&text, *begin).second) hide_from(text, *begin);
}

void Document::hide_from(const Node& text, std::size_t offset) {
  const ScalarStyle style = scalar_style(source_, text.start);
  std::optional<std::size_t> end;
  if (style == ScalarStyle::SingleQuoted || style == ScalarStyle::DoubleQuoted) {
    end = end_of_quoted(source_, text.start);
  } else if (const auto offsets = source_offsets(source_, text.start, text.written)) {
    end = offsets->back();
  }
  const std::size_t begin = offset == 0 ? text.start : place_of_written(text, offset);
  // Where its end is not known everything to the end of the line goes.
  secrets_.emplace_back(begin, end.value_or(std::min(source_.find('\n', begin), source_.size())));
}

bool Document::is_plain(const Node& text) const {
  return scalar_style(source_, text.start) == ScalarStyle::Plain;
}

std::string Document::shown(const Node& node) const {
  const std::string& text = node.replacements.empty() ? node.text : node.written;
  std::vector<ByteRange> hidden = find_credentials(text);
  if (const auto secret = hidden_.find(&node); secret != hidden_.end()) {
    hidden.emplace_back(secret->second, text.size());
  }
  return mask(text, std::move(hidden), 0).text;
}

std::size_t Document::line_of(std::size_t offset) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(line_starts_, offset) - line_starts_.begin());
}

std::size_t Document::place_of_written(const Node& node, std::size_t offset) const {
  if (offset == 0 && node.written.empty()) return node.start;
  const auto offsets = source_offsets(source_, node.start, node.written);
  return offsets && offset < offsets->size() ? (*offsets)[offset] : node.start;
}

std::size_t Document::place(const Node& node, std::size_t text_offset) const {
  return place_of_written(node, written_offset(node.replacements, text_offset));
}

Diagnostic Document::diagnostic(Diagnostic::Severity severity, std::size_t offset, std::string text,
                                std::string hint) const {
  Diagnostic out{.severity = severity, .file = file_, .text = std::move(text), .hint = std::move(hint)};
  out.line = line_of(offset);
  const std::size_t line_start = line_starts_[out.line - 1];
  out.column = count_characters(std::string_view(source_).substr(line_start, offset - line_start)) + 1;
  const std::size_t line_end = std::min(source_.find('\n', line_start), source_.size());
  const std::string_view line = std::string_view(source_).substr(line_start, line_end - line_start);
  std::vector<ByteRange> hidden = find_credentials(line);
  for (const auto& [from, to] : secrets_) {
    if (from < line_end && to > line_start) {
      hidden.emplace_back(std::max(from, line_start) - line_start, std::min(to, line_end) - line_start);
    }
  }
  // Where YAML could not be read only the line itself can tell.
  if (const auto secret = find_secret_value(line); secret && !complete_)
    hidden.emplace_back(*secret, line.size());
  MaskedLine masked = mask(line, std::move(hidden), offset - line_start);
  out.caret = masked.caret + 1;
  out.source_line = std::move(masked.text);
  return out;
}

}  // namespace tocsin::config
