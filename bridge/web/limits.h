#pragma once

#include <chrono>
#include <cstddef>

// The fixed bounds of the HTTP front (security.md section 3). Those that an administrator may
// change are in bridge/base/limits.h.
namespace rolebridge::web {

inline constexpr size_t kMaxTarget = 12 * 1024;  // a signed redirect fits
inline constexpr size_t kMaxLine = 12 * 1024;    // a header line, without its CR LF
inline constexpr size_t kMaxHead = 20 * 1024;    // request line, fields and their line ends
inline constexpr size_t kMaxFields = 64;
inline constexpr size_t kMaxBody = 64 * 1024;
inline constexpr size_t kMaxResponse = 256 * 1024;  // of a handler's body

// After an answer that ends a connection, so much of what the client still sends is read and thrown
// away: a close with unread bytes would make the kernel take back the answer.
inline constexpr size_t kMaxDrained = 256 * 1024;

// How long each phase of a connection may take.
struct Deadlines {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds head{10'000};  // from its first byte
  std::chrono::milliseconds body{20'000};
  std::chrono::milliseconds idle{15'000};  // between requests, and before the first
  std::chrono::milliseconds write{20'000};
  std::chrono::milliseconds drain{1'000};
  std::chrono::milliseconds stop{5'000};  // for what is in progress when a signal ends the process
};

// How long accepting rests after the kernel had no memory or descriptor left (H11).
inline constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace rolebridge::web
