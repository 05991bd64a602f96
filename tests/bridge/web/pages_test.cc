#include "bridge/web/pages.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace rolebridge::web {
namespace {

constexpr const char* kShipped = ROLEBRIDGE_SOURCE_DIR "/bridge/web/pages";

// A copy of the shipped pages, to be spoiled.
class PagesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "rolebridge-pages-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::copy(kShipped, folder_, std::filesystem::copy_options::recursive);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  Result<Pages> Load() const {
    return Pages::Load(folder_.string(),
                       {{"rolebridge.css", "/static/rolebridge.1.css", "text/css", ""},
                        {"rolebridge.js", "/static/rolebridge.2.js", "text/javascript", ""},
                        {"logo.svg", "/static/logo.3.svg", "image/svg+xml", ""}});
  }

  std::filesystem::path folder_;
};

TEST_F(PagesTest, LoadsWhatIsShipped) {
  const Result<Pages> pages = Load();
  EXPECT_TRUE(pages.has_value()) << pages.error().message;
}

TEST_F(PagesTest, RefusesATemplateThatCouldShowSomethingUnescaped) {
  for (const char* text : {"<p>\n{{{name}}}</p>", "<p>\n{{&name}}</p>", "<p>\n{{ & name }}</p>",
                           "<p>\n{{ {name}}}</p>", "<p>\n{{=<% %>=}}</p>", "<p\nid={{name}}></p>",
                           "<p\nid= {{name}}></p>"}) {
    Write("login.mustache", text);
    const Result<Pages> pages = Load();
    ASSERT_FALSE(pages.has_value()) << text;
    EXPECT_NE(pages.error().message.find("login.mustache:2: "), std::string::npos)
        << pages.error().message;
  }
}

TEST_F(PagesTest, RefusesAnUnescapedValueInAnInclude) {
  Write("foot.mustache", "{{{name}}}");
  const Result<Pages> pages = Load();
  ASSERT_FALSE(pages.has_value());
  EXPECT_NE(pages.error().message.find("foot.mustache:1: "), std::string::npos);
}

TEST_F(PagesTest, RefusesAMalformedTemplate) {
  for (const char* text : {"{{#open}} never closed", "{{name", "{{/closed}}",
                           "{{> ../../etc/passwd}}", "{{> login}}", "{{> absent}}"}) {
    Write("login.mustache", text);
    EXPECT_FALSE(Load().has_value()) << text;
  }
}

TEST_F(PagesTest, RefusesAStaticFileThatIsNotThere) {
  Write("login.mustache", "<link href=\"{{static.rolebridge_css}}\">");
  const Result<Pages> pages = Load();
  ASSERT_TRUE(pages.has_value());
  EXPECT_EQ(pages->Render(Page::kLogin, PageData()), "<link href=\"/static/rolebridge.1.css\">");
  Write("login.mustache", "\n<link href=\"{{static.absent_css}}\">");
  EXPECT_NE(Load().error().message.find("login.mustache:2: there is no static file 'absent.css'"),
            std::string::npos);
}

// Under ThreadSanitizer this shows that rendering changes nothing that threads share.
TEST_F(PagesTest, RendersOnSeveralThreads) {
  const Result<Pages> pages = Load();
  ASSERT_TRUE(pages.has_value());
  std::vector<std::thread> threads;
  std::array<std::string, 4> rendered;
  for (std::string& one : rendered) {
    threads.emplace_back([&pages, &one] {
      for (int i = 0; i < 50; ++i) one = pages->Render(Page::kError, PageData("title", "Title"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : rendered) EXPECT_EQ(one, rendered[0]);
}

TEST_F(PagesTest, SaysWhichFileIsMissing) {
  std::filesystem::remove(folder_ / "portal.mustache");
  const Result<Pages> pages = Load();
  ASSERT_FALSE(pages.has_value());
  EXPECT_EQ(pages.error().code, ErrorCode::kNotFound);
  EXPECT_NE(pages.error().message.find("portal.mustache"), std::string::npos);
}

TEST_F(PagesTest, EscapesValuesInTextAndAttributes) {
  Write("login.mustache", "<p title=\"{{x}}\">{{x}}</p>");
  const Result<Pages> pages = Load();
  ASSERT_TRUE(pages.has_value());
  EXPECT_EQ(pages->Render(Page::kLogin, PageData("x", "<a b='c' d=\"e\">&{{y}}")),
            "<p title=\"&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;{{y}}\">"
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;{{y}}</p>");
}

TEST_F(PagesTest, LeavesHiddenValuesOfTheHandOverAsTheyAre) {
  Write("hand_over.mustache", "<input value=\"{{x}}\"/>");
  const Result<Pages> pages = Load();
  ASSERT_TRUE(pages.has_value());
  EXPECT_EQ(pages->Render(Page::kHandOver, PageData("x", "ss:mem:\xe2\x80\xae\"")),
            "<input value=\"ss:mem:\xe2\x80\xae&quot;\"/>");
}

TEST(EscapeVisiblyTest, ShowsWhatNobodyWouldSee) {
  EXPECT_EQ(EscapeVisibly("\xe2\x80\xae"
                          "nimda"),
            "[U+202E]nimda");
  EXPECT_EQ(EscapeVisibly("a\x1b[31mb\x7f"), "a[U+001B][31mb[U+007F]");
  EXPECT_EQ(EscapeVisibly("a\xc2\x85"
                          "b"),
            "a[U+0085]b");
  EXPECT_EQ(EscapeVisibly("a\xe2\x80\x8b"
                          "b\xef\xbb\xbf"),
            "a[U+200B]b[U+FEFF]");
  EXPECT_EQ(EscapeVisibly("\xf3\xa0\x81\x81"), "[U+E0041]");
  EXPECT_EQ(EscapeVisibly("\xe2\x81\xa6"), "[U+2066]");
}

TEST(EscapeVisiblyTest, LeavesPeoplesNamesAlone) {
  for (const std::string name :
       {"M\xc3\xbcller & S\xc3\xb6hne", "\xe5\xb1\xb1\xe7\x94\xb0", "\xd7\x93\xd7\x95\xd7\x93",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", "a\nb\tc"}) {
    EXPECT_EQ(EscapeVisibly(name).find("[U+"), std::string::npos) << name;
  }
}

TEST(EscapeVisiblyTest, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(EscapeVisibly("a\xff"
                          "b"),
            "a\xef\xbf\xbd"
            "b");
  // Overlong "<", a surrogate, a cut character, above U+10FFFF.
  for (const std::string bytes : {"\xc0\xbc", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(EscapeVisibly(bytes).find(bytes), std::string::npos);
    EXPECT_EQ(EscapeVisibly(bytes).find('<'), std::string::npos);
  }
}

}  // namespace
}  // namespace rolebridge::web
