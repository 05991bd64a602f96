#include "bridge/aws/attributes.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"
#include "bridge/saml/xml_text.h"

namespace rolebridge::aws {
namespace {

constexpr std::array<std::string_view, 5> kPlainNames = {kRole, kRoleSessionName, kSessionDuration,
                                                         kSourceIdentity, kTransitiveTagKeys};
constexpr size_t kMaxOtherValue = 4096;

// Where a text came from, for a message: each source in the directory once.
std::string SourcesOf(const TracedText& text) {
  std::vector<std::string> sources;
  for (const TracedText::Piece& piece : text.pieces) {
    if (!piece.from_directory || piece.source.empty()) continue;
    if (std::find(sources.begin(), sources.end(), piece.source) != sources.end()) continue;
    sources.push_back(piece.source);
  }
  std::string joined;
  for (const std::string& source : sources) joined += (joined.empty() ? "" : ", ") + source;
  return joined.empty() ? "configuration" : joined;
}

Error Refused(const TracedText& text, const std::string& why) {
  return {ErrorCode::kInvalidArgument,
          "'" + Quoted(text.Text()) + "' (from " + SourcesOf(text) + "): " + why};
}

// A field of an ARN as the range of the text that it takes.
struct Field {
  size_t begin = 0, end = 0;
};

struct ArnFields {
  Field account, name;
};

// `start`: where the ARN begins in the text. Partition and account have no escapes, so their places
// follow from their lengths.
template <typename Arn>
ArnFields FieldsOf(const Arn& arn, size_t start) {
  const size_t account = start + std::string_view("arn:").size() + arn.partition().size() +
                         std::string_view(":iam::").size();
  const size_t end = start + arn.text().size();
  return {.account = {account, account + arn.account().size()},
          .name = {end - arn.name().size(), end}};
}

std::array<ArnFields, 2> FieldsOf(const RolePair& pair, std::string_view text) {
  const bool role_first = text.starts_with(pair.role.text() + ",");
  const size_t role_start = role_first ? 0 : pair.provider.text().size() + 1;
  const size_t provider_start = role_first ? pair.role.text().size() + 1 : 0;
  return {FieldsOf(pair.role, role_start), FieldsOf(pair.provider, provider_start)};
}

bool FillsItsPlace(Field piece, const std::array<ArnFields, 2>& arns) {
  return std::any_of(arns.begin(), arns.end(), [&](const ArnFields& arn) {
    const bool in_name = piece.begin >= arn.name.begin && piece.end <= arn.name.end;
    const bool is_account = piece.begin == arn.account.begin && piece.end == arn.account.end;
    return in_name || is_account;
  });
}

bool IsOnePieceOfDirectory(const TracedText& text) {
  size_t others = 0;
  size_t from_directory = 0;
  for (const TracedText::Piece& piece : text.pieces) {
    if (piece.from_directory) {
      ++from_directory;
    } else if (!piece.text.empty()) {
      ++others;
    }
  }
  return from_directory == 1 && others == 0;
}

// M3, first half: before anything is parsed, so that no separator can come from the directory.
Result<void> CheckPieces(const TracedText& text) {
  for (const TracedText::Piece& piece : text.pieces) {
    if (!piece.from_directory) continue;
    if (piece.text.empty() || piece.text.size() > 64 ||
        !ConsistsOf(piece.text, IsRoleNameCharacter)) {
      return Refused(text, "the directory's value '" + Quoted(piece.text) +
                               "' must be 1 to 64 of [A-Za-z0-9_+=.@-] to stand in an ARN: no "
                               "comma, colon, slash or space (M3)");
    }
  }
  return {};
}

// M3, second half: each piece lies wholly inside one name, or is the whole account.
Result<void> CheckPlaces(const TracedText& text, const RolePair& pair) {
  const std::array<ArnFields, 2> arns = FieldsOf(pair, text.Text());
  size_t begin = 0;
  for (const TracedText::Piece& piece : text.pieces) {
    const Field place{begin, begin + piece.text.size()};
    begin = place.end;
    if (piece.from_directory && !FillsItsPlace(place, arns)) {
      return Refused(text, "the directory's value '" + Quoted(piece.text) +
                               "' may stand in a role's or provider's name, or be the whole "
                               "account, and nowhere else in an ARN (M3)");
    }
  }
  return {};
}

Result<void> CheckRules(const TracedText& text, const RolePair& pair, const RoleRules& rules) {
  const auto& accounts = rules.allowed_accounts;
  if (std::find(accounts.begin(), accounts.end(), pair.role.account()) == accounts.end()) {
    return Refused(text, "account '" + pair.role.account() +
                             "' is not in allowed_accounts of this application (M3)");
  }
  const bool allowed = std::any_of(
      rules.allowed_roles.begin(), rules.allowed_roles.end(),
      [&](const std::string& pattern) { return MatchesPattern(pair.role.name(), pattern); });
  if (!allowed) {
    return Refused(text, "role '" + pair.role.name() +
                             "' matches no pattern in allowed_roles of this application (M3)");
  }
  return {};
}

// [\p{L}\p{Z}\p{N}_.:/=+\-@]*, with RE2's own tables: the locale's would differ by host.
bool HasTagCharactersOnly(const std::string& text) {
  static const RE2& pattern = *new RE2(R"([\pL\pZ\pN_.:/=+\-@]*)");
  return RE2::FullMatch(text, pattern);
}

bool HasSpaceAround(std::string_view text) { return text.starts_with(' ') || text.ends_with(' '); }

bool StartsWithAws(std::string_view text) {
  return text.size() >= 4 && EqualIgnoringCase(text.substr(0, 4), "aws:");
}

// Null where `text` may be a tag's key (minimum 1, maximum 128) or value (0, 256).
const char* WhyNotTag(const std::string& text, size_t minimum, size_t maximum) {
  const size_t characters = saml::CountUtf8(text);
  if (characters == std::string::npos) return "it is not well-formed UTF-8";
  if (characters < minimum || characters > maximum) {
    return maximum == 128 ? "a tag's key has 1 to 128 characters (2.1 PrincipalTag)"
                          : "a tag's value has at most 256 characters (2.1 PrincipalTag)";
  }
  if (!HasTagCharactersOnly(text)) {
    return "tags are made of letters, digits, spaces and _ . : / = + - @ (2.1 PrincipalTag)";
  }
  if (StartsWithAws(text)) return "tags must not start with 'aws:' (2.1 PrincipalTag)";
  if (HasSpaceAround(text)) return "it has a space at its start or end (R20)";
  return saml::WhyNotXmlText(text);
}

const char* WhyNotSessionName(std::string_view value) {
  if (value.size() >= 2 && value.size() <= 64 && ConsistsOf(value, IsSessionNameCharacter)) {
    return nullptr;
  }
  return "a session name is 2 to 64 of [A-Za-z0-9_+=,.@-]; use the filter session_name, or another "
         "attribute (2.1 RoleSessionName)";
}

const char* WhyNotSourceIdentity(std::string_view value) {
  if (value.size() >= 2 && value.size() <= 64 && ConsistsOf(value, IsSessionNameCharacter)) {
    return nullptr;
  }
  return "a source identity is 2 to 64 of [A-Za-z0-9_+=,.@-] (2.1 SourceIdentity)";
}

const char* WhyNotDuration(std::string_view value) {
  int seconds = 0;
  const bool plain =
      !value.empty() && value.size() <= 5 && value.front() != '0' && ConsistsOf(value, IsDigit);
  if (plain) std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (seconds >= 900 && seconds <= 43200) return nullptr;
  return "a session duration is 900 to 43200 seconds, in digits alone (2.1 SessionDuration)";
}

const char* WhyNotOther(std::string_view value) {
  if (value.empty()) return "it is empty";
  if (value.size() > kMaxOtherValue) return "it is longer than 4096 bytes";
  if (HasSpaceAround(value)) return "it has a space at its start or end (R20)";
  return saml::WhyNotXmlText(value);
}

// A name of AWS's in another case: AWS would not find it and say nothing (2.1).
const char* WhyNotName(std::string_view saml_name) {
  for (const std::string_view name : kPlainNames) {
    if (saml_name != name && EqualIgnoringCase(saml_name, name)) {
      return "AWS's attribute names are case-sensitive; write it as in "
             "https://aws.amazon.com/SAML/Attributes/RoleSessionName (2.1)";
    }
  }
  const std::string_view start = saml_name.substr(0, kPrincipalTagPrefix.size());
  if (start != kPrincipalTagPrefix && EqualIgnoringCase(start, kPrincipalTagPrefix)) {
    return "AWS's attribute names are case-sensitive; write "
           "https://aws.amazon.com/SAML/Attributes/PrincipalTag:KEY (2.1)";
  }
  return nullptr;
}

const char* WhyNotValue(std::string_view saml_name, const std::string& value) {
  if (const char* why = WhyNotName(saml_name)) return why;
  if (saml_name == kRole) return "a role has to pass CheckRole, which knows the allowed accounts";
  if (saml_name == kRoleSessionName) return WhyNotSessionName(value);
  if (saml_name == kSourceIdentity) return WhyNotSourceIdentity(value);
  if (saml_name == kSessionDuration) return WhyNotDuration(value);
  if (saml_name == kTransitiveTagKeys) return WhyNotTag(value, 1, 128);
  if (saml_name.starts_with(kPrincipalTagPrefix)) {
    const std::string key(saml_name.substr(kPrincipalTagPrefix.size()));
    if (const char* why = WhyNotTag(key, 1, 128)) return why;
    return WhyNotTag(value, 0, 256);
  }
  return WhyNotOther(value);
}

}  // namespace

Result<RolePair> CheckRole(const TracedText& text, const RoleRules& rules, bool trust_arn) {
  const bool whole = trust_arn && IsOnePieceOfDirectory(text);
  if (!whole) {
    const Result<void> pieces = CheckPieces(text);
    if (!pieces) return pieces.error();
  }
  Result<RolePair> pair = ParseRolePair(text.Text());
  if (!pair) return Refused(text, pair.error().message);
  if (!whole) {
    const Result<void> places = CheckPlaces(text, *pair);
    if (!places) return places.error();
  }
  const Result<void> allowed = CheckRules(text, *pair, rules);
  if (!allowed) return allowed.error();
  return pair;
}

Result<std::string> CheckValue(std::string_view saml_name, const TracedText& text) {
  std::string value = text.Text();
  if (const char* why = WhyNotValue(saml_name, value)) return Refused(text, why);
  return value;
}

bool IsSingleValued(std::string_view saml_name) {
  return saml_name == kRoleSessionName || saml_name == kSessionDuration ||
         saml_name == kSourceIdentity || saml_name.starts_with(kPrincipalTagPrefix);
}

}  // namespace rolebridge::aws
