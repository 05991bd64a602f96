#include "bridge/base/certificate_notice.h"

#include <gtest/gtest.h>

namespace rolebridge {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// Stands until a test moves it.
class MovedClock final : public Clock {
 public:
  SysSeconds Now() const override { return now; }
  BootTime SinceBoot() const override { return since_boot; }
  bool IsSynchronised() const override { return true; }
  void Advance(seconds by) {
    now += by;
    since_boot += by;
  }
  SysSeconds now{days(20000)};
  BootTime since_boot{hours(100)};
};

EndingCertificate Ending(SysSeconds not_after, const std::string& key = "k") {
  return {"signing", key, "active", "0123", not_after};
}

TEST(CertificateNoticeTest, CountsWholeDaysThatAreLeft) {
  const SysSeconds now{days(20000)};
  EXPECT_EQ(DaysLeft(now + days(2), now), 2);
  EXPECT_EQ(DaysLeft(now + days(2) - seconds(1), now), 1);
  EXPECT_EQ(DaysLeft(now, now), 0);
  EXPECT_EQ(DaysLeft(now - seconds(1), now), -1);
}

TEST(CertificateNoticeTest, TellsFromSixtyDaysBeforeTheEndOnDayByDay) {
  MovedClock clock;
  CertificateNotice notice(clock);
  const EndingCertificate one = Ending(clock.now + days(62));
  for (int day = 0; day < 70; ++day) {
    EXPECT_EQ(notice.Look({one}), day < 3 ? 0U : 1U) << day;
    for (int look = 0; look < 23; ++look) {
      clock.Advance(hours(1));
      EXPECT_EQ(notice.Look({one}), 0U) << day;
    }
    clock.Advance(hours(1));
  }
}

TEST(CertificateNoticeTest, TellsAtOnceWhereOthersCame) {
  MovedClock clock;
  CertificateNotice notice(clock);
  const EndingCertificate one = Ending(clock.now + days(5));
  const EndingCertificate two = Ending(clock.now + days(500), "l");
  EXPECT_EQ(notice.Look({two}), 0U);
  EXPECT_EQ(notice.Look({two, one}), 1U);
  EXPECT_EQ(notice.Look({two, one}), 0U);
  EXPECT_EQ(notice.Look({one}), 1U);
}

TEST(CertificateNoticeTest, AClockSetBackSilencesNothing) {
  MovedClock clock;
  CertificateNotice notice(clock);
  const EndingCertificate one = Ending(clock.now + days(5));
  EXPECT_EQ(notice.Look({one}), 1U);
  clock.now -= days(3);
  clock.since_boot += hours(24);
  EXPECT_EQ(notice.Look({one}), 1U);
}

TEST(CertificateNoticeTest, LinesHaveTheirPriorityAndFields) {
  MovedClock clock;
  CertificateNotice notice(clock);
  testing::internal::CaptureStderr();
  notice.Look({Ending(clock.now + days(5)),
               Ending(clock.now - seconds(1), "old"),
               {"tls", "", "", "", clock.now + days(1)}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "<4>certificate_ends kind=signing key=k state=active sha256=0123 "
            "not_after=2024-10-09T00:00:00Z days_left=5\n"
            "<3>certificate_ended kind=signing key=old state=active sha256=0123 "
            "not_after=2024-10-03T23:59:59Z days_left=-1\n"
            "<4>certificate_ends kind=tls not_after=2024-10-05T00:00:00Z days_left=1\n");
}

}  // namespace
}  // namespace rolebridge
