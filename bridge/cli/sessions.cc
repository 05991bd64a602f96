#include "bridge/cli/sessions.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/base/visible_text.h"
#include "bridge/cli/exit_status.h"
#include "bridge/cli/table.h"
#include "bridge/protocol/admin_client.h"

namespace rolebridge::cli {
namespace {

using protocol::SessionLine;

int Fail(const std::string& why, std::ostream& errors) {
  errors << "rolebridge sessions: " << why << "\n";
  return kCannotTell;
}

Result<std::vector<SessionLine>> ReadAll(const SessionsOptions& options) {
  protocol::AdminClient issuer(options.admin_socket);
  std::vector<SessionLine> sessions;
  std::string after;
  while (true) {
    auto answer = issuer.ListSessions({.username = options.user, .after = after});
    if (!answer) return answer.error();
    auto* const page = std::get_if<protocol::ListSessionsReply>(&*answer);
    if (page == nullptr || (page->has_more && page->sessions.empty())) {
      return Error{ErrorCode::kUnavailable, "rolebridge-issuer did not answer that"};
    }
    std::move(page->sessions.begin(), page->sessions.end(), std::back_inserter(sessions));
    if (!page->has_more) break;
    after = sessions.back().session_index;
  }
  std::sort(sessions.begin(), sessions.end(), [](const SessionLine& one, const SessionLine& other) {
    return std::tie(one.username, one.authn_instant, one.session_index) <
           std::tie(other.username, other.authn_instant, other.session_index);
  });
  return sessions;
}

std::string At(const SessionLine& session) {
  return FormatUtc(SysSeconds(std::chrono::seconds(static_cast<int64_t>(session.authn_instant))));
}

// "3h 12m", "12m", "40s"
std::string Span(uint32_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  const uint32_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + "m";
  return std::to_string(minutes / 60) + "h " + std::to_string(minutes % 60) + "m";
}

std::string Visible(const std::string& text) { return VisibleText(text, LineBreaks::kShow); }

void PrintJson(const std::vector<SessionLine>& sessions, std::ostream& out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const SessionLine& session : sessions) {
    list.push_back({{"session", session.session_index},
                    {"user", session.username},
                    {"rhost", session.client_address},
                    {"assurance", session.assurance},
                    {"authn_instant", At(session)},
                    {"age_seconds", session.age_seconds},
                    {"idle_seconds", session.idle_seconds}});
  }
  out << list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

int ListSessions(const SessionsOptions& options, std::ostream& out, std::ostream& errors) {
  const Result<std::vector<SessionLine>> sessions = ReadAll(options);
  if (!sessions) return Fail(sessions.error().message, errors);
  if (options.json) {
    PrintJson(*sessions, out);
    return kYes;
  }
  if (sessions->empty()) {
    out << "nobody is logged in\n";
    return kYes;
  }
  std::deque<std::vector<std::string>> lines = {
      {"USER", "FROM", "SINCE", "IDLE", "LEVEL", "SESSION"}};
  for (const SessionLine& session : *sessions) {
    lines.push_back({Visible(session.username), Visible(session.client_address), At(session),
                     Span(session.idle_seconds), Visible(session.assurance),
                     Visible(session.session_index)});
  }
  PrintTable(lines, out);
  return kYes;
}

int EndSessions(const SessionsOptions& options, std::ostream& out, std::ostream& errors) {
  const auto answer =
      protocol::AdminClient(options.admin_socket)
          .EndSessions({.username = options.user, .session_index = options.session});
  if (!answer) return Fail(answer.error().message, errors);
  const auto* const reply = std::get_if<protocol::EndSessionsReply>(&*answer);
  if (reply == nullptr) return Fail(std::get<protocol::Refusal>(*answer).detail, errors);
  if (reply->ended == 0) {
    errors << "there was no such session\n";
    return kNo;
  }
  out << "ended " << reply->ended << (reply->ended == 1 ? " session" : " sessions")
      << "; what AWS gave for them goes on until its own end (rolebridge audit list "
         "--event response_issued)\n";
  return kYes;
}

}  // namespace rolebridge::cli
