#include "bridge/web/ops_handlers.h"

#include <optional>
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

protocol::Context OwnContext(const HttpRequest& request) {
  return {
      .request_id = request.request_id, .client_address = request.client_address, .user_agent = ""};
}

}  // namespace

HttpResponse OpsHandlers::Health(const HttpRequest&) const { return Text(200, "ok\n"); }

HttpResponse OpsHandlers::Readiness(const HttpRequest& request) const {
  protocol::StatusRequest ask{.context = OwnContext(request)};
  const auto answer = issuer_.Status(ask);
  if (!answer) return Text(503, "issuer\n");
  const auto* status = std::get_if<StatusReply>(&*answer);
  if (status == nullptr) return Text(503, "issuer\n");
  return status->ready ? Text(200, "ready\n") : Text(503, status->why_not + "\n");
}

// The issuer's own, behind whether there is one at all and what only this process knows.
HttpResponse OpsHandlers::Metrics(const HttpRequest& request) const {
  protocol::MetricsRequest ask{.context = OwnContext(request)};
  const auto answer = issuer_.Metrics(ask);
  const auto* const metrics = answer ? std::get_if<protocol::MetricsReply>(&*answer) : nullptr;
  std::string text;
  if (const std::optional<SysSeconds> end = tls_end_.Get()) {
    text =
        "# HELP rolebridge_tls_certificate_not_after_seconds When the certificate that browsers "
        "see "
        "ends, in seconds since 1970.\n"
        "# TYPE rolebridge_tls_certificate_not_after_seconds gauge\n"
        "rolebridge_tls_certificate_not_after_seconds " +
        std::to_string(end->time_since_epoch().count()) + "\n";
  }
  text +=
      "# HELP rolebridge_issuer_up 1 where the issuer answers.\n"
      "# TYPE rolebridge_issuer_up gauge\n"
      "rolebridge_issuer_up ";
  text += metrics == nullptr ? "0\n" : "1\n" + metrics->text;
  HttpResponse response = Text(200, std::move(text));
  for (HttpField& field : response.headers) {
    if (field.first == "Content-Type") field.second = "text/plain; version=0.0.4; charset=utf-8";
  }
  return response;
}

}  // namespace rolebridge::web
