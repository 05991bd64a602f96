#include "bridge/config/resolve.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/partition.h"
#include "bridge/base/ascii.h"
#include "bridge/config/checks.h"
#include "bridge/config/resolve_ldap.h"
#include "bridge/config/resolve_literals.h"
#include "bridge/config/resolve_rules.h"
#include "bridge/config/resolve_tests.h"
#include "bridge/config/resolve_warnings.h"
#include "bridge/config/source_words.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::DidYouMean;
using mapping::Mapping;
using mapping::MappingSource;
using mapping::Mistake;
using mapping::Names;
using mapping::Quote;
using mapping::SourceText;

constexpr std::string_view kPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
constexpr std::string_view kPasswordProtectedTransport =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

// An entry of `mappings:`.
struct ReadMapping {
  std::string name;
  Position position;
  std::optional<Mapping> parsed;  // nothing: a mistake was reported
  bool used = false;
};

class Resolver {
 public:
  Resolver(const Draft& draft, bool complete, Reports& reports)
      : draft_(draft), complete_(complete), reports_(reports) {}

  Config Run();

 private:
  void ResolveListen();
  void ResolveSigning();
  void ResolveSession();
  void ResolveAssurance();
  void ResolveAccounts();
  void ResolveGrants();
  void ResolveMappings();
  void ResolveApplications();

  Names MakeNames() const;
  ReadMapping ParseMapping(const Named<MappingDraft>& named, const Names& names);
  bool CheckSamlName(const std::string& path, const SourceText& saml_name);
  Application ResolveApplication(const Named<ApplicationDraft>& named, const Names& names);
  void FillPreset(const std::string& path, const ApplicationDraft& draft, const Names& names,
                  Application& application);
  void FillMappings(const std::string& path, const ApplicationDraft& draft,
                    Application& application);
  void FillAccounts(const std::string& path, const ApplicationDraft& draft,
                    Application& application);
  void CheckAttributes(const std::string& path, const ApplicationDraft& draft,
                       const Application& application);

  void Refuse(const Position& position, const std::string& path, const std::string& message) {
    reports_.mistakes.push_back({position, path + ": " + message});
  }
  void Warn(const Position& position, const std::string& path, const std::string& message) {
    reports_.warnings.push_back({position, path + ": " + message});
  }

  const Draft& draft_;
  const bool complete_;
  Reports& reports_;
  Config config_;
  std::vector<ReadMapping> mappings_;
};

void Resolver::ResolveListen() {
  const ListenDraft& draft = draft_.listen;
  config_.listen = {.address = draft.address,
                    .status_address = draft.status_address,
                    .tls = draft.tls.value_or(Tls{}),
                    .trusted_proxies = draft.trusted_proxies};
  if (complete_ && !draft.tls && !IsLoopbackListen(draft.address)) {
    Refuse(draft.position, "listen",
           "'tls' is missing, and passwords would cross the network in clear text; give it "
           "certificate and key, or listen on a loopback address or unix:/run/... behind a proxy");
  }
}

void Resolver::ResolveSigning() {
  if (draft_.signing) {
    config_.signing = draft_.signing->value;
    config_.signing_position = draft_.signing->position;
  }
  if (draft_.signing_folder) {
    config_.signing_folder = draft_.signing_folder->value;
    config_.signing_position = draft_.signing_folder->position;
  }
  if (draft_.signing && draft_.signing_folder) {
    Refuse(draft_.signing_folder->position, "signing_folder",
           "stands beside signing; keys come from one of the two: take the other out");
  }
  const bool is_unread =
      draft_.unreadable.count("signing") > 0 || draft_.unreadable.count("signing_folder") > 0;
  if (!draft_.signing && !draft_.signing_folder && !is_unread) {
    reports_.mistakes.push_back(
        {draft_.position,
         "'signing' is missing; it is the keys of assertions: the first signs, all are published "
         "(or 'signing_folder', where 'rolebridge keys' keeps them)"});
  }
}

void Resolver::ResolveSession() {
  config_.session_lifetime = draft_.session.lifetime;
  if (!draft_.session.idle) {
    config_.session_idle = std::min(config_.session_idle, config_.session_lifetime);
    return;
  }
  config_.session_idle = draft_.session.idle->value;
  if (complete_ && config_.session_idle > config_.session_lifetime) {
    Refuse(draft_.session.idle->position, "session.idle",
           "is longer than session.lifetime (" + DurationWords(config_.session_lifetime) +
               "); use that or less");
  }
}

void Resolver::ResolveAssurance() {
  std::set<std::string> seen;
  for (size_t i = 0; i < draft_.assurance.size(); ++i) {
    const LevelDraft& level = draft_.assurance[i];
    const std::string path = "assurance[" + std::to_string(i) + "]";
    config_.assurance.push_back({level.name, level.service, level.context_class, level.valid});
    if (!level.name.empty() && !seen.insert("name " + level.name).second) {
      Refuse(level.position, path, "the name " + Quote(level.name) + " is taken by a level before");
    }
    if (!level.service.empty() && !seen.insert("service " + level.service).second) {
      Refuse(level.position, path,
             "the service " + Quote(level.service) +
                 " proves a level before; each level needs one of its own");
    }
  }
  if (config_.assurance.empty()) {
    config_.assurance.push_back(
        {"password", "rolebridge", std::string(kPasswordProtectedTransport), std::nullopt});
  }
}

void Resolver::ResolveAccounts() {
  std::set<std::string> ids;
  for (const Named<AccountDraft>& account : draft_.accounts) {
    const AccountDraft& draft = account.value;
    if (!account.readable || draft.id.empty()) continue;
    config_.accounts.push_back({.alias = account.name,
                                .id = draft.id,
                                .partition = draft.partition,
                                .provider = draft.provider,
                                .name = draft.name.empty() ? account.name : draft.name});
    for (const Named<std::string>& tag : draft.tags) {
      config_.accounts.back().tags.emplace(tag.name, tag.value);
    }
    if (!ids.insert(draft.id).second) {
      Refuse(account.position, "accounts." + account.name,
             "the id " + Quote(draft.id) + " has another alias already");
    }
  }
}

void Resolver::ResolveGrants() {
  for (const Named<std::vector<std::string>>& grant : draft_.grants) {
    config_.grants.emplace(grant.name, grant.value);
  }
}

Names Resolver::MakeNames() const {
  Names names;
  for (const auto& [name, attribute] : config_.ldap.users.attributes) {
    names.user_attributes.push_back(name);
  }
  for (const auto& [name, attribute] : config_.ldap.groups.attributes) {
    names.group_attributes.push_back(name);
  }
  names.group_attributes.emplace_back(kGrants);
  for (const AssuranceLevel& level : config_.assurance) {
    names.assurance_levels.push_back(level.name);
  }
  for (const Named<std::string>& var : draft_.vars) names.vars.emplace(var.name, var.value);
  names.accounts = std::make_shared<const std::vector<Account>>(config_.accounts);
  return names;
}

bool Resolver::CheckSamlName(const std::string& path, const SourceText& saml_name) {
  const std::string& name = saml_name.text;
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7F;
  });
  if (name.empty() || name.size() > 512 || !printable) {
    Refuse(saml_name.position, path,
           Quote(name) + " is no attribute name; use up to 512 characters without spaces");
    return false;
  }
  if (!LowerAscii(name).starts_with("https://aws.amazon.com/saml")) return true;
  const bool is_tag =
      name.starts_with(aws::kPrincipalTagPrefix) && name.size() > aws::kPrincipalTagPrefix.size();
  const std::vector<std::string_view> known = {aws::kRole, aws::kRoleSessionName,
                                               aws::kSessionDuration, aws::kSourceIdentity,
                                               aws::kTransitiveTagKeys};
  if (is_tag || std::find(known.begin(), known.end(), name) != known.end()) return true;
  std::string suggestion = DidYouMean(name, known);
  if (suggestion.empty()) {
    suggestion = "; below " + std::string(aws::kAttributePrefix) +
                 " stand Role, RoleSessionName, SessionDuration, SourceIdentity, "
                 "TransitiveTagKeys and PrincipalTag:KEY";
  }
  Refuse(saml_name.position, path, Quote(name) + " is none of AWS's names" + suggestion);
  return false;
}

// Takes out what is wrong only because for_each is: the names that it would have bound.
void DropFollowing(const MappingDraft& draft, std::vector<Mistake>& mistakes) {
  constexpr std::string_view kUnknown = ": unknown name '";
  const auto is_about_for_each = [](const Mistake& mistake) {
    return mistake.message.starts_with("for_each: ");
  };
  const bool is_unreadable = draft.unreadable.count("for_each") > 0;
  if (!is_unreadable && std::none_of(mistakes.begin(), mistakes.end(), is_about_for_each)) return;
  // None: nobody can tell what it was to bind.
  const std::set<std::string> names =
      draft.for_each ? NamesMeantBy(draft.for_each->text) : std::set<std::string>{};
  std::erase_if(mistakes, [&](const Mistake& mistake) {
    const size_t unknown = mistake.message.find(kUnknown);
    if (unknown == std::string::npos || is_about_for_each(mistake)) return false;
    const std::string name = mistake.message.substr(unknown + kUnknown.size());
    return names.empty() || names.count(name.substr(0, name.find('\''))) > 0;
  });
}

ReadMapping Resolver::ParseMapping(const Named<MappingDraft>& named, const Names& names) {
  const MappingDraft& draft = named.value;
  const std::string path = "mappings." + named.name;
  ReadMapping read{named.name, named.position};
  if (!named.readable) return read;
  const bool has_name = draft.saml_name.position.line > 0;
  const bool name_is_right = has_name && CheckSamlName(path + ".saml_name", draft.saml_name);
  if (draft.value && draft.values) {
    Refuse(draft.value->position, path, "'value' and 'values' exclude each other; keep one");
    return read;
  }
  if (!draft.value && !draft.values) {
    if (complete_) Refuse(named.position, path, "'value' is missing; it is what each gives");
    return read;
  }
  MappingSource source{.name = named.name,
                       .position = named.position,
                       .saml_name = draft.saml_name,
                       .for_each = draft.for_each,
                       .when = draft.when,
                       .required = draft.required,
                       .trust_arn = draft.trust_arn};
  source.values = draft.value ? std::vector{*draft.value} : *draft.values;
  std::vector<Mistake> mistakes;
  std::optional<Mapping> parsed = Mapping::Parse(source, names, mistakes);
  if (name_is_right) read.parsed = std::move(parsed);
  DropFollowing(draft, mistakes);
  for (const Mistake& mistake : mistakes) {
    reports_.mistakes.push_back({mistake.position, path + "." + mistake.message});
  }
  return read;
}

void Resolver::ResolveMappings() {
  const Names names = MakeNames();
  for (const Named<MappingDraft>& named : draft_.mappings) {
    mappings_.push_back(ParseMapping(named, names));
  }
}

void Resolver::FillMappings(const std::string& path, const ApplicationDraft& draft,
                            Application& application) {
  std::set<std::string> named;
  std::vector<std::string_view> known;
  for (const ReadMapping& mapping : mappings_) known.push_back(mapping.name);
  for (size_t i = 0; i < draft.mappings.size(); ++i) {
    const auto& [name, position] = draft.mappings[i];
    const std::string& wanted = name;  // clang 14 captures no structured binding
    const std::string item = path + ".mappings[" + std::to_string(i) + "]";
    const auto found =
        std::find_if(mappings_.begin(), mappings_.end(),
                     [&](const ReadMapping& mapping) { return mapping.name == wanted; });
    if (found == mappings_.end()) {
      Refuse(position, item, "there is no mapping " + Quote(name) + DidYouMean(name, known));
      continue;
    }
    found->used = true;
    if (!named.insert(name).second) {
      Refuse(position, item, Quote(name) + " stands here twice; take one out");
    } else if (found->parsed) {
      application.mappings.push_back(*found->parsed);
    }
  }
}

std::string_view PartitionName(Preset preset) {
  switch (preset) {
    case Preset::kNone:
      return "";
    case Preset::kAws:
      return "aws";
    case Preset::kAwsCn:
      return "aws-cn";
    case Preset::kAwsUsGov:
      return "aws-us-gov";
  }
  return "";
}

void Resolver::FillPreset(const std::string& path, const ApplicationDraft& draft,
                          const Names& names, Application& application) {
  if (!draft.preset) return;
  application.preset = draft.preset->value;
  const aws::Partition* partition = aws::FindPartition(PartitionName(application.preset));
  if (partition == nullptr) return;
  if (application.audience.empty()) application.audience = partition->audience;
  if (application.acs_urls.empty()) application.acs_urls.emplace_back(partition->acs_url);
  // One that was refused might be the one.
  if (!complete_ || application.mappings.size() != draft.mappings.size()) return;
  if (!application.Makes(aws::kRole)) {
    Refuse(draft.position, path + ".mappings",
           "none of them makes " + std::string(aws::kRole) + ", which AWS demands");
  }
  if (application.Makes(aws::kRoleSessionName)) return;
  // AWS demands one, and the name that PAM confirmed is the one to have: two people never meet in
  // it (security.md M5).
  std::vector<Mistake> mistakes;
  auto session_name = Mapping::Parse(
      {.name = "preset-session-name",
       .position = draft.preset->position,
       .saml_name = {std::string(aws::kRoleSessionName), draft.preset->position, false},
       .values = {{"{{ user.username | session_name }}", draft.preset->position, false}},
       .required = true},
      names, mistakes);
  if (session_name) application.mappings.push_back(*std::move(session_name));
}

void Resolver::FillAccounts(const std::string& path, const ApplicationDraft& draft,
                            Application& application) {
  if (draft.allowed_accounts) {
    application.allowed_accounts = *draft.allowed_accounts;
    return;
  }
  if (!application.Makes(aws::kRole)) return;
  for (const Account& account : config_.accounts)
    application.allowed_accounts.push_back(account.id);
  if (complete_ && application.allowed_accounts.empty()) {
    Refuse(draft.position, path,
           "'allowed_accounts' is missing; list the AWS accounts whose roles it may name, or give "
           "them under accounts");
  }
}

void Resolver::CheckAttributes(const std::string& path, const ApplicationDraft& draft,
                               const Application& application) {
  std::set<std::string> single;
  for (const Mapping& mapping : application.mappings) {
    const std::string& name = mapping.saml_name();
    if (aws::IsSingleValued(name) && !single.insert(name).second) {
      Refuse(draft.position, path + ".mappings",
             "two of them make " + name + ", which has one value; keep one");
    }
  }
  const bool makes_duration = application.Makes(aws::kSessionDuration);
  if (draft.aws_session_duration && makes_duration) {
    Refuse(draft.aws_session_duration->position, path + ".aws_session_duration",
           "a mapping makes SessionDuration as well; keep one of the two");
  }
  if (!draft.role_settings.empty() && makes_duration) {
    Refuse(draft.role_settings.front().position, path + ".role_settings",
           "a mapping makes SessionDuration as well; keep one of the two");
  }
  if (!complete_) return;
  if (application.audience.empty()) {
    Refuse(draft.position, path, "'audience' is missing; it is the application's entity id");
  }
  if (application.acs_urls.empty()) {
    Refuse(draft.position, path, "'acs_urls' is missing; it is where responses are sent");
  }
}

Application Resolver::ResolveApplication(const Named<ApplicationDraft>& named, const Names& names) {
  const ApplicationDraft& draft = named.value;
  const std::string path = "applications." + named.name;
  Application application{
      .slug = named.name,
      .position = named.position,
      .name = draft.name.empty() ? named.name : draft.name,
      .entity_id = draft.entity_id.empty() ? config_.url + "/saml/" + named.name : draft.entity_id,
      .audience = draft.audience,
      .acs_urls = draft.acs_urls,
      .assertion_lifetime = draft.assertion_lifetime,
      .max_login_age = draft.max_login_age,
      .session_not_on_or_after = draft.session_not_on_or_after,
      .name_id_format =
          std::string(draft.name_id_format.empty() ? kPersistent : draft.name_id_format),
      .allowed_roles = draft.allowed_roles,
      .relay_state_hosts = draft.relay_state_hosts};
  if (draft.aws_session_duration) {
    application.aws_session_duration = draft.aws_session_duration->value;
  }
  FillMappings(path, draft, application);
  FillPreset(path, draft, names, application);
  FillAccounts(path, draft, application);
  ResolveRules(path, draft, names, complete_, reports_, application);
  CheckAttributes(path, draft, application);
  CheckLiterals(path, draft_.mappings, draft, application, reports_);
  WarnOfApplication(path, draft_, draft, application, reports_);
  return application;
}

void Resolver::ResolveApplications() {
  const Names names = MakeNames();
  for (const Named<ApplicationDraft>& named : draft_.applications) {
    if (named.readable) config_.applications.push_back(ResolveApplication(named, names));
  }
  if (complete_ && draft_.applications.empty()) {
    reports_.mistakes.push_back({{}, "applications: is empty; name one"});
  }
  for (const ReadMapping& mapping : mappings_) {
    if (mapping.used || !complete_) continue;
    Warn(mapping.position, "mappings." + mapping.name, "no application uses it");
  }
}

Config Resolver::Run() {
  config_.url = draft_.url;
  config_.usernames = {draft_.users.fold_case, draft_.users.realms};
  config_.audit_retention = draft_.audit.retention;
  config_.require_synchronised_clock = draft_.clock.require_synchronised;
  config_.branding = draft_.branding;
  config_.limits = draft_.limits;
  ResolveListen();
  ResolveSigning();
  ResolveSession();
  ResolveAssurance();
  ResolveLdap(draft_, complete_, reports_, config_.ldap);
  ResolveAccounts();
  ResolveGrants();
  ResolveMappings();
  ResolveApplications();
  ResolveTests(draft_.tests, reports_, config_);
  return std::move(config_);
}

}  // namespace

void AddOnce(std::vector<mapping::Mistake>& mistakes, mapping::Mistake mistake) {
  const bool is_known =
      std::any_of(mistakes.begin(), mistakes.end(), [&](const mapping::Mistake& other) {
        return other.message == mistake.message &&
               ToString(other.position) == ToString(mistake.position);
      });
  if (!is_known) mistakes.push_back(std::move(mistake));
}

Config Resolve(const Draft& draft, bool complete, Reports& reports) {
  return Resolver(draft, complete, reports).Run();
}

}  // namespace rolebridge::config
