#include "tests/kafka/broker.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kStartLimit = 120s;
constexpr auto kStopLimit = 60s;
constexpr int kPortTries = 3;
constexpr const char* kClusterId = "dG9jc2luLXRlc3RzLTAwMA";  // any 16 bytes, in Base64

// A loopback port that is free now, held until destruction: several at once are different ones.
class FreePort {
 public:
  FreePort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, size) != 0 || ::getsockname(socket_, generic, &size) != 0) {
      throw std::runtime_error("no free loopback port");
    }
    number_ = ntohs(address.sin_port);
  }
  ~FreePort() { ::close(socket_); }
  FreePort(const FreePort&) = delete;
  FreePort& operator=(const FreePort&) = delete;

  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

// Small in every dimension: one user, short lives. The session is short because a broker that comes back from
// a crash has to wait until its former self is given up.
constexpr std::string_view kProperties = R"(process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{client}{advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
log.segment.bytes=16777216
log.retention.check.interval.ms=5000
log.segment.delete.delay.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
)";

constexpr std::string_view kSecurity = R"(ssl.keystore.type=PEM
ssl.keystore.location={certificate}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
  user_{user}="{password}";
)";

constexpr std::string_view kLogging = R"(log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %m (%c)%n
)";

std::string tail(const std::string& text) {
  constexpr std::size_t kTail = 4000;
  return text.size() <= kTail ? text : text.substr(text.size() - kTail);
}

}  // namespace

Broker::Broker(fs::path jars, std::optional<BrokerSecurity> security, std::string heap)
    : jars_(std::move(jars)), heap_(std::move(heap)), security_(std::move(security)) {
  std::string name = (fs::temp_directory_path() / "tocsin-kafka-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  directory_ = name;
}

Broker::~Broker() {
  process_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string Broker::address() const { return fmt::format("127.0.0.1:{}", client_port_); }
std::string Broker::ssl_address() const { return fmt::format("localhost:{}", ssl_port_); }
std::string Broker::sasl_ssl_address() const { return fmt::format("localhost:{}", sasl_ssl_port_); }

void Broker::start() {
  if (client_port_ != 0) {  // a restart: clients know the port
    launch();
    if (!answers()) throw std::runtime_error("the broker did not come back:\n" + tail(read_file(log())));
    return;
  }
  // Between the choice of a port and its use somebody else may take it.
  for (int tries = 0; tries < kPortTries; ++tries) {
    choose_ports();
    write_files();
    format();
    launch();
    if (answers()) return;
    process_.reset();
  }
  throw std::runtime_error("the broker did not start:\n" + tail(read_file(log())));
}

void Broker::terminate() {
  process_->signal(SIGTERM);
  if (!process_->wait(kStopLimit)) throw std::runtime_error("the broker does not stop");
}

void Broker::kill() {
  process_->signal(SIGKILL);
  if (!process_->wait(kStopLimit)) throw std::runtime_error("the broker does not die");
}

void Broker::pause() { process_->signal(SIGSTOP); }

void Broker::resume() { process_->signal(SIGCONT); }

void Broker::change_password(const std::string& user, const std::string& password) const {
  ChildProcess tool(
      java({"kafka.admin.ConfigCommand", "--bootstrap-server", address(), "--alter", "--entity-type", "users",
            "--entity-name", user, "--add-config", fmt::format("SCRAM-SHA-512=[password={}]", password)}),
      log(), log());
  if (tool.wait(kStartLimit) != 0)
    throw std::runtime_error("cannot set a password:\n" + tail(read_file(log())));
}

std::size_t Broker::resident_bytes() const {
  std::ifstream statistics(fmt::format("/proc/{}/statm", process_->id()));
  std::size_t total = 0;
  std::size_t resident = 0;
  statistics >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void Broker::choose_ports() {
  const FreePort client;
  const FreePort controller;
  const FreePort ssl;
  const FreePort sasl_ssl;
  client_port_ = client.number();
  controller_port_ = controller.number();
  ssl_port_ = ssl.number();
  sasl_ssl_port_ = sasl_ssl.number();
}

void Broker::write_files() const {
  std::ofstream properties(directory_ / "server.properties");
  const auto listeners = [&](std::string_view host) {
    return security_ ? fmt::format(",SSL://{0}:{1},SASL_SSL://{0}:{2}", host, ssl_port_, sasl_ssl_port_) : "";
  };
  properties << fmt::format(fmt::runtime(kProperties), fmt::arg("client", client_port_),
                            fmt::arg("controller", controller_port_), fmt::arg("data", data().string()),
                            fmt::arg("listeners", listeners("127.0.0.1")),
                            fmt::arg("advertised", listeners("localhost")));
  if (security_) {
    properties << fmt::format(fmt::runtime(kSecurity),
                              fmt::arg("certificate", security_->certificate.string()),
                              fmt::arg("user", security_->user), fmt::arg("password", security_->password));
  }
  std::ofstream(directory_ / "log4j.properties") << kLogging;
}

std::vector<std::string> Broker::java(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {
      "java",
      "-Xms128m",
      "-Xmx" + heap_,
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Xss512k",
      "-XX:MaxDirectMemorySize=128m",
      "-Dlog4j.configuration=file:" + (directory_ / "log4j.properties").string(),
      "-cp",
      (jars_ / "*").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

void Broker::format() const {
  fs::remove_all(data());
  std::vector<std::string> arguments{"kafka.tools.StorageTool",
                                     "format",
                                     "-t",
                                     kClusterId,
                                     "-c",
                                     (directory_ / "server.properties").string()};
  if (security_) {
    arguments.push_back("--add-scram");
    arguments.push_back(
        fmt::format("SCRAM-SHA-512=[name={},password={}]", security_->user, security_->password));
  }
  ChildProcess tool(java(arguments), log(), log());
  if (tool.wait(kStartLimit) != 0) throw std::runtime_error("cannot format:\n" + tail(read_file(log())));
}

void Broker::launch() {
  process_ = std::make_unique<ChildProcess>(
      java({"kafka.Kafka", (directory_ / "server.properties").string()}), log(), log());
}

// Waits for an answer to a metadata request, as long as the process lives.
bool Broker::answers() const {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", address().c_str(), nullptr, 0);
  rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "100", nullptr, 0);
  rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  bool answered = false;
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (!answered && process_->running() && std::chrono::steady_clock::now() < deadline) {
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client, 1, nullptr, &metadata, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      answered = metadata->broker_cnt > 0;
      rd_kafka_metadata_destroy(metadata);
    }
  }
  rd_kafka_destroy(client);
  return answered;
}

}  // namespace tocsin::kafka_test
