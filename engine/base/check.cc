#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tocsin::detail {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tocsin: impossible state, stopping: %s (%s:%d). Please report this line.\n",
               condition, file, line);
  std::abort();
}

}  // namespace tocsin::detail
