// A real mail server on loopback: Exim with a configuration, a spool and a port of its own. It offers
// STARTTLS, demands a login, takes mail for example.com only, and has never heard of nobody@example.com.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/sinks/child_process.h"
#include "tests/sinks/http_receiver.h"
#include "tests/sinks/temporary_directory.h"

namespace tocsin::sinks {

class SmtpReceiver {
 public:
  static constexpr const char* kUser = "tocsin";
  static constexpr const char* kPassword = "correct-horse-battery-staple";

  SmtpReceiver() : port_(free_port()) {
    const passwd* user = ::getpwuid(::geteuid());
    if (user == nullptr || ::access(kExim, X_OK) != 0) return;
    std::filesystem::create_directories(root() + "/mail");
    // Exim never writes mail as root, so the writer is another user then.
    for (const std::string& folder : {root(), root() + "/mail"})
      std::filesystem::permissions(folder, std::filesystem::perms::all);
    std::ofstream(root() + "/exim.conf") << configuration(user->pw_name);
    process_ = std::make_unique<ChildProcess>(std::vector<std::string>{
        kExim, "-C", root() + "/exim.conf", "-bdf", "-odi", "-oX", std::to_string(port_)});
    for (int i = 0; i < 1000 && !answers_; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      answers_ = connects();
    }
  }

  // Empty when it runs.
  [[nodiscard]] std::string why_not() const {
    return answers_ ? "" : fmt::format("{} does not run here: install exim4-daemon-light", kExim);
  }
  [[nodiscard]] std::string server() const { return fmt::format("localhost:{}", port_); }
  [[nodiscard]] std::string ca_file() const { return certificate_.certificate(); }

  // Whose mail is put off while the switch is on: everybody's ("down"), that of later@example.com
  // ("greylist").
  void turn_on(const std::string& name) const { std::ofstream(root() + "/" + name) << "on"; }
  void turn_off(const std::string& name) const { std::filesystem::remove(root() + "/" + name); }

  ~SmtpReceiver() { settle(); }
  SmtpReceiver(const SmtpReceiver&) = delete;
  SmtpReceiver& operator=(const SmtpReceiver&) = delete;

  // The mails that a recipient of example.com has, once all that was accepted is in its box.
  [[nodiscard]] std::vector<std::string> mails(const std::string& recipient) const {
    settle();
    return read_mails(recipient);
  }

 private:
  static constexpr const char* kExim = "/usr/sbin/exim4";
  static constexpr std::string_view kEnd = "--end of mail--\n";

  [[nodiscard]] std::string root() const { return directory_.path(); }

  // Exim logs what it accepts before it answers, and what it has put into a box after that.
  void settle() const {
    for (int i = 0; i < 500 && count_in_log(" <= ") > count_in_log(" Completed\n"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  [[nodiscard]] std::size_t count_in_log(std::string_view mark) const {
    std::ifstream file(root() + "/mainlog", std::ios::binary);
    const std::string log{std::istreambuf_iterator<char>(file), {}};
    std::size_t count = 0;
    for (std::size_t at = log.find(mark); at != std::string::npos; at = log.find(mark, at + mark.size()))
      ++count;
    return count;
  }

  [[nodiscard]] std::vector<std::string> read_mails(const std::string& recipient) const {
    std::ifstream file(root() + "/mail/" + recipient, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> mails;
    std::size_t from = 0;
    for (std::size_t end = bytes.find(kEnd); end != std::string::npos; end = bytes.find(kEnd, from)) {
      mails.push_back(bytes.substr(from, end - from));
      from = end + kEnd.size();
    }
    // A process each puts them into the box, in any order; the log has the order in which they came.
    const std::vector<std::string> accepted = accepted_ids();
    std::ranges::stable_sort(mails, {}, [&](const std::string& mail) {
      return std::ranges::find_if(accepted, [&](const std::string& id) { return mail.find(id) != mail.npos; });
    });
    return mails;
  }

  // Exim's names of what it has accepted, which stand in the mails' Received lines.
  [[nodiscard]] std::vector<std::string> accepted_ids() const {
    std::ifstream log(root() + "/mainlog");
    std::vector<std::string> ids;
    std::string line;
    while (std::getline(log, line)) {
      const std::size_t end = line.find(" <= ");
      if (end == std::string::npos) continue;
      const std::size_t start = line.rfind(' ', end - 1) + 1;
      ids.push_back(line.substr(start, end - start));
    }
    return ids;
  }

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static int free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listener, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(listener);
    return ntohs(address.sin_port);
  }

  [[nodiscard]] bool connects() const {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port_);
    const bool connected =
        ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(client);
    return connected;
  }

  [[nodiscard]] std::string configuration(const std::string& user) const {
    std::string text = R"(exim_user = @USER
never_users =
primary_hostname = localhost
spool_directory = @ROOT/spool
log_file_path = @ROOT/%slog
pid_file_path = @ROOT/exim.pid
local_interfaces = <; 127.0.0.1
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = @CERTIFICATE
tls_privatekey = @KEY
acl_smtp_mail = check_sender
acl_smtp_rcpt = check_recipient
begin acl
check_sender:
  defer message = down for maintenance
        condition = ${if exists{@ROOT/down}}
  accept
check_recipient:
  deny message = no such user here
       local_parts = nobody
  defer message = greylisted, come back later
       local_parts = later
       condition = ${if exists{@ROOT/greylist}}
  require authenticated = *
  accept domains = example.com
  deny message = relaying is not allowed
begin routers
all:
  driver = accept
  transport = files
begin transports
files:
  driver = appendfile
  file = @ROOT/mail/${if eq{$local_part}{later}{later}{${if eq{$local_part}{lead}{lead}{soc}}}}
  user = @WRITER
  message_prefix =
  message_suffix = "@END"
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{@LOGIN}}{eq{$auth3}{@PASSWORD}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
)";
    std::string end(kEnd);
    end.replace(end.size() - 1, 1, "\\n");
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"@USER", user},
                                                          {"@WRITER", user == "root" ? "Debian-exim" : user},
                                                          {"@ROOT", root()},
                                                          {"@CERTIFICATE", certificate_.certificate()},
                                                          {"@KEY", certificate_.key()},
                                                          {"@LOGIN", kUser},
                                                          {"@PASSWORD", kPassword},
                                                          {"@END", end}}) {
      for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
        text.replace(at, name.size(), value);
    }
    return text;
  }

  TemporaryDirectory directory_;
  TestCertificate certificate_;
  int port_;
  bool answers_ = false;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace tocsin::sinks
