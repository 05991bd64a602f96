// ldap_probe URI CA_FILE BIND_DN PASSWORD: 0 where the directory could be reached and read, 1 where
// not. A program of its own, since libldap reads the environment once in a process.

#include <cstdio>

#include "ldap/directory.h"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  rolebridge::ldap::Settings settings;
  settings.uris = {argv[1]};
  settings.ca_file = argv[2];
  settings.bind.dn = argv[3];
  settings.users.base = "ou=people,dc=example,dc=org";
  settings.groups.base = "ou=groups,dc=example,dc=org";
  const rolebridge::SystemClock clock;
  const auto directory =
      rolebridge::ldap::Directory::Create(settings, rolebridge::SecretString(argv[4]), clock);
  if (!directory) return 2;
  const auto probed = (*directory)->Probe();
  if (!probed) std::puts(probed.error().message.c_str());
  return probed ? 0 : 1;
}
