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
    if (body_.empty()) return std::unexpected(SyntaxError{0, "The regular expression is empty", {}});
    out_ = "(?s)";
    while (!fault_ && at_ < body_.size()) step();
    if (fault_) return std::unexpected(std::move(*fault_));
    return std::move(out_);
  }

 private:
  void fail(std::size_t offset, std::string message, std::string hint = {}) {
    fault_ = SyntaxError{offset, std::move(message), std::move(hint)};
  }

  void fail_at_character(std::size_t offset, std::string hint = {}) {
    std::size_t end = offset + 1;
    while (end < body_.size() && (static_cast<unsigned char>(body_[end]) & 0xC0) == 0x80) ++end;
    fail(offset, "Invalid character(s) in term '" + std::string(body_.substr(offset, end - offset)) + "'",
         std::move(hint));
  }

  [[nodiscard]] bool ends() const { return at_ >= body_.size(); }

  void literal(char c) {
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != ' ') out_ += '\\';
    out_ += c;
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
        if (!check_plain(c)) return;
        literal(c);
        ++at_;
        item();
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
    if (*low > *high) return fail(at_, "The repetition's lower bound is above its upper bound");
    std::string translated = "{" + std::to_string(*low);
    if (comma != std::string_view::npos) translated += "," + std::string(high_text);
    repeat(inside.size() + 2, translated + "}");
  }

  static std::optional<unsigned> count(std::string_view digits, unsigned missing) {
    if (digits.empty()) return missing;
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || stop != digits.data() + digits.size() || value > kMaxRepeat)
      return std::nullopt;
    return value;
  }

  // A backslash and what it escapes, in a class or outside.
  void escape() {
    const std::size_t begin = at_++;
    if (ends())
      return fail(begin, "The regular expression ends in a backslash", "a literal backslash is written \\\\");
    const char c = body_[at_];
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      out_ += '\\';
      out_ += c;
      ++at_;
    } else if (c == 'x') {
      const int high = at_ + 1 < body_.size() ? hex_digit(body_[at_ + 1]) : -1;
      const int low = at_ + 2 < body_.size() ? hex_digit(body_[at_ + 2]) : -1;
      if (high < 0 || high > 7 || low < 0) {
        return fail(begin, "Invalid character(s) in term '\\x'",
                    "\\xhh is an ASCII character: \\x00 to \\x7f");
      }
      out_ += "\\x";
      out_ += body_.substr(at_ + 1, 2);
      at_ += 3;
    } else if (is_letter(c) || is_digit(c)) {
      return fail(begin, "Invalid character(s) in term '\\" + std::string(1, c) + "'",
                  "there are \\d \\D \\s \\S \\w \\W \\xhh and escaped symbols");
    } else {
      if (!check_plain(c)) return;
      literal(c);
      ++at_;
    }
    item();
  }

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
    while (!fault_ && !ends() && body_[at_] != ']') {
      const char c = body_[at_];
      if (c == '\\') {
        escape();
        continue;
      }
      if (!check_plain(c)) return;
      if (c == '-') {
        out_ += c;  // a range, or itself at either end
      } else {
        literal(c);
      }
      ++at_;
    }
    if (fault_) return;
    if (ends()) return fail(begin, "Unterminated character class", "a literal bracket is written \\[");
    out_ += ']';
    ++at_;
    item();
  }

  std::string_view body_;
  std::size_t at_ = 0;
  std::string out_;
  bool repeatable_ = false;  // there is an item before `at_` that may be repeated
  bool repeated_ = false;    // there is one that already is
  std::optional<SyntaxError> fault_;
};

}  // namespace

std::expected<event::Regex, SyntaxError> compile_percent_regex(std::string_view body) {
  auto source = Translator(body).run();
  if (!source) return std::unexpected(std::move(source.error()));
  auto regex = compile_regex(std::move(*source));
  if (!regex) {
    // What is left to RE2: ranges that run backwards, and repetitions that multiply. Its place is one in the
    // translation.
    regex.error().offset = 0;
  }
  return regex;
}

}  // namespace tocsin::filters
