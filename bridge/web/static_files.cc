#include "bridge/web/static_files.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "bridge/base/random.h"
#include "bridge/crypto/crypto.h"

namespace rolebridge::web {
namespace {

constexpr size_t kMaxBytes = 192 * 1024;

struct ContentType {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array kContentTypes = {
    ContentType{".css", "text/css; charset=utf-8"},
    ContentType{".js", "text/javascript; charset=utf-8"},
    ContentType{".svg", "image/svg+xml"},
    ContentType{".png", "image/png"},
    ContentType{".woff2", "font/woff2"},
};

std::string_view TypeOf(const std::filesystem::path& file) {
  for (const ContentType& row : kContentTypes) {
    if (file.extension() == row.extension) return row.type;
  }
  return {};
}

// Enough of the hash that two versions of a file never meet in one name.
std::string ShortHash(const std::string& bytes) {
  const std::string digest = crypto::Sha256(bytes);
  return ToHex({reinterpret_cast<const unsigned char*>(digest.data()), 8});
}

Result<StaticFile> Read(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  if (stem.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 file.string() + ": a static file is named with a-z, 0-9, '-' and '_'"};
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Error{ErrorCode::kNotFound, file.string() + ": cannot be read"};
  StaticFile read{file.filename().string(),
                  {},
                  std::string(TypeOf(file)),
                  std::string{std::istreambuf_iterator<char>(stream), {}}};
  if (read.bytes.size() > kMaxBytes) {
    return Error{ErrorCode::kResourceExhausted, file.string() + ": longer than 192 KiB"};
  }
  read.path = "/static/" + stem + "." + ShortHash(read.bytes) + file.extension().string();
  return read;
}

}  // namespace

Result<std::vector<StaticFile>> LoadStaticFiles(const std::string& folder) {
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  if (failed) return Error{ErrorCode::kNotFound, folder + ": " + failed.message()};
  std::vector<StaticFile> files;
  for (const auto& entry : entries) {
    if (!entry.is_regular_file(failed) || TypeOf(entry.path()).empty()) continue;
    Result<StaticFile> file = Read(entry.path());
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace rolebridge::web
