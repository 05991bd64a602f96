#include "bridge/aws/trust_policy.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "bridge/aws/arn.h"
#include "bridge/aws/bounded_json.h"
#include "bridge/aws/characters.h"
#include "bridge/aws/quote.h"
#include "bridge/base/ascii.h"

namespace rolebridge::aws {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kAssume[] = "sts:AssumeRoleWithSAML";
constexpr char kTagSession[] = "sts:TagSession";
constexpr char kSetSourceIdentity[] = "sts:SetSourceIdentity";

std::string InQuotes(std::string_view text) { return "'" + Quoted(text) + "'"; }

// A string, or a list of strings; nothing for whatever else.
std::optional<std::vector<std::string>> Strings(const json& value) {
  if (value.is_string()) return std::vector<std::string>{value.get<std::string>()};
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> strings;
  for (const json& element : value) {
    if (!element.is_string()) return std::nullopt;
    strings.push_back(element.get<std::string>());
  }
  return strings;
}

std::string Listed(const std::vector<std::string>& values) {
  constexpr size_t kShown = 4;
  std::string text;
  for (size_t i = 0; i < std::min(values.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + InQuotes(values[i]);
  }
  if (values.size() > kShown) text += ", ...";
  return values.empty() ? "nothing" : text;
}

// ---- one question: may this action be taken by somebody who came through this ACS? ----

enum class Truth { kNo, kMaybe, kYes };

struct Answer {
  Truth truth = Truth::kYes;
  std::string why;  // it is not yes
  int passed = 0;   // how many of a statement's parts hold: the closest one is worth telling
};

Answer Yes() { return {}; }
Answer No(std::string why) { return {.truth = Truth::kNo, .why = std::move(why)}; }
Answer Maybe(std::string why) { return {.truth = Truth::kMaybe, .why = std::move(why)}; }

struct Question {
  const SignIn& sign_in;
  std::string_view action;
  std::string_view acs_url;
};

// arn:P:iam::ACCOUNT:saml-provider/NAME -> ACCOUNT/NAME (aws-saml.md 2.4).
std::string SamlDoc(const std::string& provider_arn) {
  const Result<SamlProviderArn> arn = SamlProviderArn::Parse(provider_arn);
  return arn ? arn->account() + "/" + arn->name() : "";
}

// The value of a condition key; nothing where it depends on who comes, or is not known here.
std::optional<std::string> ValueOfKey(std::string_view key, const Question& question) {
  constexpr std::string_view kFormatPrefix = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
  const std::string name = LowerAscii(key);
  if (name == "saml:aud") return std::string(question.acs_url);
  if (name == "saml:iss") return question.sign_in.entity_id;
  if (name == "saml:doc") return SamlDoc(question.sign_in.provider_arn);
  if (name == "saml:sub_type" && question.sign_in.name_id_format.starts_with(kFormatPrefix)) {
    return question.sign_in.name_id_format.substr(kFormatPrefix.size());
  }
  return std::nullopt;
}

struct Operator {
  std::string_view name;
  bool (*matches)(std::string_view value, std::string_view wanted);
  bool is_negated;
};

bool Equals(std::string_view value, std::string_view wanted) { return value == wanted; }

constexpr std::array<Operator, 6> kOperators = {
    Operator{"StringEquals", Equals, false},
    Operator{"StringNotEquals", Equals, true},
    Operator{"StringEqualsIgnoreCase", EqualIgnoringCase, false},
    Operator{"StringNotEqualsIgnoreCase", EqualIgnoringCase, true},
    Operator{"StringLike", MatchesPattern, false},
    Operator{"StringNotLike", MatchesPattern, true},
};

// Without what makes no difference for a key that is there and has one value.
std::string_view PlainOperator(std::string_view name) {
  for (const std::string_view prefix : {"ForAnyValue:", "ForAllValues:"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  constexpr std::string_view kIfExists = "IfExists";
  if (name.ends_with(kIfExists)) name.remove_suffix(kIfExists.size());
  return name;
}

Answer Compare(const Operator& op, const std::string& key, const std::string& value,
               const std::vector<std::string>& wanted) {
  bool matches = false;
  bool has_variable = false;
  for (const std::string& each : wanted) {
    if (each.find("${") != std::string::npos) {
      has_variable = true;
    } else if (op.matches(value, each)) {
      matches = true;
    }
  }
  if (matches && !op.is_negated) return Yes();
  if (!matches && has_variable) {
    return Maybe("the condition on " + InQuotes(key) +
                 " compares with a variable: " + Listed(wanted));
  }
  if (matches != op.is_negated) return Yes();
  return No("the condition on " + InQuotes(key) + " wants " +
            (op.is_negated ? "anything but " : "") + Listed(wanted) + ", and we send " +
            InQuotes(value));
}

// "Null": {"saml:aud": "false"}: the keys that are known here are always there.
Answer CompareNull(const std::string& key, const std::vector<std::string>& wanted) {
  if (wanted == std::vector<std::string>{"false"}) return Yes();
  if (wanted == std::vector<std::string>{"true"}) {
    return No("the condition wants " + InQuotes(key) + " to be absent, and we send it");
  }
  return Maybe("the condition Null on " + InQuotes(key) + " is neither true nor false");
}

Answer JudgeKey(std::string_view name, const std::string& key, const json& compared,
                const Question& question) {
  const auto wanted =
      compared.is_boolean()
          ? std::optional(std::vector<std::string>{compared.get<bool>() ? "true" : "false"})
          : Strings(compared);
  if (!wanted) return Maybe("the condition on " + InQuotes(key) + " compares with no text");
  const auto value = ValueOfKey(key, question);
  if (!value) {
    return Maybe("the condition on " + InQuotes(key) + " depends on what is not known here");
  }
  if (name == "Null") return CompareNull(key, *wanted);
  const std::string_view plain = PlainOperator(name);
  for (const Operator& op : kOperators) {
    if (op.name == plain) return Compare(op, key, *value, *wanted);
  }
  return Maybe("the condition operator " + InQuotes(name) + " is not known here");
}

// The worse of two answers that must both hold; of two alike the first.
void Join(Answer& answer, Answer other) {
  if (other.truth < answer.truth) answer = std::move(other);
}

Answer JudgeConditions(const json& statement, const Question& question) {
  const auto condition = statement.find("Condition");
  if (condition == statement.end()) return Yes();
  if (!condition->is_object()) return Maybe("its Condition can't be read");
  Answer answer;
  for (const auto& [name, keys] : condition->items()) {
    if (!keys.is_object()) return Maybe("its Condition can't be read");
    for (const auto& [key, wanted] : keys.items()) {
      Join(answer, JudgeKey(name, key, wanted, question));
    }
  }
  return answer;
}

Answer JudgePrincipal(const json& statement, const Question& question) {
  if (statement.contains("NotPrincipal")) return Maybe("it has NotPrincipal");
  const auto principal = statement.find("Principal");
  if (principal == statement.end()) return Maybe("it has no Principal");
  if (!principal->is_object())
    return Maybe("its Principal is " +
                 Quoted(principal->dump(-1, ' ', true, json::error_handler_t::replace)));
  const auto federated = principal->find("Federated");
  if (federated == principal->end()) {
    return No("its Principal is no SAML provider; ours is " +
              InQuotes(question.sign_in.provider_arn));
  }
  const auto providers = Strings(*federated);
  if (!providers) return Maybe("its Principal can't be read");
  for (const std::string& provider : *providers) {
    if (provider == question.sign_in.provider_arn) return Yes();
    if (provider == "*") return Maybe("its Principal is any provider");
  }
  return No("its Principal is " + Listed(*providers) + ", and ours is " +
            InQuotes(question.sign_in.provider_arn));
}

bool NamesAction(const std::vector<std::string>& patterns, std::string_view action) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return MatchesPattern(LowerAscii(action), LowerAscii(pattern));
  });
}

Answer JudgeAction(const json& statement, const Question& question) {
  const bool is_not = statement.contains("NotAction");
  const auto found = statement.find(is_not ? "NotAction" : "Action");
  const auto patterns = found == statement.end() ? std::nullopt : Strings(*found);
  if (!patterns) return Maybe("its Action can't be read");
  if (NamesAction(*patterns, question.action) != is_not) return Yes();
  std::string why = "its Action lacks " + InQuotes(question.action);
  if (question.action == kTagSession) why += ", which a role needs once tags are sent";
  if (question.action == kSetSourceIdentity) {
    why += ", which a role needs once SourceIdentity is sent";
  }
  return No(std::move(why));
}

Answer JudgeStatement(const json& statement, const Question& question) {
  Answer answer;
  int passed = 0;
  for (const auto judge : {JudgePrincipal, JudgeAction, JudgeConditions}) {
    Answer part = judge(statement, question);
    if (part.truth == Truth::kNo) {
      part.passed = passed;
      return part;
    }
    ++passed;
    Join(answer, std::move(part));
  }
  answer.passed = passed;
  return answer;
}

// Deny wins; else one Allow that holds is enough.
Answer JudgePolicy(const std::vector<const json*>& statements, const Question& question) {
  Answer best = No("no statement in it allows anything");
  best.passed = -1;
  Answer denied;
  for (const json* statement : statements) {
    const Answer answer = JudgeStatement(*statement, question);
    const std::string effect = statement->value("Effect", "");
    if (effect == "Deny" && answer.truth == Truth::kYes) {
      Join(denied, No("a statement with Deny holds for us"));
    } else if (effect == "Deny" && answer.truth == Truth::kMaybe) {
      Join(denied, Maybe("a statement with Deny may hold for us: " + answer.why));
    } else if (effect == "Allow" &&
               std::pair(answer.truth, answer.passed) > std::pair(best.truth, best.passed)) {
      best = answer;
    }
  }
  Join(best, std::move(denied));
  return best;
}

std::optional<std::vector<const json*>> StatementsOf(const json& policy) {
  if (!policy.is_object()) return std::nullopt;
  const auto found = policy.find("Statement");
  if (found == policy.end()) return std::nullopt;
  std::vector<const json*> statements;
  if (found->is_object()) statements.push_back(&*found);
  if (found->is_array()) {
    for (const json& statement : *found) statements.push_back(&statement);
  }
  const bool readable =
      std::all_of(statements.begin(), statements.end(), [](const json* statement) {
        if (!statement->is_object()) return false;
        const auto effect = statement->find("Effect");
        return effect != statement->end() && effect->is_string();
      });
  if (!readable || !(found->is_object() || found->is_array())) return std::nullopt;
  return statements;
}

}  // namespace

std::vector<std::string> ActionsFor(const SignIn& sign_in) {
  std::vector<std::string> actions = {kAssume};
  if (sign_in.sends_tags) actions.emplace_back(kTagSession);
  if (sign_in.sends_source_identity) actions.emplace_back(kSetSourceIdentity);
  return actions;
}

std::string WriteTrustPolicy(const SignIn& sign_in) {
  const ordered_json statement = {
      {"Effect", "Allow"},
      {"Principal", {{"Federated", sign_in.provider_arn}}},
      {"Action", ActionsFor(sign_in)},
      {"Condition",
       {{"StringEquals", {{"SAML:aud", sign_in.acs_urls}, {"SAML:iss", sign_in.entity_id}}}}}};
  const ordered_json policy = {{"Version", "2012-10-17"},
                               {"Statement", ordered_json::array({statement})}};
  return policy.dump(-1, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace);
}

std::vector<TrustObjection> WhyNotTrusted(std::string_view text, const SignIn& sign_in) {
  const json policy = ParseBoundedJson(text);
  const auto statements = StatementsOf(policy);
  if (!statements) return {{.is_certain = false, .message = "it is no policy that can be read"}};
  std::vector<TrustObjection> objections;
  const auto add = [&](const Answer& answer) {
    const TrustObjection objection{.is_certain = answer.truth == Truth::kNo, .message = answer.why};
    const bool is_known = std::any_of(
        objections.begin(), objections.end(),
        [&](const TrustObjection& other) { return other.message == objection.message; });
    if (answer.truth != Truth::kYes && !is_known) objections.push_back(objection);
  };
  for (const std::string& acs_url : sign_in.acs_urls) {
    bool is_assumable = true;
    for (const std::string& action : ActionsFor(sign_in)) {
      // Where nobody gets in, what else they may not do is noise.
      if (!is_assumable) break;
      const Answer answer = JudgePolicy(*statements, {sign_in, action, acs_url});
      if (action == kAssume) is_assumable = answer.truth != Truth::kNo;
      add(answer);
    }
  }
  return objections;
}

}  // namespace rolebridge::aws
