#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge {

// How the messages between our processes stand in bytes: fields in a fixed order, integers
// big-endian in four bytes, text as its length and its bytes, lists as their count and elements.
// A message struct lists its fields once, in `template <class Archive> void Fields(Archive&)`, and
// both directions use that list, so they cannot drift apart:
//
//   struct Prompt {
//     bool echo = false;
//     std::string text;
//     template <class Archive>
//     void Fields(Archive& archive) {
//       archive.Bool(echo);
//       archive.Text(text, 512);    // at most 512 bytes, in both directions
//     }
//   };
//
// Every length is compared with its bound before anything is allocated; a message with a byte left
// over, or one too few, is no message (security.md C2).

class WireWriter {
 public:
  // The bytes; to be asked once, at the end. Errors: kInvalidArgument, a field was above its bound.
  Result<SecretString> Finish();
  ~WireWriter() { WipeString(bytes_); }
  WireWriter() { bytes_.reserve(512); }
  WireWriter(const WireWriter&) = delete;
  WireWriter& operator=(const WireWriter&) = delete;

  void Byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Bool(bool value) { Byte(value ? 1 : 0); }
  void Number(uint32_t value, uint32_t maximum);
  void Long(uint64_t value);
  void OptionalNumber(const std::optional<uint32_t>& value, uint32_t maximum) {
    Bool(value.has_value());
    if (value) Number(*value, maximum);
  }
  void Text(std::string_view value, uint32_t maximum);
  void Secret(const SecretString& value, uint32_t maximum) { Text(value.Reveal(), maximum); }
  template <typename E>
  void Enum(E value, E last) {
    if (value > last) failed_ = true;
    Byte(static_cast<uint8_t>(value));
  }
  template <typename T>
  void List(std::vector<T>& values, uint32_t maximum) {
    Number(static_cast<uint32_t>(values.size()), maximum);
    for (T& value : values) value.Fields(*this);
  }
  void Texts(std::vector<std::string>& values, uint32_t maximum, uint32_t text_maximum) {
    Number(static_cast<uint32_t>(values.size()), maximum);
    for (const std::string& value : values) Text(value, text_maximum);
  }
  void Secrets(std::vector<SecretString>& values, uint32_t maximum, uint32_t text_maximum) {
    Number(static_cast<uint32_t>(values.size()), maximum);
    for (const SecretString& value : values) Secret(value, text_maximum);
  }

 private:
  void Grow(size_t more);
  std::string bytes_;
  bool failed_ = false;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  // True where every field so far was there and within its bound.
  bool ok() const { return !failed_; }
  // True where in addition nothing is left over.
  bool AtEnd() const { return !failed_ && rest_.empty(); }

  void Byte(uint8_t& value);
  void Bool(bool& value);
  void Number(uint32_t& value, uint32_t maximum);
  void Long(uint64_t& value);
  void OptionalNumber(std::optional<uint32_t>& value, uint32_t maximum) {
    bool present = false;
    Bool(present);
    value.reset();
    if (present && !failed_) Number(value.emplace(), maximum);
  }
  void Text(std::string& value, uint32_t maximum);
  void Secret(SecretString& value, uint32_t maximum);
  template <typename E>
  void Enum(E& value, E last) {
    uint8_t byte = 0;
    Byte(byte);
    if (byte > static_cast<uint8_t>(last)) failed_ = true;
    if (!failed_) value = static_cast<E>(byte);
  }
  template <typename T>
  void List(std::vector<T>& values, uint32_t maximum) {
    values.clear();
    for (uint32_t left = Count(maximum); left > 0 && !failed_; --left) {
      values.emplace_back();
      values.back().Fields(*this);
    }
  }
  void Texts(std::vector<std::string>& values, uint32_t maximum, uint32_t text_maximum);
  void Secrets(std::vector<SecretString>& values, uint32_t maximum, uint32_t text_maximum);

 private:
  uint32_t Count(uint32_t maximum);
  std::string_view Take(uint32_t maximum);
  std::string_view rest_;
  bool failed_ = false;
};

// One message as bytes: its type, then its fields.
template <typename T>
Result<SecretString> EncodeMessage(uint8_t type, T& message) {
  WireWriter writer;
  writer.Byte(type);
  message.Fields(writer);
  return writer.Finish();
}

// The fields of a message whose type byte has been looked at.
// Errors: kInvalidArgument, too short, too long, or a field above its bound.
template <typename T>
Result<T> DecodeMessage(std::string_view bytes) {
  WireReader reader(bytes);
  uint8_t type = 0;
  reader.Byte(type);
  T message;
  message.Fields(reader);
  if (!reader.AtEnd()) return Error{ErrorCode::kInvalidArgument, "malformed message"};
  return message;
}

}  // namespace rolebridge
