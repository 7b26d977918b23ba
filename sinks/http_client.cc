#include "sinks/http_client.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sinks/curl_easy.h"
#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

using notify::Attempt;

constexpr int kMaxRedirects = 3;
constexpr std::size_t kMaxAnswer = 64 * 1024;  // bytes of a body that are waited for
constexpr std::size_t kMaxQuote = 300;         // of them, as details quote it
constexpr Duration kMaxRetryAfter = std::chrono::minutes(5);

std::string part_of(CURLU* url, CURLUPart part) {
  char* raw = nullptr;
  if (curl_url_get(url, part, &raw, 0) != CURLUE_OK) return {};
  const CurlText text(raw);
  return text.get();
}

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, address, sizeof four);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
    return from_ipv4(bytes);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, address, sizeof six);
    IpAddress bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return bytes;
  }
  return std::nullopt;
}

bool is_redirect(long status) { return status >= 300 && status < 400 && status != 304; }

}  // namespace

Result<Url> parse_url(const std::string& text) {
  const CurlUrl url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return fail(ErrorCode::Invalid, "not a URL like https://hooks.example.com/alerts");
  Url parsed{.scheme = part_of(url.get(), CURLUPART_SCHEME),
             .host = part_of(url.get(), CURLUPART_HOST),
             .origin = {}};
  if (parsed.scheme != "https" && parsed.scheme != "http")
    return fail(ErrorCode::Invalid,
                fmt::format("a URL must begin with https:// or http://, not {}://", parsed.scheme));
  if (!part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty())
    return fail(ErrorCode::Invalid, "a URL holds no user and no password here: send them in a header");
  const std::string port = part_of(url.get(), CURLUPART_PORT);
  parsed.origin = fmt::format("{}://{}{}{}", parsed.scheme, parsed.host, port.empty() ? "" : ":", port);
  if (parsed.host.starts_with('[')) parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  return parsed;
}

// The handle, which keeps connections for the next post, and what its callbacks gather of one hop.
class HttpClient::Transfer {
 public:
  Transfer(AddressGuard guard, std::string ca_file)
      : guard_(std::move(guard)), ca_file_(std::move(ca_file)), handle_(make_curl_easy()) {}

  Result<HttpAnswer> post(const HttpRequest& request) {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    auto url = parse_url(request.url);
    if (!url) return std::unexpected(url.error());
    const std::string origin = url->origin;
    std::string target = request.url;
    for (int redirects = 0;; ++redirects) {
      const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
      if (left <= Duration{0}) return timed_out(request.timeout);
      auto status = hop(request, target, *url, url->origin == origin, left);
      if (!status) return std::unexpected(status.error());
      if (!is_redirect(*status)) return answer(*status);

      const char* location = info<char*>(CURLINFO_REDIRECT_URL);  // absolute
      const std::string next = location == nullptr ? "" : location;
      auto next_url = parse_url(next);
      const std::string named = next_url ? next_url->origin : "an unusable address";
      if (!next_url || (*status != 307 && *status != 308)) {
        return fail(ErrorCode::Refused,
                    fmt::format("answered {} with a redirect to {}, which is not followed: "
                                "give the final address",
                                *status, named));
      }
      if (url->scheme == "https" && next_url->scheme == "http")
        return fail(ErrorCode::Refused,
                    fmt::format("redirects from https to {}, which is not followed", named));
      if (redirects == kMaxRedirects)
        return fail(ErrorCode::Refused,
                    fmt::format("redirects more than {} times, last to {}", kMaxRedirects, named));
      target = next;
      url = std::move(next_url);
    }
  }

 private:
  // One request to one place: its status.
  Result<long> hop(const HttpRequest& request, const std::string& target, const Url& url, bool same_origin,
                   Duration timeout) {
    host_ = url.host;
    refusal_.clear();
    permitted_ = false;
    body_.clear();
    CURL* handle = handle_.get();
    curl_easy_reset(handle);
    CurlList headers;
    for (const auto& [name, value] : request.headers)
      append(headers, fmt::format("{}: {}", name, value).c_str());
    append(headers, "Expect:");  // no round trip that waits for permission to send
    if (same_origin) {
      // A header without a value is written with `;` for libcurl.
      for (const auto& [name, value] : request.private_headers)
        append(headers, (value.empty() ? name + ";" : name + ": " + value).c_str());
    }
    std::array<char, CURL_ERROR_SIZE> message{};
    set_option(handle, CURLOPT_URL, target.c_str());
    set_option(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set_option(handle, CURLOPT_PROXY, "");
    set_option(handle, CURLOPT_NOSIGNAL, 1L);
    set_option(handle, CURLOPT_USERAGENT, "Tocsin");
    set_option(handle, CURLOPT_HTTPHEADER, headers.get());
    set_option(handle, CURLOPT_POST, 1L);
    set_option(handle, CURLOPT_POSTFIELDS, request.body.data());
    set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set_option(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    set_option(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!ca_file_.empty()) {
      set_option(handle, CURLOPT_CAINFO, ca_file_.c_str());
      set_option(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    set_option(handle, CURLOPT_ERRORBUFFER, message.data());
    set_option(handle, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
    set_option(handle, CURLOPT_OPENSOCKETDATA, this);
    set_option(handle, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set_option(handle, CURLOPT_WRITEDATA, this);

    const CURLcode code = curl_easy_perform(handle);
    const long status = info<long>(CURLINFO_RESPONSE_CODE);
    // The status decides. What follows it may be endless, or break off.
    if (code == CURLE_OK || status >= 200) return status;
    if (!permitted_ && !refusal_.empty()) return fail(ErrorCode::Refused, refusal_);
    if (code == CURLE_OPERATION_TIMEDOUT) return timed_out(request.timeout);
    return fail(
        ErrorCode::Unavailable,
        fmt::format("{}: {}", url.origin, message[0] == '\0' ? curl_easy_strerror(code) : message.data()));
  }

  static std::unexpected<Error> timed_out(Duration timeout) {
    return fail(ErrorCode::Unavailable, fmt::format("no answer within {}", format_duration(timeout)));
  }

  HttpAnswer answer(long status) {
    HttpAnswer answer{.status = status, .body = one_line(body_, kMaxQuote), .retry_after = {}};
    if (const auto seconds = info<curl_off_t>(CURLINFO_RETRY_AFTER); seconds > 0) {
      answer.retry_after = seconds >= std::chrono::duration_cast<std::chrono::seconds>(kMaxRetryAfter).count()
                               ? kMaxRetryAfter
                               : std::chrono::seconds(seconds);
    }
    return answer;
  }

  template <typename Value>
  Value info(CURLINFO what) {
    Value value{};
    curl_easy_getinfo(handle_.get(), what, &value);
    return value;
  }

  static curl_socket_t on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto* transfer = static_cast<Transfer*>(self);
    const auto ip = address_of(&address->addr);
    std::string refusal =
        ip ? transfer->guard_.refusal(transfer->host_, *ip) : "not an address of the internet";
    if (!refusal.empty()) {
      transfer->refusal_ = std::move(refusal);
      return CURL_SOCKET_BAD;
    }
    transfer->permitted_ = true;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    std::string& body = static_cast<Transfer*>(self)->body_;
    const std::size_t room = kMaxAnswer - body.size();
    body.append(data, std::min(room, size * count));
    return size * count <= room ? size * count : 0;  // 0: enough, libcurl breaks off
  }

  const AddressGuard guard_;
  const std::string ca_file_;
  std::string host_;        // of this hop
  std::string refusal_;     // of the last address that was not permitted
  bool permitted_ = false;  // some address was
  std::string body_;
  CurlEasy handle_;
};

HttpClient::HttpClient(AddressGuard guard, std::string ca_file)
    : transfer_(std::make_unique<Transfer>(std::move(guard), std::move(ca_file))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Result<HttpAnswer> HttpClient::post(const HttpRequest& request) { return transfer_->post(request); }

notify::Attempt judge(const Result<HttpAnswer>& answer) {
  if (!answer) {
    const bool unavailable = answer.error().code == ErrorCode::Unavailable;
    return {.outcome = unavailable ? Attempt::Outcome::Retry : Attempt::Outcome::Rejected,
            .detail = tocsin::describe(answer.error()),
            .away = unavailable};
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  const bool may_work = answer->status == 408 || answer->status == 429 || answer->status >= 500;
  return {.outcome = may_work ? Attempt::Outcome::Retry : Attempt::Outcome::Rejected,
          .detail = answer->body.empty() ? fmt::format("answered {}", answer->status)
                                         : fmt::format("answered {}: {}", answer->status, answer->body),
          .retry_after = answer->retry_after,
          // Too much is asked of it, or a gateway answers in its place.
          .away = answer->status == 429 || (answer->status >= 502 && answer->status <= 504)};
}

}  // namespace tocsin::sinks
