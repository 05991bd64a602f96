#include "bridge/cli/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "bridge/base/unique_fd.h"
#include "bridge/saml/signing_key.h"

namespace rolebridge::cli {
namespace {

Result<void> WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) {
    return Error{ErrorCode::kPermissionDenied,
                 "'" + path + "': " + std::strerror(errno) + "; nothing was overwritten"};
  }
  if (write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      fsync(fd.get()) != 0) {
    const std::string reason = std::strerror(errno);
    unlink(path.c_str());
    return Error{ErrorCode::kUnavailable, "'" + path + "': " + reason};
  }
  return {};
}

}  // namespace

Result<std::string> MakeKeys(const NewKeysOptions& options, SysSeconds now, Random& random) {
  const bool is_tls = !options.tls_host.empty();
  std::vector<std::string> dns_names;
  if (is_tls) dns_names.push_back(options.tls_host);
  Result<saml::NewKeyPair> pair =
      saml::MakeKeyPair(is_tls ? options.tls_host : options.common_name, dns_names, options.bits,
                        options.years, now, random);
  if (!pair) return pair.error();
  const std::string key = options.folder + "/" + options.name + ".key";
  const std::string certificate = options.folder + "/" + options.name + ".crt";
  const Result<void> key_written = WriteNewFile(key, pair->key_pem.Reveal(), 0600);
  if (!key_written) return key_written.error();
  const Result<void> certificate_written = WriteNewFile(certificate, pair->certificate_pem, 0644);
  if (!certificate_written) {
    unlink(key.c_str());
    return certificate_written.error();
  }
  if (is_tls) return "wrote " + key + " and " + certificate + " for " + options.tls_host + "\n";
  return "wrote " + key + " and " + certificate +
         "\nKeep the key: whoever has it can become anybody in every account that trusts it.\n";
}

}  // namespace rolebridge::cli
