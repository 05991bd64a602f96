#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ldap/dn.h"

// Whatever parses has a normal form that parses to the same and is within itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rolebridge::ldap::Dn;
  const auto dn = Dn::Parse({reinterpret_cast<const char*>(data), size});
  if (!dn) return 0;
  const auto again = Dn::Parse(dn->text());
  // Escapes can make the normal form longer than what is taken.
  if (!again && dn->text().size() <= 4096) std::abort();
  if (again && (*again != *dn || again->text() != dn->text())) std::abort();
  if (!dn->IsWithin(*dn)) std::abort();
  return 0;
}
