#pragma once

#include <mutex>

struct ldap;  // libldap's LDAP

namespace rolebridge::ldap {

// What libldap makes of the TLS options of a handle, a client's certificate among them, made once
// and shared by all connections: libldap with GnuTLS never gives back the memory of a client's
// certificate, 17 KB each time. For all threads.
class TlsContext {
 public:
  TlsContext() = default;
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Makes it of the handle's options, where this is the first, or gives it to the handle. False
  // where the files can't be used; the next one tries again. One that was made stays until the
  // process ends, for libldap has no function that takes it back: one for each reload.
  bool GiveTo(::ldap* handle);

 private:
  std::mutex mutex_;
  void* context_ = nullptr;
};

}  // namespace rolebridge::ldap
