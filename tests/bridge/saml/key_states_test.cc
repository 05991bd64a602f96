#include "bridge/saml/key_states.h"

#include <gtest/gtest.h>

#include <chrono>

namespace rolebridge::saml {
namespace {

constexpr char kHead[] = "# Written by rolebridge keys, which keeps AWS in step: use it.\n";
constexpr SysSeconds kThen = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);

// 'k' in `state` since kThen, beside 'a', which signs; or 'k' alone where it is the active one.
KeyStates With(KeyState state) {
  const std::string other = state == KeyState::kActive ? "" : "a active 2026-10-01T00:00:00Z\n";
  const std::string text = other + "k " + std::string(ToString(state)) + " 2026-11-01T00:00:00Z\n";
  Result<KeyStates> states = KeyStates::Parse(text, "states");
  EXPECT_TRUE(states) << text;
  return *std::move(states);
}

enum class Step { kPublish, kActivate, kActivateGiven, kRetire };

Result<void> Do(KeyStates& states, Step step, SysSeconds now) {
  switch (step) {
    case Step::kPublish:
      return states.Publish("k", now);
    case Step::kActivate:
      return states.Activate("k", now, false);
    case Step::kActivateGiven:
      return states.Activate("k", now, true);
    case Step::kRetire:
      return states.Retire("k", now);
  }
  return {};
}

struct Row {
  KeyState from;
  Step step;
  std::chrono::seconds after;  // kThen
  std::string refusal;         // empty: allowed
  KeyState to = KeyState::kNext;
};

TEST(KeyStatesTest, OnlySafeStepsAreTaken) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  const std::string never =
      "'k' is retired, and is never used again; make another with "
      "'rolebridge keys new'";
  const std::string too_early =
      "'k' was published at 2026-11-01T00:00:00Z, less than 24 hours ago, and AWS refuses what it "
      "signs until it is given the new metadata; where every provider has it, say --aws-has-it";
  const Row rows[] = {
      {KeyState::kNext, Step::kPublish, seconds(0), "", KeyState::kPublished},
      {KeyState::kNext, Step::kActivate, hours(1000),
       "'k' is not in the metadata; do 'rolebridge keys publish k' first, give AWS the new "
       "metadata, and activate it a day later"},
      {KeyState::kNext, Step::kActivateGiven, hours(1000),
       "'k' is not in the metadata; do 'rolebridge keys publish k' first, give AWS the new "
       "metadata, and activate it a day later"},
      {KeyState::kNext, Step::kRetire, seconds(0), "", KeyState::kRetired},
      {KeyState::kPublished, Step::kPublish, hours(1),
       "'k' is in the metadata already (published)"},
      {KeyState::kPublished, Step::kActivate, hours(24) - seconds(1), too_early},
      {KeyState::kPublished, Step::kActivate, hours(-1), too_early},
      {KeyState::kPublished, Step::kActivate, hours(24), "", KeyState::kActive},
      {KeyState::kPublished, Step::kActivateGiven, seconds(1), "", KeyState::kActive},
      {KeyState::kPublished, Step::kRetire, seconds(0), "", KeyState::kRetired},
      {KeyState::kActive, Step::kPublish, hours(1), "'k' is in the metadata already (active)"},
      {KeyState::kActive, Step::kActivate, hours(1), "'k' is active already"},
      {KeyState::kActive, Step::kActivateGiven, hours(1), "'k' is active already"},
      {KeyState::kActive, Step::kRetire, hours(1000),
       "'k' signs; activate another first ('rolebridge keys activate NAME')"},
      {KeyState::kFormer, Step::kPublish, hours(1), "'k' is in the metadata already (former)"},
      {KeyState::kFormer, Step::kActivate, seconds(0), "", KeyState::kActive},
      {KeyState::kFormer, Step::kRetire, minutes(10) - seconds(1),
       "'k' signed until 2026-11-01T00:00:00Z, and AWS may be shown its last responses until "
       "2026-11-01T00:10:00Z; retire it then"},
      {KeyState::kFormer, Step::kRetire, minutes(10), "", KeyState::kRetired},
      {KeyState::kRetired, Step::kPublish, hours(1), never},
      {KeyState::kRetired, Step::kActivate, hours(1), never},
      {KeyState::kRetired, Step::kActivateGiven, hours(1), never},
      {KeyState::kRetired, Step::kRetire, hours(1), "'k' is retired already"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(ToString(row.from)) + " " +
                 std::to_string(static_cast<int>(row.step)) + " " +
                 std::to_string(row.after.count()));
    KeyStates states = With(row.from);
    const std::string before = states.Text();
    const Result<void> done = Do(states, row.step, kThen + row.after);
    if (!row.refusal.empty()) {
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().message, row.refusal);
      EXPECT_EQ(states.Text(), before) << "a refusal changes nothing";
      continue;
    }
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(states.Find("k")->state, row.to);
    EXPECT_EQ(states.Find("k")->since, kThen + row.after);
    EXPECT_TRUE(KeyStates::Parse(states.Text(), "states")) << "it can be read again";
  }
}

TEST(KeyStatesTest, TheOneThatSignedStaysPublished) {
  KeyStates states = With(KeyState::kPublished);
  const SysSeconds now = kThen + std::chrono::hours(30);
  ASSERT_TRUE(states.Activate("k", now, false));
  EXPECT_EQ(states.Text(),
            std::string(kHead) + "a former 2026-11-02T06:00:00Z\nk active 2026-11-02T06:00:00Z\n");
}

TEST(KeyStatesTest, TheFirstKeySignsAndOthersWait) {
  KeyStates states;
  ASSERT_TRUE(states.Add("one", kThen));
  ASSERT_TRUE(states.Add("two", kThen));
  EXPECT_EQ(states.Text(), std::string(kHead) +
                               "one active 2026-11-01T00:00:00Z\ntwo next 2026-11-01T00:00:00Z\n");
  EXPECT_EQ(states.Add("two", kThen).error().message, "'two' is there already");
  for (const char* const name : {"", ".hidden", "a/b", "..", "a b", "a\n", "-a", "\xc3\xa4"}) {
    EXPECT_FALSE(states.Add(name, kThen)) << name;
  }
  EXPECT_FALSE(states.Add(std::string(65, 'a'), kThen));
  EXPECT_TRUE(states.Add(std::string(64, 'a'), kThen));
}

TEST(KeyStatesTest, HoldsNoMoreThanMetadataAndFileCan) {
  KeyStates states;
  for (int number = 0; number < 64; ++number) {
    ASSERT_TRUE(states.Add("k" + std::to_string(number), kThen));
  }
  EXPECT_FALSE(states.Add("k64", kThen));
  for (int number = 1; number < 8; ++number) {
    ASSERT_TRUE(states.Publish("k" + std::to_string(number), kThen));
  }
  EXPECT_EQ(states.Publish("k8", kThen).error().message,
            "8 certificates are in the metadata already; retire one first");
}

TEST(KeyStatesTest, NamesAKeyThatIsNotThere) {
  KeyStates states = With(KeyState::kNext);
  const Result<void> done = states.Publish("other\n", kThen);
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(done.error().message,
            "'other[U+000A]' is no key here; 'rolebridge keys list' names them");
}

TEST(KeyStatesTest, ReadsWhatItWrites) {
  for (const char* const text :
       {"", "# nothing\n", "a active 2026-01-31T10:05:00Z\n",
        "# x\na active 2026-01-31T10:05:00Z\n#\nB.2_c-d next 9999-12-31T23:59:59Z\n"}) {
    const Result<KeyStates> states = KeyStates::Parse(text, "states");
    ASSERT_TRUE(states) << text << states.error().message;
    const Result<KeyStates> again = KeyStates::Parse(states->Text(), "states");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->Text(), states->Text());
  }
}

TEST(KeyStatesTest, RefusesWhatIsNearlyAStateFile) {
  const std::string good = "a active 2026-01-31T10:05:00Z\n";
  std::string many = good;
  for (int number = 0; number < 64; ++number) {
    many += "k" + std::to_string(number) + " next 2026-01-31T10:05:00Z\n";
  }
  const std::pair<std::string, std::string> rows[] = {
      {"a active 2026-01-31T10:05:00Z", "states:1: the line does not end; was it cut?"},
      {good + "\n", "states:2: '' is no key; write NAME STATE INSTANT"},
      {"a active\n", "states:1: 'a active' is no key; write NAME STATE INSTANT"},
      {"a  active 2026-01-31T10:05:00Z\n",
       "states:1: '' is no state; use next, published, active, former or retired"},
      {" active 2026-01-31T10:05:00Z\n",
       "states:1: '' is no name; use letters, digits, '.', '_' and '-'"},
      {"../a active 2026-01-31T10:05:00Z\n",
       "states:1: '../a' is no name; use letters, digits, '.', '_' and '-'"},
      {"a Active 2026-01-31T10:05:00Z\n",
       "states:1: 'Active' is no state; use next, published, active, former or retired"},
      {"a active 2026-01-31T10:05:00\n",
       "states:1: '2026-01-31T10:05:00' is no instant; write it like 2026-01-31T10:05:00Z"},
      {"a active 2026-01-31T10:05:00+01:00\n",
       "states:1: '2026-01-31T10:05:00+01:00' is no instant; write it like 2026-01-31T10:05:00Z"},
      {"a active 2026-01-31T10:05:00Z \n",
       "states:1: '2026-01-31T10:05:00Z ' is no instant; write it like 2026-01-31T10:05:00Z"},
      {"a active 2026-01-31T10:05:00Z\r\n",
       "states:1: '2026-01-31T10:05:00Z[U+000D]' is no instant; write it like "
       "2026-01-31T10:05:00Z"},
      {good + "a next 2026-01-31T10:05:00Z\n", "states:2: 'a' stands above already"},
      {good + "b active 2026-01-31T10:05:00Z\n",
       "states:2: 'b' is the second active key; one signs"},
      {"a next 2026-01-31T10:05:00Z\n", "states: no key is active; one has to sign"},
      {many, "states:65: there are more than 64 keys; take retired ones out"},
  };
  for (const auto& [text, message] : rows) {
    const Result<KeyStates> states = KeyStates::Parse(text, "states");
    ASSERT_FALSE(states) << text;
    EXPECT_EQ(states.error().message, message);
  }
}

}  // namespace
}  // namespace rolebridge::saml
