#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rolebridge {

// Where unpredictable bytes come from; a test hands in its own.
class Random {
 public:
  virtual ~Random() = default;
  // Fills all of `bytes`. Never returns with fewer: an identifier that can be guessed is worse than
  // a process that ends (security.md O4).
  virtual void Fill(std::span<unsigned char> bytes) = 0;
};

// getrandom(2). Safe to call from several threads.
class SystemRandom final : public Random {
 public:
  void Fill(std::span<unsigned char> bytes) override;
};

// `bytes` random bytes in lower-case hexadecimal, twice as many characters.
std::string RandomHex(Random& random, size_t bytes);

// Lower-case hexadecimal.
std::string ToHex(std::span<const unsigned char> bytes);
inline std::string ToHex(std::string_view bytes) {
  return ToHex(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace rolebridge
