#include "bridge/cli/reload.h"

#include <variant>

#include "bridge/base/visible_text.h"
#include "bridge/cli/exit_status.h"
#include "bridge/protocol/admin_client.h"

namespace rolebridge::cli {

ReloadOutcome AskToReload(const std::string& admin_socket, std::string_view command,
                          std::ostream& errors) {
  const auto answer = protocol::AdminClient(admin_socket).Reload({});
  if (!answer) {
    errors << command << ": " << answer.error().message << "\n";
    const bool is_nobody = answer.error().code == ErrorCode::kNotFound;
    return {is_nobody ? Reloaded::kNotRunning : Reloaded::kUnknown, {}};
  }
  const auto* const reply = std::get_if<protocol::ReloadReply>(&*answer);
  if (reply == nullptr) {
    errors << command << ": " << std::get<protocol::Refusal>(*answer).detail << "\n";
    return {};
  }
  for (const std::string& problem : reply->problems) {
    errors << "wrong    " << VisibleText(problem, LineBreaks::kKeep) << "\n";
  }
  for (const std::string& warning : reply->warnings) {
    errors << "warning  " << VisibleText(warning, LineBreaks::kKeep) << "\n";
  }
  if (reply->others > 0) errors << "and " << reply->others << " more; see rolebridge check\n";
  return {reply->is_taken ? Reloaded::kTaken : Reloaded::kRefused, reply->config_hash};
}

int Reload(const std::string& admin_socket, std::ostream& out, std::ostream& errors) {
  const ReloadOutcome outcome = AskToReload(admin_socket, "rolebridge reload", errors);
  const std::string configuration = "configuration " + outcome.config_hash.substr(0, 12);
  switch (outcome.reloaded) {
    case Reloaded::kTaken:
      out << "reloaded; " << configuration << " is in force\n";
      return kYes;
    case Reloaded::kRefused:
      errors << "not reloaded; " << configuration << " stays in force\n";
      return kNo;
    case Reloaded::kNotRunning:
    case Reloaded::kUnknown:
      return kCannotTell;
  }
  return kCannotTell;
}

}  // namespace rolebridge::cli
