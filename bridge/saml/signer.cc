#include "bridge/saml/signer.h"

#include "bridge/saml/response_reader.h"
#include "bridge/saml/response_writer.h"
#include "bridge/saml/signature.h"
#include "bridge/saml/xml.h"

namespace rolebridge::saml {
namespace {

// What a relying party will read, from the text that it will get, against what was meant.
Result<void> CheckText(const std::string& text, const Response& response,
                       const Signature& signature) {
  const Result<XmlDoc> doc = ParseOwn(text);
  if (!doc) return doc.error();
  const Result<ReadBack> read = ReadResponse(**doc);
  if (!read) return read.error();
  if (read->response != response) {
    return Error{ErrorCode::kInternal, "read back: the text says something else than was meant"};
  }
  if (read->signature == nullptr) return Error{ErrorCode::kInternal, "read back: not signed"};
  const Result<void> registered = Signature::RegisterId(*read->assertion);
  if (!registered) return registered.error();
  return signature.Verify(*read->assertion, *read->signature);
}

}  // namespace

struct Signer::Parts {
  SigningKey key;
  Signature signature;
};

Signer::Signer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::Create(SigningKey key) {
  Result<Signature> signature = Signature::Create(key);
  if (!signature) return signature.error();
  return Signer(std::make_unique<Parts>(Parts{std::move(key), std::move(*signature)}));
}

const SigningKey& Signer::key() const { return parts_->key; }

Result<std::string> Signer::Sign(const Response& response, bool reparse) const {
  const Result<WrittenResponse> written = WriteResponse(response);
  if (!written) return written.error();
  const Result<void> is_signed = parts_->signature.Sign(*written->assertion);
  if (!is_signed) return is_signed.error();
  Result<std::string> text = SerialiseRoot(*written->doc);
  if (!text || !reparse) return text;
  const Result<void> checked = CheckText(*text, response, parts_->signature);
  if (!checked) return checked.error();
  return text;
}

}  // namespace rolebridge::saml
