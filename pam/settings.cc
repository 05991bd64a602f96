#include "pam/settings.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "pam/trusted_file.h"

namespace rolebridge::pam {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::vector<std::string> SplitNames(std::string_view value) {
  std::vector<std::string> names;
  while (!value.empty()) {
    const size_t end = std::min(value.find_first_of(" \t,"), value.size());
    if (end > 0) names.emplace_back(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return names;
}

// Reads line by line and keeps every mistake, so that all are reported at once.
class SettingsReader {
 public:
  explicit SettingsReader(const std::string& path) : path_(path) {}

  void Line(std::string_view line) {
    ++line_number_;
    line = Trim(line);
    if (line.empty() || line.front() == '#') return;
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return Mistake("'key = value' expected");
    const std::string_view key = Trim(line.substr(0, equals));
    const std::string_view value = Trim(line.substr(equals + 1));
    if (!seen_.emplace(key).second) return Mistake(Quoted(key) + " stands here a second time");
    Set(key, value);
  }

  Result<Settings> Finish() && {
    if (!mistakes_.empty()) return Error{ErrorCode::kInvalidArgument, std::move(mistakes_)};
    return std::move(settings_);
  }

 private:
  void Set(std::string_view key, std::string_view value) {
    if (key == "min_uid") return SetMinUid(value);
    if (key == "deny_users") return SetDenyUsers(value);
    if (key == "people_without_local_account") {
      return SetChoice(key, value, "allow", settings_.allow_people_without_local_account);
    }
    if (key == "expired_passwords") {
      return SetChoice(key, value, "change", settings_.allow_change_of_expired_passwords);
    }
    Mistake("unknown key " + Quoted(key) +
            "; use min_uid, deny_users, people_without_local_account or expired_passwords");
  }

  void SetMinUid(std::string_view value) {
    constexpr uint32_t kLargest = UINT32_MAX - 1;  // the last one says "no uid" to the kernel
    uint32_t uid = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), uid);
    if (error != std::errc() || end != value.data() + value.size() || uid < 1 || uid > kLargest) {
      return Mistake("min_uid: " + Quoted(value) + " is out of range; use 1 to 4294967294");
    }
    settings_.min_uid = uid;
  }

  void SetDenyUsers(std::string_view value) {
    const bool has_odd_byte = std::any_of(value.begin(), value.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte < 0x20 || byte == 0x7f || c == '"' || c == '\'' || c == '#';
    });
    if (has_odd_byte) {
      return Mistake("deny_users: use names with spaces or commas between them, without quotes");
    }
    settings_.deny_users = SplitNames(value);
  }

  void SetChoice(std::string_view key, std::string_view value, std::string_view yes, bool& choice) {
    if (value != yes && value != "refuse") {
      return Mistake(std::string(key) + ": " + Quoted(value) + " is unknown; use " +
                     std::string(yes) + " or refuse");
    }
    choice = value == yes;
  }

  void Mistake(const std::string& text) {
    if (!mistakes_.empty()) mistakes_ += '\n';
    mistakes_ += path_ + ":" + std::to_string(line_number_) + ": " + text;
  }

  const std::string& path_;
  size_t line_number_ = 0;
  std::set<std::string, std::less<>> seen_;
  Settings settings_;
  std::string mistakes_;
};

}  // namespace

Result<Settings> ParseSettings(std::string_view text, const std::string& path) {
  SettingsReader reader(path);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    reader.Line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader).Finish();
}

Result<Settings> LoadSettings(const std::string& path) {
  const Result<std::string> text = ReadTrustedFile(path);
  if (!text) return text.error();
  return ParseSettings(*text, path);
}

}  // namespace rolebridge::pam
