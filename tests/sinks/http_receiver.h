// A real HTTP and HTTPS server on loopback (http_receiver.py), which answers as a test tells it to.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/sinks/child_process.h"
#include "tests/sinks/temporary_directory.h"

namespace tocsin::sinks {

// A certificate for localhost and 127.0.0.1 that is its own authority.
class TestCertificate {
 public:
  TestCertificate() {
    const std::string command = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=localhost "
        "-addext subjectAltName=DNS:localhost,DNS:hooks.localhost,IP:127.0.0.1 -keyout {} -out {} "
        "2>/dev/null",
        key(), certificate());
    made_ = std::system(command.c_str()) == 0;
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string certificate() const { return directory_.path() / "certificate.pem"; }
  [[nodiscard]] std::string key() const { return directory_.path() / "key.pem"; }

 private:
  TemporaryDirectory directory_;
  bool made_ = false;
};

struct ReceivedRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpReceiver {
 public:
  HttpReceiver()
      : process_({"python3", std::string(TOCSIN_SOURCE_DIR) + "/tests/sinks/http_receiver.py",
                  certificate_.certificate(), certificate_.key()}) {
    const auto ports = nlohmann::json::parse(process_.read_line(), nullptr, false);
    if (ports.is_object()) {
      http_ = ports.at("http");
      https_ = ports.at("https");
    }
  }

  [[nodiscard]] std::string http(std::string_view host = "127.0.0.1") const {
    return fmt::format("http://{}:{}/alerts", host, http_);
  }
  [[nodiscard]] std::string https(std::string_view host = "localhost") const {
    return fmt::format("https://{}:{}/alerts", host, https_);
  }
  [[nodiscard]] std::string ca_file() const { return certificate_.certificate(); }

  // What the next requests get; the last answer stays.
  void answer(const nlohmann::json& answers) const {
    (void)process_.ask(nlohmann::json{{"answers", answers}}.dump());
  }
  void answer_as_slack() const { (void)process_.ask(R"({"slack": true})"); }

  [[nodiscard]] std::vector<ReceivedRequest> received() const {
    std::vector<ReceivedRequest> requests;
    for (const auto& request : nlohmann::json::parse(process_.ask(R"({"received": true})"))) {
      requests.push_back({.method = request.at("method"),
                          .path = request.at("path"),
                          .headers = request.at("headers"),
                          .body = from_base64(request.at("body"))});
    }
    return requests;
  }

 private:
  static std::string from_base64(const std::string& text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned int bits = 0;
    int count = 0;
    for (const char c : text) {
      if (c == '=') break;
      bits = (bits << 6U) | static_cast<unsigned int>(kDigits.find(c));
      count += 6;
      if (count >= 8) {
        count -= 8;
        bytes += static_cast<char>((bits >> static_cast<unsigned int>(count)) & 0xFFU);
      }
    }
    return bytes;
  }

  TestCertificate certificate_;
  ChildProcess process_;
  int http_ = 0;
  int https_ = 0;
};

}  // namespace tocsin::sinks
