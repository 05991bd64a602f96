#include "bridge/saml/captured_response.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <set>

#include "bridge/base/base64.h"
#include "bridge/base/percent.h"
#include "bridge/saml/instant.h"
#include "bridge/saml/names.h"
#include "bridge/saml/xml_text.h"

namespace rolebridge::saml {
namespace {

constexpr int kMaxDepth = 32;

Error Refused(const std::string& why) { return {ErrorCode::kInvalidArgument, why}; }

// ---- bytes ----

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// The value of SAMLResponse where `text` is the body of a form; else `text`.
std::string_view FormValue(std::string_view text) {
  constexpr std::string_view kField = "SAMLResponse=";
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view field = Trimmed(rest.substr(0, rest.find('&')));
    if (field.starts_with(kField)) return field.substr(kField.size());
    rest.remove_prefix(std::min(rest.size(), rest.find('&')));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return text;
}

// ---- XML ----

// What the parser met that a response does not have; kept behind the parser's private pointer.
struct Met {
  const char* what = nullptr;
};

void Refuse(void* user, const char* what) {
  auto* parser = static_cast<xmlParserCtxt*>(user);
  auto* met = static_cast<Met*>(parser->_private);
  if (met->what == nullptr) met->what = what;
  xmlStopParser(parser);
}

#if LIBXML_VERSION >= 21200
void Swallow(void*, const xmlError*) {}
#else
void Swallow(void*, xmlError*) {}
#endif

void ForbidWhatReadersSeeDifferently(xmlSAXHandler& sax) {
  sax.serror = Swallow;
  sax.internalSubset = [](void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    Refuse(user, "a DOCTYPE");
  };
  sax.comment = [](void* user, const xmlChar*) { Refuse(user, "a comment"); };
  sax.cdataBlock = [](void* user, const xmlChar*, int) { Refuse(user, "CDATA"); };
  sax.reference = [](void* user, const xmlChar*) { Refuse(user, "an entity"); };
  sax.processingInstruction = [](void* user, const xmlChar*, const xmlChar*) {
    Refuse(user, "a processing instruction");
  };
}

Result<XmlDoc> Parse(std::string_view xml) {
  if (const char* why = WhyNotXmlDocument(xml)) {
    return Refused(std::string("it may not stand in XML: ") + why);
  }
  InitialiseXml();
  const XmlParser parser(xmlNewParserCtxt());
  if (!parser || xml.size() > INT_MAX) return Error{ErrorCode::kInternal, "libxml2: no parser"};
  Met met;
  parser->_private = &met;
  ForbidWhatReadersSeeDifferently(*parser->sax);
  XmlDoc doc(xmlCtxtReadMemory(parser.get(), xml.data(), static_cast<int>(xml.size()), nullptr,
                               "UTF-8", XML_PARSE_NONET));
  if (met.what != nullptr) return Refused(std::string("it has ") + met.what);
  if (!doc || parser->wellFormed == 0 || parser->nsWellFormed == 0) {
    return Refused("it is not well-formed XML");
  }
  return doc;
}

bool Is(const xmlNode* node, const char* uri, const char* name) {
  return node != nullptr && node->type == XML_ELEMENT_NODE && node->ns != nullptr &&
         std::strcmp(AsText(node->name), name) == 0 &&
         std::strcmp(AsText(node->ns->href), uri) == 0;
}

std::vector<xmlNode*> Children(const xmlNode* parent, const char* uri, const char* name) {
  std::vector<xmlNode*> found;
  for (xmlNode* child = parent == nullptr ? nullptr : parent->children; child != nullptr;
       child = child->next) {
    if (Is(child, uri, name)) found.push_back(child);
  }
  return found;
}

xmlNode* Child(const xmlNode* parent, const char* name, const char* uri = kAssertionNs) {
  const std::vector<xmlNode*> found = Children(parent, uri, name);
  return found.empty() ? nullptr : found.front();
}

// The text of `node` as it stands there: AWS is strict about white space (aws-saml.md R20).
std::string TextOf(const xmlNode* node) {
  std::string text;
  for (const xmlNode* child = node == nullptr ? nullptr : node->children; child != nullptr;
       child = child->next) {
    if (child->type == XML_TEXT_NODE) text += AsText(child->content);
  }
  return text;
}

std::optional<std::string> AttributeOf(const xmlNode* node, const char* name) {
  for (const xmlAttr* attribute = node == nullptr ? nullptr : node->properties;
       attribute != nullptr; attribute = attribute->next) {
    if (attribute->ns != nullptr || std::strcmp(AsText(attribute->name), name) != 0) continue;
    std::string text;
    for (const xmlNode* child = attribute->children; child != nullptr; child = child->next) {
      if (child->type == XML_TEXT_NODE) text += AsText(child->content);
    }
    return text;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(CapturedResponse& captured)
      : captured_(captured), assertion_(captured.response.assertion) {}

  Result<void> Read(xmlNode* root) {
    if (!Is(root, kProtocolNs, "Response")) {
      return Refused("its root is not Response of SAML 2.0");
    }
    const Result<void> counted = Count(root);
    if (!counted) return counted;
    ReadRoot(root);
    captured_.assertion = Child(root, "Assertion");
    if (captured_.assertion != nullptr) ReadAssertion(captured_.assertion);
    return {};
  }

 private:
  // Every element in document order, without recursion: the depth is the document's.
  Result<void> Count(xmlNode* root) {
    std::set<std::string> ids;
    int depth = 1;
    for (xmlNode* node = root; node != nullptr; node = Next(node, root, depth)) {
      if (node->type != XML_ELEMENT_NODE) continue;
      if (depth > kMaxDepth) return Refused("its elements are nested deeper than 32");
      if (Is(node, kAssertionNs, "Assertion")) ++captured_.assertions;
      if (Is(node, kAssertionNs, "EncryptedAssertion")) ++captured_.encrypted_assertions;
      // Whatever a reader may take for an identifier that a signature refers to.
      for (const char* name : {"ID", "Id", "id", "AssertionID"}) {
        const auto id = AttributeOf(node, name);
        if (id && !ids.insert(*id).second) captured_.repeated_ids.push_back(*id);
      }
    }
    return {};
  }

  static xmlNode* Next(xmlNode* node, const xmlNode* root, int& depth) {
    if (node->type == XML_ELEMENT_NODE && node->children != nullptr) {
      ++depth;
      return node->children;
    }
    while (node != root && node->next == nullptr) {
      node = node->parent;
      --depth;
    }
    return node == root ? nullptr : node->next;
  }

  std::optional<SysSeconds> Instant(const xmlNode* node, const char* name) {
    const auto text = AttributeOf(node, name);
    if (!text) return std::nullopt;
    const Result<SysSeconds> instant = ParseInstant(*text);
    if (instant) return *instant;
    captured_.bad_instants.emplace_back(std::string(AsText(node->name)) + "/@" + name, *text);
    return std::nullopt;
  }

  void ReadRoot(xmlNode* root) {
    Response& response = captured_.response;
    response.id = AttributeOf(root, "ID").value_or("");
    response.destination = AttributeOf(root, "Destination").value_or("");
    response.issue_instant = Instant(root, "IssueInstant").value_or(SysSeconds{});
    if (const xmlNode* issuer = Child(root, "Issuer")) captured_.issuer = TextOf(issuer);
    const xmlNode* status = Child(root, "Status", kProtocolNs);
    captured_.status = AttributeOf(Child(status, "StatusCode", kProtocolNs), "Value").value_or("");
    captured_.response_signature = Child(root, "Signature", kSignatureNs);
  }

  void ReadAssertion(xmlNode* node) {
    assertion_.id = AttributeOf(node, "ID").value_or("");
    assertion_.issue_instant = Instant(node, "IssueInstant").value_or(SysSeconds{});
    assertion_.entity_id = TextOf(Child(node, "Issuer"));
    captured_.assertion_signature = Child(node, "Signature", kSignatureNs);
    ReadSubject(Child(node, "Subject"));
    ReadConditions(Child(node, "Conditions"));
    const auto authn_statements = Children(node, kAssertionNs, "AuthnStatement");
    captured_.authn_statements = authn_statements.size();
    if (!authn_statements.empty()) ReadAuthnStatement(authn_statements.front());
    const auto attribute_statements = Children(node, kAssertionNs, "AttributeStatement");
    captured_.attribute_statements = attribute_statements.size();
    for (const xmlNode* statement : attribute_statements) ReadAttributes(statement);
  }

  void ReadSubject(const xmlNode* subject) {
    const xmlNode* name_id = Child(subject, "NameID");
    // SAML Core 8.3.1: a format that is not named is unspecified.
    assertion_.name_id = {.format = AttributeOf(name_id, "Format").value_or(kNameIdUnspecified),
                          .value = TextOf(name_id)};
    const auto confirmations = Children(subject, kAssertionNs, "SubjectConfirmation");
    captured_.confirmations = confirmations.size();
    if (confirmations.empty()) return;
    captured_.confirmation_method = AttributeOf(confirmations.front(), "Method").value_or("");
    const xmlNode* facts = Child(confirmations.front(), "SubjectConfirmationData");
    captured_.confirmation_has_not_before = AttributeOf(facts, "NotBefore").has_value();
    assertion_.recipient = AttributeOf(facts, "Recipient").value_or("");
    assertion_.in_response_to = AttributeOf(facts, "InResponseTo");
    const auto end = Instant(facts, "NotOnOrAfter");
    captured_.has_confirmation_end = end.has_value();
    assertion_.not_on_or_after = end.value_or(SysSeconds{});
  }

  void ReadConditions(const xmlNode* conditions) {
    assertion_.not_before = Instant(conditions, "NotBefore").value_or(SysSeconds{});
    captured_.conditions_end = Instant(conditions, "NotOnOrAfter");
    for (const xmlNode* restriction : Children(conditions, kAssertionNs, "AudienceRestriction")) {
      for (const xmlNode* audience : Children(restriction, kAssertionNs, "Audience")) {
        captured_.audiences.push_back(TextOf(audience));
      }
    }
    if (!captured_.audiences.empty()) assertion_.audience = captured_.audiences.front();
  }

  void ReadAuthnStatement(const xmlNode* statement) {
    assertion_.authn_instant = Instant(statement, "AuthnInstant").value_or(SysSeconds{});
    assertion_.session_index = AttributeOf(statement, "SessionIndex").value_or("");
    assertion_.session_not_on_or_after = Instant(statement, "SessionNotOnOrAfter");
    assertion_.authn_context_class =
        TextOf(Child(Child(statement, "AuthnContext"), "AuthnContextClassRef"));
  }

  void ReadAttributes(const xmlNode* statement) {
    for (const xmlNode* node : Children(statement, kAssertionNs, "Attribute")) {
      Attribute attribute{.name = AttributeOf(node, "Name").value_or(""),
                          .name_format = AttributeOf(node, "NameFormat"),
                          .values = {}};
      for (const xmlNode* value : Children(node, kAssertionNs, "AttributeValue")) {
        attribute.values.push_back(TextOf(value));
      }
      assertion_.attributes.push_back(std::move(attribute));
    }
  }

  CapturedResponse& captured_;
  Assertion& assertion_;
};

}  // namespace

Result<CapturedText> DecodeCaptured(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.starts_with('<')) {
    return CapturedText{.xml = std::string(trimmed),
                        .base64_characters = (trimmed.size() + 2) / 3 * 4};
  }
  // A plus sign stays one: in a form it would be a space, which base64 does not have.
  std::string base64 = PercentDecoded(FormValue(trimmed));
  base64.erase(std::remove_if(base64.begin(), base64.end(), IsSpace), base64.end());
  Result<std::string> bytes = DecodeBase64(base64);
  if (!bytes || base64.empty()) {
    return Refused("it is neither XML nor base64, nor a form with SAMLResponse in it");
  }
  if (!Trimmed(*bytes).starts_with('<')) {
    return Refused(
        "it is base64, but not of XML; by POST it must be base64 of the plain response, not of a "
        "deflated one (R1)");
  }
  return CapturedText{.xml = *std::move(bytes), .base64_characters = base64.size()};
}

Result<CapturedResponse> ReadCaptured(std::string_view xml) {
  Result<XmlDoc> doc = Parse(Trimmed(xml));
  if (!doc) return doc.error();
  CapturedResponse captured;
  captured.doc = *std::move(doc);
  const Result<void> read = Reader(captured).Read(xmlDocGetRootElement(captured.doc.get()));
  if (!read) return read.error();
  return captured;
}

}  // namespace rolebridge::saml
