#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/result.h"

namespace rolebridge::saml {

// How far a signing key has come (docs/decisions/0018).
enum class KeyState {
  kNext,       // made; in no metadata
  kPublished,  // in the metadata; has not signed
  kActive,     // in the metadata; signs
  kFormer,     // in the metadata; signed until another did
  kRetired,    // in no metadata, and never again
};
// As the file and `rolebridge keys list` call it: "next", "published", ...
std::string_view ToString(KeyState state);
bool IsInMetadata(KeyState state);

// How long AWS is given to learn of a key before it signs.
inline constexpr std::chrono::hours kPublishedAtLeast{24};
// How long after its last signature a key stays in the metadata: the longest life of an assertion
// that a configuration may ask for (5 min), and as much again for clocks that differ.
inline constexpr std::chrono::minutes kLastAssertions{10};
inline constexpr size_t kMostPublishedKeys = 8;  // as many as `signing:` may list

struct KeyEntry {
  std::string name;  // its files are NAME.crt and NAME.key
  KeyState state = KeyState::kNext;
  SysSeconds since{};  // when it came to that; of a former key: until when it signed
};

// The keys of a folder and how far each has come; as soon as there is one, exactly one is active.
// What is asked for that would leave AWS with responses it refuses is refused here, with
// kInvalidArgument, the reason and what to do; then nothing has changed.
class KeyStates {
 public:
  KeyStates() = default;

  // A line for each key: NAME STATE INSTANT, one space between them; '#' begins a line for people.
  // At most 64 keys. Errors: kInvalidArgument, with `path`, the line and what is due there.
  static Result<KeyStates> Parse(std::string_view text, const std::string& path);
  std::string Text() const;

  const std::vector<KeyEntry>& keys() const { return keys_; }  // in the order of their making
  const KeyEntry* Find(std::string_view name) const;

  // A new one: next, or active where it is the first, since nothing depends on one yet.
  Result<void> Add(const std::string& name, SysSeconds now);
  Result<void> Publish(const std::string& name, SysSeconds now);
  // The active one becomes a former one. `aws_has_it`: every provider was given the metadata.
  Result<void> Activate(const std::string& name, SysSeconds now, bool aws_has_it);
  Result<void> Retire(const std::string& name, SysSeconds now);

 private:
  Result<KeyEntry*> FindOrFail(const std::string& name);
  std::vector<KeyEntry> keys_;
};

// Whether a key may be called so: 1 to 64 of letters, digits, '.', '_' and '-', the first a letter
// or digit.
bool IsKeyName(std::string_view name);

}  // namespace rolebridge::saml
