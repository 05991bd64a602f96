#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"

namespace rolebridge::cli {

// Which records are meant. Empty: whatever it is.
struct AuditFilter {
  std::string user;   // exactly
  std::string event;  // exactly, like response_issued
  std::string role;   // a part of a role's ARN, whatever the case
  std::string since;  // 2026-01-31, 2026-01-31T10:05:00Z, or how long ago: 30m, 24h, 7d
  std::string until;  // the same; what was written before that
};

struct AuditOptions {
  std::string state_directory = "/var/lib/rolebridge";
  AuditFilter filter;
  uint32_t limit = 50;   // list: the last so many; 0 is all
  std::string wanted;    // show: a sequence number, or an assertion's ID
  std::string key_file;  // verify: what `begin` showed; "-" is standard input
};

// The audit commands read the store and change nothing in it; a running issuer does not notice.
// Exit status: 0 done, or the chain is whole; 1 nothing found, or the chain is broken; 2 it can't
// be told, and why stands on `errors`.

// A line for each record that fits, the newest last.
int ListAudit(const AuditOptions& options, const Clock& clock, std::ostream& out,
              std::ostream& errors);
// One record with all that it holds.
int ShowAudit(const AuditOptions& options, std::ostream& out, std::ostream& errors);
// Each record that fits as one line of JSON: seq, hash, mac, epoch and the record.
int ExportAudit(const AuditOptions& options, const Clock& clock, std::ostream& out,
                std::ostream& errors);
// Whether the chain is whole.
int VerifyAudit(const AuditOptions& options, std::istream& in, std::ostream& out,
                std::ostream& errors);
// Makes the first key and shows it, the only time; before the issuer's first start.
int BeginAudit(const AuditOptions& options, SysSeconds now, Random& random, std::ostream& out,
               std::ostream& errors);

}  // namespace rolebridge::cli
