#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::cli {

struct Question {
  std::string flag;      // the option that answers it: "--ldap-base"
  std::string text;      // "Where the directory's entries begin"
  std::string fallback;  // what Enter, or nothing on the command line, means; empty: no default
  // "" or what is wrong with an answer, to be read behind it in quotes.
  std::function<std::string(const std::string&)> complaint;
  bool may_be_empty = false;
};

// Asks an installer, or, unattended, takes what the command line says and the defaults, and
// remembers what is missing or wrong, so that all of it can be said at once.
class Questions {
 public:
  // `input`: a descriptor, read byte by byte, so that no buffer keeps a password.
  Questions(int input, std::ostream& out, bool is_unattended)
      : input_(input), out_(out), is_unattended_(is_unattended) {}

  // `given`: what the command line says; empty: nothing. Unattended, the answer may be empty, and
  // problems() then says why. Asked again, with the reason, until an answer has no complaint.
  // Errors: kInvalidArgument, the input has ended, or `given` is wrong while somebody is asked.
  Result<std::string> Ask(const Question& question, const std::string& given);

  // A list in one line, words with commas or spaces between them. `given`: several options.
  Result<std::vector<std::string>> AskList(const Question& question,
                                           const std::vector<std::string>& given,
                                           const std::string& separators);

  // Not shown while it is typed, and asked for until it is not empty.
  Result<SecretString> AskSecret(const std::string& text);

  // For a line to a person who is asked; nothing unattended.
  void Say(const std::string& text);
  // A flag that is wrong, whatever is asked.
  void Refuse(const std::string& problem) { problems_.push_back(problem); }
  void Miss(const std::string& flag) { missing_.push_back(flag); }
  // Every flag that is missing or wrong, one a line; empty: nothing is.
  std::string problems() const;
  bool is_unattended() const { return is_unattended_; }

 private:
  Result<std::string> AnswerOnTheCommandLine(const Question& question, const std::string& given);
  Result<std::string> ReadLine();
  Result<SecretString> ReadSecret(const std::string& text);

  const int input_;
  std::ostream& out_;
  const bool is_unattended_;
  std::vector<std::string> missing_;
  std::vector<std::string> problems_;
};

// Words of a list; no word is empty.
std::vector<std::string> SplitWords(const std::string& text, const std::string& separators);

}  // namespace rolebridge::cli
