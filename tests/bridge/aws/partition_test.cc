#include "bridge/aws/partition.h"

#include <gtest/gtest.h>

namespace rolebridge::aws {
namespace {

// aws-saml.md 3.1 and 3.2.
TEST(PartitionTest, KnowsTheThreeDocumentedOnes) {
  ASSERT_NE(FindPartition("aws"), nullptr);
  EXPECT_EQ(FindPartition("aws")->audience, "urn:amazon:webservices");
  EXPECT_EQ(FindPartition("aws")->acs_url, "https://signin.aws.amazon.com/saml");
  ASSERT_NE(FindPartition("aws-cn"), nullptr);
  EXPECT_EQ(FindPartition("aws-cn")->acs_url, "https://signin.amazonaws.cn/saml");
  ASSERT_NE(FindPartition("aws-us-gov"), nullptr);
  EXPECT_EQ(FindPartition("aws-us-gov")->audience, "urn:amazon:webservices:govcloud");
}

TEST(PartitionTest, KnowsNoOther) {
  EXPECT_EQ(FindPartition(""), nullptr);
  EXPECT_EQ(FindPartition("AWS"), nullptr);
  EXPECT_EQ(FindPartition("aws-mars"), nullptr);
}

TEST(RelayStateTest, AcceptsConsolePages) {
  const std::vector<std::string> hosts = {"console.aws.amazon.com"};
  const char* accepted[] = {
      "https://console.aws.amazon.com",
      "https://console.aws.amazon.com/",
      "https://console.aws.amazon.com:443/ec2",
      "https://CONSOLE.aws.amazon.com/",
      "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1#tab=a/b",
      "https://console.aws.amazon.com?x=https://evil.example",
  };
  for (const char* url : accepted) EXPECT_TRUE(IsAllowedRelayState(url, hosts)) << url;
}

TEST(RelayStateTest, RefusesNearMisses) {
  const std::vector<std::string> hosts = {"console.aws.amazon.com"};
  const std::string refused[] = {
      "",
      "https://",
      "/ec2",
      "//console.aws.amazon.com/",
      "http://console.aws.amazon.com/",
      "HTTPS:\\\\console.aws.amazon.com/",
      "javascript:alert(1)//https://console.aws.amazon.com/",
      "https://evilconsole.aws.amazon.com/",
      "https://console.aws.amazon.com.evil.example/",
      "https://console.aws.amazon.com@evil.example/",
      "https://evil.example/https://console.aws.amazon.com",
      "https://evil.example#console.aws.amazon.com",
      "https://evil.example?.console.aws.amazon.com",
      "https://evil.example\\.console.aws.amazon.com/",
      "https://evil.example\\@console.aws.amazon.com/",
      "https://user:pass@console.aws.amazon.com/",
      "https://console.aws.amazon.com:8443/",
      "https://console.aws.amazon.com./",
      "https://.console.aws.amazon.com/",
      "https://a..console.aws.amazon.com/",
      "https://console.aws.amazon.com/\r\nX: y",
      "https://console.aws.amazon.com/\t",
      "https://console.aws.amazon.com/a b",
      "https://console.aws.amazon.com/ä",
      " https://console.aws.amazon.com/",
      "https://amazon.com/",
      "https://console.aws.amazon.com/" + std::string(2048, 'x'),
  };
  for (const std::string& url : refused) EXPECT_FALSE(IsAllowedRelayState(url, hosts)) << url;
  EXPECT_FALSE(IsAllowedRelayState("https://console.aws.amazon.com/", {}));
  EXPECT_FALSE(IsAllowedRelayState("https://console.aws.amazon.com/", {""}));
}

}  // namespace
}  // namespace rolebridge::aws
