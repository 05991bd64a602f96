#include "bridge/issuer/applications.h"

#include <algorithm>

#include "bridge/aws/attributes.h"

namespace rolebridge::issuer {

const config::Application* FindApplication(const config::Config& config, std::string_view slug) {
  const auto found = std::find_if(
      config.applications.begin(), config.applications.end(),
      [&](const config::Application& application) { return application.slug == slug; });
  return found == config.applications.end() ? nullptr : &*found;
}

const aws::Partition* PartitionOf(const config::Application& application) {
  switch (application.preset) {
    case config::Preset::kNone:
      return nullptr;
    case config::Preset::kAws:
      return aws::FindPartition("aws");
    case config::Preset::kAwsCn:
      return aws::FindPartition("aws-cn");
    case config::Preset::kAwsUsGov:
      return aws::FindPartition("aws-us-gov");
  }
  return nullptr;
}

bool SendsRoles(const config::Application& application) { return application.Makes(aws::kRole); }

std::vector<std::string> RelayStateHosts(const config::Application& application) {
  std::vector<std::string> hosts = application.relay_state_hosts;
  if (const aws::Partition* partition = PartitionOf(application)) {
    for (const std::string_view host : partition->relay_state_hosts) hosts.emplace_back(host);
  }
  return hosts;
}

}  // namespace rolebridge::issuer
