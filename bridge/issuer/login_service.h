#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bridge/config/config.h"
#include "bridge/issuer/conversations.h"
#include "bridge/issuer/login_end.h"
#include "bridge/protocol/protocol.h"
#include "pam/client.h"

namespace rolebridge::issuer {

// begin_login and answer: relays one PAM conversation for each login, and makes the session where
// it ended well or adds a level of assurance to the one there is. A password that has expired is
// changed in a second conversation, where there is a process for that. Safe to call from several
// threads; a call waits for PAM no longer than a quarter of a second, and not at all where it only
// looks whether PAM has gone on, or where half of web's workers wait so already; besides it waits
// for what it puts on record to be on the disk.
class LoginService {
 public:
  using Reply = LoginAnswer;

  // `config` and what `means` names live longer than this.
  LoginService(const config::Config& config, const LoginMeans& means)
      : config_(config), means_(means), end_(config_, means_) {}

  Reply Begin(protocol::BeginLoginRequest& request);
  Reply Answer(protocol::AnswerRequest& request);

  // True where somebody listens on the PAM socket.
  bool CanReachPam() const;

 private:
  Reply BeginStepUp(protocol::BeginLoginRequest& request);
  Reply StartPam(Login& login, const protocol::Context& context);
  Reply Converse(Login& login, const protocol::Context& context);
  Reply AdvancePatiently(Login& login, const protocol::Context& context);
  Reply Advance(Login& login, const protocol::Context& context, std::chrono::milliseconds patience);
  Reply AskMore(Login& login, const protocol::Context& context, std::vector<pam::Prompt> prompts);
  Reply Ask(Login& login, std::vector<pam::Prompt> prompts);
  bool CanChangePasswords() const;
  bool GoesOnWithChange(const Login& login, const pam::Outcome& outcome) const;
  Reply BeginChange(Login& login, const protocol::Context& context);
  SecretString TakeFirstSecret(Login& login) const;

  const config::Config& config_;
  const LoginMeans means_;
  LoginEnd end_;
};

}  // namespace rolebridge::issuer
