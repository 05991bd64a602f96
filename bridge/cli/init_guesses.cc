#include "bridge/cli/init_guesses.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/config/checks.h"

namespace rolebridge::cli {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

void ForEachLine(std::string_view text, const std::function<void(std::string_view)>& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    visit(Trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::vector<std::string> Words(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  while (true) {
    const size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(separators), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string> UrisIn(std::string_view text, std::string_view separators) {
  std::vector<std::string> uris;
  for (std::string& word : Words(text, separators)) {
    if (word.ends_with('/') && word.find("://") + 3 < word.size()) word.pop_back();
    if (config::CheckLdapUri(word).empty()) uris.push_back(std::move(word));
  }
  return uris;
}

void TakeDn(std::string_view text, std::string& dn) {
  if (config::CheckDn(text).empty()) dn = text;
}

bool IsDnsName(std::string_view text) {
  return text.find('.') != std::string_view::npos && config::CheckHost(text).empty();
}

bool IsRoleName(std::string_view text) {
  return config::CheckRolePattern(text).empty() &&
         text.find_first_of("*?,") == std::string_view::npos;
}

}  // namespace

DirectoryGuess ReadLdapConf(std::string_view text) {
  DirectoryGuess guess;
  ForEachLine(text, [&](std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    const size_t end = std::min(line.find_first_of(kBlank), line.size());
    const std::string key = LowerAscii(line.substr(0, end));
    const std::string_view value = Trimmed(line.substr(end));
    if (key == "uri") guess.uris = UrisIn(value, kBlank);
    if (key == "base") TakeDn(value, guess.base);
    if (key == "binddn") TakeDn(value, guess.bind_dn);
    if (key == "tls_cacert") guess.ca_file = value;
  });
  return guess;
}

DirectoryGuess ReadSssdConf(std::string_view text) {
  DirectoryGuess guess;
  bool is_domain = false, is_found = false;
  ForEachLine(text, [&](std::string_view line) {
    if (line.empty() || line.front() == '#' || line.front() == ';' || is_found) return;
    if (line.front() == '[') {
      is_found = !guess.uris.empty();
      if (!is_found) guess = {};
      is_domain = line.starts_with("[domain/");
      return;
    }
    const size_t equals = line.find('=');
    if (!is_domain || equals == std::string_view::npos) return;
    const std::string_view key = Trimmed(line.substr(0, equals));
    const std::string_view value = Trimmed(line.substr(equals + 1));
    if (key == "ldap_uri") guess.uris = UrisIn(value, ", \t\r");
    // "base?scope?filter" is another form; the base alone is what counts here.
    if (key == "ldap_search_base") TakeDn(value.substr(0, value.find('?')), guess.base);
    if (key == "ldap_default_bind_dn") TakeDn(value, guess.bind_dn);
    if (key == "ldap_tls_cacert") guess.ca_file = value;
  });
  return guess.uris.empty() ? DirectoryGuess{} : guess;
}

DirectoryGuess Joined(DirectoryGuess first, const DirectoryGuess& second) {
  if (first.uris.empty()) first.uris = second.uris;
  if (first.base.empty()) first.base = second.base;
  if (first.bind_dn.empty()) first.bind_dn = second.bind_dn;
  if (first.ca_file.empty()) first.ca_file = second.ca_file;
  return first;
}

Resolvers ReadResolvConf(std::string_view text) {
  Resolvers resolvers;
  ForEachLine(text, [&](std::string_view line) {
    const std::vector<std::string> words = Words(line, kBlank);
    if (words.size() < 2) return;
    if (words[0] == "domain" || words[0] == "search") resolvers.domain = words[1];
    if (words[0] == "nameserver" && config::CheckAddress(words[1]).empty()) {
      resolvers.addresses.push_back(words[1]);
    }
  });
  return resolvers;
}

std::string DomainOf(const std::string& host_name, const std::string& domain) {
  const size_t dot = host_name.find('.');
  std::string found = LowerAscii(dot == std::string::npos ? domain : host_name.substr(dot + 1));
  if (found.ends_with('.')) found.pop_back();
  return IsDnsName(found) ? found : "";
}

std::vector<std::string> UrisOf(std::vector<Service> services, std::string_view scheme,
                                const std::string& domain) {
  std::stable_sort(services.begin(), services.end(), [](const Service& a, const Service& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.weight > b.weight;
  });
  return ldap::UrisOf(services, scheme, domain);
}

std::optional<RoleGroup> ParseRoleGroup(std::string_view group_name,
                                        const std::vector<std::string>& accounts) {
  constexpr std::string_view kPrefix = "AWS-";
  if (!group_name.starts_with(kPrefix)) return std::nullopt;
  group_name.remove_prefix(kPrefix.size());
  // The longest first: an alias may begin as another does.
  std::vector<std::string> by_length = accounts;
  by_length.emplace_back(group_name.substr(0, 12));
  if (!IsAccountId(by_length.back())) by_length.pop_back();
  std::stable_sort(by_length.begin(), by_length.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const std::string& account : by_length) {
    if (!group_name.starts_with(account + "-")) continue;
    const std::string_view role = group_name.substr(account.size() + 1);
    if (!IsRoleName(role)) return std::nullopt;
    return RoleGroup{account, std::string(role)};
  }
  return std::nullopt;
}

std::optional<std::string> RoleNameIn(std::string_view value) {
  value = value.substr(0, value.find(';'));
  if (!IsRoleName(value)) return std::nullopt;
  return std::string(value);
}

bool IsAccountId(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace rolebridge::cli
