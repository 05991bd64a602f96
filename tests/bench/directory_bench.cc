// What a lookup costs beside the same searches by libldap alone, on one connection.
//
//   directory_bench URI CA_FILE BIND_DN PERSON...      (the password on standard input)
//
// A line of JSON for each person: their groups, CPU of a lookup by ldap::Directory and by libldap
// alone in microseconds, the median of the rounds' ratios, and how long lookups took. Exit status
// 1: a search failed, or the two did not find the same number of groups.

#include <ldap.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "ldap/account_state.h"
#include "ldap/directory.h"

namespace {

using rolebridge::ldap::Directory;
using rolebridge::ldap::Settings;

constexpr int kRounds = 9;
constexpr int kLookupsPerRound = 100;
constexpr const char* kGroups = "ou=groups,dc=example,dc=org";

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// One connection, made as anybody would.
class PlainClient {
 public:
  PlainClient(const Settings& settings, std::string password) {
    ldap_initialize(&ldap_, settings.uris[0].c_str());
    const int version = LDAP_VERSION3;
    ldap_set_option(ldap_, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ldap_, LDAP_OPT_X_TLS_CACERTFILE, settings.ca_file.c_str());
    const int is_server = 0;
    ldap_set_option(ldap_, LDAP_OPT_X_TLS_NEWCTX, &is_server);
    berval secret{password.size(), password.data()};
    const bool is_ready = ldap_start_tls_s(ldap_, nullptr, nullptr) == LDAP_SUCCESS &&
                          ldap_sasl_bind_s(ldap_, settings.bind.dn.c_str(), LDAP_SASL_SIMPLE,
                                           &secret, nullptr, nullptr, nullptr) == LDAP_SUCCESS;
    if (!is_ready) std::exit(1);
  }
  ~PlainClient() { ldap_unbind_ext(ldap_, nullptr, nullptr); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  // How many groups `person` is in, every value that was sent for them read.
  int Find(const std::string& person) {
    const auto& states = rolebridge::ldap::kAccountStateAttributes;
    std::vector<std::string> names(states.begin(), states.end());
    for (const char* name :
         {"uid", "mail", "cn", "uidNumber", "entryUUID", "nsUniqueId", "objectGUID"}) {
      names.emplace_back(name);
    }
    Search("ou=people,dc=example,dc=org", "(uid=" + person + ")", names);
    return Search(kGroups, "(member=uid=" + person + ",ou=people,dc=example,dc=org)",
                  {"cn", "awsRole"});
  }

 private:
  int Search(const char* base, const std::string& filter, std::vector<std::string> names) {
    std::vector<char*> attributes;
    for (std::string& name : names) attributes.push_back(name.data());
    attributes.push_back(nullptr);
    LDAPMessage* answer = nullptr;
    const int code =
        ldap_search_ext_s(ldap_, base, LDAP_SCOPE_SUBTREE, filter.c_str(), attributes.data(), 0,
                          nullptr, nullptr, nullptr, LDAP_NO_LIMIT, &answer);
    if (code != LDAP_SUCCESS) std::exit(1);
    int entries = 0;
    for (LDAPMessage* entry = ldap_first_entry(ldap_, answer); entry != nullptr;
         entry = ldap_next_entry(ldap_, entry)) {
      ++entries;
      bytes_ += ReadValues(entry);
    }
    ldap_msgfree(answer);
    return entries;
  }

  size_t ReadValues(LDAPMessage* entry) {
    size_t bytes = 0;
    BerElement* place = nullptr;
    for (char* name = ldap_first_attribute(ldap_, entry, &place); name != nullptr;
         name = ldap_next_attribute(ldap_, entry, place)) {
      berval** const values = ldap_get_values_len(ldap_, entry, name);
      for (berval** value = values; value != nullptr && *value != nullptr; ++value) {
        bytes += (*value)->bv_len;
      }
      ldap_value_free_len(values);
      ldap_memfree(name);
    }
    ber_free(place, 0);
    return bytes;
  }

  LDAP* ldap_ = nullptr;
  size_t bytes_ = 0;
};

double Percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
}

struct Measured {
  std::vector<double> ours, plain, ratios, milliseconds;
  size_t groups = 0;
};

Measured Measure(Directory& directory, PlainClient& plain, const std::string& person) {
  Measured measured;
  measured.groups = static_cast<size_t>(plain.Find(person));
  for (int round = 0; round < kRounds; ++round) {
    double began = CpuMicroseconds();
    for (int i = 0; i < kLookupsPerRound; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const auto found = directory.Find(person);
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - start;
      measured.milliseconds.push_back(took.count());
      if (!found || found->groups.size() != measured.groups) std::exit(1);
    }
    measured.ours.push_back((CpuMicroseconds() - began) / kLookupsPerRound);
    began = CpuMicroseconds();
    for (int i = 0; i < kLookupsPerRound; ++i) {
      if (static_cast<size_t>(plain.Find(person)) != measured.groups) std::exit(1);
    }
    measured.plain.push_back((CpuMicroseconds() - began) / kLookupsPerRound);
    measured.ratios.push_back(measured.ours.back() / measured.plain.back());
  }
  return measured;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("usage: directory_bench URI CA_FILE BIND_DN PERSON...\n", stderr);
    return 64;
  }
  std::string password;
  std::getline(std::cin, password);
  Settings settings;
  settings.uris = {argv[1]};
  settings.ca_file = argv[2];
  settings.bind.dn = argv[3];
  settings.users.base = "ou=people,dc=example,dc=org";
  settings.users.attributes = {{"email", "mail"}, {"full_name", "cn"}};
  settings.groups.base = kGroups;
  settings.groups.attributes = {{"aws_role", "awsRole"}};
  const rolebridge::SystemClock clock;
  const auto directory = Directory::Create(settings, rolebridge::SecretString(password), clock);
  if (!directory) return 1;
  PlainClient plain(settings, password);
  for (int i = 4; i < argc; ++i) {
    const Measured measured = Measure(**directory, plain, argv[i]);
    std::printf(
        "{\"person\": \"%s\", \"groups\": %zu, \"ours\": %.1f, \"plain\": %.1f, \"ratio\": %.3f, "
        "\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f}\n",
        argv[i], measured.groups, Percentile(measured.ours, 0.5), Percentile(measured.plain, 0.5),
        Percentile(measured.ratios, 0.5), Percentile(measured.milliseconds, 0.5),
        Percentile(measured.milliseconds, 0.9), Percentile(measured.milliseconds, 0.99));
  }
  return 0;
}
