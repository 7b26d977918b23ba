// The options that all HTTP destinations share, and what can be said of them before anything is sent. Pure
// functions. For the files of this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "sinks/http_client.h"
#include "sinks/sink_kind.h"

namespace tocsin::sinks {

inline constexpr SinkOption kAllowOption{
    .name = "allow",
    .type = SinkOption::Type::Texts,
    .description = "Host names, addresses and networks that may be reached although they are private."};
inline constexpr SinkOption kCaFileOption{
    .name = "ca_file", .description = "A PEM file of the authorities to trust instead of the system's."};
inline constexpr SinkOption kTimeoutOption{
    .name = "timeout",
    .type = SinkOption::Type::Duration,
    .description = "How long one attempt may take in all; default 15s."};

// The time that one attempt may take.
[[nodiscard]] Duration timeout_of(const SinkSettings& settings, Duration otherwise);

// The client of these settings.
[[nodiscard]] Result<HttpClient> make_http_client(const SinkSettings& settings);

// Of `url_option`, `allow`, `ca_file` and `timeout`.
[[nodiscard]] std::vector<SinkRemark> review_http(const SinkSettings& settings, std::string_view url_option);

// Of `ca_file` and `timeout` alone.
void review_connection(const SinkSettings& settings, std::vector<SinkRemark>& remarks);

}  // namespace tocsin::sinks
