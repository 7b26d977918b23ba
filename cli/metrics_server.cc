#include "cli/metrics_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <utility>

#include "cli/prometheus.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kThreads = 8;
constexpr std::size_t kKeepAliveRequests = 100;
constexpr Duration kStopLimit = std::chrono::seconds(60);  // draining is bounded well within it
constexpr std::chrono::seconds kPatience{5};               // with a client, for each read and write

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
      return fail(ErrorCode::Invalid, "write an IPv6 address in brackets, as `[::1]:9600`",
                  std::string(text));
    }
    if (!host.empty()) address.host = host;
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size() || address.port < 0 ||
      address.port > 65535) {
    return fail(ErrorCode::Invalid, "write HOST:PORT, as `127.0.0.1:9600`", std::string(text));
  }
  return address;
}

Answer health(const runtime::TelemetryBoard& board) {
  const auto latest = board.latest();
  const bool stopping = latest && latest->phase == runtime::Telemetry::Phase::Stopping;
  const Duration age = board.age();
  if (age > (stopping ? kStopLimit : runtime::kStandstill)) {
    return {503, fmt::format("the engine has not moved for {} s\n",
                             std::chrono::duration_cast<std::chrono::seconds>(age).count())};
  }
  return {200, stopping ? "stopping\n" : "alive\n"};
}

Answer readiness(const runtime::TelemetryBoard& board) {
  const auto latest = board.latest();
  if (!latest) return {503, "starting\n"};
  if (latest->phase == runtime::Telemetry::Phase::Stopping) return {503, "stopping\n"};
  std::string waiting;
  for (const std::string& line : awaited(*latest)) waiting += "waiting for " + line + "\n";
  return waiting.empty() ? Answer{200, "ready\n"} : Answer{503, waiting};
}

struct MetricsServer::Running {
  httplib::Server server;
  std::thread thread;

  ~Running() {
    server.stop();
    if (thread.joinable()) thread.join();
  }
};

MetricsServer::MetricsServer(std::unique_ptr<Running> running, std::string url)
    : running_(std::move(running)), url_(std::move(url)) {}

MetricsServer::~MetricsServer() = default;

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(const ListenAddress& address,
                                                           const runtime::TelemetryBoard& board,
                                                           std::string version) {
  auto running = std::make_unique<Running>();
  httplib::Server& server = running->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // The library would share the port with whoever has it already.
  server.set_socket_options([](int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_keep_alive_timeout(kPatience.count());
  server.set_keep_alive_max_count(kKeepAliveRequests);
  server.set_payload_max_length(0);
  const auto answer = [](httplib::Response& response, const Answer& given) {
    response.status = given.status;
    response.set_content(given.text, "text/plain; charset=utf-8");
  };
  server.Get("/metrics", [&board, version = std::move(version)](const httplib::Request&,
                                                                httplib::Response& response) {
    response.set_content(prometheus_page(board.latest().get(), version), std::string(kPrometheusType));
  });
  server.Get("/healthz", [&board, answer](const httplib::Request&, httplib::Response& response) {
    answer(response, health(board));
  });
  server.Get("/readyz", [&board, answer](const httplib::Request&, httplib::Response& response) {
    answer(response, readiness(board));
  });
  server.Get("/", [answer](const httplib::Request&, httplib::Response& response) {
    answer(response, {200, "/metrics\n/healthz\n/readyz\n"});
  });

  ListenAddress bound = address;
  errno = 0;
  if (address.port == 0) {
    bound.port = server.bind_to_any_port(address.host);
  } else if (!server.bind_to_port(address.host, address.port)) {
    bound.port = -1;
  }
  const std::string host =
      address.host.find(':') == std::string::npos ? address.host : fmt::format("[{}]", address.host);
  const std::string name = fmt::format("{}:{}", host, address.port);
  if (bound.port < 0) {
    const int why = errno;
    return fail(
        ErrorCode::Unavailable,
        fmt::format(
            "cannot listen for --metrics-listen: {}; give it an address of this machine and a port that "
            "is free",
            why == 0 ? "no such address" : std::strerror(why)),
        name);
  }
  running->thread = std::thread([&server] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();  // the library forgets a stop() that comes before
  std::string url = fmt::format("http://{}:{}", host, bound.port);
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(running), std::move(url)));
}

}  // namespace tocsin::cli
