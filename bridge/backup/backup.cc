#include "bridge/backup/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "bridge/backup/tar.h"
#include "bridge/base/random.h"
#include "bridge/base/unique_fd.h"
#include "bridge/base/version.h"
#include "bridge/store/store_copy.h"

namespace rolebridge::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAbout = "rolebridge-backup";
constexpr std::string_view kFormat = "rolebridge backup, format 1\n";
constexpr std::string_view kConfig = "etc/rolebridge";
constexpr std::string_view kState = "var/lib/rolebridge";
constexpr std::string_view kUnits = "etc/systemd/system";
// Beside the store, which is copied by itself: what a lock or SQLite keep there is of one process.
constexpr std::array<std::string_view, 5> kStateKeys = {"name-id.key", "sealing.key", "names.key",
                                                        "devices.key", "throttle.key"};

Error Failed(const std::string& path) {
  return {ErrorCode::kUnavailable, "'" + path + "': " + std::strerror(errno)};
}

Error WithPath(const std::string& path, const Error& error) {
  return {error.code, "'" + path + "' " + error.message};
}

// A folder that goes with its owner, readable by us alone.
class Scratch {
 public:
  Scratch(const std::string& parent, Random& random)
      : path_(parent + "/.rolebridge-" + RandomHex(random, 8)) {}
  ~Scratch() {
    std::error_code ignored;
    if (!is_made_) return;
    // A key of an hour that is over must not be found in what a disk still has of it (G3).
    Overwrite(path_ + "/audit.key");
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  Result<void> Make() {
    is_made_ = mkdir(path_.c_str(), 0700) == 0;
    if (!is_made_) return Failed(path_);
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  static void Overwrite(const std::string& path) {
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) != 0) return;
    const std::string zeros(static_cast<size_t>(status.st_size), '\0');
    if (pwrite(fd.get(), zeros.data(), zeros.size(), 0) > 0) fsync(fd.get());
  }

  const std::string path_;
  bool is_made_ = false;
};

bool IsOurPamService(std::string_view name) {
  return name == "rolebridge" || name.starts_with("rolebridge-");
}
bool IsOurDropIn(std::string_view name) {
  return name.starts_with("rolebridge") && name.ends_with(".d");
}

// The files of `folder` that are ours, by name.
std::vector<std::string> OursIn(const std::string& folder, bool (*is_ours)(std::string_view)) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (is_ours(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Item {
  std::string path;  // on this host
  std::string name;  // in the archive
};

std::vector<Item> ItemsOf(const Places& places, const std::string& store_copy) {
  std::vector<Item> items = {{places.root + places.config_folder, std::string(kConfig)}};
  const auto add = [&](const std::string& path, const std::string& name) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) items.push_back({path, name});
  };
  add(places.root + "/etc/rolebridge-pam.conf", "etc/rolebridge-pam.conf");
  for (const std::string& name : OursIn(places.root + "/etc/pam.d", IsOurPamService)) {
    add(places.root + "/etc/pam.d/" + name, "etc/pam.d/" + name);
  }
  const std::string units = places.root + "/" + std::string(kUnits);
  for (const std::string& name : OursIn(units, IsOurDropIn)) {
    add(units + "/" + name, std::string(kUnits) + "/" + name);
  }
  const std::string state = places.root + places.state_directory;
  for (const std::string_view key : kStateKeys) {
    add(state + "/" + std::string(key), std::string(kState) + "/" + std::string(key));
  }
  for (const char* const file : {"store.db", "audit.key"}) {
    add(store_copy + "/" + file, std::string(kState) + "/" + file);
  }
  return items;
}

std::string About(SysSeconds now) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string(kFormat) + "made at " + FormatUtc(now) + " on " + host.data() +
         " by rolebridge " + std::string(kVersion) + "\n";
}

// The copy belongs to whom the store belongs to: it goes back as it was.
void TakeOwner(const std::string& from, const std::string& to) {
  struct stat status {};
  if (stat(from.c_str(), &status) != 0) return;
  for (const char* const file : {"/store.db", "/audit.key"}) {
    if (lchown((to + file).c_str(), status.st_uid, status.st_gid) != 0) return;
  }
}

Result<void> WriteArchive(crypto::SealedWriter& sealed, const std::vector<Item>& items,
                          SysSeconds now) {
  auto tar = TarWriter::Create([&](std::string_view bytes) { return sealed.Write(bytes); });
  if (!tar) return tar.error();
  if (const auto added = (*tar)->AddText(std::string(kAbout), About(now)); !added) return added;
  for (const Item& item : items) {
    if (const auto added = (*tar)->Add(item.path, item.name); !added) return added;
  }
  if (const auto finished = (*tar)->Finish(); !finished) return finished;
  return sealed.Finish();
}

// Where each name of an archive goes while nothing is in place yet: beside where it will be, on the
// same file system, so that the last step is a rename.
struct Staging {
  std::string etc;
  std::string var;

  std::string Place(std::string_view name) const {
    if (name == kAbout) return var + "/about";
    const bool is_config = name == kConfig || name.starts_with(std::string(kConfig) + "/");
    const bool is_state = name.starts_with(std::string(kState) + "/");
    const bool is_unit = name.starts_with(std::string(kUnits) + "/rolebridge");
    const bool is_pam =
        name == "etc/rolebridge-pam.conf" || name.starts_with("etc/pam.d/rolebridge");
    if (is_state) return var + "/state/" + std::string(name.substr(kState.size() + 1));
    if (is_config || is_unit || is_pam) return etc + "/" + std::string(name.substr(4));
    return "";
  }
};

// Renames, and all of them undone unless Keep() was called.
class Moves {
 public:
  Moves() = default;
  ~Moves() {
    for (auto move = done_.rbegin(); move != done_.rend(); ++move) {
      static_cast<void>(rename(move->second.c_str(), move->first.c_str()));
    }
  }
  Moves(const Moves&) = delete;
  Moves& operator=(const Moves&) = delete;

  Result<void> Move(const std::string& from, const std::string& to) {
    if (rename(from.c_str(), to.c_str()) != 0) return Failed(to);
    done_.emplace_back(from, to);
    return {};
  }
  void Keep() { done_.clear(); }

 private:
  std::vector<std::pair<std::string, std::string>> done_;
};

bool Exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

// An empty folder, as a package leaves it, is nothing that anybody would miss.
bool IsInTheWay(const std::string& path) {
  std::error_code error;
  return Exists(path) && !(fs::is_directory(fs::symlink_status(path, error)) &&
                           fs::is_empty(path, error) && !error);
}

struct Target {
  std::string staged;
  std::string path;
};

// A file that is there as the backup has it, such as the package's own PAM stack on a new host.
bool IsThereAlready(const Target& target) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(target.staged, error)) ||
      !fs::is_regular_file(fs::symlink_status(target.path, error))) {
    return false;
  }
  std::ifstream one(target.staged, std::ios::binary);
  std::ifstream other(target.path, std::ios::binary);
  return std::equal(std::istreambuf_iterator<char>(one), {}, std::istreambuf_iterator<char>(other),
                    {});
}

std::vector<Target> TargetsOf(const Places& places, const Staging& staging) {
  std::vector<Target> targets;
  const auto add = [&](const std::string& staged, const std::string& path) {
    if (Exists(staged) && !IsThereAlready({staged, path})) targets.push_back({staged, path});
  };
  add(staging.etc + "/rolebridge", places.root + places.config_folder);
  add(staging.etc + "/rolebridge-pam.conf", places.root + "/etc/rolebridge-pam.conf");
  for (const std::string& name : OursIn(staging.etc + "/pam.d", IsOurPamService)) {
    add(staging.etc + "/pam.d/" + name, places.root + "/etc/pam.d/" + name);
  }
  for (const std::string& name : OursIn(staging.etc + "/systemd/system", IsOurDropIn)) {
    add(staging.etc + "/systemd/system/" + name,
        places.root + "/" + std::string(kUnits) + "/" + name);
  }
  add(staging.var + "/state", places.root + places.state_directory);
  return targets;
}

Result<Restored> Install(const std::vector<Target>& targets, bool replaces, SysSeconds now) {
  std::string in_the_way;
  for (const Target& target : targets) {
    if (IsInTheWay(target.path))
      in_the_way += (in_the_way.empty() ? "'" : ", '") + target.path + "'";
  }
  if (!in_the_way.empty() && !replaces) {
    return Error{ErrorCode::kInvalidArgument, "there is something already at " + in_the_way +
                                                  "; --replace moves it aside, nothing is deleted"};
  }
  Restored restored;
  Moves moves;
  const std::string suffix = ".before-" + FormatUtc(now);
  for (const Target& target : targets) {
    if (Exists(target.path)) {
      if (const auto moved = moves.Move(target.path, target.path + suffix); !moved) {
        return moved.error();
      }
      restored.aside.push_back(target.path + suffix);
    }
    std::error_code error;
    fs::create_directories(fs::path(target.path).parent_path(), error);
    if (const auto moved = moves.Move(target.staged, target.path); !moved) return moved.error();
    restored.files.push_back(target.path);
  }
  moves.Keep();
  sync();
  return restored;
}

// The folder itself is none of the archive's entries: it belongs to whom the store belongs to.
// Returns how many sessions there were.
Result<int64_t> PrepareState(const std::string& path) {
  const UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat owner {};
  if (!folder || fstatat(folder.get(), "store.db", &owner, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(owner.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, "the backup has keys of a store and no store"};
  }
  const Result<int64_t> sessions = store::PrepareCopy(path);
  if (!sessions) return sessions;
  if (fchown(folder.get(), owner.st_uid, owner.st_gid) != 0 || fchmod(folder.get(), 0700) != 0) {
    return Failed(path);
  }
  return sessions;
}

Result<std::string> ReadAbout(const std::string& path) {
  std::ifstream file(path);
  std::string text(4096, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (!text.starts_with(kFormat)) {
    return Error{ErrorCode::kInvalidArgument,
                 "is no backup that this version of rolebridge knows; a newer one may"};
  }
  text.erase(0, kFormat.size());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Not over a file that came meanwhile, where the file system can tell.
Result<void> PutInPlace(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL || Exists(to)) return Failed(to);
  if (rename(from.c_str(), to.c_str()) != 0) return Failed(to);
  return {};
}

Result<std::string> HexDigest(int fd, const std::string& path) {
  const Result<std::string> digest = crypto::Sha256OfFile(fd);
  if (!digest) return WithPath(path, digest.error());
  return ToHex(*digest);
}

Result<void> WriteBackup(const std::string& partial, const std::vector<Item>& items,
                         const crypto::SealRecipients& recipients, SysSeconds now,
                         std::string& sha256) {
  const UniqueFd fd(
      open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return Failed(partial);
  auto sealed = crypto::SealedWriter::Create(fd.get(), recipients);
  if (!sealed) return sealed.error();
  if (const auto archived = WriteArchive(**sealed, items, now); !archived) return archived;
  if (fsync(fd.get()) != 0) return Failed(partial);
  Result<std::string> digest = HexDigest(fd.get(), partial);
  if (!digest) return digest.error();
  sha256 = *std::move(digest);
  return {};
}

}  // namespace

Result<Backup> MakeBackup(const Places& places, const std::string& path,
                          const crypto::SealRecipients& recipients, SysSeconds now,
                          Random& random) {
  const std::string state = places.root + places.state_directory;
  if (!Exists(places.root + places.config_folder + "/rolebridge.yaml")) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + places.root + places.config_folder + "/rolebridge.yaml' is not there"};
  }
  if (Exists(path)) {
    return Error{ErrorCode::kInvalidArgument, "'" + path + "' is there already; name another file"};
  }
  // Not in /tmp: it is as secret as the store, and may be as large. Nor in the store's own folder,
  // where the issuer's user may put something else in its place.
  Scratch copy(fs::path(state).parent_path(), random);
  if (Exists(state + "/store.db")) {
    if (const auto made = copy.Make(); !made) return made.error();
    if (const auto copied = store::CopyStore(state, copy.path()); !copied) return copied.error();
    TakeOwner(state, copy.path());
  }
  const std::vector<Item> items = ItemsOf(places, copy.path());
  const std::string partial = path + ".partial";
  unlink(partial.c_str());
  Backup backup;
  Result<void> done = WriteBackup(partial, items, recipients, now, backup.sha256);
  if (done) done = PutInPlace(partial, path);
  unlink(partial.c_str());
  if (!done) return done.error();
  for (const Item& item : items) backup.names.push_back(item.name);
  return backup;
}

Result<Restored> Restore(const Places& places, const std::string& path,
                         const crypto::SealOpener& opener, const std::string& sha256, bool replaces,
                         SysSeconds now, Random& random) {
  const std::string state = places.root + places.state_directory;
  std::error_code error;
  fs::create_directories(fs::path(state).parent_path(), error);
  fs::create_directories(places.root + "/etc", error);
  const Result<UniqueFd> lock = store::LockStore(state);
  if (!lock) return lock.error();
  Scratch etc(fs::path(places.root + places.config_folder).parent_path(), random);
  Scratch var(fs::path(state).parent_path(), random);
  for (Scratch* const scratch : {&etc, &var}) {
    if (const auto made = scratch->Make(); !made) return made.error();
  }
  const UniqueFd sealed(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!sealed) return Failed(path);
  if (!sha256.empty()) {
    const Result<std::string> digest = HexDigest(sealed.get(), path);
    if (!digest) return digest.error();
    if (*digest != sha256) {
      return Error{ErrorCode::kPermissionDenied,
                   "'" + path + "' is another file: its SHA-256 is " + *digest};
    }
    lseek(sealed.get(), 0, SEEK_SET);
  }
  const std::string plain_path = var.path() + "/archive";
  const UniqueFd plain(open(plain_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!plain) return Failed(plain_path);
  unlink(plain_path.c_str());  // it goes with the descriptor, whatever ends this process
  if (const auto opened = crypto::OpenSealedFile(sealed.get(), opener, plain.get()); !opened) {
    return WithPath(path, opened.error());
  }
  if (lseek(plain.get(), 0, SEEK_SET) != 0) return Failed(plain_path);
  const Staging staging{etc.path(), var.path()};
  const auto extracted =
      ExtractTar(plain.get(), [&](std::string_view name) { return staging.Place(name); });
  if (!extracted) return extracted.error();
  Result<std::string> about = ReadAbout(var.path() + "/about");
  if (!about) return WithPath(path, about.error());
  int64_t sessions = 0;
  if (Exists(var.path() + "/state")) {
    const Result<int64_t> prepared = PrepareState(var.path() + "/state");
    if (!prepared) return prepared.error();
    sessions = *prepared;
  }
  Result<Restored> restored = Install(TargetsOf(places, staging), replaces, now);
  if (!restored) return restored;
  restored->made = *std::move(about);
  restored->sessions = sessions;
  return restored;
}

}  // namespace rolebridge::backup
