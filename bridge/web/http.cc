#include "bridge/web/http.h"

namespace rolebridge::web {

std::optional<std::string_view> HttpRequest::Field(std::string_view lower_name) const {
  for (const auto& [name, value] : fields) {
    if (name == lower_name) return value;
  }
  return std::nullopt;
}

}  // namespace rolebridge::web
