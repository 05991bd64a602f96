#include "bridge/cli/init_installation.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "bridge/base/private_file.h"
#include "bridge/cli/init_guesses.h"
#include "bridge/cli/init_interview.h"
#include "bridge/config/config_loader.h"
#include "bridge/crypto/certificate.h"
#include "bridge/saml/key_folder.h"
#include "bridge/saml/signing_key.h"

namespace rolebridge::cli {
namespace {

constexpr int kBits = 2048;
constexpr int kYears = 10;
constexpr size_t kMaximumCertificate = 64 * 1024;
constexpr size_t kMaximumAuthorities = 4 * 1024 * 1024;
constexpr const char* kDropInFolder = "/rolebridge-issuer.service.d";

// Those of etc/pam.d and etc/rolebridge-pam.conf, for an installation without the package; a test
// holds them together.
constexpr const char* kPamStack =
    "# Made by `rolebridge init`: how people prove who they are to rolebridge. See rolebridge(1),\n"
    "# rolebridge-pam(8). Keep out of it: nullok, pam_rootok, pam_permit.\n"
    "auth     required   pam_unix.so\n"
    "account  required   pam_nologin.so\n"
    "account  required   pam_unix.so\n";
constexpr const char* kPamSettings =
    "# Made by `rolebridge init`: who may log in through rolebridge. See rolebridge-pam.conf(5).\n"
    "min_uid = 1000\n"
    "deny_users = nobody\n"
    "people_without_local_account = refuse\n"
    "expired_passwords = refuse\n";

SecretString WithLineEnd(const SecretString& secret) {
  SecretString line = SecretString::OfSize(secret.size() + 1);
  secret.Reveal().copy(line.MutableReveal(), secret.size());
  line.MutableReveal()[secret.size()] = '\n';
  return line;
}

// Answers to wishes for files.
class Composer {
 public:
  Composer(const InitOptions& options, const InitWorld& world, const Answers& answers,
           const ReaderGroups& groups)
      : options_(options), world_(world), answers_(answers), groups_(groups) {}

  Result<Installation> Run() {
    installation_.folders.push_back({options_.config_folder, 0710, groups_.web});
    // A pair that AWS may know from before is used where it lies.
    if (IsThere(InFolder("saml.key")) && !IsThere(InFolder(names_.signing_folder))) {
      names_.signing_folder.clear();
    }
    Add({.path = InFolder("ldap.secret"),
         .contents = WithLineEnd(answers_.bind_password),
         .mode = 0640,
         .group = groups_.issuer});
    if (const auto added = AddAuthorities(); !added) return added.error();
    if (const auto added = AddConfig(); !added) return added.error();
    if (const auto added = AddSigningKeys(); !added) return added.error();
    if (const auto added = AddTlsPair(); !added) return added.error();
    AddPam();
    if (const auto added = AddDropIn(); !added) return added.error();
    return std::move(installation_);
  }

 private:
  std::string InFolder(const std::string& name) const {
    return options_.config_folder + "/" + name;
  }
  void Add(FileWish wish) { installation_.files.push_back(std::move(wish)); }

  Result<void> AddAuthorities();
  Result<void> AddConfig();
  Result<bool> IsPairThere(const std::string& name) const;
  Result<void> AddPair(const std::string& name, const std::string& host, gid_t group);
  Result<void> AddSigningKeys();
  Result<void> CheckActiveKey(const std::string& folder) const;
  Result<void> CheckSigningPair(const std::string& certificate_path,
                                const std::string& key_path) const;
  Result<void> AddTlsPair();
  void AddPam();
  Result<void> AddDropIn();
  Result<std::vector<std::string>> AddressesToAllow() const;

  const InitOptions& options_;
  const InitWorld& world_;
  const Answers& answers_;
  const ReaderGroups groups_;
  FileNames names_;
  Installation installation_;
};

// Where the issuer can read it: not in somebody's home.
Result<void> Composer::AddAuthorities() {
  if (answers_.ca_file.empty()) return {};
  const std::filesystem::path given(answers_.ca_file);
  if (given.parent_path() == std::filesystem::path(options_.config_folder)) {
    names_.ca_file = given.filename();
    return {};
  }
  const auto pem = ReadConfigFile(answers_.ca_file, kMaximumAuthorities);
  if (!pem) return Error{pem.error().code, "--ldap-ca-file: " + pem.error().message};
  names_.ca_file = "directory-ca.pem";
  Add({.path = InFolder(names_.ca_file), .contents = SecretString(*pem), .mode = 0644});
  return {};
}

// The loader has the last word on what the answers came to.
Result<void> Composer::AddConfig() {
  if (!answers_.tls_certificate.empty()) {
    names_.tls_certificate = answers_.tls_certificate;
    names_.tls_key = answers_.tls_key;
  }
  installation_.config = WriteConfig(answers_, names_);
  const auto loaded =
      config::ParseConfig(installation_.config, "rolebridge.yaml", options_.config_folder);
  std::string mistakes;
  for (const config::Mistake& mistake : loaded.mistakes) {
    mistakes += "\n  " + config::ToString(mistake);
  }
  if (!mistakes.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "the answers make no configuration, and nothing was written:" + mistakes};
  }
  Add({.path = InFolder("rolebridge.yaml"),
       .contents = SecretString(installation_.config),
       .mode = 0640,
       .group = groups_.issuer});
  return {};
}

// True where key and certificate are there.
Result<bool> Composer::IsPairThere(const std::string& name) const {
  const std::string key = InFolder(name + ".key"), certificate = InFolder(name + ".crt");
  const bool has_key = IsThere(key), has_certificate = IsThere(certificate);
  if (has_key == has_certificate) return has_key;
  return Error{
      ErrorCode::kPermissionDenied,
      "nothing was written: '" + (has_key ? key : certificate) + "' is there and '" +
          (has_key ? certificate : key) +
          "' is not; put that beside it, or move the one away. Keys are never overwritten"};
}

// A pair that is there stays, and only gets the group that reads it; else a fresh one.
Result<void> Composer::AddPair(const std::string& name, const std::string& host, gid_t group) {
  const auto is_there = IsPairThere(name);
  if (!is_there) return is_there.error();
  FileWish key{.path = InFolder(name + ".key"), .mode = 0640, .group = group};
  FileWish certificate{.path = InFolder(name + ".crt"), .mode = 0644};
  if (!*is_there && !options_.is_dry_run) {
    std::vector<std::string> dns_names;
    if (!host.empty()) dns_names.push_back(host);
    auto pair = saml::MakeKeyPair(host.empty() ? "rolebridge" : host, dns_names, kBits, kYears,
                                  world_.clock.Now(), world_.random);
    if (!pair) return pair.error();
    key.contents = std::move(pair->key_pem);
    certificate.contents = SecretString(pair->certificate_pem);
  }
  key.is_only_where_missing = certificate.is_only_where_missing = true;
  Add(std::move(key));
  Add(std::move(certificate));
  return {};
}

// Keys that are there stay, as far as they have come; else a first one, which is active at once.
Result<void> Composer::AddSigningKeys() {
  if (names_.signing_folder.empty()) {
    if (const auto there = IsPairThere("saml"); !there || !*there) {
      return there ? AddPair("saml", "", groups_.issuer) : Result<void>(there.error());
    }
    const auto sound = CheckSigningPair(InFolder("saml.crt"), InFolder("saml.key"));
    return sound ? AddPair("saml", "", groups_.issuer) : sound;
  }
  const std::string folder = InFolder(names_.signing_folder);
  if (IsThere(folder + "/states")) return CheckActiveKey(folder);
  const std::string name = "saml-" + FormatUtc(world_.clock.Now()).substr(0, 7);
  saml::KeyStates states;
  if (const auto added = states.Add(name, world_.clock.Now()); !added) return added;
  installation_.folders.push_back({folder, 0750, groups_.issuer});
  Add({.path = folder + "/states",
       .contents = SecretString(states.Text()),
       .mode = 0640,
       .group = groups_.issuer});
  return AddPair(names_.signing_folder + "/" + name, "", groups_.issuer);
}

Result<void> Composer::CheckActiveKey(const std::string& folder) const {
  const auto keys = saml::KeyFolder::Open(folder);
  if (!keys) return keys.error();
  for (const saml::KeyEntry& key : keys->states().keys()) {
    if (key.state != saml::KeyState::kActive) continue;
    return CheckSigningPair(keys->CertificatePath(key.name), keys->KeyPath(key.name));
  }
  return {};
}

Result<void> Composer::CheckSigningPair(const std::string& certificate_path,
                                        const std::string& key_path) const {
  const auto certificate = ReadConfigFile(certificate_path, kMaximumCertificate);
  if (!certificate) return certificate.error();
  const auto key = ReadSecretFile(key_path);
  if (!key) return key.error();
  const auto loaded = saml::SigningKey::Load(*certificate, *key, world_.clock.Now());
  if (loaded) return {};
  return Error{loaded.error().code, "nothing was written: '" + certificate_path +
                                        "': " + loaded.error().message +
                                        "; move both away, and new ones are made"};
}

Result<void> Composer::AddTlsPair() {
  if (!answers_.tls_certificate.empty()) return {};
  const std::string host = HostOfUrl(answers_.url);
  const auto is_there = IsPairThere("tls");
  if (!is_there) return is_there.error();
  if (*is_there) {
    const auto certificate = ReadConfigFile(InFolder("tls.crt"), kMaximumCertificate);
    if (!certificate) return certificate.error();
    const auto key = ReadSecretFile(InFolder("tls.key"));
    if (!key) return key.error();
    const auto pair = crypto::CheckTlsPair(*certificate, *key, host, world_.clock.Now());
    if (!pair) {
      return Error{pair.error().code, "nothing was written: '" + InFolder("tls.crt") +
                                          "': " + pair.error().message +
                                          "; move both away, and new ones are made"};
    }
  }
  return AddPair("tls", host, groups_.web);
}

void Composer::AddPam() {
  Add({.path = options_.pam_folder + "/rolebridge",
       .contents = SecretString(kPamStack),
       .is_somebodys = true});
  Add({.path = options_.pam_settings,
       .contents = SecretString(kPamSettings),
       .is_somebodys = true});
}

// The servers, and the resolvers where a server has a name; without what is on this host.
Result<std::vector<std::string>> Composer::AddressesToAllow() const {
  std::set<std::string> allowed;
  bool has_names = false;
  for (const std::string& uri : answers_.ldap_uris) {
    if (uri.starts_with("ldapi://")) continue;
    const std::string host = HostOfUrl(uri);
    const auto addresses = world_.network.AddressesOf(host);
    if (!addresses) return addresses.error();
    has_names = has_names || *addresses != std::vector<std::string>{host};
    for (const std::string& address : *addresses) {
      if (!IsLoopback(address)) allowed.insert(address);
    }
  }
  if (has_names && !allowed.empty()) {
    std::ifstream file(options_.host_folder + "/resolv.conf");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const std::string& address : ReadResolvConf(text).addresses) {
      if (!IsLoopback(address)) allowed.insert(address);
    }
  }
  return std::vector<std::string>(allowed.begin(), allowed.end());
}

Result<void> Composer::AddDropIn() {
  const auto addresses = AddressesToAllow();
  if (!addresses && answers_.is_offline) {
    world_.errors << "warning  " << addresses.error().message
                  << "; the issuer reaches no directory before a drop-in names its addresses: "
                     "systemctl edit rolebridge-issuer.service\n";
    return {};
  }
  if (!addresses) {
    return Error{addresses.error().code,
                 "--ldap-uri: " + addresses.error().message +
                     "; nothing was written. The issuer's unit has to name the directory's "
                     "addresses, so this host must be able to resolve them"};
  }
  if (addresses->empty()) return {};
  const std::string folder = options_.unit_folder + kDropInFolder;
  installation_.folders.push_back({folder, 0755, 0});
  installation_.has_drop_in = true;
  Add({.path = folder + "/directory.conf",
       .contents = SecretString(WriteDropIn(*addresses)),
       .mode = 0644});
  return {};
}

}  // namespace

Result<Installation> Compose(const InitOptions& options, const InitWorld& world,
                             const Answers& answers, const ReaderGroups& groups) {
  return Composer(options, world, answers, groups).Run();
}

bool IsThere(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

}  // namespace rolebridge::cli
