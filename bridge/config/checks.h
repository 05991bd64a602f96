#pragma once

#include <string>
#include <string_view>

namespace rolebridge::config {

// Whether a text may stand where it stands: "" or what is wrong with it and what to do, to be read
// behind the value in quotes. (TextType::Check)

std::string CheckLabel(std::string_view text);     // for people: 1 to 200 bytes, no space around
std::string CheckSlug(std::string_view text);      // [a-z0-9-]{1,32}
std::string CheckWord(std::string_view text);      // [A-Za-z0-9_-]{1,64}
std::string CheckRealm(std::string_view text);     // [A-Za-z0-9._-]{1,64}
std::string CheckVariable(std::string_view text);  // [a-z_][a-z0-9_]{0,63}
std::string CheckUserAttribute(std::string_view text);   // ... but none of user.*'s own
std::string CheckGroupAttribute(std::string_view text);  // ... but none of group.*'s own
std::string CheckVar(std::string_view text);             // any line
std::string CheckBaseUrl(std::string_view text);         // https://host[:port]
std::string CheckAcsUrl(std::string_view text);          // https://host/path; http on loopback
std::string CheckUri(std::string_view text);             // entity ids, audiences, context classes
std::string CheckHost(std::string_view text);            // a host name
std::string CheckListen(std::string_view text);          // 0.0.0.0:443, [::]:443, unix:/run/...
std::string CheckStatusListen(std::string_view text);    // the same on loopback, or ""
std::string CheckNetwork(std::string_view text);  // an address, or a network in CIDR notation
std::string CheckPamService(std::string_view text);
std::string CheckRolePattern(std::string_view text);
std::string CheckLdapUri(std::string_view text);
std::string CheckDn(std::string_view text);
std::string CheckPrincipal(std::string_view text);  // of Kerberos: NAME[/NAME]@REALM
std::string CheckLdapAttribute(std::string_view text);
std::string CheckLdapDescription(std::string_view text);  // the same, with options: cn;lang-de
std::string CheckAlias(std::string_view text);
std::string CheckAddress(std::string_view text);
std::string CheckProviderName(std::string_view text);
std::string CheckUserFilter(std::string_view text);

bool IsLoopbackListen(std::string_view address);

}  // namespace rolebridge::config
