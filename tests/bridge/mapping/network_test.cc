#include "bridge/mapping/network.h"

#include <gtest/gtest.h>

#include <string>

namespace rolebridge::mapping {
namespace {

struct Row {
  std::string network;
  std::string address;
  bool contains;
};

TEST(NetworkTest, ContainsItsAddresses) {
  const Row rows[] = {
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"192.0.2.0/25", "192.0.2.127", true},
      {"192.0.2.0/25", "192.0.2.128", false},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.8", false},
      {"192.0.2.7/32", "192.0.2.6", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "203.0.113.9", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"2001:db8::1", "2001:DB8:0::1", true},
      {"2001:db8::1", "2001:db8::2", false},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
      {"::ffff:0:0/96", "11.1.2.3", true},
      {"::/0", "::ffff:10.1.2.3", false},  // which is an IPv4 address
      {"10.0.0.0/8", "::10.1.2.3", false},
  };
  for (const Row& row : rows) {
    const auto network = Network::Parse(row.network);
    ASSERT_TRUE(network.has_value()) << row.network;
    const auto address = Address::Parse(row.address);
    ASSERT_TRUE(address.has_value()) << row.address;
    EXPECT_EQ(network->Contains(*address), row.contains) << row.network << " " << row.address;
  }
}

TEST(NetworkTest, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/ 8",
        "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.0/8/8", "::/129",
        "::1%lo/128", "example.org", "10.0.0.0-10.0.0.9", "10.*"}) {
    const auto network = Network::Parse(text);
    ASSERT_FALSE(network.has_value()) << text;
    EXPECT_EQ(network.error().message,
              "'" + text + "' is no network; use 10.0.0.0/8, 2001:db8::/32 or an address");
  }
}

TEST(NetworkTest, ShowsTheNetworkThatWasMeant) {
  EXPECT_EQ(Network::Parse("10.1.2.3/8").error().message,
            "'10.1.2.3/8' has bits behind its prefix; write 10.0.0.0/8");
  EXPECT_EQ(Network::Parse("2001:db8::1/32").error().message,
            "'2001:db8::1/32' has bits behind its prefix; write 2001:db8::/32");
}

}  // namespace
}  // namespace rolebridge::mapping
