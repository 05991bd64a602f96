#pragma once

#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/cli/init_guesses.h"

namespace rolebridge::cli {

// What the network says, for `rolebridge init`; tests hand in their own.
class Network {
 public:
  virtual ~Network() = default;
  // The servers that the DNS names for `_service._tcp.domain`; none where it has no answer, or
  // none within a few seconds.
  virtual std::vector<Service> FindServices(const std::string& service,
                                            const std::string& domain) const = 0;
  // The addresses of a host, each once and sorted. Errors: kUnavailable, with the host.
  virtual Result<std::vector<std::string>> AddressesOf(const std::string& host) const = 0;
};

// By the host's resolver: libresolv for services, getaddrinfo for addresses.
class SystemNetwork final : public Network {
 public:
  std::vector<Service> FindServices(const std::string& service,
                                    const std::string& domain) const override;
  Result<std::vector<std::string>> AddressesOf(const std::string& host) const override;
};

// True for what the issuer reaches without a drop-in of its unit: 127.0.0.0/8 and ::1.
bool IsLoopback(const std::string& address);

}  // namespace rolebridge::cli
