#include "bridge/saml/captured_signature.h"

// xmlsec.h first: it decides what the others declare.
#include <xmlsec/xmlsec.h>
// Not before it.
#include <openssl/err.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>

#include <cstring>

#include "bridge/base/base64.h"
#include "bridge/saml/names.h"
#include "bridge/saml/signature.h"

namespace rolebridge::saml {
namespace {

using XmlSecKey = CPtr<xmlSecKey, xmlSecKeyDestroy>;
using Context = CPtr<xmlSecDSigCtx, xmlSecDSigCtxDestroy>;

constexpr std::string_view kPemStart = "-----BEGIN CERTIFICATE-----";

xmlNode* FindBelow(const xmlNode& parent, const char* name) {
  for (xmlNode* child = parent.children; child != nullptr; child = child->next) {
    if (child->type != XML_ELEMENT_NODE) continue;
    if (std::strcmp(AsText(child->name), name) == 0) return child;
    if (xmlNode* found = FindBelow(*child, name)) return found;
  }
  return nullptr;
}

std::string AlgorithmOf(const xmlNode& signature, const char* name) {
  const xmlNode* node = FindBelow(signature, name);
  const xmlAttr* algorithm = node == nullptr ? nullptr : xmlHasProp(node, AsXml("Algorithm"));
  if (algorithm == nullptr || algorithm->children == nullptr) return {};
  return AsText(algorithm->children->content);
}

XmlSecKey LoadKey(const std::string& certificate) {
  const bool is_pem = certificate.starts_with(kPemStart);
  std::string bytes = certificate;
  if (!is_pem) {
    Result<std::string> der = DecodeBase64(certificate);
    if (!der) return nullptr;
    bytes = *std::move(der);
  }
  XmlSecKey key(xmlSecCryptoAppKeyLoadMemory(
      reinterpret_cast<const xmlSecByte*>(bytes.data()), static_cast<xmlSecSize>(bytes.size()),
      is_pem ? xmlSecKeyDataFormatCertPem : xmlSecKeyDataFormatCertDer, nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}

bool EnableReferenceTransforms(xmlSecDSigCtx& context) {
  for (const xmlSecTransformId id :
       {xmlSecTransformEnvelopedId, xmlSecTransformExclC14NId,
        xmlSecTransformExclC14NWithCommentsId, xmlSecTransformInclC14NId,
        xmlSecTransformInclC14NWithCommentsId, xmlSecTransformSha1Id, xmlSecTransformSha256Id,
        xmlSecTransformSha384Id, xmlSecTransformSha512Id}) {
    if (xmlSecDSigCtxEnableReferenceTransform(&context, id) < 0) return false;
  }
  return true;
}

bool EnableSignatureTransforms(xmlSecDSigCtx& context) {
  for (const xmlSecTransformId id :
       {xmlSecTransformExclC14NId, xmlSecTransformExclC14NWithCommentsId, xmlSecTransformInclC14NId,
        xmlSecTransformInclC14NWithCommentsId, xmlSecTransformRsaSha1Id, xmlSecTransformRsaSha256Id,
        xmlSecTransformRsaSha384Id, xmlSecTransformRsaSha512Id}) {
    if (xmlSecDSigCtxEnableSignatureTransform(&context, id) < 0) return false;
  }
  return true;
}

Context MakeContext(xmlSecKey& key) {
  Context context(xmlSecDSigCtxCreate(nullptr));
  if (!context) return nullptr;
  context->signKey = xmlSecKeyDuplicate(&key);
  context->flags |= XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  const bool limited = context->signKey != nullptr && EnableReferenceTransforms(*context) &&
                       EnableSignatureTransforms(*context);
  if (!limited) return nullptr;
  return context;
}

std::string IdOf(const xmlNode& element) {
  const xmlAttr* id = xmlHasProp(&element, AsXml("ID"));
  const bool plain = id != nullptr && id->children != nullptr && id->children->next == nullptr;
  return plain ? AsText(id->children->content) : "";
}

bool IsOneReferenceTo(xmlSecDSigCtx& context, const std::string& id) {
  if (xmlSecPtrListGetSize(&context.signedInfoReferences) != 1) return false;
  const auto* reference = static_cast<const xmlSecDSigReferenceCtx*>(
      xmlSecPtrListGetItem(&context.signedInfoReferences, 0));
  return reference != nullptr && reference->uri != nullptr && AsText(reference->uri) == "#" + id;
}

// The ID of `element` must name it and nothing else: a signature over another element with the same
// ID would be good and prove nothing.
bool IsRegistered(xmlNode& element) {
  const std::string id = IdOf(element);
  if (id.empty()) return false;
  const xmlAttr* known = xmlGetID(element.doc, AsXml(id));
  if (known == nullptr && !Signature::RegisterId(element)) return false;
  known = xmlGetID(element.doc, AsXml(id));
  return known != nullptr && known->parent == &element;
}

bool Verifies(xmlSecKey& key, xmlNode& signature, const std::string& id) {
  const Context context = MakeContext(key);
  const bool good = context && xmlSecDSigCtxVerify(context.get(), &signature) >= 0 &&
                    context->status == xmlSecDSigStatusSucceeded && IsOneReferenceTo(*context, id);
  ERR_clear_error();
  return good;
}

}  // namespace

CapturedSignature ReadCapturedSignature(const xmlNode& signature) {
  CapturedSignature read{.method = AlgorithmOf(signature, "SignatureMethod"),
                         .digest = AlgorithmOf(signature, "DigestMethod"),
                         .certificate = {}};
  const xmlNode* certificate = FindBelow(signature, "X509Certificate");
  if (certificate == nullptr || certificate->children == nullptr) return read;
  for (const char c : std::string_view(AsText(certificate->children->content))) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') read.certificate += c;
  }
  return read;
}

Result<VerifiedBy> VerifyCaptured(xmlNode& signed_element, xmlNode& signature,
                                  const std::vector<std::string>& certificates) {
  if (!Signature::Initialise()) {
    return Error{ErrorCode::kInternal, "xmlsec1: it could not be initialised"};
  }
  if (!IsRegistered(signed_element)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the ID of what is signed is missing, or names another element"};
  }
  for (size_t i = 0; i < certificates.size(); ++i) {
    const XmlSecKey key = LoadKey(certificates[i]);
    if (!key) return Error{ErrorCode::kInvalidArgument, "the certificate can't be read"};
    if (!Verifies(*key, signature, IdOf(signed_element))) continue;
    const auto bits = xmlSecKeyDataGetSize(xmlSecKeyGetValue(key.get()));
    return VerifiedBy{.certificate = i, .key_bits = static_cast<int>(bits)};
  }
  return Error{ErrorCode::kInvalidArgument,
               "it does not verify: what was signed has been changed, or another key signed"};
}

std::vector<std::string> SplitCertificates(std::string_view pem) {
  std::vector<std::string> certificates;
  for (size_t at = pem.find(kPemStart); at != std::string_view::npos;) {
    const size_t next = pem.find(kPemStart, at + kPemStart.size());
    certificates.emplace_back(pem.substr(at, next == std::string_view::npos ? next : next - at));
    at = next;
  }
  return certificates;
}

}  // namespace rolebridge::saml
