#include "bridge/cli/reload.h"

#include <variant>

#include "bridge/base/visible_text.h"
#include "bridge/cli/exit_status.h"
#include "bridge/protocol/admin_client.h"

namespace rolebridge::cli {

int Reload(const std::string& admin_socket, std::ostream& out, std::ostream& errors) {
  const auto answer = protocol::AdminClient(admin_socket).Reload({});
  if (!answer) {
    errors << "rolebridge reload: " << answer.error().message << "\n";
    return kCannotTell;
  }
  const auto* const reply = std::get_if<protocol::ReloadReply>(&*answer);
  if (reply == nullptr) {
    errors << "rolebridge reload: " << std::get<protocol::Refusal>(*answer).detail << "\n";
    return kCannotTell;
  }
  for (const std::string& problem : reply->problems) {
    errors << "wrong    " << VisibleText(problem, LineBreaks::kKeep) << "\n";
  }
  for (const std::string& warning : reply->warnings) {
    errors << "warning  " << VisibleText(warning, LineBreaks::kKeep) << "\n";
  }
  if (reply->others > 0) errors << "and " << reply->others << " more; see rolebridge check\n";
  if (!reply->is_taken) {
    errors << "not reloaded; configuration " << reply->config_hash.substr(0, 12)
           << " stays in force\n";
    return kNo;
  }
  out << "reloaded; configuration " << reply->config_hash.substr(0, 12) << " is in force\n";
  return kYes;
}

}  // namespace rolebridge::cli
