#include "ldap/filter.h"

#include <algorithm>
#include <utility>

namespace rolebridge::ldap {
namespace {

constexpr size_t kMaximumBytes = 4096;
constexpr int kMaximumDepth = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }

bool IsNumericOid(std::string_view text) {
  bool digit_before = false;
  size_t dots = 0;
  for (const char c : text) {
    if (!IsDigit(c) && (c != '.' || !digit_before)) return false;
    digit_before = IsDigit(c);
    dots += c == '.';
  }
  return digit_before && dots > 0;
}

bool IsKeyString(std::string_view text) {
  return !text.empty() && IsLetter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-';
  });
}

std::string Escape(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : value) {
    if (IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '@' || c == '-') {
      text += c;
    } else {
      text += '\\';
      text += kDigits[static_cast<unsigned char>(c) >> 4];
      text += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return text;
}

std::string Listed(char kind, const std::vector<std::string>& filters) {
  std::string text = std::string("(") + kind;
  for (const std::string& filter : filters) text += filter;
  return text + ")";
}

// A recursive descent over RFC 4515 that writes what it has understood, so that nothing which it
// has not understood can reach the server.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { literals_.emplace_back(); }

  Result<std::vector<std::string>> Parse() {
    if (text_.size() > kMaximumBytes) return Wrong("the filter is longer than 4096 bytes");
    SkipSpace();
    if (const auto parsed = Filter(0, false); !parsed) return parsed.error();
    SkipSpace();
    if (!AtEnd()) return Wrong("something follows the filter's last ')'");
    if (literals_.size() < 2) {
      at_ = 0;
      return Wrong("it does not hold '{{ username }}', so it would find everybody");
    }
    return std::move(literals_);
  }

 private:
  Result<void> Filter(int depth, bool negated) {
    if (depth > kMaximumDepth) return Wrong("it is nested too deeply");
    if (!Take('(')) return Wrong("a '(' is due");
    SkipSpace();
    const char kind = AtEnd() ? '\0' : text_[at_];
    const bool is_list = kind == '&' || kind == '|';
    const auto parsed = is_list       ? List(depth, negated)
                        : kind == '!' ? Negation(depth)
                                      : Item(negated);
    if (!parsed) return parsed;
    if (!Take(')')) return Wrong("a ')' is due");
    return {};
  }

  Result<void> List(int depth, bool negated) {
    Take(text_[at_]);
    SkipSpace();
    // RFC 4526 allows an empty list; as a mistake it would grant or refuse everybody.
    if (AtEnd() || text_[at_] != '(') return Wrong("a '(' is due");
    while (!AtEnd() && text_[at_] == '(') {
      if (const auto parsed = Filter(depth + 1, negated); !parsed) return parsed;
      SkipSpace();
    }
    return {};
  }

  Result<void> Negation(int depth) {
    Take('!');
    SkipSpace();
    const auto parsed = Filter(depth + 1, true);
    SkipSpace();
    return parsed;
  }

  // attr, attr;option, attr:dn:rule or :rule, then an operator and a value.
  Result<void> Item(bool negated) {
    const size_t start = at_;
    while (!AtEnd() && std::string_view("=~<>()*\\ ").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    std::string_view name = text_.substr(start, at_ - start);
    const bool is_extensible = name.ends_with(':');
    if (is_extensible) name.remove_suffix(1);
    if (!(is_extensible ? IsExtensibleName(name) : IsDescription(name))) {
      at_ = start;
      return Wrong("an attribute's name is due");
    }
    literals_.back() += text_.substr(start, at_ - start);
    const bool is_plain = !is_extensible && !AtEnd() && text_[at_] == '=';
    if (!is_plain && !is_extensible && !AtEnd()) Write(text_[at_++]);  // ~= >= <=
    if (!Take('=')) return Wrong("a '=' is due");
    return Value(negated, is_plain);
  }

  Result<void> Value(bool negated, bool may_have_stars) {
    const size_t start = at_;
    size_t stars = 0;
    size_t holes = 0;
    while (!AtEnd() && text_[at_] != ')') {
      const char c = text_[at_];
      if (text_.substr(at_).starts_with("{{")) {
        if (const auto parsed = Hole(negated); !parsed) return parsed;
        ++holes;
        continue;
      }
      if (c == '\\') {
        if (at_ + 2 >= text_.size() || !IsHex(text_[at_ + 1]) || !IsHex(text_[at_ + 2])) {
          return Wrong("after '\\' two hexadecimal digits are due");
        }
        literals_.back() += text_.substr(at_, 3);
        at_ += 3;
        continue;
      }
      if (c == '(' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        return Wrong("this byte must be written as '\\' and two hexadecimal digits");
      }
      if (c == '*' && !may_have_stars) return Wrong("a '*' can stand only after a plain '='");
      stars += c == '*';
      Write(c);
      ++at_;
    }
    if (holes > 0 && stars > 0) {
      at_ = start;
      return Wrong("a '*' beside '{{ username }}' would find other people too");
    }
    return {};
  }

  Result<void> Hole(bool negated) {
    const size_t end = text_.find("}}", at_);
    if (end == std::string_view::npos) return Wrong("'{{' without '}}'");
    std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (name != "username") return Wrong("only '{{ username }}' can be filled in here");
    if (negated) return Wrong("'{{ username }}' below a '!' would find everybody else");
    at_ = end + 2;
    literals_.emplace_back();
    return {};
  }

  // attributedescription of RFC 4512 2.5: a name and options.
  static bool IsDescription(std::string_view text) {
    size_t semicolon = text.find(';');
    if (!IsAttributeName(text.substr(0, semicolon))) return false;
    while (semicolon != std::string_view::npos) {
      text.remove_prefix(semicolon + 1);
      semicolon = text.find(';');
      const std::string_view option = text.substr(0, semicolon);
      if (option.empty() || !std::all_of(option.begin(), option.end(), [](char c) {
            return IsLetter(c) || IsDigit(c) || c == '-';
          })) {
        return false;
      }
    }
    return true;
  }

  // [attr] [:dn] [:rule], at least one of attr and rule.
  static bool IsExtensibleName(std::string_view text) {
    const size_t colon = text.find(':');
    const std::string_view attribute = text.substr(0, colon);
    std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon);
    if (rest == ":dn" || rest.starts_with(":dn:")) rest.remove_prefix(3);
    if (!attribute.empty() && !IsDescription(attribute)) return false;
    if (rest.empty()) return !attribute.empty();
    return rest.size() > 1 && IsAttributeName(rest.substr(1));
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  void Write(char c) { literals_.back() += c; }
  void SkipSpace() {
    while (!AtEnd() && IsSpace(text_[at_])) ++at_;
  }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    Write(c);
    ++at_;
    return true;
  }
  Error Wrong(std::string_view what) const {
    return {ErrorCode::kInvalidArgument, "'" + std::string(text_.substr(0, 200)) + "': column " +
                                             std::to_string(at_ + 1) + ": " + std::string(what)};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<std::string> literals_;
};

}  // namespace

bool IsAttributeName(std::string_view name) {
  return name.size() <= 128 && (IsKeyString(name) || IsNumericOid(name));
}

std::string EqualityFilter(std::string_view attribute, std::string_view value) {
  return "(" + std::string(attribute) + "=" + Escape(value) + ")";
}

std::string AnyOf(const std::vector<std::string>& filters) {
  return filters.size() == 1 ? filters.front() : Listed('|', filters);
}

std::string AllOf(const std::vector<std::string>& filters) { return Listed('&', filters); }

std::string BitsFilter(std::string_view attribute, uint32_t bits) {
  return "(" + std::string(attribute) + ":1.2.840.113556.1.4.803:=" + std::to_string(bits) + ")";
}

std::string PresenceFilter(std::string_view attribute) {
  return "(" + std::string(attribute) + "=*)";
}

Result<FilterTemplate> FilterTemplate::Parse(std::string_view text) {
  auto literals = Parser(text).Parse();
  if (!literals) return literals.error();
  FilterTemplate filter;
  filter.literals_ = *std::move(literals);
  return filter;
}

std::string FilterTemplate::Render(std::string_view username) const {
  const std::string escaped = Escape(username);
  std::string text = literals_.front();
  for (size_t i = 1; i < literals_.size(); ++i) text += escaped + literals_[i];
  return text;
}

Result<void> CheckFilterTemplate(std::string_view text) {
  const auto parsed = FilterTemplate::Parse(text);
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace rolebridge::ldap
