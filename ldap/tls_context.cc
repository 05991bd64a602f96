#include "ldap/tls_context.h"

#include <ldap.h>

namespace rolebridge::ldap {

bool TlsContext::GiveTo(::ldap* handle) {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) {
    return ldap_set_option(handle, LDAP_OPT_X_TLS_CTX, context_) == LDAP_OPT_SUCCESS;
  }
  const int is_server = 0;
  return ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &is_server) == LDAP_OPT_SUCCESS &&
         ldap_get_option(handle, LDAP_OPT_X_TLS_CTX, &context_) == LDAP_OPT_SUCCESS &&
         context_ != nullptr;
}

}  // namespace rolebridge::ldap
