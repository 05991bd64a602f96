#include "bridge/base/wire.h"

namespace rolebridge {

Result<SecretString> WireWriter::Finish() {
  if (failed_) return Error{ErrorCode::kInvalidArgument, "a field is above its bound"};
  SecretString result(bytes_);
  WipeString(bytes_);
  return result;
}

// std::string would free its old buffer unwiped when it grows, and the old one may hold a secret.
void WireWriter::Grow(size_t more) {
  if (bytes_.size() + more <= bytes_.capacity()) return;
  std::string larger;
  larger.reserve((bytes_.size() + more) * 2);
  larger = bytes_;
  WipeString(bytes_);
  bytes_ = std::move(larger);
}

void WireWriter::Number(uint32_t value, uint32_t maximum) {
  if (value > maximum) failed_ = true;
  Grow(4);
  for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(value >> shift));
}

void WireWriter::Long(uint64_t value) {
  Number(static_cast<uint32_t>(value >> 32), UINT32_MAX);
  Number(static_cast<uint32_t>(value), UINT32_MAX);
}

void WireWriter::Text(std::string_view value, uint32_t maximum) {
  if (value.size() > maximum) {
    failed_ = true;
    return;
  }
  Number(static_cast<uint32_t>(value.size()), maximum);
  Grow(value.size());
  bytes_.append(value);
}

void WireReader::Byte(uint8_t& value) {
  if (failed_ || rest_.empty()) {
    failed_ = true;
    return;
  }
  value = static_cast<uint8_t>(rest_.front());
  rest_.remove_prefix(1);
}

void WireReader::Bool(bool& value) {
  uint8_t byte = 0;
  Byte(byte);
  if (byte > 1) failed_ = true;
  if (!failed_) value = byte == 1;
}

void WireReader::Number(uint32_t& value, uint32_t maximum) {
  if (failed_ || rest_.size() < 4) {
    failed_ = true;
    return;
  }
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = (number << 8) | static_cast<unsigned char>(rest_[static_cast<size_t>(i)]);
  }
  rest_.remove_prefix(4);
  if (number > maximum) {
    failed_ = true;
    return;
  }
  value = number;
}

void WireReader::Long(uint64_t& value) {
  uint32_t high = 0;
  uint32_t low = 0;
  Number(high, UINT32_MAX);
  Number(low, UINT32_MAX);
  if (!failed_) value = (uint64_t{high} << 32) | low;
}

uint32_t WireReader::Count(uint32_t maximum) {
  uint32_t count = 0;
  Number(count, maximum);
  return failed_ ? 0 : count;
}

std::string_view WireReader::Take(uint32_t maximum) {
  const uint32_t size = Count(maximum);
  if (failed_ || rest_.size() < size) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

void WireReader::Text(std::string& value, uint32_t maximum) { value = std::string(Take(maximum)); }

void WireReader::Secret(SecretString& value, uint32_t maximum) {
  value = SecretString(Take(maximum));
}

void WireReader::Texts(std::vector<std::string>& values, uint32_t maximum, uint32_t text_maximum) {
  values.clear();
  for (uint32_t left = Count(maximum); left > 0 && !failed_; --left) {
    values.emplace_back();
    Text(values.back(), text_maximum);
  }
}

void WireReader::Secrets(std::vector<SecretString>& values, uint32_t maximum,
                         uint32_t text_maximum) {
  values.clear();
  for (uint32_t left = Count(maximum); left > 0 && !failed_; --left) {
    values.emplace_back();
    Secret(values.back(), text_maximum);
  }
}

}  // namespace rolebridge
