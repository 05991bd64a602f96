#include "bridge/saml/xml.h"

#include <climits>
#include <mutex>

#include "bridge/saml/xml_text.h"

namespace rolebridge::saml {
namespace {

xmlParserInput* RefuseToLoad(const char*, const char*, xmlParserCtxt*) { return nullptr; }

#if LIBXML_VERSION >= 21200
void Swallow(void*, const xmlError*) {}
#else
void Swallow(void*, xmlError*) {}
#endif

}  // namespace

void InitialiseXml() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSetExternalEntityLoader(RefuseToLoad);
  });
}

XmlWriter::XmlWriter() {
  InitialiseXml();
  doc_.reset(Kept(xmlNewDoc(AsXml("1.0"))));
  // Else libxml2 writes everything outside ASCII in attributes as character references.
  if (doc_) doc_->encoding = Kept(xmlStrdup(AsXml("UTF-8")));
}

template <typename T>
T* XmlWriter::Kept(T* object) {
  if (object == nullptr) out_of_memory_ = true;
  return object;
}

bool XmlWriter::IsFine(const char* name, const std::string& text) {
  const char* why = WhyNotXmlText(text);
  if (why != nullptr && why_not_.empty()) {
    why_not_ = "a value of '" + std::string(name) + "' may not stand in XML: " + why;
  }
  return why == nullptr;
}

xmlNode* XmlWriter::Root(const char* prefix, const char* uri, const char* name) {
  if (!doc_) return nullptr;
  xmlNode* root = Kept(xmlNewDocNode(doc_.get(), nullptr, AsXml(name), nullptr));
  if (root == nullptr) return nullptr;
  xmlDocSetRootElement(doc_.get(), root);
  xmlSetNs(root, Kept(xmlNewNs(root, AsXml(uri), AsXml(prefix))));
  return root;
}

xmlNode* XmlWriter::Child(xmlNode* parent, const char* name) {
  if (parent == nullptr) return nullptr;
  xmlNode* child = Kept(xmlNewDocNode(parent->doc, parent->ns, AsXml(name), nullptr));
  if (child != nullptr) xmlAddChild(parent, child);
  return child;
}

xmlNode* XmlWriter::Child(xmlNode* parent, const char* prefix, const char* uri, const char* name) {
  xmlNode* child = Child(parent, name);
  if (child != nullptr) xmlSetNs(child, Kept(xmlNewNs(child, AsXml(uri), AsXml(prefix))));
  return child;
}

xmlNode* XmlWriter::TextChild(xmlNode* parent, const char* name, const std::string& text) {
  xmlNode* child = Child(parent, name);
  Text(child, text);
  return child;
}

void XmlWriter::Text(xmlNode* node, const std::string& text) {
  if (node == nullptr || !IsFine(AsText(node->name), text)) return;
  // O2: this call alone takes text as it is; others read entities in it.
  xmlNode* child = Kept(xmlNewDocText(node->doc, AsXml(text)));
  if (child != nullptr) xmlAddChild(node, child);
}

void XmlWriter::Attribute(xmlNode* node, const char* name, const std::string& value) {
  if (node == nullptr || !IsFine(name, value)) return;
  Kept(xmlSetProp(node, AsXml(name), AsXml(value)));
}

void XmlWriter::Language(xmlNode* node, const char* language) {
  if (node == nullptr) return;
  xmlNs* xml_ns = Kept(xmlSearchNs(node->doc, node, AsXml("xml")));
  Kept(xmlSetNsProp(node, xml_ns, AsXml("lang"), AsXml(language)));
}

Result<XmlDoc> XmlWriter::Finish() {
  if (!why_not_.empty()) return Error{ErrorCode::kInvalidArgument, why_not_};
  if (out_of_memory_) return Error{ErrorCode::kInternal, "libxml2: out of memory"};
  return std::move(doc_);
}

Result<std::string> SerialiseRoot(xmlDoc& doc) {
  const CPtr<xmlBuffer, xmlBufferFree> buffer(xmlBufferCreate());
  // Doubling is linear; the default grows a little at a time.
  if (buffer) xmlBufferSetAllocationScheme(buffer.get(), XML_BUFFER_ALLOC_DOUBLEIT);
  if (!buffer || xmlNodeDump(buffer.get(), &doc, xmlDocGetRootElement(&doc), 0, 0) < 0) {
    return Error{ErrorCode::kInternal, "libxml2: the document could not be written"};
  }
  return std::string(AsText(xmlBufferContent(buffer.get())),
                     static_cast<size_t>(xmlBufferLength(buffer.get())));
}

Result<XmlDoc> ParseOwn(std::string_view text) {
  InitialiseXml();
  const XmlParser parser(xmlNewParserCtxt());
  if (!parser || text.size() > INT_MAX) return Error{ErrorCode::kInternal, "libxml2: no parser"};
  parser->sax->serror = Swallow;
  XmlDoc doc(xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr,
                               "UTF-8", XML_PARSE_NONET));
  if (!doc || parser->wellFormed == 0 || parser->nsWellFormed == 0) {
    return Error{ErrorCode::kInternal, "the document that was written is not well-formed"};
  }
  return doc;
}

}  // namespace rolebridge::saml
