#pragma once

#include <optional>
#include <span>
#include <string>

namespace rolebridge::ldap {

// What a server refers to in place of entries (RFC 4511 4.5.3): a part of the answer that somebody
// else holds. We go nowhere else (security.md L7), so the answer is not the whole (L8).
//
// `urls`: of one reference, any of which would do. The first one whose part is missed; none where
// nothing is:
// - Active Directory refers to its application partitions in every search of a domain's root
//   ([MS-ADTS] 3.1.1.3.1.3.4 and 6.1.1.2): DC=ForestDnsZones, DC=DomainDnsZones and
//   CN=Configuration hold names of hosts and settings, and nobody.
// - `not_missed` (ldap.ignored_references): DNs of parts that an administrator has no people or
// groups in. A URL that is no LDAP URL (RFC 4516), or without a DN, says of no part that nobody
// misses it.
std::optional<std::string> MissedPart(std::span<const std::string> urls,
                                      std::span<const std::string> not_missed);

}  // namespace rolebridge::ldap
