#pragma once

#include <string>
#include <vector>

#include "bridge/config/config_loader.h"

namespace rolebridge::config {

// The mistakes as an administrator reads them, one a line.
inline std::string Lines(const std::vector<Mistake>& mistakes) {
  std::string lines;
  for (const Mistake& mistake : mistakes) {
    lines += (lines.empty() ? "" : "\n") + ToString(mistake);
  }
  return lines;
}

// A configuration without mistakes. Each line can be replaced by its beginning: With("url:",
// "...").
inline std::string SmallConfig() {
  return "url: https://sso.example.org\n"                                                     // 1
         "listen: { tls: { certificate: tls.crt, key: tls.key } }\n"                          // 2
         "signing: [{ certificate: saml.crt, key: saml.key }]\n"                              // 3
         "ldap:\n"                                                                            // 4
         "  uris: [ldaps://ldap.example.org]\n"                                               // 5
         "  bind: { dn: \"cn=rolebridge,dc=example,dc=org\", password_file: secret }\n"       // 6
         "  users: { base: \"ou=people,dc=example,dc=org\", attributes: { email: mail } }\n"  // 7
         "  groups: { base: \"ou=groups,dc=example,dc=org\", attributes: { aws_role: awsRole } }\n"
         "mappings:\n"                                                   // 9
         "  aws-role:\n"                                                 // 10
         "    saml_name: https://aws.amazon.com/SAML/Attributes/Role\n"  // 11
         "    for_each: group in groups, role in group.aws_role\n"       // 12
         "    value: \"arn:aws:iam::123412341234:role/aws-{{ role }},"
         "arn:aws:iam::123412341234:saml-provider/rolebridge\"\n"  // 13
         "applications:\n"                                         // 14
         "  aws:\n"                                                // 15
         "    preset: aws\n"                                       // 16
         "    allowed_accounts: [\"123412341234\"]\n"              // 17
         "    mappings: [aws-role]\n";                             // 18
}

// SmallConfig() with the line that begins with `start` (behind its indentation) replaced by `line`
// under the same indentation; an empty one takes it out. Without `start` it is added at the end.
inline std::string With(const std::string& start, const std::string& line) {
  std::string config = SmallConfig();
  if (start.empty()) return config + line + "\n";
  size_t begin = 0;
  while (begin < config.size()) {
    const size_t text = config.find_first_not_of(' ', begin);
    const size_t end = config.find('\n', begin) + 1;
    if (config.compare(text, start.size(), start) == 0) {
      if (line.empty()) return config.erase(begin, end - begin);
      return config.replace(text, end - 1 - text, line);
    }
    begin = end;
  }
  return "there is no line " + start;
}

inline LoadResult Parsed(const std::string& yaml) {
  return ParseConfig(yaml, "test.yaml", "/etc/rolebridge");
}

inline std::string MistakesOf(const std::string& yaml) { return Lines(Parsed(yaml).mistakes); }

}  // namespace rolebridge::config
