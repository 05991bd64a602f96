#include "bridge/web/settings_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/fake_issuer.h"

namespace rolebridge::web {
namespace {

using protocol::FakeIssuer;
using protocol::SettingsReply;
using std::chrono::hours;
using std::chrono::milliseconds;

class SettingsWatchTest : public testing::Test {
 protected:
  FakeIssuer issuer_;
  SystemRandom random_;
};

TEST_F(SettingsWatchTest, StartsWithWhatTheIssuerSays) {
  const Result<SettingsReply> settings = AwaitSettings(issuer_, random_, milliseconds(0));
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->url, "https://sso.example.org");
}

TEST_F(SettingsWatchTest, GivesUpWhereNoIssuerComes) {
  issuer_.gone = true;
  const Result<SettingsReply> settings = AwaitSettings(issuer_, random_, milliseconds(0));
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(SettingsWatchTest, RefusesSettingsWithoutKeys) {
  issuer_.settings = [] {
    SettingsReply settings = FakeIssuer::DefaultSettings();
    settings.sealing_keys.clear();
    return settings;
  };
  const Result<SettingsReply> settings = AwaitSettings(issuer_, random_, hours(1));
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SettingsWatchTest, ReplacesSettingsOfAnotherConfigurationOnly) {
  CurrentSettings settings(FakeIssuer::DefaultSettings());
  SettingsWatch watch(issuer_, settings, random_, hours(1));
  const auto before = settings.Get();
  watch.LookOnce();
  EXPECT_EQ(settings.Get(), before);

  issuer_.status.config_hash = std::string(64, '2');
  issuer_.settings = [] {
    SettingsReply changed = FakeIssuer::DefaultSettings();
    changed.config_hash = std::string(64, '2');
    changed.site_name = "New";
    return changed;
  };
  watch.LookOnce();
  EXPECT_EQ(settings.Get()->reply.site_name, "New");
  EXPECT_EQ(before->reply.site_name, "Example GmbH") << "a request keeps what it began with";

  issuer_.gone = true;
  watch.LookOnce();
  EXPECT_EQ(settings.Get()->reply.site_name, "New");
}

}  // namespace
}  // namespace rolebridge::web
