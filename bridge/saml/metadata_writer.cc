#include "bridge/saml/metadata_writer.h"

#include "bridge/saml/names.h"
#include "bridge/saml/xml.h"
#include "bridge/saml/xml_text.h"

namespace rolebridge::saml {
namespace {

constexpr size_t kMinCharacters = 1000;  // aws-saml.md 4.1
constexpr char kLanguage[] = "en";

void WriteKey(XmlWriter& xml, xmlNode* idp, const std::string& certificate) {
  xmlNode* key = xml.Child(idp, "KeyDescriptor");
  xml.Attribute(key, "use", "signing");
  xmlNode* info = xml.Child(key, "ds", kSignatureNs, "KeyInfo");
  xml.TextChild(xml.Child(info, "X509Data"), "X509Certificate", certificate);
}

void WriteSso(XmlWriter& xml, xmlNode* idp, const char* binding, const std::string& url) {
  xmlNode* service = xml.Child(idp, "SingleSignOnService");
  xml.Attribute(service, "Binding", binding);
  xml.Attribute(service, "Location", url);
}

void WriteOrganization(XmlWriter& xml, xmlNode* root, const IdpMetadata& metadata) {
  // SAML Metadata 2.3.2.1: all three, or no Organization.
  if (metadata.organization_name.empty() || metadata.organization_url.empty()) return;
  xmlNode* organization = xml.Child(root, "Organization");
  xml.Language(xml.TextChild(organization, "OrganizationName", metadata.organization_name),
               kLanguage);
  xml.Language(xml.TextChild(organization, "OrganizationDisplayName", metadata.organization_name),
               kLanguage);
  xml.Language(xml.TextChild(organization, "OrganizationURL", metadata.organization_url),
               kLanguage);
}

Result<std::string> Serialise(xmlDoc& doc) {
  xmlChar* bytes = nullptr;
  int length = 0;
  // Indented: people read it, nothing in it is signed, and no element has mixed content.
  xmlDocDumpFormatMemoryEnc(&doc, &bytes, &length, "UTF-8", 1);
  if (bytes == nullptr) return Error{ErrorCode::kInternal, "libxml2: the metadata was not written"};
  std::string text(AsText(bytes), static_cast<size_t>(length));
  xmlFree(bytes);
  return text;
}

}  // namespace

Result<std::string> WriteMetadata(const IdpMetadata& metadata) {
  if (metadata.entity_id.empty() || metadata.entity_id.size() > 1024 || metadata.sso_url.empty() ||
      metadata.certificates_base64.empty() || metadata.name_id_formats.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "metadata needs an entityID of at most 1024 characters, a certificate, an address "
                 "for signing on and a NameID format"};
  }
  XmlWriter xml;
  xmlNode* root = xml.Root("md", kMetadataNs, "EntityDescriptor");
  xml.Attribute(root, "entityID", metadata.entity_id);
  xmlNode* idp = xml.Child(root, "IDPSSODescriptor");
  // saml-interop.md: said true, some service providers refuse to start where they do not sign.
  xml.Attribute(idp, "WantAuthnRequestsSigned", "false");
  xml.Attribute(idp, "protocolSupportEnumeration", kProtocolNs);
  for (const std::string& certificate : metadata.certificates_base64) {
    WriteKey(xml, idp, certificate);
  }
  for (const std::string& format : metadata.name_id_formats) {
    xml.TextChild(idp, "NameIDFormat", format);
  }
  WriteSso(xml, idp, kBindingRedirect, metadata.sso_url);
  WriteSso(xml, idp, kBindingPost, metadata.sso_url);
  WriteOrganization(xml, root, metadata);

  const Result<XmlDoc> doc = xml.Finish();
  if (!doc) return doc.error();
  Result<std::string> text = Serialise(**doc);
  if (text && CountUtf8(*text) < kMinCharacters) {
    return Error{ErrorCode::kInvalidArgument,
                 "the metadata is shorter than the 1,000 characters that AWS demands; is the "
                 "certificate complete?"};
  }
  return text;
}

}  // namespace rolebridge::saml
