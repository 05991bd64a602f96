#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/secret_string.h"
#include "ldap/directory.h"
#include "ldap/settings.h"

namespace rolebridge::ldap {

// A Python program that talks in lines; ended, and waited for, with this object.
class LineProgram {
 public:
  explicit LineProgram(std::vector<std::string> arguments);
  ~LineProgram();
  LineProgram(const LineProgram&) = delete;
  LineProgram& operator=(const LineProgram&) = delete;

  void Write(const std::string& line);
  std::string ReadLine();  // empty: it has ended

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

// tests/support/slapd.py with the sample directory, or what `arguments` ask for.
class SlapdServer {
 public:
  explicit SlapdServer(const std::vector<std::string>& arguments = {});

  // As an administrator would write them for this server, ldaps, member.
  Settings settings() const;
  SecretString password() const { return SecretString(password_); }
  std::string uri_ldap, uri_ldaps, uri_ldapi, ca_file, bind_dn, folder;
  std::string port_ldaps() const { return uri_ldaps.substr(uri_ldaps.rfind(':') + 1); }

  void Stop() { Do(R"({"do": "stop"})"); }
  void Start() { Do(R"({"do": "start"})"); }
  void Freeze() { Do(R"({"do": "freeze"})"); }
  void Thaw() { Do(R"({"do": "thaw"})"); }
  void Modify(const std::string& ldif);  // change records, as the directory's root
  // Of its log, where it was started with --log-operations: a line for each search so far ("SRCH
  // base=... filter=...") and for what it asked for ("SRCH attr=...").
  std::vector<std::string> Searches() const;
  const std::string& raw_password() const { return password_; }

 private:
  void Do(const std::string& order);
  LineProgram program_;
  std::string password_;
};

// tests/ldap/bad_server.py: a server that misbehaves as `script` says.
class BadServer {
 public:
  explicit BadServer(const std::string& script);
  // For this server, with deadlines that do not keep a test waiting. `scheme`: ldap, ldaps, ldapi.
  Settings settings(const std::string& scheme) const;

 private:
  LineProgram program_;
  std::string port_;
  std::string socket_;
};

// tests/support/fault_proxy.py before a server: its addresses stand in place of the server's, until
// it behaves in another way.
class FaultProxy {
 public:
  explicit FaultProxy(const SlapdServer& server);
  std::string uri_ldaps, uri_ldapi;

  // `manner`: the members of the order, as JSON: R"("as": "silent")".
  void Behave(const std::string& manner) { Do(R"("do": "behave", )" + manner); }
  void Stall() { Do(R"("do": "stall")"); }
  void Cut() { Do(R"("do": "cut")"); }
  struct Count {
    int accepted = 0;
    int open = 0;
  };
  Count CountConnections();

 private:
  std::string Do(const std::string& order);
  LineProgram program_;
};

class FixedClock final : public Clock {
 public:
  explicit FixedClock(SysSeconds now) : now_(now) {}
  SysSeconds Now() const override { return now_; }
  BootTime SinceBoot() const override { return BootTime(0); }
  bool IsSynchronised() const override { return true; }
  void Set(SysSeconds now) { now_ = now; }

 private:
  SysSeconds now_;
};

// Settings and password that Create() must take.
std::unique_ptr<Directory> Open(const Settings& settings, SecretString password,
                                const Clock& clock);

}  // namespace rolebridge::ldap
