#pragma once

#include <utility>
#include <vector>

#include "bridge/base/time_zone.h"
#include "bridge/mapping/expression.h"
#include "bridge/mapping/network.h"
#include "bridge/mapping/time_window.h"

namespace rolebridge::mapping {

class NowNode final : public Expression {  // now
 public:
  NowNode() : Expression(Type::kInstant, false) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;
};

class DefinedNode final : public Expression {  // is defined, is not defined
 public:
  DefinedNode(ExpressionPtr operand, bool wanted)
      : Expression(Type::kBool, false), operand_(std::move(operand)), wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr operand_;
  const bool wanted_;
};

class NetworkNode final : public Expression {  // is in_network('10.0.0.0/8')
 public:
  NetworkNode(ExpressionPtr address, std::vector<Network> networks, bool wanted)
      : Expression(Type::kBool, false),
        address_(std::move(address)),
        networks_(std::move(networks)),
        wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr address_;
  const std::vector<Network> networks_;
  const bool wanted_;
};

class BetweenNode final : public Expression {  // is between('Mon-Fri 08:00-18:00', 'UTC')
 public:
  BetweenNode(ExpressionPtr instant, std::vector<TimeWindow> windows, TimeZone zone, bool wanted)
      : Expression(Type::kBool, false),
        instant_(std::move(instant)),
        windows_(std::move(windows)),
        zone_(zone),
        wanted_(wanted) {}

 protected:
  Computed Compute(Evaluation& evaluation) const override;

 private:
  const ExpressionPtr instant_;
  const std::vector<TimeWindow> windows_;
  const TimeZone zone_;
  const bool wanted_;
};

}  // namespace rolebridge::mapping
