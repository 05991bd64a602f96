#include "bridge/cli/simulate.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/aws/arn.h"
#include "bridge/aws/attributes.h"
#include "bridge/aws/quote.h"
#include "bridge/aws/response_rules.h"
#include "bridge/base/private_file.h"
#include "bridge/base/visible_text.h"
#include "bridge/cli/exit_status.h"
#include "bridge/saml/captured_response.h"
#include "bridge/saml/captured_signature.h"
#include "bridge/saml/instant.h"
#include "bridge/saml/names.h"

namespace rolebridge::cli {
namespace {

using std::chrono::seconds;

constexpr size_t kMaxInput = 1024 * 1024;
constexpr size_t kMaxCertificate = 64 * 1024;
constexpr size_t kMaxBase64 = 100'000;  // R16
constexpr size_t kOurMaxBase64 = 95'000;
constexpr seconds kRedeemWithin{300};  // R11
constexpr size_t kMaxAudiences = 16;
constexpr long kDefaultDuration = 3600;  // 2.1 SessionDuration

enum class Level { kWrong, kNote };

struct Finding {
  std::string rule;
  Level level;
  std::string attribute;
  std::string message;
};

std::string InQuotes(std::string_view text) { return "'" + aws::Quoted(text) + "'"; }

// What CheckResponse asks of our own responses and AWS does not: it is advice for others'.
bool IsAdvice(std::string_view rule) {
  constexpr std::array<std::string_view, 6> kAdvice = {"R2", "R11", "R18", "R19", "1.3", "2.2"};
  return std::find(kAdvice.begin(), kAdvice.end(), rule) != kAdvice.end();
}

std::string_view LastPart(std::string_view algorithm) {
  return algorithm.substr(algorithm.find_last_of("#/") + 1);
}

class Judge {
 public:
  Judge(saml::CapturedResponse& captured, SysSeconds now) : captured_(captured), now_(now) {}

  void Say(std::string_view rule, Level level, std::string message, std::string attribute = {}) {
    findings_.push_back({std::string(rule), level, std::move(attribute), std::move(message)});
  }
  void Wrong(std::string_view rule, std::string message) {
    Say(rule, Level::kWrong, std::move(message));
  }
  void Note(std::string_view rule, std::string message) {
    Say(rule, Level::kNote, std::move(message));
  }

  // Whether there is one assertion to be judged at all.
  bool JudgeOutside() {
    if (captured_.status != saml::kStatusSuccess) {
      Wrong("R21", "the status is " + InQuotes(captured_.status) +
                       ": the identity provider says no, and AWS says 'IDPRejectedClaim'");
    }
    for (const std::string& id : captured_.repeated_ids) {
      Wrong("1.3", "the ID " + InQuotes(id) +
                       " is there twice, so that a signature may be over another element than the "
                       "one that is read");
    }
    for (const auto& [where, text] : captured_.bad_instants) {
      Wrong("1.3", where + " " + InQuotes(text) +
                       " is not an xs:dateTime with a time zone, like 2026-01-31T10:05:00Z");
    }
    if (captured_.assertions == 1 && captured_.assertion != nullptr) return true;
    if (captured_.assertions > 0) {
      Wrong("1.3", "there are " + std::to_string(captured_.assertions) +
                       " assertions, or one is not directly in the response; send exactly one");
    } else if (captured_.encrypted_assertions > 0) {
      Wrong("4.3",
            "the assertion is encrypted, and only the private key that was uploaded to AWS "
            "opens it; capture a response without encryption to have it judged");
    } else if (captured_.status == saml::kStatusSuccess) {
      Wrong("1.3", "there is no assertion");
    }
    return false;
  }

  void JudgeSize(size_t base64_characters) {
    const std::string size = "the response has " + std::to_string(base64_characters) +
                             " characters of base64, and AWS takes no more than 100,000";
    if (base64_characters > kMaxBase64) return Wrong("R16", size + "; send fewer roles");
    if (base64_characters > kOurMaxBase64) Note("R16", size + ": it is close to that");
  }

  void JudgeIssuer() {
    const std::string& entity_id = captured_.response.assertion.entity_id;
    if (!captured_.issuer) {
      Note("R3", "the Response has no Issuer; give it that of the assertion");
    } else if (*captured_.issuer != entity_id) {
      Wrong("R3", "the Issuer of the Response " + InQuotes(*captured_.issuer) +
                      " and that of the assertion " + InQuotes(entity_id) + " differ");
    }
  }

  void JudgeConfirmation() {
    if (captured_.confirmations != 1) {
      Wrong("R4", "there are " + std::to_string(captured_.confirmations) +
                      " SubjectConfirmations; AWS takes exactly one");
      return;
    }
    if (captured_.confirmation_method != saml::kBearer) {
      Wrong("R4", "the SubjectConfirmation's Method is " + InQuotes(captured_.confirmation_method) +
                      "; it must be '" + saml::kBearer + "'");
    }
    if (captured_.confirmation_has_not_before) {
      Wrong("R4", "SubjectConfirmationData has NotBefore, which SAML Profiles 4.1.4.2 forbids");
    }
  }

  void JudgeAcs(const std::string& acs_url) {
    const std::string& recipient = captured_.response.assertion.recipient;
    if (recipient.empty()) return;  // R4 says so
    if (!acs_url.empty()) {
      if (recipient == acs_url) return;
      Wrong("R5", "Recipient " + InQuotes(recipient) + " is not " + InQuotes(acs_url) +
                      ", to which it is posted");
    } else if (!aws::IsAtAws(recipient)) {
      Note("R6", "Recipient " + InQuotes(recipient) +
                     " is not a host of AWS's: nobody signs in to the console there, and STS takes "
                     "it only where the role's trust policy names it as SAML:aud");
    }
  }

  // R10 and R11, against the clock. AWS does not say how much skew it tolerates (R12).
  void JudgeTime() {
    const saml::Assertion& assertion = captured_.response.assertion;
    const std::string as_of = " at " + FormatUtc(now_);
    if (assertion.not_before > now_) {
      Wrong("R10",
            "it is not valid before " + FormatUtc(assertion.not_before) + ", and judged" + as_of);
    }
    if (const auto end = End(); end && *end <= now_) {
      Wrong("R10", "it was valid until " + FormatUtc(*end) + ", and is judged" + as_of +
                       "; get a fresh one, or give --now to judge it as of then");
    }
    const SysSeconds issued = assertion.issue_instant;
    if (issued == SysSeconds{}) return Wrong("R11", "the assertion has no IssueInstant");
    if (now_ - issued >= kRedeemWithin) {
      Wrong("R11", "it was issued at " + FormatUtc(issued) + ", and is judged" + as_of +
                       ": AWS says 'Token must be redeemed within 5 minutes of issuance'");
    }
  }

  void JudgeStatements() {
    if (captured_.authn_statements == 0) {
      Wrong("R18", "there is no AuthnStatement, which says that somebody logged in");
    }
    const auto& session_end = captured_.response.assertion.session_not_on_or_after;
    if (session_end && *session_end <= now_) {
      Wrong("R18", "SessionNotOnOrAfter " + FormatUtc(*session_end) +
                       " is over, so that no session is left; leave it out");
    }
    if (captured_.attribute_statements > 1) {
      Note("1.3", "there are " + std::to_string(captured_.attribute_statements) +
                      " AttributeStatements; some clients read the first alone");
    }
  }

  // The rules that are the same for responses of our own.
  void JudgeValues() {
    const saml::Response response = WithAudienceOfAws();
    const bool has_recipient = !response.assertion.recipient.empty();
    for (aws::Violation& violation : aws::CheckResponse(response)) {
      if (violation.rule == "R5" && !has_recipient) continue;  // R4 says so
      if (violation.rule == "R2" && (!has_recipient || response.destination.empty())) continue;
      if (violation.rule == "R4" && captured_.confirmations != 1) continue;
      if (violation.rule == "R18" && captured_.authn_statements == 0) continue;
      if (violation.rule == "R10" && response.assertion.issue_instant == SysSeconds{}) continue;
      const Level level = IsAdvice(violation.rule) ? Level::kNote : Level::kWrong;
      Say(violation.rule, level, std::move(violation.message), std::move(violation.attribute));
    }
  }

  // R13 to R15. Without `trusted` the response's own certificate is used, which says whether it was
  // changed on its way and not who made it.
  void JudgeSignature(const std::vector<std::string>& trusted) {
    if (captured_.assertion_signature == nullptr) {
      Wrong("R13", captured_.response_signature == nullptr
                       ? "nothing is signed; the assertion must be"
                       : "the Response is signed and the assertion is not; AWS's metadata asks for "
                         "a signed assertion");
    } else {
      JudgeOne("assertion", *captured_.assertion, *captured_.assertion_signature, trusted);
    }
    if (captured_.response_signature != nullptr) {
      JudgeOne("Response", *captured_.assertion->parent, *captured_.response_signature, trusted);
    }
  }

  const std::vector<Finding>& findings() const { return findings_; }
  bool IsAccepted() const {
    return std::none_of(findings_.begin(), findings_.end(),
                        [](const Finding& finding) { return finding.level == Level::kWrong; });
  }
  // The last instant at which it may be handed in.
  SysSeconds RedeemUntil() const {
    const SysSeconds five_minutes = captured_.response.assertion.issue_instant + kRedeemWithin;
    return std::min(End().value_or(five_minutes), five_minutes);
  }

 private:
  std::optional<SysSeconds> End() const {
    std::optional<SysSeconds> end = captured_.conditions_end;
    const SysSeconds confirmed = captured_.response.assertion.not_on_or_after;
    if (captured_.has_confirmation_end) end = end ? std::min(*end, confirmed) : confirmed;
    return end;
  }

  // SAML Core 2.5.1.4: it is enough to be one of several audiences.
  saml::Response WithAudienceOfAws() const {
    saml::Response response = captured_.response;
    for (size_t i = 0; i < std::min(captured_.audiences.size(), kMaxAudiences); ++i) {
      response.assertion.audience = captured_.audiences[i];
      const auto violations = aws::CheckResponse(response);
      if (std::none_of(violations.begin(), violations.end(),
                       [](const aws::Violation& violation) { return violation.rule == "R7"; })) {
        return response;
      }
    }
    response.assertion.audience = captured_.response.assertion.audience;
    return response;
  }

  void JudgeOne(const std::string& what, xmlNode& element, xmlNode& signature,
                const std::vector<std::string>& trusted) {
    const saml::CapturedSignature read = saml::ReadCapturedSignature(signature);
    const std::string_view method = LastPart(read.method);
    if (method != "rsa-sha256" && method != "rsa-sha1" && method != "rsa-sha384" &&
        method != "rsa-sha512") {
      return Wrong("R14", "the signature of the " + what + " is made with " +
                              InQuotes(read.method) +
                              ", of which it is not known that AWS takes it; use RSA with SHA-256");
    }
    if (method != "rsa-sha256" || LastPart(read.digest) != "sha256") {
      Note("R14", "the signature of the " + what + " is made with " + InQuotes(method) + " over " +
                      InQuotes(LastPart(read.digest)) + "; use RSA with SHA-256");
    }
    std::vector<std::string> certificates = trusted;
    if (trusted.empty() && !read.certificate.empty()) certificates.push_back(read.certificate);
    if (certificates.empty()) {
      return Wrong("R13", "the signature of the " + what +
                              " brings no certificate to look at it with; name one with "
                              "--certificate");
    }
    const auto verified = saml::VerifyCaptured(element, signature, certificates);
    if (!verified) {
      return Wrong("R13", "the signature of the " + what + ": " + verified.error().message +
                              "; AWS says 'Response signature invalid'");
    }
    if (verified->key_bits < 1024) {
      Wrong("R15", "the key that signed has " + std::to_string(verified->key_bits) +
                       " bits, and AWS wants at least 1024");
    }
    if (trusted.empty()) {
      Note("R13", "the signature of the " + what +
                      " fits the certificate that came with it, which proves nothing about who "
                      "signed; name the one that AWS has with --certificate");
    }
  }

  saml::CapturedResponse& captured_;
  const SysSeconds now_;
  std::vector<Finding> findings_;
};

// ---- what AWS would make of it ----

struct Session {
  std::vector<aws::RolePair> roles;
  std::string session_name;
  long duration = kDefaultDuration;
  bool is_default_duration = true;
  std::optional<SysSeconds> session_end;  // SessionNotOnOrAfter
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_tag_keys;
  std::string source_identity;
  std::string recipient, issuer, name_id, name_id_format;
};

void TakeAttribute(const saml::Attribute& attribute, Session& session) {
  const std::string first = attribute.values.empty() ? "" : attribute.values.front();
  if (attribute.name == aws::kRole) {
    for (const std::string& value : attribute.values) {
      if (auto pair = aws::ParseRolePair(value)) session.roles.push_back(*std::move(pair));
    }
  } else if (attribute.name == aws::kRoleSessionName) {
    session.session_name = first;
  } else if (attribute.name == aws::kSessionDuration) {
    // CheckValue has passed it: 3 to 5 digits.
    session.duration = std::strtol(first.c_str(), nullptr, 10);
    session.is_default_duration = false;
  } else if (attribute.name == aws::kSourceIdentity) {
    session.source_identity = first;
  } else if (attribute.name == aws::kTransitiveTagKeys) {
    session.transitive_tag_keys = attribute.values;
  } else if (attribute.name.starts_with(aws::kPrincipalTagPrefix)) {
    session.tags.emplace_back(attribute.name.substr(aws::kPrincipalTagPrefix.size()), first);
  }
}

Session SessionOf(const saml::Response& response) {
  const saml::Assertion& assertion = response.assertion;
  Session session;
  for (const saml::Attribute& attribute : assertion.attributes) TakeAttribute(attribute, session);
  session.session_end = assertion.session_not_on_or_after;
  session.recipient = assertion.recipient;
  session.issuer = assertion.entity_id;
  session.name_id = assertion.name_id.value;
  session.name_id_format = assertion.name_id.format;
  return session;
}

// The end of a console session that begins at `now` (R18: the earlier of the two counts).
SysSeconds SessionEnd(const Session& session, SysSeconds now) {
  const SysSeconds end = now + seconds(session.duration);
  return session.session_end ? std::min(end, *session.session_end) : end;
}

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

void Row(std::ostream& out, const std::string& name, std::string_view value) {
  out << Padded(name, 18) << VisibleText(value, LineBreaks::kShow) << "\n";
}

void WriteSession(const Session& session, SysSeconds redeem_until, SysSeconds now,
                  std::ostream& out) {
  for (const aws::RolePair& pair : session.roles) {
    Row(out, "role", pair.role.text());
    Row(out, "  by provider", pair.provider.text());
  }
  Row(out, "session name", session.session_name);
  out << Padded("duration", 18) << session.duration << " s"
      << (session.is_default_duration ? ", AWS's default: no SessionDuration is sent" : "") << "\n";
  for (const auto& [key, value] : session.tags) Row(out, "tag", key + "=" + value);
  for (const std::string& key : session.transitive_tag_keys) Row(out, "transitive tag", key);
  if (!session.source_identity.empty()) Row(out, "source identity", session.source_identity);
  Row(out, "SAML:aud", session.recipient);
  Row(out, "SAML:iss", session.issuer);
  Row(out, "SAML:sub", session.name_id);
  out << Padded("hand it in before", 18) << FormatUtc(redeem_until) << "\n";
  out << Padded("session ends", 18) << FormatUtc(SessionEnd(session, now))
      << " where somebody signs in at " << FormatUtc(now) << "\n";
}

void WriteText(const Judge& judge, const Session& session, SysSeconds now, std::ostream& out) {
  for (const Finding& finding : judge.findings()) {
    out << Padded(finding.rule, 8) << (finding.level == Level::kWrong ? "wrong  " : "note   ")
        << finding.message << "\n";
  }
  if (!judge.IsAccepted()) {
    out << "refused\n";
    return;
  }
  out << "accepted\n";
  WriteSession(session, judge.RedeemUntil(), now, out);
}

void WriteJson(const Judge& judge, const Session& session, SysSeconds now, std::ostream& out) {
  using nlohmann::ordered_json;
  ordered_json json = {{"accepted", judge.IsAccepted()}, {"judged_at", FormatUtc(now)}};
  json["findings"] = ordered_json::array();
  for (const Finding& finding : judge.findings()) {
    json["findings"].push_back({{"rule", finding.rule},
                                {"level", finding.level == Level::kWrong ? "wrong" : "note"},
                                {"attribute", finding.attribute},
                                {"message", finding.message}});
  }
  if (judge.IsAccepted()) {
    ordered_json& made = json["session"];
    made["roles"] = ordered_json::array();
    for (const aws::RolePair& pair : session.roles) {
      made["roles"].push_back({{"role", pair.role.text()}, {"provider", pair.provider.text()}});
    }
    made["session_name"] = session.session_name;
    made["duration_seconds"] = session.duration;
    made["tags"] = ordered_json::object();
    for (const auto& [key, value] : session.tags) made["tags"][key] = value;
    made["transitive_tag_keys"] = session.transitive_tag_keys;
    made["source_identity"] = session.source_identity;
    made["saml_aud"] = session.recipient;
    made["saml_iss"] = session.issuer;
    made["saml_sub"] = session.name_id;
    made["name_id_format"] = session.name_id_format;
    made["redeem_before"] = FormatUtc(judge.RedeemUntil());
    made["session_ends"] = FormatUtc(SessionEnd(session, now));
  }
  out << json.dump(2, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace) << "\n";
}

// ---- input ----

Result<std::string> ReadAll(std::istream& in, const std::string& name) {
  std::string text(kMaxInput + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad()) return Error{ErrorCode::kUnavailable, name + ": it can't be read"};
  if (text.size() > kMaxInput) {
    return Error{ErrorCode::kResourceExhausted, name + ": it is larger than 1 MiB"};
  }
  return text;
}

Result<std::string> ReadInput(const std::string& file, std::istream& in) {
  if (file == "-") return ReadAll(in, "standard input");
  std::ifstream stream(file, std::ios::binary);
  const std::string name = "'" + aws::Quoted(file) + "'";
  if (!stream) return Error{ErrorCode::kNotFound, name + ": it can't be opened"};
  return ReadAll(stream, name);
}

Result<std::vector<std::string>> ReadTrusted(const std::string& path) {
  if (path.empty()) return std::vector<std::string>{};
  const Result<std::string> pem = ReadConfigFile(path, kMaxCertificate);
  if (!pem) return pem.error();
  std::vector<std::string> certificates = saml::SplitCertificates(*pem);
  if (certificates.empty()) {
    return Error{ErrorCode::kInvalidArgument, "'" + path + "': there is no certificate in it"};
  }
  return certificates;
}

// Everything that is judged, and with what.
struct Case {
  saml::CapturedText text;
  saml::CapturedResponse captured;
  std::vector<std::string> trusted;
  SysSeconds now{};
};

Result<Case> ReadCase(const SimulateOptions& options, const Clock& clock, std::istream& in) {
  Case read;
  read.now = clock.Now();
  if (!options.now.empty()) {
    const Result<SysSeconds> now = saml::ParseInstant(options.now);
    if (!now) {
      return Error{ErrorCode::kInvalidArgument,
                   "--now: '" + aws::Quoted(options.now) + "' is not like 2026-01-31T10:05:00Z"};
    }
    read.now = *now;
  }
  Result<std::vector<std::string>> trusted = ReadTrusted(options.certificate);
  if (!trusted) return Error{trusted.error().code, "--certificate: " + trusted.error().message};
  read.trusted = *std::move(trusted);
  const Result<std::string> bytes = ReadInput(options.file, in);
  if (!bytes) return bytes.error();
  Result<saml::CapturedText> text = saml::DecodeCaptured(*bytes);
  if (!text) return text.error();
  read.text = *std::move(text);
  Result<saml::CapturedResponse> captured = saml::ReadCaptured(read.text.xml);
  if (!captured) return captured.error();
  read.captured = *std::move(captured);
  return read;
}

}  // namespace

int Simulate(const SimulateOptions& options, const Clock& clock, std::istream& in,
             std::ostream& out, std::ostream& err) {
  Result<Case> read = ReadCase(options, clock, in);
  if (!read) {
    err << "rolebridge: simulate: " << read.error().message << "\n";
    return kCannotTell;
  }
  Judge judge(read->captured, read->now);
  judge.JudgeSize(read->text.base64_characters);
  if (judge.JudgeOutside()) {
    judge.JudgeIssuer();
    judge.JudgeConfirmation();
    judge.JudgeAcs(options.acs_url);
    judge.JudgeTime();
    judge.JudgeStatements();
    judge.JudgeValues();
    judge.JudgeSignature(read->trusted);
  }
  const Session session = SessionOf(read->captured.response);
  if (options.as_json) {
    WriteJson(judge, session, read->now, out);
  } else {
    WriteText(judge, session, read->now, out);
  }
  return judge.IsAccepted() ? kYes : kNo;
}

}  // namespace rolebridge::cli
