// Posts to URLs: what webhooks and chat have in common. Wraps libcurl.
//
//   WebhookSink, SlackSink ─post()─► HttpClient ─AddressGuard─► the destination
//                          ◄─ HttpAnswer or Error ─
//
// One post is one attempt: it never takes longer than its timeout, DNS, TLS and redirects included. TLS is
// always verified. A redirect is followed only where the post stays a post (307, 308), three times at most,
// never from https to http; the headers that the user set stay with the origin they were meant for. No proxy
// is used, also if the environment names one: the guard would judge the proxy's address. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/notify/sink.h"
#include "sinks/address_guard.h"

namespace tocsin::sinks {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // without the brackets of an IPv6 address
  std::string origin;  // "https://hooks.example.com:8443": for people; paths may hold tokens
};

// Only http and https, with a host and without user and password.
[[nodiscard]] Result<Url> parse_url(const std::string& text);

struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::map<std::string, std::string> private_headers;  // not for another origin
  std::string_view body;
  Duration timeout{};
};

struct HttpAnswer {
  long status = 0;
  std::string body;  // its beginning, one line, valid UTF-8: to quote
  std::optional<Duration> retry_after;
};

class HttpClient {
 public:
  // An empty `ca_file`: the system's authorities.
  HttpClient(AddressGuard guard, std::string ca_file);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  // An answer of any status that ends the attempt, or: Unavailable (try again), Refused (it is pointless:
  // an address or a redirect that is not followed).
  [[nodiscard]] Result<HttpAnswer> post(const HttpRequest& request);

 private:
  class Transfer;
  std::unique_ptr<Transfer> transfer_;
};

// What an answer means for a notification: 2xx is Delivered; 408, 429 and 5xx are retried; the rest never
// works.
[[nodiscard]] notify::Attempt judge(const Result<HttpAnswer>& answer);

}  // namespace tocsin::sinks
