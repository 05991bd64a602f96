#include "bridge/web/ops_handlers.h"

#include <string>
#include <string_view>
#include <variant>

#include "bridge/web/security_headers.h"

namespace rolebridge::web {
namespace {

using protocol::StatusReply;

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers = SecurityHeaders();
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Result<protocol::Answer<StatusReply>> Ask(protocol::IssuerApi& issuer, const HttpRequest& request) {
  protocol::StatusRequest ask{.context = {.request_id = request.request_id,
                                          .client_address = request.client_address,
                                          .user_agent = ""}};
  return issuer.Status(ask);
}

void AddMetric(std::string& text, std::string_view name, std::string_view type,
               std::string_view help, uint64_t value) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  text.append(name).append(" ").append(std::to_string(value)).append("\n");
}

}  // namespace

HttpResponse OpsHandlers::Health(const HttpRequest&) const { return Text(200, "ok\n"); }

HttpResponse OpsHandlers::Readiness(const HttpRequest& request) const {
  const auto answer = Ask(issuer_, request);
  if (!answer) return Text(503, "issuer\n");
  const auto* status = std::get_if<StatusReply>(&*answer);
  if (status == nullptr) return Text(503, "issuer\n");
  return status->ready ? Text(200, "ready\n") : Text(503, status->why_not + "\n");
}

HttpResponse OpsHandlers::Metrics(const HttpRequest& request) const {
  const auto answer = Ask(issuer_, request);
  const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
  std::string text;
  AddMetric(text, "rolebridge_issuer_up", "gauge", "1 where the issuer answers.",
            status != nullptr ? 1 : 0);
  if (status == nullptr) return Text(200, text);
  AddMetric(text, "rolebridge_ready", "gauge", "1 where logins and sign-ons work.",
            status->ready ? 1 : 0);
  AddMetric(text, "rolebridge_sessions", "gauge", "Sessions that have not ended.",
            status->sessions);
  AddMetric(text, "rolebridge_conversations", "gauge", "Logins under way.", status->conversations);
  AddMetric(text, "rolebridge_logins_total", "counter", "Logins that succeeded.", status->logins);
  AddMetric(text, "rolebridge_refusals_total", "counter", "Logins and sign-ons refused.",
            status->refusals);
  AddMetric(text, "rolebridge_responses_total", "counter", "SAML responses issued.",
            status->responses);
  return Text(200, text);
}

}  // namespace rolebridge::web
