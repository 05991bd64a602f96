#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/base/result.h"

namespace rolebridge::backup {

// Writes files as a compressed tar archive (pax, gzip), with owners by name and number, and modes.
// The sole user of libarchive, with ExtractTar.
class TarWriter {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;

  // `sink` takes the archive's bytes as they come.
  static Result<std::unique_ptr<TarWriter>> Create(Sink sink);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // The file, symbolic link or folder with all that is in it, at `path`, under the name `name`.
  // Sockets and the like are left out. Errors: kNotFound; kUnavailable.
  Result<void> Add(const std::string& path, const std::string& name);
  Result<void> AddText(const std::string& name, std::string_view text);
  Result<void> Finish();

 private:
  struct State;
  explicit TarWriter(std::unique_ptr<State> state);
  Result<void> AddOne(const std::string& path, const std::string& name);
  std::unique_ptr<State> state_;
};

// Extracts the archive `fd`, read from its beginning. `place` says where an entry goes, given its
// name; it says "" for one that has no business in there, which is an error. No entry leaves its
// place: nothing absolute, no "..", nothing through a symbolic link of the archive's, no device, no
// hard link, nothing over what is there already. At most 1,000,000 entries and 64 GiB.
// Errors: kInvalidArgument, as above, or no archive; kUnavailable, writing fails.
Result<void> ExtractTar(int fd, const std::function<std::string(std::string_view name)>& place);

}  // namespace rolebridge::backup
