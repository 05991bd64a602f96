#include "bridge/mapping/time_window.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr minutes kWholeDay{24 * 60};

Error Invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::optional<size_t> DayNamed(std::string_view name) {
  const auto found = std::find(kDays.begin(), kDays.end(), name);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<size_t>(found - kDays.begin());
}

Result<size_t> ParseDay(std::string_view name) {
  if (const std::optional<size_t> day = DayNamed(name)) return *day;
  return Invalid(Quote(name) + " is no day; use Mon, Tue, Wed, Thu, Fri, Sat or Sun" +
                 DidYouMean(name, {kDays.begin(), kDays.end()}));
}

// "Mon", or "Mon-Fri"; "Fri-Mon" goes over the end of the week.
Result<std::bitset<7>> ParseDayRange(std::string_view text) {
  const size_t dash = std::min(text.find('-'), text.size());
  const Result<size_t> first = ParseDay(text.substr(0, dash));
  if (!first) return first.error();
  const Result<size_t> last = dash == text.size() ? first : ParseDay(text.substr(dash + 1));
  if (!last) return last.error();
  std::bitset<7> days;
  for (size_t day = *first; day != *last; day = (day + 1) % 7) days.set(day);
  days.set(*last);
  return days;
}

Result<std::bitset<7>> ParseDays(std::string_view text) {
  std::bitset<7> days;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    const Result<std::bitset<7>> range = ParseDayRange(text.substr(0, comma));
    if (!range) return range;
    days |= *range;
    if (comma == text.size()) return days;
    text.remove_prefix(comma + 1);
  }
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "08:00" to "24:00".
std::optional<minutes> ParseTime(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const size_t i : {0U, 1U, 3U, 4U}) {
    if (!IsDigit(text[i])) return std::nullopt;
  }
  const minutes minute((text[3] - '0') * 10 + text[4] - '0');
  const minutes time = std::chrono::hours((text[0] - '0') * 10 + text[1] - '0') + minute;
  if (minute >= minutes(60) || time > kWholeDay) return std::nullopt;
  return time;
}

}  // namespace

Result<TimeWindow> TimeWindow::Parse(std::string_view text) {
  TimeWindow window;
  const size_t space = text.find(' ');
  window.days_.set();
  if (space != std::string_view::npos) {
    const Result<std::bitset<7>> days = ParseDays(text.substr(0, space));
    if (!days) return days.error();
    window.days_ = *days;
  }
  const std::string_view hours = space == std::string_view::npos ? text : text.substr(space + 1);
  const size_t dash = std::min(hours.find('-'), hours.size());
  const std::optional<minutes> begin = ParseTime(hours.substr(0, dash));
  const std::optional<minutes> end =
      dash == hours.size() ? std::nullopt : ParseTime(hours.substr(dash + 1));
  if (!begin || !end || *begin == kWholeDay) {
    return Invalid(Quote(text) +
                   " is no time window; use 'Mon-Fri 08:00-18:00', 'Sat,Sun 00:00-24:00' or "
                   "'22:00-06:00'");
  }
  if (*begin == *end) {
    return Invalid(Quote(text) + " is empty; a whole day is 00:00-24:00");
  }
  window.begin_ = *begin;
  window.end_ = *end;
  return window;
}

bool TimeWindow::Contains(std::chrono::weekday weekday, minutes of_day) const {
  const auto on = [this](std::chrono::weekday day) { return days_.test(day.c_encoding()); };
  if (begin_ < end_) return on(weekday) && of_day >= begin_ && of_day < end_;
  if (of_day >= begin_) return on(weekday);
  return of_day < end_ && on(weekday - std::chrono::days(1));
}

}  // namespace rolebridge::mapping
