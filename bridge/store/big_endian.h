#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rolebridge::store {

// Eight bytes, the highest first: a number where bytes are hashed or kept in a file.
inline std::string BigEndian(int64_t number) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(number) >> (8 * (bytes.size() - 1 - i)));
  }
  return bytes;
}

inline int64_t FromBigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return static_cast<int64_t>(number);
}

}  // namespace rolebridge::store
