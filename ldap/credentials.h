#pragma once

#include <memory>
#include <utility>

#include "bridge/base/secret_string.h"
#include "ldap/settings.h"
#include "ldap/tickets.h"
#include "ldap/tls_context.h"

namespace rolebridge::ldap {

// What a connection proves with whose it is: the secret half of Settings::bind, and the certificate
// of Settings::certificate_file. For all connections.
class Credentials {
 public:
  // `password`: of a simple bind; else empty.
  Credentials(const Bind& bind, SecretString password) : password_(std::move(password)) {
    if (bind.mechanism == Bind::Mechanism::kGssapi) {
      tickets_ = std::make_unique<Tickets>(bind.keytab_file, bind.principal);
    }
  }

  const SecretString& password() const { return password_; }
  Tickets* tickets() const { return tickets_.get(); }  // null: not a matter of tickets
  TlsContext& tls() const { return *tls_; }

 private:
  SecretString password_;
  std::unique_ptr<Tickets> tickets_;
  std::unique_ptr<TlsContext> tls_ = std::make_unique<TlsContext>();
};

}  // namespace rolebridge::ldap
