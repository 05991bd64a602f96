#pragma once

#include <ostream>
#include <string>

#include "bridge/base/clock.h"
#include "bridge/base/random.h"
#include "bridge/base/result.h"

namespace rolebridge::cli {

struct NewKeysOptions {
  std::string folder = ".";
  std::string name = "saml";  // saml.key and saml.crt
  std::string common_name = "rolebridge";
  std::string tls_host;  // set: a certificate for a TLS server of that name
  int bits = 2048;
  int years = 10;
};

// `rolebridge keys new --out`: a key (mode 0600) and a self-signed certificate for it. Never
// overwrites a file. Returns what to tell the administrator.
Result<std::string> MakeKeys(const NewKeysOptions& options, SysSeconds now, Random& random);

// A key of its own choice in place of a new one, as two files.
struct GivenPair {
  std::string certificate;
  std::string key;
};

// `rolebridge keys new` for a configuration with `signing_folder:`: the next key in that folder, or
// the first. `options`: folder and tls_host are not looked at; an empty name is one by the date,
// like saml-2026-11. `given`: its files are copied, rather than new ones made. Returns what to tell
// the administrator.
Result<std::string> MakeNextKey(const std::string& signing_folder, const NewKeysOptions& options,
                                const GivenPair* given, SysSeconds now, Random& random);

// The `signing_folder:` of a configuration; empty where it has none, or where there is no such
// file. Errors: kInvalidArgument with every mistake of it.
Result<std::string> FindSigningFolder(const std::string& config_path);

struct KeysOptions {
  std::string config_path = "/etc/rolebridge/rolebridge.yaml";
  std::string admin_socket = "/run/rolebridge-admin.sock";
  std::string name;
  bool json = false;        // of list
  bool aws_has_it = false;  // of activate
  bool delete_key = false;  // of retire
  bool no_reload = false;   // of all that change something
};

// `rolebridge keys list`. Exit status: kYes; kCannotTell, something can't be read.
int ListKeys(const KeysOptions& options, SysSeconds now, std::ostream& out, std::ostream& errors);

// `rolebridge keys publish|activate|retire`: writes the new state and has the running issuer take
// it, or puts the old state back. Exit status: kYes, it is so; kNo, it is refused and nothing has
// changed; kCannotTell, something can't be read or the issuer gives no answer, and nothing has
// changed in the folder.
int PublishKey(const KeysOptions& options, SysSeconds now, std::ostream& out, std::ostream& errors);
int ActivateKey(const KeysOptions& options, SysSeconds now, std::ostream& out,
                std::ostream& errors);
int RetireKey(const KeysOptions& options, SysSeconds now, std::ostream& out, std::ostream& errors);

}  // namespace rolebridge::cli
