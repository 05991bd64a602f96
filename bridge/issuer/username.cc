#include "bridge/issuer/username.h"

#include <algorithm>

namespace rolebridge::issuer {
namespace {

constexpr size_t kMaxLength = 64;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool MayStart(char c) {
  return IsUpper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
bool MayFollow(char c) { return MayStart(c) || c == '.' || c == '-'; }

}  // namespace

std::optional<std::string> CanonicalUsername(std::string_view typed, bool fold_case) {
  if (typed.empty() || typed.size() > kMaxLength || !MayStart(typed.front()) ||
      !std::all_of(typed.begin(), typed.end(), MayFollow)) {
    return std::nullopt;
  }
  std::string name(typed);
  if (fold_case) {
    for (char& c : name) {
      if (IsUpper(c)) c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return name;
}

}  // namespace rolebridge::issuer
