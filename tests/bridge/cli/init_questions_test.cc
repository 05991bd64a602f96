#include "bridge/cli/init_questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "bridge/base/unique_fd.h"

namespace rolebridge::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// What somebody has typed, all of it.
class Typed {
 public:
  explicit Typed(const std::string& text) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    reader_.Reset(ends[0]);
    const UniqueFd writer(ends[1]);
    EXPECT_EQ(write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  int fd() const { return reader_.get(); }

 private:
  UniqueFd reader_;
};

std::string OnlyLower(const std::string& text) {
  for (const char c : text) {
    if (c < 'a' || c > 'z') return "is not all lower case";
  }
  return "";
}

const Question kQuestion = {
    .flag = "--word", .text = "A word", .fallback = "usual", .complaint = OnlyLower};

TEST(QuestionsTest, EnterTakesTheDefaultThatIsShown) {
  const Typed typed("\n");
  std::ostringstream out;
  EXPECT_EQ(*Questions(typed.fd(), out, false).Ask(kQuestion, ""), "usual");
  EXPECT_EQ(out.str(), "A word [usual]: ");
}

TEST(QuestionsTest, AsksAgainWithTheReason) {
  const Typed typed("Wrong\n  right \r\n");
  std::ostringstream out;
  EXPECT_EQ(*Questions(typed.fd(), out, false).Ask(kQuestion, ""), "right");
  EXPECT_THAT(out.str(), HasSubstr("'Wrong' is not all lower case"));
}

TEST(QuestionsTest, ShowsNoControlCharactersOfAnAnswer) {
  const Typed typed("\x1b[2Jx\nright\n");
  std::ostringstream out;
  EXPECT_EQ(*Questions(typed.fd(), out, false).Ask(kQuestion, ""), "right");
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
}

TEST(QuestionsTest, EndOfInputIsARefusal) {
  const Typed typed("Wrong\n");
  std::ostringstream out;
  const auto answer = Questions(typed.fd(), out, false).Ask(kQuestion, "");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("--unattended"));
  // A line without its end is no answer that somebody confirmed.
  EXPECT_FALSE(Questions(Typed("half").fd(), out, false).Ask(kQuestion, ""));
}

TEST(QuestionsTest, WhatTheCommandLineSaysIsNotAsked) {
  const Typed typed("");
  std::ostringstream out;
  EXPECT_EQ(*Questions(typed.fd(), out, false).Ask(kQuestion, "given"), "given");
  EXPECT_EQ(out.str(), "");
  const auto refused = Questions(typed.fd(), out, false).Ask(kQuestion, "Given");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "--word: 'Given' is not all lower case");
}

TEST(QuestionsTest, UnattendedNamesAllThatIsMissingOrWrong) {
  std::ostringstream out;
  Questions questions(-1, out, true);
  EXPECT_EQ(*questions.Ask(kQuestion, ""), "usual");
  EXPECT_EQ(questions.problems(), "");
  Question no_default = kQuestion;
  no_default.fallback = "";
  EXPECT_TRUE(questions.Ask(no_default, ""));
  no_default.flag = "--other";
  EXPECT_TRUE(questions.Ask(no_default, ""));
  EXPECT_TRUE(questions.Ask(no_default, "a\nb"));
  EXPECT_EQ(questions.problems(),
            "  --other: 'a[U+000A]b' has a control character in it\n"
            "  missing, and without a default: --word, --other\n");
  EXPECT_EQ(out.str(), "");
}

TEST(QuestionsTest, ListTakesCommasAndSpacesAndChecksEachWord) {
  const Typed typed("a, Bad\n ,\na, b,c\n");
  std::ostringstream out;
  Question list = kQuestion;
  list.fallback = "";
  EXPECT_THAT(*Questions(typed.fd(), out, false).AskList(list, {}, ", "),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(out.str(), HasSubstr("'Bad' is not all lower case"));
  EXPECT_THAT(*Questions(-1, out, true).AskList(list, {"x", "y"}, ", "), ElementsAre("x", "y"));
}

TEST(QuestionsTest, SecretIsTakenWholeAndNotShown) {
  const Typed typed("\n pass word \nnext\n");
  std::ostringstream out;
  Questions questions(typed.fd(), out, false);
  const auto secret = questions.AskSecret("Password");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->Reveal(), " pass word ");
  EXPECT_THAT(out.str(), Not(HasSubstr("pass word")));
  EXPECT_THAT(out.str(), HasSubstr("empty password proves nothing"));
  EXPECT_EQ(*questions.Ask(kQuestion, ""), "next");
}

TEST(QuestionsTest, SecretThatEndsWithTheInputIsNone) {
  std::ostringstream out;
  EXPECT_FALSE(Questions(Typed("half").fd(), out, false).AskSecret("Password"));
}

}  // namespace
}  // namespace rolebridge::cli
