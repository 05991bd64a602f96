#include "tests/pam/login_host.h"

#include <crypt.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rolebridge::pam {
namespace {

using namespace std::chrono_literals;

const std::string kSource = ROLEBRIDGE_SOURCE_DIR;
const std::string kBinary = ROLEBRIDGE_BINARY_DIR;
constexpr auto kStep = 10ms;
constexpr int kSteps = 2000;

// yescrypt, as Debian's passwd writes it.
std::string Hash(const std::string& password) {
  crypt_data data{};
  char setting[CRYPT_GENSALT_OUTPUT_SIZE] = "";
  crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof(setting));
  return crypt_r(password.c_str(), setting, &data);
}

std::string ShadowLine(const std::string& name, const std::string& hash,
                       const std::string& dates = "19000:0:99999:7:::") {
  return name + ":" + hash + ":" + dates + "\n";
}

std::string PasswdLine(const std::string& name, unsigned uid) {
  return name + ":x:" + std::to_string(uid) + ":100::/nonexistent:/usr/sbin/nologin\n";
}

template <typename Condition>
bool WaitFor(Condition condition) {
  for (int i = 0; i < kSteps; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(kStep);
  }
  return false;
}

}  // namespace

LoginHost::LoginHost(bool changes_passwords)
    : changes_passwords_(changes_passwords),
      accounts_(changes_passwords ? "etc/" : ""),
      socket_path_(folder_ / "pam.sock") {
  if (changes_passwords_) {
    std::filesystem::copy(
        "/etc", folder_ / "etc",
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  }
  WriteAccounts();
  std::string settings = ReadFile(kSource + "/etc/rolebridge-pam.conf");
  const std::string refused = "expired_passwords = refuse";
  if (changes_passwords_) {
    settings.replace(settings.find(refused), refused.size(), "expired_passwords = change");
  }
  folder_.Write("rolebridge-pam.conf", settings);
  AddService("rolebridge", ReadFile(kSource + "/etc/pam.d/rolebridge"));
  StartActivator();
}

LoginHost::~LoginHost() { StopActivator(); }

void LoginHost::StopActivator() {
  kill(activator_, SIGTERM);
  waitpid(activator_, nullptr, 0);
}

void LoginHost::WriteAccounts() {
  const std::string alice = Hash("alice's password");
  const std::string passwd =
      PasswdLine("root", 0) + PasswdLine("toor", 0) + PasswdLine("printer", 999) +
      PasswdLine("nobody", 65534) + PasswdLine("alice", 2001) + PasswdLine("bob", 2002) +
      PasswdLine("locked", 2003) + PasswdLine("starred", 2004) + PasswdLine("gone", 2005) +
      PasswdLine("stale", 2006) + PasswdLine("mustchange", 2007) + PasswdLine("empty", 2008) +
      PasswdLine("inactive", 2009);
  const std::string shadow =
      ShadowLine("root", alice) + ShadowLine("toor", alice) + ShadowLine("printer", alice) +
      ShadowLine("nobody", alice) + ShadowLine("alice", alice) + ShadowLine("bob", Hash("bob's")) +
      ShadowLine("locked", "!" + alice) + ShadowLine("starred", "*") +
      ShadowLine("gone", alice, "19000:0:99999:7::19001:") +  // account expired in 2022
      ShadowLine("stale", alice, "19000:0:30:7:::") +         // password over 30 days old
      ShadowLine("mustchange", alice, "0:0:99999:7:::") +     // to be changed at the first login
      ShadowLine("empty", "") +
      ShadowLine("inactive", alice, "19000:0:30:7:10::");  // and 10 days after that it is over
  folder_.Write(accounts_ + "passwd", passwd);
  folder_.Write(accounts_ + "shadow", shadow, 0640);
  folder_.Write(accounts_ + "group", "root:x:0:\nshadow:x:42:\nusers:x:100:\n");
}

std::vector<std::string> LoginHost::ActivatorCommand() const {
  std::vector<std::string> command = {kSource + "/tests/support/private_host.sh"};
  const std::vector<std::string> host =
      changes_passwords_
          ? std::vector<std::string>{"--etc", folder_ / "etc"}
          : std::vector<std::string>{folder_ / "passwd", folder_ / "shadow", folder_ / "group"};
  const std::vector<std::string> activator = {"--",          "systemd-socket-activate",
                                              "--accept",    "--inetd",
                                              "--seqpacket", "-l",
                                              socket_path_,  kBinary + "/bin/rolebridge-pam",
                                              "--peer",      std::to_string(getuid()),
                                              "--config",    folder_ / "rolebridge-pam.conf",
                                              "--confdir",   folder_ / "pam.d"};
  command.insert(command.end(), host.begin(), host.end());
  command.insert(command.end(), activator.begin(), activator.end());
  if (changes_passwords_) command.emplace_back("--change-expired-passwords");
  return command;
}

void LoginHost::StartActivator() {
  const std::vector<std::string> command = ActivatorCommand();
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string log = folder_.Write("log", "");
  activator_ = fork();
  if (activator_ == 0) {
    const int fd = open(log.c_str(), O_WRONLY | O_APPEND);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  if (WaitForLog("Listening on")) return;
  StopActivator();
  throw std::runtime_error("no activator: " + Log());
}

std::string LoginHost::Scripted(const std::string& type, const std::string& arguments) {
  return type + " required " + kBinary + "/tests/pam_scripted.so " + arguments + "\n";
}

void LoginHost::AddScripted(const std::string& name, const std::string& auth,
                            const std::string& account) {
  AddService(name, Scripted("auth", auth) + Scripted("account", account));
}

void LoginHost::AddService(const std::string& name, const std::string& text) {
  folder_.Write("pam.d/" + name, text);
}

Conversation LoginHost::Begin(const std::string& username, const std::string& service) const {
  auto begun = Conversation::Begin(socket_path_, {service, username, "192.0.2.7"}, getuid());
  if (!begun) throw std::runtime_error(begun.error().message);
  return std::move(*begun);
}

Transcript LoginHost::LogIn(const std::string& username, const std::vector<std::string>& answers,
                            const std::string& service) const {
  Conversation conversation = Begin(username, service);
  return Finish(conversation, answers);
}

bool LoginHost::WaitForLog(const std::string& text) const {
  return WaitFor([&] { return Log().find(text) != std::string::npos; });
}

pid_t LoginHost::LastProcess() const {
  // "Spawned /path/rolebridge-pam (…) as PID 123." of systemd-socket-activate.
  const std::string log = Log();
  const size_t at = log.rfind(" as PID ");
  return at == std::string::npos ? -1 : std::atoi(log.c_str() + at + std::strlen(" as PID "));
}

Transcript Finish(Conversation& conversation, const std::vector<std::string>& answers) {
  Transcript transcript;
  auto next = answers.begin();
  while (true) {
    Step step = NextStep(conversation);
    if (step.outcome) {
      transcript.outcome = *step.outcome;
      return transcript;
    }
    std::vector<std::string> given;
    for (const Prompt& prompt : step.prompts) {
      if (!WantsAnswer(prompt.style)) continue;
      if (next == answers.end()) {
        ADD_FAILURE() << "nobody knows an answer to " << prompt.text;
        return transcript;
      }
      given.push_back(*next++);
    }
    transcript.rounds.push_back(std::move(step.prompts));
    if (!given.empty()) AnswerWith(conversation, given).has_value();
  }
}

Step NextStep(Conversation& conversation) {
  std::optional<Step> step = conversation.Poll(30s);
  if (step) return std::move(*step);
  ADD_FAILURE() << "no step within 30 s";
  return Step{.outcome = Outcome{.detail = "test_gave_up"}};
}

Result<void> AnswerWith(Conversation& conversation, const std::vector<std::string>& texts) {
  std::vector<SecretString> answers;
  for (const std::string& text : texts) answers.emplace_back(text);
  return conversation.Answer(std::move(answers));
}

bool WaitUntilGone(pid_t process) {
  return WaitFor([process] { return kill(process, 0) != 0; });
}

}  // namespace rolebridge::pam
