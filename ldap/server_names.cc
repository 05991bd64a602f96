#include "ldap/server_names.h"

#include <algorithm>
#include <utility>

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;

constexpr seconds kShortestLifetime{30};
constexpr seconds kLongestLifetime{3600};

}  // namespace

ServerNames::ServerNames(std::vector<std::string> configured, ServiceFinder find)
    : configured_(std::move(configured)), find_(std::move(find)) {
  has_services_ = std::any_of(configured_.begin(), configured_.end(), [](const std::string& uri) {
    return ParseServiceUri(uri).has_value();
  });
}

std::vector<std::string> ServerNames::uris() const {
  std::vector<std::string> uris;
  const auto add = [&](const std::string& uri) {
    if (std::find(uris.begin(), uris.end(), uri) == uris.end()) uris.push_back(uri);
  };
  for (const std::string& uri : configured_) {
    if (!ParseServiceUri(uri)) add(uri);
    const auto known = known_.find(uri);
    if (known == known_.end()) continue;
    for (const std::string& one : known->second.uris) add(one);
  }
  return uris;
}

seconds ServerNames::Refresh() {
  seconds shortest = kLongestLifetime;
  for (const std::string& configured : configured_) {
    const auto uri = ParseServiceUri(configured);
    if (!uri) continue;
    const auto lifetime = RefreshOne(configured, *uri);
    if (!lifetime) failure_ = lifetime.error();
    shortest = std::min(shortest, lifetime ? *lifetime : kShortestLifetime);
  }
  return std::max(shortest, kShortestLifetime);
}

Result<seconds> ServerNames::RefreshOne(const std::string& configured, const ServiceUri& uri) {
  auto answer = find_(uri.name());
  if (!answer) return Error{answer.error().code, "ldap: " + answer.error().message};
  std::sort(answer->services.begin(), answer->services.end());
  Known& known = known_[configured];
  if (known.services == answer->services && !known.uris.empty()) return answer->lifetime;
  SystemRandom random;
  auto uris = UrisOf(DrawOrder(answer->services, random), uri.scheme, uri.domain);
  if (uris.empty()) {
    return Error{ErrorCode::kUnavailable, "ldap: of the servers that the DNS names for '" +
                                              uri.name() + "' none is within '" + uri.domain +
                                              "'; name them in ldap.uris themselves"};
  }
  known = {.services = std::move(answer->services), .uris = std::move(uris)};
  return answer->lifetime;
}

}  // namespace rolebridge::ldap
