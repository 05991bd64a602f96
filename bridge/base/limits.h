#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rolebridge {

// Every bound of this program, with its default. An administrator may change those in kLimitRows
// under `limits:`, up to a ceiling that no configuration passes (security.md section 3).
struct Limits {
  // HTTP front
  uint32_t connections = 2048;
  uint32_t connections_per_address =
      256;  // an IPv4 address or an IPv6 /64; not for trusted proxies
  uint32_t requests_per_connection = 100;
  uint32_t workers = 16;
  uint32_t waiting_requests = 64;
  // login
  uint32_t conversations = 256;
  uint32_t conversations_per_address = 16;
  uint32_t login_failure_milliseconds = 2000;  // every failed login is answered then (T6)
  // Failures within 15 minutes before each further one costs a growing pause (T2).
  uint32_t login_failures_per_name = 5;
  uint32_t login_failures_per_address = 50;   // an IPv4 address or an IPv6 /64
  uint32_t login_failures_per_network = 200;  // a /24 or /48
  uint32_t login_failures_per_node = 5000;
  // directory
  uint32_t groups_per_person = 2000;
  // issuing
  uint32_t roles_per_person = 5000;
  uint32_t responses_per_session_and_minute = 30;
  uint32_t responses_per_minute = 600;
  // store
  uint32_t sessions = 100'000;
  uint32_t sessions_per_user = 20;
};

struct LimitRow {
  std::string_view name;  // as it stands under `limits:`
  uint32_t Limits::*member;
  uint32_t minimum;
  uint32_t ceiling;
  bool is_front = false;  // web's, which takes it when it starts
};

inline constexpr std::array kLimitRows = {
    LimitRow{"connections", &Limits::connections, 16, 16'384, true},
    LimitRow{"connections_per_address", &Limits::connections_per_address, 1, 16'384, true},
    LimitRow{"requests_per_connection", &Limits::requests_per_connection, 1, 1'000'000, true},
    LimitRow{"workers", &Limits::workers, 1, 64, true},
    LimitRow{"waiting_requests", &Limits::waiting_requests, 1, 1024, true},
    LimitRow{"conversations", &Limits::conversations, 1, 4096},
    LimitRow{"conversations_per_address", &Limits::conversations_per_address, 1, 4096},
    LimitRow{"login_failure_milliseconds", &Limits::login_failure_milliseconds, 0, 30'000},
    LimitRow{"login_failures_per_name", &Limits::login_failures_per_name, 1, 1'000'000},
    LimitRow{"login_failures_per_address", &Limits::login_failures_per_address, 1, 1'000'000},
    LimitRow{"login_failures_per_network", &Limits::login_failures_per_network, 1, 1'000'000},
    LimitRow{"login_failures_per_node", &Limits::login_failures_per_node, 1, 1'000'000},
    LimitRow{"groups_per_person", &Limits::groups_per_person, 1, 20'000},
    LimitRow{"roles_per_person", &Limits::roles_per_person, 1, 50'000},
    LimitRow{"responses_per_session_and_minute", &Limits::responses_per_session_and_minute, 1,
             10'000'000},
    LimitRow{"responses_per_minute", &Limits::responses_per_minute, 1, 10'000'000},
    LimitRow{"sessions", &Limits::sessions, 1, 1'000'000},
    LimitRow{"sessions_per_user", &Limits::sessions_per_user, 1, 100'000},
};

}  // namespace rolebridge
