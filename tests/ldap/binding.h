#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {

// What the tests of the ways to bind share: a slapd that has a rule for each.

inline const FixedClock kBindingClock{SysSeconds(std::chrono::seconds(1769853900))};

// slapd.conf's rule that whoever SASL calls `pattern` is the account of the bridge.
inline std::string IsTheBridge(const std::string& pattern) {
  return "authz-regexp \"" + pattern + "\" \"cn=rolebridge,ou=services,dc=example,dc=org\"";
}

// As for `slapd`, but at `uri` and by `mechanism`, with nothing of a password.
inline Settings Without(const SlapdServer& slapd, const std::string& uri,
                        Bind::Mechanism mechanism) {
  Settings settings = slapd.settings();
  settings.uris = {uri};
  settings.bind = {.mechanism = mechanism};
  return settings;
}

// Whether alice is found, with her groups, which nobody but the bridge's account may read.
inline void ExpectAlice(const Settings& settings) {
  const auto found = Open(settings, SecretString(), kBindingClock)->Find("alice");
  ASSERT_TRUE(found) << settings.uris[0] << ": " << found.error().message;
  EXPECT_EQ(found->groups.size(), 6u);
}

inline std::string WhyNotAlice(const Settings& settings) {
  const auto found = Open(settings, SecretString(), kBindingClock)->Find("alice");
  EXPECT_FALSE(found) << settings.uris[0];
  return found ? "" : found.error().message;
}

}  // namespace rolebridge::ldap
