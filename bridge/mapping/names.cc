#include "bridge/mapping/names.h"

#include <algorithm>
#include <array>

#include "bridge/mapping/account_nodes.h"
#include "bridge/mapping/pattern_nodes.h"
#include "bridge/mapping/suggestion.h"
#include "bridge/mapping/test_nodes.h"

namespace rolebridge::mapping {
namespace {

using NameList = std::vector<std::string_view>;

constexpr std::array<std::string_view, 10> kRoots = {
    "user", "groups", "group_attributes", "application", "client", "authentication",
    "vars", "match",  "accounts",         "now"};
constexpr std::array<std::string_view, 9> kKeywords = {"and",     "or",   "not",   "in",     "is",
                                                       "defined", "true", "false", "matches"};

// What a root that is no value itself is good for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kExamples = {
    {{"user", "user.username"},
     {"group_attributes", "group_attributes.aws_role"},
     {"application", "application.name"},
     {"client", "client.address"},
     {"authentication", "authentication.assurance"},
     {"vars", "vars.provider"},
     {"match", "match.role"}}};

NameList Views(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One function a root, which its fields are resolved by.
class Resolver {
 public:
  Resolver(const Checker& checker, const Path& path) : checker_(checker), path_(path) {}

  ExpressionPtr Resolve();

 private:
  ExpressionPtr ResolveRoot();
  ExpressionPtr ResolveField();
  ExpressionPtr ResolveVariable(const Variable& variable, size_t slot);
  ExpressionPtr ResolveUser();
  ExpressionPtr ResolveGroups();
  ExpressionPtr ResolveGroupField(size_t slot);
  ExpressionPtr ResolveMerged();
  ExpressionPtr ResolveVar();
  ExpressionPtr ResolveMatch();
  ExpressionPtr ResolveAssurance();
  ExpressionPtr ResolveClient();
  ExpressionPtr ResolveApplication();
  ExpressionPtr ResolveAccounts();
  ExpressionPtr ResolveAccount(ExpressionPtr account);
  ExpressionPtr ResolveTag(ExpressionPtr account);
  ExpressionPtr UnknownRoot(const NameList& known);
  ExpressionPtr UnknownField(const NameList& known, const std::string& hint);

  const Token& root() const { return path_.root; }
  const Token& field() const { return path_.fields.front(); }
  // A mistake in what stands behind the field where nothing may, or null.
  ExpressionPtr RefuseMore() const;
  NameList KnownRoots(NameList known) const;

  const Checker& checker_;
  const Path& path_;
};

ExpressionPtr Resolver::Resolve() {
  const std::vector<Variable>& variables = checker_.scope().variables;
  if (path_.subscript != nullptr && root().text != "accounts") {
    return checker_.Broken(root().offset,
                           Quote(root().text) + " takes no '[...]'; accounts['prod'] alone does");
  }
  for (size_t slot = 0; slot < variables.size(); ++slot) {
    if (variables[slot].name == root().text) return ResolveVariable(variables[slot], slot);
  }
  if (root().text == "accounts") return ResolveAccounts();
  if (path_.fields.empty()) return ResolveRoot();
  if (ExpressionPtr broken = RefuseMore()) return broken;
  return ResolveField();
}

ExpressionPtr Resolver::RefuseMore() const {
  if (path_.fields.size() > 1) {
    const Token& second = path_.fields[1];
    return checker_.Broken(second.offset,
                           Quote(second.text) + " is a field of a field; there is none");
  }
  if (path_.key != nullptr) {
    return checker_.Broken(path_.key_offset,
                           Quote(field().text) + " takes no '[...]'; the tags of an account do");
  }
  return nullptr;
}

NameList Resolver::KnownRoots(NameList known) const {
  for (const Variable& variable : checker_.scope().variables) known.push_back(variable.name);
  return known;
}

ExpressionPtr Resolver::UnknownRoot(const NameList& known) {
  if (root().text == "group" || root().text == "account") {
    const std::string name(root().text);
    return checker_.Broken(root().offset, "unknown name '" + name + "'; bind it first: for_each: " +
                                              name + " in " + name + "s");
  }
  const std::string suggestion = DidYouMean(root().text, known);
  const bool alone = path_.fields.empty() && suggestion.empty();
  return checker_.Broken(root().offset, "unknown name " + Quote(root().text) + suggestion +
                                            (alone ? "; a text stands in quotes" : ""));
}

ExpressionPtr Resolver::UnknownField(const NameList& known, const std::string& hint) {
  const std::string suggestion = DidYouMean(field().text, known);
  return checker_.Broken(field().offset, Quote(root().text) + " has no " + Quote(field().text) +
                                             (suggestion.empty() ? hint : suggestion));
}

ExpressionPtr Resolver::ResolveRoot() {
  if (root().text == "groups") return std::make_shared<AllGroupsNode>();
  if (root().text == "now") return std::make_shared<NowNode>();
  for (const auto& [name, example] : kExamples) {
    if (name != root().text) continue;
    return checker_.Broken(root().offset, Quote(name) + " is no value itself; name one of its " +
                                              "fields, as in " + std::string(example));
  }
  return UnknownRoot(KnownRoots({"groups", "now"}));
}

ExpressionPtr Resolver::ResolveField() {
  if (root().text == "user") return ResolveUser();
  if (root().text == "groups") return ResolveGroups();
  if (root().text == "group_attributes") return ResolveMerged();
  if (root().text == "vars") return ResolveVar();
  if (root().text == "match") return ResolveMatch();
  if (root().text == "application") return ResolveApplication();
  if (root().text == "client") return ResolveClient();
  if (root().text == "authentication") return ResolveAssurance();
  if (root().text == "now") {
    return checker_.Broken(field().offset, "'now' has no fields; write: now is between(...)");
  }
  return UnknownRoot(KnownRoots({kRoots.begin(), kRoots.end()}));
}

ExpressionPtr Resolver::ResolveUser() {
  if (field().text == "username") return std::make_shared<FactNode>(FactNode::Fact::kUserName);
  if (field().text == "dn") return std::make_shared<FactNode>(FactNode::Fact::kUserDn);
  const std::vector<std::string>& attributes = checker_.names().user_attributes;
  if (Has(attributes, field().text)) {
    return std::make_shared<UserAttributeNode>(std::string(field().text));
  }
  NameList known = Views(attributes);
  known.insert(known.end(), {"username", "dn"});
  return UnknownField(known, "; name it under ldap.users.attributes first");
}

ExpressionPtr Resolver::ResolveGroups() {
  if (field().text == "name") return std::make_shared<GroupNamesNode>();
  return UnknownField({"name"},
                      "; use group_attributes." + std::string(field().text) + " or for_each");
}

ExpressionPtr Resolver::ResolveMerged() {
  const std::vector<std::string>& attributes = checker_.names().group_attributes;
  if (Has(attributes, field().text)) {
    return std::make_shared<MergedAttributeNode>(std::string(field().text));
  }
  return UnknownField(Views(attributes), "; name it under ldap.groups.attributes first");
}

ExpressionPtr Resolver::ResolveVar() {
  const std::map<std::string, std::string>& vars = checker_.names().vars;
  const auto found = vars.find(std::string(field().text));
  if (found != vars.end()) return std::make_shared<TextNode>(found->second);
  NameList known;
  for (const auto& [name, value] : vars) known.push_back(name);
  return UnknownField(known, "; set it under vars first");
}

ExpressionPtr Resolver::ResolveMatch() {
  const Scope& scope = checker_.scope();
  if (scope.key == "for_each") {
    return checker_.Broken(root().offset,
                           "'match' has nothing yet in for_each; use it in when and value");
  }
  NameList known;
  for (size_t slot = 0; slot < scope.match_groups.size(); ++slot) {
    const MatchGroup& group = scope.match_groups[slot];
    if (group.name == field().text) return std::make_shared<MatchGroupNode>(group, slot);
    known.push_back(group.name);
  }
  return UnknownField(
      known, "; no pattern before it has a group (?P<" + std::string(field().text) + ">...)");
}

ExpressionPtr Resolver::ResolveApplication() {
  if (field().text == "slug" || field().text == "name") {
    return std::make_shared<ApplicationNode>(std::string(field().text));
  }
  return UnknownField({"slug", "name"}, "");
}

ExpressionPtr Resolver::ResolveClient() {
  if (field().text == "address") {
    return std::make_shared<FactNode>(FactNode::Fact::kClientAddress);
  }
  return UnknownField({"address"}, "");
}

ExpressionPtr Resolver::ResolveAssurance() {
  if (field().text == "assurance") {
    return std::make_shared<AssuranceNode>(checker_.names().assurance_levels.size());
  }
  return UnknownField({"assurance"}, "");
}

ExpressionPtr Resolver::ResolveVariable(const Variable& variable, size_t slot) {
  auto node = std::make_shared<VariableNode>(variable, slot);
  if (path_.fields.empty()) return node;
  if (variable.type == Type::kAccount) return ResolveAccount(std::move(node));
  if (ExpressionPtr broken = RefuseMore()) return broken;
  if (variable.type == Type::kBroken) return std::make_shared<BrokenNode>();
  if (variable.type == Type::kGroup) return ResolveGroupField(slot);
  return checker_.Broken(field().offset, Quote(variable.name) + " is a text and has no fields");
}

ExpressionPtr Resolver::ResolveGroupField(size_t slot) {
  using Field = GroupFieldNode::Field;
  if (field().text == "name") return std::make_shared<GroupFieldNode>(slot, Field::kName);
  if (field().text == "dn") return std::make_shared<GroupFieldNode>(slot, Field::kDn);
  const std::vector<std::string>& attributes = checker_.names().group_attributes;
  if (Has(attributes, field().text)) {
    return std::make_shared<GroupAttributeNode>(slot, std::string(field().text));
  }
  NameList known = Views(attributes);
  known.insert(known.end(), {"name", "dn"});
  return UnknownField(known, "; name it under ldap.groups.attributes first");
}

ExpressionPtr Resolver::ResolveAccounts() {
  const auto& accounts = checker_.names().accounts;
  if (accounts == nullptr || accounts->empty()) {
    return checker_.Broken(root().offset, "there are no accounts; list them under accounts first");
  }
  std::shared_ptr<const AccountTable>& table = checker_.scope().accounts;
  if (table == nullptr) table = std::make_shared<const AccountTable>(accounts);
  if (path_.subscript == nullptr) {
    if (path_.fields.empty()) return std::make_shared<AllAccountsNode>(table);
    return checker_.Broken(field().offset, "an account stands in brackets; write accounts['" +
                                               std::string(field().text) + "']");
  }
  const auto* literal = dynamic_cast<const TextNode*>(path_.subscript.get());
  if (literal != nullptr && table->Find(literal->text()) == nullptr) {
    NameList known;
    for (const KnownAccount* known_account : table->sorted()) {
      known.push_back(known_account->account->alias);
    }
    return checker_.Broken(root().offset, "there is no account " + Quote(literal->text()) +
                                              DidYouMean(literal->text(), known));
  }
  auto account = std::make_shared<AccountLookupNode>(table, path_.subscript);
  if (path_.fields.empty()) return account;
  return ResolveAccount(std::move(account));
}

ExpressionPtr Resolver::ResolveAccount(ExpressionPtr account) {
  struct Known {
    std::string_view name;
    AccountFieldNode::Field field;
  };
  using Field = AccountFieldNode::Field;
  static constexpr std::array kFields = {Known{"alias", Field::kAlias},
                                         Known{"id", Field::kId},
                                         Known{"name", Field::kName},
                                         Known{"partition", Field::kPartition},
                                         Known{"provider", Field::kProvider},
                                         Known{"iam", Field::kIam},
                                         Known{"provider_arn", Field::kProviderArn}};
  if (field().text == "tags") return ResolveTag(std::move(account));
  if (ExpressionPtr broken = RefuseMore()) return broken;
  NameList known = {"tags"};
  for (const Known& candidate : kFields) {
    if (candidate.name == field().text) {
      return std::make_shared<AccountFieldNode>(std::move(account), candidate.field);
    }
    known.push_back(candidate.name);
  }
  return checker_.Broken(
      field().offset,
      "an account has no " + Quote(field().text) + DidYouMean(field().text, known) +
          (DidYouMean(field().text, known).empty() ? "; its own values are its tags" : ""));
}

ExpressionPtr Resolver::ResolveTag(ExpressionPtr account) {
  const size_t keys = path_.fields.size() - 1 + (path_.key != nullptr ? 1 : 0);
  if (keys != 1) {
    return checker_.Broken(field().offset, "'tags' takes one key, as in tags.team or tags['team']");
  }
  ExpressionPtr key = path_.key;
  if (key == nullptr) key = std::make_shared<TextNode>(std::string(path_.fields[1].text));
  return std::make_shared<AccountTagNode>(std::move(account), std::move(key));
}

}  // namespace

ExpressionPtr ResolveName(const Checker& checker, const Path& path) {
  return Resolver(checker, path).Resolve();
}

bool IsKeyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

bool IsFreeName(std::string_view name) {
  return !IsKeyword(name) && std::find(kRoots.begin(), kRoots.end(), name) == kRoots.end();
}

}  // namespace rolebridge::mapping
