#include "sinks/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "sinks/curl_easy.h"
#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

constexpr std::size_t kMaxQuote = 300;  // bytes of an answer

}  // namespace

class SmtpClient::Transfer {
 public:
  explicit Transfer(SmtpServer server) : server_(std::move(server)), handle_(make_curl_easy()) {}

  SmtpAnswer send(const std::string& from, const std::vector<std::string>& recipients,
                  const std::string& message) {
    answer_ = {};
    answer_.recipients.resize(recipients.size());
    asked_ = 0;
    awaited_ = false;
    rest_ = message;
    last_reply_.clear();
    CURL* handle = handle_.get();
    curl_easy_reset(handle);
    CurlList list;
    for (const std::string& recipient : recipients) append(list, ("<" + recipient + ">").c_str());
    std::array<char, CURL_ERROR_SIZE> error{};
    const std::string url =
        fmt::format("{}://{}", server_.tls == SmtpTls::Tls ? "smtps" : "smtp", server_.address);
    const std::string sender = "<" + from + ">";
    set_option(handle, CURLOPT_URL, url.c_str());
    set_option(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_option(handle, CURLOPT_PROXY, "");
    set_option(handle, CURLOPT_NOSIGNAL, 1L);
    set_option(handle, CURLOPT_USE_SSL,
               static_cast<long>(server_.tls == SmtpTls::None ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set_option(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!server_.ca_file.empty()) {
      set_option(handle, CURLOPT_CAINFO, server_.ca_file.c_str());
      set_option(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    if (!server_.user.empty()) {
      set_option(handle, CURLOPT_USERNAME, server_.user.c_str());
      set_option(handle, CURLOPT_PASSWORD, server_.password.c_str());
    }
    set_option(handle, CURLOPT_MAIL_FROM, sender.c_str());
    set_option(handle, CURLOPT_MAIL_RCPT, list.get());
    set_option(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    set_option(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(server_.timeout.count()));
    set_option(handle, CURLOPT_UPLOAD, 1L);
    set_option(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.size()));
    set_option(handle, CURLOPT_READFUNCTION, &Transfer::on_read);
    set_option(handle, CURLOPT_READDATA, this);
    set_option(handle, CURLOPT_ERRORBUFFER, error.data());
    // libcurl tells the last answer only; which recipient got which is in what it shows of the dialogue.
    set_option(handle, CURLOPT_VERBOSE, 1L);
    set_option(handle, CURLOPT_DEBUGFUNCTION, &Transfer::on_dialogue);
    set_option(handle, CURLOPT_DEBUGDATA, this);

    const CURLcode code = curl_easy_perform(handle);
    answer_.taken = code == CURLE_OK;
    if (!answer_.taken) explain(code, error.data());
    return std::move(answer_);
  }

 private:
  void explain(CURLcode code, const char* error) {
    answer_.login = code == CURLE_LOGIN_DENIED;
    const bool refused = last_code_of(last_reply_) >= 400;
    answer_.code = refused ? last_code_of(last_reply_) : 0;
    if (code == CURLE_OPERATION_TIMEDOUT) {
      answer_.trouble = fmt::format("no answer within {}", format_duration(server_.timeout));
    } else if (refused) {
      answer_.trouble = one_line(last_reply_, kMaxQuote);
    } else {
      answer_.trouble = *error == '\0' ? curl_easy_strerror(code) : error;
    }
  }

  static int last_code_of(std::string_view reply) {
    if (reply.size() < 3 ||
        !std::ranges::all_of(reply.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; }))
      return 0;
    return (reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0');
  }

  // A command, or a line of a reply. Only `RCPT TO` is looked at: logins pass by here, too.
  void note(curl_infotype type, std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (type == CURLINFO_HEADER_OUT) {
      awaited_ = line.starts_with("RCPT TO:");
      if (awaited_) ++asked_;
      return;
    }
    const bool more = line.size() > 3 && line[3] == '-';
    last_reply_ = line;
    if (more || !awaited_ || asked_ > answer_.recipients.size()) return;
    awaited_ = false;
    answer_.recipients[asked_ - 1] = {.code = last_code_of(line), .text = one_line(line, kMaxQuote)};
  }

  static int on_dialogue(CURL* /*handle*/, curl_infotype type, char* data, std::size_t size, void* self) {
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_HEADER_IN)
      static_cast<Transfer*>(self)->note(type, std::string_view(data, size));
    return 0;
  }

  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
    std::string_view& rest = static_cast<Transfer*>(self)->rest_;
    const std::size_t length = std::min(size * count, rest.size());
    std::memcpy(buffer, rest.data(), length);
    rest.remove_prefix(length);
    return length;
  }

  const SmtpServer server_;
  CurlEasy handle_;
  // Of the attempt that runs.
  SmtpAnswer answer_;
  std::size_t asked_ = 0;  // recipients so far
  bool awaited_ = false;   // the next reply is of the last one
  std::string last_reply_;
  std::string_view rest_;  // of the message
};

SmtpClient::SmtpClient(SmtpServer server) : transfer_(std::make_unique<Transfer>(std::move(server))) {}
SmtpClient::~SmtpClient() = default;
SmtpClient::SmtpClient(SmtpClient&&) noexcept = default;

SmtpAnswer SmtpClient::send(const std::string& from, const std::vector<std::string>& recipients,
                            const std::string& message) {
  return transfer_->send(from, recipients, message);
}

}  // namespace tocsin::sinks
