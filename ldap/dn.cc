#include "ldap/dn.h"

#include <ldap.h>
#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/base/c_ptr.h"

namespace rolebridge::ldap {
namespace {

constexpr size_t kMaximumBytes = 4096;

using ParsedDn = CPtr<std::remove_pointer_t<LDAPDN>, ldap_dnfree>;

std::string_view View(const berval& value) { return {value.bv_val, value.bv_len}; }

// RFC 4514 section 3 and the long names of RFC 4519: one attribute, one name.
std::string TypeName(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kNames = {{
      {"2.5.4.3", "cn"},
      {"commonname", "cn"},
      {"2.5.4.4", "sn"},
      {"surname", "sn"},
      {"2.5.4.6", "c"},
      {"countryname", "c"},
      {"2.5.4.7", "l"},
      {"localityname", "l"},
      {"2.5.4.8", "st"},
      {"stateorprovincename", "st"},
      {"2.5.4.10", "o"},
      {"organizationname", "o"},
      {"2.5.4.11", "ou"},
      {"organizationalunitname", "ou"},
      {"0.9.2342.19200300.100.1.25", "dc"},
      {"domaincomponent", "dc"},
      {"0.9.2342.19200300.100.1.1", "uid"},
      {"userid", "uid"},
  }};
  std::string name = LowerAscii(type);
  if (name.starts_with("oid.")) name.erase(0, 4);
  for (const auto& [alias, canonical] : kNames) {
    if (name == alias) return std::string(canonical);
  }
  return name;
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

// RFC 4514 section 2.4. The ends of a folded value are never spaces.
void AppendEscaped(std::string& text, std::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += "\\" + Hex({&c, 1});
      continue;
    }
    if (std::string_view("\"+,;<>\\").find(c) != std::string_view::npos || (i == 0 && c == '#')) {
      text += '\\';
    }
    text += c;
  }
}

// The length of the UTF-8 sequence that `bytes` starts with; 0 where that is none (RFC 3629).
size_t SequenceLength(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool too_large = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || too_large ? 0 : length;
}

// One code point of well-formed UTF-8.
char32_t Decoded(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]);
  char32_t code = static_cast<unsigned char>(sequence[0]) & (0x7f >> sequence.size());
  for (const char byte : sequence.substr(1)) {
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  return code;
}

std::string Encoded(char32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

// The lower case of one letter as Unicode has it, whatever the language of this process. One that
// would become a letter of ASCII (a Turkish dotted I, the sign of Kelvin) stays: to some servers
// that is another letter.
char32_t LowerLetter(char32_t letter) {
  static const locale_t kUnicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (letter < 0x80 || kUnicode == nullptr) return letter;
  const auto lower = static_cast<char32_t>(towlower_l(static_cast<wint_t>(letter), kUnicode));
  return lower < 0x80 ? letter : lower;
}

Error NotADn(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "'" + std::string(text.substr(0, 200)) +
                                           "' is no distinguished name (" + std::string(why) +
                                           "); write it like 'ou=people,dc=example,dc=org'"};
}

}  // namespace

bool IsText(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0 || bytes[0] == '\0') return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string FoldValue(std::string_view value) {
  std::string folded;
  while (!value.empty()) {
    const size_t length = std::max<size_t>(1, SequenceLength(value));
    const std::string_view letter = value.substr(0, length);
    value.remove_prefix(length);
    if (length > 1) {
      folded += Encoded(LowerLetter(Decoded(letter)));
    } else if (letter != " ") {
      folded += LowerAscii(letter[0]);
    } else if (!folded.empty() && folded.back() != ' ') {
      folded += ' ';
    }
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

Result<Dn> Dn::Parse(std::string_view text) {
  if (text.empty()) return NotADn(text, "empty");
  if (text.size() > kMaximumBytes) return NotADn(text, "too long");
  if (!IsText(text)) return NotADn("", "not UTF-8");
  const std::string copy(text);
  LDAPDN raw = nullptr;
  if (ldap_str2dn(copy.c_str(), &raw, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) {
    return NotADn(text, "not in the form of RFC 4514");
  }
  const ParsedDn parsed(raw);
  if (raw == nullptr) return NotADn(text, "empty");

  Dn dn;
  for (LDAPRDN* rdn = raw; *rdn != nullptr; ++rdn) {
    Rdn parts;
    for (LDAPAVA** ava = *rdn; *ava != nullptr; ++ava) {
      const bool is_binary = ((*ava)->la_flags & LDAP_AVA_BINARY) != 0;
      const std::string_view value = View((*ava)->la_value);
      if (is_binary && value.empty()) return NotADn(text, "'#' without a value");
      if (!is_binary && !IsText(value)) return NotADn(text, "a value is not UTF-8");
      parts.push_back({TypeName(View((*ava)->la_attr)),
                       is_binary ? "#" + Hex(value) : FoldValue(value), is_binary});
    }
    std::sort(parts.begin(), parts.end());
    dn.rdns_.push_back(std::move(parts));
  }
  dn.WriteText();
  return dn;
}

void Dn::WriteText() {
  for (const Rdn& rdn : rdns_) {
    if (!text_.empty()) text_ += ',';
    bool is_first = true;
    for (const Part& part : rdn) {
      if (!std::exchange(is_first, false)) text_ += '+';
      text_.append(part.type).append("=");
      if (part.is_binary) {
        text_ += part.value;
      } else {
        AppendEscaped(text_, part.value);
      }
    }
  }
}

bool Dn::IsWithin(const Dn& base) const {
  if (rdns_.size() < base.rdns_.size()) return false;
  return std::equal(base.rdns_.rbegin(), base.rdns_.rend(), rdns_.rbegin());
}

std::optional<Dn> Dn::Parent() const {
  if (rdns_.size() < 2) return std::nullopt;
  Dn parent;
  parent.rdns_.assign(rdns_.begin() + 1, rdns_.end());
  parent.WriteText();
  return parent;
}

std::optional<std::pair<std::string, std::string>> Dn::HeldValue() const {
  const Part& first = rdns_.front().front();
  if (first.is_binary) return std::nullopt;
  return std::pair(first.type, first.value);
}

std::optional<std::string> Dn::RdnValue(std::string_view type) const {
  for (const Part& part : rdns_.front()) {
    if (part.type == type && !part.is_binary) return part.value;
  }
  return std::nullopt;
}

}  // namespace rolebridge::ldap
