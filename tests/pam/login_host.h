#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "pam/client.h"
#include "tests/pam/test_folder.h"

namespace rolebridge::pam {

// What was said in one login.
struct Transcript {
  std::vector<std::vector<Prompt>> rounds;
  Outcome outcome;
};

// A host of its own (support/private_host.sh: passwd, shadow and group of ours in the place of
// /etc's) on which systemd's socket activator starts a rolebridge-pam for each connection, as
// rolebridge-pam.socket does. Everything goes with it.
//
// People (uid; password): alice (2001; "alice's password"), bob (2002; "bob's"), and more with
// something wrong about them; see login_host.cc. The service `rolebridge` is the shipped file.
class LoginHost {
 public:
  // `changes_passwords`: as rolebridge-pam-change@ is started, with an /etc that modules may write.
  explicit LoginHost(bool changes_passwords = false);
  ~LoginHost();
  LoginHost(const LoginHost&) = delete;
  LoginHost& operator=(const LoginHost&) = delete;

  // Adds the service `name`; `auth` and `account` are arguments of scripted_module.cc.
  void AddScripted(const std::string& name, const std::string& auth,
                   const std::string& account = "");
  void AddService(const std::string& name, const std::string& text);
  // The line of a PAM file that runs the scripted module.
  static std::string Scripted(const std::string& type, const std::string& arguments);

  const std::string& socket_path() const { return socket_path_; }
  const TestFolder& folder() const { return folder_; }

  Conversation Begin(const std::string& username, const std::string& service = "rolebridge") const;
  // A whole login in which every question gets the next of `answers`.
  Transcript LogIn(const std::string& username, const std::vector<std::string>& answers,
                   const std::string& service = "rolebridge") const;

  // What activator and processes wrote to standard error so far.
  std::string Log() const { return ReadFile(folder_ / "log"); }
  // Waits until that has `text` in it; false after 20 s.
  bool WaitForLog(const std::string& text) const;
  // The process of the last connection.
  pid_t LastProcess() const;

 private:
  void WriteAccounts();
  std::vector<std::string> ActivatorCommand() const;
  void StartActivator();
  void StopActivator();

  TestFolder folder_;
  const bool changes_passwords_;
  const std::string accounts_;  // the folder of passwd, shadow and group
  std::string socket_path_;
  pid_t activator_ = -1;
};

// Goes on with a conversation until its outcome.
Transcript Finish(Conversation& conversation, const std::vector<std::string>& answers);
// The next step; the test fails where none comes within 30 s.
Step NextStep(Conversation& conversation);
Result<void> AnswerWith(Conversation& conversation, const std::vector<std::string>& texts);
// True once `process` has ended; false after 20 s.
bool WaitUntilGone(pid_t process);

}  // namespace rolebridge::pam
