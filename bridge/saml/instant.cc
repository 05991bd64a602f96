#include "bridge/saml/instant.h"

#include <chrono>

namespace rolebridge::saml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes `digits` digits and the text `after` off the front; -1 where they do not stand there.
int TakeNumber(std::string_view& text, size_t digits, std::string_view after) {
  if (text.size() < digits + after.size()) return -1;
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!IsDigit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  if (text.substr(digits, after.size()) != after) return -1;
  text.remove_prefix(digits + after.size());
  return number;
}

bool DropFraction(std::string_view& text) {
  if (!text.starts_with('.')) return true;
  text.remove_prefix(1);
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  text.remove_prefix(digits);
  return digits > 0;
}

}  // namespace

Result<SysSeconds> ParseInstant(std::string_view text) {
  const Error malformed{ErrorCode::kInvalidArgument,
                        "not an instant such as 2026-01-31T10:05:00Z (xs:dateTime)"};
  const int year = TakeNumber(text, 4, "-");
  const int month = TakeNumber(text, 2, "-");
  const int day = TakeNumber(text, 2, "T");
  const int hour = TakeNumber(text, 2, ":");
  const int minute = TakeNumber(text, 2, ":");
  const int second = TakeNumber(text, 2, "");
  if (year < 1970 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return malformed;
  if (hour > 23 || minute > 59 || second > 59 || !DropFraction(text)) return malformed;

  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return malformed;
  const SysSeconds local = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                           std::chrono::minutes(minute) + std::chrono::seconds(second);
  if (text == "Z") return local;

  if (!text.starts_with('+') && !text.starts_with('-')) return malformed;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const int offset_hours = TakeNumber(text, 2, ":");
  const int offset_minutes = TakeNumber(text, 2, "");
  if (offset_hours < 0 || offset_minutes < 0 || offset_minutes > 59 || !text.empty()) {
    return malformed;
  }
  // XML Schema 3.2.7.3: at most 14 hours.
  const std::chrono::minutes offset =
      std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes);
  if (offset > std::chrono::hours(14)) return malformed;
  return local - sign * offset;
}

}  // namespace rolebridge::saml
