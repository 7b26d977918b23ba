// Which settings are secrets: their values are never shown, and they can be given as NAME_file. Pure
// functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace tocsin::config {

// The properties of Kafka clients that hold a secret.
[[nodiscard]] std::span<const std::string_view> kafka_secrets();

// Does a key of this name look like it holds a secret (mistyped ones too)? `NAME_file` holds a path, not a
// secret.
[[nodiscard]] bool names_secret(std::string_view key);

// Is a key of this name (mistyped ones too) a destination outside? What stands in it is a secret unless its
// kind knows the key for one that holds none.
[[nodiscard]] bool names_destination(std::string_view key);

// The content of a secret's file, without its last line end.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

}  // namespace tocsin::config
