#include "bridge/cli/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/base/certificate_notice.h"
#include "bridge/base/private_file.h"
#include "bridge/base/unique_fd.h"
#include "bridge/base/visible_text.h"
#include "bridge/cli/configured.h"
#include "bridge/cli/exit_status.h"
#include "bridge/cli/reload.h"
#include "bridge/cli/signals_held.h"
#include "bridge/cli/table.h"
#include "bridge/issuer/signing_keys.h"
#include "bridge/saml/key_folder.h"
#include "bridge/saml/signing_key.h"

namespace rolebridge::cli {
namespace {

Result<void> WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) {
    return Error{ErrorCode::kPermissionDenied,
                 "'" + path + "': " + std::strerror(errno) + "; nothing was overwritten"};
  }
  if (write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      fsync(fd.get()) != 0) {
    const std::string reason = std::strerror(errno);
    unlink(path.c_str());
    return Error{ErrorCode::kUnavailable, "'" + path + "': " + reason};
  }
  return {};
}

constexpr size_t kMaxCertificate = 64 * 1024;

// "saml-2026-11", or with a number behind it.
std::string NameByDate(const saml::KeyStates& states, SysSeconds now) {
  const std::string month = "saml-" + FormatUtc(now).substr(0, 7);
  std::string name = month;
  for (int number = 2; states.Find(name) != nullptr; ++number) {
    name = month + "-" + std::to_string(number);
  }
  return name;
}

Result<saml::NewKeyPair> ReadPair(const GivenPair& given, SysSeconds now) {
  const Result<std::string> certificate = ReadConfigFile(given.certificate, kMaxCertificate);
  if (!certificate) return certificate.error();
  Result<SecretString> key = ReadSecretFile(given.key);
  if (!key) return key.error();
  const Result<saml::SigningKey> loaded = saml::SigningKey::Load(*certificate, *key, now);
  if (!loaded) {
    return Error{loaded.error().code,
                 "'" + given.key + "' with '" + given.certificate + "': " + loaded.error().message};
  }
  return saml::NewKeyPair{*certificate, *std::move(key)};
}

// A line of `keys list`.
struct ShownKey {
  std::string name;
  saml::KeyState state = saml::KeyState::kNext;
  std::optional<SysSeconds> since;  // none: it stands in a list
  std::optional<saml::CertificateFacts> facts;
  std::string why_not;  // there are no facts
};

void ReadFacts(const std::string& path, ShownKey& key) {
  const Result<std::string> pem = ReadConfigFile(path, kMaxCertificate);
  if (!pem) {
    key.why_not = pem.error().message;
    return;
  }
  Result<saml::CertificateFacts> facts = saml::ReadCertificateFacts(*pem);
  if (facts) {
    key.facts = *std::move(facts);
  } else {
    key.why_not = "'" + path + "': " + facts.error().message;
  }
}

Result<std::vector<ShownKey>> KeysOf(const config::Config& config) {
  std::vector<ShownKey> keys;
  for (const config::KeyPair& pair : config.signing) {
    ShownKey& key = keys.emplace_back();
    key.name = issuer::KeyNameOf(pair.certificate);
    key.state = keys.size() == 1 ? saml::KeyState::kActive : saml::KeyState::kPublished;
    ReadFacts(pair.certificate, key);
  }
  if (config.signing_folder.empty()) return keys;
  const Result<saml::KeyFolder> folder = saml::KeyFolder::Open(config.signing_folder);
  if (!folder) return folder.error();
  for (const saml::KeyEntry& entry : folder->states().keys()) {
    ShownKey& key = keys.emplace_back();
    key.name = entry.name;
    key.state = entry.state;
    key.since = entry.since;
    ReadFacts(folder->CertificatePath(entry.name), key);
  }
  return keys;
}

// Until when it signed, of one that did and does not any more.
std::optional<SysSeconds> SignedUntil(const ShownKey& key) {
  return key.state == saml::KeyState::kFormer ? key.since : std::nullopt;
}

std::string InstantOrDash(const std::optional<SysSeconds>& instant) {
  return instant ? FormatUtc(*instant) : "-";
}

void PrintJson(const std::vector<ShownKey>& keys, SysSeconds now, std::ostream& out) {
  const auto instant = [](const std::optional<SysSeconds>& at) {
    return at ? nlohmann::ordered_json(FormatUtc(*at)) : nlohmann::ordered_json(nullptr);
  };
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ShownKey& key : keys) {
    nlohmann::ordered_json line = {{"name", key.name},
                                   {"state", saml::ToString(key.state)},
                                   {"since", instant(key.since)},
                                   {"signed_until", instant(SignedUntil(key))}};
    if (key.facts) {
      line["not_after"] = FormatUtc(key.facts->not_after);
      line["days_left"] = DaysLeft(key.facts->not_after, now);
      line["sha256"] = key.facts->fingerprint;
    }
    list.push_back(std::move(line));
  }
  out << list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void PrintKeys(const std::vector<ShownKey>& keys, SysSeconds now, std::ostream& out) {
  std::deque<std::vector<std::string>> lines = {
      {"NAME", "STATE", "SINCE", "SIGNED UNTIL", "CERTIFICATE ENDS", "DAYS", "SHA-256"}};
  for (const ShownKey& key : keys) {
    std::vector<std::string> line = {VisibleText(key.name, LineBreaks::kShow),
                                     std::string(saml::ToString(key.state)),
                                     InstantOrDash(key.since), InstantOrDash(SignedUntil(key))};
    if (key.facts) {
      line.push_back(FormatUtc(key.facts->not_after));
      line.push_back(std::to_string(DaysLeft(key.facts->not_after, now)));
      line.push_back(key.facts->fingerprint);
    } else {
      line.insert(line.end(), {"-", "-", "-"});
    }
    lines.push_back(std::move(line));
  }
  PrintTable(lines, out);
}

int Fail(const Error& error, int status, std::ostream& errors) {
  errors << "rolebridge keys: " << error.message << "\n";
  return status;
}

// The folder for a change of it, locked.
Result<saml::KeyFolder> OpenFolder(const KeysOptions& options) {
  const Result<config::Config> config = ReadConfigured(options.config_path);
  if (!config) return config.error();
  if (config->signing_folder.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 ToString(config->signing_position) +
                     ": signing is a list, which is yours to edit; keys are changed by command "
                     "where there is a signing_folder in its place"};
  }
  return saml::KeyFolder::OpenToChange(config->signing_folder);
}

// As the issuer will load it.
Result<void> CheckKey(const saml::KeyFolder& folder, const std::string& name, SysSeconds now) {
  const Result<saml::NewKeyPair> pair =
      ReadPair({folder.CertificatePath(name), folder.KeyPath(name)}, now);
  if (!pair) return pair.error();
  return {};
}

// Writes what `next` has, and has it taken; else what was before is put back.
int TakeIntoForce(const KeysOptions& options, saml::KeyFolder& folder, const saml::KeyStates& next,
                  const std::string& done, std::ostream& out, std::ostream& errors) {
  const saml::KeyStates before = folder.states();
  // Between writing a state and knowing what came of it, nobody would put it back.
  const SignalsHeld held;
  const Result<void> written = folder.Write(next);
  if (!written) return Fail(written.error(), kCannotTell, errors);
  if (options.no_reload) {
    out << done << ", once rolebridge-issuer reloads or starts\n";
    return kYes;
  }
  const ReloadOutcome outcome = AskToReload(options.admin_socket, "rolebridge keys", errors);
  switch (outcome.reloaded) {
    case Reloaded::kTaken:
      out << done << "\n";
      return kYes;
    case Reloaded::kNotRunning:
      out << done << ", once rolebridge-issuer starts: it does not run\n";
      return kYes;
    case Reloaded::kRefused:
    case Reloaded::kUnknown:
      break;
  }
  const Result<void> restored = folder.Write(before);
  if (!restored) {
    return Fail({restored.error().code,
                 restored.error().message + "; the keys in the folder are no more those in force"},
                kCannotTell, errors);
  }
  if (outcome.reloaded == Reloaded::kRefused) {
    errors << "rolebridge keys: rolebridge-issuer refuses it; everything is as it was\n";
    return kNo;
  }
  errors << "rolebridge keys: the folder is as it was; should rolebridge-issuer have taken the "
            "change, 'rolebridge reload' takes it back\n";
  return kCannotTell;
}

}  // namespace

Result<std::string> MakeKeys(const NewKeysOptions& options, SysSeconds now, Random& random) {
  const bool is_tls = !options.tls_host.empty();
  std::vector<std::string> dns_names;
  if (is_tls) dns_names.push_back(options.tls_host);
  Result<saml::NewKeyPair> pair =
      saml::MakeKeyPair(is_tls ? options.tls_host : options.common_name, dns_names, options.bits,
                        options.years, now, random);
  if (!pair) return pair.error();
  const std::string key = options.folder + "/" + options.name + ".key";
  const std::string certificate = options.folder + "/" + options.name + ".crt";
  const Result<void> key_written = WriteNewFile(key, pair->key_pem.Reveal(), 0600);
  if (!key_written) return key_written.error();
  const Result<void> certificate_written = WriteNewFile(certificate, pair->certificate_pem, 0644);
  if (!certificate_written) {
    unlink(key.c_str());
    return certificate_written.error();
  }
  if (is_tls) return "wrote " + key + " and " + certificate + " for " + options.tls_host + "\n";
  return "wrote " + key + " and " + certificate +
         "\nKeep the key: whoever has it can become anybody in every account that trusts it.\n";
}

Result<std::string> FindSigningFolder(const std::string& config_path) {
  if (access(config_path.c_str(), F_OK) != 0 && errno == ENOENT) return std::string();
  Result<config::Config> config = ReadConfigured(config_path);
  if (!config) return config.error();
  return std::move(config->signing_folder);
}

Result<std::string> MakeNextKey(const std::string& signing_folder, const NewKeysOptions& options,
                                const GivenPair* given, SysSeconds now, Random& random) {
  Result<saml::KeyFolder> folder = saml::KeyFolder::OpenToChange(signing_folder);
  if (!folder && folder.error().code == ErrorCode::kNotFound) {
    return Error{folder.error().code, folder.error().message +
                                          "; make it with 'install -d -m 0750 -g rolebridge " +
                                          signing_folder + "'"};
  }
  if (!folder) return folder.error();
  saml::KeyStates states = folder->states();
  const std::string name = options.name.empty() ? NameByDate(states, now) : options.name;
  const Result<void> added = states.Add(name, now);
  if (!added) return added.error();
  const Result<saml::NewKeyPair> pair =
      given != nullptr
          ? ReadPair(*given, now)
          : saml::MakeKeyPair(options.common_name, {}, options.bits, options.years, now, random);
  if (!pair) return pair.error();
  const Result<void> written = folder->AddFiles(name, pair->certificate_pem, pair->key_pem);
  if (!written) return written.error();
  const Result<void> noted = folder->Write(states);
  if (!noted) {
    folder->RemoveFiles(name);
    return noted.error();
  }
  const std::string wrote =
      "wrote " + folder->KeyPath(name) + " and " + folder->CertificatePath(name) + "\n";
  if (states.Find(name)->state == saml::KeyState::kActive) {
    return wrote + "'" + name +
           "' is the first key here and signs once rolebridge-issuer reloads or starts; AWS has to "
           "have its metadata then.\n";
  }
  return wrote + "'" + name +
         "' is the next key. To have AWS learn of it: rolebridge keys publish " + name + "\n";
}

int ListKeys(const KeysOptions& options, SysSeconds now, std::ostream& out, std::ostream& errors) {
  const Result<config::Config> config = ReadConfigured(options.config_path);
  if (!config) return Fail(config.error(), kCannotTell, errors);
  const Result<std::vector<ShownKey>> keys = KeysOf(*config);
  if (!keys) return Fail(keys.error(), kCannotTell, errors);
  if (options.json) {
    PrintJson(*keys, now, out);
  } else if (keys->empty()) {
    out << "there are no keys; make one with 'rolebridge keys new'\n";
  } else {
    PrintKeys(*keys, now, out);
  }
  bool is_whole = true;
  for (const ShownKey& key : *keys) {
    if (key.facts) continue;
    is_whole = false;
    Fail({ErrorCode::kUnavailable, key.why_not}, kCannotTell, errors);
  }
  return is_whole ? kYes : kCannotTell;
}

int PublishKey(const KeysOptions& options, SysSeconds now, std::ostream& out,
               std::ostream& errors) {
  Result<saml::KeyFolder> folder = OpenFolder(options);
  if (!folder) return Fail(folder.error(), kCannotTell, errors);
  saml::KeyStates states = folder->states();
  const Result<void> allowed = states.Publish(options.name, now);
  if (!allowed) return Fail(allowed.error(), kNo, errors);
  const Result<void> usable = CheckKey(*folder, options.name, now);
  if (!usable) return Fail(usable.error(), kNo, errors);
  const int status = TakeIntoForce(options, *folder, states,
                                   "'" + options.name + "' is in the metadata", out, errors);
  if (status == kYes) {
    out << "Give every SAML provider at AWS the new metadata (rolebridge aws-setup, or aws iam "
           "update-saml-provider), then: rolebridge keys activate "
        << options.name << "\n";
  }
  return status;
}

int ActivateKey(const KeysOptions& options, SysSeconds now, std::ostream& out,
                std::ostream& errors) {
  Result<saml::KeyFolder> folder = OpenFolder(options);
  if (!folder) return Fail(folder.error(), kCannotTell, errors);
  saml::KeyStates states = folder->states();
  const Result<void> allowed = states.Activate(options.name, now, options.aws_has_it);
  if (!allowed) return Fail(allowed.error(), kNo, errors);
  const Result<void> usable = CheckKey(*folder, options.name, now);
  if (!usable) return Fail(usable.error(), kNo, errors);
  std::string former;
  for (const saml::KeyEntry& key : folder->states().keys()) {
    if (key.state == saml::KeyState::kActive) former = key.name;
  }
  const int status =
      TakeIntoForce(options, *folder, states, "'" + options.name + "' signs", out, errors);
  if (status == kYes) {
    out << "'" << former << "' stays in the metadata. Where AWS refuses sign-ons now: rolebridge "
        << "keys activate " << former << ". Else, once that is sure: rolebridge keys retire "
        << former << "\n";
  }
  return status;
}

int RetireKey(const KeysOptions& options, SysSeconds now, std::ostream& out, std::ostream& errors) {
  Result<saml::KeyFolder> folder = OpenFolder(options);
  if (!folder) return Fail(folder.error(), kCannotTell, errors);
  saml::KeyStates states = folder->states();
  const saml::KeyEntry* const entry = states.Find(options.name);
  // Its file may go later than it itself.
  const bool is_retired = entry != nullptr && entry->state == saml::KeyState::kRetired;
  const bool was_published = entry != nullptr && saml::IsInMetadata(entry->state);
  if (!is_retired || !options.delete_key) {
    const Result<void> allowed = states.Retire(options.name, now);
    if (!allowed) return Fail(allowed.error(), kNo, errors);
    const int status = TakeIntoForce(
        options, *folder, states,
        "'" + options.name + "' is retired: out of the metadata, and never used again", out,
        errors);
    if (status != kYes) return status;
    if (was_published) {
      out << "Give every SAML provider at AWS the new metadata: until then they trust it.\n";
    }
  }
  const std::string path = folder->KeyPath(options.name);
  if (!options.delete_key) {
    out << "'" << path
        << "' is still there: whoever has it can become anybody where AWS trusts it. To delete it: "
           "rolebridge keys retire "
        << options.name << " --delete-key\n";
    return kYes;
  }
  const Result<bool> deleted = folder->DeleteKey(options.name);
  if (!deleted) return Fail(deleted.error(), kCannotTell, errors);
  out << "'" << path << (*deleted ? "' is deleted" : "' was deleted already")
      << "; copies of it, as in backups, are not\n";
  return kYes;
}

}  // namespace rolebridge::cli
