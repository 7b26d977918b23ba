#include "bench/backup_events.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "bench/cloudtrail_record.h"
#include "bench/company.h"

namespace tocsin::bench {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::int64_t second_of(EventTime time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

// One job of one system: what all its events have in common.
class Job {
 public:
  Job(const BackupSystem& system, EventTime created, Random& random, Lines& lines)
      : system_(system),
        account_(kCompany[system.account]),
        created_(created),
        random_(random),
        lines_(lines) {
    append_uuid(random, id_);
    size_ = (std::uint64_t{1} << 30) + (std::uint64_t{random.below(1'000'000)} << 14);
  }

  void created() { event(created_, "CREATED", ""); }

  void running() {
    event(
        created_ + minutes(1), "RUNNING",
        fmt::format(
            R"(,"backupSizeInBytes":"{}","bytesTransferred":"0","percentDone":0,"createdBy":{{"backupPlanId":"{}",)"
            R"("backupPlanArn":"arn:aws:backup:{}:{}:backup-plan:{}","backupPlanVersion":"MjAyNi0wMS0xNQ",)"
            R"("backupPlanRuleId":"hourly"}})",
            size_, system_.name, account_.region, account_.id, system_.name));
  }

  void completed(Duration took) {
    const EventTime time = created_ + took;
    event(time, "COMPLETED",
          fmt::format(
              R"(,"backupSizeInBytes":"{}","bytesTransferred":"{}","completionDate":"{}Z","percentDone":100)",
              size_, size_, date_and_time(second_of(time) - 2)),
          fmt::format(R"("arn:aws:backup:{}:{}:recovery-point:{}")", account_.region, account_.id, id_));
  }

  void failed(Duration took, std::string_view message) {
    const EventTime time = created_ + took;
    event(
        time, "FAILED",
        fmt::format(
            R"(,"bytesTransferred":"0","statusMessage":"\"{}\"","completionDate":"{}Z","percentDone":0,"retryCount":3)",
            message, date_and_time(second_of(time) - 2)));
  }

 private:
  void event(EventTime time, std::string_view state, const std::string& more,
             const std::string& resource = {}) {
    std::string text = R"({"version":"0","id":")";
    append_uuid(random_, text);
    text += fmt::format(
        R"(","detail-type":"Backup Job State Change","source":"aws.backup","account":"{}","time":"{}Z","region":"{}",)"
        R"("resources":[{}],"detail":{{"backupJobId":"{}","backupVaultArn":"arn:aws:backup:{}:{}:backup-vault:{}",)"
        R"("backupVaultName":"{}","creationDate":"{}.{:03}Z","iamRoleArn":"arn:aws:iam::{}:role/backup-service",)"
        R"("resourceArn":"arn:aws:{}:{}:{}:{}","resourceType":"{}","state":"{}","startBy":"{}Z"{}}}}})",
        account_.id, date_and_time(second_of(time)), account_.region, resource, id_, account_.region,
        account_.id, system_.name, system_.name, date_and_time(second_of(created_)), random_.below(1000),
        account_.id, service(), account_.region, account_.id, system_.name, system_.kind, state,
        date_and_time(second_of(created_) + 8 * 3600), more);
    text += '\n';
    // The bus delivers within seconds, and not always in order.
    lines_.push_back(
        {time + milliseconds(random_.below(9000)), Log::Backup, system_.account, std::move(text)});
  }

  [[nodiscard]] std::string_view service() const {
    if (system_.kind == "EBS") return "ec2";
    if (system_.kind == "EFS") return "elasticfilesystem";
    if (system_.kind == "DynamoDB") return "dynamodb";
    return "rds";
  }

  const BackupSystem& system_;
  const Account& account_;
  EventTime created_;
  Random& random_;
  Lines& lines_;
  std::string id_;
  std::uint64_t size_ = 0;
};

}  // namespace

void add_backups(EventTime day, const BackupTrouble& trouble, Random& random, Lines& lines) {
  for (const BackupSystem& system : kBackupSystems) {
    for (int hour = 0; hour < 24; ++hour) {
      if (system.name == trouble.silent && hour > trouble.silent_hour) break;
      const EventTime start = day + hours(hour) + minutes(system.minute) + seconds(random.below(120));
      Job job(system, start, random, lines);
      job.created();
      job.running();
      const Duration took = minutes(4) + seconds(random.below(480));
      if (system.name == trouble.failing && hour == trouble.failing_hour) {
        job.failed(took, "Backup job failed because the snapshot quota of the account was reached.");
        Job again(system, start + minutes(25), random, lines);
        again.created();
        again.running();
        again.completed(took);
      } else {
        job.completed(took);
      }
    }
  }
}

}  // namespace tocsin::bench
