#include "bridge/cli/explanation.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "bridge/base/clock.h"
#include "bridge/base/visible_text.h"
#include "bridge/config/value_types.h"
#include "bridge/issuer/applications.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::cli {
namespace {

using entitlement::Entitlement;
using Json = nlohmann::ordered_json;

std::string Place(const std::string& mapping, const Position& position) {
  return "mapping " + mapping + ", " + ToString(position);
}

std::string SourceOr(const std::string& source) {
  return source.empty() ? "the configuration" : source;
}

// ---- text

class TextWriter {
 public:
  TextWriter(bool colour, std::ostream& out) : colour_(colour), out_(out) {}

  void Title(const std::string& text) { out_ << Painted("1", text) << "\n"; }
  void Section(const std::string& text) { out_ << "  " << Painted("1", text) << "\n"; }
  void Fact(const std::string& name, const std::string& value) {
    out_ << "  " << std::left << std::setw(12) << name << " " << Shown(value) << "\n";
  }
  void Good(const std::string& text) { Line("32", "+", text); }
  void Bad(const std::string& text) { Line("31", "-", text); }
  void Note(const std::string& text) { out_ << "      " << Shown(text) << "\n"; }

 private:
  static constexpr std::string_view kEscape = "\x1b[";

  std::string Painted(const std::string& code, const std::string& text) const {
    const std::string shown = Shown(text);
    return colour_ ? std::string(kEscape) + code + "m" + shown + std::string(kEscape) + "0m"
                   : shown;
  }
  void Line(const std::string& code, const std::string& sign, const std::string& text) {
    out_ << "    " << Painted(code, sign) << " " << Shown(text) << "\n";
  }
  // What a directory holds must not steer a terminal.
  static std::string Shown(const std::string& text) { return VisibleText(text, LineBreaks::kShow); }

  const bool colour_;
  std::ostream& out_;
};

std::string DurationNote(const entitlement::Role& role) {
  return role.duration ? ", for " + config::DurationWords(*role.duration) : "";
}

void WriteRoles(const Entitlement& entitlement, TextWriter& text) {
  if (!entitlement.roles.empty()) text.Section("roles");
  for (const entitlement::Role& role : entitlement.roles) {
    text.Good(role.pair.role.text() + DurationNote(role));
    text.Note("from " + SourceOr(role.source) + " (" + Place(role.mapping, role.position) + ")");
  }
  if (!entitlement.withheld.empty()) text.Section("withheld roles");
  for (const entitlement::WithheldRole& withheld : entitlement.withheld) {
    text.Bad(withheld.role.pair.role.text());
    text.Note("from " + SourceOr(withheld.role.source) + " (" +
              Place(withheld.role.mapping, withheld.role.position) + ")");
    text.Note("policy '" + withheld.policy->name() + "' (" + ToString(withheld.policy->position()) +
              "): " + withheld.verdict.reason);
  }
}

void WritePolicies(const Entitlement& entitlement, TextWriter& text) {
  if (!entitlement.policies.empty()) text.Section("policies");
  for (const entitlement::PolicyVerdict& judged : entitlement.policies) {
    const std::string name =
        "'" + judged.policy->name() + "' (" + ToString(judged.policy->position()) + ")";
    if (judged.verdict.holds) {
      text.Good(name + " holds");
    } else {
      text.Bad(name + " does not hold: " + judged.verdict.reason);
      text.Note("the person reads: " + judged.policy->message());
    }
  }
}

void WriteAttributes(const Entitlement& entitlement, TextWriter& text) {
  if (!entitlement.provenance.empty()) text.Section("attributes");
  for (const entitlement::Provenance& value : entitlement.provenance) {
    text.Good(value.saml_name + " = " + value.value);
    text.Note("from " + SourceOr(value.source) + " (" + Place(value.mapping, value.position) + ")");
  }
}

void WriteDropped(const Entitlement& entitlement, TextWriter& text) {
  if (!entitlement.dropped.empty()) text.Section("left out");
  for (const entitlement::Dropped& dropped : entitlement.dropped) {
    text.Bad(dropped.reason);
    if (!dropped.mapping.empty()) text.Note(Place(dropped.mapping, dropped.position));
  }
}

std::string Conclusion(const Explanation& explanation, const ApplicationExplanation& one) {
  const Entitlement& entitlement = one.entitlement;
  if (!explanation.account_objection.empty()) return "nothing would be issued: the account";
  if (!one.objection.empty()) {
    return entitlement.roles.empty() && entitlement.withheld.empty() && !entitlement.IsRefused()
               ? "no role"
               : "nothing would be issued";
  }
  if (!issuer::SendsRoles(*one.application)) return "open";
  const size_t count = entitlement.roles.size();
  return std::to_string(count) + (count == 1 ? " role" : " roles");
}

// ---- JSON

std::string_view NameOf(RoleAnswer::Verdict verdict) {
  switch (verdict) {
    case RoleAnswer::Verdict::kOpen:
      return "open";
    case RoleAnswer::Verdict::kWithheld:
      return "withheld";
    case RoleAnswer::Verdict::kAbsent:
      return "absent";
  }
  return "absent";
}

Json PolicyJson(const config::Config& config, const mapping::Policy& policy,
                const mapping::Verdict& verdict) {
  Json json = {{"policy", policy.name()},
               {"position", ToString(policy.position())},
               {"holds", verdict.holds}};
  if (verdict.holds) return json;
  json["reason"] = verdict.reason;
  json["message"] = policy.message();
  if (verdict.needs_assurance) {
    json["needs_assurance"] = config.assurance[*verdict.needs_assurance].name;
  }
  return json;
}

// The template's parts as they were filled in, each with the place in the directory it came from.
Json PiecesJson(const std::vector<TracedText::Piece>& pieces) {
  Json json = Json::array();
  for (const TracedText::Piece& piece : pieces) {
    Json one = {{"text", piece.text}, {"from_directory", piece.from_directory}};
    if (!piece.source.empty()) one["source"] = piece.source;
    json.push_back(std::move(one));
  }
  return json;
}

Json RoleJson(const entitlement::Role& role) {
  Json json = {{"role", role.pair.role.text()},       {"provider", role.pair.provider.text()},
               {"account", role.pair.role.account()}, {"mapping", role.mapping},
               {"position", ToString(role.position)}, {"source", role.source},
               {"pieces", PiecesJson(role.pieces)}};
  if (role.duration) json["duration_seconds"] = role.duration->count();
  return json;
}

Json EntitlementJson(const config::Config& config, const ApplicationExplanation& one) {
  const Entitlement& entitlement = one.entitlement;
  Json json = {{"application", one.application->slug},
               {"objection", one.objection},
               {"limit_reached", entitlement.exhausted},
               {"missing", entitlement.missing},
               {"policies", Json::array()},
               {"roles", Json::array()},
               {"withheld", Json::array()},
               {"attributes", Json::array()},
               {"left_out", Json::array()}};
  for (const auto& judged : entitlement.policies) {
    json["policies"].push_back(PolicyJson(config, *judged.policy, judged.verdict));
  }
  for (const auto& role : entitlement.roles) json["roles"].push_back(RoleJson(role));
  for (const auto& withheld : entitlement.withheld) {
    Json role = RoleJson(withheld.role);
    role["policy"] = PolicyJson(config, *withheld.policy, withheld.verdict);
    json["withheld"].push_back(std::move(role));
  }
  for (const auto& value : entitlement.provenance) {
    json["attributes"].push_back({{"name", value.saml_name},
                                  {"value", value.value},
                                  {"mapping", value.mapping},
                                  {"position", ToString(value.position)},
                                  {"source", value.source},
                                  {"pieces", PiecesJson(value.pieces)}});
  }
  for (const auto& dropped : entitlement.dropped) {
    json["left_out"].push_back({{"attribute", dropped.saml_name},
                                {"mapping", dropped.mapping},
                                {"position", ToString(dropped.position)},
                                {"reason", dropped.reason},
                                {"breaks_rule", dropped.breaks_rule}});
  }
  return json;
}

// "'outer' through 'inner', 'middle'": the person is in the first of these.
std::string InWords(const NestedGroup& group) {
  std::string words = mapping::Quote(group.name) + " through ";
  for (size_t i = 0; i < group.through.size(); ++i) {
    words += (i == 0 ? "" : ", ") + mapping::Quote(group.through[i]);
  }
  return words;
}

std::vector<std::string> SortedGroupNames(const mapping::Facts& facts) {
  std::vector<std::string> names;
  for (const mapping::Group& group : facts.groups) names.push_back(group.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

bool Explanation::IsPositive() const {
  if (!account_objection.empty()) return false;
  if (!role_answers.empty()) {
    return std::any_of(role_answers.begin(), role_answers.end(), [](const RoleAnswer& answer) {
      return answer.verdict == RoleAnswer::Verdict::kOpen;
    });
  }
  return std::any_of(applications.begin(), applications.end(),
                     [](const auto& one) { return one.objection.empty(); });
}

void WriteText(const Explanation& explanation, bool colour, std::ostream& out) {
  TextWriter text(colour, out);
  const mapping::Facts& facts = explanation.facts;
  text.Title(facts.user.username);
  text.Fact("entry", facts.user.dn);
  std::string groups;
  for (const std::string& name : SortedGroupNames(facts)) {
    groups += (groups.empty() ? "" : ", ") + name;
  }
  text.Fact("groups", groups.empty() ? "none" : groups);
  for (const NestedGroup& group : explanation.nested) {
    text.Fact("nested", InWords(group));
  }
  text.Fact("client", facts.client_address.empty() ? "not given" : facts.client_address);
  text.Fact("assurance", explanation.config->assurance[facts.assurance].name);
  text.Fact("at", FormatUtc(facts.instant));
  if (!explanation.account_objection.empty()) text.Bad(explanation.account_objection);
  for (const ldap::DroppedValue& value : explanation.dropped) {
    text.Bad(value.entry + ": " + value.attribute + ": " + value.reason);
  }
  for (size_t i = 0; i < explanation.applications.size(); ++i) {
    const ApplicationExplanation& one = explanation.applications[i];
    out << "\n";
    text.Title(one.application->slug + " (" + one.application->name +
               "): " + Conclusion(explanation, one));
    if (i < explanation.role_answers.size()) {
      const RoleAnswer& answer = explanation.role_answers[i];
      text.Section(answer.arn + ": " + std::string(NameOf(answer.verdict)));
      for (const std::string& reason : answer.reasons) text.Note(reason);
      continue;
    }
    if (!one.objection.empty()) text.Bad(one.objection);
    WritePolicies(one.entitlement, text);
    WriteRoles(one.entitlement, text);
    WriteAttributes(one.entitlement, text);
    WriteDropped(one.entitlement, text);
  }
}

void WriteJson(const Explanation& explanation, std::ostream& out) {
  const mapping::Facts& facts = explanation.facts;
  Json json = {{"user", facts.user.username},
               {"dn", facts.user.dn},
               {"groups", SortedGroupNames(facts)},
               {"nested_groups", Json::array()},
               {"client", facts.client_address},
               {"assurance", explanation.config->assurance[facts.assurance].name},
               {"at", FormatUtc(facts.instant)},
               {"config_sha256", explanation.config->hash},
               {"account_objection", explanation.account_objection},
               {"ldap_attributes",
                {{"user", explanation.config->ldap.users.attributes},
                 {"group", explanation.config->ldap.groups.attributes}}},
               {"applications", Json::array()}};
  for (const NestedGroup& group : explanation.nested) {
    json["nested_groups"].push_back(
        {{"name", group.name}, {"dn", group.dn}, {"through", group.through}});
  }
  for (const ldap::DroppedValue& value : explanation.dropped) {
    json["directory_left_out"].push_back(
        {{"entry", value.entry}, {"attribute", value.attribute}, {"reason", value.reason}});
  }
  for (size_t i = 0; i < explanation.applications.size(); ++i) {
    Json one = EntitlementJson(*explanation.config, explanation.applications[i]);
    if (i < explanation.role_answers.size()) {
      const RoleAnswer& answer = explanation.role_answers[i];
      one["asked"] = {
          {"role", answer.arn}, {"verdict", NameOf(answer.verdict)}, {"reasons", answer.reasons}};
    }
    json["applications"].push_back(std::move(one));
  }
  out << json.dump(2, ' ', true, Json::error_handler_t::replace) << "\n";
}

}  // namespace rolebridge::cli
