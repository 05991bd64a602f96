#pragma once

#include <string>
#include <string_view>

#include "bridge/web/http.h"
#include "bridge/web/sealed_state.h"
#include "bridge/web/site.h"
#include "bridge/web/visit.h"

namespace rolebridge::web {

// /login, /step-up and /logout. A login is one PAM conversation that the issuer relays; between its
// rounds everything that we have to remember is sealed in the address of the form (sealed_state.h).
//
// Answers to credentials keep what saml2aws's KeyCloak client needs (aws-saml.md 8.4): one form a
// page, its action absolute, status 200 for a wrong password, and an element `input-error` on every
// answer that is no success; without it that client tries the same password for ever.
class LoginHandlers {
 public:
  explicit LoginHandlers(const Site& site) : site_(site) {}

  HttpResponse ShowLogin(const HttpRequest& request) const;
  HttpResponse SubmitLogin(const HttpRequest& request) const;
  // /step-up: a signed-in person proves one level of assurance more, by a conversation like a
  // login's that goes on at /login.
  HttpResponse ShowStepUp(const HttpRequest& request) const;
  HttpResponse BeginStepUp(const HttpRequest& request) const;
  HttpResponse SignOut(const HttpRequest& request) const;

 private:
  HttpResponse Begin(const Visit& visit, const Form& form, const std::string& next) const;
  HttpResponse Continue(const Visit& visit, const Form& form, std::string_view sealed) const;
  HttpResponse LoggedIn(const Visit& visit, const protocol::LoginReply& reply,
                        const ConversationState& state) const;
  // What failed, where it can be tried again.
  HttpResponse NotLoggedIn(const Visit& visit, const protocol::LoginReply& reply,
                           const std::string& next) const;
  HttpResponse StepRefused(const Visit& visit, const protocol::LoginReply& reply,
                           const ConversationState& state) const;
  HttpResponse Outcome(const Visit& visit, const protocol::Answer<protocol::LoginReply>& answer,
                       ConversationState state) const;

  const Site& site_;
};

}  // namespace rolebridge::web
