#include "bridge/mapping/account_nodes.h"

#include <algorithm>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {

AccountTable::AccountTable(std::shared_ptr<const std::vector<Account>> accounts)
    : accounts_(std::move(accounts)) {
  for (const Account& account : *accounts_) {
    const std::string iam = "arn:" + account.partition + ":iam::" + account.id;
    known_.push_back({&account, iam, iam + ":saml-provider/" + account.provider});
  }
  std::stable_sort(known_.begin(), known_.end(), [](const KnownAccount& a, const KnownAccount& b) {
    return a.account->alias < b.account->alias;
  });
  for (const KnownAccount& known : known_) {
    if (!by_alias_.try_emplace(known.account->alias, &known).second) continue;
    sorted_.push_back(&known);
    by_id_.try_emplace(known.account->id, &known);
  }
}

const KnownAccount* AccountTable::Find(std::string_view key) const {
  if (const auto found = by_alias_.find(key); found != by_alias_.end()) return found->second;
  const auto found = by_id_.find(key);
  return found == by_id_.end() ? nullptr : found->second;
}

Computed AllAccountsNode::Compute(Evaluation&) const { return &table_->sorted(); }

Computed AccountLookupNode::Compute(Evaluation& evaluation) const {
  Computed value = key_->Evaluate(evaluation);
  const Text* key = std::get_if<Text>(&value);
  if (key == nullptr) return value;
  if (!evaluation.Step(key->text.size())) return Undefined{"the budget ran out"};
  if (const KnownAccount* account = table_->Find(key->text)) return account;
  return Undefined{"there is no account " + Quote(key->text)};
}

Computed AccountFieldNode::Compute(Evaluation& evaluation) const {
  Computed value = account_->Evaluate(evaluation);
  const auto* found = std::get_if<const KnownAccount*>(&value);
  if (found == nullptr) return value;
  const Account& account = *(*found)->account;
  switch (field_) {
    case Field::kAlias:
      return Text{account.alias, {}};
    case Field::kId:
      return Text{account.id, {}};
    case Field::kName:
      return Text{account.name.empty() ? account.alias : account.name, {}};
    case Field::kPartition:
      return Text{account.partition, {}};
    case Field::kProvider:
      return Text{account.provider, {}};
    case Field::kIam:
      return Text{(*found)->iam, {}};
    case Field::kProviderArn:
      return Text{(*found)->provider_arn, {}};
  }
  return Undefined{};
}

Computed AccountTagNode::Compute(Evaluation& evaluation) const {
  Computed value = account_->Evaluate(evaluation);
  const auto* found = std::get_if<const KnownAccount*>(&value);
  if (found == nullptr) return value;
  const Account& account = *(*found)->account;
  Computed key = key_->Evaluate(evaluation);
  const Text* name = std::get_if<Text>(&key);
  if (name == nullptr) return key;
  if (!evaluation.Step(name->text.size())) return Undefined{"the budget ran out"};
  const auto tag = account.tags.find(std::string(name->text));
  if (tag != account.tags.end()) return Text{tag->second, {}};
  return Undefined{"account " + Quote(account.alias) + " has no tag " + Quote(name->text)};
}

}  // namespace rolebridge::mapping
