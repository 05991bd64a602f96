#include "bridge/web/problem.h"

#include <array>
#include <cstddef>

namespace rolebridge::web {
namespace {

using protocol::Reason;

struct ReasonRow {
  Reason reason;
  Problem problem;
};

constexpr std::array kReasons = {
    ReasonRow{
        Reason::kMalformed,
        {400, "That request was not understood", "Go back to the start and try again from there."}},
    ReasonRow{Reason::kNoSession,
              {403, "You are signed out", "Your session has ended. Sign in again to go on."}},
    ReasonRow{Reason::kUnknownConversation,
              {400, "That sign-in took too long", "Start again with your user name and password."}},
    ReasonRow{Reason::kTooManyLogins,
              {503, "Too many people are signing in", "Wait half a minute, then try again.", true}},
    ReasonRow{Reason::kUnknownApplication,
              {404, "There is no such application",
               "The address may be mistyped. The start page lists what is open to you."}},
    ReasonRow{
        Reason::kNotEntitled,
        {403, "Nothing is open to you yet",
         "You are signed in, but no group of yours opens this application. Ask to be added to "
         "the group that you need, and mention the request number below.",
         false, true}},
    ReasonRow{Reason::kRoleNotYours,
              {403, "That role is not yours",
               "Your groups may have changed since the page was shown. Go back to the start and "
               "choose again.",
               false, true}},
    ReasonRow{Reason::kPolicy,
              {403, "This is not allowed right now", "A rule of this service stands against it.",
               false, true, true}},
    ReasonRow{Reason::kNeedsLevel,
              {403, "One more step is needed", "This asks for more than your password.", false,
               true, true}},
    ReasonRow{Reason::kAccountState,
              {403, "Your account cannot be used",
               "It is disabled, locked or expired in the directory. Ask for help, and mention the "
               "request number below.",
               false, true}},
    ReasonRow{
        Reason::kDirectoryUnavailable,
        {503, "The directory cannot be reached",
         "Nothing was issued. This usually passes by itself: try again in a moment.", true, true}},
    ReasonRow{Reason::kClock,
              {503, "The clock of this service is not right",
               "Nothing is issued until it is set again. An administrator has to look at it.", true,
               true}},
    ReasonRow{
        Reason::kAwsRules,
        {500, "AWS would refuse this sign-on",
         "The configuration of this service has to be corrected. Pass the line below on to an "
         "administrator.",
         false, true, true}},
    ReasonRow{Reason::kTooManyResponses,
              {429, "Too many sign-ons in a short time", "Wait a minute, then try again."}},
    ReasonRow{
        Reason::kUnavailable,
        {503, "Signing in does not work at the moment",
         "A part of this service does not answer. This usually passes by itself: try again in "
         "a moment.",
         true, true}},
};
static_assert(kReasons.size() == static_cast<size_t>(Reason::kLast) + 1);

constexpr std::array kStatuses = {
    Problem{400, "That request was not understood",
            "Go back to the start and try again from there."},
    Problem{404, "There is no such page",
            "The address may be mistyped. The start page lists what is open to you."},
    Problem{405, "That is not how this page is used",
            "Go back to the start and use the buttons there."},
    Problem{421, "That name is not served here",
            "Use the address that you were given for this service."},
    Problem{500, "Something went wrong here",
            "It is a fault of this service and not yours. Ask for help, and mention the request "
            "number below.",
            false, true},
};

}  // namespace

const Problem kIssuerGone = {
    503, "This service is starting or being repaired",
    "Nothing was issued. This usually passes by itself: try again in a moment.", true, true};
const Problem kForeignForm = {
    403, "That page was out of date",
    "It was opened before your latest sign-in, or somewhere else. Nothing "
    "was issued. Go back to the start and try again."};
const Problem kSignOnTooOld = {400, "That sign-on took too long",
                               "Go back to the application and start again from there."};
const Problem kBadAuthnRequest = {400,
                                  "The application's request cannot be used",
                                  "Nothing was issued. Pass the line below on to whoever runs the "
                                  "application.",
                                  false,
                                  true,
                                  true};
const Problem kStepFailed = {403, "That was not right",
                             "Nothing has changed, and you are still signed in. Go back and try "
                             "it again."};
const Problem kStepThrottled = {429, "Too many tries have failed",
                                "You are still signed in. Wait a while, then go back and try it "
                                "again."};
const Problem kNoChoice = {400, "No role was chosen", "Go back to the start and choose one."};

const Problem& ProblemOf(protocol::Reason reason) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return row.problem;
  }
  return ProblemOf(500);
}

const Problem& ProblemOf(int status) {
  for (const Problem& problem : kStatuses) {
    if (problem.status == status) return problem;
  }
  return kStatuses.back();
}

}  // namespace rolebridge::web
