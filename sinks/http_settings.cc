#include "sinks/http_settings.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "sinks/builtin_sinks.h"

namespace tocsin::sinks {
namespace {

constexpr Duration kMinTimeout = std::chrono::seconds(1);
constexpr Duration kMaxTimeout = std::chrono::minutes(2);

bool may_reach(const Url& url, const AddressGuard& guard) {
  const auto address = url.host == "localhost" ? parse_ip("127.0.0.1") : parse_ip(url.host);
  return !address || guard.refusal(url.host, *address).empty();
}

}  // namespace

Duration timeout_of(const SinkSettings& settings, Duration otherwise) {
  return parse_duration(text_or(settings, "timeout", {})).value_or(otherwise);
}

Result<HttpClient> make_http_client(const SinkSettings& settings) {
  auto guard = AddressGuard::make(list_of(settings, "allow"));
  if (!guard) return fail(guard.error().code, guard.error().message, "allow");
  return HttpClient(std::move(*guard), text_or(settings, "ca_file", {}));
}

void review_connection(const SinkSettings& settings, std::vector<SinkRemark>& remarks) {
  const auto timeout = parse_duration(text_or(settings, "timeout", {}));
  if (timeout && (*timeout < kMinTimeout || *timeout > kMaxTimeout)) {
    remarks.push_back({.option = "timeout",
                       .text = fmt::format("`timeout` must be between {} and {}",
                                           format_duration(kMinTimeout), format_duration(kMaxTimeout))});
  }
  const std::string ca_file = text_or(settings, "ca_file", {});
  std::error_code error;
  if (!ca_file.empty() &&
      std::filesystem::status(ca_file, error).type() == std::filesystem::file_type::not_found) {
    remarks.push_back({.severity = SinkRemark::Severity::Warning,
                       .option = "ca_file",
                       .text = "this file does not exist",
                       .hint = "every delivery fails without it"});
  }
}

std::vector<SinkRemark> review_http(const SinkSettings& settings, std::string_view url_option) {
  std::vector<SinkRemark> remarks;
  const std::vector<std::string> allow = list_of(settings, "allow");
  for (std::size_t i = 0; i < allow.size(); ++i) {
    if (auto guard = AddressGuard::make({allow[i]}); !guard)
      remarks.push_back({.option = "allow", .item = i, .text = guard.error().message});
  }
  const auto guard = AddressGuard::make(allow);
  if (const std::string text = text_or(settings, std::string(url_option), {}); !text.empty()) {
    const auto url = parse_url(text);
    if (!url) {
      remarks.push_back({.option = url_option, .text = url.error().message});
    } else if (guard && !may_reach(*url, *guard)) {
      remarks.push_back({.option = url_option,
                         .text = "this address is not on the public internet",
                         .hint = "if it is meant, name its host or network: `allow: [10.1.0.0/16]`"});
    }
  }
  review_connection(settings, remarks);
  return remarks;
}

}  // namespace tocsin::sinks
