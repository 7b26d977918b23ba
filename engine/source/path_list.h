// The files that a source's paths mean: literal paths, globs, directories with all files below.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/source/descriptor.h"

namespace tocsin::source {

struct FoundFile {
  std::string path;
  FileState state;
};

// The files of one pattern, in no order; none if nothing matches. A path that exists is itself, even with a
// '*' in its name. Of a directory only regular files are taken; a path given as such may also be a pipe.
[[nodiscard]] std::vector<FoundFile> files_of_pattern(const std::string& pattern);

// Whether `path` is one that `pattern` means, be it there or not.
[[nodiscard]] bool means(const std::string& pattern, const std::string& path);

// Sorts by path, and keeps the first of several paths to the same regular file.
void sort_and_deduplicate(std::vector<FoundFile>& files);

// All files of all patterns, sorted, each once. A pattern that nothing matches is an error.
[[nodiscard]] Result<std::vector<FoundFile>> expand_paths(const std::vector<std::string>& patterns);

}  // namespace tocsin::source
