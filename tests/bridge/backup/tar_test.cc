#include "bridge/backup/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "bridge/base/unique_fd.h"
#include "tests/support/opened_store.h"

namespace rolebridge::backup {
namespace {

namespace fs = std::filesystem;

class TarTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // An archive with one entry of any name and kind, as somebody hostile makes it.
  void Forge(const std::vector<std::pair<std::string, mode_t>>& entries,
             const std::string& target = "/etc") const {
    archive* const to = archive_write_new();
    archive_write_add_filter_gzip(to);
    archive_write_set_format_pax_restricted(to);
    archive_write_open_filename(to, Path("a.tar").c_str());
    for (const auto& [name, type] : entries) {
      archive_entry* const entry = archive_entry_new();
      archive_entry_set_pathname(entry, name.c_str());
      archive_entry_set_perm(entry, 0644);
      if (type == 0) {
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_hardlink(entry, target.c_str());
      } else {
        archive_entry_set_filetype(entry, type);
        if (type == AE_IFLNK) archive_entry_set_symlink(entry, target.c_str());
        if (type == AE_IFREG) archive_entry_set_size(entry, 4);
      }
      archive_write_header(to, entry);
      if (type == AE_IFREG) archive_write_data(to, "evil", 4);
      archive_entry_free(entry);
    }
    archive_write_close(to);
    archive_write_free(to);
  }
  Result<void> Extract() const {
    fs::create_directory(Path("out"));
    const UniqueFd fd(open(Path("a.tar").c_str(), O_RDONLY));
    return ExtractTar(fd.get(), [&](std::string_view name) {
      return name.starts_with("x") ? Path("out/") + std::string(name) : std::string();
    });
  }

  const rolebridge::testing::TemporaryFolder folder_;
};

TEST_F(TarTest, WhatGoesInComesOutAsItWas) {
  fs::create_directories(Path("in/sub"));
  std::ofstream(Path("in/secret")) << std::string(200'000, 's');
  chmod(Path("in/secret").c_str(), 0640);
  std::ofstream(Path("in/sub/a b")) << "";
  fs::create_symlink("../secret", Path("in/sub/link"));
  chmod(Path("in/sub").c_str(), 0710);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  Path("in/socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  std::ofstream archive(Path("a.tar"), std::ios::binary);
  auto tar = TarWriter::Create([&](std::string_view bytes) -> Result<void> {
    archive << bytes;
    return {};
  });
  ASSERT_TRUE(tar);
  ASSERT_TRUE((*tar)->AddText("x-about", "hello"));
  ASSERT_TRUE((*tar)->Add(Path("in"), "x"));
  ASSERT_TRUE((*tar)->Finish());
  archive.close();
  const auto extracted = Extract();
  ASSERT_TRUE(extracted) << extracted.error().message;
  EXPECT_EQ(Bytes(Path("out/x-about")), "hello");
  EXPECT_EQ(Bytes(Path("out/x/secret")), std::string(200'000, 's'));
  EXPECT_EQ(fs::read_symlink(Path("out/x/sub/link")), "../secret");
  EXPECT_TRUE(fs::exists(Path("out/x/sub/a b")));
  EXPECT_FALSE(fs::exists(Path("out/x/socket")));
  struct stat status {};
  ASSERT_EQ(stat(Path("out/x/secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  ASSERT_EQ(stat(Path("out/x/sub").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0710U);
}

TEST_F(TarTest, NothingHostileIsExtracted) {
  using Entries = std::vector<std::pair<std::string, mode_t>>;
  for (const Entries& entries : {
           Entries{{"x/../../escaped", AE_IFREG}},
           Entries{{"/x", AE_IFREG}},
           Entries{{"x/./y", AE_IFREG}},
           Entries{{"x//y", AE_IFREG}},
           Entries{{"other", AE_IFREG}},
           Entries{{"x", AE_IFCHR}},
           Entries{{"x", AE_IFIFO}},
           Entries{{"x", 0}},
           Entries{{"x", AE_IFLNK}, {"x/passwd", AE_IFREG}},
           Entries{{"x/", AE_IFLNK}, {"x/passwd", AE_IFREG}},
           Entries{{"x/", AE_IFREG}},
           Entries{{"x//", AE_IFDIR}},
           Entries{{"x1", AE_IFREG}, {"x1", AE_IFREG}},
       }) {
    Forge(entries, folder_.path());
    EXPECT_FALSE(Extract()) << entries.back().first << " " << entries.back().second;
    fs::remove_all(Path("out"));
    EXPECT_FALSE(fs::exists(Path("escaped")));
    EXPECT_FALSE(fs::exists(Path("passwd")));
  }
}

TEST_F(TarTest, WhatIsNoArchiveIsRefused) {
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(5000, '\x1f')}) {
    std::ofstream(Path("a.tar"), std::ios::binary) << bytes;
    EXPECT_FALSE(Extract()) << bytes.size();
  }
}

TEST_F(TarTest, AFileThatIsNotThereIsNamed) {
  auto tar = TarWriter::Create([](std::string_view) -> Result<void> { return {}; });
  const auto added = (*tar)->Add(Path("gone"), "x");
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find(Path("gone")), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::backup
