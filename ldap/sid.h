#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rolebridge::ldap {

// The security identifier of an account or a group in Active Directory.
// Spec: [MS-DTYP] 2.4.2.1 (text), 2.4.2.2 (bytes).
class Sid {
 public:
  // `bytes`: as objectSid and tokenGroups hold it; revision 1, 1 to 15 sub-authorities, no byte
  // more. None: anything else.
  static std::optional<Sid> Parse(std::string_view bytes);

  const std::string& bytes() const { return bytes_; }

  // "S-1-5-21-1004336348-1177238915-682003330-512".
  std::string Text() const;

  // The one of the same domain whose last number is `rid`: what primaryGroupID means.
  Sid InSameDomain(uint32_t rid) const;

  auto operator<=>(const Sid&) const = default;

 private:
  explicit Sid(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

// "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", of the 16 bytes of an objectGUID; the first three numbers
// are little-endian. None: not 16 bytes. Spec: [MS-DTYP] 2.3.4.2, 2.3.4.3.
std::optional<std::string> GuidText(std::string_view bytes);

}  // namespace rolebridge::ldap
