#include "bridge/issuer/settings.h"

#include "bridge/issuer/applications.h"

namespace rolebridge::issuer {
namespace {

protocol::ApplicationSettings SettingsFor(const config::Application& application) {
  protocol::ApplicationSettings settings{
      .slug = application.slug, .name = application.name, .acs_urls = application.acs_urls};
  if (const aws::Partition* partition = PartitionOf(application)) {
    for (const std::string_view origin : partition->form_origins) {
      settings.form_origins.emplace_back(origin);
    }
    settings.sign_out_url = partition->sign_out_url;
  }
  return settings;
}

}  // namespace

protocol::SettingsReply SettingsFor(const config::Config& config, const SecretString& sealing_key) {
  protocol::SettingsReply reply{
      .url = config.url,
      .listen = config.listen.address,
      .status_listen = config.listen.status_address,
      .tls_certificate = config.listen.tls.certificate,
      .tls_key = config.listen.tls.key,
      .trusted_proxies = config.listen.trusted_proxies,
      .site_name = config.branding.site_name,
      .help_contact = config.branding.help_contact,
      .session_lifetime = static_cast<uint32_t>(config.session_lifetime.count()),
      .config_hash = config.hash,
      .limits = config.limits};
  if (!config.require_synchronised_clock) {
    reply.banners.emplace_back(
        "The clock is not checked (clock.require_synchronised: false). For trying out only.");
  }
  reply.sealing_keys.emplace_back(sealing_key.Reveal());
  for (const config::Application& application : config.applications) {
    reply.applications.push_back(SettingsFor(application));
  }
  return reply;
}

}  // namespace rolebridge::issuer
