// A small file, read whole.
#pragma once

#include <cstddef>
#include <string>

#include "engine/base/result.h"

namespace tocsin::config {

// The bytes of a file of at most `max_bytes`; a pipe is fine, a directory is not.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace tocsin::config
