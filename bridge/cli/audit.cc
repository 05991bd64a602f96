#include "bridge/cli/audit.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/base/percent.h"
#include "bridge/base/private_file.h"
#include "bridge/base/visible_text.h"
#include "bridge/cli/exit_status.h"
#include "bridge/cli/table.h"
#include "bridge/saml/instant.h"
#include "bridge/store/audit_log.h"

namespace rolebridge::cli {
namespace {

using Json = nlohmann::ordered_json;
using store::AuditRecord;
using store::Database;

std::string Visible(const std::string& text) { return VisibleText(text, LineBreaks::kShow); }

int Fail(const Error& error, std::ostream& errors) {
  errors << "rolebridge: " << error.message << "\n";
  return kCannotTell;
}

Result<Database> OpenStore(const AuditOptions& options) {
  return Database::Open(options.state_directory + "/store.db", Database::Access::kReadOnly);
}

std::string KeyPath(const AuditOptions& options) { return options.state_directory + "/audit.key"; }

// "7d" as that long before `now`; nothing where it is no such text.
std::optional<SysSeconds> Ago(const std::string& text, SysSeconds now) {
  if (text.size() < 2) return std::nullopt;
  int64_t count = 0;
  const char* const unit = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), unit, count);
  if (error != std::errc() || end != unit || count < 0 || count > 100'000) return std::nullopt;
  switch (*unit) {
    case 'd':
      return now - std::chrono::days(count);
    case 'h':
      return now - std::chrono::hours(count);
    case 'm':
      return now - std::chrono::minutes(count);
    default:
      return std::nullopt;
  }
}

Result<SysSeconds> ParseMoment(const std::string& option, const std::string& text, SysSeconds now) {
  if (const std::optional<SysSeconds> ago = Ago(text, now)) return *ago;
  const bool is_day = text.size() == 10;
  const Result<SysSeconds> instant = saml::ParseInstant(is_day ? text + "T00:00:00Z" : text);
  if (instant) return *instant;
  return Error{ErrorCode::kInvalidArgument,
               option + ": '" + Visible(text) +
                   "' is no moment; write 2026-01-31, 2026-01-31T10:05:00Z, or how long ago: "
                   "30m, 24h, 7d"};
}

// A record with its text taken apart. The text is ours, but the file may be broken: what is no JSON
// object has no fields.
struct Parsed {
  const AuditRecord& record;
  Json fields;
  bool is_broken = false;

  std::string Field(const std::string& name) const {
    const auto found = fields.find(name);
    return found != fields.end() && found->is_string() ? found->get<std::string>() : "";
  }
};

Parsed Parse(const AuditRecord& record) {
  Json fields = Json::parse(record.text, nullptr, false);
  if (fields.is_object()) return {record, std::move(fields)};
  return {record, Json::object(), true};
}

class Filter {
 public:
  static Result<Filter> Make(const AuditFilter& wanted, SysSeconds now) {
    Filter filter(wanted);
    if (!wanted.since.empty()) {
      Result<SysSeconds> since = ParseMoment("--since", wanted.since, now);
      if (!since) return since.error();
      filter.since_ = *since;
    }
    if (!wanted.until.empty()) {
      Result<SysSeconds> until = ParseMoment("--until", wanted.until, now);
      if (!until) return until.error();
      filter.until_ = *until;
    }
    return filter;
  }

  SysSeconds since() const { return since_; }
  bool FitsTime(SysSeconds at) const { return at >= since_ && at < until_; }

  // What can't be read is shown whatever is asked for.
  bool Fits(const Parsed& parsed) const {
    if (parsed.is_broken) return true;
    if (!wanted_.user.empty() && parsed.Field("user") != wanted_.user) return false;
    if (!wanted_.event.empty() && parsed.Field("event") != wanted_.event) return false;
    // IAM's role names ignore case.
    return wanted_.role.empty() ||
           LowerAscii(parsed.Field("roles")).find(LowerAscii(wanted_.role)) != std::string::npos;
  }

 private:
  explicit Filter(const AuditFilter& wanted) : wanted_(wanted) {}
  const AuditFilter& wanted_;
  SysSeconds since_ = SysSeconds::min();
  SysSeconds until_ = SysSeconds::max();
};

// Visits what fits, oldest first.
Result<void> ForEachFitting(const AuditOptions& options, const Clock& clock,
                            const std::function<bool(const Parsed&)>& visit) {
  const Result<Filter> filter = Filter::Make(options.filter, clock.Now());
  if (!filter) return filter.error();
  Result<Database> database = OpenStore(options);
  if (!database) return database.error();
  const auto first = store::FirstRecordSince(*database, filter->since());
  if (!first) return first.error();
  return store::ForEachRecord(*database, *first, [&](const AuditRecord& record) {
    if (!filter->FitsTime(record.at)) return true;
    const Parsed parsed = Parse(record);
    return !filter->Fits(parsed) || visit(parsed);
  });
}

// Whether all of it went out: a full disk must not look like a short answer.
int Done(int status, std::ostream& out, std::ostream& errors) {
  out.flush();
  if (out) return status;
  return Fail({ErrorCode::kUnavailable, "what was to be written could not be written"}, errors);
}

// The few words that tell one record from the next.
std::string Gist(const Parsed& parsed) {
  if (parsed.is_broken) return "UNREADABLE: " + Visible(parsed.record.text.substr(0, 80));
  std::string gist;
  for (const char* name : {"application", "roles", "stage", "verdict", "reason"}) {
    const std::string value = parsed.Field(name);
    if (value.empty()) continue;
    if (!gist.empty()) gist += "  ";
    gist += Visible(value);
  }
  return gist;
}

// 32 bytes from 64 hexadecimal digits, with or without a line end.
Result<SecretString> ReadKey(const std::string& path, std::istream& in) {
  SecretString text;
  if (path == "-") {
    std::string line;
    std::getline(in, line);
    text = SecretString(line);
    WipeString(line);
  } else {
    Result<SecretString> read = ReadSecretFile(path);
    if (!read) return read.error();
    text = *std::move(read);
  }
  std::string_view digits = text.Reveal();
  while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
  SecretString key = SecretString::OfSize(32);
  bool is_key = digits.size() == 2 * key.size();
  for (size_t i = 0; is_key && i < key.size(); ++i) {
    const int high = HexDigit(digits[2 * i]);
    const int low = HexDigit(digits[2 * i + 1]);
    is_key = high >= 0 && low >= 0;
    key.MutableReveal()[i] = static_cast<char>(high * 16 + low);
  }
  if (is_key) return key;
  return Error{ErrorCode::kInvalidArgument,
               "--key: what is there is not 64 hexadecimal digits, as rolebridge audit begin "
               "showed them"};
}

}  // namespace

int ListAudit(const AuditOptions& options, const Clock& clock, std::ostream& out,
              std::ostream& errors) {
  std::deque<std::vector<std::string>> lines;
  size_t left_out = 0;
  const Result<void> read = ForEachFitting(options, clock, [&](const Parsed& parsed) {
    lines.push_back({std::to_string(parsed.record.seq), FormatUtc(parsed.record.at),
                     Visible(parsed.Field("event")), Visible(parsed.Field("user")),
                     Visible(parsed.Field("rhost")), Gist(parsed)});
    if (options.limit > 0 && lines.size() > options.limit) {
      lines.pop_front();
      ++left_out;
    }
    return true;
  });
  if (!read) return Fail(read.error(), errors);
  if (lines.empty()) {
    errors << "no record fits\n";
    return kNo;
  }
  PrintTable(lines, out);
  if (left_out > 0) errors << left_out << " older ones are left out; --limit 0 shows all\n";
  return Done(kYes, out, errors);
}

int ShowAudit(const AuditOptions& options, std::ostream& out, std::ostream& errors) {
  Result<Database> database = OpenStore(options);
  if (!database) return Fail(database.error(), errors);
  int64_t seq = 0;
  const char* const end = options.wanted.data() + options.wanted.size();
  const bool is_seq = std::from_chars(options.wanted.data(), end, seq).ptr == end;
  bool found = false;
  const Result<void> read =
      store::ForEachRecord(*database, is_seq ? seq : 0, [&](const AuditRecord& record) {
        const Parsed parsed = Parse(record);
        found = is_seq ? record.seq == seq : parsed.Field("assertion_id") == options.wanted;
        if (!found) return !is_seq;
        out << std::left << std::setw(19) << "seq"
            << " " << record.seq << "\n";
        for (const auto& [name, value] : parsed.fields.items()) {
          out << std::setw(19) << Visible(name) << " "
              << Visible(value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
        }
        out << std::setw(19) << "hash"
            << " " << ToHex(record.hash) << "\n";
        return false;
      });
  if (!read) return Fail(read.error(), errors);
  if (!found) errors << "there is no record '" << Visible(options.wanted) << "'\n";
  return Done(found ? kYes : kNo, out, errors);
}

int ExportAudit(const AuditOptions& options, const Clock& clock, std::ostream& out,
                std::ostream& errors) {
  const Result<void> read = ForEachFitting(options, clock, [&](const Parsed& parsed) {
    const AuditRecord& record = parsed.record;
    Json line = {{"seq", record.seq},
                 {"epoch", record.epoch},
                 {"hash", ToHex(record.hash)},
                 {"mac", ToHex(record.mac)}};
    if (parsed.is_broken) {
      line["unreadable"] = record.text;
    } else {
      line["record"] = parsed.fields;
    }
    out << line.dump(-1, ' ', true, Json::error_handler_t::replace) << "\n";
    return out.good();
  });
  return read ? Done(kYes, out, errors) : Fail(read.error(), errors);
}

int VerifyAudit(const AuditOptions& options, std::istream& in, std::ostream& out,
                std::ostream& errors) {
  std::optional<SecretString> key;
  if (!options.key_file.empty()) {
    Result<SecretString> read = ReadKey(options.key_file, in);
    if (!read) return Fail(read.error(), errors);
    key = *std::move(read);
  }
  Result<Database> database = OpenStore(options);
  if (!database) return Fail(database.error(), errors);
  // Before the records: one that is written meanwhile may bring the next key.
  const Result<int64_t> epoch = store::AuditKey::EpochIn(KeyPath(options));
  if (!epoch) {
    errors << "rolebridge: " << epoch.error().message
           << "; whether the end of the chain was cut can't be told without it\n";
  }
  const Result<store::Verification> report =
      store::Verify(*database, key ? &*key : nullptr, epoch ? std::optional(*epoch) : std::nullopt);
  if (!report) return Fail(report.error(), errors);
  for (const std::string& problem : report->problems) out << problem << "\n";
  if (report->more_problems > 0) out << "and " << report->more_problems << " more\n";
  out << report->records << " records";
  if (report->records > 0) out << ", " << report->first << " to " << report->last;
  if (report->retired_until) {
    out << " (older ones, until " << FormatUtc(*report->retired_until) << ", were retired)";
  }
  out << (report->problems.empty() ? ": the chain is whole" : ": THE CHAIN IS BROKEN");
  out << (key ? "\n" : "; by its hashes alone, since no --key was given\n");
  return Done(report->problems.empty() ? kYes : kNo, out, errors);
}

int BeginAudit(const AuditOptions& options, SysSeconds now, Random& random, std::ostream& out,
               std::ostream& errors) {
  const std::string path = KeyPath(options);
  const Result<SecretString> key = store::AuditKey::Begin(path, now, random);
  if (!key) {
    if (key.error().code != ErrorCode::kInvalidArgument) return Fail(key.error(), errors);
    return Fail({key.error().code, "'" + path +
                                       "' is there already; its first key was shown when it was "
                                       "made, or nobody asked for it"},
                errors);
  }
  out << key->Reveal() << "\n";
  errors << "Keep this line off this host: rolebridge audit verify --key FILE proves by it that "
            "no record was changed. It is not shown again.\n";
  return Done(kYes, out, errors);
}

}  // namespace rolebridge::cli
