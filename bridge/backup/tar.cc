#include "bridge/backup/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "bridge/base/c_ptr.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge::backup {
namespace {

constexpr size_t kBlock = 64 * 1024;
constexpr int64_t kMaxEntries = 1'000'000;
constexpr int64_t kMaxBytes = int64_t{64} << 30;

using WriteArchive = CPtr<archive, archive_write_free>;
using ReadArchive = CPtr<archive, archive_read_free>;
using Entry = CPtr<archive_entry, archive_entry_free>;

Error Failed(const std::string& path) {
  return {errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
          "'" + path + "': " + std::strerror(errno)};
}

Error ErrorOf(archive* of, ErrorCode code, const std::string& what) {
  const char* const text = archive_error_string(of);
  return {code, what + ": " + (text == nullptr ? "unknown reason" : text)};
}

// Names first: on another host the same people may have other numbers.
void SetOwner(archive_entry* entry, const struct stat& status) {
  std::array<char, 16 * 1024> buffer{};
  passwd user{};
  passwd* found_user = nullptr;
  if (getpwuid_r(status.st_uid, &user, buffer.data(), buffer.size(), &found_user) == 0 &&
      found_user != nullptr) {
    archive_entry_set_uname(entry, user.pw_name);
  }
  group of{};
  group* found_group = nullptr;
  if (getgrgid_r(status.st_gid, &of, buffer.data(), buffer.size(), &found_group) == 0 &&
      found_group != nullptr) {
    archive_entry_set_gname(entry, of.gr_name);
  }
}

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos)
    return false;
  while (!name.empty()) {
    const size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    const bool is_last = end == name.size();
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (is_last) return true;
    name.remove_prefix(end + 1);
  }
  return false;
}

Result<void> CopyData(archive* from, archive* to, int64_t& bytes) {
  while (true) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(from, &block, &size, &offset);
    if (status == ARCHIVE_EOF) return {};
    if (status != ARCHIVE_OK) return ErrorOf(from, ErrorCode::kInvalidArgument, "the archive");
    bytes += static_cast<int64_t>(size);
    if (bytes > kMaxBytes) return Error{ErrorCode::kInvalidArgument, "the archive is too large"};
    if (archive_write_data_block(to, block, size, offset) != ARCHIVE_OK) {
      return ErrorOf(to, ErrorCode::kUnavailable, "writing");
    }
  }
}

Result<void> ExtractOne(archive* from, archive_entry* entry, archive* to, const std::string& at,
                        int64_t& bytes) {
  archive_entry_set_pathname(entry, at.c_str());
  if (archive_write_header(to, entry) != ARCHIVE_OK) {
    return ErrorOf(to, ErrorCode::kUnavailable, "'" + at + "'");
  }
  if (const auto copied = CopyData(from, to, bytes); !copied) return copied;
  if (archive_write_finish_entry(to) != ARCHIVE_OK) {
    return ErrorOf(to, ErrorCode::kUnavailable, "'" + at + "'");
  }
  return {};
}

}  // namespace

struct TarWriter::State {
  Sink sink;
  Result<void> outcome;  // of the sink
  WriteArchive archive;
};

TarWriter::TarWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarWriter::~TarWriter() = default;

Result<std::unique_ptr<TarWriter>> TarWriter::Create(Sink sink) {
  auto state = std::make_unique<State>();
  state->sink = std::move(sink);
  state->archive.reset(archive_write_new());
  archive* const to = state->archive.get();
  archive_write_callback* const write = [](archive*, void* self, const void* bytes,
                                           size_t size) -> la_ssize_t {
    State& of = *static_cast<State*>(self);
    of.outcome = of.sink({static_cast<const char*>(bytes), size});
    return of.outcome ? static_cast<la_ssize_t>(size) : -1;
  };
  if (archive_write_add_filter_gzip(to) != ARCHIVE_OK ||
      archive_write_set_format_pax_restricted(to) != ARCHIVE_OK ||
      archive_write_open(to, state.get(), nullptr, write, nullptr) != ARCHIVE_OK) {
    return ErrorOf(to, ErrorCode::kUnavailable, "the archive");
  }
  return std::unique_ptr<TarWriter>(new TarWriter(std::move(state)));
}

Result<void> TarWriter::AddOne(const std::string& path, const std::string& name) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return Failed(path);
  const bool is_file = S_ISREG(status.st_mode);
  if (!is_file && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode)) return {};
  const Entry entry(archive_entry_new());
  archive_entry_copy_stat(entry.get(), &status);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_nlink(entry.get(), 1);
  SetOwner(entry.get(), status);
  if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    archive_entry_set_symlink(entry.get(), std::filesystem::read_symlink(path, error).c_str());
  }
  const UniqueFd fd(is_file ? open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (is_file && !fd) return Failed(path);
  archive* const to = state_->archive.get();
  if (archive_write_header(to, entry.get()) != ARCHIVE_OK) {
    return ErrorOf(to, ErrorCode::kUnavailable, "'" + path + "'");
  }
  std::vector<char> block(kBlock);
  while (is_file) {
    const ssize_t got = read(fd.get(), block.data(), block.size());
    if (got < 0) return Failed(path);
    if (got == 0) break;
    if (archive_write_data(to, block.data(), static_cast<size_t>(got)) != got) {
      return ErrorOf(to, ErrorCode::kUnavailable, "'" + path + "' grew, or can't be written");
    }
  }
  return {};
}

Result<void> TarWriter::Add(const std::string& path, const std::string& name) {
  if (const auto added = AddOne(path, name); !added) return added;
  std::error_code error;
  if (std::filesystem::is_symlink(path, error) || !std::filesystem::is_directory(path, error)) {
    return {};
  }
  std::vector<std::string> below;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    below.push_back(entry.path().filename());
  }
  if (error) return Error{ErrorCode::kUnavailable, "'" + path + "': " + error.message()};
  std::sort(below.begin(), below.end());
  for (const std::string& file : below) {
    if (const auto added = Add(path + "/" + file, name + "/" + file); !added) return added;
  }
  return {};
}

Result<void> TarWriter::AddText(const std::string& name, std::string_view text) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
  archive* const to = state_->archive.get();
  if (archive_write_header(to, entry.get()) != ARCHIVE_OK ||
      archive_write_data(to, text.data(), text.size()) != static_cast<la_ssize_t>(text.size())) {
    return ErrorOf(to, ErrorCode::kUnavailable, "the archive");
  }
  return {};
}

Result<void> TarWriter::Finish() {
  const int status = archive_write_close(state_->archive.get());
  if (!state_->outcome) return state_->outcome;
  if (status != ARCHIVE_OK) {
    return ErrorOf(state_->archive.get(), ErrorCode::kUnavailable, "the archive");
  }
  return {};
}

Result<void> ExtractTar(int fd, const std::function<std::string(std::string_view)>& place) {
  const ReadArchive from(archive_read_new());
  archive_read_support_filter_gzip(from.get());
  archive_read_support_format_tar(from.get());
  const WriteArchive to(archive_write_disk_new());
  archive_write_disk_set_options(to.get(), ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM |
                                               ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_NO_OVERWRITE |
                                               ARCHIVE_EXTRACT_SECURE_NODOTDOT);
  archive_write_disk_set_standard_lookup(to.get());
  if (archive_read_open_fd(from.get(), fd, kBlock) != ARCHIVE_OK) {
    return ErrorOf(from.get(), ErrorCode::kInvalidArgument, "the archive");
  }
  int64_t bytes = 0;
  // A link that the archive made is not followed by what comes after it.
  std::vector<std::string> links;
  for (int64_t entries = 0;; ++entries) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(from.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK || entries >= kMaxEntries) {
      return ErrorOf(from.get(), ErrorCode::kInvalidArgument, "the archive");
    }
    const char* const raw = archive_entry_pathname(entry);
    std::string name = raw == nullptr ? "" : raw;
    const mode_t type = archive_entry_filetype(entry);
    // As archives name folders; on anything else libarchive would take it off behind our back.
    if (type == AE_IFDIR && name.ends_with('/')) name.pop_back();
    const std::string at = IsPlainName(name) ? place(name) : "";
    const bool is_through_link =
        std::any_of(links.begin(), links.end(),
                    [&](const std::string& link) { return name.starts_with(link + "/"); });
    if (at.empty() || is_through_link || archive_entry_hardlink(entry) != nullptr ||
        (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)) {
      return Error{ErrorCode::kInvalidArgument,
                   "the archive has an entry that no backup of rolebridge has"};
    }
    if (type == AE_IFLNK) links.push_back(name);
    if (const auto extracted = ExtractOne(from.get(), entry, to.get(), at, bytes); !extracted) {
      return extracted;
    }
  }
  if (archive_write_close(to.get()) != ARCHIVE_OK) {
    return ErrorOf(to.get(), ErrorCode::kUnavailable, "writing");
  }
  return {};
}

}  // namespace rolebridge::backup
