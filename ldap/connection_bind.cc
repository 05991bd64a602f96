// How a connection proves whose it is: the three mechanisms of Settings::bind.

#include <sasl/sasl.h>

#include "ldap/connection_handle.h"
#include "ldap/credentials.h"

namespace rolebridge::ldap {
namespace {

constexpr const char* kExternal = "EXTERNAL";  // RFC 4422 appendix A
constexpr const char* kGssapi = "GSSAPI";      // RFC 4752

// Cyrus SASL asks for what the mechanism did not find out by itself. A ticket says it all.
int AnswerNothing(LDAP*, unsigned, void*, void* interactions) {
  for (auto* one = static_cast<sasl_interact_t*>(interactions); one->id != SASL_CB_LIST_END;
       ++one) {
    one->result = "";
    one->len = 0;
  }
  return LDAP_SUCCESS;
}

std::string HostOf(const std::string& uri) {
  LDAPURLDesc* raw = nullptr;
  if (ldap_url_parse(uri.c_str(), &raw) != LDAP_URL_SUCCESS) return "";
  const CPtr<LDAPURLDesc, ldap_free_urldesc> url(raw);
  return raw->lud_host == nullptr ? "" : raw->lud_host;
}

}  // namespace

std::string Bind::Words() const {
  switch (mechanism) {
    case Mechanism::kSimple:
      return dn.empty() ? "anonymous" : "'" + dn + "'";
    case Mechanism::kExternal:
      return "whoever the server takes the bridge for";
    case Mechanism::kGssapi:
      return principal.empty() ? "the first principal of '" + keytab_file + "'"
                               : "'" + principal + "'";
  }
  return "";
}

Result<void> Connection::GetTicket(const Credentials& credentials, Deadline deadline) {
  if (credentials.tickets() == nullptr) return {};
  const auto ticket = credentials.tickets()->Get(HostOf(uri_), deadline);
  if (!ticket) has_failed_ = true;
  return ticket;
}

Result<void> Connection::Bind(const Credentials& credentials) {
  int code = LDAP_OTHER;
  std::string_view hint;
  switch (settings_.bind.mechanism) {
    case Bind::Mechanism::kSimple:
      if (const auto checked = CheckSimpleBind(credentials.password()); !checked) return checked;
      hint = "check ldap.bind.password_file";
      code = BindSimply(credentials.password());
      break;
    case Bind::Mechanism::kExternal:
      hint = "check ldap.certificate_file, and whom the server takes it for";
      if (!IsEncrypted(uri_)) hint = "check whom the server takes this process's user for";
      code = BindExternally();
      break;
    case Bind::Mechanism::kGssapi:
      hint = "check ldap.bind.keytab_file, and that libsasl2-modules-gssapi-mit is installed";
      code = BindWithTicket(*credentials.tickets());
      break;
  }
  watched_.Disarm();
  if (code == LDAP_SUCCESS && watched_.HasFired()) return Failed("'" + uri_ + "'", LDAP_TIMEOUT);
  if (code == LDAP_SUCCESS) return {};
  return Failed("bind as " + settings_.bind.Words(), code, hint);
}

Result<void> Connection::CheckSimpleBind(const SecretString& password) {
  if (settings_.bind.is_anonymous()) {
    if (!IsEncrypted(uri_)) return {};
    return Refused(ErrorCode::kInvalidArgument, "ldap: '" + uri_ + "' needs ldap.bind.dn");
  }
  // L6: a name with an empty password is a success on servers that allow it, for any name at all.
  if (!password.empty()) return {};
  return Refused(ErrorCode::kInvalidArgument,
                 "ldap: the bind password is empty; check ldap.bind.password_file");
}

int Connection::BindSimply(const SecretString& password) {
  berval secret{password.size(), const_cast<char*>(password.Reveal().data())};
  if (settings_.bind.is_anonymous()) secret = {0, const_cast<char*>("")};
  return ldap_sasl_bind_s(handle_->ldap, settings_.bind.dn.c_str(), LDAP_SASL_SIMPLE, &secret,
                          nullptr, nullptr, nullptr);
}

int Connection::BindExternally() {
  berval nothing{0, const_cast<char*>("")};  // the server knows who asks
  return ldap_sasl_bind_s(handle_->ldap, nullptr, kExternal, &nothing, nullptr, nullptr, nullptr);
}

int Connection::BindWithTicket(Tickets& tickets) {
  const int code = BindStepByStep(Tickets::InUse(tickets));
  if (code == LDAP_INVALID_CREDENTIALS || code == LDAP_LOCAL_ERROR) tickets.Forget();
  return code;
}

// As ldap_sasl_interactive_bind_s, but for one thing between the steps: Cyrus's plugin takes a new
// credential at each and forgets the one before, 17 KB a bind, unless it was given one; and it can
// be given one only once libldap has begun.
int Connection::BindStepByStep(const Tickets::InUse& in_use) {
  LDAP* const ldap = handle_->ldap;
  CPtr<LDAPMessage, ldap_msgfree> answer;
  const char* mechanism = nullptr;
  int message_id = 0;
  while (true) {
    const int code =
        ldap_sasl_interactive_bind(ldap, nullptr, kGssapi, nullptr, nullptr, LDAP_SASL_QUIET,
                                   &AnswerNothing, nullptr, answer.get(), &mechanism, &message_id);
    if (code != LDAP_SASL_BIND_IN_PROGRESS) return code;
    ldap_set_option(ldap, LDAP_OPT_X_SASL_GSS_CREDS, in_use.credential());
    LDAPMessage* raw = nullptr;
    timeval time = ToTimeval(TimeLeft(open_deadline_));
    const int type = ldap_result(ldap, message_id, LDAP_MSG_ALL, &time, &raw);
    answer.reset(raw);
    if (type == 0) return LDAP_TIMEOUT;
    if (type == -1) return LDAP_SERVER_DOWN;
  }
}

}  // namespace rolebridge::ldap
