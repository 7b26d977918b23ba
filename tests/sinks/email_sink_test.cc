#include "sinks/email_message.h"
#include "tests/sinks/alarm_notification.h"
#include "tests/sinks/sink_contract.h"
#include "tests/sinks/smtp_receiver.h"

namespace tocsin::sinks {
namespace {

using alarm::State;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Outcome = notify::Attempt::Outcome;

// A mail without what each transmission adds or changes.
std::string without_transit(const std::string& mail) {
  std::string out;
  bool skipping = false;
  bool body = false;
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = std::min(mail.find('\n', at), mail.size() - 1) + 1;
    const std::string line = mail.substr(at, end - at);
    at = end;
    body = body || line == "\n";
    if (!line.starts_with(' ') && !line.starts_with('\t'))
      skipping = !body && (line.starts_with("Received:") || line.starts_with("Date:"));
    if (!skipping) out += line;
  }
  return out;
}

SinkSettings settings_for(const SmtpReceiver& receiver, std::vector<std::string> to) {
  return {.kind = "email",
          .texts = {{"server", receiver.server()},
                    {"from", "Tocsin <tocsin@example.com>"},
                    {"user", SmtpReceiver::kUser},
                    {"password", SmtpReceiver::kPassword},
                    {"ca_file", receiver.ca_file()}},
          .maps = {},
          .lists = {{"to", std::move(to)}}};
}

class EmailHarness {
 public:
  [[nodiscard]] std::string why_not() const { return receiver_.why_not(); }
  [[nodiscard]] SinkSettings settings() const { return settings_for(receiver_, {"soc@example.com"}); }
  [[nodiscard]] SinkSettings unusable() const {
    SinkSettings settings = this->settings();
    settings.texts.erase("from");
    return settings;
  }
  [[nodiscard]] std::vector<std::string> received() const {
    std::vector<std::string> mails = receiver_.mails("soc");
    for (std::string& mail : mails) mail = without_transit(mail);
    return mails;
  }
  void break_destination() const { receiver_.turn_on("down"); }
  void mend_destination() const { receiver_.turn_off("down"); }

 private:
  SmtpReceiver receiver_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Email, SinkContract, EmailHarness);

class EmailSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = receiver_.why_not(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::unique_ptr<notify::Sink> opened(const SinkSettings& settings) {
    auto sink = find_sink("email")->make(settings);
    const auto result = sink->open();
    EXPECT_TRUE(result) << describe(result.error());
    return sink;
  }

  SmtpReceiver receiver_;
};

TEST_F(EmailSinkTest, RecipientThatIsRefusedKeepsTheMailFromNobodyElse) {
  auto sink = opened(settings_for(receiver_, {"soc@example.com", "nobody@example.com", "lead@example.com"}));
  const auto attempt = sink->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Delivered);
  EXPECT_THAT(attempt.detail, AllOf(HasSubstr("nobody@example.com"), HasSubstr("550 no such user here"),
                                    Not(HasSubstr("soc@example.com"))));
  EXPECT_THAT(receiver_.mails("soc"), SizeIs(1));
  EXPECT_THAT(receiver_.mails("lead"), SizeIs(1));
}

TEST_F(EmailSinkTest, RecipientThatIsPutOffGetsTheMailLaterAndNobodyGetsItTwice) {
  auto sink = opened(settings_for(receiver_, {"later@example.com", "soc@example.com", "nobody@example.com"}));
  receiver_.turn_on("greylist");
  for (int i = 0; i < 2; ++i) {
    const auto put_off = sink->deliver(contract_notification("id-1"));
    EXPECT_EQ(put_off.outcome, Outcome::Retry);
    EXPECT_FALSE(put_off.away) << "the others' mails must not wait for one mailbox";
    EXPECT_THAT(put_off.detail, HasSubstr("451 greylisted")) << i;
  }
  EXPECT_THAT(receiver_.mails("soc"), SizeIs(1));
  receiver_.turn_off("greylist");
  const auto attempt = sink->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Delivered) << attempt.detail;
  EXPECT_THAT(attempt.detail, HasSubstr("nobody@example.com"));
  const auto later = receiver_.mails("later");
  ASSERT_THAT(later, SizeIs(1));
  const auto soc = receiver_.mails("soc");
  ASSERT_THAT(soc, SizeIs(1));
  EXPECT_EQ(without_transit(later[0]), without_transit(soc[0]));  // the same Message-ID
}

TEST_F(EmailSinkTest, AllRefusedIsARefusal) {
  auto sink = opened(settings_for(receiver_, {"nobody@example.com", "x@elsewhere.example"}));
  const auto attempt = sink->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Rejected);
  EXPECT_THAT(attempt.detail, AllOf(HasSubstr("nobody@example.com"), HasSubstr("relaying is not allowed")));
}

TEST_F(EmailSinkTest, WrongPasswordIsTriedAgainAndNotShown) {
  SinkSettings settings = settings_for(receiver_, {"soc@example.com"});
  settings.texts["password"] = "hunter2";
  const auto attempt = opened(settings)->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Retry);
  EXPECT_TRUE(attempt.away);
  EXPECT_THAT(attempt.detail, AllOf(HasSubstr("535"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(receiver_.mails("soc"), IsEmpty());
}

TEST_F(EmailSinkTest, TlsIsDemandedAndVerified) {
  SinkSettings settings = settings_for(receiver_, {"soc@example.com"});
  settings.texts.erase("ca_file");
  const auto attempt = opened(settings)->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Retry);
  EXPECT_THAT(attempt.detail, HasSubstr("certificate"));
}

TEST_F(EmailSinkTest, ServerThatIsAwayIsAnOutage) {
  SinkSettings settings = settings_for(receiver_, {"soc@example.com"});
  settings.texts["server"] = "127.0.0.1:1";
  const auto attempt = opened(settings)->deliver(contract_notification("id-1"));
  EXPECT_EQ(attempt.outcome, Outcome::Retry);
  EXPECT_FALSE(attempt.detail.empty());
}

TEST_F(EmailSinkTest, MailArrivesAsItWasMade) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {3, std::nullopt, 41});
  facts.description = ".a line that begins with a dot, and caf\xC3\xA9";
  facts.examples = {
      {at("09:17:13"), "org-cloudtrail[3]@1042", "<script>alert(1)</script>" + std::string(3000, 'x')}};
  auto sink = opened(settings_for(receiver_, {"soc@example.com"}));
  EXPECT_EQ(sink->deliver(notification_of(facts)).outcome, Outcome::Delivered);
  const auto mails = receiver_.mails("soc");
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_THAT(mails[0], HasSubstr("\n.a line that begins with a dot, and caf=C3=A9\n"));
  EXPECT_THAT(mails[0], HasSubstr("Subject: ALARM: \"unauthorized-api-calls\" in eu-central-1\n"));
  EXPECT_THAT(mails[0], HasSubstr("Auto-Submitted: auto-generated\n"));
  EXPECT_THAT(mails[0], HasSubstr("X-Tocsin-Alarm: unauthorized-api-calls\n"));
  for (std::size_t at = 0; at < mails[0].size();) {
    const std::size_t end = std::min(mails[0].find('\n', at), mails[0].size());
    EXPECT_LE(end - at, 998U);
    at = end + 1;
  }
}

// --- the mail itself ---

const Envelope kEnvelope{.from = {"Tocsin", "tocsin@example.com"}, .to = {{"", "soc@example.com"}}, .cc = {}};

std::string header_of(const std::string& mail, const std::string& name) {
  const std::size_t at = mail.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return mail.substr(from, mail.find("\r\n", from) - from);
}

TEST(EmailMessage, SubjectHoldsNoLineBreakAndIsEncoded) {
  auto notification = notification_of(alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41}));
  notification.subject = "ALARM\r\nBcc: evil@example.com\r\n\r\nbody";
  std::string mail = email_message(notification, kEnvelope, WallTime{});
  EXPECT_EQ(header_of(mail, "Subject"), "ALARM Bcc: evil@example.com body");
  EXPECT_EQ(mail.find("\r\nBcc:"), std::string::npos);
  notification.subject = "caf\xC3\xA9";
  mail = email_message(notification, kEnvelope, WallTime{});
  EXPECT_EQ(header_of(mail, "Subject"), "=?UTF-8?B?Y2Fmw6k=?=");
  notification.subject.clear();
  for (int i = 0; i < 300; ++i) notification.subject += "\xC3\xA4";
  mail = email_message(notification, kEnvelope, WallTime{});
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = mail.find("\r\n", at);
    if (end == std::string::npos) break;
    EXPECT_LE(end - at, 200U);
    EXPECT_TRUE(std::all_of(mail.begin() + static_cast<std::ptrdiff_t>(at),
                            mail.begin() + static_cast<std::ptrdiff_t>(end),
                            [](char c) { return c >= 0x20 && c < 0x7F; }));
    at = end + 2;
  }
}

TEST(EmailMessage, IdIsOfTheNotificationAndItsRecipients) {
  const auto notification = notification_of(alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41}));
  const std::string id = header_of(email_message(notification, kEnvelope, WallTime{}), "Message-ID");
  EXPECT_THAT(id, AllOf(StartsWith("<"), HasSubstr("@example.com>")));
  EXPECT_EQ(header_of(email_message(notification, kEnvelope, wall_now()), "Message-ID"), id);
  Envelope others = kEnvelope;
  others.cc = {{"", "lead@example.com"}};
  EXPECT_NE(header_of(email_message(notification, others, WallTime{}), "Message-ID"), id);
  auto next = notification;
  next.id = "another";
  EXPECT_NE(header_of(email_message(next, kEnvelope, WallTime{}), "Message-ID"), id);
  EXPECT_EQ(header_of(email_message(next, kEnvelope, WallTime{}), "References"),
            header_of(email_message(notification, kEnvelope, WallTime{}), "References"));
}

TEST(EmailMessage, HtmlOfLogsIsText) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41});
  const std::string evil = "\"><script>x</script><img src=http://evil.example/p.png onerror='x'>&amp;";
  facts.alarm = facts.description = facts.reason = facts.region = facts.metric = evil;
  facts.dimensions = {{evil, evil}};
  facts.examples = {{at("09:17:13"), evil, evil}};
  auto notification = notification_of(facts);
  notification.id = evil;
  const std::string page = email_html(notification);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")),
                          Not(HasSubstr("src=http://evil.example/p.png onerror='"))));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
}

TEST(EmailMessage, EventOfARuleIsShownAsText) {
  const auto notification = event_notification(
      R"({"detail-type":"<script>x</script>","source":"aws.backup","detail":{"a":"<img src=x>"}})");
  const std::string page = email_html(notification);
  EXPECT_THAT(page, AllOf(HasSubstr("EVENT"), HasSubstr("For the backup team."), HasSubstr("aws.backup"),
                          HasSubstr("&quot;a&quot;: &quot;&lt;img src=x&gt;&quot;")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img"))));
  const std::string mail = email_message(notification, kEnvelope, WallTime{});
  EXPECT_EQ(header_of(mail, "Subject"), "EVENT: \"backup-failed\" in account 111122223333, eu-central-1");
  EXPECT_EQ(header_of(mail, "X-Tocsin-Rule"), "backup-failed");
  EXPECT_THAT(mail, HasSubstr("    \"a\": \"<img src=3Dx>\""));
}

TEST(EmailMessage, HtmlNeedsNothingFromElsewhere) {
  const std::string page = email_html(
      notification_of(alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {3, std::nullopt, 41})));
  for (const char* word : {"http:", "https:", "url(", "<img", "<link", "<script", "@import"})
    EXPECT_THAT(page, Not(HasSubstr(word)));
}

TEST(EmailMessage, QuotedPrintableKeepsEveryByteOnShortLines) {
  EXPECT_EQ(quoted_printable("a=b \n.\t\nx"), "a=3Db=20\r\n.=09\r\nx");
  std::string all;
  for (int i = 0; i < 5000; ++i) all += static_cast<char>(i * 7 % 256);
  const std::string encoded = quoted_printable(all);
  std::string decoded;
  std::size_t column = 0;
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    ASSERT_LE(column, 76U);
    if (encoded.compare(at, 3, "=\r\n") == 0) {
      at += 2;
      column = 0;
    } else if (encoded.compare(at, 2, "\r\n") == 0) {
      decoded += '\n';
      ++at;
      column = 0;
    } else if (encoded[at] == '=') {
      decoded += static_cast<char>(std::stoi(encoded.substr(at + 1, 2), nullptr, 16));
      at += 2;
      column += 3;
    } else {
      decoded += encoded[at];
      ++column;
    }
  }
  EXPECT_EQ(decoded, all);
}

TEST(EmailMessage, MailboxesAreBareOrNamed) {
  EXPECT_EQ(parse_mailbox("soc@example.com")->address, "soc@example.com");
  EXPECT_EQ(parse_mailbox("\"The SOC\" <soc@example.com>")->name, "The SOC");
  for (const char* bad :
       {"", "soc", "@x", "soc@", "a b@x", "a@b@c", "a@x, b@y", "a@x\r\nBcc: b@y", "<a@x", "s\xC3\xA9@x"})
    EXPECT_FALSE(parse_mailbox(bad)) << bad;
}

}  // namespace
}  // namespace tocsin::sinks
