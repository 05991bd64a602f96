#include "bridge/base/base64.h"

#include <array>
#include <cstdint>

namespace rolebridge {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr int kNoSextet = -1;

// By character, so that decoding looks up and compares nothing.
constexpr std::array<int, 256> kSextets = [] {
  std::array<int, 256> sextets{};
  sextets.fill(kNoSextet);
  for (size_t i = 0; i < 64; ++i) {
    sextets.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<int>(i);
  }
  return sextets;
}();

uint32_t ByteAt(std::string_view bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

Error Malformed() { return {ErrorCode::kInvalidArgument, "not valid base64 (RFC 4648)"}; }

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  // Written by index: a response is 6 KB of it, and an append for each character would show in the
  // cost of issuing.
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  const size_t rest = bytes.size() % 3;
  const size_t whole = bytes.size() - rest;
  for (size_t i = 0; i < whole; i += 3, out += 4) {
    const uint32_t group =
        ByteAt(bytes, i) << 16 | ByteAt(bytes, i + 1) << 8 | ByteAt(bytes, i + 2);
    out[0] = kAlphabet[group >> 18];
    out[1] = kAlphabet[group >> 12 & 63];
    out[2] = kAlphabet[group >> 6 & 63];
    out[3] = kAlphabet[group & 63];
  }
  if (rest == 0) return text;
  const uint32_t group =
      ByteAt(bytes, whole) << 16 | (rest == 2 ? ByteAt(bytes, whole + 1) << 8 : 0U);
  out[0] = kAlphabet[group >> 18];
  out[1] = kAlphabet[group >> 12 & 63];
  if (rest == 2) out[2] = kAlphabet[group >> 6 & 63];
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
    const int sextet = kSextets[static_cast<unsigned char>(c)];
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
