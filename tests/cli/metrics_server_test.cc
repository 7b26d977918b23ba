#include "cli/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/cli/telemetry_samples.h"

namespace tocsin::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A plain HTTP client: what it sends is up to the test.
std::string talk(const std::string& url, const std::string& request) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::string answer;
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[4096];
    for (ssize_t size; (size = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
      answer.append(bytes, static_cast<std::size_t>(size));
  }
  ::close(socket);
  return answer;
}

std::string get(const std::string& url, const std::string& path) {
  return talk(url, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

std::shared_ptr<runtime::Telemetry> ready() {
  auto telemetry = std::make_shared<runtime::Telemetry>(sample_telemetry());
  telemetry->sources.pop_back();
  return telemetry;
}

TEST(MetricsServer, ServesThePagesAndNothingElse) {
  runtime::TelemetryBoard board;
  const auto server = MetricsServer::open({}, board, "1.2.3");
  ASSERT_TRUE(server.has_value());
  const std::string& url = (*server)->url();
  EXPECT_THAT(get(url, "/readyz"), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("starting")));
  board.publish(ready());
  EXPECT_THAT(get(url, "/metrics"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("version=0.0.4"),
                                          HasSubstr("tocsin_records_read_total{source=\"trail\"} 12345")));
  EXPECT_THAT(get(url, "/readyz"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("ready")));
  EXPECT_THAT(get(url, "/healthz"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("alive")));
  EXPECT_THAT(get(url, "/etc/passwd"), StartsWith("HTTP/1.1 404"));
}

TEST(MetricsServer, RefusesWhatIsTooLong) {
  runtime::TelemetryBoard board;
  const auto server = MetricsServer::open({}, board, "1");
  ASSERT_TRUE(server.has_value());
  const std::string& url = (*server)->url();
  const std::string body(100'000, 'x');
  EXPECT_THAT(
      talk(url,
           "POST /metrics HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n" + body),
      ::testing::Not(HasSubstr("200 OK")));
  EXPECT_THAT(talk(url, "GET / HTTP/1.1\r\nX: " + body + "\r\n\r\n"), ::testing::Not(HasSubstr("200 OK")));
  EXPECT_THAT(get(url, "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST(MetricsServer, APortInUseIsAnError) {
  runtime::TelemetryBoard board;
  const auto first = MetricsServer::open({}, board, "1");
  ASSERT_TRUE(first.has_value());
  const std::string& url = (*first)->url();
  const auto second =
      MetricsServer::open({"127.0.0.1", std::stoi(url.substr(url.rfind(':') + 1))}, board, "1");
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(describe(second.error()), AllOf(StartsWith("127.0.0.1:"), HasSubstr("in use")));
}

TEST(Readiness, SaysWhatIsAwaited) {
  runtime::TelemetryBoard board;
  board.publish(std::make_shared<runtime::Telemetry>(sample_telemetry()));
  const Answer answer = readiness(board);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.text, "waiting for vault: to be connected\n");
}

TEST(Readiness, EndsWithTheStop) {
  runtime::TelemetryBoard board;
  const auto telemetry = ready();
  telemetry->phase = runtime::Telemetry::Phase::Stopping;
  board.publish(telemetry);
  EXPECT_EQ(readiness(board).status, 503);
  EXPECT_EQ(health(board).status, 200);
}

TEST(ListenAddress, IsOnTheLoopbackAddressUnlessAHostIsNamed) {
  EXPECT_EQ(parse_listen_address("9600")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address(":9600")->port, 9600);
  EXPECT_EQ(parse_listen_address("0.0.0.0:1")->host, "0.0.0.0");
  EXPECT_EQ(parse_listen_address("[::1]:9600")->host, "::1");
  for (const char* wrong : {"", "host", "host:", "host:70000", "::1:9600", "host:1x", ":-1"}) {
    EXPECT_FALSE(parse_listen_address(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace tocsin::cli
