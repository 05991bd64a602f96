#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "bridge/base/unique_fd.h"
#include "bridge/cli/init.h"
#include "tests/support/fakes.h"

namespace rolebridge::cli {

// What the network says in a test.
class FakeNetwork final : public Network {
 public:
  std::vector<Service> FindServices(const std::string& service,
                                    const std::string& domain) const override {
    const auto found = services.find(service + " " + domain);
    return found == services.end() ? std::vector<Service>{} : found->second;
  }
  Result<std::vector<std::string>> AddressesOf(const std::string& host) const override {
    const auto found = addresses.find(host);
    if (found != addresses.end()) return found->second;
    return Error{ErrorCode::kUnavailable, "'" + host + "': Name or service not known"};
  }

  std::map<std::string, std::vector<Service>> services;  // "ldap example.org"
  std::map<std::string, std::vector<std::string>> addresses;
};

// A host in a folder, and somebody who has typed all their answers.
class HostForTests {
 public:
  HostForTests() {
    char folder[] = "/tmp/rolebridge-init-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options.config_folder = folder_ + "/etc";
    options.pam_folder = folder_ + "/pam.d";
    options.pam_settings = folder_ + "/rolebridge-pam.conf";
    options.state_folder = folder_ + "/state";
    options.unit_folder = folder_ + "/units";
    options.host_folder = folder_;
    for (const char* const name : {"/pam.d", "/state", "/units"}) {
      std::filesystem::create_directory(folder_ + name);
    }
  }
  ~HostForTests() { std::filesystem::remove_all(folder_); }
  HostForTests(const HostForTests&) = delete;
  HostForTests& operator=(const HostForTests&) = delete;

  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // Everything that is typed, or nothing.
  InitWorld World(const std::string& typed = "") {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    input_.Reset(ends[0]);
    const UniqueFd writer(ends[1]);
    EXPECT_EQ(write(writer.get(), typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    return {.clock = clock,
            .random = random,
            .network = network,
            .input = input_.get(),
            .out = out,
            .errors = errors,
            .host_name = "sso",
            .is_root = true};
  }

  InitOptions options;
  FakeNetwork network;
  testing::FakeClock clock;
  SystemRandom random;
  std::ostringstream out, errors;

 private:
  std::string folder_;
  UniqueFd input_;
};

}  // namespace rolebridge::cli
