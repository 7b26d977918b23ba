// A Kafka source that has to show who it is, to a broker that has to do so too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/kafka/broker.h"
#include "tests/kafka/certificates.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/source_run.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUser = "reader";
constexpr const char* kPassword = "open-sesame-1";
constexpr const char* kWrongPassword = "let-me-in-2";

class SourceSecurity : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates_ = new Certificates;
    certificates_->use(Certificates::Signer::Trusted);
    broker_ = new Broker(
        kafka_jars(),
        BrokerSecurity{.certificate = certificates_->broker(), .user = kUser, .password = kPassword});
    broker_->start();
  }
  static void TearDownTestSuite() {
    delete broker_;
    delete certificates_;
    broker_ = nullptr;
    certificates_ = nullptr;
  }
  void SetUp() override {
    topic_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const Topics topics(broker_->address());
    topics.create(topic_, 1);
    topics.produce(topic_, {{.value = "secret business"}});
  }

  [[nodiscard]] source::KafkaSettings ssl() const {
    source::KafkaSettings settings = SourceRun::settings(broker_->ssl_address(), topic_);
    settings.properties["security.protocol"] = "SSL";
    settings.properties["ssl.ca.location"] = certificates_->authority();
    return settings;
  }
  [[nodiscard]] source::KafkaSettings sasl(const std::string& mechanism, const std::string& password) const {
    source::KafkaSettings settings = ssl();
    settings.brokers = broker_->sasl_ssl_address();
    settings.properties["security.protocol"] = "SASL_SSL";
    settings.properties["sasl.mechanism"] = mechanism;
    settings.properties["sasl.username"] = kUser;
    settings.properties["sasl.password"] = password;
    return settings;
  }
  static void expect_no_secret(const SourceRun& run) {
    EXPECT_THAT(run.said(), Not(HasSubstr(kPassword)));
    EXPECT_THAT(run.said(), Not(HasSubstr(kWrongPassword)));
  }

  static Certificates* certificates_;
  static Broker* broker_;
  std::string topic_;
};

Certificates* SourceSecurity::certificates_ = nullptr;
Broker* SourceSecurity::broker_ = nullptr;

TEST_F(SourceSecurity, ReadsOverTls) {
  SourceRun run(ssl());
  EXPECT_TRUE(run.until_records(1));
}

TEST_F(SourceSecurity, ReadsWithEachLogin) {
  for (const char* mechanism : {"SCRAM-SHA-512", "PLAIN"}) {
    source::KafkaSettings settings = sasl(mechanism, kPassword);
    settings.group = mechanism;
    SourceRun run(settings);
    EXPECT_TRUE(run.until_records(1)) << mechanism;
    expect_no_secret(run);
  }
}

TEST_F(SourceSecurity, NamesARefusedLoginAndReadsOnceThePasswordIsRight) {
  SourceRun run(sasl("SCRAM-SHA-512", kWrongPassword));
  ASSERT_TRUE(run.until_says("login_refused"));
  EXPECT_EQ(run.note("login_refused")->severity, Severity::Error);
  EXPECT_THAT(run.note("login_refused")->advice, HasSubstr("sasl.password"));
  broker_->change_password(kUser, kWrongPassword);
  EXPECT_TRUE(run.until_records(1));
  expect_no_secret(run);
  broker_->change_password(kUser, kPassword);
}

TEST_F(SourceSecurity, NamesACertificateForAnotherHost) {
  source::KafkaSettings settings = ssl();
  const std::string port = settings.brokers.substr(settings.brokers.find(':'));
  settings.brokers = "127.0.0.1" + port;  // the certificate is for localhost
  SourceRun run(settings);
  ASSERT_TRUE(run.until_says("certificate_refused")) << run.said();
  EXPECT_THAT(run.note("certificate_refused")->advice, HasSubstr("the name that `brokers:` uses"));
  EXPECT_TRUE(run.records.empty());
}

TEST_F(SourceSecurity, NamesAPlainPortWhereEncryptionIsExpected) {
  source::KafkaSettings settings = ssl();
  settings.brokers = broker_->address();
  SourceRun run(settings);
  ASSERT_TRUE(run.until_says("encryption_refused")) << run.said();
  EXPECT_THAT(run.note("encryption_refused")->advice, HasSubstr("security.protocol"));
}

TEST_F(SourceSecurity, NamesAnUntrustedCertificateAndReadsOnceItIsMended) {
  broker_->terminate();
  certificates_->use(Certificates::Signer::Stranger);
  broker_->start();
  SourceRun run(ssl());
  ASSERT_TRUE(run.until_says("certificate_refused"));
  EXPECT_THAT(run.note("certificate_refused")->advice, HasSubstr("ssl.ca.location"));
  broker_->terminate();
  certificates_->use(Certificates::Signer::Trusted);
  broker_->start();
  EXPECT_TRUE(run.until_records(1));
}

}  // namespace
}  // namespace tocsin::kafka_test
