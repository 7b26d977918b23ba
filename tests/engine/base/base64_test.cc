#include "engine/base/base64.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

// RFC 4648, section 10.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kVectors{{{"", ""},
                                                                                 {"f", "Zg=="},
                                                                                 {"fo", "Zm8="},
                                                                                 {"foo", "Zm9v"},
                                                                                 {"foob", "Zm9vYg=="},
                                                                                 {"fooba", "Zm9vYmE="},
                                                                                 {"foobar", "Zm9vYmFy"}}};

TEST(Base64, IsThatOfTheStandard) {
  std::string out;
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_TRUE(decode_base64(text, out)) << text;
    EXPECT_EQ(out, bytes);
  }
}

TEST(Base64, ReadsBackWhateverItWrote) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string out;
    EXPECT_TRUE(decode_base64(encode_base64(bytes), out));
    EXPECT_EQ(out, bytes);
    bytes.insert(bytes.begin(), static_cast<char>(i * 7));
  }
}

TEST(Base64, ReadsUnpaddedAndWrappedText) {
  std::string out;
  for (const std::string_view text : {"TWFueQ==", "TWFueQ", "TWFu\r\neQ==\n"}) {
    EXPECT_TRUE(decode_base64(text, out)) << text;
    EXPECT_EQ(out, "Many");
  }
}

TEST(Base64, RefusesTheRest) {
  std::string out;
  for (const std::string_view text : {"A", "TWFu!", "TW Fu", "=AAA", "AA=A"})
    EXPECT_FALSE(decode_base64(text, out)) << text;
}

}  // namespace
}  // namespace tocsin
