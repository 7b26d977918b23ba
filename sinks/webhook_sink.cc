// Webhooks: the notification's JSON, posted to a URL, for programs.
//
//   POST /alerts HTTP/1.1
//   Content-Type: application/json
//   Idempotency-Key: 3f0c…            the notification's id, the same each time it is sent
//   Tocsin-Timestamp: 1800000000      when this attempt was made, in seconds since 1970
//   Tocsin-Signature: v1=5d1f…        HMAC-SHA256 of "TIMESTAMP.BODY" under the shared secret, in hex
//
// The event of a rule is all of the body: what Tocsin knows of it besides is in `Tocsin-Rule`,
// `Tocsin-Account` and `Tocsin-Region`.
//
// A repeat has the same body and the same key: by the key a receiver drops what it has already. That holds
// within one process: what a restart judges again is another notification, with a key of its own. The
// signature is of the attempt and not of the notification, so that a receiver can refuse old timestamps, and
// with them requests that somebody recorded, and still takes a late retry. The only file that knows OpenSSL.

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/check.h"
#include "sinks/builtin_sinks.h"
#include "sinks/http_client.h"
#include "sinks/http_settings.h"

namespace tocsin::sinks {
namespace {

using notify::Attempt;

constexpr Duration kTimeout = std::chrono::seconds(15);
constexpr std::size_t kMaxHeader = 4096;  // bytes of a header's value

constexpr std::array<std::string_view, 8> kReservedHeaders = {
    "content-length", "transfer-encoding", "host",   "connection",
    "content-type",   "idempotency-key",   "expect", "user-agent"};

std::string hmac_hex(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const unsigned char* made =
      ::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  TOCSIN_CHECK(made != nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// RFC 9110's tokens.
bool is_header_name(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, legal);
}

bool is_header_value(std::string_view value) {
  const auto legal = [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); };
  return value.size() <= kMaxHeader && std::ranges::all_of(value, legal);
}

// What is wrong with a header; empty if nothing is.
std::string header_fault(const std::string& name, const std::string& value) {
  if (!is_header_name(name)) return "the name of a header has letters, digits and dashes only";
  const std::string lowered = lower(name);
  if (std::ranges::find(kReservedHeaders, lowered) != kReservedHeaders.end() ||
      lowered.starts_with("tocsin-"))
    return fmt::format("the header `{}` is not for the configuration to set", name);
  if (!is_header_value(value))
    return fmt::format("the value of the header `{}` has line breaks or control characters, or is too long",
                       name);
  return {};
}

void add_event_headers(const notify::EventFacts& event, HttpRequest& request) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty() && is_header_value(value)) request.headers.emplace_back(name, value);
  };
  add("Tocsin-Rule", event.rule);
  add("Tocsin-Account", event.account);
  add("Tocsin-Region", event.region);
}

class WebhookSink final : public notify::Sink {
 public:
  explicit WebhookSink(const SinkSettings& settings)
      : settings_(settings),
        url_(text_or(settings, "url", {})),
        secret_(text_or(settings, "secret", {})),
        timeout_(timeout_of(settings, kTimeout)) {
    if (const auto headers = settings.maps.find("headers"); headers != settings.maps.end())
      headers_ = headers->second;
  }

  Result<void> open() override {
    if (auto url = parse_url(url_); !url) return fail(url.error().code, url.error().message, "url");
    for (const auto& [name, value] : headers_) {
      if (std::string fault = header_fault(name, value); !fault.empty())
        return fail(ErrorCode::Invalid, std::move(fault), "headers");
    }
    auto client = make_http_client(settings_);
    if (!client) return std::unexpected(client.error());
    client_.emplace(std::move(*client));
    return {};
  }

  Attempt deliver(const notify::Notification& notification) override {
    HttpRequest request{
        .url = url_,
        .headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", notification.id}},
        .private_headers = headers_,
        .body = notification.payload,
        .timeout = timeout_};
    if (notification.event != nullptr) add_event_headers(*notification.event, request);
    if (!secret_.empty()) {
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
      // Not for where a redirect leads to: that would have a request which is good for the receiver.
      request.private_headers["Tocsin-Timestamp"] = std::to_string(seconds);
      request.private_headers["Tocsin-Signature"] =
          "v1=" + hmac_hex(secret_, fmt::format("{}.{}", seconds, notification.payload));
    }
    return judge(client_->post(request));
  }

  // The path of a URL may hold a token.
  std::string describe() const override {
    const auto url = parse_url(url_);
    return url ? "webhook " + url->origin : "webhook";
  }

 private:
  const SinkSettings settings_;
  const std::string url_;
  const std::string secret_;
  const Duration timeout_;
  std::map<std::string, std::string> headers_;
  std::optional<HttpClient> client_;  // once open
};

constexpr std::array kOptions = {
    SinkOption{.name = "url",
               .required = true,
               .secret = true,
               .description = "Where to post; https.",
               .is_where = true},
    SinkOption{.name = "secret",
               .secret = true,
               .description = "Shared with the receiver, who checks the header Tocsin-Signature by it."},
    SinkOption{.name = "headers",
               .type = SinkOption::Type::Map,
               .secret = true,
               .description = "More headers, such as Authorization; not sent to where a redirect leads."},
    kTimeoutOption,
    kAllowOption,
    kCaFileOption,
};

std::vector<SinkRemark> review(const SinkSettings& settings) {
  std::vector<SinkRemark> remarks = review_http(settings, "url");
  const auto headers = settings.maps.find("headers");
  if (headers != settings.maps.end()) {
    for (const auto& [name, value] : headers->second) {
      if (const std::string fault = header_fault(name, value); !fault.empty())
        remarks.push_back({.option = "headers", .text = fault});
    }
  }
  const auto url = parse_url(text_or(settings, "url", {}));
  if (url && url->scheme == "http" &&
      (settings.texts.contains("secret") || settings.maps.contains("headers"))) {
    remarks.push_back(
        {.severity = SinkRemark::Severity::Warning,
         .option = "url",
         .text = "http sends alerts, headers and signatures as they are, for all on the way to read",
         .hint = "use https"});
  }
  return remarks;
}

}  // namespace

SinkKind webhook_sink() {
  return {.name = "webhook",
          .scalar_option = {},
          .options = kOptions,
          .make = make<WebhookSink>,
          .review = review};
}

}  // namespace tocsin::sinks
