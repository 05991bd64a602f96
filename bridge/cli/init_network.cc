#include "bridge/cli/init_network.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "bridge/base/c_ptr.h"

namespace rolebridge::cli {
namespace {

constexpr size_t kMaximumServices = 100;
// RFC 2782: priority, weight and port, two bytes each; then the target.
constexpr size_t kFixedPart = 6;

using AddressList = CPtr<addrinfo, freeaddrinfo>;

void AddService(const ns_msg& message, const ns_rr& record, std::vector<Service>& services) {
  if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixedPart) return;
  const unsigned char* const data = ns_rr_rdata(record);
  std::array<char, NS_MAXDNAME> host{};
  const int length = dn_expand(ns_msg_base(message), ns_msg_end(message), data + kFixedPart,
                               host.data(), static_cast<int>(host.size()));
  if (length <= 0 || host.front() == '\0') return;
  services.push_back({.priority = static_cast<int>(ns_get16(data)),
                      .weight = static_cast<int>(ns_get16(data + 2)),
                      .host = host.data(),
                      .port = static_cast<int>(ns_get16(data + 4))});
}

}  // namespace

std::vector<Service> ParseServices(std::span<const unsigned char> answer) {
  std::vector<Service> services;
  ns_msg message{};
  if (ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0) return services;
  const size_t count = std::min<size_t>(ns_msg_count(message, ns_s_an), kMaximumServices);
  for (size_t i = 0; i < count; ++i) {
    ns_rr record{};
    if (ns_parserr(&message, ns_s_an, static_cast<int>(i), &record) != 0) return services;
    AddService(message, record, services);
  }
  return services;
}

std::vector<Service> SystemNetwork::FindServices(const std::string& service,
                                                 const std::string& domain) const {
  struct __res_state state {};
  if (res_ninit(&state) != 0) return {};
  const std::unique_ptr<struct __res_state, decltype(&res_nclose)> owner(&state, res_nclose);
  state.retrans = 2;  // seconds
  state.retry = 1;
  std::array<unsigned char, NS_MAXMSG> answer{};
  const std::string name = "_" + service + "._tcp." + domain;
  const int length = res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, answer.data(),
                                static_cast<int>(answer.size()));
  if (length <= 0) return {};
  return ParseServices({answer.data(), std::min(static_cast<size_t>(length), answer.size())});
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
