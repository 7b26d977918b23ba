#include "bench/application_line.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>

namespace tocsin::bench {
namespace {

// What services say. `#` stands for a number, `@` for an id of eight digits, `%` for a host, `~` for a user.
struct Saying {
  std::string_view level;
  std::string_view where;
  std::string_view text;
  std::uint32_t weight;  // its share of the lines
};

constexpr std::array<Saying, 24> kSayings{{
    {"INFO", "http.AccessLog", "GET /orders/@ status=200 bytes=# took # ms for ~ from %", 220},
    {"INFO", "http.AccessLog", "POST /carts/@/items status=201 bytes=# took # ms for ~ from %", 120},
    {"INFO", "http.AccessLog", "GET /products/@ status=304 bytes=0 took # ms for ~ from %", 90},
    {"INFO", "http.AccessLog", "GET /orders/@ status=404 bytes=# took # ms for ~ from %", 14},
    {"ERROR", "http.AccessLog", "POST /payments/@ status=503 bytes=# took # ms for ~ from %", 5},
    {"INFO", "orders.OrderService", "order @ of customer ~ accepted with # items, packed on %", 110},
    {"INFO", "orders.Shipping", "parcel @ handed over to carrier at dock # by ~ on %", 60},
    {"DEBUG", "cache.Regions", "evicted # entries of region products after # ms, # left on %", 80},
    {"DEBUG", "db.Pool", "connection @ to % returned after # ms, # of 64 in use", 80},
    {"WARN", "db.Pool", "connection @ to % was idle for # s and is closed, # of 64 left in the pool", 18},
    {"WARN", "db.Slow", "query @ took # ms on %: SELECT sku, amount FROM stock WHERE warehouse = #", 16},
    {"ERROR", "db.Pool", "connection @ to % refused: Connection timed out after # ms, try # of 5", 4},
    {"INFO", "queue.Consumer", "batch @ of # messages from topic invoices partition # done in # ms on %", 70},
    {"WARN", "queue.Consumer", "consumer lag of topic invoices partition # is # messages behind on %", 12},
    {"ERROR", "queue.Consumer",
     "message @ of topic invoices cannot be read: unexpected end of input at byte #", 3},
    {"INFO", "auth.Sessions", "session @ of user ~ opened from % with totp, valid # min", 40},
    {"WARN", "auth.Sessions", "login of user ~ from % failed: wrong password, attempt # of 5 for session @",
     9},
    {"WARN", "auth.Sessions", "user ~ is locked for # min after 5 attempts from %, ticket @ was opened", 2},
    {"INFO", "jobs.Scheduler", "job nightly-report-@ finished after # s with exit code 0 on %", 20},
    {"ERROR", "jobs.Scheduler", "job nightly-report-@ failed after # s with exit code # on %", 3},
    {"ERROR", "payments.Gateway", "payment @ of customer ~ declined: insufficient funds, code # from %", 6},
    {"ERROR", "app.Errors", "java.lang.NullPointerException: basket of customer ~ has no item @ on %", 2},
    {"ERROR", "app.Memory",
     "java.lang.OutOfMemoryError: Java heap space, dump # written to /var/dumps/@.hprof on %", 1},
    {"INFO", "app.Health", "heartbeat # of % answered in # ms, threads=# heap=# MB, build @", 35},
}};

constexpr std::array<std::string_view, 10> kUsers{"jmeyer", "akhan",  "lsilva",  "pnovak",  "mrossi",
                                                  "twong",  "dlopez", "sgarcia", "bjensen", "root"};
constexpr std::array<std::string_view, 6> kSites{"ber", "fra", "dub", "iad", "sin", "gru"};

const Saying& draw(Random& random) {
  static const std::uint32_t total = [] {
    std::uint32_t sum = 0;
    for (const Saying& saying : kSayings) sum += saying.weight;
    return sum;
  }();
  std::uint32_t at = random.below(total);
  for (const Saying& saying : kSayings) {
    if (at < saying.weight) return saying;
    at -= saying.weight;
  }
  return kSayings.back();
}

// Small numbers are frequent, large ones rare.
std::uint32_t number(Random& random) { return random.below(1u << (4 + random.below(9))); }

void append_filled(std::string_view text, Random& random, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '#':
        out += fmt::format("{}", number(random));
        break;
      case '@':
        out += fmt::format("{:08}", random.below(100'000'000));
        break;
      case '%':
        out += fmt::format("{}-{}", random.pick(kSites), random.below(40));
        break;
      case '~':
        out += random.pick(kUsers);
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

std::string application_line(EventTime time, Random& random) {
  const Saying& saying = draw(random);
  std::string line = fmt::format("{} {} [worker-{}] {} - ", format_rfc3339(time), saying.level,
                                 random.below(16), saying.where);
  append_filled(saying.text, random, line);
  return line;
}

std::vector<std::string> application_regexes() {
  std::vector<std::string> regexes{
      R"(ERROR)",
      R"(status=5[0-9][0-9])",
      R"(status=4(?:0[0-9]|1[0-9]))",
      R"(took [0-9]{4,} ms)",
      R"(OutOfMemoryError)",
      R"(java\.lang\.[A-Za-z]+Exception)",
      R"(login of user (\S+) from (\S+) failed: wrong password)",
      R"(attempt [3-5] of 5)",
      R"(user root is locked)",
      R"(Connection (?:timed out|reset|refused))",
      R"(lag of topic \S+ partition [0-9]+ is [0-9]{4,} messages)",
      R"(exit code [1-9][0-9]*)",
      R"(declined: (?:insufficient funds|card expired))",
      R"(unexpected end of input at byte [0-9]+$)",
      R"(\[worker-1[0-5]\] db\.)",
      R"(heap=[0-9]{4,} MB)",
      R"((?i)out of memory)",
      R"(WARN .* db\.Slow .* FROM stock)",
      R"(evicted [0-9]{4,} entries)",
      R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}T00:0[0-4]:.* ERROR )",
  };
  for (const std::string_view site : kSites) {
    for (int node = 0; node < 40 && regexes.size() < 100; node += 8) {
      const std::string host = fmt::format(R"({}-{}\b)", site, node);
      switch (regexes.size() % 4) {
        case 0:
          regexes.push_back(fmt::format("ERROR .* {}", host));
          break;
        case 1:
          regexes.push_back(fmt::format("took [0-9]{{3,}} ms .* from {}", host));
          break;
        case 2:
          regexes.push_back(fmt::format("(?:refused|failed|declined).* {}", host));
          break;
        default:
          regexes.push_back(fmt::format("user (?:{}|root) from {}", kUsers[regexes.size() % 9], host));
      }
    }
  }
  static constexpr std::array<std::string_view, 10> kNeverSaid{
      "segfault at [0-9a-f]+", "panic: runtime error",
      "disk [a-z]+ is full",   "certificate .* expires in [0-9]+ days",
      "deadlock detected",     "kernel: BUG",
      "checksum .* mismatch",  "replica [a-z-]+ fell behind",
      "quota of .* exceeded",  "fsync failed"};
  for (std::size_t i = 0; regexes.size() < 100; ++i) {
    const std::string_view what = kNeverSaid[i % kNeverSaid.size()];
    regexes.push_back(i < kNeverSaid.size() ? std::string(what)
                                            : fmt::format("{} on {}-{}", what, kSites[i % kSites.size()], i));
  }
  return regexes;
}

}  // namespace tocsin::bench
