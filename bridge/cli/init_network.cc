#include "bridge/cli/init_network.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <utility>

#include "bridge/base/c_ptr.h"
#include "ldap/services.h"

namespace rolebridge::cli {
namespace {

using AddressList = CPtr<addrinfo, freeaddrinfo>;

}  // namespace

std::vector<Service> SystemNetwork::FindServices(const std::string& service,
                                                 const std::string& domain) const {
  auto answer = ldap::SystemServiceFinder()("_" + service + "._tcp." + domain);
  return answer ? std::move(answer->services) : std::vector<Service>();
}

Result<std::vector<std::string>> SystemNetwork::AddressesOf(const std::string& host) const {
  const addrinfo hints{.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* raw = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const AddressList owner(raw);
  if (code != 0) {
    return Error{ErrorCode::kUnavailable, "'" + host + "': " + gai_strerror(code)};
  }
  std::set<std::string> addresses;
  for (const addrinfo* one = raw; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.insert(text.data());
    }
  }
  return std::vector<std::string>(addresses.begin(), addresses.end());
}

bool IsLoopback(const std::string& address) {
  in6_addr six{};
  if (inet_pton(AF_INET6, address.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  in_addr four{};
  return inet_pton(AF_INET, address.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

}  // namespace rolebridge::cli
