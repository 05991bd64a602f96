#pragma once

#include <security/pam_appl.h>

#include <memory>
#include <string>

#include "bridge/base/result.h"
#include "pam/protocol.h"

namespace rolebridge::pam {

// pam_end wants to know how the last call went.
struct EndTransaction {
  int last_status = PAM_SUCCESS;
  void operator()(pam_handle_t* handle) const { pam_end(handle, last_status); }
};

// One PAM transaction, from pam_start to pam_end. It authenticates, checks the account and, asked
// to, has a password changed that has expired: no pam_setcred, no pam_open_session (security.md
// P5).
class Transaction {
 public:
  // `folder` is that of the service files; `conversation` outlives the transaction.
  // PAM_RHOST is the request's address, PAM_TTY "rolebridge", PAM_RUSER unset (P6), and the delay
  // after a failure is nobody's here: PAM_FAIL_DELAY returns at once (P7).
  // Errors: kUnavailable, with PAM's name for why.
  static Result<Transaction> Start(const StartRequest& request, const std::string& folder,
                                   const pam_conv& conversation);

  // pam_authenticate and pam_acct_mgmt with PAM_DISALLOW_NULL_AUTHTOK (P3); the codes of PAM.
  int Authenticate();
  int CheckAccount();
  // pam_chauthtok for a password that has expired, and for no other.
  int ChangeExpiredPassword();

  // PAM_USER as it is now: modules may have changed it (U3). Empty where there is none.
  std::string User() const;

 private:
  using Handle = std::unique_ptr<pam_handle_t, EndTransaction>;

  explicit Transaction(Handle handle) : handle_(std::move(handle)) {}
  int Remember(int status);

  Handle handle_;
};

// "PAM_AUTH_ERR" and so on; "PAM_UNKNOWN" for a number that PAM does not define.
const char* PamCodeName(int code);

}  // namespace rolebridge::pam
