#include "bridge/base/user_id.h"

#include <pwd.h>

namespace rolebridge {

Result<uid_t> FindUserId(const std::string& text) {
  const bool is_number = !text.empty() && text.size() < 10 &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) return static_cast<uid_t>(std::stoul(text));
  const passwd* const entry = getpwnam(text.c_str());
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "there is no user '" + text + "'"};
  return entry->pw_uid;
}

}  // namespace rolebridge
