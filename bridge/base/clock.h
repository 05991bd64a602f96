#pragma once

#include <chrono>
#include <string>

namespace rolebridge {

// Seconds since 1970 in UTC: what stands in documents and records.
using SysSeconds = std::chrono::sys_seconds;
// Time since boot, suspended time included (CLOCK_BOOTTIME): what our own things expire by, so that
// setting the wall clock neither ends nor prolongs a session (security.md O8).
using BootTime = std::chrono::milliseconds;

// Where the time comes from; a test hands in its own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SysSeconds Now() const = 0;
  virtual BootTime SinceBoot() const = 0;
  // True where the kernel says that its clock follows a time source; false also where that can't be
  // read (security.md O8).
  virtual bool IsSynchronised() const = 0;
};

class SystemClock final : public Clock {
 public:
  SysSeconds Now() const override;
  BootTime SinceBoot() const override;
  bool IsSynchronised() const override;
};

// "2026-01-31T10:05:00Z".
std::string FormatUtc(SysSeconds instant);

}  // namespace rolebridge
