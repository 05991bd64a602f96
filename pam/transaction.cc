#include "pam/transaction.h"

#include <array>
#include <utility>

namespace rolebridge::pam {
namespace {

constexpr char kTty[] = "rolebridge";

// Indexed by code: _pam_types.h of Linux-PAM 1.5 and 1.7.
constexpr std::array<const char*, 32> kCodeNames = {
    "PAM_SUCCESS",
    "PAM_OPEN_ERR",
    "PAM_SYMBOL_ERR",
    "PAM_SERVICE_ERR",
    "PAM_SYSTEM_ERR",
    "PAM_BUF_ERR",
    "PAM_PERM_DENIED",
    "PAM_AUTH_ERR",
    "PAM_CRED_INSUFFICIENT",
    "PAM_AUTHINFO_UNAVAIL",
    "PAM_USER_UNKNOWN",
    "PAM_MAXTRIES",
    "PAM_NEW_AUTHTOK_REQD",
    "PAM_ACCT_EXPIRED",
    "PAM_SESSION_ERR",
    "PAM_CRED_UNAVAIL",
    "PAM_CRED_EXPIRED",
    "PAM_CRED_ERR",
    "PAM_NO_MODULE_DATA",
    "PAM_CONV_ERR",
    "PAM_AUTHTOK_ERR",
    "PAM_AUTHTOK_RECOVERY_ERR",
    "PAM_AUTHTOK_LOCK_BUSY",
    "PAM_AUTHTOK_DISABLE_AGING",
    "PAM_TRY_AGAIN",
    "PAM_IGNORE",
    "PAM_ABORT",
    "PAM_AUTHTOK_EXPIRED",
    "PAM_MODULE_UNKNOWN",
    "PAM_BAD_ITEM",
    "PAM_CONV_AGAIN",
    "PAM_INCOMPLETE",
};
static_assert(PAM_MODULE_UNKNOWN == 28 && PAM_INCOMPLETE == 31);

void NoDelay(int /*status*/, unsigned /*microseconds*/, void* /*appdata*/) {}

}  // namespace

const char* PamCodeName(int code) {
  if (code < 0 || code >= static_cast<int>(kCodeNames.size())) return "PAM_UNKNOWN";
  return kCodeNames[static_cast<size_t>(code)];
}

Result<Transaction> Transaction::Start(const StartRequest& request, const std::string& folder,
                                       const pam_conv& conversation) {
  pam_handle_t* raw = nullptr;
  int status = pam_start_confdir(request.service.c_str(), request.username.c_str(), &conversation,
                                 folder.c_str(), &raw);
  Handle handle(raw);
  if (status == PAM_SUCCESS) status = pam_set_item(raw, PAM_RHOST, request.rhost.c_str());
  if (status == PAM_SUCCESS) status = pam_set_item(raw, PAM_TTY, kTty);
  if (status == PAM_SUCCESS) {
    status = pam_set_item(raw, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&NoDelay));
  }
  if (status != PAM_SUCCESS) return Error{ErrorCode::kUnavailable, PamCodeName(status)};
  return Transaction(std::move(handle));
}

int Transaction::Remember(int status) {
  handle_.get_deleter().last_status = status;
  return status;
}

int Transaction::Authenticate() {
  return Remember(pam_authenticate(handle_.get(), PAM_DISALLOW_NULL_AUTHTOK));
}

int Transaction::CheckAccount() {
  return Remember(pam_acct_mgmt(handle_.get(), PAM_DISALLOW_NULL_AUTHTOK));
}

int Transaction::ChangeExpiredPassword() {
  return Remember(pam_chauthtok(handle_.get(), PAM_CHANGE_EXPIRED_AUTHTOK));
}

std::string Transaction::User() const {
  const void* user = nullptr;
  if (pam_get_item(handle_.get(), PAM_USER, &user) != PAM_SUCCESS || user == nullptr) return {};
  return static_cast<const char*>(user);
}

}  // namespace rolebridge::pam
