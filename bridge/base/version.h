#pragma once

#include <chrono>
#include <string_view>

namespace rolebridge {

inline constexpr std::string_view kVersion = "0.1.0";

// No honest clock can say less than this: the day this version was released (security.md O8).
inline constexpr std::chrono::sys_seconds kReleasedAt =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

}  // namespace rolebridge
