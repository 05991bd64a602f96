#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pam/protocol.h"

namespace {

using namespace rolebridge::pam;  // NOLINT: what this is about

// There is one way to write a message, so what was read and is written again is the same bytes.
void ExpectSame(const rolebridge::Result<rolebridge::SecretString>& written,
                std::string_view read) {
  if (!written || written->Reveal() != read) std::abort();
}

}  // namespace

// Each message of both directions, whatever its type byte says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  if (const auto request = DecodeStart(message)) ExpectSame(EncodeStart(*request), message);
  if (auto answers = DecodeAnswers(message)) ExpectSame(EncodeAnswers(*answers), message);
  if (const auto prompts = DecodePrompts(message)) ExpectSame(EncodePrompts(*prompts), message);
  if (const auto outcome = DecodeOutcome(message)) ExpectSame(EncodeOutcome(*outcome), message);
  return 0;
}
