#include "engine/runtime/requests.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;

class Engine final : public Answering {
 public:
  [[nodiscard]] const Plan& plan() const override { return plan_; }
  [[nodiscard]] std::vector<shard::AlarmState> alarm_states() const override { return {}; }
  [[nodiscard]] std::optional<shard::SetStateOutcome> set_state(const shard::SetState&) override {
    return shard::SetStateOutcome::Changed;
  }

 private:
  Plan plan_;
};

TEST(Requests, AQuestionRunsOnTheThreadThatAnswers) {
  Requests requests;
  Engine engine;
  std::atomic<bool> stop{false};
  std::thread answering([&] {
    while (!stop) requests.answer(engine);
  });
  const std::thread::id answers_on = answering.get_id();
  for (int i = 0; i < 100; ++i) {
    const auto ran_on = std::make_shared<std::thread::id>();
    EXPECT_EQ(requests.ask([ran_on](Answering&) { *ran_on = std::this_thread::get_id(); }, 1min),
              Requests::Outcome::Answered);
    EXPECT_EQ(*ran_on, answers_on);
  }
  stop = true;
  answering.join();
}

TEST(Requests, AQuestionThatNobodyGotToIsWithdrawn) {
  Requests requests;
  const auto ran = std::make_shared<bool>(false);
  EXPECT_EQ(requests.ask([ran](Answering&) { *ran = true; }, 1ms), Requests::Outcome::Withdrawn);
  Engine engine;
  requests.answer(engine);
  EXPECT_FALSE(*ran);
}

TEST(Requests, AQuestionThatRunsTooLongIsNotWaitedForAndGoesOn) {
  Requests requests;
  Engine engine;
  const auto release = std::make_shared<std::promise<void>>();
  const auto finished = std::make_shared<std::atomic<bool>>(false);
  std::thread answering([&] {
    while (!*finished) requests.answer(engine);
  });
  // As long as it takes for the question to be found running; each one before that is withdrawn.
  while (requests.ask(
             [release, finished](Answering&) {
               release->get_future().wait();
               *finished = true;
             },
             10ms) != Requests::Outcome::Unfinished) {
  }
  EXPECT_FALSE(*finished);
  release->set_value();
  answering.join();
  EXPECT_TRUE(*finished);
}

}  // namespace
}  // namespace tocsin::runtime
