// A file of JSON lines: one object a notification, appended.
//
//   {"id":…,"time":…,"subject":…,"key":…,"payload":{…}}
//
// `payload` is the notification's own JSON, byte for byte; with `lines: payload` it is all of the line.
// Delivered means that the kernel has the line: it survives the process, not the machine. A file that was
// moved or deleted (log rotation) is created again at its path.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "sinks/builtin_sinks.h"
#include "sinks/line_writer.h"

namespace tocsin::sinks {
namespace {

constexpr std::string_view kWrapped = "wrapped";
constexpr std::string_view kPayload = "payload";
constexpr std::array kLines = {kWrapped, kPayload};

constexpr mode_t kMode = 0640;  // alerts say who did what: not for everybody

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// JSON goes in as it is; anything else, and JSON that would break the line, as a JSON string.
std::string payload_of(const notify::Notification& notification) {
  const std::string& payload = notification.payload;
  if (payload.find('\n') == std::string::npos && nlohmann::json::accept(payload)) return payload;
  return json_text(payload);
}

class FileSink final : public notify::Sink {
 public:
  explicit FileSink(const SinkSettings& settings)
      : path_(text_or(settings, "path", {})), bare_(text_or(settings, "lines", kWrapped) == kPayload) {}
  ~FileSink() override { close(); }

  Result<void> open() override {
    if (path_.empty()) return fail(ErrorCode::Invalid, "path is missing");
    return reopen();
  }

  notify::Attempt deliver(const notify::Notification& notification) override {
    if (!is_at_path()) {
      if (auto reopened = reopen(); !reopened) {
        return {.outcome = notify::Attempt::Outcome::Retry,
                .detail = tocsin::describe(reopened.error()),
                .away = true};
      }
    }
    const auto written =
        writer_->append(bare_ ? payload_of(notification)
                              : fmt::format(R"({{"id":{},"time":"{}","subject":{},"key":{},"payload":{}}})",
                                            json_text(notification.id), format_rfc3339(notification.time),
                                            json_text(notification.subject), json_text(notification.key),
                                            payload_of(notification)));
    return written ? notify::Attempt{} : failed_write(written.error());
  }

  std::string describe() const override { return "file " + path_; }

 private:
  void close() {
    writer_.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  [[nodiscard]] bool is_at_path() const {
    struct stat there{};
    return descriptor_ >= 0 && ::stat(path_.c_str(), &there) == 0 && there.st_dev == device_ &&
           there.st_ino == inode_;
  }

  Result<void> reopen() {
    close();
    // Readable too: the end of what is there tells whether a crash left a line unfinished.
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
    struct stat status{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
      const int code = errno;
      close();
      return fail(code == ENOENT ? ErrorCode::NotFound : ErrorCode::Refused,
                  code == ENOENT ? "the directory does not exist" : std::generic_category().message(code),
                  path_);
    }
    device_ = status.st_dev;
    inode_ = status.st_ino;
    char last = '\n';
    if (S_ISREG(status.st_mode) && status.st_size > 0) {
      if (::pread(descriptor_, &last, 1, status.st_size - 1) != 1) last = '\0';
    }
    writer_.emplace(descriptor_, last != '\n');
    return {};
  }

  const std::string path_;
  const bool bare_;  // `lines: payload`
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::optional<LineWriter> writer_;  // while the file is open
};

constexpr std::array kOptions = {
    SinkOption{.name = "path",
               .required = true,
               .description = "The file to append to; its directory must exist.",
               .is_where = true},
    SinkOption{.name = "lines",
               .description =
                   "What a line holds: the payload with the notification's id, time, subject and key "
                   "(wrapped, the default), or the payload alone.",
               .choices = kLines},
};

std::vector<SinkRemark> review(const SinkSettings& settings) {
  using std::filesystem::file_type;
  const std::filesystem::path path(text_or(settings, "path", {}));
  if (!path.has_parent_path()) return {};
  // A directory that cannot be looked at is no obstacle: `run` may have other rights.
  std::error_code error;
  const file_type type = std::filesystem::status(path.parent_path(), error).type();
  if (type != file_type::not_found && type != file_type::regular) return {};
  return {{.severity = SinkRemark::Severity::Warning,
           .option = "path",
           .item = {},
           .text = "the directory of this file does not exist",
           .hint = "make it first: `run` does not start without it"}};
}

}  // namespace

SinkKind file_sink() {
  return {
      .name = "file", .scalar_option = "path", .options = kOptions, .make = make<FileSink>, .review = review};
}

}  // namespace tocsin::sinks
