#pragma once

#include <string_view>

#include "bridge/protocol/protocol.h"

namespace rolebridge::web {

// What a page says that gives no answer: what happened, and what to do next, in one sentence each.
// The exact cause stands in the audit event under the request's number, never here (security.md
// B11).
struct Problem {
  int status;
  std::string_view title;
  std::string_view advice;
  bool passes = false;        // trying again later helps: the page offers it, and does by itself
  bool asks_help = false;     // names whom to ask
  bool shows_detail = false;  // the refusal's detail is for the person (words of the configuration)
};

// For a refusal by the issuer.
const Problem& ProblemOf(protocol::Reason reason);
// For 400, 404, 405, 421 and 500; every other status reads as 500.
const Problem& ProblemOf(int status);

// Those of our own making.
extern const Problem kIssuerGone;
extern const Problem kForeignForm;      // the form is not one of ours, or of an earlier session
extern const Problem kSignOnTooOld;     // a sealed AuthnRequest is too old or not ours
extern const Problem kBadAuthnRequest;  // `detail`: what is wrong with it
extern const Problem kNoChoice;         // a form without a role
extern const Problem kStepFailed;       // a step-up that PAM refused
extern const Problem kStepThrottled;    // ... or was not asked about

}  // namespace rolebridge::web
