#include "bridge/saml/response_writer.h"

#include "bridge/saml/names.h"

namespace rolebridge::saml {
namespace {

void WriteIssuer(XmlWriter& xml, xmlNode* issuer, const Assertion& assertion) {
  xml.Text(issuer, assertion.entity_id);
}

void WriteStatus(XmlWriter& xml, xmlNode* response) {
  xmlNode* status = xml.Child(response, "Status");
  xml.Attribute(xml.Child(status, "StatusCode"), "Value", kStatusSuccess);
}

void WriteSubject(XmlWriter& xml, xmlNode* parent, const Assertion& assertion) {
  xmlNode* subject = xml.Child(parent, "Subject");
  xmlNode* name_id = xml.TextChild(subject, "NameID", assertion.name_id.value);
  xml.Attribute(name_id, "Format", assertion.name_id.format);
  xmlNode* confirmation = xml.Child(subject, "SubjectConfirmation");
  xml.Attribute(confirmation, "Method", kBearer);
  // SAML Profiles 4.1.4.2: a bearer SubjectConfirmationData has Recipient and NotOnOrAfter, and
  // must not have NotBefore.
  xmlNode* facts = xml.Child(confirmation, "SubjectConfirmationData");
  if (assertion.in_response_to) xml.Attribute(facts, "InResponseTo", *assertion.in_response_to);
  xml.Attribute(facts, "NotOnOrAfter", FormatUtc(assertion.not_on_or_after));
  xml.Attribute(facts, "Recipient", assertion.recipient);
}

void WriteConditions(XmlWriter& xml, xmlNode* parent, const Assertion& assertion) {
  xmlNode* conditions = xml.Child(parent, "Conditions");
  xml.Attribute(conditions, "NotBefore", FormatUtc(assertion.not_before));
  xml.Attribute(conditions, "NotOnOrAfter", FormatUtc(assertion.not_on_or_after));
  xml.TextChild(xml.Child(conditions, "AudienceRestriction"), "Audience", assertion.audience);
}

void WriteAuthnStatement(XmlWriter& xml, xmlNode* parent, const Assertion& assertion) {
  xmlNode* statement = xml.Child(parent, "AuthnStatement");
  xml.Attribute(statement, "AuthnInstant", FormatUtc(assertion.authn_instant));
  xml.Attribute(statement, "SessionIndex", assertion.session_index);
  if (assertion.session_not_on_or_after) {
    xml.Attribute(statement, "SessionNotOnOrAfter", FormatUtc(*assertion.session_not_on_or_after));
  }
  xml.TextChild(xml.Child(statement, "AuthnContext"), "AuthnContextClassRef",
                assertion.authn_context_class);
}

void WriteAttributes(XmlWriter& xml, xmlNode* parent, const Assertion& assertion) {
  // SAML Core 2.7.3: an AttributeStatement without attributes is not valid.
  if (assertion.attributes.empty()) return;
  xmlNode* statement = xml.Child(parent, "AttributeStatement");
  for (const Attribute& attribute : assertion.attributes) {
    xmlNode* node = xml.Child(statement, "Attribute");
    xml.Attribute(node, "Name", attribute.name);
    if (attribute.name_format) xml.Attribute(node, "NameFormat", *attribute.name_format);
    for (const std::string& value : attribute.values) xml.TextChild(node, "AttributeValue", value);
  }
}

xmlNode* WriteAssertion(XmlWriter& xml, xmlNode* response, const Assertion& assertion) {
  xmlNode* node = xml.Child(response, "saml2", kAssertionNs, "Assertion");
  xml.Attribute(node, "ID", assertion.id);
  xml.Attribute(node, "IssueInstant", FormatUtc(assertion.issue_instant));
  xml.Attribute(node, "Version", "2.0");
  WriteIssuer(xml, xml.Child(node, "Issuer"), assertion);
  WriteSubject(xml, node, assertion);
  WriteConditions(xml, node, assertion);
  WriteAuthnStatement(xml, node, assertion);
  WriteAttributes(xml, node, assertion);
  return node;
}

}  // namespace

Result<WrittenResponse> WriteResponse(const Response& response) {
  const Assertion& assertion = response.assertion;
  for (const Attribute& attribute : assertion.attributes) {
    if (attribute.values.empty()) {
      return Error{ErrorCode::kInvalidArgument, "an attribute has no value; leave it out"};
    }
  }
  XmlWriter xml;
  xmlNode* root = xml.Root("saml2p", kProtocolNs, "Response");
  xml.Attribute(root, "Destination", response.destination);
  xml.Attribute(root, "ID", response.id);
  if (assertion.in_response_to) xml.Attribute(root, "InResponseTo", *assertion.in_response_to);
  xml.Attribute(root, "IssueInstant", FormatUtc(response.issue_instant));
  xml.Attribute(root, "Version", "2.0");
  WriteIssuer(xml, xml.Child(root, "saml2", kAssertionNs, "Issuer"), assertion);
  WriteStatus(xml, root);
  xmlNode* assertion_node = WriteAssertion(xml, root, assertion);
  Result<XmlDoc> doc = xml.Finish();
  if (!doc) return doc.error();
  return WrittenResponse{.doc = std::move(*doc), .assertion = assertion_node};
}

}  // namespace rolebridge::saml
