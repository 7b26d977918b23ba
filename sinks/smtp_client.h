// Hands a mail to an SMTP server. Wraps libcurl.
//
// One send is one attempt, bounded by its timeout. TLS, where it is asked for, is demanded and verified. Each
// recipient gets an answer of its own: a server may take the mail for some and refuse others. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace tocsin::sinks {

enum class SmtpTls : std::uint8_t { StartTls, Tls, None };

struct SmtpServer {
  std::string address;  // "mail.example.com:587"
  SmtpTls tls = SmtpTls::StartTls;
  std::string user;  // empty: no login
  std::string password;
  std::string ca_file;  // empty: the system's authorities
  Duration timeout{};
};

struct SmtpAnswer {
  // Of each recipient: 250, what refused it, or 0 where it was not reached.
  struct Recipient {
    int code = 0;
    std::string text;  // one line, with the code
  };
  std::vector<Recipient> recipients;
  bool taken = false;   // the server has the mail, for the recipients with 250
  int code = 0;         // otherwise: of the answer that ended the attempt; 0: there was none
  bool login = false;   // it was the login that failed
  std::string trouble;  // in words
};

class SmtpClient {
 public:
  explicit SmtpClient(SmtpServer server);
  ~SmtpClient();
  SmtpClient(SmtpClient&&) noexcept;

  // Addresses are bare; `message` has its line ends as CRLF.
  [[nodiscard]] SmtpAnswer send(const std::string& from, const std::vector<std::string>& recipients,
                                const std::string& message);

 private:
  class Transfer;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace tocsin::sinks
