// Mail, by SMTP: the alarm in words, for people.
//
// All recipients share one mail. The server answers for each: who is refused for good (5xx) is named in the
// report and not asked again, who is put off (4xx, greylisting) is asked again, and nobody who has the mail
// gets it twice for another's sake. A login that fails is tried again, since passwords are mended.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sinks/builtin_sinks.h"
#include "sinks/email_message.h"
#include "sinks/http_settings.h"
#include "sinks/smtp_client.h"

namespace tocsin::sinks {
namespace {

using notify::Attempt;

constexpr Duration kTimeout = std::chrono::seconds(30);
constexpr int kServiceAway = 421;  // RFC 5321, 3.8: the whole service, whatever it is sent
constexpr std::array<std::string_view, 3> kTlsChoices = {"starttls", "tls", "none"};

SmtpTls tls_of(const SinkSettings& settings) {
  const std::string tls = text_or(settings, "tls", "starttls");
  return tls == "none" ? SmtpTls::None : tls == "tls" ? SmtpTls::Tls : SmtpTls::StartTls;
}

// HOST, HOST:PORT or [IPV6]:PORT; without a port the one that belongs to the way of TLS.
std::optional<std::string> server_address(const std::string& text, SmtpTls tls) {
  constexpr std::array<int, 3> kPorts = {587, 465, 25};
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string::npos ? 0 : bracket);
  const std::string host = text.substr(0, colon);
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  };
  if (host.empty() || !std::ranges::all_of(host, legal)) return std::nullopt;
  if (colon == std::string::npos) return fmt::format("{}:{}", host, kPorts[static_cast<std::size_t>(tls)]);
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end || port < 1 || port > 65535) return std::nullopt;
  return text;
}

Result<Envelope> envelope_of(const SinkSettings& settings) {
  Envelope envelope;
  const auto from = parse_mailbox(text_or(settings, "from", {}));
  if (!from) return fail(ErrorCode::Invalid, "not an address like tocsin@example.com", "from");
  envelope.from = *from;
  for (const auto& [option, list] : {std::pair{"to", &envelope.to}, std::pair{"cc", &envelope.cc}}) {
    for (const std::string& text : list_of(settings, option)) {
      auto mailbox = parse_mailbox(text);
      if (!mailbox) return fail(ErrorCode::Invalid, "not an address like soc@example.com", option);
      list->push_back(std::move(*mailbox));
    }
  }
  if (envelope.to.empty()) return fail(ErrorCode::Invalid, "there is nobody to mail to", "to");
  return envelope;
}

class EmailSink final : public notify::Sink {
 public:
  explicit EmailSink(const SinkSettings& settings) : settings_(settings) {}

  Result<void> open() override {
    auto envelope = envelope_of(settings_);
    if (!envelope) return std::unexpected(envelope.error());
    envelope_ = std::move(*envelope);
    const auto address = server_address(text_or(settings_, "server", {}), tls_of(settings_));
    if (!address) return fail(ErrorCode::Invalid, "not a server like mail.example.com:587", "server");
    client_.emplace(SmtpServer{.address = *address,
                               .tls = tls_of(settings_),
                               .user = text_or(settings_, "user", {}),
                               .password = text_or(settings_, "password", {}),
                               .ca_file = text_or(settings_, "ca_file", {}),
                               .timeout = timeout_of(settings_, kTimeout)});
    return {};
  }

  Attempt deliver(const notify::Notification& notification) override {
    if (notification.id != current_ || open_.empty()) start(notification.id);
    const SmtpAnswer answer =
        client_->send(envelope_.from.address, open_, email_message(notification, envelope_, wall_now()));
    std::vector<std::string> put_off;
    std::string why;  // they were
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const auto& [code, text] = answer.recipients[i];
      if (code >= 500) {
        refused_ += fmt::format("{}{} ({})", refused_.empty() ? "" : ", ", open_[i], text);
      } else if (code >= 200 && code < 300 && answer.taken) {
        ++reached_;
      } else {
        if (code >= 400) why = text;
        put_off.push_back(open_[i]);
      }
    }
    open_ = std::move(put_off);
    if (open_.empty()) return finished();
    if (!answer.taken && answer.code >= 500 && !answer.login) {
      open_.clear();
      return {.outcome = Attempt::Outcome::Rejected, .detail = answer.trouble};
    }
    return {.outcome = Attempt::Outcome::Retry,
            .detail = why.empty()
                          ? answer.trouble
                          : fmt::format("put off for {} of {} recipients: {}", open_.size(), total(), why),
            .away = why.empty() && (answer.code == 0 || answer.code == kServiceAway || answer.login)};
  }

  std::string describe() const override {
    return fmt::format("email by {}", text_or(settings_, "server", "no server"));
  }

 private:
  [[nodiscard]] std::size_t total() const { return envelope_.to.size() + envelope_.cc.size(); }

  void start(const std::string& id) {
    current_ = id;
    reached_ = 0;
    refused_.clear();
    open_.clear();
    for (const auto* list : {&envelope_.to, &envelope_.cc}) {
      for (const Mailbox& mailbox : *list) open_.push_back(mailbox.address);
    }
  }

  // Everybody has an answer.
  Attempt finished() {
    if (refused_.empty()) return {};
    return {.outcome = reached_ > 0 ? Attempt::Outcome::Delivered : Attempt::Outcome::Rejected,
            .detail = "the server refused " + refused_};
  }

  const SinkSettings settings_;
  Envelope envelope_;
  std::optional<SmtpClient> client_;  // once open
  // Of the notification that is being delivered.
  std::string current_;
  std::vector<std::string> open_;  // who has neither the mail nor a refusal
  std::size_t reached_ = 0;
  std::string refused_;
};

constexpr std::array kOptions = {
    SinkOption{.name = "to",
               .type = SinkOption::Type::Texts,
               .required = true,
               .description = "Who gets the mail.",
               .is_where = true},
    SinkOption{.name = "cc",
               .type = SinkOption::Type::Texts,
               .description = "Who gets a copy.",
               .is_where = true},
    SinkOption{.name = "from", .description = "The sender; by default that of `smtp`.", .section = "smtp"},
    SinkOption{.name = "server",
               .description = "The mail server, HOST:PORT; by default that of `smtp`.",
               .section = "smtp"},
    SinkOption{.name = "tls",
               .description = "starttls (the default, port 587), tls from the start (465) or none (25).",
               .choices = kTlsChoices,
               .section = "smtp"},
    SinkOption{.name = "user", .description = "Who logs in to the server.", .section = "smtp"},
    SinkOption{
        .name = "password", .secret = true, .description = "The password of `user`.", .section = "smtp"},
    SinkOption{.name = "ca_file",
               .description = "A PEM file of the authorities to trust instead of the system's.",
               .section = "smtp"},
    SinkOption{.name = "timeout",
               .type = SinkOption::Type::Duration,
               .description = "How long one attempt may take in all; default 30s.",
               .section = "smtp"},
};

std::vector<SinkRemark> review(const SinkSettings& settings) {
  std::vector<SinkRemark> remarks;
  for (const std::string option : {"to", "cc"}) {
    const std::vector<std::string> list = list_of(settings, option);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!parse_mailbox(list[i])) {
        remarks.push_back({.option = option == "to" ? "to" : "cc",
                           .item = i,
                           .text = "not an address like soc@example.com"});
      }
    }
  }
  const std::string from = text_or(settings, "from", {});
  if (from.empty()) {
    remarks.push_back({.option = "from",
                       .text = "`email` needs a sender",
                       .hint = "`smtp: {from: tocsin@example.com}` is for all mail"});
  } else if (!parse_mailbox(from)) {
    remarks.push_back({.option = "from", .text = "not an address like tocsin@example.com"});
  }
  const std::string server = text_or(settings, "server", {});
  if (server.empty()) {
    remarks.push_back({.option = "server",
                       .text = "`email` needs a server",
                       .hint = "`smtp: {server: mail.example.com:587}` is for all mail"});
  } else if (!server_address(server, tls_of(settings))) {
    remarks.push_back({.option = "server", .text = "not a server like mail.example.com:587"});
  }
  const bool has_password = settings.texts.contains("password");
  if (has_password && !settings.texts.contains("user"))
    remarks.push_back({.option = "password", .text = "there is a password and no user"});
  if (settings.texts.contains("user") && !has_password)
    remarks.push_back(
        {.option = "user", .text = "there is a user and no password", .hint = "add `password_file`"});
  if (has_password && tls_of(settings) == SmtpTls::None) {
    remarks.push_back({.severity = SinkRemark::Severity::Warning,
                       .option = "tls",
                       .text = "without TLS the password goes over the network as it is",
                       .hint = "use `starttls` or `tls`"});
  }
  review_connection(settings, remarks);
  return remarks;
}

}  // namespace

SinkKind email_sink() {
  return {
      .name = "email", .scalar_option = {}, .options = kOptions, .make = make<EmailSink>, .review = review};
}

}  // namespace tocsin::sinks
