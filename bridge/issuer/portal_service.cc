#include "bridge/issuer/portal_service.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bridge/entitlement/entitlement.h"
#include "bridge/issuer/applications.h"
#include "bridge/issuer/refusals.h"

namespace rolebridge::issuer {
namespace {

using protocol::DescribedApplication;
using protocol::DescribedRole;
using protocol::DescribeReply;
using protocol::Reason;
using protocol::Refusal;

// A page of roles stays well below the size of a reply (protocol.h), names and framing included.
constexpr size_t kPageBudget = 48 * 1024;

std::string CutToText(std::string text) {
  constexpr std::string_view kMore = " ...";
  if (text.size() <= protocol::kMaxText) return text;
  size_t end = protocol::kMaxText - kMore.size();
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + std::string(kMore);
}

DescribedRole DescribeRole(const config::Config& config, const aws::RoleArn& role) {
  DescribedRole described{.role_arn = role.text(),
                          .account_id = role.account(),
                          .account_name = {},
                          .role_name = role.name()};
  for (const config::Account& account : config.accounts) {
    if (account.id == role.account()) described.account_name = account.name;
  }
  return described;
}

std::vector<DescribedRole> DescribeRoles(const config::Config& config,
                                         const entitlement::Entitlement& entitlement,
                                         bool with_reasons) {
  // Where only a step-up is missing, the role is shown anyway: choosing it leads to that.
  std::vector<DescribedRole> roles;
  for (const entitlement::Role& role : entitlement.roles) {
    roles.push_back(DescribeRole(config, role.pair.role));
    if (with_reasons) roles.back().source = CutToText(role.source);
  }
  for (const entitlement::WithheldRole& withheld : entitlement.withheld) {
    const bool needs_level = withheld.verdict.needs_assurance.has_value();
    if (!with_reasons && !needs_level) continue;
    roles.push_back(DescribeRole(config, withheld.role.pair.role));
    if (needs_level) roles.back().level = withheld.policy->assurance();
    if (!with_reasons) continue;
    roles.back().source = CutToText(withheld.role.source);
    roles.back().withheld = CutToText(withheld.policy->message());
  }
  const auto key = [](const DescribedRole& role) {
    // Accounts with a name stand before bare numbers.
    return std::tuple(role.account_name.empty(), role.account_name, role.account_id, role.role_name,
                      role.role_arn);
  };
  std::sort(roles.begin(), roles.end(),
            [&](const DescribedRole& a, const DescribedRole& b) { return key(a) < key(b); });
  const auto same = [](const DescribedRole& a, const DescribedRole& b) {
    return a.role_arn == b.role_arn;
  };
  roles.erase(std::unique(roles.begin(), roles.end(), same), roles.end());
  return roles;
}

// What the person may know of a refusal; the rest is for the record.
std::string WithheldText(const Refused& refused) {
  if (!refused.refusal.detail.empty()) return CutToText(refused.refusal.detail);
  return "None of your groups gives you a role here.";
}

// Cuts what `applications` hold to one page from `first` on.
std::optional<uint32_t> CutToPage(std::vector<DescribedApplication>& applications, uint32_t first) {
  uint32_t index = 0;
  size_t size = 0;
  std::optional<uint32_t> next;
  for (DescribedApplication& application : applications) {
    size += application.name.size() + application.withheld.size() + 128;
    std::vector<DescribedRole> page;
    for (DescribedRole& role : application.roles) {
      const uint32_t position = index++;
      if (position < first || next) continue;
      size += role.role_arn.size() + role.account_name.size() + role.role_name.size() +
              role.source.size() + role.withheld.size() + role.level.size() + 36;
      if (size > kPageBudget) {
        next = position;
        continue;
      }
      page.push_back(std::move(role));
    }
    application.roles = std::move(page);
  }
  std::erase_if(applications, [](const DescribedApplication& application) {
    return application.has_roles && application.roles.empty() && application.withheld.empty();
  });
  return next;
}

}  // namespace

PortalService::PortalService(const config::Config& config, const PersonReader& people,
                             store::SessionStore& sessions, Audit& audit, Metrics& metrics,
                             const Clock& clock)
    : config_(config),
      people_(people),
      sessions_(sessions),
      audit_(audit),
      metrics_(metrics),
      clock_(clock) {}

PortalService::Reply PortalService::Describe(protocol::DescribeRequest& request) const {
  const std::optional<store::Session> session = sessions_.Use(request.session.Reveal());
  if (!session) return Refusal{Reason::kNoSession, ""};
  const auto refuse = [&](const Refused& refused) {
    return RecordRefusal(audit_, metrics_, request.context, session->username, request.application,
                         refused);
  };
  if (!request.application.empty() && FindApplication(config_, request.application) == nullptr) {
    return refuse({{Reason::kUnknownApplication, ""}, "no such application", {}});
  }
  auto read = people_.Read(request.session.Reveal(), *session, request.context);
  if (const Refused* refused = std::get_if<Refused>(&read)) return refuse(*refused);
  PersonView& person = std::get<PersonView>(read);

  DescribeReply reply{.username = session->username,
                      .display_name = person.display_name,
                      .expires_in = ExpiresIn(*session)};
  std::optional<Refused> objection;
  for (const config::Application& application : config_.applications) {
    if (!request.application.empty() && request.application != application.slug) continue;
    const entitlement::Entitlement entitlement =
        entitlement::Evaluate(config_, application, person.facts);
    std::optional<Refused> found = ObjectionOf(entitlement, application, person);
    // With reasons also what a policy keeps from somebody who has a role there; of applications
    // that are nothing to them, nobody is told.
    const bool is_theirs = !entitlement.roles.empty() || !entitlement.withheld.empty();
    const bool needs_level = found && found->refusal.reason == Reason::kNeedsLevel;
    if (!found || needs_level || (request.with_reasons && is_theirs)) {
      reply.applications.push_back(
          {.slug = application.slug,
           .name = application.name,
           .has_roles = SendsRoles(application),
           .withheld = found ? WithheldText(*found) : "",
           .level = needs_level ? found->refusal.level : "",
           .roles = DescribeRoles(config_, entitlement, request.with_reasons)});
    }
    if (found) objection = std::move(found);
  }
  if (reply.applications.empty()) {
    if (objection) return refuse(*objection);
    return refuse({{Reason::kNotEntitled, ""}, "nothing is configured", GroupNames(person.facts)});
  }
  reply.next_role = CutToPage(reply.applications, request.first_role);
  return reply;
}

protocol::EndSessionReply PortalService::EndSession(protocol::EndSessionRequest& request) const {
  const std::optional<store::Session> session = sessions_.Use(request.session.Reveal());
  if (!session) return {.ended = false};
  // The session is over whether this is on record or not: ending one is never refused.
  const auto commit = [&](std::vector<store::Change> changes) {
    return audit_.Write({"session_ended",
                         LogPriority::kInfo,
                         {{"request", request.context.request_id},
                          {"user", session->username},
                          {"rhost", request.context.client_address},
                          {"session", session->session_index}}},
                        std::move(changes));
  };
  [[maybe_unused]] const Result<bool> ended = sessions_.End(request.session.Reveal(), commit);
  return {.ended = true};
}

uint32_t PortalService::ExpiresIn(const store::Session& session) const {
  const auto age = clock_.SinceBoot() - session.created;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(config_.session_lifetime - age).count();
  return static_cast<uint32_t>(std::max<int64_t>(left, 0));
}

}  // namespace rolebridge::issuer
