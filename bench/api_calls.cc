#include "bench/api_calls.h"

#include <algorithm>
#include <array>

namespace tocsin::bench {
namespace {

struct Service {
  std::string_view source;
  std::string_view names;  // separated by blanks, most frequent first
};

// Names as CloudTrail writes them. Left out on purpose: whatever config/demo watches for.
constexpr std::array<Service, 30> kServices{{
    {"ec2",
     "DescribeInstances DescribeVolumes DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets "
     "DescribeVpcs "
     "DescribeRouteTables DescribeImages DescribeSnapshots DescribeTags DescribeInstanceStatus "
     "DescribeAddresses "
     "DescribeAvailabilityZones DescribeVpcAttribute DescribeLaunchTemplates DescribeInternetGateways "
     "DescribeNatGateways "
     "DescribeInstanceTypes DescribeKeyPairs GetConsoleOutput CreateTags CreateSnapshot RunInstances "
     "TerminateInstances "
     "CreateNetworkInterface DeleteNetworkInterface AttachVolume CreateVolume DeleteSnapshot StopInstances "
     "StartInstances "
     "ModifyInstanceAttribute CreateLaunchTemplateVersion"},
    {"sts",
     "AssumeRole GetCallerIdentity AssumeRoleWithSAML AssumeRoleWithWebIdentity GetSessionToken "
     "GetFederationToken"},
    {"kms",
     "Decrypt GenerateDataKey DescribeKey ListAliases GetKeyPolicy GetKeyRotationStatus ListKeys ListGrants "
     "Encrypt "
     "GetPublicKey ListResourceTags CreateGrant RetireGrant EnableKeyRotation"},
    {"s3",
     "GetBucketAcl GetBucketPolicy GetBucketLocation ListBuckets GetBucketVersioning GetBucketEncryption "
     "GetBucketTagging "
     "GetBucketLogging GetBucketPublicAccessBlock GetBucketPolicyStatus GetBucketOwnershipControls "
     "HeadBucket "
     "GetBucketNotification GetBucketReplication GetBucketWebsite ListObjectVersions "
     "GetAccountPublicAccessBlock "
     "PutBucketTagging CreateBucket PutBucketNotification PutBucketVersioning DeleteBucket"},
    {"monitoring",
     "GetMetricData DescribeAlarms ListMetrics GetMetricStatistics DescribeAlarmsForMetric GetDashboard "
     "ListDashboards "
     "PutMetricAlarm DeleteAlarms PutDashboard SetAlarmState"},
    {"logs",
     "DescribeLogGroups DescribeLogStreams GetLogEvents FilterLogEvents DescribeMetricFilters "
     "DescribeSubscriptionFilters "
     "GetQueryResults CreateLogStream StartQuery CreateLogGroup PutRetentionPolicy DeleteLogGroup"},
    {"ssm",
     "GetParameters GetParameter DescribeInstanceInformation GetParametersByPath ListAssociations "
     "DescribeParameters "
     "ListCommands GetCommandInvocation GetDocument UpdateInstanceInformation "
     "UpdateInstanceAssociationStatus "
     "PutInventory SendCommand StartSession TerminateSession PutParameter"},
    {"secretsmanager",
     "GetSecretValue DescribeSecret ListSecrets GetResourcePolicy GetRandomPassword PutSecretValue "
     "RotateSecret CreateSecret"},
    {"lambda",
     "ListFunctions20150331 GetFunction20150331v2 GetFunctionConfiguration20150331v2 GetPolicy20150331v2 "
     "ListTags20170331 "
     "ListEventSourceMappings20150331 GetAccountSettings20160819 UpdateFunctionCode20150331v2 "
     "UpdateFunctionConfiguration20150331v2 PublishVersion20150331 AddPermission20150331v2"},
    {"dynamodb",
     "DescribeTable ListTables DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource "
     "DescribeStream UpdateTable "
     "CreateTable UpdateTimeToLive"},
    {"iam",
     "GetRole ListRoles GetUser ListUsers ListAttachedRolePolicies GetPolicy GetPolicyVersion "
     "ListRolePolicies "
     "ListInstanceProfiles GetAccountSummary ListAccountAliases ListMFADevices GetRolePolicy "
     "ListGroupsForUser "
     "GetInstanceProfile GenerateCredentialReport TagRole PassRole CreateServiceLinkedRole"},
    {"ecs",
     "DescribeServices DescribeTasks ListTasks DescribeTaskDefinition DescribeClusters ListServices "
     "DescribeContainerInstances RegisterTaskDefinition UpdateService RunTask SubmitTaskStateChange StopTask "
     "DeregisterTaskDefinition"},
    {"ecr",
     "GetAuthorizationToken BatchGetImage GetDownloadUrlForLayer DescribeRepositories DescribeImages "
     "ListImages "
     "BatchCheckLayerAvailability PutImage InitiateLayerUpload UploadLayerPart CompleteLayerUpload"},
    {"autoscaling",
     "DescribeAutoScalingGroups DescribeScalingActivities DescribeAutoScalingInstances DescribePolicies "
     "DescribeLifecycleHooks CompleteLifecycleAction UpdateAutoScalingGroup SetDesiredCapacity "
     "RecordLifecycleActionHeartbeat"},
    {"elasticloadbalancing",
     "DescribeTargetHealth DescribeLoadBalancers DescribeTargetGroups DescribeListeners DescribeRules "
     "DescribeLoadBalancerAttributes DescribeTags RegisterTargets DeregisterTargets ModifyListener"},
    {"rds",
     "DescribeDBInstances DescribeDBClusters DescribeDBSnapshots DescribeEvents ListTagsForResource "
     "DescribePendingMaintenanceActions DescribeDBLogFiles CreateDBSnapshot ModifyDBInstance "
     "DeleteDBSnapshot"},
    {"eks",
     "DescribeCluster ListClusters ListNodegroups DescribeNodegroup ListAddons DescribeAddon "
     "UpdateNodegroupConfig "
     "TagResource"},
    {"cloudformation",
     "DescribeStacks DescribeStackEvents ListStacks DescribeStackResources GetTemplate ListStackResources "
     "DescribeChangeSet CreateChangeSet ExecuteChangeSet UpdateStack DeleteChangeSet"},
    {"sqs",
     "GetQueueAttributes ListQueues GetQueueUrl ListQueueTags SetQueueAttributes CreateQueue PurgeQueue"},
    {"sns",
     "ListTopics GetTopicAttributes ListSubscriptions ListSubscriptionsByTopic Subscribe SetTopicAttributes"},
    {"events", "ListRules DescribeRule ListTargetsByRule ListEventBuses PutTargets PutRule DisableRule"},
    {"config",
     "DescribeConfigurationRecorderStatus DescribeConfigRules GetComplianceDetailsByConfigRule "
     "GetResourceConfigHistory DescribeDeliveryChannelStatus BatchGetResourceConfig PutEvaluations "
     "PutConfigRule"},
    {"cloudtrail", "LookupEvents DescribeTrails GetTrailStatus GetEventSelectors ListTags GetTrail AddTags"},
    {"backup",
     "ListBackupJobs DescribeBackupJob ListRecoveryPointsByBackupVault ListBackupPlans GetBackupPlan "
     "StartBackupJob"},
    {"organizations",
     "DescribeOrganization ListAccounts DescribeAccount ListParents ListPoliciesForTarget ListRoots "
     "TagResource"},
    {"guardduty", "ListDetectors ListFindings GetFindings GetDetector UpdateFindingsFeedback"},
    {"securityhub", "GetFindings DescribeHub GetEnabledStandards BatchUpdateFindings BatchImportFindings"},
    {"route53", "ListHostedZones ListResourceRecordSets GetChange GetHostedZone ChangeResourceRecordSets"},
    {"acm",
     "ListCertificates DescribeCertificate ListTagsForCertificate RequestCertificate AddTagsToCertificate"},
    {"health", "DescribeEvents DescribeEventAggregates DescribeAffectedEntities"},
}};

bool reads(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kPrefixes{
      "Describe", "Get", "List", "Head", "Lookup", "BatchGet", "BatchChe", "Filter", "Decryp", "GenerateC"};
  return name.starts_with("AssumeRole") || name == "GenerateDataKey" || name == "Encrypt" ||
         std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<std::uint32_t> zipf_weights(std::size_t count) {
  std::vector<std::uint32_t> cumulative;
  std::uint32_t sum = 0;
  for (std::uint32_t rank = 0; rank < count; ++rank) cumulative.push_back(sum += 1'000'000 / (rank + 3));
  return cumulative;
}

const ApiCall& draw_weighted(const std::vector<ApiCall>& calls, const std::vector<std::uint32_t>& weights,
                             Random& random) {
  const auto at = std::ranges::upper_bound(weights, random.below(weights.back()));
  return calls[static_cast<std::size_t>(at - weights.begin())];
}

}  // namespace

ApiCalls::ApiCalls() {
  // By rank within the service first, so that each service has frequent and rare calls.
  std::array<std::string_view, kServices.size()> rest;
  for (std::size_t i = 0; i < kServices.size(); ++i) rest[i] = kServices[i].names;
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = 0; i < kServices.size(); ++i) {
      if (rest[i].empty()) continue;
      any = true;
      const std::string_view name = rest[i].substr(0, rest[i].find(' '));
      rest[i].remove_prefix(std::min(rest[i].size(), name.size() + 1));
      (reads(name) ? reads_ : writes_).push_back({kServices[i].source, name, reads(name)});
    }
  }
  read_weights_ = zipf_weights(reads_.size());
  write_weights_ = zipf_weights(writes_.size());
}

const ApiCall& ApiCalls::draw(Random& random) const {
  return random.percent(80) ? draw_weighted(reads_, read_weights_, random)
                            : draw_weighted(writes_, write_weights_, random);
}

const ApiCall& ApiCalls::any(Random& random) const {
  const std::uint32_t at = random.below(static_cast<std::uint32_t>(size()));
  return at < reads_.size() ? reads_[at] : writes_[at - reads_.size()];
}

const ApiCall& ApiCalls::probe(Random& random) const {
  return reads_[random.below(static_cast<std::uint32_t>(reads_.size() / 2))];
}

}  // namespace tocsin::bench
