#include "engine/source/file_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <vector>

namespace tocsin::source {
namespace {

constexpr std::string_view kIncarnationVersion = "inode1";
constexpr std::string_view kPlaceVersion = "file1";

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    if (space == std::string_view::npos) return words;
    text.remove_prefix(space + 1);
  }
}

template <typename T>
bool read_number(std::string_view text, T& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_hash(std::string_view text, Hash128& hash) {
  return text.size() == 32 && read_number(text.substr(0, 16), hash.high, 16) &&
         read_number(text.substr(16), hash.low, 16);
}

std::unexpected<Error> not_understood(std::string_view what, std::string_view text, const std::string& file) {
  return fail(ErrorCode::Invalid,
              fmt::format("the state's {} of this file is \"{}\", which this version cannot read: start with "
                          "the version that wrote it, or with a new state",
                          what, text),
              file);
}

}  // namespace

std::string to_text(const FileIncarnation& incarnation) {
  return fmt::format("{} {} {} {}", kIncarnationVersion, incarnation.identity.device,
                     incarnation.identity.inode, incarnation.number);
}

Result<FileIncarnation> parse_file_incarnation(std::string_view text, const std::string& file) {
  const auto words = words_of(text);
  FileIncarnation incarnation;
  if (words.size() != 4 || words[0] != kIncarnationVersion ||
      !read_number(words[1], incarnation.identity.device) ||
      !read_number(words[2], incarnation.identity.inode) || !read_number(words[3], incarnation.number))
    return not_understood("identity", text, file);
  return incarnation;
}

Result<FilePrint> print_of(int fd, const std::string& file, std::size_t most) {
  std::array<char, FilePrint::kMost> bytes{};
  most = std::min(most, bytes.size());
  std::size_t size = 0;
  while (size < most) {
    const ssize_t read = ::pread(fd, bytes.data() + size, most - size, static_cast<off_t>(size));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return fail(ErrorCode::Unavailable, std::generic_category().message(errno), file);
    if (read == 0) break;
    size += static_cast<std::size_t>(read);
  }
  return FilePrint{.size = size, .hash = hash128({bytes.data(), size})};
}

bool still_starts_with(int fd, const std::string& file, const FilePrint& print) {
  if (print.size == 0) return true;
  const auto now = print_of(fd, file, print.size);
  return now && *now == print;
}

std::string to_text(const FilePlace& place) {
  return fmt::format("{} {} {} {} {} {} {} {}", kPlaceVersion,
                     place.kind == FilePlace::Kind::Lines ? "lines" : "whole", place.done ? "done" : "open",
                     place.byte, place.next, place.size, place.print.size, to_hex(place.print.hash));
}

Result<FilePlace> parse_file_place(std::string_view text, const std::string& file) {
  const auto words = words_of(text);
  FilePlace place;
  const bool understood = words.size() == 8 && words[0] == kPlaceVersion &&
                          (words[1] == "lines" || words[1] == "whole") &&
                          (words[2] == "open" || words[2] == "done") && read_number(words[3], place.byte) &&
                          read_number(words[4], place.next) && read_number(words[5], place.size) &&
                          read_number(words[6], place.print.size) && place.print.size <= FilePrint::kMost &&
                          read_hash(words[7], place.print.hash);
  if (!understood) return not_understood("place", text, file);
  place.kind = words[1] == "lines" ? FilePlace::Kind::Lines : FilePlace::Kind::Whole;
  place.done = words[2] == "done";
  return place;
}

}  // namespace tocsin::source
