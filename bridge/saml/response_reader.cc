#include "bridge/saml/response_reader.h"

#include <cstring>

#include "bridge/saml/instant.h"
#include "bridge/saml/names.h"

namespace rolebridge::saml {
namespace {

// Walks the document in step with the writer. The first thing that does not fit is kept in `why`,
// and everything after it reads as empty.
class Walk {
 public:
  const std::string& why() const { return why_; }

  bool Is(const xmlNode* node, const char* uri, const char* name) const {
    return node != nullptr && node->type == XML_ELEMENT_NODE &&
           std::strcmp(AsText(node->name), name) == 0 && node->ns != nullptr &&
           std::strcmp(AsText(node->ns->href), uri) == 0;
  }

  // `node`, which must be that element; null, and an error, where it is not.
  xmlNode* Expect(xmlNode* node, const char* uri, const char* name) {
    if (Is(node, uri, name)) return node;
    Fail(name);
    return nullptr;
  }

  xmlNode* FirstChild(xmlNode* parent, const char* name) {
    return parent == nullptr ? nullptr : Expect(parent->children, kAssertionNs, name);
  }

  xmlNode* Next(xmlNode* node, const char* name) {
    return node == nullptr ? nullptr : Expect(node->next, kAssertionNs, name);
  }

  void ExpectLast(const xmlNode* node, const char* name) {
    if (node != nullptr && node->next != nullptr) Fail(name);
  }

  // The one text node of `node`, or none.
  std::string Text(const xmlNode* node) {
    if (node == nullptr || node->children == nullptr) return {};
    if (node->children->type != XML_TEXT_NODE || node->children->next != nullptr) {
      Fail(AsText(node->name));
      return {};
    }
    return AsText(node->children->content);
  }

  // The attributes of `node` must be exactly those that were asked for between Begin and End.
  std::optional<std::string> Optional(const xmlNode* node, const char* name) {
    if (node == nullptr) return std::nullopt;
    for (const xmlAttr* attribute = node->properties; attribute; attribute = attribute->next) {
      if (attribute->ns != nullptr || std::strcmp(AsText(attribute->name), name) != 0) continue;
      ++taken_;
      const xmlNode* text = attribute->children;
      if (text == nullptr) return std::string();
      if (text->next != nullptr || text->type != XML_TEXT_NODE) break;
      return AsText(text->content);
    }
    return std::nullopt;
  }

  std::string Required(const xmlNode* node, const char* name) {
    std::optional<std::string> value = Optional(node, name);
    if (!value) Fail(name);
    return value.value_or("");
  }

  SysSeconds Instant(const xmlNode* node, const char* name) {
    return ToInstant(Required(node, name));
  }

  SysSeconds ToInstant(const std::string& text) {
    const Result<SysSeconds> instant = ParseInstant(text);
    if (instant) return *instant;
    Fail("xs:dateTime");
    return {};
  }

  void EndAttributes(const xmlNode* node) {
    size_t count = 0;
    for (const xmlAttr* a = node == nullptr ? nullptr : node->properties; a; a = a->next) ++count;
    if (count != taken_) Fail(node == nullptr ? "attribute" : AsText(node->name));
    taken_ = 0;
  }

  void ExpectEqual(const std::string& a, const std::string& b, const char* what) {
    if (a != b) Fail(what);
  }

 private:
  void Fail(const char* what) {
    if (why_.empty()) why_ = what;
  }

  std::string why_;
  size_t taken_ = 0;
};

void ReadSubject(Walk& walk, xmlNode* subject, Assertion& assertion) {
  xmlNode* name_id = walk.FirstChild(subject, "NameID");
  assertion.name_id = {.format = walk.Required(name_id, "Format"), .value = walk.Text(name_id)};
  walk.EndAttributes(name_id);
  xmlNode* confirmation = walk.Next(name_id, "SubjectConfirmation");
  walk.ExpectEqual(walk.Required(confirmation, "Method"), kBearer, "Method");
  walk.EndAttributes(confirmation);
  walk.ExpectLast(confirmation, "SubjectConfirmation");
  xmlNode* facts = walk.FirstChild(confirmation, "SubjectConfirmationData");
  walk.ExpectLast(facts, "SubjectConfirmationData");
  assertion.in_response_to = walk.Optional(facts, "InResponseTo");
  assertion.not_on_or_after = walk.Instant(facts, "NotOnOrAfter");
  assertion.recipient = walk.Required(facts, "Recipient");
  walk.EndAttributes(facts);
}

void ReadConditions(Walk& walk, xmlNode* conditions, Assertion& assertion) {
  assertion.not_before = walk.Instant(conditions, "NotBefore");
  const SysSeconds end = walk.Instant(conditions, "NotOnOrAfter");
  walk.ExpectEqual(FormatUtc(end), FormatUtc(assertion.not_on_or_after), "NotOnOrAfter");
  walk.EndAttributes(conditions);
  xmlNode* restriction = walk.FirstChild(conditions, "AudienceRestriction");
  walk.ExpectLast(restriction, "AudienceRestriction");
  xmlNode* audience = walk.FirstChild(restriction, "Audience");
  walk.ExpectLast(audience, "Audience");
  assertion.audience = walk.Text(audience);
}

void ReadAuthnStatement(Walk& walk, xmlNode* statement, Assertion& assertion) {
  assertion.authn_instant = walk.Instant(statement, "AuthnInstant");
  assertion.session_index = walk.Required(statement, "SessionIndex");
  if (const auto end = walk.Optional(statement, "SessionNotOnOrAfter")) {
    assertion.session_not_on_or_after = walk.ToInstant(*end);
  }
  walk.EndAttributes(statement);
  xmlNode* context = walk.FirstChild(statement, "AuthnContext");
  walk.ExpectLast(context, "AuthnContext");
  xmlNode* context_class = walk.FirstChild(context, "AuthnContextClassRef");
  walk.ExpectLast(context_class, "AuthnContextClassRef");
  assertion.authn_context_class = walk.Text(context_class);
}

void ReadAttributes(Walk& walk, xmlNode* statement, Assertion& assertion) {
  walk.ExpectLast(statement, "AttributeStatement");
  for (xmlNode* node = walk.FirstChild(statement, "Attribute"); node != nullptr;
       node = node->next == nullptr ? nullptr : walk.Next(node, "Attribute")) {
    Attribute attribute{.name = walk.Required(node, "Name"),
                        .name_format = walk.Optional(node, "NameFormat"),
                        .values = {}};
    walk.EndAttributes(node);
    for (xmlNode* value = walk.FirstChild(node, "AttributeValue"); value != nullptr;
         value = value->next == nullptr ? nullptr : walk.Next(value, "AttributeValue")) {
      attribute.values.push_back(walk.Text(value));
      walk.EndAttributes(value);
    }
    assertion.attributes.push_back(std::move(attribute));
  }
}

void ReadAssertion(Walk& walk, xmlNode* node, ReadBack& result) {
  Assertion& assertion = result.response.assertion;
  result.assertion = node;
  assertion.id = walk.Required(node, "ID");
  assertion.issue_instant = walk.Instant(node, "IssueInstant");
  walk.ExpectEqual(walk.Required(node, "Version"), "2.0", "Version");
  walk.EndAttributes(node);
  xmlNode* issuer = walk.FirstChild(node, "Issuer");
  assertion.entity_id = walk.Text(issuer);
  xmlNode* before_subject = issuer;
  if (issuer != nullptr && walk.Is(issuer->next, kSignatureNs, "Signature")) {
    before_subject = result.signature = issuer->next;
  }
  xmlNode* subject = walk.Next(before_subject, "Subject");
  ReadSubject(walk, subject, assertion);
  xmlNode* conditions = walk.Next(subject, "Conditions");
  ReadConditions(walk, conditions, assertion);
  xmlNode* statement = walk.Next(conditions, "AuthnStatement");
  ReadAuthnStatement(walk, statement, assertion);
  if (statement != nullptr && statement->next != nullptr) {
    ReadAttributes(walk, walk.Next(statement, "AttributeStatement"), assertion);
  }
}

}  // namespace

Result<ReadBack> ReadResponse(const xmlDoc& doc) {
  ReadBack result;
  Walk walk;
  Response& response = result.response;
  xmlNode* root = walk.Expect(doc.children, kProtocolNs, "Response");
  walk.ExpectLast(root, "Response");
  response.destination = walk.Required(root, "Destination");
  response.id = walk.Required(root, "ID");
  const std::optional<std::string> in_response_to = walk.Optional(root, "InResponseTo");
  response.issue_instant = walk.Instant(root, "IssueInstant");
  walk.ExpectEqual(walk.Required(root, "Version"), "2.0", "Version");
  walk.EndAttributes(root);

  xmlNode* issuer = walk.FirstChild(root, "Issuer");
  xmlNode* status = issuer == nullptr ? nullptr : walk.Expect(issuer->next, kProtocolNs, "Status");
  xmlNode* code =
      status == nullptr ? nullptr : walk.Expect(status->children, kProtocolNs, "StatusCode");
  walk.ExpectEqual(walk.Required(code, "Value"), kStatusSuccess, "StatusCode");
  walk.EndAttributes(code);
  walk.ExpectLast(code, "StatusCode");
  xmlNode* assertion = walk.Next(status, "Assertion");
  walk.ExpectLast(assertion, "Assertion");
  ReadAssertion(walk, assertion, result);

  walk.ExpectEqual(walk.Text(issuer), response.assertion.entity_id, "Issuer");
  if (in_response_to != response.assertion.in_response_to) {
    return Error{ErrorCode::kInternal, "read back: InResponseTo differs in its two places"};
  }
  if (!walk.why().empty()) {
    return Error{ErrorCode::kInternal, "read back: not as written at '" + walk.why() + "'"};
  }
  return result;
}

}  // namespace rolebridge::saml
