// A command run within the test: what it prints and its exit code.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>

namespace tocsin::cli {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

inline Outcome outcome_of(const std::function<int()>& command) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = command();
  std::fflush(stdout);
  outcome.err = testing::internal::GetCapturedStderr();
  outcome.out = testing::internal::GetCapturedStdout();
  return outcome;
}

}  // namespace tocsin::cli
