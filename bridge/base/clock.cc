#include "bridge/base/clock.h"

#include <sys/timex.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace rolebridge {

SysSeconds SystemClock::Now() const {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

BootTime SystemClock::SinceBoot() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<BootTime>(std::chrono::seconds(now.tv_sec) +
                                              std::chrono::nanoseconds(now.tv_nsec));
}

bool SystemClock::IsSynchronised() const {
  timex state{};
  const int clock_state = adjtimex(&state);
  return clock_state >= 0 && clock_state != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

std::string FormatUtc(SysSeconds instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text.data();
}

}  // namespace rolebridge
