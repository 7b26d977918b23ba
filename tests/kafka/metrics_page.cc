#include "tests/kafka/metrics_page.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace tocsin::kafka_test {

std::uint16_t free_port() {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(file, generic, size) != 0 || ::getsockname(file, generic, &size) != 0)
    throw std::runtime_error("no free loopback port");
  ::close(file);
  return ntohs(address.sin_port);
}

std::string metrics_page(std::uint16_t port) {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string page;
  constexpr std::string_view kRequest = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(file, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0) {
    char buffer[16384];
    for (ssize_t got = 0; (got = ::recv(file, buffer, sizeof(buffer), 0)) > 0;)
      page.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(file);
  return page;
}

namespace {

std::vector<double> values_of(const std::string& page, const std::string& name) {
  std::vector<double> values;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{") && !line.starts_with(name + " ")) continue;
    values.push_back(std::strtod(line.c_str() + line.rfind(' '), nullptr));
  }
  return values;
}

}  // namespace

double sum_of(const std::string& page, const std::string& name) {
  const auto values = values_of(page, name);
  return values.empty() ? -1 : std::accumulate(values.begin(), values.end(), 0.0);
}

int count_of(const std::string& page, const std::string& name) {
  return static_cast<int>(values_of(page, name).size());
}

}  // namespace tocsin::kafka_test
