#include "ldap/references.h"

#include <ldap.h>

#include <algorithm>

#include "bridge/base/c_ptr.h"
#include "ldap/dn.h"

namespace rolebridge::ldap {
namespace {

using UrlParts = CPtr<LDAPURLDesc, ldap_free_urldesc>;

constexpr size_t kMaximumUrl = 8192;

std::optional<Dn> DnOf(const std::string& url) {
  // libldap's text ends at a NUL, and so would the name, for us and for nobody else.
  const bool has_nul = url.find('\0') != std::string::npos || url.find("%00") != std::string::npos;
  if (has_nul || url.size() > kMaximumUrl) return std::nullopt;
  LDAPURLDesc* raw = nullptr;
  const bool is_parsed = ldap_url_parse(url.c_str(), &raw) == LDAP_URL_SUCCESS;
  const UrlParts parts(raw);
  if (!is_parsed || raw->lud_dn == nullptr) return std::nullopt;
  auto dn = Dn::Parse(raw->lud_dn);
  if (!dn) return std::nullopt;
  return *std::move(dn);
}

bool HoldsNobody(const Dn& dn) {
  const auto domain = dn.RdnValue("dc");
  return domain == "forestdnszones" || domain == "domaindnszones" ||
         dn.RdnValue("cn") == "configuration";
}

}  // namespace

std::optional<std::string> MissedPart(std::span<const std::string> urls,
                                      std::span<const std::string> not_missed) {
  if (urls.empty()) return "";
  for (const std::string& url : urls) {
    const auto dn = DnOf(url);
    const auto is_its = [&](const std::string& part) {
      const auto named = Dn::Parse(part);
      return named && dn->IsWithin(*named);
    };
    if (!dn) return url;
    if (!HoldsNobody(*dn) && std::none_of(not_missed.begin(), not_missed.end(), is_its)) return url;
  }
  return std::nullopt;
}

}  // namespace rolebridge::ldap
