// A day of AWS Backup's jobs, as EventBridge events of the kind "Backup Job State Change": each system of the
// company has a job an hour, which is created, runs and completes.
#pragma once

#include <string_view>

#include "bench/line.h"
#include "bench/random.h"

namespace tocsin::bench {

struct BackupTrouble {
  std::string_view failing;  // a system whose job fails once, at `failing_hour`; its second try completes
  int failing_hour = 0;
  std::string_view
      silent;  // a system whose last job is that of `silent_hour`; nothing is heard of it any more
  int silent_hour = 24;
};

void add_backups(EventTime day, const BackupTrouble& trouble, Random& random, Lines& lines);

}  // namespace tocsin::bench
