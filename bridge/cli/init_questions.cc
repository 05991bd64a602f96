#include "bridge/cli/init_questions.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "bridge/base/visible_text.h"
#include "ldap/dn.h"

namespace rolebridge::cli {
namespace {

constexpr size_t kLongestLine = 4096;
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

const char* const kInputEnded =
    "the input ended before the questions did, and nothing was written; answer them in a "
    "terminal, or use --unattended with the flags of rolebridge init --help";

std::string Shown(const std::string& text) { return VisibleText(text, LineBreaks::kShow); }

// What no answer may hold, since it could pass for more than one line of a file.
std::string ComplaintOf(const Question& question, const std::string& answer) {
  if (!ldap::IsText(answer) && !answer.empty()) return "is not UTF-8";
  for (const char c : answer) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a control character in it";
  }
  return question.complaint ? question.complaint(answer) : "";
}

// While one lives, the terminal does not show what is typed. Signals that would end the process
// wait, so that none leaves the terminal like that.
class EchoOff {
 public:
  explicit EchoOff(int terminal) : terminal_(terminal) {
    sigemptyset(&signals_);
    for (const int signal : kSignals) sigaddset(&signals_, signal);
    sigprocmask(SIG_BLOCK, &signals_, &before_);
    is_off_ = tcgetattr(terminal_, &shown_) == 0;
    if (!is_off_) return;  // no terminal: nothing is shown anyway
    termios hidden = shown_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hidden.c_lflag |= ECHONL;
    tcsetattr(terminal_, TCSAFLUSH, &hidden);
  }
  ~EchoOff() {
    if (is_off_) tcsetattr(terminal_, TCSADRAIN, &shown_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

  // False once a signal waits.
  bool WaitForInput() const {
    while (true) {
      pollfd input{terminal_, POLLIN, 0};
      const int ready = poll(&input, 1, 200);
      sigset_t pending;
      sigpending(&pending);
      for (const int signal : kSignals) {
        if (sigismember(&pending, signal) == 1) return false;
      }
      if (ready != 0) return true;
    }
  }

 private:
  const int terminal_;
  termios shown_{};
  sigset_t signals_{};
  sigset_t before_{};
  bool is_off_ = false;
};

// One byte; nothing at the end of the input.
bool ReadByte(int input, char& byte) {
  ssize_t got = 0;
  do {
    got = read(input, &byte, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1;
}

Error InputEnded() { return {ErrorCode::kInvalidArgument, kInputEnded}; }

}  // namespace

std::vector<std::string> SplitWords(const std::string& text, const std::string& separators) {
  std::vector<std::string> words;
  size_t begin = 0;
  while ((begin = text.find_first_not_of(separators, begin)) != std::string::npos) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

Result<std::string> Questions::ReadLine() {
  std::string line;
  char byte = 0;
  while (ReadByte(input_, byte)) {
    if (byte == '\n') {
      const size_t begin = line.find_first_not_of(" \t\r");
      if (begin == std::string::npos) return std::string();
      return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
    }
    if (line.size() == kLongestLine) {
      return Error{ErrorCode::kInvalidArgument, "a line is longer than 4096 bytes"};
    }
    line += byte;
  }
  return InputEnded();
}

Result<std::string> Questions::AnswerOnTheCommandLine(const Question& question,
                                                      const std::string& given) {
  const std::string& answer = given.empty() ? question.fallback : given;
  if (answer.empty()) {
    if (!question.may_be_empty) Miss(question.flag);
    return answer;
  }
  const std::string complaint = ComplaintOf(question, answer);
  if (complaint.empty()) return answer;
  Refuse(question.flag + ": '" + Shown(answer) + "' " + complaint);
  return std::string();
}

Result<std::string> Questions::Ask(const Question& question, const std::string& given) {
  if (is_unattended_) return AnswerOnTheCommandLine(question, given);
  if (!given.empty()) {
    const std::string complaint = ComplaintOf(question, given);
    if (complaint.empty()) return given;
    return Error{ErrorCode::kInvalidArgument,
                 question.flag + ": '" + Shown(given) + "' " + complaint};
  }
  while (true) {
    out_ << question.text;
    if (!question.fallback.empty()) out_ << " [" << Shown(question.fallback) << "]";
    out_ << ": " << std::flush;
    Result<std::string> line = ReadLine();
    if (!line) return line;
    if (line->empty()) *line = question.fallback;
    if (line->empty() && question.may_be_empty) return line;
    const std::string complaint =
        line->empty() ? "is no answer here" : ComplaintOf(question, *line);
    if (complaint.empty()) return line;
    out_ << "  '" << Shown(*line) << "' " << complaint << "\n";
  }
}

Result<std::vector<std::string>> Questions::AskList(const Question& question,
                                                    const std::vector<std::string>& given,
                                                    const std::string& separators) {
  Question each = question;
  each.complaint = [&](const std::string& answer) -> std::string {
    for (const std::string& word : SplitWords(answer, separators)) {
      const std::string complaint = question.complaint(word);
      if (!complaint.empty()) return "does not do: '" + Shown(word) + "' " + complaint;
    }
    return SplitWords(answer, separators).empty() ? "is no answer here" : "";
  };
  std::string joined;
  for (const std::string& word : given) {
    joined += (joined.empty() ? "" : separators.substr(0, 1)) + word;
  }
  const Result<std::string> answer = Ask(each, joined);
  if (!answer) return answer.error();
  return SplitWords(*answer, separators);
}

// A line that is not shown; empty where there was nothing in it.
Result<SecretString> Questions::ReadSecret(const std::string& text) {
  SecretString line = SecretString::OfSize(kLongestLine);
  size_t size = 0;
  const EchoOff echo_off(input_);
  // Only now: whoever sees the question may type.
  out_ << text << " (not shown): " << std::flush;
  char byte = 0;
  while (echo_off.WaitForInput() && ReadByte(input_, byte)) {
    if (byte == '\n') return SecretString(line.Reveal().substr(0, size));
    if (size == kLongestLine) {
      return Error{ErrorCode::kInvalidArgument, "the password is longer than 4096 bytes"};
    }
    line.MutableReveal()[size++] = byte;
  }
  return InputEnded();
}

Result<SecretString> Questions::AskSecret(const std::string& text) {
  while (true) {
    Result<SecretString> secret = ReadSecret(text);
    if (!secret || !secret->empty()) return secret;
    out_ << "  an empty password proves nothing\n";
  }
}

void Questions::Say(const std::string& text) {
  if (!is_unattended_) out_ << text << "\n";
}

std::string Questions::problems() const {
  std::string text;
  for (const std::string& problem : problems_) text += "  " + problem + "\n";
  if (missing_.empty()) return text;
  std::string flags;
  for (const std::string& flag : missing_) flags += (flags.empty() ? "" : ", ") + flag;
  return text + "  missing, and without a default: " + flags + "\n";
}

}  // namespace rolebridge::cli
