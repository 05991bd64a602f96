#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <string>
#include <string_view>

#include "bridge/base/c_ptr.h"
#include "bridge/base/result.h"

// libxml2 with owners.
namespace rolebridge::saml {

using XmlDoc = CPtr<xmlDoc, xmlFreeDoc>;
using XmlParser = CPtr<xmlParserCtxt, xmlFreeParserCtxt>;

// Prepares libxml2 once in the process, and installs a loader that opens nothing, whatever a
// document asks for (security.md I1). Call it before anything else of libxml2's; safe from several
// threads.
void InitialiseXml();

inline const xmlChar* AsXml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }
inline const xmlChar* AsXml(const std::string& text) { return AsXml(text.c_str()); }
inline const char* AsText(const xmlChar* text) { return reinterpret_cast<const char*>(text); }

// Makes a document of ours, element by element. Values are checked before they enter, because
// libxml2 writes whatever it is given (security.md O3); the first mistake is kept and told by
// Finish, so that the calls between read as the document does.
class XmlWriter {
 public:
  XmlWriter();

  // The root, in the namespace `uri` that it declares as `prefix`.
  xmlNode* Root(const char* prefix, const char* uri, const char* name);
  // A child of `parent` at its end, in the parent's namespace.
  xmlNode* Child(xmlNode* parent, const char* name);
  // The same with a namespace of its own, declared on it.
  xmlNode* Child(xmlNode* parent, const char* prefix, const char* uri, const char* name);
  xmlNode* TextChild(xmlNode* parent, const char* name, const std::string& text);
  void Text(xmlNode* node, const std::string& text);
  void Attribute(xmlNode* node, const char* name, const std::string& value);
  // xml:lang.
  void Language(xmlNode* node, const char* language);

  // Errors: kInvalidArgument, a value may not stand in XML; kInternal, memory ran out.
  Result<XmlDoc> Finish();

 private:
  bool IsFine(const char* name, const std::string& text);
  template <typename T>
  T* Kept(T* object);

  XmlDoc doc_;
  std::string why_not_;
  bool out_of_memory_ = false;
};

// `doc` as text in UTF-8 without XML declaration and without white space of its own making.
Result<std::string> SerialiseRoot(xmlDoc& doc);

// Text that this program wrote, read again. Errors: kInternal, it is not well-formed.
Result<XmlDoc> ParseOwn(std::string_view text);

}  // namespace rolebridge::saml
