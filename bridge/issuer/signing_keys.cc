#include "bridge/issuer/signing_keys.h"

#include <optional>
#include <utility>

#include "bridge/base/private_file.h"
#include "bridge/issuer/applications.h"
#include "bridge/saml/key_folder.h"
#include "bridge/saml/metadata_writer.h"

namespace rolebridge::issuer {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;

// Where the two files of a key are, and what is said before a complaint about them.
struct KeyFiles {
  std::string name;
  saml::KeyState state = saml::KeyState::kPublished;
  std::string certificate;
  std::string key;
  std::string place;
};

struct LoadedKey {
  PublishedKey published;
  std::string certificate_base64;
  std::optional<saml::SigningKey> key;  // none: it has expired
};

std::vector<KeyFiles> ListedFiles(const config::Config& config) {
  std::vector<KeyFiles> files;
  for (const config::KeyPair& pair : config.signing) {
    files.push_back({KeyNameOf(pair.certificate),
                     files.empty() ? saml::KeyState::kActive : saml::KeyState::kPublished,
                     pair.certificate, pair.key, ToString(pair.position) + ": signing: "});
  }
  return files;
}

// Those of the folder that are in the metadata, the active one first.
Result<std::vector<KeyFiles>> FilesOfFolder(const config::Config& config) {
  const std::string place = ToString(config.signing_position) + ": signing_folder: ";
  const Result<saml::KeyFolder> folder = saml::KeyFolder::Open(config.signing_folder);
  if (!folder) return Error{folder.error().code, place + folder.error().message};
  std::vector<KeyFiles> files;
  for (const saml::KeyEntry& entry : folder->states().keys()) {
    if (!saml::IsInMetadata(entry.state)) continue;
    KeyFiles of_key{entry.name, entry.state, folder->CertificatePath(entry.name),
                    folder->KeyPath(entry.name), place};
    const bool is_active = entry.state == saml::KeyState::kActive;
    files.insert(is_active ? files.begin() : files.end(), std::move(of_key));
  }
  if (files.empty()) {
    return Error{ErrorCode::kNotFound, place + "'" + config.signing_folder +
                                           "' has no keys; make one with 'rolebridge keys new'"};
  }
  return files;
}

Result<LoadedKey> Load(const KeyFiles& files, SysSeconds now) {
  const auto at = [&](const Error& error) {
    return Error{error.code, files.place + error.message};
  };
  const auto at_both = [&](const Error& error) {
    return at(
        {error.code, "'" + files.key + "' with '" + files.certificate + "': " + error.message});
  };
  const Result<std::string> certificate = ReadConfigFile(files.certificate, kMaxCertificate);
  if (!certificate) return at(certificate.error());
  const Result<saml::CertificateFacts> facts = saml::ReadCertificateFacts(*certificate);
  if (!facts) return at_both(facts.error());
  LoadedKey loaded{
      {files.name, files.state, facts->fingerprint, facts->not_after}, facts->base64, std::nullopt};
  if (files.state != saml::KeyState::kActive && facts->not_after < now) return loaded;
  const Result<SecretString> key = ReadSecretFile(files.key);
  if (!key) return at(key.error());
  Result<saml::SigningKey> signing = saml::SigningKey::Load(*certificate, *key, now);
  if (!signing) return at_both(signing.error());
  loaded.key.emplace(*std::move(signing));
  return loaded;
}

}  // namespace

Result<SigningKeys> LoadSigningKeys(const config::Config& config, SysSeconds now) {
  Result<std::vector<KeyFiles>> files =
      config.signing_folder.empty() ? ListedFiles(config) : FilesOfFolder(config);
  if (!files) return files.error();
  std::vector<std::string> certificates;
  std::vector<PublishedKey> published;
  std::optional<saml::SigningKey> first;
  for (const KeyFiles& of_key : *files) {
    Result<LoadedKey> loaded = Load(of_key, now);
    if (!loaded) return loaded.error();
    published.push_back(std::move(loaded->published));
    if (!loaded->key) continue;
    certificates.push_back(std::move(loaded->certificate_base64));
    if (!first) first.emplace(*std::move(loaded->key));
  }
  if (!first) return Error{ErrorCode::kInvalidArgument, "signing: name a key"};
  Result<saml::Signer> signer = saml::Signer::Create(*std::move(first));
  if (!signer) return signer.error();
  return SigningKeys{*std::move(signer), std::move(certificates), std::move(published)};
}

std::string KeyNameOf(const std::string& certificate_path) {
  const std::string file = certificate_path.substr(certificate_path.rfind('/') + 1);
  const size_t dot = file.rfind('.');
  return dot == 0 || dot == std::string::npos ? file : file.substr(0, dot);
}

std::vector<EndingCertificate> EndsOf(const std::vector<PublishedKey>& keys) {
  std::vector<EndingCertificate> ends;
  ends.reserve(keys.size());
  for (const PublishedKey& key : keys) {
    ends.push_back({"signing", key.name, std::string(saml::ToString(key.state)), key.fingerprint,
                    key.not_after});
  }
  return ends;
}

std::string OtherFingerprints(const std::vector<PublishedKey>& keys) {
  std::string text;
  for (size_t i = 1; i < keys.size(); ++i) text += (i > 1 ? " " : "") + keys[i].fingerprint;
  return text;
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
