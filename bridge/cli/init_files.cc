#include "bridge/cli/init_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "bridge/base/unique_fd.h"

namespace rolebridge::cli {
namespace {

constexpr mode_t kPermissions = 07777;
constexpr const char* kBeside = ".init-new";

Error FileError(const std::string& path, const std::string& what) {
  return {ErrorCode::kUnavailable, "'" + path + "': " + what};
}

std::string Owner(const struct stat& status) {
  return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
}

// An editor's line end behind a secret is no other secret.
bool IsSame(std::string_view there, std::string_view wished) {
  if (there.ends_with('\n')) there.remove_suffix(1);
  if (wished.ends_with('\n')) wished.remove_suffix(1);
  return there == wished;
}

// True where `path` holds `wished`; looks at no more bytes than could be equal.
Result<bool> Holds(const std::string& path, const SecretString& wished) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return FileError(path, std::strerror(errno));
  SecretString there = SecretString::OfSize(wished.size() + 2);
  size_t size = 0;
  while (size < there.size()) {
    const ssize_t got = read(fd.get(), there.MutableReveal() + size, there.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path, std::strerror(errno));
    if (got == 0) return IsSame(there.Reveal().substr(0, size), wished.Reveal());
    size += static_cast<size_t>(got);
  }
  return false;
}

bool IsAsWished(const struct stat& status, const FileWish& wish) {
  return status.st_uid == geteuid() && status.st_gid == wish.group &&
         (status.st_mode & kPermissions) == wish.mode;
}

// What becomes of one wish; text: why it can't be.
Result<Fate> Decide(const FileWish& wish, bool may_replace, std::string& conflict) {
  struct stat status {};
  if (lstat(wish.path.c_str(), &status) != 0) {
    // ENOTDIR and the like will be said when the folder is looked at.
    if (errno == ENOENT) return Fate::kWrite;
    return FileError(wish.path, std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    conflict = "'" + wish.path + "' is there and no regular file; move it away";
    return Fate::kKeep;
  }
  const Fate if_same = IsAsWished(status, wish) ? Fate::kKeep : Fate::kAdjust;
  if (wish.is_somebodys) return Fate::kKeep;
  if (wish.is_only_where_missing) return if_same;
  const Result<bool> is_same = Holds(wish.path, wish.contents);
  if (!is_same) return is_same.error();
  if (*is_same) return if_same;
  if (!may_replace) {
    conflict = "'" + wish.path + "' is there and holds something else; --replace replaces it";
  }
  return Fate::kReplace;
}

// The files that are being written, under their names beside; what is left of them goes.
class Beside {
 public:
  Beside() = default;
  ~Beside() {
    for (const std::string& path : paths_) unlink(path.c_str());
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
      rmdir(folder->c_str());
    }
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  void AddFile(std::string path) { paths_.push_back(std::move(path)); }
  void AddFolder(std::string path) { folders_.push_back(std::move(path)); }
  // They were wanted: only names beside go now.
  void KeepFolders() { folders_.clear(); }
  void KeepFiles() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
  std::vector<std::string> folders_;
};

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

Result<void> WriteBeside(const FileWish& wish, Beside& beside) {
  const std::string path = wish.path + kBeside;
  unlink(path.c_str());  // of a run that was interrupted
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return FileError(path, std::strerror(errno));
  beside.AddFile(path);
  if (!WriteAll(fd.get(), wish.contents.Reveal()) || fchown(fd.get(), geteuid(), wish.group) != 0 ||
      fchmod(fd.get(), wish.mode) != 0 || fsync(fd.get()) != 0) {
    return FileError(path, std::strerror(errno));
  }
  return {};
}

Result<void> MakeFolder(const FolderWish& wish, Beside& beside) {
  if (mkdir(wish.path.c_str(), 0700) != 0) return FileError(wish.path, std::strerror(errno));
  beside.AddFolder(wish.path);
  if (chown(wish.path.c_str(), geteuid(), wish.group) != 0 ||
      chmod(wish.path.c_str(), wish.mode) != 0) {
    return FileError(wish.path, std::strerror(errno));
  }
  return {};
}

// Not through a symbolic link that was put there since it was looked at.
Result<void> Adjust(const FileWish& wish) {
  const UniqueFd fd(open(wish.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return FileError(wish.path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return FileError(wish.path, "is no regular file any more");
  if (fchown(fd.get(), geteuid(), wish.group) != 0 || fchmod(fd.get(), wish.mode) != 0) {
    return FileError(wish.path, std::strerror(errno));
  }
  return {};
}

Result<void> SyncFolderOf(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return FileError(folder, std::strerror(errno));
  return {};
}

Result<void> BringNewFiles(const FilePlan& plan, Beside& beside) {
  for (const PlannedFile& file : plan.files) {
    if (file.fate != Fate::kWrite) continue;
    // link(2) and not rename(2): it takes no place that is taken.
    if (link((file.wish.path + kBeside).c_str(), file.wish.path.c_str()) != 0) {
      return FileError(file.wish.path, std::strerror(errno));
    }
    beside.AddFile(file.wish.path);
  }
  return {};
}

Result<void> ReplaceFiles(const FilePlan& plan) {
  std::string replaced;
  for (const PlannedFile& file : plan.files) {
    if (file.fate != Fate::kReplace) continue;
    if (rename((file.wish.path + kBeside).c_str(), file.wish.path.c_str()) != 0) {
      const std::string done = replaced.empty() ? "" : "; replaced already: " + replaced;
      return FileError(file.wish.path, std::strerror(errno) + done);
    }
    replaced += (replaced.empty() ? "" : ", ") + file.wish.path;
  }
  return {};
}

const char* Words(Fate fate, bool is_done) {
  switch (fate) {
    case Fate::kWrite:
      return is_done ? "wrote    " : "write    ";
    case Fate::kKeep:
      return is_done ? "kept     " : "keep     ";
    case Fate::kAdjust:
      return is_done ? "adjusted " : "adjust   ";
    case Fate::kReplace:
      return is_done ? "replaced " : "replace  ";
  }
  return "";
}

std::string AdjustmentOf(const FileWish& wish) {
  struct stat status {};
  if (lstat(wish.path.c_str(), &status) != 0) return "";
  char modes[64];
  snprintf(modes, sizeof(modes), "mode %04o to %04o", status.st_mode & kPermissions, wish.mode);
  return " (" + std::string(modes) + ", owner " + Owner(status) + " to " +
         std::to_string(geteuid()) + ":" + std::to_string(wish.group) + ")";
}

}  // namespace

Result<FilePlan> PlanFiles(std::vector<FolderWish> folders, std::vector<FileWish> files,
                           bool may_replace) {
  FilePlan plan;
  for (FolderWish& folder : folders) {
    struct stat status {};
    if (stat(folder.path.c_str(), &status) != 0 && errno == ENOENT) {
      plan.folders.push_back(std::move(folder));
    } else if (!S_ISDIR(status.st_mode)) {
      return FileError(folder.path, "is no folder");
    }
  }
  std::string conflicts;
  for (FileWish& wish : files) {
    std::string conflict;
    const Result<Fate> fate = Decide(wish, may_replace, conflict);
    if (!fate) return fate.error();
    if (!conflict.empty()) conflicts += "\n  " + conflict;
    plan.files.push_back({std::move(wish), *fate});
  }
  if (conflicts.empty()) return plan;
  return Error{ErrorCode::kPermissionDenied, "nothing was written:" + conflicts};
}

void Describe(const FilePlan& plan, bool is_done, std::ostream& out) {
  for (const FolderWish& folder : plan.folders) {
    out << Words(Fate::kWrite, is_done) << folder.path << "/\n";
  }
  for (const PlannedFile& file : plan.files) {
    out << Words(file.fate, is_done) << file.wish.path;
    if (file.fate == Fate::kAdjust && !is_done) out << AdjustmentOf(file.wish);
    out << "\n";
  }
}

bool ChangesNothing(const FilePlan& plan) {
  for (const PlannedFile& file : plan.files) {
    if (file.fate != Fate::kKeep) return false;
  }
  return plan.folders.empty();
}

Result<void> CarryOut(const FilePlan& plan) {
  Beside brought;       // go where it fails
  Beside names_beside;  // go in any case, and before the folders that they are in
  for (const FolderWish& folder : plan.folders) {
    if (const auto made = MakeFolder(folder, brought); !made) return made;
  }
  for (const PlannedFile& file : plan.files) {
    if (file.fate != Fate::kWrite && file.fate != Fate::kReplace) continue;
    if (const auto written = WriteBeside(file.wish, names_beside); !written) return written;
  }
  if (const auto done = BringNewFiles(plan, brought); !done) return done;
  for (const PlannedFile& file : plan.files) {
    if (file.fate != Fate::kAdjust) continue;
    if (const auto done = Adjust(file.wish); !done) return done;
  }
  // Last, since it can't be taken back: what was brought goes where anything fails.
  if (const auto done = ReplaceFiles(plan); !done) return done;
  brought.KeepFiles();
  brought.KeepFolders();
  for (const PlannedFile& file : plan.files) {
    if (const auto synced = SyncFolderOf(file.wish.path); !synced) return synced;
  }
  return {};
}

}  // namespace rolebridge::cli
