#include "bridge/saml/signature.h"

// xmlsec.h first: it decides what the others declare.
#include <xmlsec/xmlsec.h>
// Not before it.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <xmlsec/base64.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>

#include <cstring>
#include <mutex>

#include "bridge/base/base64.h"
#include "bridge/saml/names.h"

namespace rolebridge::saml {
namespace {

using XmlSecKey = CPtr<xmlSecKey, xmlSecKeyDestroy>;
using Context = CPtr<xmlSecDSigCtx, xmlSecDSigCtxDestroy>;
using DigestContext = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr char kDoesNotVerify[] = "the fresh signature does not verify with the public key";
constexpr char kExclusiveC14n[] = "http://www.w3.org/2001/10/xml-exc-c14n#";
constexpr char kEnveloped[] = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr char kRsaSha256[] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
constexpr char kSha256[] = "http://www.w3.org/2001/04/xmlenc#sha256";

Error Failed(const std::string& what) {
  // What OpenSSL noted about it must not turn up as the reason of somebody else's error.
  ERR_clear_error();
  return {ErrorCode::kInternal, "xmlsec1: " + what};
}

bool InitialiseXmlSec() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] {
    InitialiseXml();
    ready = xmlSecInit() >= 0 && xmlSecCheckVersion() == 1 && xmlSecCryptoInit() >= 0;
    // Initialising installs a callback that prints; what went wrong comes back as an Error.
    xmlSecErrorsSetCallback(nullptr);
    // One line of base64: a line break inside would be one more thing for readers to treat their
    // way.
    xmlSecBase64SetDefaultLineSize(0);
  });
  return ready;
}

XmlSecKey Adopt(EVP_PKEY* key) {
  XmlSecKey adopted(xmlSecKeyCreate());
  if (!adopted || key == nullptr || EVP_PKEY_up_ref(key) != 1) return nullptr;
  xmlSecKeyData* value = xmlSecOpenSSLEvpKeyAdopt(key);
  if (value == nullptr) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  if (xmlSecKeySetValue(adopted.get(), value) < 0) {
    xmlSecKeyDataDestroy(value);
    return nullptr;
  }
  return adopted;
}

// A context that can do what we write and nothing else, with its own copy of `key`: the loaded key
// is shared by reference, not parsed again.
Context MakeContext(xmlSecKey& key) {
  Context context(xmlSecDSigCtxCreate(nullptr));
  if (!context) return nullptr;
  context->signKey = xmlSecKeyDuplicate(&key);
  // "#ID" is looked up in the document's table of IDs, without an XPointer evaluation.
  context->flags |= XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  const bool limited =
      context->signKey != nullptr &&
      xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecTransformEnvelopedId) >= 0 &&
      xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecTransformExclC14NId) >= 0 &&
      xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecTransformSha256Id) >= 0 &&
      xmlSecDSigCtxEnableSignatureTransform(context.get(), xmlSecTransformExclC14NId) >= 0 &&
      xmlSecDSigCtxEnableSignatureTransform(context.get(), xmlSecTransformRsaSha256Id) >= 0;
  if (!limited) return nullptr;
  return context;
}

std::string IdOf(const xmlNode& assertion) {
  const xmlAttr* id = xmlHasProp(&assertion, AsXml("ID"));
  const bool plain = id != nullptr && id->children != nullptr && id->children->next == nullptr;
  return plain ? AsText(id->children->content) : "";
}

// Adds to an element what XmlWriter adds to a document of its own; every value here is a constant
// of ours, a checked ID or base64.
class Template {
 public:
  explicit Template(xmlNode& signature) : namespace_(signature.ns) {}

  xmlNode* Child(xmlNode* parent, const char* name, const char* algorithm = nullptr) {
    xmlNode* child =
        parent == nullptr ? nullptr : xmlNewDocNode(parent->doc, namespace_, AsXml(name), nullptr);
    if (child == nullptr) return nullptr;
    xmlAddChild(parent, child);
    if (algorithm != nullptr && !xmlSetProp(child, AsXml("Algorithm"), AsXml(algorithm)))
      return nullptr;
    return child;
  }

  static bool Text(xmlNode* node, const std::string& text) {
    xmlNode* child = node == nullptr ? nullptr : xmlNewDocText(node->doc, AsXml(text));
    return child != nullptr && xmlAddChild(node, child) != nullptr;
  }

 private:
  xmlNs* namespace_;
};

// An empty <ds:Signature> right after the Issuer, where the schema wants it.
xmlNode* InsertSignature(xmlNode& assertion) {
  xmlNode* signature = xmlNewDocNode(assertion.doc, nullptr, AsXml("Signature"), nullptr);
  if (signature == nullptr || assertion.children == nullptr) {
    xmlFreeNode(signature);
    return nullptr;
  }
  xmlAddNextSibling(assertion.children, signature);
  xmlNs* ns = xmlNewNs(signature, AsXml(kSignatureNs), AsXml("ds"));
  if (ns == nullptr) return nullptr;
  xmlSetNs(signature, ns);
  return signature;
}

// SignedInfo and SignatureValue, with the two values that xmlsec1 fills in left empty.
bool WriteTemplate(xmlNode& signature, const std::string& id) {
  Template ds(signature);
  xmlNode* info = ds.Child(&signature, "SignedInfo");
  ds.Child(info, "CanonicalizationMethod", kExclusiveC14n);
  ds.Child(info, "SignatureMethod", kRsaSha256);
  xmlNode* reference = ds.Child(info, "Reference");
  if (reference == nullptr || !xmlSetProp(reference, AsXml("URI"), AsXml("#" + id))) return false;
  xmlNode* transforms = ds.Child(reference, "Transforms");
  ds.Child(transforms, "Transform", kEnveloped);
  ds.Child(transforms, "Transform", kExclusiveC14n);
  ds.Child(reference, "DigestMethod", kSha256);
  return ds.Child(reference, "DigestValue") != nullptr &&
         ds.Child(&signature, "SignatureValue") != nullptr;
}

// After signing: xmlsec1 would rewrite a KeyInfo that it finds, from a certificate that it had
// parsed.
bool WriteKeyInfo(xmlNode& signature, const std::string& certificate) {
  Template ds(signature);
  xmlNode* x509 = ds.Child(ds.Child(&signature, "KeyInfo"), "X509Data");
  return Template::Text(ds.Child(x509, "X509Certificate"), certificate);
}

bool IsOneReferenceTo(xmlSecDSigCtx& context, const std::string& id) {
  if (xmlSecPtrListGetSize(&context.signedInfoReferences) != 1) return false;
  const auto* reference = static_cast<const xmlSecDSigReferenceCtx*>(
      xmlSecPtrListGetItem(&context.signedInfoReferences, 0));
  return reference != nullptr && reference->uri != nullptr &&
         std::strcmp(AsText(reference->uri), ("#" + id).c_str()) == 0;
}

// security.md O6: what xmlsec1 has just signed, by OpenSSL with the public key, over the very bytes
// of SignedInfo and the value that stands in the document. Verify would canonicalise and digest all
// of it once more, for a third of a signature's time; the full reading does that for 1 in 64.
bool IsSound(xmlSecDSigCtx& context, const std::string& id, const EVP_MD_CTX& verifier) {
  const bool is_written = context.signValueNode != nullptr &&
                          context.signValueNode->children != nullptr &&
                          IsOneReferenceTo(context, id);
  if (!is_written) return false;
  const Result<std::string> value = DecodeBase64(AsText(context.signValueNode->children->content));
  xmlSecBuffer* const signed_info = xmlSecDSigCtxGetPreSignBuffer(&context);
  const DigestContext rsa(EVP_MD_CTX_new());
  return value && signed_info != nullptr && rsa && EVP_MD_CTX_copy_ex(rsa.get(), &verifier) == 1 &&
         EVP_DigestVerify(rsa.get(), reinterpret_cast<const unsigned char*>(value->data()),
                          value->size(), xmlSecBufferGetData(signed_info),
                          xmlSecBufferGetSize(signed_info)) == 1;
}

}  // namespace

struct Signature::Parts {
  XmlSecKey private_key, public_key;
  DigestContext verifier;  // RSA-SHA256 with the public key; copied for each use
  std::string certificate_base64;
};

Signature::Signature(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Signature::Signature(Signature&&) noexcept = default;
Signature& Signature::operator=(Signature&&) noexcept = default;
Signature::~Signature() = default;

bool Signature::Initialise() { return InitialiseXmlSec(); }

Result<Signature> Signature::Create(const SigningKey& key) {
  if (!InitialiseXmlSec()) return Failed("it could not be initialised");
  auto parts = std::make_unique<Parts>();
  parts->private_key = Adopt(key.private_key());
  parts->public_key = Adopt(key.public_key());
  parts->certificate_base64 = key.certificate_base64();
  if (!parts->private_key || !parts->public_key) return Failed("it does not take the key");
  parts->verifier.reset(EVP_MD_CTX_new());
  if (!parts->verifier || EVP_DigestVerifyInit(parts->verifier.get(), nullptr, EVP_sha256(),
                                               nullptr, key.public_key()) != 1) {
    return Failed("OpenSSL does not take the public key");
  }
  return Signature(std::move(parts));
}

Result<void> Signature::RegisterId(xmlNode& assertion) {
  xmlAttr* attribute = xmlHasProp(&assertion, AsXml("ID"));
  const std::string id = IdOf(assertion);
  if (attribute == nullptr || id.empty()) return Failed("the assertion has no ID");
  // Null also where that ID is there already: two elements, one of them not the one that is signed.
  if (xmlAddID(nullptr, assertion.doc, AsXml(id), attribute) == nullptr) {
    return Failed("the assertion's ID is not unique");
  }
  return {};
}

Result<void> Signature::Sign(xmlNode& assertion) const {
  const Result<void> registered = RegisterId(assertion);
  if (!registered) return registered.error();
  xmlNode* signature = InsertSignature(assertion);
  if (signature == nullptr || !WriteTemplate(*signature, IdOf(assertion))) {
    return Failed("the signature could not be written");
  }
  const Context context = MakeContext(*parts_->private_key);
  if (!context) return Failed("out of memory");
  context->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNATURE;
  if (xmlSecDSigCtxSign(context.get(), signature) < 0 ||
      context->status != xmlSecDSigStatusSucceeded) {
    return Failed("signing failed");
  }
  if (!IsSound(*context, IdOf(assertion), *parts_->verifier)) return Failed(kDoesNotVerify);
  if (!WriteKeyInfo(*signature, parts_->certificate_base64)) {
    return Failed("the certificate could not be written");
  }
  return {};
}

Result<void> Signature::Verify(xmlNode& assertion, xmlNode& signature) const {
  const std::string id = IdOf(assertion);
  const xmlAttr* registered = xmlGetID(assertion.doc, AsXml(id));
  if (registered == nullptr || registered->parent != &assertion) {
    return Failed("the assertion's ID names another element");
  }
  const Context context = MakeContext(*parts_->public_key);
  if (!context || xmlSecDSigCtxVerify(context.get(), &signature) < 0 ||
      context->status != xmlSecDSigStatusSucceeded || !IsOneReferenceTo(*context, id)) {
    return Failed(kDoesNotVerify);
  }
  return {};
}

}  // namespace rolebridge::saml
