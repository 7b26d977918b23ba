#include "config/secret.h"

#include <array>
#include <vector>

#include "config/diagnostic.h"
#include "config/file_content.h"

namespace tocsin::config {
namespace {

constexpr std::array<std::string_view, 5> kKafkaSecrets{"sasl.password", "ssl.key.password",
                                                        "ssl.keystore.password", "ssl.key.pem",
                                                        "sasl.oauthbearer.client.secret"};
constexpr std::array<std::string_view, 13> kSecretWords{
    "password",    "passwd",      "passphrase", "secret",  "token",         "credential", "private_key",
    "webhook_url", "routing_key", "jaas",       "api_key", "authorization", "access_key"};
constexpr std::array<std::string_view, 3> kDestinations{"slack", "email", "webhook"};
constexpr std::size_t kMaxSecretBytes = 64 * 1024;

}  // namespace

std::span<const std::string_view> kafka_secrets() { return kKafkaSecrets; }

bool names_secret(std::string_view key) {
  std::string name;
  for (const char c : key) {
    name += c == '-' ? '_' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (name.ends_with("_file")) return false;
  for (const std::string_view word : kSecretWords) {
    if (name.find(word) != std::string::npos) return true;
  }
  return !nearest(name, {kKafkaSecrets.begin(), kKafkaSecrets.end()}).empty();
}

bool names_destination(std::string_view key) {
  return !nearest(key, {kDestinations.begin(), kDestinations.end()}).empty();
}

Result<std::string> read_secret(const std::string& path) {
  auto content = read_file(path, kMaxSecretBytes);
  if (!content) return content;
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) return fail(ErrorCode::Invalid, "the file is empty", path);
  return content;
}

}  // namespace tocsin::config
