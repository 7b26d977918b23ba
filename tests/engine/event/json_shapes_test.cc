#include "engine/event/json_shapes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::event {
namespace {

std::size_t learn(JsonShapes& shapes, const FieldTrie& fields, const std::string& message) {
  JsonStructure json;
  EXPECT_EQ(json.scan(message), JsonStatus::NotObject);
  return shapes.learn(json, fields);
}

TEST(JsonShapes, MessagesThatBeginAlikeShareTheirSteps) {
  FieldTrie fields;
  fields.add_path("a.b");
  JsonShapes shapes(fields);
  EXPECT_EQ(learn(shapes, fields, R"({"x":1,"a":{"b":2,"c":3},"y":[4]})"), 7U);
  EXPECT_EQ(learn(shapes, fields, R"({"x":[],"a":{"b":0,"c":{}},"y":"z"})"), 0U);
  EXPECT_EQ(learn(shapes, fields, R"({"x":1,"a":{"b":2,"d":3}})"), 3U);
}

TEST(JsonShapes, WhatStepsCannotTellIsNotLearned) {
  FieldTrie fields;
  fields.add_path("a.b");
  JsonShapes shapes(fields);
  const std::string long_key(65, 'k');
  for (const std::string& message :
       {std::string(R"({"\u0061":1})"), std::string(R"({"a" :1})"), std::string("{}"),
        std::string(R"({"a.b":1})"), "{\"" + long_key + "\":1}"}) {
    EXPECT_EQ(learn(shapes, fields, message), 0U) << message;
  }
}

// Of each place, and of all: what is new is learned still.
TEST(JsonShapes, WhatIsFullGoesOnLearning) {
  FieldTrie fields;
  fields.add_path("a");
  JsonShapes shapes(fields);
  for (int i = 0; i < 100'000; ++i) {
    std::string message = "{";
    for (int key = 0; key < 50; ++key)
      message += "\"" + std::to_string(i) + "k" + std::to_string(key) + "\":1,";
    message.back() = '}';
    ASSERT_EQ(learn(shapes, fields, message), 51U);
    learn(shapes, fields, message);  // it may be what finds all full
    ASSERT_EQ(learn(shapes, fields, message), 0U);
    if (i == 2'000) i = 99'000;
  }
}

TEST(JsonExperience, LongMessagesThatFitAreTriedAmongShortOnesThatDoNot) {
  FieldTrie fields;
  fields.add_path("a");
  for (const int short_ones : {1, 8}) {
    JsonExperience experience;
    int tried = 0;
    for (int i = 0; i < 200'000; ++i) {
      if (experience.shapes_for(fields, 300) != nullptr && i >= 100'000) ++tried;
      for (int other = 0; other < short_ones; ++other) {
        if (experience.shapes_for(fields, 20) != nullptr) experience.missed(20);
      }
    }
    EXPECT_GT(tried, 40'000) << short_ones;
  }
}

TEST(JsonExperience, WhereNothingFitsFewMessagesAreTried) {
  FieldTrie fields;
  fields.add_path("a");
  JsonExperience experience;
  int tried = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (experience.shapes_for(fields, 300) == nullptr) continue;
    experience.missed(300);
    experience.learned(20);
    if (i >= 100'000) ++tried;
  }
  EXPECT_LT(tried, 100'000 / 16);
  EXPECT_GT(tried, 0);
}

TEST(JsonExperience, EachTrieHasShapesOfItsOwn) {
  std::vector<FieldTrie> tries(4);
  for (FieldTrie& fields : tries) fields.add_path("a");
  JsonExperience experience;
  std::vector<JsonShapes*> shapes;
  for (const FieldTrie& fields : tries) shapes.push_back(experience.shapes_for(fields, 1));
  for (std::size_t i = 0; i < tries.size(); ++i) {
    EXPECT_EQ(experience.shapes_for(tries[i], 1), shapes[i]);
    EXPECT_TRUE(shapes[i]->are_for(tries[i]));
  }
}

}  // namespace
}  // namespace tocsin::event
