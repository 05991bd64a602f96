#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/mapping/expression.h"

namespace rolebridge::mapping {

// `accounts:` as templates see it: by alias (bytes), and found by alias or id.
class AccountTable {
 public:
  explicit AccountTable(std::shared_ptr<const std::vector<Account>> accounts);
  AccountTable(const AccountTable&) = delete;
  AccountTable& operator=(const AccountTable&) = delete;

  const std::vector<const KnownAccount*>& sorted() const { return sorted_; }
  // By alias or else by id; null where there is none.
  const KnownAccount* Find(std::string_view key) const;

 private:
  const std::shared_ptr<const std::vector<Account>> accounts_;
  std::vector<KnownAccount> known_;
  std::vector<const KnownAccount*> sorted_;
  std::unordered_map<std::string_view, const KnownAccount*> by_alias_;
  std::unordered_map<std::string_view, const KnownAccount*> by_id_;
};

class AllAccountsNode final : public Expression {  // accounts
 public:
  explicit AllAccountsNode(std::shared_ptr<const AccountTable> table)
      : Expression(Type::kAccounts, false), table_(std::move(table)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::shared_ptr<const AccountTable> table_;
};

class AccountLookupNode final : public Expression {  // accounts['prod']
 public:
  AccountLookupNode(std::shared_ptr<const AccountTable> table, ExpressionPtr key)
      : Expression(Type::kAccount, false), table_(std::move(table)), key_(std::move(key)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const std::shared_ptr<const AccountTable> table_;
  const ExpressionPtr key_;
};

// account.id and so on: the administrator's text, whoever chose the account.
class AccountFieldNode final : public Expression {
 public:
  enum class Field { kAlias, kId, kName, kPartition, kProvider, kIam, kProviderArn };
  AccountFieldNode(ExpressionPtr account, Field field)
      : Expression(Type::kText, false), account_(std::move(account)), field_(field) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr account_;
  const Field field_;
};

class AccountTagNode final : public Expression {  // account.tags.team, account.tags['cost-centre']
 public:
  AccountTagNode(ExpressionPtr account, ExpressionPtr key)
      : Expression(Type::kText, false), account_(std::move(account)), key_(std::move(key)) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr account_;
  const ExpressionPtr key_;
};

}  // namespace rolebridge::mapping
