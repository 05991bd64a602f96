#include "bridge/config/config_loader.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "bridge/base/c_ptr.h"
#include "bridge/base/private_file.h"
#include "bridge/base/random.h"
#include "bridge/config/resolve.h"
#include "bridge/config/sections.h"
#include "bridge/config/yaml_reader.h"
#include "bridge/crypto/crypto.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

constexpr size_t kMaxFiles = 64;

struct SourceFile {
  std::string path;  // as positions show it
  std::string name;  // below the configuration's folder: the same wherever that stands
  std::string text;
};

// Names and lengths stand between the texts, so that moving a line to another file changes it.
std::string HashOf(const std::vector<SourceFile>& files) {
  std::string all;
  for (const SourceFile& file : files) {
    all += file.name + '\n' + std::to_string(file.text.size()) + '\n' + file.text;
  }
  return ToHex(crypto::Sha256(all));
}

// Adds the entries of `other` to `root`; a key that both have is a mistake, but for the sections
// that are filled name by name.
void Merge(YamlNode& root, YamlNode other, const std::string& path,
           std::vector<Mistake>& mistakes) {
  for (YamlNode::Entry& entry : other.entries) {
    const auto same = std::find_if(root.entries.begin(), root.entries.end(),
                                   [&entry](const auto& mine) { return mine.key == entry.key; });
    if (same == root.entries.end()) {
      root.entries.push_back(std::move(entry));
      continue;
    }
    const bool both_maps =
        same->value.kind == YamlNode::Kind::kMap && entry.value.kind == YamlNode::Kind::kMap;
    if (path.empty() && both_maps && IsMergedByName(entry.key)) {
      Merge(same->value, std::move(entry.value), entry.key + ".", mistakes);
      continue;
    }
    mistakes.push_back({entry.position, path + entry.key + ": stands in " +
                                            rolebridge::ToString(same->position) +
                                            " already; keep one of the two"});
  }
}

void SortByPlace(std::vector<Mistake>& mistakes, const std::vector<SourceFile>& files) {
  const auto place = [&files](const Mistake& mistake) {
    const auto file = std::find_if(
        files.begin(), files.end(),
        [&mistake](const SourceFile& source) { return source.path == mistake.position.file; });
    return std::tuple(file - files.begin(), mistake.position.line, mistake.position.column);
  };
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [&place](const Mistake& a, const Mistake& b) { return place(a) < place(b); });
}

// Takes out of `mistakes` what `later` knows better, of the same key at the very same place: YAML
// takes `for_each: {{ groups }}` for a map, and in quotes it would be wrong, too.
void DropJudgedTwice(const std::vector<Mistake>& later, std::vector<Mistake>& mistakes) {
  const auto judged = [](const Mistake& mistake) {
    return ToString({mistake.position, mistake.message.substr(0, mistake.message.find(": "))});
  };
  std::set<std::string> known;
  for (const Mistake& mistake : later) known.insert(judged(mistake));
  std::erase_if(mistakes, [&](const Mistake& mistake) { return known.count(judged(mistake)) > 0; });
}

LoadResult Load(const std::vector<SourceFile>& files, const std::string& directory,
                std::vector<Mistake> mistakes) {
  std::optional<YamlNode> root;
  bool complete = mistakes.empty();
  for (const SourceFile& file : files) {
    YamlResult read = ReadYaml(file.text, file.path);
    std::move(read.mistakes.begin(), read.mistakes.end(), std::back_inserter(mistakes));
    if (!read.root) {
      complete = false;
    } else if (root) {
      Merge(*root, *std::move(read.root), "", mistakes);
    } else {
      root = std::move(read.root);
    }
  }
  LoadResult result;
  // Half a tree would give a crop of mistakes that are none.
  if (root && complete) {
    Reader reader(directory, mistakes);
    const Reader::Step top(reader, "", {files.front().path, 1, 1});
    const std::optional<Draft> draft = ConfigSection().Read(reader, *root);
    Reports reports;
    Config config = Resolve(*draft, mistakes.empty(), reports);
    DropJudgedTwice(reports.mistakes, mistakes);
    std::move(reports.mistakes.begin(), reports.mistakes.end(), std::back_inserter(mistakes));
    config.hash = HashOf(files);
    if (mistakes.empty()) result.config = std::move(config);
    result.warnings = std::move(reports.warnings);
  }
  SortByPlace(mistakes, files);
  SortByPlace(result.warnings, files);
  result.mistakes = std::move(mistakes);
  return result;
}

// Whoever can write to a folder can put another file in the place of each in it.
std::optional<Mistake> CheckFolder(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    return Mistake{{folder}, std::string("cannot be read: ") + std::strerror(errno)};
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return Mistake{{folder},
                   "belongs to uid " + std::to_string(status.st_uid) +
                       "; it must belong to root or to the user that reads it"};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Mistake{{folder}, "can be written by its group or by others; chmod go-w"};
  }
  return std::nullopt;
}

void ReadFile(const std::string& path, std::string name, std::vector<SourceFile>& files,
              std::vector<Mistake>& mistakes) {
  Result<std::string> text = ReadConfigFile(path, kMaxYamlBytes);
  if (text) {
    files.push_back({path, std::move(name), *std::move(text)});
  } else {
    mistakes.push_back({{}, text.error().message});  // which names the path
  }
}

// The names of the files in conf.d that count, by bytes.
std::vector<std::string> ListFolder(const std::string& folder) {
  std::vector<std::string> names;
  const CPtr<DIR, closedir> directory(opendir(folder.c_str()));
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name.front() != '.' && name.ends_with(".yaml")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void ReadFolder(const std::string& folder, std::vector<SourceFile>& files,
                std::vector<Mistake>& mistakes) {
  if (access(folder.c_str(), F_OK) != 0 && errno == ENOENT) return;
  std::optional<Mistake> refused = CheckFolder(folder);
  const std::vector<std::string> names = refused ? std::vector<std::string>{} : ListFolder(folder);
  if (!refused && names.size() + 1 > kMaxFiles) {
    refused = Mistake{
        {folder}, "has more than " + std::to_string(kMaxFiles - 1) + " files; join some of them"};
  }
  if (refused) {
    mistakes.push_back(*std::move(refused));
    return;
  }
  for (const std::string& name : names) {
    ReadFile(folder + "/" + name, "conf.d/" + name, files, mistakes);
  }
}

}  // namespace

LoadResult LoadConfig(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string given = slash == std::string::npos ? "." : path.substr(0, slash);
  const std::string folder = given.empty() ? "/" : given;
  std::vector<SourceFile> files;
  std::vector<Mistake> mistakes;
  const CPtr<char, std::free> absolute(realpath(folder.c_str(), nullptr));
  std::optional<Mistake> refused = CheckFolder(folder);
  if (refused) mistakes.push_back(*std::move(refused));
  ReadFile(path, path.substr(slash + 1), files, mistakes);
  ReadFolder(folder + "/conf.d", files, mistakes);
  if (files.empty() || files.front().path != path) return {std::nullopt, std::move(mistakes), {}};
  return Load(files, absolute == nullptr ? folder : absolute.get(), std::move(mistakes));
}

LoadResult ParseConfig(std::string_view yaml, const std::string& file,
                       const std::string& directory) {
  return Load({{file, file, std::string(yaml)}}, directory, {});
}

std::string ToString(const Mistake& mistake) {
  const std::string position = rolebridge::ToString(mistake.position);
  return position.empty() ? mistake.message : position + ": " + mistake.message;
}

}  // namespace rolebridge::config
