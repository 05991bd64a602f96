#include "bridge/web/ops_handlers.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_issuer.h"

namespace rolebridge::web {
namespace {

class OpsHandlersTest : public testing::Test {
 protected:
  protocol::FakeIssuer issuer_;
  OpsHandlers ops_{issuer_};
  HttpRequest request_;
};

TEST_F(OpsHandlersTest, IsHealthyWithoutAnIssuer) {
  issuer_.gone = true;
  EXPECT_EQ(ops_.Health(request_).status, 200);
  EXPECT_TRUE(issuer_.asked.empty());
}

TEST_F(OpsHandlersTest, IsReadyWhereTheIssuerSaysSo) {
  EXPECT_EQ(ops_.Readiness(request_).status, 200);
  issuer_.status.ready = false;
  issuer_.status.why_not = "directory";
  HttpResponse response = ops_.Readiness(request_);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "directory\n");
  issuer_.gone = true;
  response = ops_.Readiness(request_);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "issuer\n");
}

TEST_F(OpsHandlersTest, PassesOnTheIssuersMetrics) {
  const std::string text = ops_.Metrics(request_).body;
  EXPECT_NE(text.find("\nrolebridge_issuer_up 1\nrolebridge_sessions 3\n"), std::string::npos);
  issuer_.gone = true;
  EXPECT_NE(ops_.Metrics(request_).body.find("\nrolebridge_issuer_up 0\n"), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::web
