// Configurations of tests, as files that live as long as their object.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/load.h"

namespace tocsin::config {

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    std::string path = (std::filesystem::temp_directory_path() / "tocsin-config-XXXXXX").string();
    const int file = ::mkstemp(path.data());
    if (file >= 0) ::close(file);
    path_ = path;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string read_whole(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline Loaded load_text(std::string_view text, const Environment& environment = {}) {
  const TemporaryFile file(text);
  return load({file.path()}, environment);
}

// All diagnostics as shown, without the place of the file.
inline std::string shown(const Loaded& loaded) {
  std::string out;
  for (Diagnostic diagnostic : loaded.diagnostics) {
    diagnostic.file = "F";
    out += render(diagnostic);
  }
  return out;
}

}  // namespace tocsin::config
