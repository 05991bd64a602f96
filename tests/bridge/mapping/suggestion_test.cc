#include "bridge/mapping/suggestion.h"

#include <gtest/gtest.h>

namespace rolebridge::mapping {
namespace {

TEST(SuggestionTest, CountsEditsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("lower", "lower"), 0u);
  EXPECT_EQ(EditDistance("lowr", "lower"), 1u);
  EXPECT_EQ(EditDistance("lwoer", "lower"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
}

TEST(SuggestionTest, NamesTheNearest) {
  EXPECT_EQ(DidYouMean("lowr", {"upper", "lower"}), "; did you mean 'lower'?");
  EXPECT_EQ(DidYouMean("UPPER", {"upper", "lower"}), "; did you mean 'upper'?");
  EXPECT_EQ(DidYouMean("pasword_file", {"dn", "password_file"}), "; did you mean 'password_file'?");
  EXPECT_EQ(DidYouMean("password", {"dn", "password_file"}), "; did you mean 'password_file'?");
}

TEST(SuggestionTest, NamesNothingThatIsFarOff) {
  EXPECT_EQ(DidYouMean("colour", {"dn", "password_file"}), "");
  EXPECT_EQ(DidYouMean("", {"dn"}), "");
  EXPECT_EQ(DidYouMean("x", {"dn"}), "");
  EXPECT_EQ(DidYouMean(std::string(100'000, 'a'), {std::string_view("a")}), "");
}

TEST(SuggestionTest, QuotesWithoutControlCharactersAndShortly) {
  EXPECT_EQ(Quote("a b"), "'a b'");
  EXPECT_EQ(Quote("a\nb\x7f"), "'a\\x0ab\\x7f'");
  EXPECT_LT(Quote(std::string(10'000, 'x')).size(), 200u);
  EXPECT_EQ(Quote(std::string(118, 'x') + "\xC3\xBC\xC3\xBC"),
            "'" + std::string(118, 'x') + "\xC3\xBC...'");
}

// security.md B10.
TEST(SuggestionTest, ShowsWhatNobodySeesOrTurnsTheTextAround) {
  EXPECT_EQ(Quote("a\xC2\x85z"), "'a[U+0085]z'");
  EXPECT_EQ(Quote("\xC2\x9B[2J"), "'[U+009B][2J'");
  EXPECT_EQ(Quote("a\xE2\x80\xAEz"), "'a[U+202E]z'");
  EXPECT_EQ(Quote("a\xE2\x81\xA6z\xE2\x81\xA9"), "'a[U+2066]z[U+2069]'");
  EXPECT_EQ(Quote("\xE2\x80\x8E\xE2\x80\x8F"), "'[U+200E][U+200F]'");
  EXPECT_EQ(Quote("\xE2\x80\xA8\xE2\x80\xA9"), "'[U+2028][U+2029]'");
  EXPECT_EQ(Quote("\n\xE2\x80\xAE"), "'\\x0a[U+202E]'");
  EXPECT_EQ(Quote("M\xC3\xBCller"), "'M\xC3\xBCller'");
  EXPECT_EQ(Quote("a\x9Bz"), "'a\xEF\xBF\xBDz'");
  std::string turned;
  for (int i = 0; i < 10'000; ++i) turned += "\xE2\x80\xAE";
  EXPECT_LT(Quote(turned).size(), 130u);
}

TEST(SuggestionTest, CutsNoCharacter) {
  for (size_t size = 110; size < 130; ++size) {
    const std::string text = std::string(size, 'x') + "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC";
    EXPECT_EQ(Quote(text).find("\xEF\xBF\xBD"), std::string::npos) << size;
    EXPECT_LT(Quote(text).size(), 130u) << size;
  }
}

TEST(SuggestionTest, ListsWithOr) {
  EXPECT_EQ(OneOf({"a"}), "a");
  EXPECT_EQ(OneOf({"a", "b", "c"}), "a, b or c");
}

TEST(SuggestionTest, QuotesNoLongTextInFullThatIsNoUtf8) {
  EXPECT_LT(Quote(std::string(10'000, '\x80')).size(), 140u);
}

TEST(SuggestionTest, QuotesBehindOtherWords) {
  std::string words = std::string(200, 'x');
  AppendQuote(words, std::string(10, '\n') + "y");
  EXPECT_TRUE(words.ends_with("x'\\x0a\\x0a\\x0a\\x0a\\x0a\\x0a\\x0a\\x0a\\x0a\\x0ay'"));
}

}  // namespace
}  // namespace rolebridge::mapping
