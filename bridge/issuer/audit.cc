#include "bridge/issuer/audit.h"

#include <systemd/sd-journal.h>

#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rolebridge::issuer {
namespace {

// "ROLEBRIDGE_ASSERTION_ID=_4f1c...": journal fields are upper case.
std::string JournalField(std::string_view name, std::string_view value) {
  std::string field = "ROLEBRIDGE_";
  for (const char c : name) {
    field.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  field.push_back('=');
  field.append(value);
  return field;
}

void TellJournal(const AuditEvent& event) {
  // MESSAGE is the escaped line without its priority: one person's text can't become a field.
  const std::string line = FormatLogLine(event.priority, event.name, event.fields);
  std::vector<std::string> fields = {
      "MESSAGE=" + line.substr(line.find('>') + 1),
      "PRIORITY=" + std::to_string(static_cast<int>(event.priority)),
      "SYSLOG_IDENTIFIER=rolebridge-issuer",
      JournalField("event", event.name),
  };
  for (const auto& [name, value] : event.fields) fields.push_back(JournalField(name, value));
  std::vector<iovec> vectors;
  for (std::string& field : fields) vectors.push_back({field.data(), field.size()});
  const int result = sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size()));
  if (result < 0) Log(LogPriority::kWarning, "journal_refused", {{"reason", strerror(-result)}});
}

class StoredAudit final : public Audit {
 public:
  StoredAudit(store::AuditLog& log, Origin origin, const Clock& clock)
      // systemd.exec(5): set where standard error is connected to the journal.
      : log_(log),
        origin_(std::move(origin)),
        clock_(clock),
        has_journal_(std::getenv("JOURNAL_STREAM") != nullptr) {}

  Result<void> Write(const AuditEvent& event, std::vector<store::Change> also) override {
    const SysSeconds now = clock_.Now();
    Result<void> recorded = log_.Append(now, TextOf(event, now), std::move(also));
    if (!recorded) {
      Log(LogPriority::kError, "store_refused",
          {{"event", std::string(event.name)}, {"reason", recorded.error().message}});
    } else if (has_journal_) {
      TellJournal(event);
    } else {
      Log(event.priority, event.name, event.fields);
    }
    return recorded;
  }

 private:
  std::string TextOf(const AuditEvent& event, SysSeconds now) const {
    nlohmann::ordered_json record = {{"event", event.name},
                                     {"at", FormatUtc(now)},
                                     {"node", origin_.node},
                                     {"boot", origin_.boot_id},
                                     {"since_boot_ms", clock_.SinceBoot().count()}};
    for (const auto& [name, value] : event.fields) record[std::string(name)] = value;
    // Bytes that are no UTF-8 (a user agent's) become U+FFFD: a record is made whatever is in it.
    return record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  store::AuditLog& log_;
  const Origin origin_;
  const Clock& clock_;
  const bool has_journal_;
};

}  // namespace

Result<void> AuditUnder::Write(const AuditEvent& event, std::vector<store::Change> also) {
  AuditEvent named = event;
  named.fields.emplace_back("config", config_hash_);
  return audit_.Write(named, std::move(also));
}

std::unique_ptr<Audit> OpenAudit(store::AuditLog& log, Origin origin, const Clock& clock) {
  return std::make_unique<StoredAudit>(log, std::move(origin), clock);
}

}  // namespace rolebridge::issuer
