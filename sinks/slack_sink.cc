// Slack, through an incoming webhook: the alarm in words, for people.
//
// Slack answers 200 once it has the message, 429 with a Retry-After when there are too many, and 4xx with the
// reason as its text (`invalid_blocks`, `no_service`, `channel_is_archived`) where trying again is pointless.
// It knows no key against repeats: a message whose answer was lost may be there twice.

#include <array>
#include <optional>

#include "sinks/builtin_sinks.h"
#include "sinks/http_client.h"
#include "sinks/http_settings.h"
#include "sinks/slack_message.h"

namespace tocsin::sinks {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(15);

class SlackSink final : public notify::Sink {
 public:
  explicit SlackSink(const SinkSettings& settings)
      : settings_(settings),
        url_(text_or(settings, "webhook_url", {})),
        timeout_(timeout_of(settings, kTimeout)) {}

  Result<void> open() override {
    if (auto url = parse_url(url_); !url) return fail(url.error().code, url.error().message, "webhook_url");
    auto client = make_http_client(settings_);
    if (!client) return std::unexpected(client.error());
    client_.emplace(std::move(*client));
    return {};
  }

  notify::Attempt deliver(const notify::Notification& notification) override {
    const std::string body = slack_message(notification);
    return judge(client_->post({.url = url_,
                                .headers = {{"Content-Type", "application/json; charset=utf-8"}},
                                .private_headers = {},
                                .body = body,
                                .timeout = timeout_}));
  }

  // The path of the URL is the secret.
  std::string describe() const override {
    const auto url = parse_url(url_);
    return url ? "slack " + url->origin : "slack";
  }

 private:
  const SinkSettings settings_;
  const std::string url_;
  const Duration timeout_;
  std::optional<HttpClient> client_;  // once open
};

constexpr std::array kOptions = {
    SinkOption{.name = "webhook_url",
               .required = true,
               .secret = true,
               .description = "The incoming webhook of a channel: https://hooks.slack.com/services/…",
               .is_where = true},
    kTimeoutOption,
    kAllowOption,
    kCaFileOption,
};

std::vector<SinkRemark> review(const SinkSettings& settings) {
  std::vector<SinkRemark> remarks = review_http(settings, "webhook_url");
  const auto url = parse_url(text_or(settings, "webhook_url", {}));
  if (url && url->scheme == "http") {
    remarks.push_back({.severity = SinkRemark::Severity::Warning,
                       .option = "webhook_url",
                       .text = "http shows alerts and the webhook's secret path to all on the way",
                       .hint = "use https"});
  }
  return remarks;
}

}  // namespace

SinkKind slack_sink() {
  return {
      .name = "slack", .scalar_option = {}, .options = kOptions, .make = make<SlackSink>, .review = review};
}

}  // namespace tocsin::sinks
