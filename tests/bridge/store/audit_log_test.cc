#include "bridge/store/audit_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
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

  void Start(std::optional<std::chrono::seconds> retention) {
    log_.reset();
    store_.reset();
    store_ = *Store::Open(folder_.path());
    log_ = std::make_unique<AuditLog>(*store_, *AuditKey::Open(KeyPath(), clock_.Now(), random_),
                                      retention);
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
  EXPECT_EQ(report.records, 15);
  EXPECT_EQ(report.first, 1);
  EXPECT_EQ(report.last, 15);
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
  Tamper("DELETE FROM audit WHERE seq = 4");
  EXPECT_EQ(Verified().problems,
            Problems{"the key was replaced 1 times since the last record: the end of the chain is "
                     "missing, or a write failed then (see the journal)"});
}

// Who breaks in has the key of this hour, hashes all anew, and can't make the codes of an hour ago.
TEST_F(AuditLogTest, FindsAChainThatWasHashedAnewByItsKeyAlone) {
  Append(1);
  std::string record;
  std::string hash;
  Tamper("CREATE TABLE kept AS SELECT * FROM audit; DELETE FROM audit");
  const SecretString stolen("another key of thirty-two bytes.");
  const std::string text = "{\"n\":666}";
  std::string bytes(32, '\0');
  bytes += std::string("\0\0\0\0\0\0\0\1", 8);
  const int64_t at = clock_.Now().time_since_epoch().count();
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(at >> shift));
  bytes += std::string(8, '\0') + text;
  const std::string forged = crypto::Sha256(bytes);
  ASSERT_TRUE(store_->Read([&](Database& database) {
    return database.Execute("INSERT INTO audit VALUES(1, ?, 0, ?, ?, ?)", at, text, Blob{forged},
                            Blob{crypto::HmacSha256(stolen, forged)});
  }));
  EXPECT_EQ(Verified(false).problems, Problems{});
  EXPECT_EQ(Verified().problems, Problems{"record 1 was not made with our key"});
}

TEST_F(AuditLogTest, RetiresOldRecordsAndTheRestStillVerifies) {
  Start(hours(24));
  Append(3);
  clock_.Advance(hours(25));
  Append(2);
  Verification report = Verified();
  EXPECT_EQ(report.first, 4);
  EXPECT_TRUE(report.starts_at_checkpoint);
  EXPECT_EQ(report.problems, Problems{});
  clock_.Advance(hours(25));
  Append(1);
  report = Verified();
  EXPECT_EQ(report.first, 6);
  EXPECT_EQ(report.problems, Problems{});
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
  EXPECT_EQ(Verified().problems,
            Problems{"the checkpoint before record 5 was not made with our key"});
}

TEST_F(AuditLogTest, KeepsRecordsForGoodWithoutRetention) {
  Append(1);
  clock_.Advance(hours(24 * 4000));
  Append(1);
  EXPECT_EQ(Verified().records, 2);
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
  const auto bytes = [&] {
    std::ifstream file(KeyPath(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_NE(bytes().find(first_key_.Reveal()), std::string::npos);
  clock_.Advance(hours(1));
  Append(1);
  EXPECT_EQ(bytes().size(), 48U);
  EXPECT_EQ(bytes().find(first_key_.Reveal()), std::string::npos);
}

}  // namespace
}  // namespace rolebridge::store
