#include "bridge/config/sections.h"

#include <algorithm>
#include <array>

#include "bridge/config/checks.h"

namespace rolebridge::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Need kRequired = Need::kRequired;
constexpr Need kOptional = Need::kOptional;

constexpr hours kDay{24};

// Types that several sections use.
TextType Label() { return {CheckLabel, "a text of up to 200 bytes"}; }
TextType Dn() { return {CheckDn, "a DN like ou=people,dc=example,dc=org"}; }
TextType Uri() { return {CheckUri, "a URI"}; }
TextType LdapAttribute() { return {CheckLdapAttribute, "an LDAP attribute"}; }
TextType LdapDescription() { return {CheckLdapDescription, "an LDAP attribute"}; }
TextType Network() { return {CheckNetwork, "an address or a network like 10.0.0.0/8"}; }
SourceType Template() { return SourceType("a text in quotes, with {{ expressions }}"); }
SourceType Condition() {
  return SourceType("a condition in quotes, like \"'staff' in groups.name\"");
}

SectionType<Tls> TlsSection() {
  return SectionType<Tls>({
      Row("certificate", &Tls::certificate, PathType(), kRequired,
          "the PEM file of the certificate and those above it"),
      Row("key", &Tls::key, PathType(), kRequired, "the PEM file of the certificate's key"),
  });
}

SectionType<ListenDraft> ListenSection() {
  using S = ListenDraft;
  return SectionType<S>({
      Row("address", &S::address, TextType(CheckListen, "an address and port, or unix:/run/..."),
          kOptional, "where browsers connect; ignored where systemd hands over a socket"),
      Row("status_address", &S::status_address,
          TextType(CheckStatusListen, "a loopback address and port, or \"\" for none"), kOptional,
          "where /healthz, /readyz and /metrics answer"),
      Row("tls", &S::tls, TlsSection(), kOptional, "the certificate that browsers see"),
      Row("trusted_proxies", &S::trusted_proxies, ListType(Network(), 0, 64), kOptional,
          "who is believed about X-Forwarded-For"),
  });
}

SectionType<KeyPair> SigningSection() {
  return SectionType<KeyPair>({
      Row("certificate", &KeyPair::certificate, PathType(), kRequired,
          "the PEM file of the certificate that is published"),
      Row("key", &KeyPair::key, PathType(), kRequired, "the PEM file of the key that signs"),
  });
}

SectionType<SessionDraft> SessionSection() {
  using S = SessionDraft;
  return SectionType<S>({
      Row("lifetime", &S::lifetime, DurationType(minutes(5), 7 * kDay), kOptional,
          "how long a login lasts at this bridge"),
      Row("idle", &S::idle, LocatedType(DurationType(minutes(1), 7 * kDay)), kOptional,
          "how long one lasts that is not used"),
  });
}

SectionType<LevelDraft> LevelSection() {
  using S = LevelDraft;
  return SectionType<S>({
      Row("name", &S::name, TextType(CheckSlug, "1 to 32 of a-z, 0-9 and '-'"), kRequired,
          "what conditions call it"),
      Row("service", &S::service,
          TextType(CheckPamService, "rolebridge or rolebridge-NAME, a file of pam.d"), kRequired,
          "the PAM service that proves it"),
      Row("context_class", &S::context_class, Uri(), kRequired,
          "what assertions say about it (AuthnContextClassRef)"),
      Row("valid", &S::valid, DurationType(minutes(1), kDay), kOptional,
          "how long it counts after it was proved"),
  });
}

SectionType<UsersDraft> UsersSection() {
  return SectionType<UsersDraft>({
      Row("case", &UsersDraft::fold_case, ChoiceType<bool>({{"fold", true}, {"keep", false}}),
          kOptional, "whether 'Alice' is 'alice'"),
      Row("realms", &UsersDraft::realms,
          ListType(TextType(CheckRealm, "letters, digits, '.', '_' and '-', at most 64"), 0, 32),
          kOptional,
          "what may stand around a name and is taken off: alice@REALM and REALM\\alice are alice"),
  });
}

SectionType<ClockDraft> ClockSection() {
  return SectionType<ClockDraft>({
      Row("require_synchronised", &ClockDraft::require_synchronised, FlagType(), kOptional,
          "whether to refuse while the kernel's clock is not synchronised"),
  });
}

SectionType<AuditDraft> AuditSection() {
  return SectionType<AuditDraft>({
      Row("retention", &AuditDraft::retention, DurationType(kDay, 3660 * kDay), kOptional,
          "how long records are kept in the store; for good unless set"),
  });
}

SectionType<BindDraft> BindSection() {
  using S = BindDraft;
  using Mechanism = ldap::Bind::Mechanism;
  return SectionType<S>({
      Row("mechanism", &S::mechanism,
          ChoiceType<Mechanism>({{"simple", Mechanism::kSimple},
                                 {"external", Mechanism::kExternal},
                                 {"gssapi", Mechanism::kGssapi}}),
          kOptional,
          "how it is proved: by a password; by the client certificate, or on ldapi:// by the user "
          "that the issuer runs as; or by a Kerberos ticket"),
      Row("dn", &S::dn, Dn(), kOptional, "as whom the directory is read, with simple"),
      Row("password_file", &S::password_file, PathType(), kOptional,
          "the file with its password alone in it"),
      Row("keytab_file", &S::keytab_file, PathType(), kOptional,
          "with gssapi, the keytab that gets the tickets"),
      Row("principal", &S::principal,
          TextType(CheckPrincipal, "a principal like rolebridge@EXAMPLE.ORG"), kOptional,
          "whose key of the keytab; the first one's unless set"),
  });
}

ChoiceType<std::string> AccountStateAttribute() {
  std::vector<ChoiceType<std::string>::Word> words;
  for (const std::string_view name : ldap::kAccountStateAttributes) {
    words.push_back({name, std::string(name)});
  }
  return ChoiceType<std::string>(std::move(words));
}

SectionType<LdapUsersDraft> LdapUsersSection() {
  using S = LdapUsersDraft;
  return SectionType<S>({
      Row("base", &S::base, Dn(), kRequired, "below which people's entries stand"),
      Row("filter", &S::filter,
          TextType(CheckUserFilter, "an LDAP filter with {{ username }} in it"), kOptional,
          "which of them is the one who logged in; by uid unless set, with active-directory "
          "people by sAMAccountName"),
      Row("login_attribute", &S::login_attribute, LdapAttribute(), kOptional,
          "which attribute must hold the login's name, byte for byte; uid, or with "
          "active-directory sAMAccountName unless set"),
      Row("lockout_duration", &S::lockout_duration,
          DurationType(std::chrono::seconds(1), 365 * kDay), kOptional,
          "after which a pwdAccountLockedTime has run out"),
      Row("ignored_states", &S::ignored_states, ListType(AccountStateAttribute(), 0, 20), kOptional,
          "attributes that say an account is locked, disabled or expired, and close none here: PAM "
          "alone decides about it"),
      Row("attributes", &S::attributes,
          NamedMapType(CheckUserAttribute, "a-z, 0-9 and '_'", LdapDescription()), kOptional,
          "template name: LDAP attribute"),
      Row("self_writable", &S::self_writable, ListType(LdapAttribute(), 0, 1000), kOptional,
          "attributes that people write themselves, beside the usual ones: check warns where one "
          "of them decides"),
  });
}

SectionType<LdapGroupsDraft> LdapGroupsSection() {
  using S = LdapGroupsDraft;
  using ldap::Membership;
  return SectionType<S>({
      Row("base", &S::base, Dn(), kRequired, "below which groups stand"),
      Row("membership", &S::membership,
          ChoiceType<Membership>({{"rfc2307", Membership::kMemberUid},
                                  {"rfc2307bis", Membership::kMember},
                                  {"memberof", Membership::kMemberOf},
                                  {"active-directory", Membership::kActiveDirectory}}),
          kOptional, "how groups name their members"),
      Row("member_attribute", &S::member_attribute, LocatedType(LdapAttribute()), kOptional,
          "which attribute says who is in which group, like uniqueMember; memberUid, member or "
          "memberOf unless set, as membership says"),
      Row("nested", &S::nested, FlagType(), kOptional,
          "whether members of a group's groups are its members, to a depth of 32"),
      Row("name_attribute", &S::name_attribute, LdapAttribute(), kOptional,
          "which attribute holds a group's name; cn, or with active-directory sAMAccountName "
          "unless set"),
      Row("attributes", &S::attributes,
          NamedMapType(CheckGroupAttribute, "a-z, 0-9 and '_'", LdapDescription()), kOptional,
          "template name: LDAP attribute"),
  });
}

SectionType<LdapDraft> LdapSection() {
  using S = LdapDraft;
  const DurationType timeout(std::chrono::seconds(1), std::chrono::seconds(60));
  return SectionType<S>({
      Row("uris", &S::uris,
          ListType(TextType(CheckLdapUri, "an ldaps://, ldap://, ldap+srv:// or ldapi:// address"),
                   1, 16),
          kRequired,
          "the directory's servers, the preferred one first; the next ones are asked while it "
          "fails"),
      Row("ca_file", &S::ca_file, PathType(), kOptional,
          "the PEM file of who may sign the servers' certificates; the system's unless set"),
      Row("certificate_file", &S::certificate_file, PathType(), kOptional,
          "the PEM file of a certificate to show to servers that ask for one"),
      Row("key_file", &S::key_file, PathType(), kOptional, "the PEM file of its key"),
      Row("minimum_tls", &S::minimum_tls,
          ChoiceType<ldap::TlsVersion>(
              {{"1.2", ldap::TlsVersion::k12}, {"1.3", ldap::TlsVersion::k13}}),
          kOptional, "the oldest version of TLS that is spoken with servers"),
      Row("bind", &S::bind, BindSection(), kOptional, "as whom the directory is read"),
      Row("users", &S::users, LdapUsersSection(), kRequired, "where people are found"),
      Row("groups", &S::groups, LdapGroupsSection(), kRequired, "where groups are found"),
      Row("ignored_references", &S::ignored_references, ListType(Dn(), 0, 100), kOptional,
          "subtrees that another server holds and that nobody is looked for in; an answer that "
          "lacks "
          "any other is refused"),
      Row("connect_timeout", &S::connect_timeout, timeout, kOptional,
          "for connecting, and as long again for TLS and the bind"),
      Row("operation_timeout", &S::operation_timeout, timeout, kOptional, "for one operation"),
      Row("lookup_timeout", &S::lookup_timeout, timeout, kOptional, "for all that one login asks"),
      Row("pool_size", &S::pool_size, NumberType(1, 64), kOptional,
          "how many connections are kept"),
  });
}

SectionType<AccountDraft> AccountSection() {
  return SectionType<AccountDraft>({
      Row("id", &AccountDraft::id, AccountIdType(), kRequired, "the account's number"),
      Row("name", &AccountDraft::name, Label(), kOptional, "what people call it"),
      Row("partition", &AccountDraft::partition,
          ChoiceType<std::string>(
              {{"aws", "aws"}, {"aws-cn", "aws-cn"}, {"aws-us-gov", "aws-us-gov"}}),
          kOptional, "the part of AWS that it is in, as its ARNs name it"),
      Row("provider", &AccountDraft::provider,
          TextType(CheckProviderName, "1 to 128 letters, digits, '.', '_' and '-'"), kOptional,
          "the name of the SAML provider in it that trusts this bridge"),
      Row("tags", &AccountDraft::tags,
          NamedMapType(CheckVariable, "a-z, 0-9 and '_'", TextType(CheckVar, "a text")), kOptional,
          "texts that templates use as accounts[...].tags.NAME"),
  });
}

SectionType<MappingDraft> MappingSection() {
  using S = MappingDraft;
  return SectionType<S>({
      Row("saml_name", &S::saml_name, SourceType("the name of a SAML attribute"), kRequired,
          "the SAML attribute that it makes"),
      Row("for_each", &S::for_each,
          SourceType("names and lists in quotes, like \"group in groups\""), kOptional,
          "what to go through"),
      Row("when", &S::when, Condition(), kOptional, "which of it to take"),
      Row("value", &S::value, Template(), kOptional, "what each gives"),
      Row("values", &S::values, ListType(Template(), 1, 5000), kOptional,
          "the same where each gives several"),
      Row("required", &S::required, FlagType(), kOptional,
          "whether having none of its values is a refusal"),
      Row("trust_arn", &S::trust_arn, FlagType(), kOptional,
          "whether a whole value may be a pair of ARNs from the directory"),
  });
}

ListType<TextType> RolePatterns() {
  return ListType(TextType(CheckRolePattern, "a pattern of a role's name"), 1, 5000);
}

SectionType<RoleSettingsDraft> RoleSettingsSection() {
  using S = RoleSettingsDraft;
  return SectionType<S>({
      Row("roles", &S::roles, RolePatterns(), kOptional, "patterns of the roles it is about"),
      Row("accounts", &S::accounts, ListType(AccountIdType(), 1, 5000), kOptional,
          "the accounts whose roles it is about"),
      Row("aws_session_duration", &S::aws_session_duration, DurationType(minutes(15), hours(12)),
          kRequired, "how long AWS lets somebody in with such a role"),
  });
}

// Names that the directory chose, with several values each.
NamedMapType<ListType<TextType>> ValuesByName() {
  return NamedMapType(CheckVariable, "a-z, 0-9 and '_'",
                      ListType(TextType(CheckVar, "a text"), 0, 1000));
}

SectionType<TestDraft> TestSection() {
  using S = TestDraft;
  return SectionType<S>({
      Row("name", &S::name, Label(), kRequired, "what it promises"),
      Row("user", &S::user, TextType(CheckLabel, "a user name"), kRequired,
          "of the directory; with groups, a made-up one"),
      Row("groups", &S::groups, NamedMapType(CheckLabel, "a group's name", ValuesByName()),
          kOptional, "all groups of a made-up user, with their attributes"),
      Row("attributes", &S::attributes, ValuesByName(), kOptional, "attributes of a made-up user"),
      Row("application", &S::application, LocatedType(TextType(CheckSlug, "an application")),
          kRequired, "the application that is asked for"),
      Row("client", &S::client, TextType(CheckAddress, "an address"), kOptional,
          "where the person is"),
      Row("assurance", &S::assurance, LocatedType(TextType(CheckSlug, "the name of a level")),
          kOptional, "how they logged in; the lowest level unless set"),
      Row("at", &S::at, InstantType(), kOptional, "when; now unless set"),
      Row("roles", &S::roles, ListType(TextType(CheckLabel, "the ARN of a role"), 0, 5000),
          kOptional, "exactly the roles that they have"),
      Row("refused", &S::refused, FlagType(), kOptional, "whether they get nothing at all"),
  });
}

SectionType<PolicyDraft> PolicySection() {
  using S = PolicyDraft;
  return SectionType<S>({
      Row("name", &S::name, Label(), kRequired, "what the audit calls it"),
      Row("require", &S::require, Condition(), kOptional, "what must be true"),
      Row("all", &S::all, ListType(Condition(), 1, 32), kOptional, "what must all be true"),
      Row("any", &S::any, ListType(Condition(), 1, 32), kOptional,
          "of which one at least must be true"),
      Row("assurance", &S::assurance, LocatedType(TextType(CheckSlug, "the name of a level")),
          kOptional, "the level of assurance that it takes at least"),
      Row("roles", &S::roles, RolePatterns(), kOptional,
          "patterns of the roles that it is about; the whole application unless set"),
      Row("accounts", &S::accounts, ListType(AccountIdType(), 1, 5000), kOptional,
          "the accounts whose roles it is about"),
      Row("message", &S::message, TextType(CheckLabel, "a sentence of up to 200 bytes"), kRequired,
          "what the person reads who is refused"),
  });
}

ChoiceType<std::string_view> NameIdFormats() {
  return ChoiceType<std::string_view>(
      {{"persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"},
       {"transient", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
       {"emailAddress", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"},
       {"unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"}});
}

SectionType<ApplicationDraft> ApplicationSection() {
  using S = ApplicationDraft;
  return SectionType<S>({
      Row("name", &S::name, Label(), kOptional, "what people call it; the slug unless set"),
      Row("preset", &S::preset,
          LocatedType(ChoiceType<Preset>({{"aws", Preset::kAws},
                                          {"aws-cn", Preset::kAwsCn},
                                          {"aws-us-gov", Preset::kAwsUsGov}})),
          kOptional, "fills in what that part of AWS demands"),
      Row("entity_id", &S::entity_id, Uri(), kOptional,
          "who we are to it; {url}/saml/{slug} unless set"),
      Row("audience", &S::audience, Uri(), kOptional, "who it is: its entity id"),
      Row("acs_urls", &S::acs_urls, ListType(TextType(CheckAcsUrl, "an https:// address"), 1, 64),
          kOptional, "where responses are sent, the usual address first"),
      Row("binding", &S::binding, ChoiceType<Binding>({{"post", Binding::kPost}}), kOptional,
          "how they are sent"),
      Row("assertion_lifetime", &S::assertion_lifetime, DurationType(minutes(1), minutes(5)),
          kOptional, "how long a response can be used"),
      Row("aws_session_duration", &S::aws_session_duration,
          LocatedType(DurationType(minutes(15), hours(12))), kOptional,
          "how long AWS lets somebody in (SessionDuration)"),
      Row("role_settings", &S::role_settings, ListType(RoleSettingsSection(), 0, 100), kOptional,
          "what holds for some of its roles; the first entry that fits a role counts"),
      Row("max_login_age", &S::max_login_age, DurationType(minutes(1), 7 * kDay), kOptional,
          "how old a login may be; an older one has to be done again"),
      Row("session_not_on_or_after", &S::session_not_on_or_after,
          DurationType(minutes(15), 7 * kDay), kOptional,
          "when its own session is to end (SessionNotOnOrAfter); it is not told unless set"),
      Row("name_id_format", &S::name_id_format, NameIdFormats(), kOptional,
          "what kind of name it gets for a person"),
      Row("name_id_value", &S::name_id_value, Template(), kOptional,
          "that name; unless set, one that is stable for the person and says nothing"),
      Row("allowed_accounts", &S::allowed_accounts, ListType(AccountIdType(), 1, 5000), kOptional,
          "the only AWS accounts whose roles it may name; those under accounts unless set"),
      Row("allowed_roles", &S::allowed_roles, RolePatterns(), kOptional,
          "patterns of the only roles it may name"),
      Row("relay_state_hosts", &S::relay_state_hosts,
          ListType(TextType(CheckHost, "a host name"), 0, 64), kOptional,
          "hosts that a link may lead to, beside AWS's consoles"),
      Row("mappings", &S::mappings,
          ListType(LocatedType(TextType(CheckWord, "the name of a mapping")), 0, 100), kRequired,
          "the attributes it gets"),
      Row("policies", &S::policies, ListType(PolicySection(), 0, 100), kOptional,
          "who may use it; all of them must hold"),
  });
}

SectionType<Branding> BrandingSection() {
  return SectionType<Branding>({
      Row("site_name", &Branding::site_name, Label(), kOptional, "the name at the top of pages"),
      Row("help_contact", &Branding::help_contact, Label(), kOptional,
          "whom to ask, as error pages say it"),
  });
}

SectionType<Limits> LimitsSection() {
  KeyTable<Limits> table;
  for (const LimitRow& limit : kLimitRows) {
    table.push_back(Row(limit.name, limit.member, NumberType(limit.minimum, limit.ceiling),
                        kOptional, "a bound of this program"));
  }
  return SectionType<Limits>(std::move(table));
}

constexpr std::array<std::string_view, 5> kMergedByName = {"accounts", "applications", "grants",
                                                           "mappings", "vars"};

}  // namespace

SectionType<Draft> ConfigSection() {
  using S = Draft;
  return SectionType<S>({
      Row("url", &S::url, TextType(CheckBaseUrl, "https://host"), kRequired,
          "the address that browsers know this bridge by"),
      Row("listen", &S::listen, ListenSection(), kOptional, "where it listens"),
      Row("signing", &S::signing, LocatedType(ListType(SigningSection(), 1, 8)), kOptional,
          "the keys of assertions: the first signs, all are published"),
      Row("signing_folder", &S::signing_folder, LocatedType(PathType("the path of a folder")),
          kOptional, "in place of signing: where 'rolebridge keys' keeps and changes them"),
      Row("session", &S::session, SessionSection(), kOptional, "the login at this bridge"),
      Row("assurance", &S::assurance, ListType(LevelSection(), 1, 8), kOptional,
          "how people prove who they are, the weakest first"),
      Row("users", &S::users, UsersSection(), kOptional, "what user names are"),
      Row("clock", &S::clock, ClockSection(), kOptional, "what is demanded of the clock"),
      Row("audit", &S::audit, AuditSection(), kOptional, "the record of what was done"),
      Row("ldap", &S::ldap, LdapSection(), kRequired, "the directory"),
      Row("accounts", &S::accounts,
          NamedMapType(CheckAlias, "1 to 32 of a-z, 0-9 and '-'", AccountSection()), kOptional,
          "AWS accounts by an alias"),
      Row("grants", &S::grants,
          NamedMapType(CheckLabel, "a group's name",
                       ListType(TextType(CheckLabel, "the name of a role"), 1, 1000)),
          kOptional, "roles by a group's name, which templates see as group.grants"),
      Row("vars", &S::vars,
          NamedMapType(CheckVariable, "a-z, 0-9 and '_'", TextType(CheckVar, "a text")), kOptional,
          "texts that templates use as vars.NAME"),
      Row("mappings", &S::mappings,
          NamedMapType(CheckWord, "letters, digits, '-' and '_'", MappingSection()), kOptional,
          "how SAML attributes are made, by name"),
      Row("applications", &S::applications,
          NamedMapType(CheckSlug, "1 to 32 of a-z, 0-9 and '-'", ApplicationSection()), kRequired,
          "who gets assertions, by the slug that stands in addresses"),
      Row("tests", &S::tests, ListType(TestSection(), 0, 1000), kOptional,
          "promises about who gets what, checked before a configuration is taken"),
      Row("branding", &S::branding, BrandingSection(), kOptional, "what pages show"),
      Row("limits", &S::limits, LimitsSection(), kOptional, "bounds of this program"),
  });
}

bool IsMergedByName(std::string_view section) {
  return std::find(kMergedByName.begin(), kMergedByName.end(), section) != kMergedByName.end();
}

}  // namespace rolebridge::config
