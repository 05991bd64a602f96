#include "bridge/cli/init_interview.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/base/private_file.h"
#include "bridge/base/visible_text.h"
#include "bridge/cli/init_findings.h"
#include "bridge/cli/init_guesses.h"
#include "bridge/cli/init_questions.h"
#include "bridge/config/checks.h"
#include "bridge/crypto/certificate.h"
#include "ldap/survey.h"

namespace rolebridge::cli {
namespace {

using ldap::Membership;

constexpr size_t kMaximumHostFile = 256 * 1024;
constexpr size_t kMaximumCertificate = 64 * 1024;
constexpr size_t kMostDefaults = 20;  // of roles and accounts; more are no answer to confirm
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* kListSeparators = ", ";

// A file that a guess may come from; empty where there is none.
std::string HostFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaximumHostFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string Absolute(const std::string& path) {
  std::error_code ignored;
  return path.empty() ? path : std::filesystem::absolute(path, ignored).lexically_normal().string();
}

std::string ComplaintOfFile(const std::string& path) {
  return access(path.c_str(), R_OK) == 0 ? "" : std::string("can't be read: ") + strerror(errno);
}

std::string ComplaintOfUrl(const std::string& text) {
  return text.find("://") == std::string::npos ? config::CheckBaseUrl("https://" + text)
                                               : config::CheckBaseUrl(text);
}

std::string ComplaintOfDn(const std::string& text) { return config::CheckDn(text); }
std::string ComplaintOfUri(const std::string& text) { return config::CheckLdapUri(text); }
std::string ComplaintOfRole(const std::string& text) { return config::CheckRolePattern(text); }

std::string ComplaintOfAccount(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string id = text.substr(equals == std::string::npos ? 0 : equals + 1);
  if (!IsAccountId(id)) return "is no account; write NAME=ID, the ID with its 12 digits";
  if (equals == std::string::npos) return "";
  const std::string complaint = config::CheckAlias(text.substr(0, equals));
  return complaint.empty() ? "" : "has a name that " + complaint;
}

std::optional<Membership> MembershipOf(const std::string& text) {
  for (const Membership one : {Membership::kMemberUid, Membership::kMember, Membership::kMemberOf,
                               Membership::kActiveDirectory}) {
    if (text == NameOf(one)) return one;
  }
  return std::nullopt;
}

std::string ComplaintOfMembership(const std::string& text) {
  return MembershipOf(text) ? "" : "is none of rfc2307, rfc2307bis, memberof and active-directory";
}

AccountAnswer AccountOf(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return {"account-" + text, text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string Entries(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::optional<RolesBy> RolesByOf(const std::string& text) {
  if (text == "attribute") return RolesBy::kAttribute;
  if (text == "account-attribute") return RolesBy::kAccountAttribute;
  if (text == "group-name") return RolesBy::kGroupName;
  return std::nullopt;
}

const char* Describe(RolesBy roles_by) {
  switch (roles_by) {
    case RolesBy::kAttribute:
      return "  Roles come from the groups' attribute awsRole.";
    case RolesBy::kAccountAttribute:
      return "  Roles come from the groups' attribute awsRole, their account from awsAccount.";
    case RolesBy::kGroupName:
      return "  Roles come from groups called AWS-ACCOUNT-ROLE.";
  }
  return "";
}

// One run through all questions. Each step returns the error that ends it.
class Interviewer {
 public:
  Interviewer(const InitOptions& options, const InitWorld& world)
      : options_(options),
        world_(world),
        questions_(world.input, world.out, options.is_unattended) {}

  Result<Answers> Run() {
    const Step steps[] = {&Interviewer::LookAtHost,    &Interviewer::AskUrl,
                          &Interviewer::AskTls,        &Interviewer::AskAccountsUnattended,
                          &Interviewer::AskDirectory,  &Interviewer::AskBase,
                          &Interviewer::AskUsersBase,  &Interviewer::AskMembership,
                          &Interviewer::AskGroupsBase, &Interviewer::LookForRoles,
                          &Interviewer::AskAccounts,   &Interviewer::AskRoles,
                          &Interviewer::SayAllProblems};
    answers_.requires_synchronised_clock = !options_.has_unsynchronised_clock;
    answers_.is_offline = options_.is_offline;
    for (const Step step : steps) {
      const Result<void> done = (this->*step)();
      if (!done) return done.error();
    }
    return std::move(answers_);
  }

 private:
  using Step = Result<void> (Interviewer::*)();

  Result<void> LookAtHost();
  Result<void> AskUrl();
  Result<void> AskTls();
  Result<void> AskDirectory();
  Result<void> AskConnection(bool is_again);
  Result<void> AskPassword();
  Result<void> ConnectAndReadRoot();
  Result<void> AskBase();
  Result<void> AskUsersBase();
  Result<void> AskMembership();
  Result<void> AskGroupsBase();
  Result<void> LookForRoles();
  Result<void> AskAccountsUnattended();
  Result<void> AskAccounts();
  Result<void> AskRoles();
  Result<void> SayAllProblems();
  std::vector<std::string> UrisFromDns();
  bool IsAsking() const { return survey_ != nullptr; }
  // What the directory has been asked with so far can't work: no use in asking it.
  bool HasProblems() const { return !questions_.problems().empty(); }
  Result<std::string> Ask(const Question& question, const std::string& given) {
    return questions_.Ask(question, given);
  }

  const InitOptions& options_;
  const InitWorld& world_;
  Questions questions_;
  DirectoryGuess guess_;
  std::string domain_;
  Answers answers_;
  std::string base_;
  ldap::RootEntry root_;
  std::unique_ptr<ldap::Survey> survey_;  // null: the directory is not asked
  Styles styles_;
  RolesFound found_;
  bool are_accounts_asked_ = false;
};

Result<void> Interviewer::LookAtHost() {
  const std::string& folder = options_.host_folder;
  guess_ = Joined(ReadLdapConf(HostFile(folder + "/ldap/ldap.conf")),
                  ReadSssdConf(HostFile(folder + "/sssd/sssd.conf")));
  if (guess_.ca_file == kSystemAuthorities) guess_.ca_file.clear();
  domain_ = DomainOf(world_.host_name, ReadResolvConf(HostFile(folder + "/resolv.conf")).domain);
  questions_.Say(
      "rolebridge init: Enter takes what stands in brackets. Nothing is written before you have "
      "seen what.\n");
  return {};
}

// The DNS is nobody's word, and the bind password goes where it leads: only a person who sees it
// may take it.
std::vector<std::string> Interviewer::UrisFromDns() {
  if (domain_.empty() || questions_.is_unattended()) return {};
  for (const char* const scheme : {"ldaps", "ldap"}) {
    auto uris = UrisOf(world_.network.FindServices(scheme, domain_), scheme, domain_);
    if (!uris.empty()) return uris;
  }
  return {};
}

Result<void> Interviewer::AskUrl() {
  std::string host = LowerAscii(world_.host_name);
  if (host.find('.') == std::string::npos && !domain_.empty()) host += "." + domain_;
  const bool is_name = host.find('.') != std::string::npos && ComplaintOfUrl(host).empty();
  const auto answer = Ask({.flag = "--url",
                           .text = "Public name of this bridge, as browsers will know it",
                           .fallback = is_name && !questions_.is_unattended() ? host : "",
                           .complaint = ComplaintOfUrl},
                          options_.url);
  if (!answer) return answer.error();
  answers_.url = answer->find("://") == std::string::npos ? "https://" + *answer : *answer;
  if (answer->empty()) answers_.url.clear();
  return {};
}

Result<void> Interviewer::AskTls() {
  const auto certificate =
      Ask({.flag = "--tls-certificate",
           .text = "Its TLS certificate, a PEM file (Enter: a self-signed one is made)",
           .complaint = ComplaintOfFile,
           .may_be_empty = true},
          options_.tls_certificate);
  if (!certificate) return certificate.error();
  if (certificate->empty() && options_.tls_key.empty()) return {};
  const auto key = Ask(
      {.flag = "--tls-key", .text = "The key of that certificate", .complaint = ComplaintOfFile},
      options_.tls_key);
  if (!key) return key.error();
  if (certificate->empty()) questions_.Miss("--tls-certificate (it goes with --tls-key)");
  answers_.tls_certificate = Absolute(*certificate);
  answers_.tls_key = Absolute(*key);
  if (certificate->empty() || key->empty() || answers_.url.empty()) return {};
  const auto pem = ReadConfigFile(answers_.tls_certificate, kMaximumCertificate);
  const auto key_pem = ReadSecretFile(answers_.tls_key);
  if (!pem) return pem.error();
  if (!key_pem) return key_pem.error();
  const auto pair =
      crypto::CheckTlsPair(*pem, *key_pem, HostOfUrl(answers_.url), world_.clock.Now());
  if (!pair) questions_.Refuse("--tls-certificate: " + pair.error().message);
  if (!pair && !questions_.is_unattended()) return pair.error();
  return {};
}

Result<void> Interviewer::AskPassword() {
  if (options_.bind_password_file.empty()) {
    if (questions_.is_unattended()) {
      questions_.Miss("--bind-password-file");
      return {};
    }
    Result<SecretString> typed = questions_.AskSecret("Password of that account");
    if (!typed) return typed.error();
    answers_.bind_password = *std::move(typed);
    return {};
  }
  const Result<SecretString> read = ReadSecretFile(options_.bind_password_file);
  if (!read) {
    questions_.Refuse("--bind-password-file: " + read.error().message);
    return questions_.is_unattended() ? Result<void>() : read.error();
  }
  std::string_view text = read->Reveal();
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    const std::string problem = "--bind-password-file: '" + options_.bind_password_file +
                                "' is empty; a bind without a password proves nothing";
    questions_.Refuse(problem);
    if (!questions_.is_unattended()) return Error{ErrorCode::kInvalidArgument, problem};
  }
  answers_.bind_password = SecretString(text);
  return {};
}

Result<void> Interviewer::AskConnection(bool is_again) {
  std::vector<std::string> uris = is_again ? answers_.ldap_uris : guess_.uris;
  if (uris.empty() && options_.ldap_uris.empty()) uris = UrisFromDns();
  const auto asked_uris = questions_.AskList(
      {.flag = "--ldap-uri",
       .text = "Directory servers (ldap:// does StartTLS)",
       .fallback = Joined(uris),
       .complaint = ComplaintOfUri},
      is_again ? std::vector<std::string>{} : options_.ldap_uris, kListSeparators);
  if (!asked_uris) return asked_uris.error();
  answers_.ldap_uris = *asked_uris;
  const auto ca_file =
      Ask({.flag = "--ldap-ca-file",
           .text = "Who signs their certificates, a PEM file (Enter: who this system trusts)",
           .fallback = is_again ? answers_.ca_file : guess_.ca_file,
           .complaint = ComplaintOfFile,
           .may_be_empty = true},
          is_again ? "" : options_.ldap_ca_file);
  if (!ca_file) return ca_file.error();
  answers_.ca_file = Absolute(*ca_file);
  const auto bind_dn = Ask({.flag = "--bind-dn",
                            .text = "The account that reads the directory (a DN)",
                            .fallback = is_again ? answers_.bind_dn : guess_.bind_dn,
                            .complaint = ComplaintOfDn},
                           is_again ? "" : options_.bind_dn);
  if (!bind_dn) return bind_dn.error();
  answers_.bind_dn = *bind_dn;
  return AskPassword();
}

Result<void> Interviewer::ConnectAndReadRoot() {
  ldap::Settings settings;
  settings.uris = answers_.ldap_uris;
  settings.ca_file = answers_.ca_file;
  settings.bind.dn = answers_.bind_dn;
  survey_ = std::make_unique<ldap::Survey>(settings, SecretString(answers_.bind_password.Reveal()));
  auto root = survey_->ReadRoot({"awsRole", "awsAccount"});
  if (!root) {
    survey_.reset();
    return root.error();
  }
  root_ = *std::move(root);
  return {};
}

Result<void> Interviewer::AskDirectory() {
  for (bool is_again = false;; is_again = true) {
    const Result<void> asked = AskConnection(is_again);
    if (!asked || options_.is_offline) return asked;
    if (questions_.is_unattended() && HasProblems()) return SayAllProblems();
    const Result<void> connected = ConnectAndReadRoot();
    if (connected) {
      questions_.Say(root_.is_active_directory
                         ? "  The directory answers; it is an Active Directory."
                         : "  The directory answers.");
      return {};
    }
    if (questions_.is_unattended()) {
      return Error{connected.error().code,
                   connected.error().message +
                       "; nothing was written. --offline goes on without asking the directory"};
    }
    questions_.Say("  " + VisibleText(connected.error().message, LineBreaks::kShow));
    const auto next = Ask({.flag = "",
                           .text = "Correct these answers, go on without the directory, or stop? "
                                   "(correct, offline, stop)",
                           .fallback = "correct",
                           .complaint = [](const std::string& word) -> std::string {
                             const bool fits =
                                 word == "correct" || word == "offline" || word == "stop";
                             return fits ? "" : "is none of the three";
                           }},
                          "");
    if (!next) return next.error();
    if (*next == "stop") return Error{ErrorCode::kUnavailable, "stopped; nothing was written"};
    answers_.is_offline = *next == "offline";
    if (answers_.is_offline) return {};
  }
}

Result<void> Interviewer::AskBase() {
  if (!options_.users_base.empty() && !options_.groups_base.empty()) return {};
  std::string fallback = guess_.base;
  if (IsAsking() && root_.naming_contexts.size() == 1) fallback = root_.naming_contexts.front();
  const auto base = Ask({.flag = "--ldap-base",
                         .text = "Where the directory's entries begin",
                         .fallback = fallback,
                         .complaint = ComplaintOfDn},
                        options_.ldap_base);
  if (!base) return base.error();
  base_ = *base;
  return {};
}

Result<void> Interviewer::AskUsersBase() {
  std::string fallback = base_.empty() ? "" : "ou=people," + base_;
  const std::string& given = options_.users_base;
  if (IsAsking() && root_.is_active_directory) {
    // Its people stand in many places, the first ones in CN=Users.
    fallback = base_;
  } else if (IsAsking() && !HasProblems()) {
    const auto people = survey_->Count(given.empty() ? base_ : given, "uid");
    if (!people) return people.error();
    fallback = people->base.empty() ? base_ : people->base;
    questions_.Say("  " + Entries(people->entries, "entry has", "entries have") +
                   " a uid, the name that people log in by.");
  }
  const auto base = Ask({.flag = "--users-base",
                         .text = "People stand below",
                         .fallback = fallback,
                         .complaint = ComplaintOfDn},
                        given);
  if (!base) return base.error();
  answers_.users_base = *base;
  return {};
}

Result<void> Interviewer::AskMembership() {
  std::string fallback = IsAsking() ? "" : NameOf(Membership::kMember);
  if (IsAsking() && root_.is_active_directory) {
    fallback = NameOf(Membership::kActiveDirectory);
  } else if (IsAsking() && !HasProblems()) {
    const std::string& below = options_.groups_base.empty() ? base_ : options_.groups_base;
    auto styles = CountStyles(*survey_, answers_.users_base, below);
    if (!styles) return styles.error();
    styles_ = *std::move(styles);
    const std::optional<Membership> usual = styles_.Usual();
    if (usual) fallback = NameOf(*usual);
    questions_.Say("  " + styles_.Words() + ".");
  }
  const auto name = Ask({.flag = "--membership",
                         .text = "Membership: by memberUid (rfc2307), member or uniqueMember "
                                 "(rfc2307bis), people's memberOf (memberof), or "
                                 "active-directory",
                         .fallback = fallback,
                         .complaint = ComplaintOfMembership},
                        options_.membership);
  if (!name) return name.error();
  answers_.membership = MembershipOf(*name).value_or(Membership::kMember);
  answers_.has_unique_members =
      answers_.membership == Membership::kMember && styles_.HasUniqueMembers();
  return {};
}

Result<void> Interviewer::AskGroupsBase() {
  std::string fallback = base_.empty() ? "" : "ou=groups," + base_;
  if (IsAsking()) {
    fallback = styles_.BaseOf(answers_.membership);
    if (fallback.empty()) fallback = base_;
  }
  const auto base = Ask({.flag = "--groups-base",
                         .text = "Groups stand below",
                         .fallback = fallback,
                         .complaint = ComplaintOfDn},
                        options_.groups_base);
  if (!base) return base.error();
  answers_.groups_base = *base;
  return {};
}

Result<void> Interviewer::LookForRoles() {
  const std::optional<RolesBy> told = RolesByOf(options_.roles_by);
  found_.by = told.value_or(RolesBy::kAttribute);
  if (IsAsking() && !HasProblems()) {
    std::vector<std::string> aliases;
    for (const std::string& word : options_.accounts) aliases.push_back(AccountOf(word).alias);
    auto found = FindRoles(*survey_, root_, answers_.groups_base, told, aliases);
    if (!found) return found.error();
    found_ = *std::move(found);
  }
  answers_.roles_by = found_.by;
  return {};
}

// Before the directory is asked, so that everything missing is named at once; a person is asked
// after it, with what it says as the default.
Result<void> Interviewer::AskAccountsUnattended() {
  return questions_.is_unattended() ? AskAccounts() : Result<void>();
}

Result<void> Interviewer::AskAccounts() {
  if (std::exchange(are_accounts_asked_, true)) return {};
  const auto& found = found_.accounts;
  const bool is_default = found.size() <= kMostDefaults;
  const auto words =
      questions_.AskList({.flag = "--account",
                          .text = "AWS accounts, NAME=ID each",
                          .fallback = is_default ? Joined({found.begin(), found.end()}) : "",
                          .complaint = ComplaintOfAccount},
                         options_.accounts, kListSeparators);
  if (!words) return words.error();
  for (const std::string& word : *words) answers_.accounts.push_back(AccountOf(word));
  return {};
}

Result<void> Interviewer::AskRoles() {
  if (answers_.roles_by == RolesBy::kAttribute && answers_.accounts.size() > 1) {
    answers_.roles_by = RolesBy::kAccountAttribute;
    if (!options_.roles_by.empty()) {
      questions_.Refuse("--roles-by: 'attribute' says nothing of the account, and there are " +
                        std::to_string(answers_.accounts.size()) +
                        "; use account-attribute or group-name");
      return SayAllProblems();
    }
  }
  questions_.Say(Describe(answers_.roles_by));
  const auto& found = found_.roles;
  const bool is_default = found.size() <= kMostDefaults;
  const auto roles =
      questions_.AskList({.flag = "--role",
                          .text = "Roles that may be given, by name (* and ? allowed)",
                          .fallback = is_default ? Joined({found.begin(), found.end()}) : "",
                          .complaint = ComplaintOfRole},
                         options_.roles, kListSeparators);
  if (!roles) return roles.error();
  answers_.roles = *roles;
  return {};
}

Result<void> Interviewer::SayAllProblems() {
  if (!HasProblems()) return {};
  return Error{ErrorCode::kInvalidArgument, "nothing was written:\n" + questions_.problems()};
}

}  // namespace

std::string HostOfUrl(const std::string& url) {
  const std::string rest = url.substr(url.find("://") + 3);
  if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
  return rest.substr(0, rest.find_first_of(":/"));
}

Result<Answers> Interview(const InitOptions& options, const InitWorld& world) {
  return Interviewer(options, world).Run();
}

}  // namespace rolebridge::cli
