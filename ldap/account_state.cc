#include "ldap/account_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "bridge/base/ascii.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;

// nullopt stands for a value that cannot be read.
using Verdict = std::optional<AccountState>;

struct Instants {
  SysSeconds now;
  seconds lockout_duration;
};

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Digits from `at` on, as many as `count`; -1 where there is anything else.
int Digits(std::string_view text, size_t at, size_t count) {
  if (text.size() < at + count) return -1;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// RFC 4517 3.3.13 in UTC, to the minute or second; a fraction of a second is let pass.
std::optional<SysSeconds> ParseGeneralizedTime(std::string_view text) {
  if (!text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  const size_t point = text.find_first_of(".,");
  if (point != std::string_view::npos) {
    const std::string_view fraction = text.substr(point + 1);
    if (point != 14 || fraction.empty() ||
        fraction.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
    text = text.substr(0, point);
  }
  if (text.size() != 12 && text.size() != 14) return std::nullopt;
  const int year = Digits(text, 0, 4), month = Digits(text, 4, 2), day = Digits(text, 6, 2);
  const int hour = Digits(text, 8, 2), minute = Digits(text, 10, 2),
            second = text.size() == 14 ? Digits(text, 12, 2) : 0;
  if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         seconds(second);
}

// "TRUE" and "FALSE" of RFC 4517 3.3.3; 389 Directory Server stores any case.
std::optional<bool> ParseBoolean(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}

Verdict DisabledWhereTrue(std::string_view value, const Instants&) {
  const auto is_true = ParseBoolean(value);
  if (!is_true) return std::nullopt;
  return *is_true ? AccountState::kDisabled : AccountState::kActive;
}

Verdict UserAccountControl(std::string_view value, const Instants&) {
  const auto flags = ParseInteger(value);
  if (!flags) return std::nullopt;
  return (*flags & 0x2) != 0 ? AccountState::kDisabled : AccountState::kActive;
}

Verdict ComputedControl(std::string_view value, const Instants&) {
  const auto flags = ParseInteger(value);
  if (!flags) return std::nullopt;
  if ((*flags & 0x10) != 0) return AccountState::kLocked;
  return (*flags & 0x800000) != 0 ? AccountState::kExpired : AccountState::kActive;
}

// "000001010000Z" (year nought) is the draft's way to write "for ever, until somebody unlocks it".
Verdict LockedTime(std::string_view value, const Instants& instants) {
  if (value == "000001010000Z" || value == "00000101000000Z") return AccountState::kDisabled;
  const auto locked_at = ParseGeneralizedTime(value);
  if (!locked_at) return std::nullopt;
  const bool has_run_out = instants.lockout_duration > seconds(0) &&
                           *locked_at + instants.lockout_duration <= instants.now;
  return has_run_out ? AccountState::kActive : AccountState::kLocked;
}

// When it is unlocked again; 1970 where only an administrator does that (389's passwordUnlock off).
Verdict UnlockTime(std::string_view value, const Instants& instants) {
  const auto unlocked_at = ParseGeneralizedTime(value);
  if (!unlocked_at) return std::nullopt;
  const bool is_locked = *unlocked_at == SysSeconds() || instants.now < *unlocked_at;
  return is_locked ? AccountState::kLocked : AccountState::kActive;
}

Verdict StartTime(std::string_view value, const Instants& instants) {
  const auto start = ParseGeneralizedTime(value);
  if (!start) return std::nullopt;
  return instants.now < *start ? AccountState::kDisabled : AccountState::kActive;
}

Verdict EndTime(std::string_view value, const Instants& instants) {
  const auto end = ParseGeneralizedTime(value);
  if (!end) return std::nullopt;
  return instants.now >= *end ? AccountState::kExpired : AccountState::kActive;
}

// Days since 1970; the account is expired from that day's first second on.
Verdict ShadowExpire(std::string_view value, const Instants& instants) {
  const auto day = ParseInteger(value);
  if (!day || *day < -1) return std::nullopt;
  const auto today = std::chrono::floor<std::chrono::days>(instants.now).time_since_epoch().count();
  return *day >= 0 && *day <= today ? AccountState::kExpired : AccountState::kActive;
}

// Hundreds of nanoseconds since 1601.
Verdict AccountExpires(std::string_view value, const Instants& instants) {
  const auto ticks = ParseInteger(value);
  if (!ticks || *ticks < 0) return std::nullopt;
  if (*ticks == 0 || *ticks == std::numeric_limits<int64_t>::max()) return AccountState::kActive;
  constexpr int64_t kTicksPerSecond = 10'000'000;
  constexpr int64_t kSecondsFrom1601To1970 = 11'644'473'600;
  const int64_t now =
      (instants.now.time_since_epoch().count() + kSecondsFrom1601To1970) * kTicksPerSecond;
  return *ticks <= now ? AccountState::kExpired : AccountState::kActive;
}

struct Row {
  std::string_view attribute;
  Verdict (*judge)(std::string_view value, const Instants& instants);
};

// security.md L10; the reason that is shown is that of the first row which closes the account.
constexpr std::array kRows = {
    Row{"nsAccountLock", DisabledWhereTrue},
    Row{"loginDisabled", DisabledWhereTrue},
    Row{"userAccountControl", UserAccountControl},
    Row{"msDS-User-Account-Control-Computed", ComputedControl},
    Row{"pwdAccountLockedTime", LockedTime},
    Row{"accountUnlockTime", UnlockTime},
    Row{"pwdStartTime", StartTime},
    Row{"pwdEndTime", EndTime},
    Row{"krbPrincipalExpiration", EndTime},
    Row{"shadowExpire", ShadowExpire},
    Row{"accountExpires", AccountExpires},
};
static_assert(std::equal(kRows.begin(), kRows.end(), kAccountStateAttributes.begin(),
                         kAccountStateAttributes.end(), [](const Row& row, std::string_view name) {
                           return row.attribute == name;
                         }));

// Also those that came with an option: whatever it means, it does not open a closed account.
std::vector<const std::string*> AllValuesOf(const Entry& entry, std::string_view attribute) {
  std::vector<const std::string*> all;
  const std::string name = LowerAscii(attribute);
  for (auto at = entry.attributes.lower_bound(name); at != entry.attributes.end(); ++at) {
    const std::string_view key = at->first;
    if (!key.starts_with(name)) break;
    if (key.size() > name.size() && key[name.size()] != ';') continue;
    for (const std::string& value : at->second) all.push_back(&value);
  }
  return all;
}

// A hardened domain hides them from an ordinary account, and who is disabled with them.
constexpr std::array<std::string_view, 3> kNeverAbsentInActiveDirectory = {
    "userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires"};

}  // namespace

AccountVerdict JudgeAccount(const Entry& entry, const Settings& settings, SysSeconds now) {
  const Instants instants{now, settings.users.lockout_duration};
  const std::vector<std::string>& ignored = settings.users.ignored_states;
  const auto counts = [&](std::string_view attribute) {
    return std::find(ignored.begin(), ignored.end(), attribute) == ignored.end();
  };
  if (settings.groups.membership == Membership::kActiveDirectory) {
    for (const std::string_view attribute : kNeverAbsentInActiveDirectory) {
      if (counts(attribute) && ValuesOf(entry, attribute).empty()) {
        return {AccountState::kDisabled,
                std::string(attribute) + " is not shown: let the bind account read it"};
      }
    }
  }
  for (const Row& row : kRows) {
    if (!counts(row.attribute)) continue;
    for (const std::string* value : AllValuesOf(entry, row.attribute)) {
      const Verdict verdict = row.judge(*value, instants);
      if (verdict == AccountState::kActive) continue;
      const std::string reason = std::string(row.attribute) + "=" + value->substr(0, 64);
      if (!verdict) return {AccountState::kDisabled, reason + " cannot be read"};
      return {*verdict, reason};
    }
  }
  return {};
}

}  // namespace rolebridge::ldap
