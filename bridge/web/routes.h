#pragma once

#include <string>

#include "bridge/base/result.h"
#include "bridge/web/dispatcher.h"
#include "bridge/web/http.h"
#include "bridge/web/site.h"

namespace rolebridge::web {

// The public routes, and the pages for what is none of them. `site` must outlive the result.
DispatcherSettings PublicRoutes(const Site& site);

// Those of the loopback listener.
DispatcherSettings StatusRoutes(const Site& site);

}  // namespace rolebridge::web
