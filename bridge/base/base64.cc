#include "bridge/base/base64.h"

#include <algorithm>
#include <cstdint>

namespace rolebridge {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int SextetOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

Error Malformed() { return {ErrorCode::kInvalidArgument, "not valid base64 (RFC 4648)"}; }

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  // Written by index: a response is 6 KB of it, and an append for each character would show in the
  // cost of issuing.
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  for (size_t i = 0; i < bytes.size(); i += 3, out += 4) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    out[0] = kAlphabet[group >> 18 & 63];
    out[1] = kAlphabet[group >> 12 & 63];
    if (count > 1) out[2] = kAlphabet[group >> 6 & 63];
    if (count > 2) out[3] = kAlphabet[group & 63];
  }
  return text;
}

Result<std::string> DecodeBase64(std::string_view text, bool allow_line_breaks) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t group = 0;
  int sextets = 0;
  int padding = 0;
  for (const char c : text) {
    if (allow_line_breaks && (c == '\r' || c == '\n')) continue;
    const int sextet = SextetOf(c);
    if (c == '=') {
      if (++padding > 2 || sextets + padding > 4) return Malformed();
    } else if (sextet < 0 || padding > 0) {
      return Malformed();
    } else {
      group = (group << 6) | static_cast<uint32_t>(sextet);
      ++sextets;
    }
    if (sextets == 4) {
      bytes.push_back(static_cast<char>(group >> 16));
      bytes.push_back(static_cast<char>(group >> 8));
      bytes.push_back(static_cast<char>(group));
      group = 0;
      sextets = 0;
    }
  }
  if (sextets == 0 && padding == 0) return bytes;
  if (sextets + padding != 4 || sextets < 2) return Malformed();
  group <<= 6 * padding;
  if ((group & (padding == 1 ? 0xffU : 0xffffU)) != 0) return Malformed();
  bytes.push_back(static_cast<char>(group >> 16));
  if (padding == 1) bytes.push_back(static_cast<char>(group >> 8));
  return bytes;
}

}  // namespace rolebridge
