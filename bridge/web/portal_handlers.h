#pragma once

#include "bridge/web/http.h"
#include "bridge/web/site.h"
#include "bridge/web/visit.h"

namespace rolebridge::web {

// What is open to a person, and signing on there.
class PortalHandlers {
 public:
  explicit PortalHandlers(const Site& site) : site_(site) {}

  // GET /: every application and role of the person.
  HttpResponse ShowPortal(const HttpRequest& request) const;
  // GET /apps/{slug}[?relay_state=…]: the roles of one application. Shows and never issues: a link
  // must not mint (security.md B4).
  HttpResponse ShowReasons(const HttpRequest& request) const;
  HttpResponse ShowApplication(const HttpRequest& request) const;
  // POST /apps/{slug}: `role` is a role's ARN or "all". Issues, and hands over.
  HttpResponse SignOn(const HttpRequest& request) const;

 private:
  const Site& site_;
};

}  // namespace rolebridge::web
