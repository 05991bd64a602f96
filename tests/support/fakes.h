#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/issuer/audit.h"
#include "bridge/issuer/state_keys.h"
#include "ldap/directory.h"

namespace rolebridge::testing {

// A clock that stands until a test moves it.
class FakeClock final : public Clock {
 public:
  SysSeconds Now() const override { return now; }
  BootTime SinceBoot() const override { return since_boot; }
  bool IsSynchronised() const override { return synchronised; }
  void Advance(std::chrono::milliseconds by) {
    since_boot += by;
    now += std::chrono::duration_cast<std::chrono::seconds>(by);
  }

  SysSeconds now = std::chrono::sys_days(std::chrono::year(2027) / 1 / 31) + std::chrono::hours(10);
  BootTime since_boot = std::chrono::hours(100);
  bool synchronised = true;
};

// Keeps what was written; `fails` makes it refuse, as a full disk would.
class RecordingAudit final : public issuer::Audit {
 public:
  struct Record {
    std::string name;
    LogFields fields;
    std::string Field(std::string_view wanted) const {
      for (const auto& [field, value] : fields) {
        if (field == wanted) return value;
      }
      return {};
    }
  };
  using Audit::Write;
  Result<void> Write(const issuer::AuditEvent& event, std::vector<store::Change>) override {
    const std::lock_guard lock(mutex_);
    if (fails) return Error{ErrorCode::kUnavailable, "audit: no space left"};
    records.push_back({std::string(event.name), event.fields});
    return {};
  }
  bool fails = false;
  std::vector<Record> records;

 private:
  std::mutex mutex_;
};

// Keys that are apart from each other.
inline issuer::StateKeys SomeKeys() {
  const auto key = [](char c) { return SecretString(std::string(32, c)); };
  return {key('a'), key('b'), key('c'), key('d'), key('e')};
}

// Answers what a test puts in; the real one is tried in tests/ldap and tests/integration.
class FakeDirectory final : public ldap::Directory {
 public:
  Result<ldap::Lookup> Find(std::string_view username) override {
    asked.emplace_back(username);
    return answer;
  }
  Result<void> ForEachGroup(const std::function<bool(const ldap::Group&)>&,
                            std::vector<ldap::DroppedValue>&) override {
    return {};
  }
  Result<void> ForEachUsername(const std::function<bool(const std::string&)>&) override {
    return {};
  }
  Result<void> Probe() override { return probe; }

  Result<ldap::Lookup> answer = Error{ErrorCode::kNotFound, "no entry"};
  Result<void> probe;
  std::vector<std::string> asked;
};

}  // namespace rolebridge::testing
