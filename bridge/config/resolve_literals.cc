#include "bridge/config/resolve_literals.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/aws/quote.h"
#include "bridge/base/ascii.h"
#include "bridge/config/source_words.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::Mapping;
using mapping::Quote;
using mapping::SourceText;
using mapping::TemplatePart;

constexpr size_t kMostTags = 50;        // aws-saml.md 2.1 PrincipalTag
constexpr size_t kLongestNameId = 256;  // bytes; SAML Core 8.3.7

// What stands in for an expression: what the directory yields fills one place of an ARN
// (security.md M3), what the configuration yields may be any part of one.
constexpr char kFromDirectory = '\1';
constexpr char kFromConfiguration = '\2';

constexpr std::string_view kSomeAccount = "123412341234";
constexpr std::string_view kRoleMark = ":role/";
constexpr std::string_view kProviderMark = ":saml-provider/";

// What a template has between commas outside of its expressions: one ARN, where it is a role.
struct Half {
  size_t offset = 0;  // in the text of the template
  std::string written;
  std::string shape;           // each expression is one character
  std::vector<size_t> places;  // where each character of `shape` stands in the text

  // Whether the configuration may put any text into it.
  bool IsOpen() const { return shape.find(kFromConfiguration) != std::string::npos; }
  void Append(char c, size_t place) {
    shape += c;
    places.push_back(place);
  }
};

std::vector<Half> HalvesOf(const std::string& text, const std::vector<TemplatePart>& parts) {
  std::vector<Half> halves(1);
  size_t offset = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const TemplatePart& part = parts[i];
    if (part.is_expression) {
      const std::string next = i + 1 < parts.size() ? parts[i + 1].literal : "";
      const size_t end = std::min(text.find("}}" + next, offset), text.size() - 2) + 2;
      halves.back().written += text.substr(offset, end - offset);
      halves.back().Append(part.from_directory ? kFromDirectory : kFromConfiguration, offset);
      offset = end;
      continue;
    }
    for (const char c : part.literal) {
      if (c == ',') {
        halves.push_back({.offset = offset + 1, .written = "", .shape = "", .places = {}});
      } else {
        halves.back().written += c;
        halves.back().Append(c, offset);
      }
      ++offset;
    }
  }
  return halves;
}

// Whether the expression at `place` is all of the account.
bool IsWholeAccount(std::string_view shape, size_t place) {
  constexpr std::string_view kIam = ":iam::";
  return shape.substr(0, place).ends_with(kIam) && shape.substr(place + 1).starts_with(':');
}

// Where a value of the directory stands that may not stand there (security.md M3), or npos.
size_t FindMisplaced(const Half& half) {
  if (half.IsOpen()) return std::string::npos;
  const size_t name = half.shape.rfind('/');
  for (size_t place = half.shape.find(kFromDirectory); place != std::string::npos;
       place = half.shape.find(kFromDirectory, place + 1)) {
    const bool in_name = name != std::string::npos && place > name;
    if (!in_name && !IsWholeAccount(half.shape, place)) return place;
  }
  return std::string::npos;
}

// The account of an ARN where the template itself says it.
std::optional<std::string> AccountOf(const Half& half) {
  const size_t mark = std::min(half.shape.find(kRoleMark), half.shape.find(kProviderMark));
  if (half.IsOpen() || mark == std::string::npos) return std::nullopt;
  const std::string before = half.shape.substr(0, mark);
  std::string account = before.substr(before.rfind(':') + 1);
  if (account.find(kFromDirectory) != std::string::npos) return std::nullopt;
  return account;
}

// An ARN as `half` may give it, with values of the directory that are right. Empty where the
// configuration may put its end there.
std::string SampleOf(const Half& half, const std::string& account) {
  std::string sample;
  for (size_t i = 0; i < half.shape.size(); ++i) {
    if (half.shape[i] != kFromDirectory) {
      sample += half.shape[i];
    } else {
      sample += IsWholeAccount(half.shape, i) ? account : "x";
    }
  }
  if (!half.IsOpen()) return sample;
  const size_t mark = std::min(sample.find(kRoleMark), sample.find(kProviderMark));
  const bool ends_open =
      mark == std::string::npos || sample.find(kFromConfiguration, mark) != std::string::npos;
  return ends_open ? "" : "arn:aws:iam::" + std::string(kSomeAccount) + sample.substr(mark);
}

// `message` with the template as it is written where the sample stands in it.
std::string InItsWords(std::string message, const std::string& sample, const std::string& written) {
  const std::string quoted = aws::Quoted(sample);
  const size_t at = message.find(quoted);
  if (at == std::string::npos) return message;
  return message.replace(at, quoted.size(), written);
}

bool IsTag(const Mapping& mapping) {
  return mapping.saml_name().starts_with(aws::kPrincipalTagPrefix);
}

// One value of a mapping.
struct Place {
  const SourceText& source;
  std::string key;  // "mappings.aws-role.values[2]"
};

class Literals {
 public:
  Literals(const std::vector<Named<MappingDraft>>& drafts, Reports& reports)
      : drafts_(drafts), reports_(reports) {}

  void CheckTags(const std::string& path, const Application& application);
  void CheckMapping(const Mapping& mapping);
  void CheckNameId(const Place& place, const std::vector<TemplatePart>& parts);

 private:
  const Named<MappingDraft>* Find(const Mapping& mapping) const;
  void CheckRole(const Place& place, const std::vector<TemplatePart>& parts);
  bool CheckPlaces(const Place& place, const std::vector<Half>& halves);
  template <typename Arn>
  bool CheckArn(const Place& place, const Half& half, const std::string& account);
  bool CheckTagKey(const std::string& path, const MappingDraft& draft, const Mapping& mapping);
  void CheckWhole(const Place& place, const Mapping& mapping,
                  const std::vector<TemplatePart>& parts);
  void Report(const Place& place, size_t offset, const std::string& message);

  const std::vector<Named<MappingDraft>>& drafts_;
  Reports& reports_;
};

void Literals::Report(const Place& place, size_t offset, const std::string& message) {
  AddOnce(reports_.mistakes, MistakeAt(place.key, place.source, offset, message));
}

const Named<MappingDraft>* Literals::Find(const Mapping& mapping) const {
  const auto found = std::find_if(drafts_.begin(), drafts_.end(),
                                  [&](const auto& draft) { return draft.name == mapping.name(); });
  return found == drafts_.end() ? nullptr : &*found;
}

template <typename Arn>
bool Literals::CheckArn(const Place& place, const Half& half, const std::string& account) {
  const std::string sample = SampleOf(half, account);
  if (sample.empty()) return true;
  const Result<Arn> arn = Arn::Parse(sample);
  if (!arn) Report(place, half.offset, InItsWords(arn.error().message, sample, half.written));
  return arn.has_value();
}

bool Literals::CheckPlaces(const Place& place, const std::vector<Half>& halves) {
  for (const Half& half : halves) {
    const size_t misplaced = FindMisplaced(half);
    if (misplaced == std::string::npos) continue;
    Report(place, half.places[misplaced],
           "what the directory says may stand in a role's or provider's name, or be the whole "
           "account, and nowhere else in an ARN (M3)");
    return false;
  }
  return true;
}

void Literals::CheckRole(const Place& place, const std::vector<TemplatePart>& parts) {
  std::vector<Half> halves = HalvesOf(place.source.text, parts);
  const bool is_open =
      std::any_of(halves.begin(), halves.end(), [](const Half& half) { return half.IsOpen(); });
  // An expression alone may give both ARNs: with trust_arn, or out of the configuration.
  const bool is_expression = parts.size() == 1 && parts[0].is_expression;
  if (halves.size() == 1 && (is_open || is_expression)) return;
  if (halves.size() != 2) {
    Report(place, 0,
           Quote(place.source.text) +
               " is not a role: it must be a role ARN and a SAML provider ARN with exactly one "
               "comma between (2.2)");
    return;
  }
  if (!CheckPlaces(place, halves)) return;
  const bool provider_first = halves[0].shape.find(kProviderMark) != std::string::npos;
  const Half& role = halves[provider_first ? 1 : 0];
  const Half& provider = halves[provider_first ? 0 : 1];
  const std::optional<std::string> account =
      AccountOf(role) ? AccountOf(role) : AccountOf(provider);
  const std::string sample_account = account.value_or(std::string(kSomeAccount));
  const bool role_fits = CheckArn<aws::RoleArn>(place, role, sample_account);
  const bool provider_fits = CheckArn<aws::SamlProviderArn>(place, provider, sample_account);
  if (!role_fits || !provider_fits || is_open) return;
  const std::string sample =
      SampleOf(role, sample_account) + "," + SampleOf(provider, sample_account);
  const Result<aws::RolePair> pair = aws::ParseRolePair(sample);
  if (!pair) {
    Report(place, halves[1].offset, InItsWords(pair.error().message, sample, place.source.text));
  }
}

// A text without expressions is what is sent, or is dropped for everybody.
void Literals::CheckWhole(const Place& place, const Mapping& mapping,
                          const std::vector<TemplatePart>& parts) {
  if (std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.is_expression; }))
    return;
  const Result<std::string> value =
      aws::CheckValue(mapping.saml_name(), {{{place.source.text, false, ""}}});
  if (!value) Report(place, 0, value.error().message);
}

// Whatever its expressions give, what is written beside them is in every NameID.
void Literals::CheckNameId(const Place& place, const std::vector<TemplatePart>& parts) {
  std::string sample;
  size_t written = 0;
  for (const TemplatePart& part : parts) {
    sample += part.is_expression ? "x" : part.literal;
    written += part.literal.size();
  }
  if (written > kLongestNameId) {
    return Report(place, 0,
                  "has " + std::to_string(written) +
                      " bytes outside of {{ }}, and a NameID has at "
                      "most 256 (SAML Core 8.3.7); shorten it");
  }
  const Result<std::string> value = aws::CheckValue("NameID", {{{sample, false, ""}}});
  if (!value) Report(place, 0, InItsWords(value.error().message, sample, place.source.text));
}

bool Literals::CheckTagKey(const std::string& path, const MappingDraft& draft,
                           const Mapping& mapping) {
  const Result<std::string> value = aws::CheckValue(mapping.saml_name(), {{{"x", false, ""}}});
  if (value) return true;
  const std::string& message = value.error().message;
  const std::string why = message.substr(message.find("): ") + 3);
  AddOnce(reports_.mistakes, {draft.saml_name.position,
                              path + ".saml_name: " + Quote(mapping.saml_name()) + ": " + why});
  return false;
}

void Literals::CheckMapping(const Mapping& mapping) {
  const Named<MappingDraft>* named = Find(mapping);
  if (named == nullptr) return;
  const MappingDraft& draft = named->value;
  const std::string path = "mappings." + named->name;
  if (IsTag(mapping) && !CheckTagKey(path, draft, mapping)) return;
  const std::vector<SourceText> sources =
      draft.value ? std::vector{*draft.value} : draft.values.value_or(std::vector<SourceText>{});
  const std::vector<std::vector<TemplatePart>> templates = mapping.templates();
  for (size_t i = 0; i < sources.size() && i < templates.size(); ++i) {
    const Place place{sources[i],
                      path + (draft.value ? ".value" : ".values[" + std::to_string(i) + "]")};
    if (mapping.saml_name() == aws::kRole) {
      CheckRole(place, templates[i]);
    } else {
      CheckWhole(place, mapping, templates[i]);
    }
  }
}

void Literals::CheckTags(const std::string& path, const Application& application) {
  std::map<std::string, const Mapping*> tags;
  for (const Mapping& mapping : application.mappings) {
    if (!IsTag(mapping)) continue;
    const auto [first, inserted] = tags.emplace(LowerAscii(mapping.saml_name()), &mapping);
    const Named<MappingDraft>* named = Find(mapping);
    if (inserted || named == nullptr || first->second->saml_name() == mapping.saml_name()) continue;
    AddOnce(reports_.mistakes,
            {named->value.saml_name.position,
             "mappings." + named->name + ".saml_name: " + Quote(mapping.saml_name()) +
                 " and the tag of mapping " + Quote(first->second->name()) +
                 " differ in case alone, and AWS takes them for one; rename one of the two"});
  }
  if (tags.size() > kMostTags) {
    AddOnce(reports_.mistakes,
            {application.position, path + ".mappings: make " + std::to_string(tags.size()) +
                                       " tags, and AWS takes " + std::to_string(kMostTags) +
                                       "; take some out"});
  }
}

}  // namespace

void CheckLiterals(const std::string& path, const std::vector<Named<MappingDraft>>& drafts,
                   const ApplicationDraft& draft, const Application& application,
                   Reports& reports) {
  Literals literals(drafts, reports);
  for (const Mapping& mapping : application.mappings) literals.CheckMapping(mapping);
  literals.CheckTags(path, application);
  if (application.name_id) {
    literals.CheckNameId({*draft.name_id_value, path + ".name_id_value"},
                         application.name_id->templates().front());
  }
}

}  // namespace rolebridge::config
