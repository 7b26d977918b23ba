#include "engine/source/path_list.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

namespace tocsin::source {
namespace {

void add_path(const std::string& path, std::vector<FoundFile>& files) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (auto state = state_of(path)) files.push_back({path, *state});
    return;
  }
  // An entry that vanishes or may not be read while we walk is as good as not there.
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  std::filesystem::recursive_directory_iterator entry(path, options, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    auto state = state_of(entry->path().string());
    if (state && state->is_regular) files.push_back({entry->path().string(), *state});
  }
}

}  // namespace

std::vector<FoundFile> files_of_pattern(const std::string& pattern) {
  std::vector<FoundFile> files;
  std::error_code error;
  if (std::filesystem::exists(pattern, error)) {
    add_path(pattern, files);
    return files;
  }
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) add_path(found.gl_pathv[i], files);
  }
  ::globfree(&found);
  return files;
}

bool means(const std::string& pattern, const std::string& path) {
  std::string_view wanted = pattern;
  while (wanted.size() > 1 && wanted.ends_with('/')) wanted.remove_suffix(1);
  const std::string glob(wanted);
  // The path itself, or a directory on the way to it.
  for (std::size_t end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
    const std::string part = path.substr(0, end);
    if (part == wanted || ::fnmatch(glob.c_str(), part.c_str(), FNM_PATHNAME) == 0) return true;
  }
  return false;
}

void sort_and_deduplicate(std::vector<FoundFile>& files) {
  std::ranges::sort(files, {}, &FoundFile::path);
  std::set<FileIdentity> seen;
  std::erase_if(files, [&](const FoundFile& file) {
    return file.state.is_regular && !seen.insert(file.state.identity).second;
  });
}

Result<std::vector<FoundFile>> expand_paths(const std::vector<std::string>& patterns) {
  std::vector<FoundFile> all;
  for (const std::string& pattern : patterns) {
    const std::vector<FoundFile> files = files_of_pattern(pattern);
    if (files.empty()) {
      const bool is_glob = pattern.find_first_of("*?[") != std::string::npos;
      std::error_code error;
      if (std::filesystem::is_directory(pattern, error))
        return fail(ErrorCode::NotFound, "no files in this directory", pattern);
      if (!is_glob) {
        const auto state = state_of(pattern);
        if (!state) return std::unexpected(state.error());
      }
      return fail(ErrorCode::NotFound, "no file matches", pattern);
    }
    all.insert(all.end(), files.begin(), files.end());
  }
  sort_and_deduplicate(all);
  return all;
}

}  // namespace tocsin::source
