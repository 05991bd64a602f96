#include "ldap/services.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "bridge/base/ascii.h"

namespace rolebridge::ldap {
namespace {

constexpr size_t kMaximumServices = 100;
// RFC 2782: priority, weight and port, two bytes each; then the target.
constexpr size_t kFixedPart = 6;
constexpr size_t kMaximumName = 253;
constexpr size_t kMaximumLabel = 63;

void AddService(const ns_msg& message, const ns_rr& record, ServiceAnswer& answer) {
  if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixedPart) return;
  const unsigned char* const bytes = ns_rr_rdata(record);
  std::array<char, NS_MAXDNAME> host{};
  const int length = dn_expand(ns_msg_base(message), ns_msg_end(message), bytes + kFixedPart,
                               host.data(), static_cast<int>(host.size()));
  // The name ends where the record does.
  if (length <= 0 || kFixedPart + static_cast<size_t>(length) != ns_rr_rdlen(record)) return;
  if (host.front() == '\0') return;
  const std::chrono::seconds lifetime(ns_rr_ttl(record));
  answer.lifetime = answer.services.empty() ? lifetime : std::min(answer.lifetime, lifetime);
  answer.services.push_back({.priority = static_cast<int>(ns_get16(bytes)),
                             .weight = static_cast<int>(ns_get16(bytes + 2)),
                             .host = host.data(),
                             .port = static_cast<int>(ns_get16(bytes + 4))});
}

// 0 to `most`, each as likely.
uint32_t Draw(Random& random, uint32_t most) {
  uint32_t mask = 1;
  while (mask < most) mask = 2 * mask + 1;
  while (true) {
    std::array<unsigned char, 4> bytes{};
    random.Fill(bytes);
    const uint32_t number = static_cast<uint32_t>(ns_get32(bytes.data())) & mask;
    if (number <= most) return number;
  }
}

bool IsLabel(std::string_view label) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= kMaximumLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_allowed);
}

Result<ServiceAnswer> Ask(const std::string& name, uint16_t loopback_port) {
  struct __res_state state {};
  if (res_ninit(&state) != 0) {
    return Error{ErrorCode::kUnavailable, "resolv.conf(5) cannot be read"};
  }
  const std::unique_ptr<struct __res_state, decltype(&res_nclose)> owner(&state, res_nclose);
  state.retrans = 2;  // seconds
  state.retry = 1;
  if (loopback_port != 0) {
    state.nscount = 1;
    state.nsaddr_list[0] = {.sin_family = AF_INET,
                            .sin_port = htons(loopback_port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  }
  std::array<unsigned char, NS_MAXMSG> answer{};
  const int length = res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, answer.data(),
                                static_cast<int>(answer.size()));
  if (length <= 0) {
    return Error{ErrorCode::kUnavailable,
                 "the DNS has no answer for '" + name + "'; check ldap.uris and the resolvers"};
  }
  return ParseServices({answer.data(), std::min(static_cast<size_t>(length), answer.size())});
}

}  // namespace

ServiceAnswer ParseServices(std::span<const unsigned char> bytes) {
  ServiceAnswer answer;
  ns_msg message{};
  if (ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) != 0) return answer;
  const size_t count = std::min<size_t>(ns_msg_count(message, ns_s_an), kMaximumServices);
  for (size_t i = 0; i < count; ++i) {
    ns_rr record{};
    if (ns_parserr(&message, ns_s_an, static_cast<int>(i), &record) != 0) break;
    AddService(message, record, answer);
  }
  return answer;
}

ServiceFinder SystemServiceFinder(uint16_t loopback_port) {
  return [loopback_port](const std::string& name) { return Ask(name, loopback_port); };
}

// RFC 2782, "Weight": those of no weight first, a number up to the sum, and the first whose running
// sum reaches it; then the same with the rest.
std::vector<Service> DrawOrder(std::vector<Service> services, Random& random) {
  std::stable_sort(services.begin(), services.end(), [](const Service& a, const Service& b) {
    return std::pair(a.priority, a.weight) < std::pair(b.priority, b.weight);
  });
  for (auto next = services.begin(); next != services.end(); ++next) {
    const auto end = std::find_if(next, services.end(), [&](const Service& service) {
      return service.priority != next->priority;
    });
    uint32_t sum = 0;
    for (auto one = next; one != end; ++one) sum += static_cast<uint32_t>(one->weight);
    const uint32_t drawn = Draw(random, sum);
    uint32_t running = 0;
    const auto chosen = std::find_if(next, end, [&](const Service& service) {
      running += static_cast<uint32_t>(service.weight);
      return running >= drawn;
    });
    std::rotate(next, chosen, std::next(chosen));
  }
  return services;
}

std::vector<std::string> UrisOf(const std::vector<Service>& services, std::string_view scheme,
                                std::string_view domain) {
  const int usual_port = scheme == "ldaps" ? 636 : 389;
  std::vector<std::string> uris;
  for (const Service& service : services) {
    std::string host = LowerAscii(service.host);
    if (host.ends_with('.')) host.pop_back();
    const bool is_within = host == domain || host.ends_with("." + std::string(domain));
    if (domain.empty() || !is_within || !IsDnsName(host)) continue;
    if (service.port <= 0 || service.port > 65535) continue;
    std::string uri = std::string(scheme) + "://" + host;
    if (service.port != usual_port) uri += ":" + std::to_string(service.port);
    if (std::find(uris.begin(), uris.end(), uri) == uris.end()) uris.push_back(std::move(uri));
  }
  return uris;
}

bool IsDnsName(std::string_view text) {
  if (text.size() > kMaximumName) return false;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    if (!IsLabel(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

std::optional<ServiceUri> ParseServiceUri(std::string_view uri) {
  for (const std::string_view scheme : {"ldap", "ldaps"}) {
    const std::string prefix = std::string(scheme) + "+srv://";
    if (!uri.starts_with(prefix) || !IsDnsName(uri.substr(prefix.size()))) continue;
    return ServiceUri{std::string(scheme), LowerAscii(uri.substr(prefix.size()))};
  }
  return std::nullopt;
}

}  // namespace rolebridge::ldap
