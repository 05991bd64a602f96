// The same PAM stack without rolebridge: what a login costs where libpam is simply called.
//
//   pam_direct CONFDIR SERVICE USER PASSWORD
//
// For each line of standard input one login, in a process of its own, forked from here, that asks
// libpam what rolebridge-pam asks, and ends. Prints a line with its CPU seconds, and those of what
// its modules started. Exit status 1: one was refused.

#include <security/pam_appl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void NoDelay(int /*status*/, unsigned /*microseconds*/, void* /*appdata*/) {}

int Answer(int count, const pam_message** /*messages*/, pam_response** replies, void* password) {
  *replies = static_cast<pam_response*>(std::calloc(static_cast<size_t>(count), sizeof(**replies)));
  for (int i = 0; i < count; ++i) (*replies)[i].resp = strdup(static_cast<const char*>(password));
  return PAM_SUCCESS;
}

int LogIn(const char* confdir, const char* service, const char* user, char* password) {
  const pam_conv conversation{&Answer, password};
  pam_handle_t* handle = nullptr;
  int status = pam_start_confdir(service, user, &conversation, confdir, &handle);
  if (status != PAM_SUCCESS) return status;
  pam_set_item(handle, PAM_RHOST, "127.0.0.1");
  pam_set_item(handle, PAM_TTY, "rolebridge");
  pam_set_item(handle, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&NoDelay));
  status = pam_authenticate(handle, PAM_DISALLOW_NULL_AUTHTOK);
  if (status == PAM_SUCCESS) status = pam_acct_mgmt(handle, PAM_DISALLOW_NULL_AUTHTOK);
  pam_end(handle, status);
  return status;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: pam_direct CONFDIR SERVICE USER PASSWORD\n", stderr);
    return 64;
  }
  for (int byte = 0; (byte = std::getchar()) != EOF;) {
    if (byte != '\n') continue;
    const pid_t child = fork();
    if (child == 0) _exit(LogIn(argv[1], argv[2], argv[3], argv[4]) == PAM_SUCCESS ? 0 : 1);
    int status = 0;
    rusage used{};
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) {
      std::fputs("pam_direct: a login was refused\n", stderr);
      return 1;
    }
    std::printf("%.6f\n", Seconds(used.ru_utime) + Seconds(used.ru_stime));
    std::fflush(stdout);
  }
  return 0;
}
