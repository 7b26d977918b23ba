// The made-up company whose day the demo tells: its accounts, people, roles, hosts and backups. Addresses are
// those reserved for documentation, names are jobs, not persons.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tocsin::bench {

inline constexpr std::size_t kAccounts = 20;

struct Account {
  std::string_view id;
  std::string_view region;  // where most of it runs
  std::uint32_t weight;     // its share of the calls
};

inline constexpr std::array<Account, kAccounts> kCompany{{
    {"111122223333", "us-east-1", 180},     {"444455556666", "eu-west-1", 140},
    {"777788889999", "eu-central-1", 110},  {"123412341234", "us-east-1", 90},
    {"222233334444", "us-west-2", 75},      {"555566667777", "eu-west-1", 65},
    {"888899990000", "ap-southeast-2", 55}, {"234523452345", "us-east-1", 48},
    {"333344445555", "eu-central-1", 42},   {"666677778888", "us-east-2", 36},
    {"999900001111", "eu-west-1", 30},      {"345634563456", "us-west-2", 26},
    {"456745674567", "us-east-1", 22},      {"567856785678", "eu-north-1", 19},
    {"678967896789", "ap-northeast-1", 16}, {"789078907890", "us-east-1", 13},
    {"101020203030", "eu-west-1", 11},      {"404050506060", "us-east-1", 9},
    {"707080809090", "eu-central-1", 7},    {"121234345656", "us-east-1", 6},
}};

inline constexpr std::array<std::string_view, 12> kUsers{
    "ops-oncall",   "build-bot",   "release-bot",   "backup-operator", "metrics-reader", "log-shipper",
    "dba-rotation", "cost-report", "terraform-bot", "support-desk",    "qa-runner",      "inventory-scan"};

inline constexpr std::array<std::string_view, 8> kRoles{"app-server",      "batch-worker",  "ci-runner",
                                                        "data-pipeline",   "eks-node-role", "monitoring",
                                                        "read-only-audit", "web-frontend"};

// Every planned change of networks and permissions is made by this role, which the demo's alarms therefore
// let pass.
inline constexpr std::string_view kPipelineRole = "infra-pipeline";

inline constexpr std::array<std::string_view, 3> kBastions{"bastion-1", "bastion-2", "bastion-3"};

struct BackupSystem {
  std::string_view name;  // also its vault's
  std::size_t account;    // index into kCompany
  std::string_view kind;  // AWS Backup's resource type
  std::uint32_t minute;   // of the hour, when its job is created
};

inline constexpr std::array<BackupSystem, 16> kBackupSystems{{
    {"billing-db", 3, "RDS", 4},
    {"build-cache", 1, "EBS", 21},
    {"crm-db", 0, "RDS", 2},
    {"customer-files", 4, "EFS", 17},
    {"erp-db", 2, "RDS", 6},
    {"git-mirror", 1, "EBS", 25},
    {"hr-files", 8, "EFS", 12},
    {"inventory-db", 5, "DynamoDB", 9},
    {"mail-archive", 6, "EFS", 14},
    {"orders-db", 0, "Aurora", 7},
    {"reporting-db", 9, "RDS", 28},
    {"search-index", 4, "EBS", 33},
    {"ticket-db", 7, "RDS", 19},
    {"warehouse-db", 10, "Aurora", 31},
    {"web-sessions", 0, "DynamoDB", 11},
    {"wiki", 11, "EBS", 23},
}};

}  // namespace tocsin::bench
