#include "bridge/store/audit_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "bridge/crypto/crypto.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    const std::string hex(AuditKey::Begin(KeyPath(), clock_.Now(), random_)->Reveal());
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) {
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    first_key_ = SecretString(bytes);
    Start({});
  }

  std::string KeyPath() const { return folder_.path() + "/audit.key"; }

  Result<std::unique_ptr<AuditLog>> TryStart(std::optional<std::chrono::seconds> retention) {
    return AuditLog::Open(*store_, *AuditKey::Open(KeyPath(), clock_.Now(), random_), clock_.Now(),
                          retention);
  }

  void Start(std::optional<std::chrono::seconds> retention) {
    log_.reset();
    store_.reset();
    store_ = *Store::Open(folder_.path());
    Result<std::unique_ptr<AuditLog>> log = TryStart(retention);
    ASSERT_TRUE(log) << log.error().message;
    log_ = *std::move(log);
  }

  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log_->Append(clock_.Now(), "{\"n\":" + std::to_string(++written_) + "}", {}));
    }
  }

  // As somebody does who has the file and not the key.
  void Tamper(const std::string& sql) {
    ASSERT_TRUE(store_->Read([&](Database& database) { return database.Script(sql); }));
  }

  std::string KeyFile() const {
    std::ifstream file(KeyPath(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  SecretString KeyInFile() const { return SecretString(KeyFile().substr(16)); }

  std::string HashAt(int64_t seq) {
    std::string hash;
    EXPECT_TRUE(store_->Read([&](Database& database) {
      return database.ForEach(
          "SELECT hash FROM audit WHERE seq = ?",
          [&](const Row& row) {
            hash = row.Bytes(0);
            return false;
          },
          seq);
    }));
    return hash;
  }

  // A record of somebody's own making, which is what the head of audit_log.h says in other words.
  void Forge(int64_t seq, int64_t epoch, const std::string& before, const SecretString& key) {
    const std::string text = "{\"n\":666}";
    const int64_t at = clock_.Now().time_since_epoch().count();
    std::string bytes = before;
    for (const int64_t number : {seq, at, epoch}) {
      for (int shift = 56; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(number >> shift));
      }
    }
    const std::string hash = crypto::Sha256(bytes + text);
    ASSERT_TRUE(store_->Read([&](Database& database) {
      return database.Execute("INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?)", seq, at, epoch, text,
                              Blob{hash}, Blob{crypto::HmacSha256(key, hash)});
    }));
  }

  Verification Verified(bool with_key = true) {
    Verification report;
    const Result<void> read = store_->Read([&](Database& database) -> Result<void> {
      Result<Verification> found =
          Verify(database, with_key ? &first_key_ : nullptr, *AuditKey::EpochIn(KeyPath()));
      if (!found) return found.error();
      report = *std::move(found);
      return {};
    });
    EXPECT_TRUE(read);
    return report;
  }

  using Problems = std::vector<std::string>;

  rolebridge::testing::TemporaryFolder folder_;
  rolebridge::testing::FakeClock clock_;
  SystemRandom random_;
  SecretString first_key_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<AuditLog> log_;
  int written_ = 0;
};

TEST_F(AuditLogTest, AnEmptyChainIsWhole) {
  const Verification report = Verified();
  EXPECT_EQ(report.records, 0);
  EXPECT_EQ(report.problems, Problems{});
}

TEST_F(AuditLogTest, AChainOverHoursAndRestartsIsWhole) {
  for (int hour = 0; hour < 5; ++hour) {
    Append(3);
    clock_.Advance(minutes(61));
    if (hour == 2) Start({});
  }
  const Verification report = Verified();
  EXPECT_EQ(report.records, 15 + 4) << "each key is closed by a record of its own";
  EXPECT_EQ(report.first, 1);
  EXPECT_EQ(report.last, 19);
  EXPECT_EQ(report.problems, Problems{});
  EXPECT_EQ(Verified(false).problems, Problems{});
  EXPECT_EQ(*AuditKey::EpochIn(KeyPath()), 4);
}

TEST_F(AuditLogTest, FindsARecordThatWasChanged) {
  Append(5);
  Tamper("UPDATE audit SET record = '{\"n\":7}' WHERE seq = 3");
  EXPECT_EQ(Verified().problems, Problems{"record 3 was changed, or one before it"});
  EXPECT_EQ(Verified(false).problems, Problems{"record 3 was changed, or one before it"});
}

TEST_F(AuditLogTest, FindsATimeThatWasChanged) {
  Append(3);
  Tamper("UPDATE audit SET at = at + 1 WHERE seq = 3");
  EXPECT_EQ(Verified().problems, Problems{"record 3 was changed, or one before it"});
}

TEST_F(AuditLogTest, FindsRecordsThatAreGone) {
  Append(6);
  Tamper("DELETE FROM audit WHERE seq IN (1, 3, 4)");
  EXPECT_EQ(Verified().problems, (Problems{"record 1 is missing", "records 3 to 4 are missing"}));
}

TEST_F(AuditLogTest, FindsRecordsThatChangedPlaces) {
  Append(4);
  Tamper(
      "UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
      "UPDATE audit SET seq = 3 WHERE seq = 100");
  EXPECT_EQ(Verified().problems.size(), 3U);
}

TEST_F(AuditLogTest, FindsAChainThatWasCutAtItsEnd) {
  Append(3);
  clock_.Advance(minutes(61));
  Append(1);
  Tamper("DELETE FROM audit WHERE seq > 3");
  EXPECT_EQ(Verified().problems,
            Problems{"the key was replaced 1 times since the last record: the end of the chain is "
                     "missing"});
}

// Else the next honest record would heal the cut.
TEST_F(AuditLogTest, DoesNotWriteOnWhereTheEndIsNotWhatItWrote) {
  Append(3);
  clock_.Advance(minutes(61));
  Append(1);
  Tamper("DELETE FROM audit WHERE seq > 3");
  const Result<void> refused = log_->Append(clock_.Now(), "{}", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "audit: record 5 was changed or taken away behind our back; see rolebridge audit "
            "verify");
  const auto started = TryStart({});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("the chain goes on with key 0, and audit.key is key 1"),
            std::string::npos);
}

// Who breaks in has the key of this hour, cuts the hour before and writes another end to it.
TEST_F(AuditLogTest, FindsAnEndThatWasWrittenWithALaterKey) {
  Append(3);
  clock_.Advance(minutes(61));
  Append(1);
  Tamper("DELETE FROM audit WHERE seq > 2");
  Forge(3, 1, HashAt(2), KeyInFile());
  EXPECT_EQ(Verified().problems,
            Problems{"before record 3 the end of what was written with another key is missing"});
  Tamper("DELETE FROM audit WHERE seq > 2");
  Forge(3, 0, HashAt(2), KeyInFile());
  EXPECT_EQ(Verified().problems.front(), "record 3 was not made with our key");
}

TEST_F(AuditLogTest, FindsAChainThatWasHashedAnewByItsKeyAlone) {
  Append(1);
  Tamper("DELETE FROM audit");
  Forge(1, 0, std::string(32, '\0'), SecretString("another key of thirty-two bytes."));
  EXPECT_EQ(Verified(false).problems, Problems{});
  EXPECT_EQ(Verified().problems, Problems{"record 1 was not made with our key"});
}

TEST_F(AuditLogTest, DoesNotGoOnWithAnotherKey) {
  Append(1);
  std::filesystem::remove(KeyPath());
  EXPECT_FALSE(TryStart({}));
}

TEST_F(AuditLogTest, ACrashBeforeTheKeyWasReplacedIsMendedAtTheNextStart) {
  Append(1);
  const std::string before = KeyFile();
  clock_.Advance(minutes(61));
  Append(1);
  {
    std::ofstream file(KeyPath(), std::ios::binary | std::ios::in);
    file << before;
  }
  Start({});
  EXPECT_EQ(*AuditKey::EpochIn(KeyPath()), 1);
  Append(1);
  EXPECT_EQ(Verified().problems, Problems{});
}

TEST_F(AuditLogTest, TheKeyGoesAlthoughNothingHappens) {
  Append(1);
  const std::string before = KeyFile();
  EXPECT_TRUE(log_->CloseIfDue(clock_.Now()));
  EXPECT_EQ(KeyFile(), before);
  for (int hour = 0; hour < 3; ++hour) {
    clock_.Advance(minutes(61));
    EXPECT_TRUE(log_->CloseIfDue(clock_.Now()));
    EXPECT_EQ(*AuditKey::EpochIn(KeyPath()), 1) << "one without a record protects none";
  }
  EXPECT_NE(KeyFile(), before);
  EXPECT_EQ(Verified().records, 2);
  Append(1);
  EXPECT_EQ(Verified().problems, Problems{});
}

TEST_F(AuditLogTest, RetiresOldRecordsAndTheRestStillVerifies) {
  Start(hours(24));
  const SysSeconds began = clock_.Now();
  Append(3);
  clock_.Advance(hours(25));
  Append(2);
  Verification report = Verified();
  EXPECT_EQ(report.first, 4);
  EXPECT_EQ(report.retired_until, began);
  EXPECT_EQ(report.problems, Problems{});
  clock_.Advance(hours(25));
  Append(1);
  report = Verified();
  EXPECT_EQ(report.first, 6) << "what was the last one goes with the next";
  EXPECT_EQ(report.problems, Problems{});
  Start(hours(24));
  Append(1);
  report = Verified();
  EXPECT_EQ(report.first, 7);
  EXPECT_EQ(report.problems, Problems{});
}

TEST_F(AuditLogTest, CatchesUpWithRetirementAFewAtATime) {
  Append(20);
  clock_.Advance(hours(25));
  Start(hours(24));
  Append(1);
  EXPECT_EQ(Verified().first, 5);
  Append(4);
  EXPECT_EQ(Verified().first, 21);
}

// Two that come together after a long silence: the first must not retire what the second goes by.
TEST_F(AuditLogTest, KeepsItsLastRecordHoweverOldWhileItGoesByIt) {
  Start(hours(24));
  Append(1);
  clock_.Advance(hours(48));
  std::vector<std::thread> both;
  const auto hold = [&](Database&) -> Result<void> {
    for (int i = 0; i < 2; ++i) {
      both.emplace_back([&] { EXPECT_TRUE(log_->Append(clock_.Now(), "{\"n\":2}", {})); });
    }
    // Long enough for both to queue.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return {};
  };
  EXPECT_TRUE(store_->Commit({hold}));
  for (std::thread& thread : both) thread.join();
  EXPECT_EQ(Verified().problems, Problems{});
}

TEST_F(AuditLogTest, ReadsFromTheFirstRecordSince) {
  Append(2);
  clock_.Advance(minutes(10));
  const SysSeconds since = clock_.Now();
  Append(2);
  const auto first = [&](SysSeconds from) {
    int64_t found = -1;
    EXPECT_TRUE(store_->Read([&](Database& database) -> Result<void> {
      found = *FirstRecordSince(database, from);
      return {};
    }));
    return found;
  };
  EXPECT_EQ(first(since), 3);
  EXPECT_EQ(first(since - minutes(10)), 0);
  EXPECT_EQ(first(since + minutes(10)), 5);
  EXPECT_EQ(first(SysSeconds::min()), 0);
}

TEST_F(AuditLogTest, FindsAForgedCheckpoint) {
  Start(hours(24));
  Append(3);
  clock_.Advance(hours(25));
  Append(3);
  // Takes one more away, and moves the checkpoint along.
  Tamper(
      "UPDATE audit_checkpoint SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4);"
      "DELETE FROM audit WHERE seq = 4");
  EXPECT_EQ(Verified().problems.front(), "record 4, the last one retired, is forged");
}

TEST_F(AuditLogTest, DoesNotRetireWhatWasChanged) {
  Start(hours(24));
  Append(3);
  Tamper("UPDATE audit SET at = 0 WHERE seq = 1");
  Append(3);
  clock_.Advance(hours(25));
  Append(3);
  const Verification report = Verified();
  EXPECT_EQ(report.first, 1);
  EXPECT_EQ(report.problems, Problems{"record 1 was changed, or one before it"});
}

TEST_F(AuditLogTest, KeepsRecordsForGoodWithoutRetention) {
  Append(1);
  clock_.Advance(hours(24 * 4000));
  Append(1);
  EXPECT_EQ(Verified().first, 1);
}

TEST_F(AuditLogTest, RecordAndWhatItTellsOfStandOrFallTogether) {
  const auto fails = [](Database&) -> Result<void> { return Error{ErrorCode::kUnavailable, "no"}; };
  EXPECT_FALSE(log_->Append(clock_.Now(), "{}", {fails}));
  EXPECT_EQ(Verified().records, 0);
  Append(1);
  EXPECT_EQ(Verified().problems, Problems{});
}

TEST_F(AuditLogTest, ShowsTheFirstKeyOnce) {
  const Result<SecretString> again = AuditKey::Begin(KeyPath(), clock_.Now(), random_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(AuditLogTest, NoKeyOfAnEarlierHourIsLeftInTheFile) {
  EXPECT_NE(KeyFile().find(first_key_.Reveal()), std::string::npos);
  Append(1);
  clock_.Advance(hours(1));
  Append(1);
  EXPECT_EQ(KeyFile().size(), 48U);
  EXPECT_EQ(KeyFile().find(first_key_.Reveal()), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::store
