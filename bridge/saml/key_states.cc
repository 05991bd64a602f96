#include "bridge/saml/key_states.h"

#include <algorithm>
#include <array>
#include <optional>

#include "bridge/base/visible_text.h"
#include "bridge/saml/instant.h"

namespace rolebridge::saml {
namespace {

constexpr size_t kMaxKeys = 64;
constexpr size_t kMaxName = 64;
constexpr std::array<KeyState, 5> kStates = {KeyState::kNext, KeyState::kPublished,
                                             KeyState::kActive, KeyState::kFormer,
                                             KeyState::kRetired};
constexpr char kHead[] = "# Written by rolebridge keys, which keeps AWS in step: use it.\n";

Error Refused(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::optional<KeyState> StateOf(std::string_view word) {
  for (const KeyState state : kStates) {
    if (ToString(state) == word) return state;
  }
  return std::nullopt;
}

// What of the file is shown: one line, and not all of a long one.
std::string Quoted(std::string_view text) {
  return "'" + VisibleText(std::string(text.substr(0, 80)), LineBreaks::kShow) + "'";
}

// One line, or what is wrong with it.
Result<KeyEntry> ParseLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) {
    return Refused(Quoted(line) + " is no key; write NAME STATE INSTANT");
  }
  const std::string_view name = line.substr(0, first);
  const std::string_view word = line.substr(first + 1, second - first - 1);
  const std::string_view instant = line.substr(second + 1);
  if (!IsKeyName(name)) {
    return Refused(Quoted(name) + " is no name; use letters, digits, '.', '_' and '-'");
  }
  const std::optional<KeyState> state = StateOf(word);
  if (!state) {
    return Refused(Quoted(word) + " is no state; use next, published, active, former or retired");
  }
  const Result<SysSeconds> since = ParseInstant(instant);
  if (!since || FormatUtc(*since) != instant) {
    return Refused(Quoted(instant) + " is no instant; write it like 2026-01-31T10:05:00Z");
  }
  return KeyEntry{std::string(name), *state, *since};
}

}  // namespace

std::string_view ToString(KeyState state) {
  switch (state) {
    case KeyState::kNext:
      return "next";
    case KeyState::kPublished:
      return "published";
    case KeyState::kActive:
      return "active";
    case KeyState::kFormer:
      return "former";
    case KeyState::kRetired:
      return "retired";
  }
  return "";
}

bool IsInMetadata(KeyState state) {
  return state != KeyState::kNext && state != KeyState::kRetired;
}

bool IsKeyName(std::string_view name) {
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kMaxName && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

Result<KeyStates> KeyStates::Parse(std::string_view text, const std::string& path) {
  KeyStates states;
  size_t number = 0;
  size_t active = 0;
  while (!text.empty()) {
    ++number;
    const std::string at = path + ":" + std::to_string(number) + ": ";
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return Refused(at + "the line does not end; was it cut?");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with('#')) continue;
    Result<KeyEntry> entry = ParseLine(line);
    if (!entry) return Refused(at + entry.error().message);
    if (states.Find(entry->name) != nullptr) {
      return Refused(at + "'" + entry->name + "' stands above already");
    }
    if (entry->state == KeyState::kActive && ++active > 1) {
      return Refused(at + "'" + entry->name + "' is the second active key; one signs");
    }
    if (states.keys_.size() == kMaxKeys) {
      return Refused(at + "there are more than 64 keys; take retired ones out");
    }
    states.keys_.push_back(*std::move(entry));
  }
  if (!states.keys_.empty() && active == 0) {
    return Refused(path + ": no key is active; one has to sign");
  }
  return states;
}

std::string KeyStates::Text() const {
  std::string text = kHead;
  for (const KeyEntry& key : keys_) {
    text += key.name + " " + std::string(ToString(key.state)) + " " + FormatUtc(key.since) + "\n";
  }
  return text;
}

const KeyEntry* KeyStates::Find(std::string_view name) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const KeyEntry& key) { return key.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

Result<KeyEntry*> KeyStates::FindOrFail(const std::string& name) {
  for (KeyEntry& key : keys_) {
    if (key.name == name) return &key;
  }
  return Error{ErrorCode::kNotFound,
               Quoted(name) + " is no key here; 'rolebridge keys list' names them"};
}

Result<void> KeyStates::Add(const std::string& name, SysSeconds now) {
  if (!IsKeyName(name)) {
    return Refused(Quoted(name) + " is no name for a key; use letters, digits, '.', '_' and '-'");
  }
  if (Find(name) != nullptr) return Refused("'" + name + "' is there already");
  if (keys_.size() == kMaxKeys) {
    return Refused("there are 64 keys; take the lines and files of retired ones out");
  }
  keys_.push_back({name, keys_.empty() ? KeyState::kActive : KeyState::kNext, now});
  return {};
}

Result<void> KeyStates::Publish(const std::string& name, SysSeconds now) {
  const Result<KeyEntry*> found = FindOrFail(name);
  if (!found) return found.error();
  KeyEntry& key = **found;
  switch (key.state) {
    case KeyState::kNext:
      break;
    case KeyState::kPublished:
    case KeyState::kActive:
    case KeyState::kFormer:
      return Refused("'" + name + "' is in the metadata already (" +
                     std::string(ToString(key.state)) + ")");
    case KeyState::kRetired:
      return Refused("'" + name +
                     "' is retired, and is never used again; make another with 'rolebridge keys "
                     "new'");
  }
  const auto published = std::count_if(
      keys_.begin(), keys_.end(), [](const KeyEntry& other) { return IsInMetadata(other.state); });
  if (static_cast<size_t>(published) >= kMostPublishedKeys) {
    return Refused("8 certificates are in the metadata already; retire one first");
  }
  key = {name, KeyState::kPublished, now};
  return {};
}

Result<void> KeyStates::Activate(const std::string& name, SysSeconds now, bool aws_has_it) {
  const Result<KeyEntry*> found = FindOrFail(name);
  if (!found) return found.error();
  KeyEntry& key = **found;
  switch (key.state) {
    case KeyState::kNext:
      return Refused("'" + name + "' is not in the metadata; do 'rolebridge keys publish " + name +
                     "' first, give AWS the new metadata, and activate it a day later");
    case KeyState::kPublished:
      if (now - key.since < kPublishedAtLeast && !aws_has_it) {
        return Refused("'" + name + "' was published at " + FormatUtc(key.since) +
                       ", less than 24 hours ago, and AWS refuses what it signs until it is given "
                       "the new metadata; where every provider has it, say --aws-has-it");
      }
      break;
    case KeyState::kFormer:  // the way back: AWS took what it signed
      break;
    case KeyState::kActive:
      return Refused("'" + name + "' is active already");
    case KeyState::kRetired:
      return Refused("'" + name +
                     "' is retired, and is never used again; make another with 'rolebridge keys "
                     "new'");
  }
  for (KeyEntry& other : keys_) {
    if (other.state == KeyState::kActive) other = {other.name, KeyState::kFormer, now};
  }
  key = {name, KeyState::kActive, now};
  return {};
}

Result<void> KeyStates::Retire(const std::string& name, SysSeconds now) {
  const Result<KeyEntry*> found = FindOrFail(name);
  if (!found) return found.error();
  KeyEntry& key = **found;
  switch (key.state) {
    case KeyState::kNext:
    case KeyState::kPublished:
      break;  // it never signed
    case KeyState::kActive:
      return Refused("'" + name +
                     "' signs; activate another first ('rolebridge keys activate NAME')");
    case KeyState::kFormer:
      if (now - key.since < kLastAssertions) {
        return Refused("'" + name + "' signed until " + FormatUtc(key.since) +
                       ", and AWS may be shown its last responses until " +
                       FormatUtc(key.since + kLastAssertions) + "; retire it then");
      }
      break;
    case KeyState::kRetired:
      return Refused("'" + name + "' is retired already");
  }
  key = {name, KeyState::kRetired, now};
  return {};
}

}  // namespace rolebridge::saml
