#include "bridge/issuer/requested_level.h"

#include <algorithm>
#include <vector>

namespace rolebridge::issuer {
namespace {

using protocol::Comparison;

constexpr char kUnspecified[] = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

bool Fits(Comparison comparison, size_t level, const std::vector<size_t>& asked) {
  const auto [least, most] = std::minmax_element(asked.begin(), asked.end());
  switch (comparison) {
    case Comparison::kExact:
      return std::find(asked.begin(), asked.end(), level) != asked.end();
    case Comparison::kMinimum:
      return level >= *least;
    case Comparison::kMaximum:
      return level <= *most;
    case Comparison::kBetter:
      return level > *most;
  }
  return false;
}

}  // namespace

std::optional<size_t> RequestedLevel(const config::Config& config,
                                     const protocol::RequestFacts& request, size_t current) {
  const std::vector<std::string>& contexts = request.contexts;
  if (contexts.empty()) return current;
  if (std::find(contexts.begin(), contexts.end(), kUnspecified) != contexts.end()) return current;
  std::vector<size_t> asked;
  for (size_t i = 0; i < config.assurance.size(); ++i) {
    const std::string& context_class = config.assurance[i].context_class;
    if (std::find(contexts.begin(), contexts.end(), context_class) != contexts.end()) {
      asked.push_back(i);
    }
  }
  if (asked.empty()) return std::nullopt;
  for (size_t i = current + 1; i-- > 0;) {
    if (Fits(request.comparison, i, asked)) return i;
  }
  for (size_t i = current + 1; i < config.assurance.size(); ++i) {
    if (Fits(request.comparison, i, asked)) return i;
  }
  return std::nullopt;
}

}  // namespace rolebridge::issuer
