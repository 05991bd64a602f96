// A PAM module for tests that does in its auth, account and password functions what its arguments
// say (the last in libpam's second pass, and with PAM_AUTHTOK_ERR for a wrong answer):
//
//   auth required /path/pam_scripted.so ask=Password: expect=open-sesame return=PAM_AUTH_ERR
//
// Arguments are taken one after the other; in texts `+` stands for a space. A wrong answer to
// `expect` makes the module return PAM_AUTH_ERR. Without `return` it succeeds in the end.
//   ask=TEXT show=TEXT     one prompt without or with echo
//   info=TEXT error=TEXT   one text
//   batch                  user+token prompts with an info and an error text, in one call
//   expect=TEXT            the last answer must be this one
//   forget                 wipes the last answer
//   wait=SECONDS           takes that long, and goes on
//   rename=NAME            PAM_USER becomes NAME
//   return=CODE            ends with that number
//   until-changed=CODE     the same, until the password function of this login succeeded
//   where-proved=CODE      the same, in a transaction in which the auth function succeeded
//   giant binary many33 radio   odd things to say: 100 000 bytes; no UTF-8; 33 texts; a yes/no box
//   asking-forever telling-forever stubborn   prompts without end; the last one against errors too
//   crash exit loop sleep  what modules may do to a process
//   fork-and-stay          leaves a child behind, and says which on standard error
//   stdout                 prints to standard output, and reads from standard input
//   report=FILE            writes the environment and what else the process was given to FILE
//   require-own-delay      PAM_SYSTEM_ERR where nobody has set PAM_FAIL_DELAY
//   require-item=NAME:VALUE   PAM_RHOST, PAM_TTY, PAM_USER, PAM_RUSER as they must be; else
//                          PAM_SYSTEM_ERR

#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pam/spin.h"

extern char** environ;

namespace {

constexpr char kChanged[] = "rolebridge-scripted-changed";
constexpr char kProved[] = "rolebridge-scripted-proved";

class Script {
 public:
  explicit Script(pam_handle_t* handle) : handle_(handle) {}

  // PAM_INCOMPLETE: go on with the next argument.
  int Run(std::string_view argument) {
    const size_t equals = argument.find('=');
    const std::string_view verb = argument.substr(0, equals);
    std::string value(equals == std::string_view::npos ? "" : argument.substr(equals + 1));
    if (verb == "report") return Report(value);
    if (verb == "return") return std::atoi(value.c_str());
    if (verb == "until-changed") return Has(kChanged) ? PAM_INCOMPLETE : std::atoi(value.c_str());
    if (verb == "where-proved") return Has(kProved) ? std::atoi(value.c_str()) : PAM_INCOMPLETE;
    std::replace(value.begin(), value.end(), '+', ' ');
    if (verb == "ask") return Say(PAM_PROMPT_ECHO_OFF, value);
    if (verb == "show") return Say(PAM_PROMPT_ECHO_ON, value);
    if (verb == "info") return Say(PAM_TEXT_INFO, value);
    if (verb == "error") return Say(PAM_ERROR_MSG, value);
    if (verb == "radio") return Say(PAM_RADIO_TYPE, "yes or no?");
    if (verb == "giant") return Say(PAM_TEXT_INFO, std::string(100'000, 'x'));
    if (verb == "binary") return Say(PAM_TEXT_INFO, "\xff\xfe\x1b[2J\x80\xc0\xaf\n\r");
    if (verb == "batch") return Batch();
    if (verb == "many33") return Many();
    if (verb == "expect") return last_answer_ == value ? PAM_INCOMPLETE : PAM_AUTH_ERR;
    if (verb == "forget") return Forget();
    if (verb == "wait") return Wait(std::atoi(value.c_str()));
    if (verb == "rename") return Rename(value);
    if (verb == "require-item") return RequireItem(value);
    if (verb == "require-own-delay") return RequireOwnDelay();
    return Misbehave(verb);
  }

 private:
  int Say(int style, const std::string& text) { return SayAll({{style, text}}); }

  int SayAll(const std::vector<std::pair<int, std::string>>& texts) {
    const void* item = nullptr;
    if (pam_get_item(handle_, PAM_CONV, &item) != PAM_SUCCESS) return PAM_CONV_ERR;
    const auto* conversation = static_cast<const pam_conv*>(item);
    std::vector<pam_message> messages;
    for (const auto& [style, text] : texts) messages.push_back({style, text.c_str()});
    std::vector<const pam_message*> pointers;
    for (const pam_message& message : messages) pointers.push_back(&message);
    pam_response* replies = nullptr;
    const int status = conversation->conv(static_cast<int>(pointers.size()), pointers.data(),
                                          &replies, conversation->appdata_ptr);
    if (status != PAM_SUCCESS) return status;
    TakeAnswers(replies, texts.size());
    return PAM_INCOMPLETE;
  }

  void TakeAnswers(pam_response* replies, size_t count) {
    last_answer_.reserve(1024);  // so that it leaves no copies behind as it grows
    bool is_first = true;
    for (size_t i = 0; i < count; ++i) {
      if (replies[i].resp == nullptr) continue;
      if (is_first) Forget();
      if (!is_first) last_answer_ += '|';
      is_first = false;
      last_answer_ += replies[i].resp;
      explicit_bzero(replies[i].resp, std::strlen(replies[i].resp));
      std::free(replies[i].resp);
    }
    std::free(replies);
  }

  int Forget() {
    explicit_bzero(last_answer_.data(), last_answer_.capacity());
    last_answer_.clear();
    return PAM_INCOMPLETE;
  }

  static int Wait(int seconds) {
    auto left = static_cast<unsigned>(seconds);
    while (left > 0) left = sleep(left);
    return PAM_INCOMPLETE;
  }

  int Batch() {
    return SayAll({{PAM_TEXT_INFO, "Two things, please"},
                   {PAM_PROMPT_ECHO_ON, "Colour: "},
                   {PAM_ERROR_MSG, "The token is not the password"},
                   {PAM_PROMPT_ECHO_OFF, "Token: "}});
  }

  int Many() {
    return SayAll(std::vector<std::pair<int, std::string>>(33, {PAM_TEXT_INFO, "again"}));
  }

  bool Has(const char* note) {
    const void* found = nullptr;
    return pam_get_data(handle_, note, &found) == PAM_SUCCESS;
  }

  int Rename(const std::string& name) {
    const int status = pam_set_item(handle_, PAM_USER, name.c_str());
    return status == PAM_SUCCESS ? PAM_INCOMPLETE : status;
  }

  int RequireItem(const std::string& value) {
    const std::string name = value.substr(0, value.find(':'));
    const std::string wanted = value.substr(value.find(':') + 1);
    const int number = name == "PAM_RHOST"  ? PAM_RHOST
                       : name == "PAM_TTY"  ? PAM_TTY
                       : name == "PAM_USER" ? PAM_USER
                                            : PAM_RUSER;
    const void* item = nullptr;
    pam_get_item(handle_, number, &item);
    const std::string found = item == nullptr ? "" : static_cast<const char*>(item);
    return found == wanted ? PAM_INCOMPLETE : PAM_SYSTEM_ERR;
  }

  int RequireOwnDelay() {
    const void* delay = nullptr;
    pam_get_item(handle_, PAM_FAIL_DELAY, &delay);
    return delay != nullptr ? PAM_INCOMPLETE : PAM_SYSTEM_ERR;
  }

  int Misbehave(std::string_view verb) {
    if (verb == "crash") std::raise(SIGSEGV);
    if (verb == "exit") std::exit(0);
    if (verb == "loop") rolebridge::pam::SpinForever();
    if (verb == "sleep") SleepForever();
    if (verb == "fork-and-stay") return ForkAndStay();
    if (verb == "stdout") return UseStandardStreams();
    if (verb == "asking-forever") return Repeat(PAM_PROMPT_ECHO_OFF, false);
    if (verb == "telling-forever") return Repeat(PAM_TEXT_INFO, false);
    if (verb == "stubborn") return Repeat(PAM_PROMPT_ECHO_OFF, true);
    return PAM_SERVICE_ERR;
  }

  [[noreturn]] static void SleepForever() {
    while (true) sleep(3600);
  }

  static int ForkAndStay() {
    const pid_t child = fork();
    if (child == 0) SleepForever();
    std::fprintf(stderr, "left behind: %d\n", child);
    return PAM_INCOMPLETE;
  }

  static int UseStandardStreams() {
    std::printf("\x04%s", std::string(100, '\0').c_str());
    std::fflush(stdout);
    char byte = 0;
    const bool is_empty = read(STDIN_FILENO, &byte, 1) == 0;
    return is_empty && write(STDOUT_FILENO, "\x04junk", 5) == 5 ? PAM_INCOMPLETE : PAM_SYSTEM_ERR;
  }

  int Repeat(int style, bool despite_errors) {
    int status = PAM_INCOMPLETE;
    while (status == PAM_INCOMPLETE || despite_errors) status = Say(style, "again: ");
    return despite_errors ? PAM_SUCCESS : status;
  }

  // Lines of name=value, for confinement tests.
  static int Report(const std::string& path) {
    std::ofstream report(path);
    for (char** entry = environ; *entry != nullptr; ++entry) report << "env " << *entry << '\n';
    const mode_t mask = umask(077);
    umask(mask);
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    char folder[4096] = "";
    report << "umask " << mask << "\ncore " << core.rlim_cur << "\ncwd "
           << (getcwd(folder, sizeof(folder)) != nullptr ? folder : "?") << "\ndumpable "
           << prctl(PR_GET_DUMPABLE) << '\n';
    for (int fd = 0; fd < 64; ++fd) {
      const int flags = fcntl(fd, F_GETFD);
      if (flags >= 0)
        report << "fd " << fd << ((flags & FD_CLOEXEC) != 0 ? " cloexec" : "") << '\n';
    }
    return PAM_INCOMPLETE;
  }

  pam_handle_t* handle_;
  std::string last_answer_;
};

int RunScript(pam_handle_t* handle, int argc, const char** argv) {
  Script script(handle);
  for (int i = 0; i < argc; ++i) {
    const int status = script.Run(argv[i]);
    if (status != PAM_INCOMPLETE) return status;
  }
  return PAM_SUCCESS;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int pam_sm_authenticate(pam_handle_t* handle, int /*flags*/,
                                                               int argc, const char** argv) {
  const int status = RunScript(handle, argc, argv);
  static char is_proved = 1;
  if (status == PAM_SUCCESS) pam_set_data(handle, kProved, &is_proved, nullptr);
  return status;
}

__attribute__((visibility("default"))) int pam_sm_setcred(pam_handle_t* /*handle*/, int /*flags*/,
                                                          int /*argc*/, const char** /*argv*/) {
  return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(pam_handle_t* handle, int /*flags*/,
                                                            int argc, const char** argv) {
  return RunScript(handle, argc, argv);
}

__attribute__((visibility("default"))) int pam_sm_chauthtok(pam_handle_t* handle, int flags,
                                                            int argc, const char** argv) {
  if ((flags & PAM_PRELIM_CHECK) != 0) return PAM_SUCCESS;
  const int status = RunScript(handle, argc, argv);
  if (status == PAM_AUTH_ERR) return PAM_AUTHTOK_ERR;
  static char is_changed = 1;
  if (status == PAM_SUCCESS) pam_set_data(handle, kChanged, &is_changed, nullptr);
  return status;
}

}  // extern "C"
