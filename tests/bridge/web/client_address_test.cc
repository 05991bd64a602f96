#include "bridge/web/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rolebridge::web {
namespace {

IpAddress Address(std::string_view text) { return IpAddress::Parse(text).value(); }

TEST(IpAddressTest, TakesNumericAddressesAndPrintsThemCanonically) {
  const std::pair<const char*, const char*> table[] = {
      {"192.0.2.7", "192.0.2.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"::1", "::1"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"::ffff:192.0.2.7", "192.0.2.7"},
  };
  for (const auto& [text, printed] : table) {
    ASSERT_TRUE(IpAddress::Parse(text)) << text;
    EXPECT_EQ(IpAddress::Parse(text)->ToString(), printed);
  }
}

TEST(IpAddressTest, RefusesNearMisses) {
  const std::string table[] = {"",
                               " ",
                               "192.0.2",
                               "192.0.2.256",
                               "192.0.2.7 ",
                               "192.0.2.7:80",
                               "0300.0.2.7",
                               "0x7f.0.0.1",
                               "2130706433",
                               "[::1]",
                               "::1%eth0",
                               "fe80::1%1",
                               "1::2::3",
                               "localhost",
                               "unknown",
                               "_hidden",
                               std::string("192.0.2.7\0x", 11),
                               std::string(10'000, '1')};
  for (const std::string& text : table) EXPECT_FALSE(IpAddress::Parse(text)) << text;
}

TEST(IpAddressTest, CountsAnIpv6AddressByItsCustomer) {
  EXPECT_EQ(Address("2001:db8:1:2:3:4:5:6").CountedAs(),
            Address("2001:db8:1:2:ffff::").CountedAs());
  EXPECT_NE(Address("2001:db8:1:2::").CountedAs(), Address("2001:db8:1:3::").CountedAs());
  EXPECT_EQ(Address("192.0.2.7").CountedAs(), Address("192.0.2.7"));
}

TEST(IpAddressTest, KnowsLoopback) {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Address(text).IsLoopback()) << text;
  }
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "100::1"}) {
    EXPECT_FALSE(Address(text).IsLoopback()) << text;
  }
}

TEST(IpNetworkTest, HoldsWhatLiesBehindItsPrefixAlone) {
  struct Row {
    const char* network;
    const char* inside;
    const char* outside;
  };
  const Row table[] = {
      {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
      {"192.0.2.0/25", "192.0.2.127", "192.0.2.128"},
      {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
      {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
      {"::1", "::1", "::2"},
      {"0.0.0.0/0", "255.255.255.255", "::1"},
  };
  for (const Row& row : table) {
    const Result<IpNetwork> network = IpNetwork::Parse(row.network);
    ASSERT_TRUE(network) << row.network;
    EXPECT_TRUE(network->Contains(Address(row.inside))) << row.network;
    EXPECT_FALSE(network->Contains(Address(row.outside))) << row.network;
  }
}

TEST(IpNetworkTest, RefusesNearMisses) {
  for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1",
                           "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.1/8", "::1/129", "2001:db8::1/32",
                           "10.0.0.0/255.0.0.0", "proxy.example.org", "/8"}) {
    EXPECT_FALSE(IpNetwork::Parse(text)) << text;
  }
}

// security.md H9: the table.
struct Row {
  const char* what;
  const char* peer;
  std::vector<std::string> forwarded;  // one field each
  const char* expected;
  bool malformed;
};

TEST(ClientAddressTest, BelievesTrustedProxiesAloneAndWalksFromTheRight) {
  const std::vector<IpNetwork> trusted = {*IpNetwork::Parse("10.0.0.0/8"),
                                          *IpNetwork::Parse("2001:db8::/32")};
  const Row table[] = {
      {"no proxy", "192.0.2.7", {}, "192.0.2.7", false},
      {"a stranger's claim", "192.0.2.7", {"198.51.100.1"}, "192.0.2.7", false},
      {"proxy without the field", "10.0.0.1", {}, "10.0.0.1", false},
      {"proxy", "10.0.0.1", {"198.51.100.1"}, "198.51.100.1", false},
      {"proxy, IPv6", "2001:db8::1", {"2a00::7"}, "2a00::7", false},
      {"mapped peer", "::ffff:10.0.0.1", {"198.51.100.1"}, "198.51.100.1", false},
      {"a claim left of the proxy's word",
       "10.0.0.1",
       {"1.1.1.1, 198.51.100.1"},
       "198.51.100.1",
       false},
      {"garbage left of the proxy's word", "10.0.0.1", {"x', 198.51.100.1"}, "198.51.100.1", false},
      {"two proxies", "10.0.0.1", {"198.51.100.1, 10.0.0.2"}, "198.51.100.1", false},
      {"two fields", "10.0.0.1", {"1.1.1.1, 198.51.100.1", "10.0.0.2"}, "198.51.100.1", false},
      {"trusted all along", "10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3", false},
      {"empty", "10.0.0.1", {""}, "10.0.0.1", true},
      {"commas", "10.0.0.1", {",,,"}, "10.0.0.1", true},
      {"comma at the end", "10.0.0.1", {"198.51.100.1,"}, "10.0.0.1", true},
      {"empty behind a trusted one", "10.0.0.1", {", 10.0.0.2"}, "10.0.0.1", true},
      {"garbage", "10.0.0.1", {"unknown"}, "10.0.0.1", true},
      {"zone", "10.0.0.1", {"fe80::1%eth0"}, "10.0.0.1", true},
      {"port", "10.0.0.1", {"198.51.100.1:4711"}, "10.0.0.1", true},
      {"brackets", "10.0.0.1", {"[2a00::7]"}, "10.0.0.1", true},
      {"tab", "10.0.0.1", {"198.51.100.1,\t10.0.0.2"}, "10.0.0.1", true},
  };
  for (const Row& row : table) {
    std::vector<HttpField> fields = {{"forwarded", "for=203.0.113.9"},
                                     {"x-real-ip", "203.0.113.9"}};
    for (const std::string& value : row.forwarded) fields.emplace_back("x-forwarded-for", value);
    const ClientAddress client = FindClientAddress(Address(row.peer), fields, trusted);
    EXPECT_EQ(client.address.ToString(), row.expected) << row.what;
    EXPECT_EQ(client.malformed, row.malformed) << row.what;
  }
}

TEST(ClientAddressTest, TakesTenThousandCommasAndTenThousandProxies) {
  const std::vector<IpNetwork> trusted = {*IpNetwork::Parse("10.0.0.0/8")};
  EXPECT_TRUE(FindClientAddress(Address("10.0.0.1"),
                                {{"x-forwarded-for", std::string(10'000, ',')}}, trusted)
                  .malformed);
  std::string proxies = "198.51.100.1";
  for (int i = 0; i < 10'000; ++i) proxies += ",10.0.0.2";
  EXPECT_EQ(FindClientAddress(Address("10.0.0.1"), {{"x-forwarded-for", proxies}}, trusted)
                .address.ToString(),
            "198.51.100.1");
}

}  // namespace
}  // namespace rolebridge::web
