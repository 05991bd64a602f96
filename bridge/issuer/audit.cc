#include "bridge/issuer/audit.h"

#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace rolebridge::issuer {
namespace {

class StandardErrorAudit final : public Audit {
 public:
  Result<void> Write(const AuditEvent& event) override {
    const std::string line = FormatLogLine(event.priority, event.name, event.fields) + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        return Error{ErrorCode::kUnavailable,
                     std::string("audit: cannot write to standard error: ") + std::strerror(errno)};
      }
      rest.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }
};

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

class JournalAudit final : public Audit {
 public:
  Result<void> Write(const AuditEvent& event) override {
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
    if (result == 0) return {};
    return Error{ErrorCode::kUnavailable,
                 std::string("audit: the journal refused a record: ") + std::strerror(-result)};
  }
};

}  // namespace

std::unique_ptr<Audit> OpenAudit() {
  // systemd.exec(5): set where standard error is connected to the journal.
  if (std::getenv("JOURNAL_STREAM") != nullptr) return std::make_unique<JournalAudit>();
  return std::make_unique<StandardErrorAudit>();
}

}  // namespace rolebridge::issuer
