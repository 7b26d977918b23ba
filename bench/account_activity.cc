#include "bench/account_activity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "bench/cloudtrail_record.h"
#include "bench/company.h"

namespace tocsin::bench {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Failure {
  std::string_view source;  // of whose calls; empty: of any other's
  std::string_view code;
  std::string_view message;
};

constexpr std::array<Failure, 9> kFailures{{
    {"ec2", "Client.InvalidParameterValue", "The value given for the parameter is not valid."},
    {"ec2", "Client.RequestLimitExceeded", "Request limit exceeded."},
    {"s3", "NoSuchBucketPolicy", "The bucket policy does not exist"},
    {"s3", "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found"},
    {"s3", "NoSuchTagSet", "The TagSet does not exist"},
    {"iam", "NoSuchEntityException", "The resource with the given name cannot be found."},
    {"", "ThrottlingException", "Rate exceeded"},
    {"", "ResourceNotFoundException", "Requested resource not found"},
    {"", "ValidationException", "1 validation error detected"},
}};

constexpr std::array<std::string_view, 6> kServicePrincipals{
    "ec2.amazonaws.com",    "autoscaling.amazonaws.com", "config.amazonaws.com",
    "lambda.amazonaws.com", "ecs-tasks.amazonaws.com",   "backup.amazonaws.com"};

// Changes that the alarms watch for, unless the pipeline makes them.
constexpr std::array<ApiCall, 12> kPlannedChanges{{
    {"ec2", "AuthorizeSecurityGroupIngress"},
    {"ec2", "RevokeSecurityGroupIngress"},
    {"ec2", "CreateSecurityGroup"},
    {"ec2", "CreateRoute"},
    {"ec2", "ReplaceRoute"},
    {"ec2", "CreateNetworkAclEntry"},
    {"ec2", "AttachInternetGateway"},
    {"ec2", "ModifyVpcAttribute"},
    {"iam", "PutRolePolicy"},
    {"iam", "AttachRolePolicy"},
    {"iam", "CreatePolicyVersion"},
    {"s3", "PutBucketPolicy"},
}};

std::int64_t second_of(EventTime time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

Duration up_to(Duration limit, Random& random) {
  return Duration{random.below(static_cast<std::uint32_t>(limit.count()))};
}

void add_call(const Call& call, EventTime time, Random& random, Lines& lines) {
  Line line{time, Log::CloudTrail, call.account, {}};
  append_call(call, random, line.text);
  lines.push_back(std::move(line));
}

void add_sign_in(Call call, EventTime time, bool with_mfa, Random& random, Lines& lines) {
  call.second = second_of(time);
  call.api = {"signin", "ConsoleLogin", false};
  Line line{time, Log::CloudTrail, call.account, {}};
  append_sign_in(call, with_mfa, random, line.text);
  lines.push_back(std::move(line));
}

void add_refused_call(EventTime time, std::size_t account, std::string_view role, std::string_view address,
                      const ApiCalls& calls, Random& random, Lines& lines) {
  Call call{.second = second_of(time),
            .account = account,
            .caller = Caller::Role,
            .name = role,
            .api = calls.probe(random),
            .address = address};
  const bool ec2 = call.api.source == "ec2";
  call.error_code = ec2 ? "Client.UnauthorizedOperation" : "AccessDenied";
  const std::string message =
      ec2 ? "You are not authorized to perform this operation."
          : fmt::format(
                "User: arn:aws:sts::{}:assumed-role/{}/session is not authorized to perform: {}:{} because "
                "no "
                "identity-based policy allows the {}:{} action",
                kCompany[account].id, role, call.api.source, call.api.name, call.api.source, call.api.name);
  call.error_message = message;
  add_call(call, time, random, lines);
}

// A failure that the service's calls can have.
const Failure& draw_failure(std::string_view source, Random& random) {
  const bool own =
      std::ranges::any_of(kFailures, [&](const Failure& failure) { return failure.source == source; });
  while (true) {
    const Failure& failure = random.pick(kFailures);
    if (failure.source == (own ? source : std::string_view{})) return failure;
  }
}

// An account, by its share of the calls.
std::size_t draw_account(Random& random) {
  static const std::uint32_t total = [] {
    std::uint32_t sum = 0;
    for (const Account& account : kCompany) sum += account.weight;
    return sum;
  }();
  std::uint32_t at = random.below(total);
  for (std::size_t i = 0;; ++i) {
    if (at < kCompany[i].weight) return i;
    at -= kCompany[i].weight;
  }
}

}  // namespace

void add_daily_business(EventTime day, const ApiCalls& calls, Random& random, Lines& lines) {
  for (std::size_t account = 0; account < kAccounts; ++account) {
    for (int hour = 0; hour < 24; ++hour) {
      const EventTime start = day + hours(hour);
      for (int quarter = 0; quarter < 4; ++quarter) {
        add_refused_call(start + minutes(15 * quarter) + up_to(minutes(15), random), account,
                         random.pick(kRoles), {}, calls, random, lines);
      }
      if (random.percent(40)) {
        add_sign_in({.account = account, .name = random.pick(kUsers)}, start + up_to(minutes(50), random),
                    true, random, lines);
      }
    }
    add_sign_in({.account = account, .name = random.pick(kUsers), .error_message = "Failed authentication"},
                day + hours(random.below(23)) + up_to(minutes(59), random), false, random, lines);
    const EventTime for_root = day + hours(random.below(23)) + up_to(minutes(59), random);
    add_call({.second = second_of(for_root),
              .account = account,
              .caller = Caller::Root,
              .api = {"s3", "CreateBucket"},
              .by_service = true},
             for_root, random, lines);
  }
  for (int release = 0; release < 12; ++release) {
    EventTime time = day + hours(2 * release) + minutes(10) + up_to(minutes(80), random);
    const std::size_t account = draw_account(random);
    for (std::uint32_t change = 10 + random.below(20); change > 0; --change) {
      time += seconds(1 + random.below(5));
      add_call({.second = second_of(time),
                .account = account,
                .caller = Caller::Role,
                .name = kPipelineRole,
                .api = random.pick(kPlannedChanges)},
               time, random, lines);
    }
  }
}

void add_root_without_mfa(EventTime start, std::size_t account, std::string_view address, Random& random,
                          Lines& lines) {
  add_sign_in({.account = account, .caller = Caller::Root, .name = "root", .address = address}, start, false,
              random, lines);
  constexpr std::array<ApiCall, 5> kLooks{{{"iam", "GetAccountSummary", true},
                                           {"iam", "ListUsers", true},
                                           {"iam", "ListMFADevices", true},
                                           {"organizations", "DescribeOrganization", true},
                                           {"s3", "ListBuckets", true}}};
  EventTime time = start;
  for (const ApiCall& look : kLooks) {
    time += seconds(20 + random.below(30));
    add_call({.second = second_of(time),
              .account = account,
              .caller = Caller::Root,
              .name = "root",
              .api = look,
              .address = address},
             time, random, lines);
  }
}

void add_trail_stopped(EventTime start, std::size_t account, std::string_view address, Random& random,
                       Lines& lines) {
  add_call({.second = second_of(start),
            .account = account,
            .name = "support-desk",
            .api = {"cloudtrail", "StopLogging"},
            .address = address},
           start, random, lines);
}

void add_refused_probing(EventTime start, Duration span, std::size_t count, std::size_t account,
                         std::string_view address, const ApiCalls& calls, Random& random, Lines& lines) {
  for (std::size_t i = 0; i < count; ++i) {
    const EventTime time = start + (up_to(span, random) + up_to(span, random)) / 2;  // most of them half-way
    add_refused_call(time, account, "web-frontend", address, calls, random, lines);
  }
}

void add_ordinary_call(EventTime time, const ApiCalls& calls, Random& random, Line& line) {
  Call call{.second = second_of(time), .account = draw_account(random), .api = calls.draw(random)};
  const std::uint32_t who = random.below(100);
  if (who < 9) {
    call.caller = Caller::Service;
    call.name = random.pick(kServicePrincipals);
  } else if (who < 36) {
    call.caller = Caller::Role;
    call.name = random.pick(kRoles);
  } else {
    call.name = random.pick(kUsers);
    call.by_service = who < 40;
  }
  if (random.percent(10)) {
    const Failure& failure = draw_failure(call.api.source, random);
    call.error_code = failure.code;
    call.error_message = failure.message;
  }
  line.time = time;
  line.log = Log::CloudTrail;
  line.account = call.account;
  line.text.clear();
  append_call(call, random, line.text);
}

}  // namespace tocsin::bench
