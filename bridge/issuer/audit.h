#pragma once

#include <memory>
#include <string_view>

#include "bridge/base/log.h"
#include "bridge/base/result.h"

namespace rolebridge::issuer {

// One thing that an auditor asks about, told once: event names are stable, fields have fixed names,
// values are data (security.md G2, G4). No secret is ever in one.
struct AuditEvent {
  std::string_view name;  // "login_succeeded", "login_denied", "response_issued", ...
  LogPriority priority = LogPriority::kNotice;
  LogFields fields;
};

// Where events go. Safe to call from several threads.
class Audit {
 public:
  virtual ~Audit() = default;
  // Errors: kUnavailable, the event is not on record: what it tells of must not happen
  // (design.md, promise 4).
  virtual Result<void> Write(const AuditEvent& event) = 0;
};

// The journal where this process was started by a service manager that keeps one, with a field for
// each value; otherwise one line on standard error.
std::unique_ptr<Audit> OpenAudit();

}  // namespace rolebridge::issuer
