#include "pam/account.h"

#include <pwd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace rolebridge::pam {
namespace {

// An entry beyond this is no honest one.
constexpr size_t kMaxEntryBytes = 1'048'576;  // 1 MiB

}  // namespace

Result<std::optional<uint32_t>> FindLocalUid(const std::string& name) {
  std::vector<char> buffer(4096);
  while (true) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return std::optional<uint32_t>(entry.pw_uid);
    // getpwnam(3): these two also say "no such entry", depending on the module of NSS.
    if (error == 0 || error == ENOENT || error == ESRCH) return std::optional<uint32_t>();
    if (error == EINTR) continue;
    if (error != ERANGE || buffer.size() >= kMaxEntryBytes) {
      return Error{ErrorCode::kUnavailable,
                   std::string("the account database failed: ") + std::strerror(error)};
    }
    buffer.resize(buffer.size() * 2);
  }
}

}  // namespace rolebridge::pam
