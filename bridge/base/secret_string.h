#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace rolebridge {

// Bytes that cannot be copied or printed and are wiped when they go (security.md P10).
//
// On the heap, never in a small-buffer: std::string's inline copy would outlive a move. Reveal() is
// the one way to the bytes, so that each use can be found by searching for it.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view bytes);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString();

  // Room for `size` bytes, zeroed, to be filled through MutableReveal().
  static SecretString OfSize(size_t size);

  std::string_view Reveal() const { return {bytes_.get(), size_}; }
  char* MutableReveal() { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Overwrites and frees now instead of at the end of the scope.
  void Wipe();

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

// True where both hold the same bytes; takes the same time wherever they differ.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// Wipes what a std::string holds (a library gave it to us as one) and empties it.
void WipeString(std::string& text);

}  // namespace rolebridge
