#include "bridge/web/form.h"

#include <cctype>

#include "bridge/base/percent.h"

namespace rolebridge::web {
namespace {

constexpr size_t kMaxFormFields = 64;

// The decoded bytes of one name or value; nothing where an escape is cut or a NUL is in it.
std::optional<SecretString> Decode(std::string_view text) {
  SecretString decoded = SecretString::OfSize(text.size());
  size_t length = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded.MutableReveal()[length++] = c;
  }
  return SecretString(decoded.Reveal().substr(0, length));
}

}  // namespace

Result<Form> Form::Parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    const std::optional<SecretString> name = Decode(field.substr(0, equals));
    std::optional<SecretString> value =
        Decode(equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1));
    if (!name || !value) return Error{ErrorCode::kInvalidArgument, "a form with a broken escape"};
    if (form.Find(name->Reveal())) {
      return Error{ErrorCode::kInvalidArgument, "a form that names a field twice"};
    }
    if (form.fields_.size() == kMaxFormFields) {
      return Error{ErrorCode::kInvalidArgument, "a form with too many fields"};
    }
    form.fields_.emplace_back(name->Reveal(), std::move(*value));
  }
  return form;
}

std::optional<std::string_view> Form::Find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return value.Reveal();
  }
  return std::nullopt;
}

std::string_view Form::Get(std::string_view name) const { return Find(name).value_or(""); }

std::string EncodeQueryValue(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((std::isalnum(byte) != 0 && byte < 0x80) || c == '-' || c == '.' || c == '_') {
      encoded.push_back(c);
    } else {
      encoded.push_back('%');
      encoded.push_back(kDigits[byte >> 4]);
      encoded.push_back(kDigits[byte & 15]);
    }
  }
  return encoded;
}

}  // namespace rolebridge::web
