#include "ldap/server_list.h"

#include <algorithm>
#include <utility>

namespace rolebridge::ldap {

ServerList::ServerList(const std::vector<std::string>& uris, Rules rules) : rules_(rules) {
  Replace(uris);
}

void ServerList::Replace(const std::vector<std::string>& uris) {
  std::vector<Server> servers;
  for (const std::string& uri : uris) {
    Server* const known = Find(uri);
    servers.push_back(known != nullptr ? std::move(*known) : Server{.uri = uri});
  }
  servers_ = std::move(servers);
}

std::vector<std::string> ServerList::InOrder(Instant now) const {
  std::vector<const Server*> order;
  for (const Server& server : servers_) order.push_back(&server);
  const auto is_slow = [&](const Server& server) {
    return !server.attempts.empty() && now - *server.attempts.begin() >= rules_.patience;
  };
  // Of those that rest, the one first whose rest ends first: it has failed less, or longer ago.
  std::stable_sort(order.begin(), order.end(), [&](const Server* a, const Server* b) {
    if (a->rests_until && b->rests_until) return *a->rests_until < *b->rests_until;
    if (a->rests_until || b->rests_until) return !a->rests_until;
    return !is_slow(*a) && is_slow(*b);
  });
  std::vector<std::string> uris;
  for (const Server* const server : order) uris.push_back(server->uri);
  return uris;
}

void ServerList::Began(std::string_view uri, Instant began) {
  if (Server* const server = Find(uri)) server->attempts.insert(began);
}

std::vector<ServerHealth> ServerList::Health() const {
  std::vector<ServerHealth> health;
  for (const Server& server : servers_) health.push_back({server.uri, !server.rests_until});
  return health;
}

ServerList::Change ServerList::Ended(std::string_view uri, Instant began, Outcome outcome,
                                     Instant now) {
  Server* const server = Find(uri);
  if (server == nullptr) return Change::kNone;
  if (const auto found = server->attempts.find(began); found != server->attempts.end()) {
    server->attempts.erase(found);
  }
  switch (outcome) {
    case Outcome::kAnswered:
      return Recover(*server, now);
    case Outcome::kFailed:
      return Rest(*server, now);
    case Outcome::kUndecided:
      break;
  }
  return Change::kNone;
}

ServerList::Change ServerList::Failed(std::string_view uri, Instant now) {
  Server* const server = Find(uri);
  return server == nullptr ? Change::kNone : Rest(*server, now);
}

ServerList::Change ServerList::Recover(Server& server, Instant now) {
  const bool was_healthy = !server.rests_until;
  if (!was_healthy) server.well_since = now;
  server.rests_until.reset();
  server.is_probed = false;
  return was_healthy ? Change::kNone : Change::kRecovered;
}

ServerList::Change ServerList::Rest(Server& server, Instant now) {
  server.is_probed = false;
  // Eight logins that wait for one server say once that it is dead, and not eight times.
  if (server.rests_until && now < *server.rests_until) return Change::kNone;
  const bool was_healthy = !server.rests_until;
  const bool is_forgiven = !server.rests_until && now - server.well_since >= rules_.longest_rest;
  server.last_rest = server.last_rest.count() == 0 || is_forgiven
                         ? rules_.first_rest
                         : std::min(2 * server.last_rest, rules_.longest_rest);
  server.rests_until = now + server.last_rest;
  return was_healthy ? Change::kFailed : Change::kNone;
}

std::optional<std::string> ServerList::TakeDue(Instant now) {
  for (Server& server : servers_) {
    if (!server.rests_until || server.is_probed || now < *server.rests_until) continue;
    server.is_probed = true;
    return server.uri;
  }
  return std::nullopt;
}

std::optional<ServerList::Instant> ServerList::NextDue() const {
  std::optional<Instant> next;
  for (const Server& server : servers_) {
    if (!server.rests_until || server.is_probed) continue;
    if (!next || *server.rests_until < *next) next = server.rests_until;
  }
  return next;
}

ServerList::Server* ServerList::Find(std::string_view uri) {
  const auto found = std::find_if(servers_.begin(), servers_.end(),
                                  [&](const Server& server) { return server.uri == uri; });
  return found == servers_.end() ? nullptr : &*found;
}

}  // namespace rolebridge::ldap
