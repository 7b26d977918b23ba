// The pages on --metrics-listen: /metrics for Prometheus, /healthz and /readyz for supervisors.
//
//   TelemetryBoard --latest()--> a few threads of the HTTP library --> GET
//
// Reads snapshots only, so no client can slow the engine; who is slow is let go after some seconds. Serves
// from its construction to its destruction.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/runtime/telemetry.h"

namespace tocsin::cli {

struct ListenAddress {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any that is free
};

// "9600" and ":9600" are on the loopback address; "HOST:PORT", "[::1]:9600".
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

// What a supervisor asks: an HTTP status, and why.
struct Answer {
  int status = 200;
  std::string text;  // one line or more, each with its end
};
[[nodiscard]] Answer health(const runtime::TelemetryBoard& board);
[[nodiscard]] Answer readiness(const runtime::TelemetryBoard& board);

class MetricsServer {
 public:
  // `board` outlives the server.
  [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> open(const ListenAddress& address,
                                                                   const runtime::TelemetryBoard& board,
                                                                   std::string version);
  ~MetricsServer();

  // "http://127.0.0.1:9600"
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  struct Running;
  explicit MetricsServer(std::unique_ptr<Running> running, std::string url);

  std::unique_ptr<Running> running_;
  std::string url_;
};

}  // namespace tocsin::cli
