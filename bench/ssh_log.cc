#include "bench/ssh_log.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "bench/company.h"

namespace tocsin::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kStrangers =
    220;  // addresses in 192.0.2.0/24; a day's noise goes round them fewer than twice

constexpr std::array<std::string_view, 12> kGuessedNames{"admin",    "test",      "oracle", "ubuntu",
                                                         "postgres", "git",       "user",   "jenkins",
                                                         "ftp",      "minecraft", "pi",     "deploy"};

class Daemon {
 public:
  Daemon(std::string_view host, Random& random, Lines& lines)
      : host_(host), process_(1000 + random.below(60'000)), random_(random), lines_(lines) {}

  template <typename... Args>
  void say(EventTime time, fmt::format_string<Args...> format, Args&&... args) {
    const std::string stamp = format_rfc3339(floor_to(time, seconds(1))).substr(0, 19);
    const auto micros = (time - floor_to(time, seconds(1))).count() * 1000 + random_.below(1000);
    std::string text = fmt::format("{}.{:06}+00:00 {} sshd[{}]: ", stamp, micros, host_, process_);
    text += fmt::format(format, std::forward<Args>(args)...);
    text += '\n';
    lines_.push_back({time, Log::Hosts, 0, std::move(text)});
  }

 private:
  std::string_view host_;
  std::uint32_t process_;
  Random& random_;
  Lines& lines_;
};

milliseconds up_to(Duration limit, Random& random) {
  return milliseconds(random.below(static_cast<std::uint32_t>(limit.count())));
}

std::uint32_t port(Random& random) { return 32'768 + random.below(28'000); }

// A user has one key, and so one fingerprint.
std::string fingerprint(std::string_view user) {
  static constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Random key(user.size(), static_cast<unsigned char>(user.front()));
  std::string text;
  for (int i = 0; i < 43; ++i) text += kBase64[key.below(64)];
  return text;
}

}  // namespace

void add_ssh_sessions(EventTime day, std::size_t count, Random& random, Lines& lines) {
  constexpr std::size_t kLinesOfSession = 5;
  const std::size_t sessions = count / kLinesOfSession;
  const auto last_start = std::chrono::hours(24) - minutes(50);  // a session ends on its day
  for (std::size_t i = 0; i < sessions; ++i) {
    const std::string_view user = random.pick(kUsers);
    const std::string from = fmt::format("198.51.100.{}", 240 + random.below(12));
    const std::uint32_t from_port = port(random);
    const std::uint32_t uid = 1000 + static_cast<std::uint32_t>(user.size());
    Daemon sshd(random.pick(kBastions), random, lines);
    EventTime time = day + up_to(last_start, random);
    sshd.say(time, "Accepted publickey for {} from {} port {} ssh2: ED25519 SHA256:{}", user, from, from_port,
             fingerprint(user));
    time += milliseconds(4) + up_to(milliseconds(30), random);
    sshd.say(time, "pam_unix(sshd:session): session opened for user {}(uid={}) by (uid=0)", user, uid);
    time += seconds(5) + up_to(minutes(45), random);
    sshd.say(time, "Received disconnect from {} port {}:11: disconnected by user", from, from_port);
    time += milliseconds(1);
    sshd.say(time, "Disconnected from user {} {} port {}", user, from, from_port);
    time += milliseconds(2);
    sshd.say(time, "pam_unix(sshd:session): session closed for user {}", user);
  }
}

void add_ssh_noise(EventTime day, Random& random, Lines& lines) {
  const Duration spacing = minutes(4);
  for (std::size_t visit = 0; visit < 359; ++visit) {
    EventTime time = day + spacing * static_cast<std::int64_t>(visit) + up_to(spacing, random);
    const std::string from = fmt::format("192.0.2.{}", 10 + visit % kStrangers);
    const std::uint32_t from_port = port(random);
    Daemon sshd(random.pick(kBastions), random, lines);
    const std::string_view name = random.pick(kGuessedNames);
    sshd.say(time, "Invalid user {} from {} port {}", name, from, from_port);
    for (std::uint32_t tries = 1 + random.below(3); tries > 0; --tries) {
      time += seconds(2) + up_to(seconds(3), random);
      sshd.say(time, "Failed password for invalid user {} from {} port {} ssh2", name, from, from_port);
    }
    time += milliseconds(300);
    sshd.say(time, "Connection closed by invalid user {} {} port {} [preauth]", name, from, from_port);
  }
}

void add_ssh_guessing(EventTime start, Duration span, std::size_t count, std::string_view address,
                      Random& random, Lines& lines) {
  std::vector<Daemon> bastions;
  for (const std::string_view host : kBastions) bastions.emplace_back(host, random, lines);
  for (std::size_t i = 0; i < count; ++i) {
    const EventTime time = start + (up_to(span, random) + up_to(span, random)) / 2;  // most of them half-way
    Daemon& sshd = bastions[i % bastions.size()];
    if (i % 4 == 0) {
      sshd.say(time, "Failed password for root from {} port {} ssh2", address, port(random));
    } else {
      sshd.say(time, "Failed password for invalid user {} from {} port {} ssh2", random.pick(kGuessedNames),
               address, port(random));
    }
  }
}

}  // namespace tocsin::bench
