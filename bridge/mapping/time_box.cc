#include "bridge/mapping/time_box.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "bridge/base/ascii.h"
#include "bridge/base/clock.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::mapping {
namespace {

namespace chrono = std::chrono;

constexpr std::string_view kSpace = " \t";
constexpr std::string_view kWord = "until";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool IsWord(std::string_view text) {
  return std::equal(kWord.begin(), kWord.end(), text.begin(), text.end(),
                    [](char due, char c) { return LowerAscii(c) == due; });
}

// ";until=" within a text: where it begins, and where the end that it announces does.
struct Suffix {
  size_t begin;
  size_t end;
};

// The suffix at the ';' at `begin`. Blanks and letters of any case are taken: what somebody meant
// as an end must not count as one that never comes.
std::optional<Suffix> SuffixAt(std::string_view text, size_t begin) {
  const size_t word = text.find_first_not_of(kSpace, begin + 1);
  if (word == std::string_view::npos || !IsWord(text.substr(word, kWord.size()))) {
    return std::nullopt;
  }
  const size_t equals = text.find_first_not_of(kSpace, word + kWord.size());
  if (equals == std::string_view::npos || text[equals] != '=') return std::nullopt;
  return Suffix{begin, equals + 1};
}

std::optional<Suffix> FindSuffix(std::string_view text) {
  for (size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1)) {
    if (const std::optional<Suffix> suffix = SuffixAt(text, at)) return suffix;
  }
  return std::nullopt;
}

// The number in `text` where it has the shape of `mask`: 'n' is a digit of it, all else is itself.
std::optional<std::array<int, 5>> Numbers(std::string_view text, std::string_view mask) {
  std::array<int, 5> numbers{};
  if (text.size() != mask.size()) return std::nullopt;
  size_t which = 0;
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 'n') {
      if (text[i] != mask[i]) return std::nullopt;
      ++which;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    numbers[which] = numbers[which] * 10 + (text[i] - '0');
  }
  return numbers;
}

std::optional<chrono::sys_days> DayOf(const std::array<int, 5>& numbers) {
  const chrono::year_month_day day{chrono::year(numbers[0]),
                                   chrono::month(static_cast<unsigned>(numbers[1])),
                                   chrono::day(static_cast<unsigned>(numbers[2]))};
  if (!day.ok()) return std::nullopt;
  return chrono::sys_days(day);
}

std::optional<chrono::sys_seconds> ParseEnd(std::string_view text) {
  if (const auto numbers = Numbers(text, "nnnn-nn-nn")) {
    const auto day = DayOf(*numbers);
    if (day) return *day + chrono::days(1);
    return std::nullopt;
  }
  const auto numbers = Numbers(text, "nnnn-nn-nnTnn:nnZ");
  if (!numbers || (*numbers)[3] > 23 || (*numbers)[4] > 59) return std::nullopt;
  const auto day = DayOf(*numbers);
  if (!day) return std::nullopt;
  return *day + chrono::hours((*numbers)[3]) + chrono::minutes((*numbers)[4]);
}

bool CarriesEnd(const std::string& value) { return FindSuffix(value).has_value(); }

bool AnyCarriesEnd(const AttributeValues& attributes) {
  return std::any_of(attributes.begin(), attributes.end(), [](const auto& attribute) {
    return std::any_of(attribute.second.begin(), attribute.second.end(), CarriesEnd);
  });
}

bool IsMalformed(const std::string& value) { return SplitTimeBox(value).malformed; }

std::string WhyMalformed(const std::string& value) {
  const std::optional<Suffix> suffix = FindSuffix(value);
  return Quote(std::string_view(value).substr(suffix ? suffix->begin : 0)) +
         " is no end; write ;until=2026-12-31 or ;until=2026-12-31T18:00Z";
}

// The values that still count at `instant`, without their ends.
std::vector<std::string> WhatCounts(const std::vector<std::string>& values,
                                    chrono::sys_seconds instant, const EndedValue& report,
                                    std::vector<EndedValue>& ended) {
  std::vector<std::string> kept;
  for (const std::string& value : values) {
    TimeBox box = SplitTimeBox(value);
    if (box.end && *box.end <= instant) {
      ended.push_back({report.owner, report.attribute, value, "ended at " + FormatUtc(*box.end)});
    } else {
      kept.push_back(std::move(box.value));
    }
  }
  // A directory has no value twice, and without their ends two can be one.
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

// Nobody can tell what an attribute says where one of its values cannot be read: to leave out that
// value alone would let `'contractor' not in user.kind` pass by a misprint (security.md M8).
void ReportAll(const std::vector<std::string>& values, const EndedValue& report,
               std::vector<EndedValue>& ended) {
  for (const std::string& value : values) {
    ended.push_back(
        {report.owner, report.attribute, value,
         IsMalformed(value) ? WhyMalformed(value) : "another value of it has an end that is none"});
  }
}

// `Owner`: User or Group.
template <typename Owner>
void RemoveEndedOf(Owner& owner, const std::string& words, chrono::sys_seconds instant,
                   std::vector<EndedValue>& ended) {
  AttributeValues& attributes = owner.attributes;
  for (auto attribute = attributes.begin(); attribute != attributes.end();) {
    std::vector<std::string>& values = attribute->second;
    const EndedValue report{words, attribute->first, "", ""};
    if (std::any_of(values.begin(), values.end(), IsMalformed)) {
      ReportAll(values, report, ended);
      owner.unreadable.insert(attribute->first);
      values.clear();
    } else if (std::any_of(values.begin(), values.end(), CarriesEnd)) {
      values = WhatCounts(values, instant, report, ended);
    }
    attribute = values.empty() ? attributes.erase(attribute) : std::next(attribute);
  }
}

}  // namespace

TimeBox SplitTimeBox(std::string_view text) {
  const std::optional<Suffix> suffix = FindSuffix(text);
  if (!suffix) return {std::string(text), std::nullopt, false};
  const std::string_view value = Trimmed(text.substr(0, suffix->begin));
  TimeBox box{std::string(value), ParseEnd(Trimmed(text.substr(suffix->end))), false};
  box.malformed = !box.end || value.empty();
  return box;
}

bool HasTimeBox(const Facts& facts) {
  return AnyCarriesEnd(facts.user.attributes) ||
         std::any_of(facts.groups.begin(), facts.groups.end(),
                     [](const Group& group) { return AnyCarriesEnd(group.attributes); });
}

void RemoveEnded(Facts& facts, std::vector<EndedValue>& ended) {
  if (!HasTimeBox(facts)) return;
  RemoveEndedOf(facts.user, "user " + Quote(facts.user.username), facts.instant, ended);
  for (Group& group : facts.groups) {
    RemoveEndedOf(group, "group " + Quote(group.name), facts.instant, ended);
  }
}

}  // namespace rolebridge::mapping
