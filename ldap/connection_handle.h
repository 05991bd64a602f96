#pragma once

// What the two halves of Connection share of libldap: connection_open.cc and connection.cc.

#include <lber.h>
#include <ldap.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "bridge/base/c_ptr.h"
#include "ldap/connection.h"

namespace rolebridge::ldap {

using Text = CPtr<void, ldap_memfree>;

inline timeval ToTimeval(std::chrono::milliseconds time) {
  const auto positive = std::max(time, std::chrono::milliseconds(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(positive);
  const std::chrono::microseconds rest = positive - seconds;
  return {static_cast<time_t>(seconds.count()), static_cast<suseconds_t>(rest.count())};
}

inline std::chrono::milliseconds TimeLeft(Deadline deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
}

// ldapi:// stays on this host; everything else is encrypted, or there is no connection.
inline bool IsEncrypted(std::string_view uri) { return !uri.starts_with("ldapi://"); }

struct Connection::Handle {
  explicit Handle(Connection& connection) {
    callbacks.lc_add = &Connected;
    callbacks.lc_del = &Closing;
    callbacks.lc_arg = &connection;
  }
  ~Handle() {
    if (ldap != nullptr) ldap_unbind_ext_s(ldap, nullptr, nullptr);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // libldap calls this between connect(2) and the TLS handshake. Not 0 makes it give up.
  static int Connected(LDAP*, Sockbuf* socket, LDAPURLDesc*, sockaddr*, ldap_conncb* callbacks);
  static void Closing(LDAP*, Sockbuf*, ldap_conncb*) {}

  LDAP* ldap = nullptr;
  ldap_conncb callbacks{};
};

}  // namespace rolebridge::ldap
