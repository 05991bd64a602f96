#include "bridge/saml/authn_request.h"

#include <zlib.h>

#include <array>
#include <optional>

#include "bridge/base/base64.h"
#include "bridge/saml/instant.h"
#include "bridge/saml/names.h"
#include "bridge/saml/xml.h"
#include "bridge/saml/xml_text.h"

namespace rolebridge::saml {
namespace {

// security.md section 3.
constexpr size_t kMaxBase64 = 48 * 1024;
constexpr size_t kMaxXml = 32 * 1024;
constexpr int kMaxDepth = 12;
constexpr int kMaxAttributes = 32;
constexpr size_t kMaxId = 128;
constexpr size_t kMaxEntityId = 1024;  // SAML Core 8.3.6
constexpr size_t kMaxUrl = 1024;       // as the issuer protocol carries it
constexpr size_t kMaxContexts = 16;

constexpr char kEntityFormat[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

Error Refused(const std::string& why) {
  return {ErrorCode::kInvalidArgument, "AuthnRequest: " + why};
}

Error TooMuch(const std::string& what) {
  return {ErrorCode::kResourceExhausted, "AuthnRequest: " + what};
}

// ---- bytes (security.md I1) ----

// Raw deflate (RFC 1951) into a buffer that does not grow: a bomb fills it and no more.
Result<std::string> Inflate(std::string_view deflated) {
  std::string xml(kMaxXml + 1, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return Error{ErrorCode::kInternal, "zlib: no memory"};
  // zlib does not write to its input; the cast is its interface's.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  stream.next_out = reinterpret_cast<Bytef*>(xml.data());
  stream.avail_out = static_cast<uInt>(xml.size());
  const int outcome = inflate(&stream, Z_FINISH);
  const size_t left_in = stream.avail_in;
  const size_t left_out = stream.avail_out;
  inflateEnd(&stream);
  if (left_out == 0) return TooMuch("it is larger than 32 KiB when unpacked");
  if (outcome != Z_STREAM_END) return Refused("it is not raw deflate (RFC 1951)");
  if (left_in != 0) return Refused("something stands behind the deflated data");
  xml.resize(xml.size() - left_out);
  return xml;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsUtf8Name(std::string_view name) {
  constexpr std::string_view kName = "utf-8";
  if (name.size() != kName.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char lower = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
    if (lower != kName[i]) return false;
  }
  return true;
}

// Whether the XML declaration, if there is one, says UTF-8 or nothing: the parser is told UTF-8,
// and a reader elsewhere that believes the declaration would see another document.
bool DeclaresUtf8(std::string_view xml) {
  constexpr std::string_view kStart = "<?xml";
  if (!xml.starts_with(kStart)) return true;
  const std::string_view declaration = xml.substr(0, xml.find("?>"));
  constexpr std::string_view kEncoding = "encoding";
  const size_t at = declaration.find(kEncoding);
  if (at == std::string_view::npos) return true;
  std::string_view value = Trimmed(declaration.substr(at + kEncoding.size()));
  if (!value.starts_with('=')) return false;
  value = Trimmed(value.substr(1));
  if (value.empty() || (value.front() != '"' && value.front() != '\'')) return false;
  const size_t end = value.find(value.front(), 1);
  return end != std::string_view::npos && IsUtf8Name(value.substr(1, end - 1));
}

// ---- XML: one pass, no tree (security.md I2 to I4) ----

// Attributes of one element that have no namespace.
class Attributes {
 public:
  Attributes(int count, const xmlChar** fields) : count_(count), fields_(fields) {}

  std::optional<std::string> Find(std::string_view name) const {
    for (int i = 0; i < count_; ++i) {
      // libxml2's SAX2: local name, prefix, URI, start and end of the value.
      const xmlChar** field = fields_ + 5 * i;
      if (field[2] == nullptr && name == AsText(field[0])) {
        return WithAmpersands({AsText(field[3]), static_cast<size_t>(field[4] - field[3])});
      }
    }
    return std::nullopt;
  }

 private:
  // Unless it replaces entities (I1 forbids it), libxml2 hands an ampersand out as "&#38;", for its
  // tree builder to read once more. There is no other ampersand in what it hands out.
  static std::string WithAmpersands(std::string_view value) {
    constexpr std::string_view kEscaped = "&#38;";
    std::string text;
    for (size_t at = value.find(kEscaped); at != std::string_view::npos;
         at = value.find(kEscaped)) {
      text += value.substr(0, at);
      text += '&';
      value.remove_prefix(at + kEscaped.size());
    }
    return text.append(value);
  }

  int count_;
  const xmlChar** fields_;
};

// What the children of AuthnRequest are; each at most once.
enum class Part {
  kIssuer,
  kSignature,
  kExtensions,
  kSubject,
  kNameIdPolicy,
  kConditions,
  kRequestedContext,
  kScoping
};

struct PartName {
  Part part;
  const char* uri;
  const char* name;
};

constexpr std::array<PartName, 8> kParts = {
    PartName{Part::kIssuer, kAssertionNs, "Issuer"},
    PartName{Part::kSignature, kSignatureNs, "Signature"},
    PartName{Part::kExtensions, kProtocolNs, "Extensions"},
    PartName{Part::kSubject, kAssertionNs, "Subject"},
    PartName{Part::kNameIdPolicy, kProtocolNs, "NameIDPolicy"},
    PartName{Part::kConditions, kAssertionNs, "Conditions"},
    PartName{Part::kRequestedContext, kProtocolNs, "RequestedAuthnContext"},
    PartName{Part::kScoping, kProtocolNs, "Scoping"},
};

// Receives the parser's events. After the first thing that is not as it should be it stops the
// parser, and nothing that comes later counts.
class Reader {
 public:
  explicit Reader(xmlParserCtxt& parser) : parser_(parser) {}

  void Start(std::string_view name, std::string_view uri, int namespaces, int count,
             const xmlChar** fields) {
    if (stopped()) return;
    StartElement(name, uri, namespaces, count, fields);
    StopParserAfterRefusal();
  }

  void End() {
    if (stopped()) return;
    if (wants_text_) TakeText();
    --depth_;
    if (depth_ == 0) complete_ = true;
    StopParserAfterRefusal();
  }

  void Text(std::string_view text) {
    if (stopped()) return;
    // The bound is that of the whole document, so this cannot grow past it.
    if (wants_text_) {
      text_ += text;
    } else if (depth_ < 2 && !Trimmed(text).empty()) {
      Fail("text stands between its elements");
    }
    StopParserAfterRefusal();
  }

  // For what may not be there at all.
  void Refuse(const char* why) {
    if (!stopped()) Fail(why);
    StopParserAfterRefusal();
  }

  // Also after a mistake in the XML itself: libxml2 still hands out some text then.
  bool stopped() const { return error_.has_value() || parser_.wellFormed == 0; }

  Result<AuthnRequest> Finish() && {
    if (error_) return *error_;
    if (parser_.wellFormed == 0 || parser_.nsWellFormed == 0) {
      return Refused("it is not well-formed XML");
    }
    if (!complete_) return Refused("it is not complete");
    if (request_.issuer.empty()) return Refused("it has no Issuer");
    return std::move(request_);
  }

 private:
  void Stop(Error error) {
    if (!error_) error_ = std::move(error);
  }

  void Fail(const std::string& why) { Stop(Refused(why)); }

  // Only at the end of an event: it frees what the event's text and attributes stand in.
  void StopParserAfterRefusal() {
    if (error_) xmlStopParser(&parser_);
  }

  void StartElement(std::string_view name, std::string_view uri, int namespaces, int count,
                    const xmlChar** fields) {
    ++depth_;
    if (depth_ > kMaxDepth) return Stop(TooMuch("its elements are nested deeper than 12"));
    if (namespaces + count > kMaxAttributes) {
      return Stop(TooMuch("an element has more than 32 attributes"));
    }
    if (wants_text_) return Fail("an element stands where text alone is allowed");
    const Attributes attributes(count, fields);
    if (depth_ == 1) return StartRoot(name, uri, attributes);
    if (depth_ == 2) return StartPart(name, uri, attributes);
    if (depth_ == 3 && part_ == Part::kRequestedContext) return StartContext(name, uri);
  }

  void StartRoot(std::string_view name, std::string_view uri, const Attributes& attributes) {
    if (name != "AuthnRequest" || uri != kProtocolNs) {
      return Fail("its root is not AuthnRequest of SAML 2.0");
    }
    ReadId(attributes);
    ReadAcs(attributes);
    ReadFlags(attributes);
    if (attributes.Find("Version") != "2.0") return Fail("its Version is not 2.0");
    const Result<SysSeconds> instant = ParseInstant(attributes.Find("IssueInstant").value_or(""));
    if (!instant)
      return Fail("its IssueInstant is missing, or not an xs:dateTime with a time zone");
    request_.issue_instant = *instant;
    request_.destination = attributes.Find("Destination").value_or("");
    if (request_.destination.size() > kMaxUrl) return Fail("its Destination is too long");
  }

  void ReadId(const Attributes& attributes) {
    request_.id = attributes.Find("ID").value_or("");
    if (CountUtf8(request_.id) > kMaxId || xmlValidateNCName(AsXml(request_.id), 0) != 0) {
      Fail("its ID is missing, or not an NCName of at most 128 characters");
    }
  }

  // security.md I5: a URL or an index, not both.
  void ReadAcs(const Attributes& attributes) {
    request_.acs_url = attributes.Find("AssertionConsumerServiceURL").value_or("");
    if (request_.acs_url.size() > kMaxUrl)
      return Fail("its AssertionConsumerServiceURL is too long");
    const auto binding = attributes.Find("ProtocolBinding");
    if (binding && *binding != kBindingPost) {
      return Fail("it asks for a binding other than HTTP-POST");
    }
    const auto index = attributes.Find("AssertionConsumerServiceIndex");
    if (!index) return;
    const std::optional<uint16_t> number = ToUnsignedShort(*index);
    if (!number) return Fail("its AssertionConsumerServiceIndex is not a number up to 65535");
    if (!request_.acs_url.empty() || binding) {
      return Fail("it has AssertionConsumerServiceIndex beside a URL or a binding");
    }
    request_.has_acs_index = true;
    request_.acs_index = *number;
  }

  static std::optional<uint16_t> ToUnsignedShort(std::string_view text) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    unsigned number = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (number > 65535) return std::nullopt;
    return static_cast<uint16_t>(number);
  }

  void ReadFlags(const Attributes& attributes) {
    request_.force_authn = ReadBoolean(attributes.Find("ForceAuthn"));
    request_.is_passive = ReadBoolean(attributes.Find("IsPassive"));
  }

  bool ReadBoolean(const std::optional<std::string>& text) {
    if (!text || *text == "false" || *text == "0") return false;
    if (*text != "true" && *text != "1") Fail("a flag in it is neither true nor false");
    return true;
  }

  void StartPart(std::string_view name, std::string_view uri, const Attributes& attributes) {
    for (const PartName& known : kParts) {
      if (name != known.name || uri != known.uri) continue;
      bool& seen = seen_[static_cast<size_t>(known.part)];
      if (seen) return Fail("an element that may be there once is there twice");
      seen = true;
      part_ = known.part;
      return EnterPart(attributes);
    }
    Fail("it has an element that an AuthnRequest does not have");
  }

  void EnterPart(const Attributes& attributes) {
    switch (*part_) {
      case Part::kIssuer: {
        const auto format = attributes.Find("Format");
        if (format && *format != kEntityFormat) return Fail("its Issuer is not an entity");
        wants_text_ = true;
        return;
      }
      case Part::kSubject:
        // I6: who logs in is not the service provider's to say; ignoring it would break a promise.
        return Fail("it asks for one certain subject, which is not offered here");
      case Part::kNameIdPolicy:
        request_.name_id_format = attributes.Find("Format").value_or("");
        if (request_.name_id_format.size() > kMaxEntityId) Fail("its NameIDPolicy is too long");
        ReadBoolean(attributes.Find("AllowCreate"));
        return;
      case Part::kRequestedContext:
        request_.context_comparison = attributes.Find("Comparison").value_or("exact");
        if (!IsComparison(request_.context_comparison)) {
          Fail("its RequestedAuthnContext has an unknown Comparison");
        }
        return;
      case Part::kSignature:
      case Part::kExtensions:
      case Part::kConditions:
      case Part::kScoping:
        return;
    }
  }

  static bool IsComparison(std::string_view text) {
    return text == "exact" || text == "minimum" || text == "maximum" || text == "better";
  }

  void StartContext(std::string_view name, std::string_view uri) {
    if (name != "AuthnContextClassRef" || uri != kAssertionNs) {
      return Fail("its RequestedAuthnContext asks for something else than a class");
    }
    wants_text_ = true;
  }

  // At the end of an element whose text counts. saml2aws puts line breaks and tabs around it.
  void TakeText() {
    wants_text_ = false;
    std::string text(Trimmed(text_));
    text_.clear();
    if (text.empty() || text.size() > kMaxEntityId || WhyNotXmlText(text) != nullptr) {
      return Fail("a text in it is empty, longer than 1024 characters, or in several lines");
    }
    if (*part_ == Part::kIssuer) {
      request_.issuer = std::move(text);
    } else if (request_.requested_contexts.size() < kMaxContexts) {
      request_.requested_contexts.push_back(std::move(text));
    } else {
      Stop(TooMuch("it names more than 16 classes of authentication"));
    }
  }

  xmlParserCtxt& parser_;
  AuthnRequest request_;
  std::optional<Error> error_;
  std::optional<Part> part_;
  std::array<bool, kParts.size()> seen_{};
  std::string text_;
  bool wants_text_ = false;
  bool complete_ = false;
  int depth_ = 0;
};

Reader& ReaderOf(void* user) { return *static_cast<Reader*>(user); }

std::string_view View(const xmlChar* text, int length) {
  return {AsText(text), static_cast<size_t>(length)};
}

// What there is no handler for cannot happen without one of these before it: entities and the like
// need a DOCTYPE.
xmlSAXHandler Handlers() {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.startElementNs = [](void* user, const xmlChar* name, const xmlChar*, const xmlChar* uri,
                          int namespaces, const xmlChar**, int count, int, const xmlChar** fields) {
    ReaderOf(user).Start(AsText(name), uri == nullptr ? "" : AsText(uri), namespaces, count,
                         fields);
  };
  sax.endElementNs = [](void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    ReaderOf(user).End();
  };
  sax.characters = [](void* user, const xmlChar* text, int length) {
    ReaderOf(user).Text(View(text, length));
  };
  sax.ignorableWhitespace = sax.characters;
  // I4: two readers that see different strings is how SAML libraries keep falling.
  sax.cdataBlock = [](void* user, const xmlChar*, int) { ReaderOf(user).Refuse("it has CDATA"); };
  sax.comment = [](void* user, const xmlChar*) { ReaderOf(user).Refuse("it has a comment"); };
  sax.processingInstruction = [](void* user, const xmlChar*, const xmlChar*) {
    ReaderOf(user).Refuse("it has a processing instruction");
  };
  sax.reference = [](void* user, const xmlChar*) { ReaderOf(user).Refuse("it has an entity"); };
  sax.internalSubset = [](void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    ReaderOf(user).Refuse("it has a DOCTYPE");
  };
#if LIBXML_VERSION >= 21200
  sax.serror = [](void*, const xmlError*) {};
#else
  sax.serror = [](void*, xmlError*) {};
#endif
  return sax;
}

Result<AuthnRequest> ReadXml(std::string_view xml) {
  if (xml.size() > kMaxXml) return TooMuch("it is larger than 32 KiB");
  if (WhyNotXmlDocument(xml) != nullptr) {
    return Refused("it is not UTF-8, or has characters that XML does not allow");
  }
  // Also no byte order mark, behind which the declaration would go unseen.
  if (!Trimmed(xml).starts_with('<')) return Refused("it is not XML");
  if (!DeclaresUtf8(xml)) return Refused("it declares an encoding other than UTF-8");

  InitialiseXml();
  const XmlParser parser(xmlNewParserCtxt());
  if (!parser) return Error{ErrorCode::kInternal, "libxml2: no memory"};
  Reader reader(*parser);
  *parser->sax = Handlers();
  parser->userData = &reader;
  const XmlDoc none(xmlCtxtReadMemory(parser.get(), xml.data(), static_cast<int>(xml.size()),
                                      nullptr, "UTF-8", XML_PARSE_NONET));
  return std::move(reader).Finish();
}

Result<std::string> Decode(std::string_view parameter) {
  if (parameter.size() > kMaxBase64) return TooMuch("it is longer than 48 KiB of base64");
  Result<std::string> bytes = DecodeBase64(parameter, /*allow_line_breaks=*/true);
  if (!bytes) return Refused("it is not base64");
  return bytes;
}

}  // namespace

Result<AuthnRequest> ReadRedirectRequest(std::string_view parameter) {
  const Result<std::string> deflated = Decode(parameter);
  if (!deflated) return deflated.error();
  const Result<std::string> xml = Inflate(*deflated);
  if (!xml) return xml.error();
  return ReadXml(*xml);
}

Result<AuthnRequest> ReadPostRequest(std::string_view parameter) {
  const Result<std::string> xml = Decode(parameter);
  if (!xml) return xml.error();
  if (!Trimmed(*xml).starts_with('<')) {
    return Refused(
        "by POST it must be base64 of XML, not of deflated XML; switch compression off for this "
        "binding (node-saml: skipRequestCompression)");
  }
  return ReadXml(*xml);
}

}  // namespace rolebridge::saml
