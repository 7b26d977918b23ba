#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <ctime>
#include <set>

#include "tests/sinks/http_receiver.h"
#include "tests/sinks/sink_contract.h"

namespace tocsin::sinks {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;
using Outcome = notify::Attempt::Outcome;

class WebhookHarness {
 public:
  [[nodiscard]] SinkSettings settings() const {
    return {.kind = "webhook",
            .texts = {{"url", receiver_.http() + "/" + std::string(kSecret)},
                      {"secret", std::string(kSecret)},
                      {"timeout", "5s"}},
            .maps = {{"headers", {{"Authorization", "Bearer " + std::string(kSecret)}}}},
            .lists = {{"allow", {"127.0.0.1"}}}};
  }
  [[nodiscard]] SinkSettings unusable() const {
    return {.kind = "webhook",
            .texts = {{"url", "https://user:" + std::string(kSecret) + "@example.com"}},
            .maps = {}};
  }
  [[nodiscard]] std::vector<std::string> received() const {
    std::vector<std::string> taken;
    const auto requests = receiver_.received();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!refused_.contains(i))
        taken.push_back(requests[i].headers.at("idempotency-key") + "\n" + requests[i].body);
    }
    return taken;
  }
  void break_destination() {
    first_refused_ = receiver_.received().size();
    receiver_.answer(Json::array({{{"status", 503}, {"body", "down"}}}));
  }
  void mend_destination() {
    for (std::size_t i = first_refused_; i < receiver_.received().size(); ++i) refused_.insert(i);
    receiver_.answer(Json::array({{{"status", 200}}}));
  }

 private:
  HttpReceiver receiver_;
  std::size_t first_refused_ = 0;
  std::set<std::size_t> refused_;  // requests of an outage
};

INSTANTIATE_TYPED_TEST_SUITE_P(Webhook, SinkContract, WebhookHarness);

std::string hmac(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

class WebhookSinkTest : public ::testing::Test {
 protected:
  // One attempt by a new sink.
  static notify::Attempt attempt(SinkSettings settings,
                                 const notify::Notification& notification = contract_notification("id-1")) {
    settings.kind = "webhook";
    const auto sink = find_sink("webhook")->make(settings);
    const auto opened = sink->open();
    EXPECT_TRUE(opened) << describe(opened.error());
    return sink->deliver(notification);
  }
  [[nodiscard]] SinkSettings to_http() const {
    return {.kind = "webhook",
            .texts = {{"url", receiver_.http()}, {"timeout", "5s"}},
            .maps = {},
            .lists = {{"allow", {"127.0.0.1"}}}};
  }
  notify::Attempt answered(const Json& answer) const {
    receiver_.answer(Json::array({answer}));
    return attempt(to_http());
  }

  HttpReceiver receiver_;
};

TEST_F(WebhookSinkTest, PostsThePayloadWithItsIdAndASignatureThatAReceiverCanCheck) {
  SinkSettings settings = to_http();
  settings.texts["secret"] = "shared";
  settings.maps["headers"] = {{"X-Team", "soc"}};
  EXPECT_EQ(attempt(settings).outcome, Outcome::Delivered);
  const auto requests = receiver_.received();
  ASSERT_THAT(requests, SizeIs(1));
  const auto& [method, path, headers, body] = requests[0];
  EXPECT_EQ(method, "POST");
  EXPECT_EQ(path, "/alerts");
  EXPECT_EQ(body, contract_notification("id-1").payload);
  EXPECT_EQ(headers.at("content-type"), "application/json");
  EXPECT_EQ(headers.at("idempotency-key"), "id-1");
  EXPECT_THAT(headers.at("user-agent"), HasSubstr("Tocsin"));
  EXPECT_EQ(headers.at("x-team"), "soc");
  const std::string timestamp = headers.at("tocsin-timestamp");
  EXPECT_NEAR(std::stod(timestamp), static_cast<double>(std::time(nullptr)), 60);
  EXPECT_EQ(headers.at("tocsin-signature"), "v1=" + hmac("shared", timestamp + "." + body));
}

TEST_F(WebhookSinkTest, WithoutASecretNothingIsSigned) {
  EXPECT_EQ(attempt(to_http()).outcome, Outcome::Delivered);
  EXPECT_FALSE(receiver_.received().at(0).headers.contains("tocsin-signature"));
}

TEST_F(WebhookSinkTest, StatusDecides) {
  for (const int status : {200, 201, 202, 204, 299})
    EXPECT_EQ(answered({{"status", status}}).outcome, Outcome::Delivered) << status;
  for (const int status : {408, 429, 500, 502, 503, 504, 599})
    EXPECT_EQ(answered({{"status", status}}).outcome, Outcome::Retry) << status;
  for (const int status : {429, 502, 503, 504}) EXPECT_TRUE(answered({{"status", status}}).away) << status;
  for (const int status : {200, 404, 408, 500, 599})
    EXPECT_FALSE(answered({{"status", status}}).away) << status;
  for (const int status : {304, 400, 401, 403, 404, 410, 413, 422})
    EXPECT_EQ(answered({{"status", status}}).outcome, Outcome::Rejected) << status;
}

TEST_F(WebhookSinkTest, AnswerIsQuotedOnOneShortLine) {
  const auto refused =
      answered({{"status", 400}, {"body", "no such\r\n  tenant \x01" + std::string(5000, 'x')}});
  EXPECT_THAT(refused.detail, AllOf(HasSubstr("answered 400: no such tenant x"), Not(HasSubstr("\n"))));
  EXPECT_LT(refused.detail.size(), 400U);
}

TEST_F(WebhookSinkTest, RetryAfterIsHonouredInBothItsForms) {
  EXPECT_EQ(answered({{"status", 429}, {"headers", {{"Retry-After", "7"}}}}).retry_after, 7s);
  EXPECT_EQ(answered({{"status", 503}, {"headers", {{"Retry-After", "86400"}}}}).retry_after, 5min);
  EXPECT_EQ(answered({{"status", 503}, {"headers", {{"Retry-After", "soon"}}}}).retry_after, std::nullopt);
  std::array<char, 64> date{};
  const std::time_t then = std::time(nullptr) + 120;
  std::tm parts{};
  ::gmtime_r(&then, &parts);
  std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  const auto later = answered({{"status", 503}, {"headers", {{"Retry-After", date.data()}}}}).retry_after;
  ASSERT_TRUE(later);
  EXPECT_GT(*later, 60s);
  EXPECT_LE(*later, 120s);
}

TEST_F(WebhookSinkTest, ReceiverThatHangsIsLeftAfterTheTimeout) {
  receiver_.answer(Json::array({{{"do", "hang"}}}));
  SinkSettings settings = to_http();
  settings.texts["timeout"] = "200ms";
  const auto hung = attempt(settings);
  EXPECT_EQ(hung.outcome, Outcome::Retry);
  EXPECT_EQ(hung.detail, "no answer within 200ms");
  EXPECT_TRUE(hung.away);
}

TEST_F(WebhookSinkTest, BodyThatNeverEndsChangesNothing) {
  SinkSettings settings = to_http();
  settings.texts["timeout"] = "500ms";
  for (const char* how : {"drip", "flood"}) {
    receiver_.answer(Json::array({{{"do", how}, {"status", 200}}}));
    EXPECT_EQ(attempt(settings).outcome, Outcome::Delivered) << how;
    receiver_.answer(Json::array({{{"do", how}, {"status", 500}}}));
    EXPECT_EQ(attempt(settings).outcome, Outcome::Retry) << how;
  }
}

TEST_F(WebhookSinkTest, ConnectionThatBreaksOrIsRefusedIsRetried) {
  EXPECT_EQ(answered({{"do", "close"}}).outcome, Outcome::Retry);
  SinkSettings settings = to_http();
  settings.texts["url"] = "http://127.0.0.1:1/";
  EXPECT_EQ(attempt(settings).outcome, Outcome::Retry);
  EXPECT_TRUE(attempt(settings).away);
  settings.texts["url"] = "http://no-such-name.invalid/";
  EXPECT_EQ(attempt(settings).outcome, Outcome::Retry);
}

TEST_F(WebhookSinkTest, RedirectThatKeepsThePostIsFollowed) {
  receiver_.answer(Json::array({{{"status", 307}, {"headers", {{"Location", "/two"}}}},
                                {{"status", 308}, {"headers", {{"Location", receiver_.http()}}}},
                                {{"status", 200}}}));
  EXPECT_EQ(attempt(to_http()).outcome, Outcome::Delivered);
  const auto requests = receiver_.received();
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_EQ(requests[1].path, "/two");
  EXPECT_EQ(requests[2].body, requests[0].body);
  EXPECT_EQ(requests[2].headers.at("idempotency-key"), "id-1");
}

TEST_F(WebhookSinkTest, RedirectIsNotFollowedForEver) {
  receiver_.answer(Json::array({{{"status", 307}, {"headers", {{"Location", "/again"}}}}}));
  const auto refused = attempt(to_http());
  EXPECT_EQ(refused.outcome, Outcome::Rejected);
  EXPECT_THAT(receiver_.received(), SizeIs(4));
}

TEST_F(WebhookSinkTest, RedirectThatWouldDropThePostNamesItsTarget) {
  for (const int status : {301, 302, 303}) {
    const auto refused =
        answered({{"status", status}, {"headers", {{"Location", "https://login.example.com/token?x=y"}}}});
    EXPECT_EQ(refused.outcome, Outcome::Rejected) << status;
    EXPECT_THAT(refused.detail, AllOf(HasSubstr("https://login.example.com"), Not(HasSubstr("token"))))
        << status;
  }
  EXPECT_EQ(answered({{"status", 302}}).outcome, Outcome::Rejected);
}

TEST_F(WebhookSinkTest, RedirectReachesNoMetadataService) {
  for (const char* target :
       {"http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/", "http://2852039166/", "http://0xa9.0xfe.0xa9.0xfe/"}) {
    const auto refused = answered({{"status", 307}, {"headers", {{"Location", target}}}});
    EXPECT_EQ(refused.outcome, Outcome::Rejected) << target;
    EXPECT_THAT(refused.detail, HasSubstr("allow")) << target;
  }
  const auto file = answered({{"status", 307}, {"headers", {{"Location", "file:///etc/passwd"}}}});
  EXPECT_EQ(file.outcome, Outcome::Rejected);
}

TEST_F(WebhookSinkTest, SecretHeadersStayWithTheirOrigin) {
  const HttpReceiver other;
  receiver_.answer(Json::array({{{"status", 307}, {"headers", {{"Location", other.http()}}}}}));
  SinkSettings settings = to_http();
  settings.maps["headers"] = {{"Authorization", "Bearer s"}};
  settings.texts["secret"] = "between the two";
  EXPECT_EQ(attempt(settings).outcome, Outcome::Delivered);
  for (const char* name : {"authorization", "tocsin-timestamp", "tocsin-signature"}) {
    EXPECT_TRUE(receiver_.received().at(0).headers.contains(name)) << name;
    EXPECT_FALSE(other.received().at(0).headers.contains(name)) << name;
  }
}

TEST_F(WebhookSinkTest, NameThatLeadsToLoopbackIsRefusedUnlessItIsAllowed) {
  SinkSettings settings = to_http();
  settings.texts["url"] = receiver_.http("hooks.localhost");  // libcurl takes it to 127.0.0.1 or ::1
  settings.lists["allow"] = {"10.0.0.0/8"};
  const auto refused = attempt(settings);
  EXPECT_EQ(refused.outcome, Outcome::Rejected);
  EXPECT_THAT(refused.detail, AllOf(HasSubstr("hooks.localhost is at"), HasSubstr("loopback")));
  EXPECT_THAT(receiver_.received(), IsEmpty());
  settings.lists["allow"] = {"hooks.localhost"};
  EXPECT_EQ(attempt(settings).outcome, Outcome::Delivered);
}

TEST_F(WebhookSinkTest, TlsIsVerified) {
  SinkSettings settings = to_http();
  settings.texts["url"] = receiver_.https();
  settings.lists["allow"] = {"localhost", "127.0.0.0/8", "::1"};
  const auto unknown = attempt(settings);
  EXPECT_EQ(unknown.outcome, Outcome::Retry);
  EXPECT_THAT(unknown.detail, HasSubstr("certificate"));
  EXPECT_THAT(receiver_.received(), IsEmpty());
  settings.texts["ca_file"] = receiver_.ca_file();
  EXPECT_EQ(attempt(settings).outcome, Outcome::Delivered);
  // The right authority, the wrong name.
  settings.texts["url"] = receiver_.https("127.0.0.2");
  EXPECT_EQ(attempt(settings).outcome, Outcome::Retry);
  EXPECT_THAT(receiver_.received(), SizeIs(1));
}

TEST_F(WebhookSinkTest, RedirectNeverLeavesTls) {
  SinkSettings settings = to_http();
  settings.texts["url"] = receiver_.https();
  settings.texts["ca_file"] = receiver_.ca_file();
  settings.lists["allow"] = {"localhost", "127.0.0.1"};
  receiver_.answer(Json::array({{{"status", 307}, {"headers", {{"Location", receiver_.http()}}}}}));
  EXPECT_EQ(attempt(settings).outcome, Outcome::Rejected);
  EXPECT_THAT(receiver_.received(), SizeIs(1));
}

TEST_F(WebhookSinkTest, ProxyOfTheEnvironmentIsNotUsed) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(attempt(to_http()).outcome, Outcome::Delivered);
  ::unsetenv("http_proxy");
}

TEST_F(WebhookSinkTest, LargePayloadsAndAnyBytesArriveAsTheyAre) {
  auto notification = contract_notification("id-1");
  notification.payload =
      "{\"x\":\"" + std::string(std::size_t{1} << 20U, 'x') + std::string("\0\xFF\r\n", 4) + "\"}";
  EXPECT_EQ(attempt(to_http(), notification).outcome, Outcome::Delivered);
  EXPECT_EQ(receiver_.received().at(0).body, notification.payload);
}

TEST_F(WebhookSinkTest, HeadersThatAreNotTheUsersToSetStopTheStart) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"Content-Length", "1"},
                                                                      {"idempotency-key", "x"},
                                                                      {"Tocsin-Signature", "x"},
                                                                      {"X Y", "x"},
                                                                      {"X-Y", "a\r\nHost: b"}}) {
    SinkSettings settings = to_http();
    settings.maps["headers"] = {{name, value}};
    EXPECT_FALSE(find_sink("webhook")->make(settings)->open()) << name;
    EXPECT_EQ(find_sink("webhook")->review(settings).at(0).option, "headers") << name;
  }
}

}  // namespace
}  // namespace tocsin::sinks
