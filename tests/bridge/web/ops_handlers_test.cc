#include "bridge/web/ops_handlers.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_issuer.h"

namespace rolebridge::web {
namespace {

// Stands until a test moves it.
class MovedClock final : public Clock {
 public:
  SysSeconds Now() const override { return SysSeconds(std::chrono::days(20000)) + passed; }
  BootTime SinceBoot() const override { return passed; }
  bool IsSynchronised() const override { return true; }
  std::chrono::seconds passed{0};
};

class OpsHandlersTest : public testing::Test {
 protected:
  protocol::FakeIssuer issuer_;
  MovedClock clock_;
  TlsEnd tls_end_{clock_};
  OpsHandlers ops_{issuer_, tls_end_};
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

TEST_F(OpsHandlersTest, SaysWhenTheTlsCertificateEndsThoughTheIssuerIsGone) {
  EXPECT_EQ(ops_.Metrics(request_).body.find("rolebridge_tls_certificate"), std::string::npos);
  tls_end_.Tell(SysSeconds(std::chrono::seconds(1800000000)));
  issuer_.gone = true;
  EXPECT_NE(ops_.Metrics(request_).body.find(
                "\nrolebridge_tls_certificate_not_after_seconds 1800000000\n"),
            std::string::npos);
}

TEST_F(OpsHandlersTest, WarnsOfATlsCertificateThatEndsSoonOncePerDayAndOfEachRenewedOne) {
  const SysSeconds end = clock_.Now() + std::chrono::days(70);
  EXPECT_FALSE(tls_end_.Tell(end));
  clock_.passed += std::chrono::days(11);
  EXPECT_TRUE(tls_end_.Tell(end));
  EXPECT_FALSE(tls_end_.Tell(end));
  clock_.passed += std::chrono::hours(24);
  EXPECT_TRUE(tls_end_.Tell(end));
  EXPECT_TRUE(tls_end_.Tell(end - std::chrono::days(1)));
}

}  // namespace
}  // namespace rolebridge::web
