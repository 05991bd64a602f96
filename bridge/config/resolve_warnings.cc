#include "bridge/config/resolve_warnings.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "bridge/aws/attributes.h"
#include "bridge/base/ascii.h"
#include "bridge/config/source_words.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::Mapping;
using mapping::Quote;
using mapping::SourceText;
using mapping::TemplatePart;

// What directories let people write in their own entries unless somebody forbids it: FreeIPA's
// permission "User Self service", and the property sets Personal-Information and Web-Information of
// Active Directory, which SELF may write. In lower case, sorted.
constexpr auto kUsuallySelfWritable = std::to_array<std::string_view>({
    "assistant",
    "businesscategory",
    "c",
    "carlicense",
    "cn",
    "commonname",
    "description",
    "displayname",
    "employeetype",
    "facsimiletelephonenumber",
    "gecos",
    "givenname",
    "homephone",
    "homepostaladdress",
    "inetuserhttpurl",
    "info",
    "initials",
    "ipphone",
    "l",
    "labeleduri",
    "localityname",
    "loginshell",
    "manager",
    "mobile",
    "organizationalunitname",
    "ou",
    "pager",
    "personaltitle",
    "physicaldeliveryofficename",
    "postaladdress",
    "postalcode",
    "postofficebox",
    "preferredlanguage",
    "registeredaddress",
    "roomnumber",
    "secretary",
    "seealso",
    "sn",
    "st",
    "street",
    "streetaddress",
    "surname",
    "telephonenumber",
    "title",
    "url",
    "usercertificate",
    "wwwhomepage",
});
static_assert(std::is_sorted(kUsuallySelfWritable.begin(), kUsuallySelfWritable.end()));

// A text of the mapping language and the path of its key.
struct Place {
  const SourceText* source = nullptr;
  std::string key;
};

// "value" or "values[2]".
std::vector<Place> ValuesOf(const std::string& path, const MappingDraft& draft) {
  if (draft.value) return {{&*draft.value, path + ".value"}};
  std::vector<Place> places;
  if (!draft.values) return places;
  for (const SourceText& value : *draft.values) {
    places.push_back({&value, path + ".values[" + std::to_string(places.size()) + "]"});
  }
  return places;
}

std::vector<Place> ConditionsOf(const std::string& path, const PolicyDraft& draft) {
  if (draft.require) return {{&*draft.require, path + ".require"}};
  std::vector<Place> places;
  const auto& list = draft.all ? draft.all : draft.any;
  if (!list) return places;
  const std::string key = path + (draft.all ? ".all[" : ".any[");
  for (const SourceText& condition : *list) {
    places.push_back({&condition, key + std::to_string(places.size()) + "]"});
  }
  return places;
}

// What people are told apart by, in words; nothing for other attributes.
std::string_view NameMadeBy(std::string_view saml_name) {
  if (saml_name == aws::kRoleSessionName) return "session name";
  return saml_name == aws::kSourceIdentity ? "source identity" : "";
}

// Something that lets two people meet in a name.
struct Meeting {
  Place place;
  size_t offset = 0;
  std::string what;
};

// What an expression makes of a person.
struct Naming {
  bool is_of_person = false;      // something of the person's own is in it
  std::vector<Meeting> meetings;  // none: no two persons come out the same
};

// Whether nothing but the canonical user name is named.
bool NamesUsernameAlone(const Words& words) {
  return std::all_of(words.begin(), words.end(), [](const Word& word) {
    return word.kind == Word::Kind::kFilter || word.text == "user.username";
  });
}

class Namings {
 public:
  explicit Namings(bool folds_case) : folds_case_(folds_case) {}

  // `place` is a for_each: what it binds, templates may name.
  void Bind(const Place& place) {
    for (const BoundName& binding : WordsOfForEach(place.source->text)) {
      variables_[binding.name] = Judge(place, binding.words);
    }
  }

  // The value as a whole tells people apart where one of its expressions does.
  Naming OfValue(const Place& place) const {
    Naming whole;
    for (const Words& words : WordsOfTemplate(place.source->text)) {
      Naming naming = Judge(place, words);
      if (!naming.is_of_person) continue;
      if (naming.meetings.empty()) return naming;
      whole.is_of_person = true;
      std::move(naming.meetings.begin(), naming.meetings.end(), std::back_inserter(whole.meetings));
    }
    return whole;
  }

 private:
  Naming Judge(const Place& place, const Words& words) const {
    Naming naming;
    const bool is_username = NamesUsernameAlone(words);
    for (const Word& word : words) {
      if (word.kind == Word::Kind::kName) {
        TakeName(place, word, naming);
      } else if (!IsInjective(word.text, is_username)) {
        naming.meetings.push_back({place, word.offset, "filter " + Quote(word.text)});
      }
    }
    return naming;
  }

  void TakeName(const Place& place, const Word& word, Naming& naming) const {
    const std::string root = word.text.substr(0, word.text.find('.'));
    const auto variable = variables_.find(root);
    if (root == "user") {
      naming.is_of_person = true;
    } else if (root == "match") {
      naming.is_of_person = true;
      naming.meetings.push_back({place, word.offset, Quote(word.text) + ", a part of a text,"});
    } else if (variable != variables_.end()) {
      const Naming& bound = variable->second;
      naming.is_of_person = naming.is_of_person || bound.is_of_person;
      naming.meetings.insert(naming.meetings.end(), bound.meetings.begin(), bound.meetings.end());
    }
  }

  // Whether two texts, or two attributes of the directory, never come out the same. A user name is
  // canonical: it has no blanks, and no capital letters where case is folded.
  bool IsInjective(std::string_view filter, bool is_username) const {
    if (filter == "session_name" || filter == "sort" || filter == "unique") return true;
    if (!is_username) return false;
    return filter == "trim" || (folds_case_ && (filter == "lower" || filter == "upper"));
  }

  const bool folds_case_;
  std::map<std::string, Naming, std::less<>> variables_;
};

// Whether nothing but the directory says the role's name: "...:role/{{ role }},...".
bool NamesAnyRole(const std::vector<TemplatePart>& parts) {
  constexpr char kFromDirectory = '\1', kFromConfiguration = '\2';
  std::string text;
  for (const TemplatePart& part : parts) {
    if (!part.is_expression)
      text += part.literal;
    else
      text += part.from_directory ? kFromDirectory : kFromConfiguration;
  }
  if (text.find_first_not_of(kFromDirectory) == std::string::npos) return true;
  const size_t role = text.find(":role/");
  if (role == std::string::npos) return false;
  std::string_view name = std::string_view(text).substr(role + 6);
  name = name.substr(0, name.find(','));
  name = name.substr(name.rfind('/') + 1);
  return !name.empty() && name.find_first_not_of(kFromDirectory) == std::string_view::npos;
}

class Warnings {
 public:
  Warnings(const Draft& draft, Reports& reports) : draft_(draft), reports_(reports) {}

  void WarnOfOpenRoles(const std::string& path, const ApplicationDraft& draft,
                       const Application& application);
  void WarnOfMeetings(const Application& application);
  void WarnOfMeetings(const Place& value, std::string_view name, const Namings& namings);
  void WarnOfSelfWritable(const Application& application);
  void WarnOfSelfWritable(const Place& place, const std::vector<Words>& expressions,
                          const std::string& what);

 private:
  struct Used {
    std::string path;
    const MappingDraft& draft;
  };
  std::optional<Used> Find(const Mapping& mapping) const;
  // ", which people ... write themselves" of an attribute's template name; empty: they do not.
  std::string WhoWrites(std::string_view name) const;

  const Draft& draft_;
  Reports& reports_;
};

std::optional<Warnings::Used> Warnings::Find(const Mapping& mapping) const {
  for (const Named<MappingDraft>& named : draft_.mappings) {
    if (named.name == mapping.name()) return Used{"mappings." + named.name, named.value};
  }
  return std::nullopt;
}

void Warnings::WarnOfOpenRoles(const std::string& path, const ApplicationDraft& draft,
                               const Application& application) {
  const auto& allowed = application.allowed_roles;
  if (std::find(allowed.begin(), allowed.end(), "*") == allowed.end()) return;
  for (const Mapping& mapping : application.mappings) {
    if (mapping.saml_name() != aws::kRole) continue;
    const auto templates = mapping.templates();
    if (std::none_of(templates.begin(), templates.end(), NamesAnyRole)) continue;
    AddOnce(
        reports_.warnings,
        {draft.position,
         path + ".allowed_roles: allows every role, and mapping " + Quote(mapping.name()) +
             " takes the whole name of one from the directory: who may write there can name any "
             "role of the allowed accounts; list patterns of those that are meant"});
  }
}

void Warnings::WarnOfMeetings(const Place& value, std::string_view name, const Namings& namings) {
  const Naming naming = namings.OfValue(value);
  const std::string one = "one " + std::string(name);
  if (!naming.is_of_person) {
    return AddOnce(reports_.warnings, MistakeAt(value.key, *value.source, 0,
                                                "says nothing of the person: all meet in " + one +
                                                    "; use user.username | session_name"));
  }
  for (const Meeting& meeting : naming.meetings) {
    AddOnce(reports_.warnings,
            MistakeAt(meeting.place.key, *meeting.place.source, meeting.offset,
                      meeting.what + " can give two people " + one +
                          "; use user.username or another attribute that each has alone, with no "
                          "filter but session_name, which keeps them apart"));
  }
}

void Warnings::WarnOfMeetings(const Application& application) {
  for (const Mapping& mapping : application.mappings) {
    const std::string_view name = NameMadeBy(mapping.saml_name());
    const std::optional<Used> used = name.empty() ? std::nullopt : Find(mapping);
    if (!used) continue;
    Namings namings(draft_.users.fold_case);
    if (used->draft.for_each) namings.Bind({&*used->draft.for_each, used->path + ".for_each"});
    for (const Place& value : ValuesOf(used->path, used->draft)) {
      WarnOfMeetings(value, name, namings);
    }
  }
}

std::string Warnings::WhoWrites(std::string_view name) const {
  const LdapUsersDraft& users = draft_.ldap.users;
  const auto found = std::find_if(users.attributes.begin(), users.attributes.end(),
                                  [&](const auto& attribute) { return attribute.name == name; });
  if (found == users.attributes.end()) return "";
  // Whoever may write `cn` may write `cn;lang-de`.
  const std::string attribute = LowerAscii(found->value.substr(0, found->value.find(';')));
  const std::string is = " is the attribute " + Quote(found->value) + ", which people ";
  for (const std::string& listed : users.self_writable) {
    if (LowerAscii(listed) == attribute) return is + "write themselves (self_writable)";
  }
  const bool usually = std::binary_search(kUsuallySelfWritable.begin(), kUsuallySelfWritable.end(),
                                          std::string_view(attribute));
  return usually ? is + "can write themselves in many directories" : "";
}

void Warnings::WarnOfSelfWritable(const Place& place, const std::vector<Words>& expressions,
                                  const std::string& what) {
  constexpr std::string_view kUser = "user.";
  std::set<std::string> seen;
  for (const Words& words : expressions) {
    for (const Word& word : words) {
      if (word.kind != Word::Kind::kName || !word.text.starts_with(kUser)) continue;
      const std::string who = WhoWrites(std::string_view(word.text).substr(kUser.size()));
      if (who.empty() || !seen.insert(word.text).second) continue;
      AddOnce(reports_.warnings, MistakeAt(place.key, *place.source, word.offset,
                                           word.text + who + ", and it decides about " + what +
                                               "; use one that administrators alone write"));
    }
  }
}

// What is decided by the attribute that a mapping makes; nothing where it decides about nothing.
std::string DecidedBy(std::string_view saml_name) {
  if (saml_name == aws::kRole) return "roles";
  if (saml_name.starts_with(aws::kPrincipalTagPrefix)) {
    return "the tag " + Quote(saml_name.substr(aws::kPrincipalTagPrefix.size()));
  }
  const std::string_view name = NameMadeBy(saml_name);
  return name.empty() ? "" : "the " + std::string(name);
}

void Warnings::WarnOfSelfWritable(const Application& application) {
  for (const Mapping& mapping : application.mappings) {
    const std::string what = DecidedBy(mapping.saml_name());
    const std::optional<Used> used = what.empty() ? std::nullopt : Find(mapping);
    if (!used) continue;
    if (used->draft.for_each) {
      std::vector<Words> expressions;
      for (BoundName& binding : WordsOfForEach(used->draft.for_each->text)) {
        expressions.push_back(std::move(binding.words));
      }
      WarnOfSelfWritable({&*used->draft.for_each, used->path + ".for_each"}, expressions, what);
    }
    if (used->draft.when) {
      WarnOfSelfWritable({&*used->draft.when, used->path + ".when"},
                         {WordsOfCondition(used->draft.when->text)}, what);
    }
    for (const Place& value : ValuesOf(used->path, used->draft)) {
      WarnOfSelfWritable(value, WordsOfTemplate(value.source->text), what);
    }
  }
}

}  // namespace

void WarnOfApplication(const std::string& path, const Draft& draft,
                       const ApplicationDraft& application_draft, const Application& application,
                       Reports& reports) {
  Warnings warnings(draft, reports);
  warnings.WarnOfOpenRoles(path, application_draft, application);
  warnings.WarnOfMeetings(application);
  warnings.WarnOfSelfWritable(application);
  if (application.name_id) {
    const Place name_id{&*application_draft.name_id_value, path + ".name_id_value"};
    warnings.WarnOfMeetings(name_id, "NameID", Namings(draft.users.fold_case));
    warnings.WarnOfSelfWritable(name_id, WordsOfTemplate(name_id.source->text), "the NameID");
  }
  for (size_t i = 0; i < application_draft.policies.size(); ++i) {
    const std::string policy = path + ".policies[" + std::to_string(i) + "]";
    for (const Place& condition : ConditionsOf(policy, application_draft.policies[i])) {
      warnings.WarnOfSelfWritable(condition, {WordsOfCondition(condition.source->text)},
                                  "who gets in");
    }
  }
}

}  // namespace rolebridge::config
