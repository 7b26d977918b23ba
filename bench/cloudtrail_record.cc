#include "bench/cloudtrail_record.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "engine/base/time.h"

namespace tocsin::bench {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

constexpr std::array<std::string_view, 8> kAgents{
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0-18-amd64 exe/x86_64.debian.12 prompt/off "
    "command/ops.inventory",
    "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#6.1.79 md/arch#x86_64 lang/python#3.11.8 "
    "md/pyimpl#CPython "
    "cfg/retry-mode#standard Botocore/1.34.51 Resource",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) terraform-provider-aws/5.39.1 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.25.2 os/linux lang/go#1.21.7 "
    "md/GOOS#linux "
    "md/GOARCH#amd64 api/ec2#1.149.1",
    "aws-sdk-java/2.24.9 Linux/5.10.209-198.858.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS "
    "Java/17.0.10 "
    "vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy",
    "aws-sdk-go/1.50.25 (go1.21.7; linux; amd64) amazon-ssm-agent/3.2.2303.0",
    "amazon-ecs-agent/1.81.0 (linux; amd64) aws-sdk-go/1.50.25 (go1.21.7)",
    "kubernetes/v1.29.1 aws-load-balancer-controller/v2.7.1 aws-sdk-go/1.50.25 (go1.21.7; linux; amd64)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:122.0) Gecko/20100101 Firefox/122.0",
};

class Writer {
 public:
  Writer(const Call& call, Random& random, std::string& out)
      : call_(call), account_(kCompany[call.account]), random_(random), out_(out) {}

  void head() {
    out_ += R"({"eventVersion":"1.09","userIdentity":{)";
    identity();
    add(R"(}},"eventTime":"{}Z","eventSource":"{}.amazonaws.com","eventName":"{}","awsRegion":"{}","sourceIPAddress":")",
        date_and_time(call_.second), call_.api.source, call_.api.name, region());
    address();
    add(R"(","userAgent":"{}")", agent());
    if (!call_.error_code.empty()) add(R"(,"errorCode":"{}")", call_.error_code);
    if (!call_.error_message.empty()) add(R"(,"errorMessage":"{}")", call_.error_message);
  }

  void call_body() {
    out_ += R"(,"requestParameters":)";
    request();
    out_ += R"(,"responseElements":)";
    response();
    tail("AwsApiCall", call_.api.read_only);
    if (!from_service()) add_tls(fmt::format("{}.{}.amazonaws.com", call_.api.source, account_.region));
    out_ += "}\n";
  }

  void sign_in_body(bool with_mfa) {
    const bool failed = !call_.error_message.empty();
    add(R"(,"requestParameters":null,"responseElements":{{"ConsoleLogin":"{}"}},"additionalEventData":{{)"
        R"("LoginTo":"https://console.aws.amazon.com/console/home?region={}&state=hashArgs%23&isauthcode=true",)"
        R"("MobileVersion":"No",)",
        failed ? "Failure" : "Success", account_.region);
    if (with_mfa) add(R"("MFAIdentifier":"arn:aws:iam::{}:mfa/{}",)", account_.id, call_.name);
    add(R"("MFAUsed":"{}"}})", with_mfa ? "Yes" : "No");
    tail("AwsConsoleSignIn", false);
    add_tls(fmt::format("{}.signin.aws.amazon.com", account_.region));
    out_ += "}\n";
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  [[nodiscard]] bool from_service() const { return call_.caller == Caller::Service || call_.by_service; }

  std::string_view region() const {
    for (const std::string_view global : {"iam", "organizations", "route53", "health", "signin"}) {
      if (call_.api.source == global) return "us-east-1";
    }
    return account_.region;
  }

  void letters(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out_ += kBase32[random_.below(32)];
  }

  void hex(std::size_t digits) { append_hex(random_, digits, out_); }

  // An id of EC2's kind: "vol-0…".
  void resource_id(std::string_view prefix) {
    add("{}-0", prefix);
    hex(16);
  }

  void address() {
    if (!call_.address.empty()) {
      out_ += call_.address;
    } else if (call_.caller == Caller::Service) {
      out_ += call_.name;
    } else if (call_.by_service) {
      out_ += "cloudformation.amazonaws.com";
    } else {
      add("198.51.100.{}", call_.account * 12 + random_.below(12));
    }
  }

  std::string_view agent() {
    if (call_.caller == Caller::Service) return call_.name;
    if (call_.by_service) return "cloudformation.amazonaws.com";
    if (call_.api.source == "signin" || call_.caller == Caller::Root) return kAgents[7];
    return kAgents[(call_.account + call_.name.size() + random_.below(2)) % 7];
  }

  void session(std::string_view issuer) {
    out_ += R"("sessionContext":{)";
    if (!issuer.empty()) {
      out_ += R"("sessionIssuer":{"type":"Role","principalId":"AROA)";
      stable_letters(issuer);
      add(R"(","arn":"arn:aws:iam::{}:role/{}","accountId":"{}","userName":"{}"}},)", account_.id, issuer,
          account_.id, issuer);
    }
    add(R"("attributes":{{"creationDate":"{}Z","mfaAuthenticated":"false"}})",
        date_and_time(call_.second - 60 - random_.below(3000)));
    if (call_.caller == Caller::Role && random_.percent(40)) out_ += R"(,"ec2RoleDelivery":"2.0")";
    out_ += '}';
  }

  // The same sixteen letters for the same name in the same account, as an identity's unique id is.
  void stable_letters(std::string_view name) {
    std::uint64_t seed = call_.account;
    for (const char c : name) seed = seed * 131 + static_cast<unsigned char>(c);
    Random stable(seed);
    for (int i = 0; i < 17; ++i) out_ += kBase32[stable.below(32)];
  }

  void identity() {
    switch (call_.caller) {
      case Caller::Service:
        add(R"("type":"AWSService","invokedBy":"{}")", call_.name);
        return;
      case Caller::Root:
        add(R"("type":"Root","principalId":"{}","arn":"arn:aws:iam::{}:root","accountId":"{}")", account_.id,
            account_.id, account_.id);
        if (call_.api.source != "signin") access_key(), out_ += ',', session({});
        break;
      case Caller::User:
        out_ += R"("type":"IAMUser","principalId":"AIDA)";
        stable_letters(call_.name);
        add(R"(","arn":"arn:aws:iam::{}:user/{}","accountId":"{}")", account_.id, call_.name, account_.id);
        if (call_.api.source != "signin") access_key();
        add(R"(,"userName":"{}")", call_.name);
        if (call_.by_service || random_.percent(25)) out_ += ',', session({});
        break;
      case Caller::Role: {
        out_ += R"("type":"AssumedRole","principalId":"AROA)";
        stable_letters(call_.name);
        const std::string session_name =
            fmt::format("i-0{:08x}{:08x}", random_.below(9) * 77777u, call_.account * 12345u);
        add(R"(:{}","arn":"arn:aws:sts::{}:assumed-role/{}/{}","accountId":"{}")", session_name, account_.id,
            call_.name, session_name, account_.id);
        access_key();
        out_ += ',';
        session(call_.name);
        break;
      }
    }
    if (call_.by_service) out_ += R"(,"invokedBy":"cloudformation.amazonaws.com")";
  }

  void access_key() {
    out_ += R"(,"accessKeyId":"ASIA)";
    letters(16);
    out_ += '"';
  }

  // A list of resources that mostly is short and rarely long: what gives records their long tail.
  std::uint32_t list_length() {
    std::uint32_t length = 1;
    while (length < 24 && random_.percent(60)) ++length;
    return length;
  }

  template <typename Item>
  void list(std::uint32_t length, Item item) {
    for (std::uint32_t i = 0; i < length; ++i) {
      if (i > 0) out_ += ',';
      item(i);
    }
  }

  void filters() {
    static constexpr std::array<std::string_view, 6> kNames{
        "vpc-id",    "tag:Environment",   "instance-state-name",
        "subnet-id", "availability-zone", "tag:kubernetes.io/cluster/apps"};
    out_ += R"("filterSet":{"items":[)";
    list(1 + random_.below(3), [&](std::uint32_t) {
      add(R"({{"name":"{}","valueSet":{{"items":[)", random_.pick(kNames));
      list(1 + random_.below(2), [&](std::uint32_t) {
        out_ += R"({"value":")";
        resource_id("vpc");
        out_ += R"("})";
      });
      out_ += "]}}";
    });
    out_ += "]}";
  }

  void tags() {
    out_ += R"("items":[{"key":"Environment","value":"production"},{"key":"Owner","value":")";
    add(R"({}"}},{{"key":"CostCentre","value":"cc-{}"}}])", random_.pick(kRoles), 1000 + random_.below(40));
  }

  void request() {
    if (call_.api.source == "ec2") {
      ec2_request();
    } else if (call_.api.source == "kms") {
      add(R"({{"encryptionContext":{{"SecretARN":"arn:aws:secretsmanager:{}:{}:secret:{}/database-)",
          account_.region, account_.id, random_.pick(kRoles));
      letters(6);
      out_ += R"(","SecretVersionId":")";
      append_uuid(random_, out_);
      out_ += R"("},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"})";
    } else if (call_.api.source == "sts") {
      add(R"({{"roleArn":"arn:aws:iam::{}:role/{}","roleSessionName":"{}-)", account_.id,
          random_.pick(kRoles), random_.pick(kUsers));
      hex(12);
      add(R"(","durationSeconds":{},"externalId":")", 900 * (1 + random_.below(4)));
      append_uuid(random_, out_);
      out_ += R"("})";
    } else if (call_.api.source == "s3") {
      const std::string bucket = fmt::format("{}-{}-{}", random_.pick(kRoles), account_.id, account_.region);
      add(R"({{"bucketName":"{}","Host":"{}.s3.{}.amazonaws.com","acl":""}})", bucket, bucket,
          account_.region);
    } else if (call_.api.source == "monitoring") {
      metric_queries();
    } else if (call_.api.source == "cloudtrail" && !call_.api.read_only) {
      add(R"({{"name":"arn:aws:cloudtrail:{}:{}:trail/organization-trail"}})", account_.region, account_.id);
    } else if (random_.percent(12)) {
      out_ += "null";
    } else if (call_.api.read_only) {
      add(R"({{"maxResults":{},"filter":{{"name":"{}","states":["ACTIVE","PENDING"]}},"nextToken":")",
          20 * (1 + random_.below(5)), random_.pick(kRoles));
      letters(24 + 8 * random_.below(8));
      out_ += R"("})";
    } else {
      write_request();
    }
  }

  void ec2_request() {
    if (call_.api.read_only) {
      out_ += R"({"maxResults":1000,)";
      filters();
      out_ += '}';
      return;
    }
    out_ += R"({"instancesSet":{"items":[{"imageId":"ami-0)";
    hex(16);
    out_ += R"(","minCount":1,"maxCount":1}]},"instanceType":"m6i.large","blockDeviceMapping":{"items":[)";
    list(list_length(), [&](std::uint32_t i) {
      add(R"({{"deviceName":"/dev/sd{}","ebs":{{"volumeSize":{},"deleteOnTermination":true,"volumeType":"gp3","encrypted":true}}}})",
          static_cast<char>('b' + i), 8 << random_.below(7));
    });
    out_ += R"(]},"networkInterfaceSet":{"items":[{"deviceIndex":0,"subnetId":")";
    resource_id("subnet");
    out_ += R"(","groupSet":{"items":[{"groupId":")";
    resource_id("sg");
    out_ += R"("}]}}]},"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":{)";
    tags();
    out_ += R"(}}]},"clientToken":")";
    append_uuid(random_, out_);
    out_ += R"("})";
  }

  void metric_queries() {
    add(R"({{"startTime":"{}Z","endTime":"{}Z","metricDataQueries":[)", date_and_time(call_.second - 3600),
        date_and_time(call_.second));
    list(1 + random_.below(3), [&](std::uint32_t i) {
      add(R"({{"id":"m{}","metricStat":{{"metric":{{"namespace":"AWS/EC2","metricName":"CPUUtilization",)"
          R"("dimensions":[{{"name":"InstanceId","value":")",
          i);
      resource_id("i");
      out_ += R"("}]},"period":300,"stat":"Average"},"returnData":true})";
    });
    out_ += "]}";
  }

  void write_request() {
    add(R"({{"name":"{}-{}","description":"made by the release of {}","tags":{{)", random_.pick(kRoles),
        random_.below(50), date_and_time(call_.second).substr(0, 10));
    tags();
    out_ += R"(},"settings":{"networkConfiguration":{"awsvpcConfiguration":{"subnets":[)";
    list(list_length(), [&](std::uint32_t) {
      out_ += '"';
      resource_id("subnet");
      out_ += '"';
    });
    add(R"(],"assignPublicIp":"DISABLED"}}}},"desiredCount":{}}}}})", 1 + random_.below(12));
  }

  void response() {
    const bool failed = !call_.error_code.empty();
    if (call_.api.source == "sts" && !failed && call_.api.name != "GetCallerIdentity") {
      out_ += R"({"credentials":{"accessKeyId":"ASIA)";
      letters(16);
      add(R"(","sessionToken":")");
      letters(280 + 4 * random_.below(40));
      add(R"(","expiration":"{}Z"}},"assumedRoleUser":{{"assumedRoleId":"AROA)",
          date_and_time(call_.second + 3600));
      letters(17);
      add(R"(:session","arn":"arn:aws:sts::{}:assumed-role/{}/session"}}}})", account_.id,
          random_.pick(kRoles));
    } else if (call_.api.read_only || failed || call_.api.source == "cloudtrail") {
      out_ += "null";
    } else if (call_.api.source == "ec2") {
      ec2_response();
    } else {
      out_ += R"({"requestId":")";
      append_uuid(random_, out_);
      add(R"(","result":{{"status":"ACTIVE","arn":"arn:aws:{}:{}:{}:{}/)", call_.api.source, account_.region,
          account_.id, random_.pick(kRoles));
      hex(12);
      add(R"(","createdAt":"{}Z","_return":true}}}})", date_and_time(call_.second));
    }
  }

  void ec2_response() {
    out_ += R"({"requestId":")";
    append_uuid(random_, out_);
    add(R"(","reservationId":"r-0)");
    hex(16);
    add(R"(","ownerId":"{}","instancesSet":{{"items":[)", account_.id);
    list(1 + list_length() / 4, [&](std::uint32_t i) {
      out_ += R"({"instanceId":")";
      resource_id("i");
      add(R"(","instanceState":{{"code":0,"name":"pending"}},"privateDnsName":"ip-10-0-{}-{}.ec2.internal",)"
          R"("amiLaunchIndex":{},"placement":{{"availabilityZone":"{}a","tenancy":"default"}},"monitoring":{{"state":"disabled"}},)"
          R"("networkInterfaceSet":{{"items":[{{"networkInterfaceId":")",
          random_.below(256), random_.below(256), i, account_.region);
      resource_id("eni");
      out_ +=
          R"(","status":"in-use","macAddress":"06:00:00:00:00:01","privateIpAddressesSet":{"item":[{"primary":true,)";
      add(R"("privateIpAddress":"10.0.{}.{}"}}]}},"groupSet":{{"items":[{{"groupId":")", random_.below(256),
          random_.below(256));
      resource_id("sg");
      out_ += R"(","groupName":"default"}]}}]},"tagSet":{)";
      tags();
      out_ += R"(},"architecture":"x86_64","rootDeviceType":"ebs","hypervisor":"xen","ebsOptimized":false})";
    });
    out_ += "]}}";
  }

  void tail(std::string_view type, bool read_only) {
    if (type == "AwsApiCall") {
      out_ += R"(,"requestID":")";
      append_uuid(random_, out_);
      out_ += '"';
    }
    out_ += R"(,"eventID":")";
    append_uuid(random_, out_);
    add(R"(","readOnly":{})", read_only);
    if (call_.api.source == "kms" || call_.api.source == "sts") {
      const bool key = call_.api.source == "kms";
      add(R"(,"resources":[{{"accountId":"{}","type":"{}","ARN":"arn:aws:{}:{}:{}:{}/)", account_.id,
          key ? "AWS::KMS::Key" : "AWS::IAM::Role", call_.api.source, account_.region, account_.id,
          key ? "key" : "role");
      append_uuid(random_, out_);
      out_ += R"("}])";
    }
    add(R"(,"eventType":"{}","managementEvent":true,"recipientAccountId":"{}")", type, account_.id);
    if (from_service() && random_.percent(50)) {
      out_ += R"(,"sharedEventID":")";
      append_uuid(random_, out_);
      out_ += '"';
    }
    out_ += R"(,"eventCategory":"Management")";
  }

  void add_tls(const std::string& host) {
    add(R"(,"tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{}"}})",
        host);
  }

  const Call& call_;
  const Account& account_;
  Random& random_;
  std::string& out_;
};

}  // namespace

void append_call(const Call& call, Random& random, std::string& out) {
  Writer writer(call, random, out);
  writer.head();
  writer.call_body();
}

void append_sign_in(const Call& call, bool with_mfa, Random& random, std::string& out) {
  Writer writer(call, random, out);
  writer.head();
  writer.sign_in_body(with_mfa);
}

std::string date_and_time(std::int64_t second) {
  return format_rfc3339(EventTime{std::chrono::seconds(second)}).substr(0, 19);
}

void append_hex(Random& random, std::size_t digits, std::string& out) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = random.next();
    out += "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
}

void append_uuid(Random& random, std::string& out) {
  bool first = true;
  for (const std::size_t digits : {8u, 4u, 4u, 4u, 12u}) {
    if (!first) out += '-';
    first = false;
    append_hex(random, digits, out);
  }
}

}  // namespace tocsin::bench
