#include "bridge/issuer/signing_keys.h"

#include <optional>
#include <utility>

#include "bridge/base/private_file.h"
#include "bridge/issuer/applications.h"
#include "bridge/saml/metadata_writer.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;

Result<saml::SigningKey> LoadSigningKey(const config::KeyPair& pair, SysSeconds now) {
  const auto at = [&](const Error& error) {
    return Error{error.code, ToString(pair.position) + ": signing: " + error.message};
  };
  const Result<std::string> certificate = ReadConfigFile(pair.certificate, kMaxCertificate);
  if (!certificate) return at(certificate.error());
  const Result<SecretString> key = ReadSecretFile(pair.key);
  if (!key) return at(key.error());
  Result<saml::SigningKey> loaded = saml::SigningKey::Load(*certificate, *key, now);
  if (!loaded) {
    return at({loaded.error().code,
               "'" + pair.key + "' with '" + pair.certificate + "': " + loaded.error().message});
  }
  return loaded;
}

}  // namespace

Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now) {
  std::vector<std::string> certificates;
  std::optional<saml::SigningKey> first;
  for (const config::KeyPair& pair : config.signing) {
    Result<saml::SigningKey> key = LoadSigningKey(pair, now);
    if (!key) return key.error();
    certificates.push_back(key->certificate_base64());
    if (!first) first.emplace(*std::move(key));
  }
  if (!first) return Error{ErrorCode::kInvalidArgument, "signing: name a key"};
  Result<saml::Signer> signer = saml::Signer::Create(*std::move(first));
  if (!signer) return signer.error();
  return SigningKeys{*std::move(signer), std::move(certificates)};
}

Result<std::string> MetadataFor(const config::Config& config,
                                const std::vector<std::string>& certificates_base64,
                                std::string_view slug) {
  const config::Application* const application = FindApplication(config, slug);
  if (application == nullptr) return Error{ErrorCode::kNotFound, "no such application"};
  const std::string& site = config.branding.site_name;
  return saml::WriteMetadata({.entity_id = application->entity_id,
                              .certificates_base64 = certificates_base64,
                              .sso_url = config.url + "/saml/" + application->slug + "/sso",
                              .name_id_formats = {application->name_id_format},
                              .organization_name = site.empty() ? "rolebridge" : site,
                              .organization_url = config.url + "/"});
}

}  // namespace rolebridge::issuer
