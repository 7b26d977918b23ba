#include <charconv>
#include <optional>
#include <utility>

#include "filters/regex.h"

namespace tocsin::filters {
namespace {

using event::SyntaxError;

constexpr unsigned kMaxRepeat = 1000;  // RE2's limit
constexpr std::string_view kSymbols = ":_#=@/;,- ";
constexpr std::string_view kOperators = "^$?[]{}\\*+.|";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads the expression from left to right and writes what it means in RE2's syntax.
class Translator {
 public:
  explicit Translator(std::string_view body) : body_(body) {}

  std::expected<std::string, SyntaxError> run() {
    if (body_.empty()) {
      return std::unexpected(
          SyntaxError{0, "Invalid character(s) in term '%%'", "there is no regular expression in it"});
    }
    out_ = "(?s)";
    while (!fault_ && at_ < body_.size()) step();
    if (fault_) return std::unexpected(std::move(*fault_));
    return std::move(out_);
  }

  // RE2 refused the translation. The grammar above leaves it one reason, the size, and that comes from
  // counted repetitions more than from anything else.
  [[nodiscard]] SyntaxError too_large(const SyntaxError& reason) const {
    const std::string_view term = largest_repeat_.empty() ? body_ : largest_repeat_;
    return {static_cast<std::size_t>(term.data() - body_.data()),
            "Invalid character(s) in term '" + std::string(term) + "': " + reason.message, reason.hint};
  }

 private:
  void fail(std::size_t offset, std::string message, std::string hint) {
    fault_ = SyntaxError{offset, std::move(message), std::move(hint)};
  }

  // [begin, end) is what is wrong.
  void refuse_term(std::size_t begin, std::size_t end, std::string hint) {
    fail(begin, "Invalid character(s) in term '" + std::string(body_.substr(begin, end - begin)) + "'",
         std::move(hint));
  }

  void fail_at_character(std::size_t offset, std::string hint) {
    std::size_t end = offset + 1;
    while (end < body_.size() && (static_cast<unsigned char>(body_[end]) & 0xC0) == 0x80) ++end;
    refuse_term(offset, end, std::move(hint));
  }

  [[nodiscard]] bool ends() const { return at_ >= body_.size(); }

  static std::string literal(char c) {
    const bool quoted = !is_letter(c) && !is_digit(c) && c != '_' && c != ' ';
    return (quoted ? "\\" : "") + std::string(1, c);
  }

  // Whether `c` may stand for itself; if not, the fault is set.
  bool check_plain(char c) {
    if (is_letter(c) || is_digit(c) || kSymbols.find(c) != std::string_view::npos) return true;
    if (kOperators.find(c) != std::string_view::npos) return true;
    if (c == '(' || c == ')') {
      fail_at_character(at_, c == '(' ? "there are no groups; a literal parenthesis is written \\x28"
                                      : "there are no groups; a literal parenthesis is written \\x29");
    } else {
      fail_at_character(
          at_, "allowed are letters, digits, blanks, : _ # = @ / ; , - and the operators; others as \\xhh");
    }
    return false;
  }

  void step() {
    const char c = body_[at_];
    switch (c) {
      case '\\':
        escape();
        break;
      case '[':
        character_class();
        break;
      case '?':
      case '*':
      case '+':
        repeat(1, std::string(1, c));
        break;
      case '{':
        counted_repeat();
        break;
      case '^':
      case '$':
      case '|':
        out_ += c;
        ++at_;
        repeatable_ = false;
        repeated_ = false;
        break;
      case '.':
        out_ += c;
        ++at_;
        item();
        break;
      default:
        if (const auto atom = plain()) {
          out_ += atom->translated;
          item();
        }
    }
  }

  void item() {
    repeatable_ = true;
    repeated_ = false;
  }

  void repeat(std::size_t length, const std::string& translated) {
    if (!repeatable_) {
      const char* hint = repeated_ ? "there are no lazy, possessive or double repetitions"
                                   : "there is nothing before it to repeat";
      return fail_at_character(at_, hint);
    }
    out_ += translated;
    at_ += length;
    repeatable_ = false;
    repeated_ = true;
  }

  // {m} {m,} {,n} {m,n}
  void counted_repeat() {
    const std::size_t close = body_.find('}', at_);
    const std::string_view inside =
        close == std::string_view::npos ? "" : body_.substr(at_ + 1, close - at_ - 1);
    const std::size_t comma = inside.find(',');
    const std::string_view low_text = inside.substr(0, comma);
    const std::string_view high_text = comma == std::string_view::npos ? low_text : inside.substr(comma + 1);
    const auto low = count(low_text, 0);
    const auto high = count(high_text, kMaxRepeat);
    if ((low_text.empty() && high_text.empty()) || !low || !high) {
      return fail_at_character(
          at_, "a repetition is {m}, {m,}, {,n} or {m,n}, up to 1000; a literal brace is written \\{");
    }
    const std::string_view term = body_.substr(at_, close + 1 - at_);
    if (*low > *high) return refuse_term(at_, close + 1, "the lower bound is above the upper one");
    const unsigned times = high_text.empty() ? *low : *high;
    if (times > largest_times_) {
      largest_times_ = times;
      largest_repeat_ = term;
    }
    std::string translated = "{" + std::to_string(*low);
    if (comma != std::string_view::npos) translated += "," + std::string(high_text);
    repeat(term.size(), translated + "}");
  }

  static std::optional<unsigned> count(std::string_view digits, unsigned missing) {
    if (digits.empty()) return missing;
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || stop != digits.data() + digits.size() || value > kMaxRepeat)
      return std::nullopt;
    return value;
  }

  // What stands for one character: itself, or a set like \d.
  struct Atom {
    bool is_set = false;
    unsigned char value = 0;  // if not a set
    std::string translated;
  };

  // Outside of a class.
  void escape() {
    const auto atom = escaped();
    if (!atom) return;
    out_ += atom->translated;
    item();
  }

  // A backslash and what it escapes. Nothing: the fault is set.
  std::optional<Atom> escaped() {
    const std::size_t begin = at_++;
    const auto refuse = [&](std::string_view term, std::string hint) {
      fail(begin, "Invalid character(s) in term '" + std::string(term) + "'", std::move(hint));
      return std::nullopt;
    };
    if (ends()) return refuse("\\", "a literal backslash is written \\\\");
    const char c = body_[at_];
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      ++at_;
      return Atom{.is_set = true, .value = 0, .translated = std::string("\\") + c};
    }
    if (c == 'x') {
      const int high = at_ + 1 < body_.size() ? hex_digit(body_[at_ + 1]) : -1;
      const int low = at_ + 2 < body_.size() ? hex_digit(body_[at_ + 2]) : -1;
      if (high < 0 || high > 7 || low < 0)
        return refuse("\\x", "\\xhh is an ASCII character: \\x00 to \\x7f");
      at_ += 3;
      return Atom{.is_set = false,
                  .value = static_cast<unsigned char>(high * 16 + low),
                  .translated = std::string(body_.substr(begin, 4))};
    }
    if (is_letter(c) || is_digit(c)) {
      return refuse(body_.substr(begin, 2), "there are \\d \\D \\s \\S \\w \\W \\xhh and escaped symbols");
    }
    return plain();
  }

  // A character that stands for itself. Nothing: it may not, and the fault is set.
  std::optional<Atom> plain() {
    const char c = body_[at_];
    if (!check_plain(c)) return std::nullopt;
    ++at_;
    return Atom{.is_set = false, .value = static_cast<unsigned char>(c), .translated = literal(c)};
  }

  std::optional<Atom> class_atom() { return body_[at_] == '\\' ? escaped() : plain(); }

  // [abc] [a-z] [^a]
  void character_class() {
    const std::size_t begin = at_++;
    out_ += '[';
    if (!ends() && body_[at_] == '^') {
      out_ += '^';
      ++at_;
    }
    if (!ends() && body_[at_] == ']')
      return fail_at_character(at_, "the class is empty; a literal bracket is written \\]");
    while (!ends() && body_[at_] != ']') {
      const std::size_t start = at_;
      const auto first = class_atom();
      if (!first) return;
      out_ += first->translated;
      // A dash between two characters makes a range; at either end, or behind a set, it is itself.
      const bool range =
          !first->is_set && at_ + 1 < body_.size() && body_[at_] == '-' && body_[at_ + 1] != ']';
      if (!range) continue;
      const std::size_t last_at = ++at_;
      const auto last = class_atom();
      if (!last) return;
      if (last->is_set) {
        return refuse_term(last_at, at_,
                           "a range ends in one character; a literal dash is the last of its class");
      }
      if (last->value < first->value) return refuse_term(start, at_, "the range runs backwards");
      out_ += '-';
      out_ += last->translated;
    }
    if (ends())
      return fail_at_character(begin, "the class is never closed; a literal bracket is written \\[");
    out_ += ']';
    ++at_;
    item();
  }

  std::string_view body_;
  std::size_t at_ = 0;
  std::string out_;
  bool repeatable_ = false;  // there is an item before `at_` that may be repeated
  bool repeated_ = false;    // there is one that already is
  unsigned largest_times_ = 0;
  std::string_view largest_repeat_;  // the counted repetition with the highest count: "{0,1000}"
  std::optional<SyntaxError> fault_;
};

}  // namespace

std::expected<event::Regex, SyntaxError> compile_percent_regex(std::string_view body) {
  Translator translator(body);
  auto source = translator.run();
  if (!source) return std::unexpected(std::move(source.error()));
  auto regex = compile_regex(std::move(*source));
  if (!regex) return std::unexpected(translator.too_large(regex.error()));
  return regex;
}

}  // namespace tocsin::filters
