#pragma once

#include <ostream>
#include <string>

#include "bridge/base/clock.h"

namespace rolebridge::cli {

struct SessionsOptions {
  std::string admin_socket = "/run/rolebridge-admin.sock";
  std::string user;     // canonical; list: empty is everybody
  std::string session;  // end: the one of this index
  bool json = false;    // list
};

// The sessions of the running issuer, by person, the oldest first. Exit status: kYes; kCannotTell,
// nobody answered.
int ListSessions(const SessionsOptions& options, std::ostream& out, std::ostream& errors);

// Exit status: kYes, they are over; kNo, there was none; kCannotTell, nobody answered or it could
// not be put on record.
int EndSessions(const SessionsOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace rolebridge::cli
