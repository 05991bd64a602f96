#include "pam/transaction.h"

#include <gtest/gtest.h>
#include <security/pam_appl.h>

#include <string>

#include "tests/pam/test_folder.h"

namespace rolebridge::pam {
namespace {

const StartRequest kRequest{.service = "rolebridge", .username = "alice", .rhost = "192.0.2.7"};
const std::string kScripted = std::string(ROLEBRIDGE_BINARY_DIR) + "/tests/pam_scripted.so";

int SayNothing(int, const pam_message**, pam_response**, void*) { return PAM_CONV_ERR; }

class TransactionTest : public testing::Test {
 protected:
  Transaction Start(const std::string& auth, const std::string& account = "") {
    folder_.Write("rolebridge", "auth required " + kScripted + " " + auth + "\naccount required " +
                                    kScripted + " " + account + "\n");
    auto transaction = Transaction::Start(kRequest, folder_.path(), conversation_);
    EXPECT_TRUE(transaction);
    return std::move(*transaction);
  }
  TestFolder folder_;
  const pam_conv conversation_{SayNothing, nullptr};
};

TEST_F(TransactionTest, AuthenticatesAndChecksTheAccount) {
  Transaction transaction = Start("");
  EXPECT_EQ(transaction.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(transaction.CheckAccount(), PAM_SUCCESS);
  EXPECT_EQ(transaction.User(), "alice");
}

TEST_F(TransactionTest, BringsTheCodesOfModules) {
  Transaction transaction = Start("return=" + std::to_string(PAM_AUTHINFO_UNAVAIL),
                                  "return=" + std::to_string(PAM_ACCT_EXPIRED));
  EXPECT_EQ(transaction.Authenticate(), PAM_AUTHINFO_UNAVAIL);
  EXPECT_EQ(transaction.CheckAccount(), PAM_ACCT_EXPIRED);
}

TEST_F(TransactionTest, TellsModulesWhereThePersonIs) {
  Transaction transaction = Start(
      "require-item=PAM_RHOST:192.0.2.7 require-item=PAM_TTY:rolebridge require-item=PAM_RUSER:");
  EXPECT_EQ(transaction.Authenticate(), PAM_SUCCESS);
  Transaction elsewhere = Start("require-item=PAM_RHOST:192.0.2.8");
  EXPECT_EQ(elsewhere.Authenticate(), PAM_SYSTEM_ERR);
}

TEST_F(TransactionTest, NobodyIsKeptWaitingAfterAFailure) {
  // Without a function of ours, libpam sleeps for as long as a module asks it to.
  EXPECT_EQ(Start("require-own-delay").Authenticate(), PAM_SUCCESS);
}

TEST_F(TransactionTest, ReadsTheNameThatModulesLeft) {
  Transaction transaction = Start("rename=bob");
  transaction.Authenticate();
  EXPECT_EQ(transaction.User(), "bob");
}

TEST(PamCodeNameTest, NamesAreThoseOfTheHeader) {
  EXPECT_STREQ(PamCodeName(PAM_SUCCESS), "PAM_SUCCESS");
  EXPECT_STREQ(PamCodeName(PAM_PERM_DENIED), "PAM_PERM_DENIED");
  EXPECT_STREQ(PamCodeName(PAM_AUTH_ERR), "PAM_AUTH_ERR");
  EXPECT_STREQ(PamCodeName(PAM_AUTHINFO_UNAVAIL), "PAM_AUTHINFO_UNAVAIL");
  EXPECT_STREQ(PamCodeName(PAM_USER_UNKNOWN), "PAM_USER_UNKNOWN");
  EXPECT_STREQ(PamCodeName(PAM_MAXTRIES), "PAM_MAXTRIES");
  EXPECT_STREQ(PamCodeName(PAM_NEW_AUTHTOK_REQD), "PAM_NEW_AUTHTOK_REQD");
  EXPECT_STREQ(PamCodeName(PAM_ACCT_EXPIRED), "PAM_ACCT_EXPIRED");
  EXPECT_STREQ(PamCodeName(PAM_CRED_EXPIRED), "PAM_CRED_EXPIRED");
  EXPECT_STREQ(PamCodeName(PAM_CONV_ERR), "PAM_CONV_ERR");
  EXPECT_STREQ(PamCodeName(PAM_IGNORE), "PAM_IGNORE");
  EXPECT_STREQ(PamCodeName(PAM_ABORT), "PAM_ABORT");
  EXPECT_STREQ(PamCodeName(PAM_AUTHTOK_EXPIRED), "PAM_AUTHTOK_EXPIRED");
  EXPECT_STREQ(PamCodeName(PAM_MODULE_UNKNOWN), "PAM_MODULE_UNKNOWN");
  EXPECT_STREQ(PamCodeName(PAM_INCOMPLETE), "PAM_INCOMPLETE");
}

TEST(PamCodeNameTest, OtherNumbersHaveNone) {
  EXPECT_STREQ(PamCodeName(-1), "PAM_UNKNOWN");
  EXPECT_STREQ(PamCodeName(32), "PAM_UNKNOWN");
}

}  // namespace
}  // namespace rolebridge::pam
