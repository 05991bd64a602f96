#include "bridge/web/next_path.h"

#include <algorithm>

#include "bridge/web/form.h"

namespace rolebridge::web {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsPageForPeople(std::string_view path) {
  constexpr std::string_view kApps = "/apps/";
  constexpr std::string_view kSaml = "/saml/";
  constexpr std::string_view kContinue = "/continue";
  if (path == "/") return true;
  if (path.starts_with(kApps)) return IsSlug(path.substr(kApps.size()));
  if (!path.starts_with(kSaml) || !EndsWith(path, kContinue)) return false;
  if (path.size() < kSaml.size() + kContinue.size()) return false;
  return IsSlug(path.substr(kSaml.size(), path.size() - kSaml.size() - kContinue.size()));
}

}  // namespace

std::string AllowedNext(std::string_view next) {
  // Visible ASCII only, so that it can stand in a Location field as it is.
  const bool plain = std::all_of(next.begin(), next.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '\\' && c != '#';
  });
  if (!plain || next.size() > kMaxNextPath) return "/";
  return IsPageForPeople(next.substr(0, next.find('?'))) ? std::string(next) : "/";
}

bool IsSlug(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string StepUpPath(std::string_view level, std::string_view next) {
  return "/step-up?level=" + EncodeQueryValue(level) + "&next=" + EncodeQueryValue(next);
}

std::string LoginPath(std::string_view next) {
  return next == "/" ? "/login" : "/login?next=" + EncodeQueryValue(next);
}

}  // namespace rolebridge::web
