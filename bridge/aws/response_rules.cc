#include "bridge/aws/response_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "bridge/aws/arn.h"
#include "bridge/aws/attributes.h"
#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"
#include "bridge/saml/names.h"
#include "bridge/saml/xml_text.h"

namespace rolebridge::aws {
namespace {

using saml::Attribute;
using saml::Response;
using std::chrono::seconds;

constexpr size_t kMaxBase64 = 95'000;  // AWS refuses above 100,000 (R16)
constexpr size_t kMaxTags = 50;

// What a rule found: the attribute (empty: the response itself) and the message.
struct Finding {
  std::string attribute;
  std::string message;
};

using Findings = std::vector<Finding>;

void Say(Findings& findings, std::string message) {
  findings.push_back({.attribute = "", .message = std::move(message)});
}

void Say(Findings& findings, const Attribute& attribute, std::string message) {
  findings.push_back({.attribute = attribute.name, .message = std::move(message)});
}

std::string InQuotes(std::string_view text) { return "'" + Quoted(text) + "'"; }

const Attribute* FindAttribute(const Response& response, std::string_view name) {
  for (const Attribute& attribute : response.assertion.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

bool IsTag(const Attribute& attribute) { return attribute.name.starts_with(kPrincipalTagPrefix); }

std::string_view TagKeyOf(const Attribute& attribute) {
  return std::string_view(attribute.name).substr(kPrincipalTagPrefix.size());
}

// A response, and its roles parsed once: there may be hundreds.
struct Facts {
  explicit Facts(const Response& judged)
      : response(judged), assertion(judged.assertion), role(FindAttribute(judged, kRole)) {
    if (role == nullptr) return;
    roles.reserve(role->values.size());
    for (const std::string& value : role->values) roles.push_back(ParseRolePair(value));
  }

  // The partition of the first role that can be read; empty: there is none.
  std::string_view Partition() const {
    for (const Result<RolePair>& pair : roles) {
      if (pair) return pair->role.partition();
    }
    return {};
  }

  const Response& response;
  const saml::Assertion& assertion;
  const Attribute* role;                // null: not sent
  std::vector<Result<RolePair>> roles;  // one for each of its values
};

// ---- the response itself (aws-saml.md 1.1, 1.3, 3) ----

bool IsId(std::string_view id) {
  constexpr auto is_hex = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); };
  return id.size() == 41 && id.front() == '_' && ConsistsOf(id.substr(1), is_hex);
}

void CheckIds(const Facts& facts, Findings& findings) {
  if (!IsId(facts.response.id) || !IsId(facts.assertion.id) ||
      facts.response.id == facts.assertion.id) {
    Say(findings, "response and assertion need two different IDs of '_' and 40 hexadecimal digits");
  }
}

void CheckDestination(const Facts& facts, Findings& findings) {
  if (facts.response.destination != facts.assertion.recipient) {
    Say(findings, "Destination " + InQuotes(facts.response.destination) + " and Recipient " +
                      InQuotes(facts.assertion.recipient) +
                      " differ; both are the ACS URL, byte for byte");
  }
}

void CheckIssuer(const Facts& facts, Findings& findings) {
  const std::string& entity_id = facts.assertion.entity_id;
  if (entity_id.empty() || entity_id.size() > 1024) {
    Say(findings, "Issuer " + InQuotes(entity_id) +
                      " must be the entityID of the metadata that was uploaded to IAM, of 1 to "
                      "1024 characters; set entity_id");
  }
}

void CheckConfirmation(const Facts& facts, Findings& findings) {
  if (facts.assertion.recipient.empty() || facts.assertion.not_on_or_after == SysSeconds{}) {
    Say(findings, "SubjectConfirmationData needs both Recipient and NotOnOrAfter; set acs_urls");
  }
}

// A host of AWS's for signing in: the non-regional one, or REGION in front of it (3.1).
struct SignInHost {
  std::string_view partition, host;
};

constexpr std::array<SignInHost, 8> kSignInHosts = {
    SignInHost{"aws", "signin.aws.amazon.com"},
    SignInHost{"aws-cn", "signin.amazonaws.cn"},
    SignInHost{"aws-us-gov", "signin.amazonaws-us-gov.com"},
    SignInHost{"aws-eusc", "signin.amazonaws-eusc.eu"},
    SignInHost{"aws-iso", "signin.c2shome.ic.gov"},
    SignInHost{"aws-iso-b", "signin.sc2shome.sgov.gov"},
    SignInHost{"aws-iso-e", "signin.csphome.adc-e.uk"},
    SignInHost{"aws-iso-f", "signin.csphome.hci.ic.gov"},
};

struct Url {
  std::string_view scheme, host, port, path;
};

// `text` cut at its separators; user information, which could pass for a host, is no host at all.
std::optional<Url> SplitUrl(std::string_view text) {
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url{.scheme = text.substr(0, colon), .host = text.substr(colon + 3), .port = {}, .path = {}};
  const size_t path = url.host.find_first_of("/?#");
  if (path != std::string_view::npos) {
    url.path = url.host.substr(path);
    url.host = url.host.substr(0, path);
  }
  const size_t port = url.host.find_last_of(":]");
  if (port != std::string_view::npos && url.host[port] == ':') {
    url.port = url.host.substr(port + 1);
    url.host = url.host.substr(0, port);
  }
  const bool plain = ConsistsOf(text, [](char c) { return c > ' ' && c < 0x7F && c != '\\'; });
  if (!plain || url.host.empty() || url.host.find('@') != std::string_view::npos) {
    return std::nullopt;
  }
  return url;
}

bool IsRegion(std::string_view text) {
  constexpr auto is_allowed = [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '-';
  };
  return text.size() >= 9 && text.size() <= 20 && ConsistsOf(text, is_allowed);
}

// The partition whose sign-in host this is; empty: a host that is not AWS's.
std::string_view PartitionOfHost(std::string_view host) {
  for (const SignInHost& entry : kSignInHosts) {
    if (EqualIgnoringCase(host, entry.host)) return entry.partition;
    const size_t rest = host.size() - std::min(host.size(), entry.host.size());
    if (rest > 1 && host[rest - 1] == '.' && EqualIgnoringCase(host.substr(rest), entry.host)) {
      return entry.partition;
    }
  }
  return {};
}

// "/saml", or "/saml/acs/" and the provider's unique ID.
bool IsAcsPath(std::string_view path) {
  constexpr std::string_view kOfProvider = "/saml/acs/";
  if (path == "/saml") return true;
  if (!path.starts_with(kOfProvider)) return false;
  const std::string_view id = path.substr(kOfProvider.size());
  constexpr auto is_allowed = [](char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z'); };
  return id.size() >= 22 && id.size() <= 64 && ConsistsOf(id, is_allowed);
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

// R5 with 3.1 where the host is AWS's. Another host is R6: STS takes it where the trust policy
// names it, and the list of ACS URLs in the configuration has allowed it.
void CheckRecipient(const Facts& facts, Findings& findings) {
  const std::string& recipient = facts.assertion.recipient;
  const std::optional<Url> url = SplitUrl(recipient);
  if (!url || (url->scheme != "https" && !(url->scheme == "http" && IsLoopback(url->host)))) {
    Say(findings, "Recipient " + InQuotes(recipient) +
                      " is not an https URL; set acs_urls to AWS's sign-in endpoint");
    return;
  }
  const std::string_view partition = PartitionOfHost(url->host);
  if (partition.empty()) return;
  const std::string_view first_label = url->host.substr(0, url->host.find('.'));
  const bool host_is_plain =
      std::any_of(kSignInHosts.begin(), kSignInHosts.end(), [&](auto& entry) {
        return url->host == entry.host ||
               (IsRegion(first_label) &&
                url->host == std::string(first_label) + "." + std::string(entry.host));
      });
  if (url->scheme != "https" || !url->port.empty() || !host_is_plain || !IsAcsPath(url->path)) {
    Say(findings,
        "Recipient " + InQuotes(recipient) +
            " is not a sign-in endpoint of AWS; write https://signin.aws.amazon.com/saml, "
            "https://REGION.signin.aws.amazon.com/saml or one of these with "
            "/acs/PROVIDER-ID, without a slash at the end");
  }
}

// The partition that roles and recipient must share.
void CheckPartition(const Facts& facts, Findings& findings) {
  const std::optional<Url> url = SplitUrl(facts.assertion.recipient);
  std::string_view expected = url ? PartitionOfHost(url->host) : std::string_view{};
  if (expected.empty()) expected = facts.Partition();
  for (const Result<RolePair>& pair : facts.roles) {
    if (!pair || pair->role.partition() == expected) continue;
    Say(findings, *facts.role,
        "role " + InQuotes(pair->role.text()) + " is not in partition '" + std::string(expected) +
            "', to which this response goes; use an application of its own for each partition");
  }
}

struct Audience {
  std::string_view partition, audience;
};

// 3.2; the first of a partition is the one to recommend.
constexpr std::array<Audience, 6> kAudiences = {
    Audience{"aws", "urn:amazon:webservices"},
    Audience{"aws", "https://signin.aws.amazon.com/saml"},
    Audience{"aws-us-gov", "urn:amazon:webservices:govcloud"},
    Audience{"aws-cn", "urn:amazon:webservices:cn-north-1"},
    Audience{"aws-cn", "urn:amazon:webservices:cn-northwest-1"},
    Audience{"aws-cn", "https://signin.amazonaws.cn/saml"},
};

void CheckAudience(const Facts& facts, Findings& findings) {
  const std::string& audience = facts.assertion.audience;
  if (audience.empty()) {
    Say(findings, "there is no Audience; set audience");
    return;
  }
  // Of the other partitions AWS has not said what it takes.
  std::string_view recommended;
  for (const Audience& entry : kAudiences) {
    if (entry.partition != facts.Partition()) continue;
    if (entry.audience == audience) return;
    if (recommended.empty()) recommended = entry.audience;
  }
  if (recommended.empty()) return;
  Say(findings, "Audience " + InQuotes(audience) + " is not AWS's in partition '" +
                    std::string(facts.Partition()) + "'; set audience to '" +
                    std::string(recommended) + "'");
}

void CheckNameId(const Facts& facts, Findings& findings) {
  const std::string& value = facts.assertion.name_id.value;
  // SAML Core 8.3.7: at most 256 characters.
  if (value.empty() || saml::CountUtf8(value) > 256) {
    Say(findings, "NameID " + InQuotes(value) +
                      " must have 1 to 256 characters; without it AWS says 'Not authorized to "
                      "perform sts:AssumeRoleWithSAML'");
  }
}

constexpr std::array<std::string_view, 8> kNameIdFormats = {
    saml::kNameIdPersistent,
    saml::kNameIdTransient,
    "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
    saml::kNameIdEmail,
    saml::kNameIdUnspecified,
    "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
};

void CheckNameIdFormat(const Facts& facts, Findings& findings) {
  const std::string& format = facts.assertion.name_id.format;
  if (std::find(kNameIdFormats.begin(), kNameIdFormats.end(), format) == kNameIdFormats.end()) {
    Say(findings, "NameID format " + InQuotes(format) + " is not supported for signing in; use '" +
                      std::string(saml::kNameIdPersistent) + "'");
  }
}

void CheckValidity(const Facts& facts, Findings& findings) {
  const saml::Assertion& assertion = facts.assertion;
  if (assertion.not_before > assertion.issue_instant ||
      assertion.not_on_or_after <= assertion.issue_instant) {
    Say(findings, "the assertion is not valid at its own IssueInstant " +
                      FormatUtc(assertion.issue_instant) + " (NotBefore " +
                      FormatUtc(assertion.not_before) + ", NotOnOrAfter " +
                      FormatUtc(assertion.not_on_or_after) + "); set assertion_lifetime");
  }
}

void CheckFreshness(const Facts& facts, Findings& findings) {
  const saml::Assertion& assertion = facts.assertion;
  if (facts.response.issue_instant != assertion.issue_instant) {
    Say(findings,
        "response and assertion must have one IssueInstant: AWS does not say from which "
        "its 5 minutes count");
  }
  if (assertion.not_on_or_after - assertion.issue_instant > seconds(300)) {
    Say(findings,
        "the assertion says that it is valid for longer than the 5 minutes in which AWS "
        "takes it; set assertion_lifetime to 5m or less");
  }
}

void CheckSession(const Facts& facts, Findings& findings) {
  const saml::Assertion& assertion = facts.assertion;
  if (assertion.session_index.empty() || assertion.authn_context_class.empty() ||
      assertion.authn_instant == SysSeconds{} ||
      assertion.authn_instant > assertion.issue_instant) {
    Say(findings,
        "AuthnStatement needs SessionIndex, AuthnContextClassRef and an AuthnInstant that "
        "is not later than IssueInstant");
  }
  if (assertion.session_not_on_or_after &&
      *assertion.session_not_on_or_after - assertion.issue_instant < seconds(900)) {
    Say(findings, "SessionNotOnOrAfter " + FormatUtc(*assertion.session_not_on_or_after) +
                      " ends the session at AWS in less than 900 seconds; leave it out, or set 15m "
                      "or more");
  }
}

void CheckInResponseTo(const Facts& facts, Findings& findings) {
  const std::optional<std::string>& id = facts.assertion.in_response_to;
  constexpr auto is_allowed = [](char c) {
    return IsLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
  };
  if (id && (id->empty() || id->size() > 128 || !ConsistsOf(*id, is_allowed))) {
    Say(findings, "InResponseTo " + InQuotes(*id) + " is not the ID of a request");
  }
}

// ---- attributes (aws-saml.md 2) ----

void CheckSpaces(const Facts& facts, Findings& findings) {
  for (const Attribute& attribute : facts.assertion.attributes) {
    for (const std::string& value : attribute.values) {
      if (value.starts_with(' ') || value.ends_with(' ') || saml::WhyNotXmlText(value) != nullptr) {
        Say(findings, attribute,
            "value " + InQuotes(value) +
                " has white space around it, or a character that AWS does not "
                "read; correct it in the mapping or in the directory");
      }
    }
  }
}

void CheckNames(const Facts& facts, Findings& findings) {
  const auto& attributes = facts.assertion.attributes;
  for (size_t i = 0; i < attributes.size(); ++i) {
    const Attribute& attribute = attributes[i];
    const bool repeated =
        std::any_of(attributes.begin(), attributes.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Attribute& earlier) { return earlier.name == attribute.name; });
    if (repeated) {
      Say(findings, attribute,
          "attribute " + InQuotes(attribute.name) +
              " is there twice; AWS reads one of a name: join the mappings");
    }
    if (attribute.name.empty() || attribute.values.empty()) {
      Say(findings, attribute,
          "attribute " + InQuotes(attribute.name) +
              " needs a name and a value; leave an empty one out");
    }
  }
}

// One value of an attribute, by the rule that mapping applies too. Where mapping is right this
// finds nothing; it stands between a mistake of ours and AWS's mute refusal.
void CheckEachValue(const Attribute& attribute, Findings& findings) {
  for (const std::string& value : attribute.values) {
    const TracedText text{{{.text = value, .from_directory = false, .source = ""}}};
    const Result<std::string> checked = CheckValue(attribute.name, text);
    if (!checked) Say(findings, attribute, checked.error().message);
  }
  if (IsSingleValued(attribute.name) && attribute.values.size() > 1) {
    Say(findings, attribute,
        "attribute " + InQuotes(attribute.name) + " has " +
            std::to_string(attribute.values.size()) +
            " values and must have one; make the mapping yield one, for example with '| first'");
  }
}

void CheckSpelling(const Facts& facts, Findings& findings) {
  for (const Attribute& attribute : facts.assertion.attributes) {
    const bool ours = attribute.name.starts_with(kAttributePrefix);
    const bool looks_like_ours = EqualIgnoringCase(
        std::string_view(attribute.name).substr(0, kAttributePrefix.size()), kAttributePrefix);
    const bool known = attribute.name == kRole || attribute.name == kRoleSessionName ||
                       attribute.name == kSessionDuration || attribute.name == kSourceIdentity ||
                       attribute.name == kTransitiveTagKeys || IsTag(attribute);
    // What AWS adds later may pass; a known name in another case is CheckValue's to find.
    if (looks_like_ours && (!ours || !known)) CheckEachValue(attribute, findings);
  }
}

void CheckRoles(const Facts& facts, Findings& findings) {
  if (facts.roles.empty()) {
    findings.push_back({.attribute = std::string(kRole),
                        .message = "there is no role: AWS would say 'Your request included an "
                                   "invalid SAML response'; map at least one value to '" +
                                   std::string(kRole) + "'"});
  }
  for (const Result<RolePair>& pair : facts.roles) {
    if (!pair) Say(findings, *facts.role, pair.error().message);
  }
}

void CheckRoleOrder(const Facts& facts, Findings& findings) {
  for (size_t i = 0; i < facts.roles.size(); ++i) {
    const std::string& value = facts.role->values[i];
    // Two ARNs and a comma are the value, so the role's place tells the order.
    if (!facts.roles[i] || value.starts_with(facts.roles[i]->role.text() + ",")) continue;
    Say(findings, *facts.role,
        "role " + InQuotes(value) +
            " has the provider first, which some clients misread; write role,provider");
  }
  if (facts.role == nullptr) return;
  std::vector<std::string_view> values(facts.role->values.begin(), facts.role->values.end());
  std::sort(values.begin(), values.end());
  const auto twice = std::adjacent_find(values.begin(), values.end());
  if (twice != values.end()) {
    Say(findings, *facts.role, "role " + InQuotes(*twice) + " is there twice; send it once");
  }
}

void CheckSessionName(const Facts& facts, Findings& findings) {
  const Attribute* name = FindAttribute(facts.response, kRoleSessionName);
  if (name == nullptr || name->values.empty()) {
    findings.push_back({.attribute = std::string(kRoleSessionName),
                        .message = "there is no session name: AWS would say 'RoleSessionName is "
                                   "required in AuthnResponse'; map a value to '" +
                                   std::string(kRoleSessionName) + "'"});
    return;
  }
  CheckEachValue(*name, findings);
}

void CheckDuration(const Facts& facts, Findings& findings) {
  if (const auto* attribute = FindAttribute(facts.response, kSessionDuration)) {
    CheckEachValue(*attribute, findings);
  }
}

void CheckSourceIdentity(const Facts& facts, Findings& findings) {
  if (const auto* attribute = FindAttribute(facts.response, kSourceIdentity)) {
    CheckEachValue(*attribute, findings);
  }
}

void CheckTags(const Facts& facts, Findings& findings) {
  std::vector<const Attribute*> tags;
  for (const Attribute& attribute : facts.assertion.attributes) {
    if (!IsTag(attribute)) continue;
    CheckEachValue(attribute, findings);
    for (const Attribute* other : tags) {
      if (other->name != attribute.name &&
          EqualIgnoringCase(TagKeyOf(*other), TagKeyOf(attribute))) {
        Say(findings, attribute,
            "tags " + InQuotes(TagKeyOf(*other)) + " and " + InQuotes(TagKeyOf(attribute)) +
                " are one tag to AWS, which ignores case; rename one");
      }
    }
    tags.push_back(&attribute);
  }
  if (tags.size() > kMaxTags) {
    Say(findings, *tags.back(),
        std::to_string(tags.size()) + " tags are sent and AWS takes at most 50; map fewer");
  }
}

void CheckTransitiveTags(const Facts& facts, Findings& findings) {
  const Attribute* keys = FindAttribute(facts.response, kTransitiveTagKeys);
  if (keys == nullptr) return;
  for (const std::string& key : keys->values) {
    const std::string name = std::string(kPrincipalTagPrefix) + key;
    if (FindAttribute(facts.response, name) == nullptr) {
      Say(findings, *keys,
          "transitive tag " + InQuotes(key) +
              " is not sent as a tag in this response; map a value to '" + Quoted(name) +
              "', or leave it out");
    }
  }
}

struct Rule {
  std::string_view number;  // in aws-saml.md
  void (*check)(const Facts& facts, Findings& findings);
};

// Every rule, in the order of the reference. R1, R13, R14 are the hand-over page's and the
// signer's; R16 is CheckSize; R15 the key's; R24 and R25 are found where a role is parsed, under
// "2.1 Role".
constexpr std::array<Rule, 23> kRules = {
    Rule{"R2", CheckDestination},
    Rule{"R3", CheckIssuer},
    Rule{"R4", CheckConfirmation},
    Rule{"R5", CheckRecipient},
    Rule{"R7", CheckAudience},
    Rule{"R8", CheckNameId},
    Rule{"R9", CheckNameIdFormat},
    Rule{"R10", CheckValidity},
    Rule{"R11", CheckFreshness},
    Rule{"R18", CheckSession},
    Rule{"R19", CheckInResponseTo},
    Rule{"R20", CheckSpaces},
    Rule{"1.3", CheckIds},
    Rule{"2", CheckSpelling},
    Rule{"2.1", CheckNames},
    Rule{"2.1 Role", CheckRoles},
    Rule{"2.1 RoleSessionName", CheckSessionName},
    Rule{"2.1 SessionDuration", CheckDuration},
    Rule{"2.1 PrincipalTag", CheckTags},
    Rule{"2.1 TransitiveTagKeys", CheckTransitiveTags},
    Rule{"2.1 SourceIdentity", CheckSourceIdentity},
    Rule{"2.2", CheckRoleOrder},
    Rule{"3.1", CheckPartition},
};

void Apply(const Rule& rule, const Facts& facts, std::vector<Violation>& violations) {
  Findings findings;
  rule.check(facts, findings);
  for (Finding& finding : findings) {
    violations.push_back({.rule = rule.number,
                          .attribute = std::move(finding.attribute),
                          .message = std::move(finding.message)});
  }
}

}  // namespace

std::vector<Violation> CheckResponse(const Response& response) {
  const Facts facts(response);
  std::vector<Violation> violations;
  for (const Rule& rule : kRules) Apply(rule, facts, violations);
  return violations;
}

bool IsAtAws(std::string_view url) {
  const std::optional<Url> parts = SplitUrl(url);
  return parts && !PartitionOfHost(parts->host).empty();
}

std::vector<Violation> CheckSize(size_t base64_characters, size_t roles) {
  if (base64_characters <= kMaxBase64) return {};
  return {{.rule = "R16",
           .attribute = std::string(kRole),
           .message = "the response has " + std::to_string(base64_characters) + " characters for " +
                      std::to_string(roles) +
                      " roles, and AWS takes no more than 100,000 (we stop at 95,000); choose one "
                      "role instead of all, or let the mapping yield fewer"}};
}

}  // namespace rolebridge::aws
