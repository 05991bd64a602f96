#include "bridge/config/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/mapping/expression.h"

namespace rolebridge::config {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsLetter(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPrintable(char c) { return c > ' ' && c < 0x7F; }

template <typename Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

template <typename Predicate>
bool IsWordOf(std::string_view text, size_t longest, Predicate predicate) {
  return !text.empty() && text.size() <= longest && All(text, predicate);
}

std::optional<uint32_t> Number(std::string_view text, uint32_t largest) {
  uint32_t number = 0;
  if (text.empty() || text.size() > 5 || !All(text, IsDigit)) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (number > largest || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

// The bytes of an IPv4 or IPv6 address, or none.
std::string AddressBytes(std::string_view text) {
  std::array<char, 16> bytes{};
  const std::string address(text);
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return "";
}

// "host:port" or "[v6]:port" in two, with the brackets taken off.
std::optional<std::pair<std::string_view, std::string_view>> SplitPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  return std::pair(host, text.substr(colon + 1));
}

bool IsHost(std::string_view host) {
  const auto allowed = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '.'; };
  return IsWordOf(host, 253, allowed) && host.front() != '.' && host.back() != '.' &&
         host.front() != '-' && host.find("..") == std::string_view::npos;
}

// host, host:port, [v6] or [v6]:port.
bool IsAuthority(std::string_view authority) {
  std::string_view host = authority;
  if (const auto split = SplitPort(authority);
      split && !(authority.front() == '[' && authority.back() == ']')) {
    const auto port = Number(split->second, 65'535);
    if (!port || *port == 0) return false;
    host = authority.substr(0, authority.size() - split->second.size() - 1);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return AddressBytes(host.substr(1, host.size() - 2)).size() == 16;
  }
  return IsHost(host);
}

bool IsLoopbackHost(std::string_view authority) {
  if (authority.starts_with("[::1]")) return true;
  const std::string_view host = authority.substr(0, authority.find(':'));
  const std::string bytes = AddressBytes(host);
  return host == "localhost" || (bytes.size() == 4 && bytes.front() == 127);
}

std::string CheckName(std::string_view text, std::initializer_list<std::string_view> taken) {
  const std::string complaint = CheckVariable(text);
  if (!complaint.empty()) return complaint;
  for (const std::string_view name : taken) {
    if (text == name) return "has a meaning already; choose another name";
  }
  return "";
}

bool IsIdentifier(std::string_view text) {
  const auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; };
  return IsWordOf(text, 64, allowed) && !IsDigit(text.front());
}

}  // namespace

std::string CheckLabel(std::string_view text) {
  if (text.empty()) return "is empty; give it a text";
  if (text.size() > 200) return "is longer than 200 bytes; shorten it";
  if (text.front() == ' ' || text.back() == ' ') return "has white space around it; take it off";
  return text.find('\t') == std::string_view::npos ? "" : "has a tab; use a space";
}

std::string CheckSlug(std::string_view text) {
  const auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; };
  return IsWordOf(text, 32, allowed) ? "" : "is not allowed; use 1 to 32 of a-z, 0-9 and '-'";
}

std::string CheckWord(std::string_view text) {
  const auto allowed = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '_'; };
  return IsWordOf(text, 64, allowed) ? ""
                                     : "is not allowed; use 1 to 64 letters, digits, '-' and '_'";
}

std::string CheckVariable(std::string_view text) {
  if (!IsIdentifier(text)) {
    return "is not allowed; use 1 to 64 of a-z, 0-9 and '_', not beginning with a digit";
  }
  return "";
}

std::string CheckRealm(std::string_view text) {
  const auto allowed = [](char c) {
    return IsLower(LowerAscii(c)) || IsDigit(c) || c == '.' || c == '_' || c == '-';
  };
  return IsWordOf(text, 64, allowed)
             ? ""
             : "is not allowed; use 1 to 64 of letters, digits, '.', '_' and '-'";
}

std::string CheckUserAttribute(std::string_view text) {
  return CheckName(text, {"username", "dn"});
}

std::string CheckGroupAttribute(std::string_view text) {
  return CheckName(text, {"name", "dn", "grants"});
}

std::string CheckVar(std::string_view) { return ""; }

std::string CheckBaseUrl(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return "is not allowed; use https://host or https://host:port";
  std::string_view authority = text.substr(kScheme.size());
  const size_t path = authority.find_first_of("/?#");
  if (path != std::string_view::npos && IsAuthority(authority.substr(0, path))) {
    return "has something behind the host; use '" +
           std::string(text.substr(0, kScheme.size() + path)) + "'";
  }
  if (!IsAuthority(authority)) return "is not allowed; use https://host or https://host:port";
  const bool upper =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return upper ? "has capital letters; browsers send the host in small ones" : "";
}

std::string CheckAcsUrl(std::string_view text) {
  const std::string allowed = "is not allowed; use an https:// address";
  if (text.size() > 2048 || !All(text, IsPrintable)) return allowed;
  const bool https = text.starts_with("https://");
  if (!https && !text.starts_with("http://")) return allowed;
  const std::string_view rest = text.substr(https ? 8 : 7);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (rest.find('#') != std::string_view::npos) return "has a fragment ('#'); take it off";
  if (!IsAuthority(authority)) return allowed;
  if (!https && !IsLoopbackHost(authority)) {
    return "would send a signed response in clear text; use https://";
  }
  return "";
}

std::string CheckUri(std::string_view text) {
  const bool fits = text.size() <= 1024 && All(text, IsPrintable) &&
                    text.find(':') != std::string_view::npos && text.front() != ':';
  return fits ? "" : "is no URI; use one like urn:amazon:webservices or https://host/path";
}

std::string CheckHost(std::string_view text) {
  return IsHost(text) ? "" : "is no host name; use one like console.example.org";
}

std::string CheckListen(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    const bool fits = path.size() > 1 && path.size() < 108 && path.front() == '/';
    return fits ? "" : "is no socket path; use unix:/run/... of at most 107 bytes";
  }
  const auto split = SplitPort(text);
  const bool fits = split && !AddressBytes(split->first).empty() && Number(split->second, 65'535);
  return fits ? "" : "is no address; use '[::]:443', '192.0.2.1:443' or unix:/run/...";
}

bool IsLoopbackListen(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const auto split = SplitPort(address);
  if (!split) return false;
  const std::string bytes = AddressBytes(split->first);
  if (bytes.size() == 4) return bytes.front() == 127;
  return bytes == std::string(15, '\0') + '\1';
}

std::string CheckStatusListen(std::string_view text) {
  if (text.empty()) return "";
  std::string complaint = CheckListen(text);
  if (complaint.empty() && !IsLoopbackListen(text)) {
    complaint = "is open to others; use a loopback address like 127.0.0.1:9180";
  }
  return complaint;
}

std::string CheckNetwork(std::string_view text) {
  const std::string allowed = "is no address or network; use one like 192.0.2.1 or 10.0.0.0/8";
  const size_t slash = text.find('/');
  const std::string bytes = AddressBytes(text.substr(0, slash));
  if (bytes.empty()) return allowed;
  if (slash == std::string_view::npos) return "";
  const auto bits = Number(text.substr(slash + 1), static_cast<uint32_t>(bytes.size() * 8));
  if (!bits) return allowed;
  for (size_t bit = *bits; bit < bytes.size() * 8; ++bit) {
    if ((static_cast<unsigned char>(bytes[bit / 8]) >> (7 - bit % 8)) & 1) {
      return "has bits set behind its first " + std::to_string(*bits) + "; clear them";
    }
  }
  return "";
}

// rolebridge-pam runs these and no others (security.md P2).
std::string CheckPamService(std::string_view text) {
  constexpr std::string_view kPrefix = "rolebridge-";
  const auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; };
  const bool fits = text == "rolebridge" || (text.starts_with(kPrefix) &&
                                             IsWordOf(text.substr(kPrefix.size()), 48, allowed));
  return fits ? "" : "is not allowed; use rolebridge or rolebridge-NAME of a-z, 0-9 and '-'";
}

std::string CheckRolePattern(std::string_view text) {
  const auto allowed = [](char c) {
    return IsLetter(c) || IsDigit(c) ||
           std::string_view("_+=,.@-*?").find(c) != std::string_view::npos;
  };
  return IsWordOf(text, 64, allowed)
             ? ""
             : "is no pattern of a role's name; use its letters, digits and _+=,.@- with * and ?";
}

std::string CheckLdapUri(std::string_view text) {
  const std::string allowed =
      "is not allowed; use ldaps://host, ldap://host (StartTLS is always "
      "done), ldap+srv://domain or ldapi://%2Fpath%2Fto%2Fsocket";
  if (text.size() > 512 || !All(text, IsPrintable)) return allowed;
  if (text.starts_with("ldapi://")) {
    return text.find_first_of("?#@") == std::string_view::npos ? "" : allowed;
  }
  for (const std::string_view service : {"ldap+srv://", "ldaps+srv://"}) {
    if (text.starts_with(service)) {
      return CheckHost(text.substr(service.size())).empty() ? "" : allowed;
    }
  }
  const size_t scheme = text.starts_with("ldaps://") ? 8 : text.starts_with("ldap://") ? 7 : 0;
  if (scheme == 0) return allowed;
  std::string_view authority = text.substr(scheme);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  return IsAuthority(authority) ? "" : allowed;
}

std::string CheckPrincipal(std::string_view text) {
  const size_t at = text.find('@');
  const bool is_one = at != 0 && at < text.size() - 1 && text.size() <= 256 &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  return is_one ? "" : "is no principal; write it like rolebridge@EXAMPLE.ORG";
}

std::string CheckDn(std::string_view text) {
  const size_t equals = text.find('=');
  const bool fits = equals != std::string_view::npos && equals > 0 && text.size() <= 1024;
  return fits ? "" : "is no DN; use one like ou=people,dc=example,dc=org";
}

// RFC 4512 1.4: a keystring or a numericoid; no options.
std::string CheckLdapAttribute(std::string_view text) {
  const auto allowed = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-'; };
  const auto numeric = [](char c) { return IsDigit(c) || c == '.'; };
  if (IsWordOf(text, 128, allowed) && IsLetter(text.front())) return "";
  if (IsWordOf(text, 128, numeric) && text.find('.') != std::string_view::npos) return "";
  if (text.find('_') != std::string_view::npos) {
    return "is no LDAP attribute: those have no '_' (RFC 4512); use one like awsRole";
  }
  return "is no LDAP attribute; use one like mail";
}

std::string CheckLdapDescription(std::string_view text) {
  size_t at = text.find(';');
  if (std::string wrong = CheckLdapAttribute(text.substr(0, at)); !wrong.empty()) return wrong;
  const auto allowed = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-'; };
  // As many as ldap/attribute_description takes.
  for (size_t count = 1; at != std::string_view::npos; ++count) {
    const size_t next = text.find(';', at + 1);
    const std::string_view option = text.substr(at + 1, next - at - 1);
    if (!IsWordOf(option, 64, allowed) || LowerAscii(option) == "binary" || count > 8) {
      return "has an option that cannot be; use one like cn;lang-de";
    }
    at = next;
  }
  return "";
}

std::string CheckAlias(std::string_view text) {
  if (text.size() == 12 && All(text, IsDigit)) {
    return "is an account's number; give it a name beside its id";
  }
  return CheckSlug(text);
}

std::string CheckAddress(std::string_view text) {
  return AddressBytes(text).empty() ? "is no address; use one like 192.0.2.1" : "";
}

// aws-saml.md 2.2
std::string CheckProviderName(std::string_view text) {
  const auto allowed = [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '-';
  };
  return IsWordOf(text, 128, allowed)
             ? ""
             : "is not allowed; use 1 to 128 letters, digits, '.', '_' and '-'";
}

std::string CheckUserFilter(std::string_view text) {
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') {
    return "is no filter; use one like (uid={{ username }})";
  }
  const size_t open = text.find("{{"), close = text.find("}}");
  const bool hole = open != std::string_view::npos && close != std::string_view::npos &&
                    open < close &&
                    text.substr(open, close - open).find("username") != std::string_view::npos;
  if (!hole) return "does not ask for the user; use one like (uid={{ username }})";
  return "";
}

}  // namespace rolebridge::config
