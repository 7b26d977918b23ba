// How many instructions an event takes, counted by callgrind: unlike times the same on a busy machine as on a
// quiet one.
//
// Valgrind knows no AVX-512, so simdjson is that for AVX2 here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "bench/json_contest.h"

namespace tocsin::bench {

// What is counted, on its own: `what` is "six fields", "walk" or "ours", with so many event patterns. Does
// the first `events` of the log.
void do_counted_work(const ContestSettings& settings, const std::string& what, std::size_t filters,
                     std::size_t events);

// Prints a table; starts `self` (this program) under valgrind for each number. Says so where valgrind is
// missing.
void print_instructions(const ContestSettings& settings, const std::filesystem::path& self);

}  // namespace tocsin::bench
