#include "sinks/address_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::sinks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AddressGuard, RefusesWhatIsNotThePublicInternet) {
  const auto guard = AddressGuard::make({});
  ASSERT_TRUE(guard);
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.254",
                              "169.254.169.254",
                              "169.254.170.2",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.192",
                              "192.168.1.1",
                              "198.18.0.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:169.254.169.254",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "ff02::1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::101:101",
                              "64:ff9b:1:ffff::",
                              "::ffff:0:7f00:1",
                              "::ffff:0:101:101",
                              "100::1",
                              "100::ffff:ffff:ffff:ffff",
                              "2001::1",
                              "2001:0:7f00:1::1",
                              "2002:7f00:1::",
                              "2002:a00:1::1"}) {
    const auto ip = parse_ip(address);
    ASSERT_TRUE(ip) << address;
    EXPECT_THAT(guard->refusal("hooks.example.com", *ip), HasSubstr("allow")) << address;
  }
  for (const char* address :
       {"1.1.1.1",         "9.255.255.255",        "11.0.0.1",        "100.63.255.255",
        "100.128.0.1",     "126.255.255.255",      "128.0.0.1",       "169.253.1.1",
        "172.15.0.1",      "172.32.0.1",           "192.0.1.1",       "192.167.1.1",
        "198.17.0.1",      "198.20.0.1",           "223.255.255.255", "2606:4700::1111",
        "2001:1::1",       "2001:4860:4860::8888", "100:0:0:1::1",    "64:ff9b::101:101",
        "2002:101:101::1", "::ffff:1.1.1.1"}) {
    EXPECT_THAT(guard->refusal("hooks.example.com", *parse_ip(address)), IsEmpty()) << address;
  }
}

TEST(AddressGuard, AllowsHostsAddressesAndNetworksThatAreNamed) {
  const auto guard = AddressGuard::make({"Hooks.Internal.", "10.1.0.0/16", "192.168.7.9", "fd00:1::/32"});
  ASSERT_TRUE(guard);
  const auto permits = [&](const char* host, const char* address) {
    return guard->refusal(host, *parse_ip(address)).empty();
  };
  EXPECT_TRUE(permits("hooks.internal", "172.16.9.9"));
  EXPECT_TRUE(permits("other", "10.1.255.255"));
  EXPECT_TRUE(permits("other", "::ffff:10.1.2.3"));
  EXPECT_FALSE(permits("other", "10.2.0.0"));
  EXPECT_TRUE(permits("other", "192.168.7.9"));
  EXPECT_FALSE(permits("other", "192.168.7.8"));
  EXPECT_TRUE(permits("other", "fd00:1::5"));
  EXPECT_FALSE(permits("other", "fd00:2::5"));
  EXPECT_FALSE(permits("evil-hooks.internal", "127.0.0.1"));
}

TEST(AddressGuard, RefusesEntriesThatNameNothing) {
  for (const char* entry :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "1.2.3", "a b", "http://x", "*"})
    EXPECT_FALSE(AddressGuard::make({entry})) << entry;
}

TEST(AddressGuard, SaysTheAddressThatANameHas) {
  const auto guard = AddressGuard::make({});
  EXPECT_EQ(
      guard->refusal("metadata.example.com", *parse_ip("169.254.169.254")),
      "metadata.example.com is at 169.254.169.254, a link-local address: name it in `allow` if it is meant");
  EXPECT_EQ(guard->refusal("::1", *parse_ip("::1")),
            "::1 is a loopback address: name it in `allow` if it is meant");
}

}  // namespace
}  // namespace tocsin::sinks
