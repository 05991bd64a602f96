#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/result.h"
#include "bridge/store/audit_log.h"

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
  // Returns when the event, and `also` with it, is on the disk. Errors: kUnavailable, neither is:
  // what it tells of must not happen (design.md, promise 4).
  virtual Result<void> Write(const AuditEvent& event, std::vector<store::Change> also) = 0;
  Result<void> Write(const AuditEvent& event) { return Write(event, {}); }
};

// Names the configuration by which something happened in each record that goes on to `audit`.
class AuditUnder final : public Audit {
 public:
  AuditUnder(Audit& audit, std::string config_hash)
      : audit_(audit), config_hash_(std::move(config_hash)) {}
  using Audit::Write;
  Result<void> Write(const AuditEvent& event, std::vector<store::Change> also) override;

 private:
  Audit& audit_;
  const std::string config_hash_;
};

// What each record says of where it was made.
struct Origin {
  std::string node;     // this host's name
  std::string boot_id;  // of this boot of the machine; empty where it can't be told
};

// The chained record in the store, as a JSON object with a member for each field. Then also the
// journal, where this process was started by a service manager that keeps one, else standard error:
// a copy for whoever watches, which may fail.
std::unique_ptr<Audit> OpenAudit(store::AuditLog& log, Origin origin, const Clock& clock);

}  // namespace rolebridge::issuer
