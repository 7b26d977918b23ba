#include "sinks/slack_message.h"
#include "tests/sinks/alarm_notification.h"
#include "tests/sinks/http_receiver.h"
#include "tests/sinks/sink_contract.h"

namespace tocsin::sinks {
namespace {

using namespace std::chrono_literals;
using alarm::State;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;
using Outcome = notify::Attempt::Outcome;

class SlackHarness {
 public:
  SlackHarness() { receiver_.answer_as_slack(); }
  [[nodiscard]] SinkSettings settings() const {
    return {.kind = "slack",
            .texts = {{"webhook_url", receiver_.http() + "/" + std::string(kSecret)}, {"timeout", "5s"}},
            .maps = {},
            .lists = {{"allow", {"127.0.0.1"}}}};
  }
  [[nodiscard]] SinkSettings unusable() const {
    return {.kind = "slack", .texts = {{"webhook_url", "T0/B0/" + std::string(kSecret)}}, .maps = {}};
  }
  [[nodiscard]] std::vector<std::string> received() const {
    std::vector<std::string> taken;
    const auto requests = receiver_.received();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (i < first_refused_ || i >= first_taken_) taken.push_back(requests[i].body);
    }
    return taken;
  }
  void break_destination() {
    first_refused_ = receiver_.received().size();
    receiver_.answer(Json::array({{{"status", 503}, {"body", "service_unavailable"}}}));
  }
  void mend_destination() {
    first_taken_ = receiver_.received().size();
    receiver_.answer(Json::array({{{"status", 200}}}));
  }

 private:
  HttpReceiver receiver_;
  std::size_t first_refused_ = 0;  // requests of the outage
  std::size_t first_taken_ = 0;    // and after it
};

INSTANTIATE_TYPED_TEST_SUITE_P(Slack, SinkContract, SlackHarness);

class SlackSinkTest : public ::testing::Test {
 protected:
  SlackSinkTest() { receiver_.answer_as_slack(); }
  notify::Attempt attempt(const notify::Notification& notification) const {
    const auto sink =
        find_sink("slack")->make({.kind = "slack",
                                  .texts = {{"webhook_url", receiver_.http()}, {"timeout", "5s"}},
                                  .maps = {},
                                  .lists = {{"allow", {"127.0.0.1"}}}});
    EXPECT_TRUE(sink->open());
    return sink->deliver(notification);
  }
  notify::Attempt answered(const Json& answer) const {
    receiver_.answer(Json::array({answer}));
    return attempt(notification_of(alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41})));
  }

  HttpReceiver receiver_;
};

// Every text of a message, as it stands.
void collect_texts(const Json& node, std::vector<std::pair<std::string, std::string>>& texts) {
  if (node.is_object() && node.contains("type") && node.contains("text") && node.at("text").is_string())
    texts.emplace_back(node.at("type"), node.at("text"));
  for (const Json& child : node) {
    if (child.is_structured()) collect_texts(child, texts);
  }
}

TEST_F(SlackSinkTest, EveryStateIsAMessageThatSlackTakes) {
  for (const State to : {State::Alarm, State::Ok, State::InsufficientData}) {
    for (const auto& values :
         std::vector<std::vector<std::optional<double>>>{{}, {41}, {std::nullopt, 3, -41, 1e300}}) {
      auto facts = alarm_facts(State::Ok, to, at("09:30:00"), values);
      facts.examples = {{at("09:17:13"), "org-cloudtrail[3]@1042", R"({"errorCode":"AccessDenied"})"}, {}};
      const auto taken = attempt(notification_of(facts));
      EXPECT_EQ(taken.outcome, Outcome::Delivered) << taken.detail << slack_message(notification_of(facts));
    }
  }
}

TEST_F(SlackSinkTest, LimitsHoldWhateverTheLogsHold) {
  for (const std::string& piece :
       {std::string("x"), std::string("&"), std::string("<"), std::string("\xC3\xA4"), std::string("\xFF"),
        std::string("`\n"), std::string("\0", 1)}) {
    std::string huge;
    while (huge.size() < (std::size_t{1} << 20U)) huge += piece;
    auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41});
    facts.alarm = facts.description = facts.reason = facts.metric = facts.metric_namespace = huge;
    facts.dimensions.assign(30, {huge, huge});
    facts.examples.assign(100, {at("09:17:13"), huge, huge});
    auto notification = notification_of(facts);
    const auto taken = attempt(notification);
    EXPECT_EQ(taken.outcome, Outcome::Delivered) << taken.detail;
    EXPECT_LT(slack_message(notification).size(), 100'000U);
  }
}

TEST_F(SlackSinkTest, MarkupInEventsIsDefused) {
  const std::string evil = "<!channel> <@U1> <https://evil.example|click> *b* _i_ ~s~ `c` ``` & @here";
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41});
  facts.alarm = facts.description = evil;
  facts.dimensions = {{"User", evil}, {evil, "x"}, {"Team", "at 09:15:30 :tada:"}};
  facts.examples = {{at("09:17:13"), evil, evil}};
  const auto notification = notification_of(facts);
  EXPECT_EQ(attempt(notification).outcome, Outcome::Delivered);
  const Json message = Json::parse(slack_message(notification));
  EXPECT_EQ(message.at("mrkdwn"), false);
  EXPECT_THAT(message.at("text").get<std::string>(), Not(HasSubstr("<")));
  std::vector<std::pair<std::string, std::string>> texts;
  collect_texts(message, texts);
  EXPECT_GT(texts.size(), 6U);
  for (const auto& [type, text] : texts) {
    if (type != "mrkdwn") continue;
    EXPECT_THAT(text, Not(HasSubstr("<"))) << text;
    // What is not in code has only our own marks.
    bool in_code = false;
    std::string outside;
    for (const char c : text) {
      if (c == '`')
        in_code = !in_code;
      else if (!in_code)
        outside += c;
    }
    EXPECT_FALSE(in_code) << text;
    EXPECT_THAT(outside, Not(HasSubstr("_i_"))) << text;
    EXPECT_THAT(outside, Not(HasSubstr(":tada:"))) << text;
  }
}

TEST_F(SlackSinkTest, MessageHasItsPartsInOrder) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {3, std::nullopt, 41});
  facts.examples = {{at("09:17:13"), "org-cloudtrail[3]@1042", "AccessDenied"}};
  const Json message = Json::parse(slack_message(notification_of(facts)));
  EXPECT_EQ(message.at("text"), "ALARM: unauthorized-api-calls rings for Account 444455556666");
  EXPECT_EQ(message.at("unfurl_links"), false);
  EXPECT_EQ(message.at("blocks").at(0).at("type"), "header");
  const Json& attachment = message.at("attachments").at(0);
  EXPECT_EQ(attachment.at("color"), "#d1242f");
  const std::string text = attachment.at("blocks").dump();
  EXPECT_THAT(text, HasSubstr("Somebody tries"));
  EXPECT_THAT(text, HasSubstr("█ breaching"));
  EXPECT_THAT(text, HasSubstr("no data"));
  EXPECT_THAT(text, HasSubstr("`AccessDenied`"));
  EXPECT_EQ(attachment.at("blocks").back().at("type"), "context");
}

TEST_F(SlackSinkTest, EventOfARuleIsAMessageThatSlackTakes) {
  const auto notification = event_notification(
      R"({"detail-type":"Backup Job State Change","source":"aws.backup","detail":{"state":"FAILED"}})");
  EXPECT_EQ(attempt(notification).outcome, Outcome::Delivered);
  const Json message = Json::parse(slack_message(notification));
  EXPECT_EQ(message.at("text"), "EVENT: backup-failed: Backup Job State Change");
  const std::string text = message.at("attachments").at(0).at("blocks").dump();
  EXPECT_THAT(text, HasSubstr("*Account*\\n111122223333"));
  EXPECT_THAT(text, HasSubstr("\\\"state\\\": \\\"FAILED\\\""));
}

TEST_F(SlackSinkTest, LimitsHoldWhateverAnEventHolds) {
  const std::string evil = "<!channel> ``` <@U1> :tada: & *b*";
  for (const std::string& piece : {std::string("x"), std::string("&"), std::string("<>`"), std::string("\\n"),
                                   std::string("\xC3\xA4"), evil}) {
    std::string payload = R"({"eventName":")" + evil + R"(","list":[)";
    for (int i = 0; i < 3000; ++i) payload += "\"" + piece + "\",";
    const auto notification = event_notification(payload + "1]}");
    const auto taken = attempt(notification);
    EXPECT_EQ(taken.outcome, Outcome::Delivered) << taken.detail;
    std::vector<std::pair<std::string, std::string>> texts;
    collect_texts(Json::parse(slack_message(notification)), texts);
    for (const auto& [type, text] : texts) {
      if (type != "mrkdwn") continue;
      EXPECT_THAT(text, Not(HasSubstr("<!")));
    }
  }
}

TEST_F(SlackSinkTest, RefusalsAreForGoodAndQuoted) {
  for (const auto& [status, reason] :
       std::vector<std::pair<int, std::string>>{{400, "invalid_payload"},
                                                {403, "action_prohibited"},
                                                {404, "channel_not_found"},
                                                {404, "no_service"},
                                                {410, "channel_is_archived"}}) {
    const auto refused = answered({{"status", status}, {"body", reason}});
    EXPECT_EQ(refused.outcome, Outcome::Rejected) << reason;
    EXPECT_THAT(refused.detail, HasSubstr(reason));
  }
}

TEST_F(SlackSinkTest, TooManyMessagesWaitAsLongAsSlackSays) {
  const auto wait =
      answered({{"status", 429}, {"headers", {{"Retry-After", "30"}}}, {"body", "rate_limited"}});
  EXPECT_EQ(wait.outcome, Outcome::Retry);
  EXPECT_EQ(wait.retry_after, 30s);
  EXPECT_EQ(answered({{"status", 503}}).outcome, Outcome::Retry);
}

}  // namespace
}  // namespace tocsin::sinks
