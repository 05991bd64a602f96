#pragma once

#include "bridge/base/random.h"
#include "bridge/protocol/issuer_client.h"
#include "bridge/web/http.h"
#include "bridge/web/tls_end.h"

namespace rolebridge::web {

// For the loopback listener: what a supervisor and a scraper ask. No name, address or role is in
// any answer (security.md X2).
class OpsHandlers {
 public:
  OpsHandlers(protocol::IssuerApi& issuer, const TlsEnd& tls_end)
      : issuer_(issuer), tls_end_(tls_end) {}

  // GET /healthz: this process lives.
  HttpResponse Health(const HttpRequest& request) const;
  // GET /readyz: 200 where a login and a sign-on would work now, else 503 with one word why not.
  HttpResponse Readiness(const HttpRequest& request) const;
  // GET /metrics, in Prometheus' text format.
  HttpResponse Metrics(const HttpRequest& request) const;

 private:
  protocol::IssuerApi& issuer_;
  const TlsEnd& tls_end_;
};

}  // namespace rolebridge::web
