#include "bridge/store/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/support/opened_store.h"

namespace rolebridge::store {
namespace {

Change Remember(const std::string& name) {
  return [name](Database& database) {
    return database.Execute("INSERT INTO known_names VALUES(?)", name);
  };
}

int64_t NamesIn(Store& store) {
  int64_t count = -1;
  const Result<void> read = store.Read([&](Database& database) {
    return database.ForEach("SELECT count(*) FROM known_names", [&](const Row& row) {
      count = row.Integer(0);
      return false;
    });
  });
  EXPECT_TRUE(read);
  return count;
}

class StoreTest : public ::testing::Test {
 protected:
  void Open() {
    store_.reset();
    store_ = *Store::Open(folder_.path());
  }
  // Lets the file grow no further than it is.
  void Fill() {
    ASSERT_TRUE(store_->Read([](Database& database) {
      return database.ForEach("PRAGMA max_page_count=1", [](const Row&) { return true; });
    }));
  }
  void MakeRoom() {
    ASSERT_TRUE(store_->Read([](Database& database) {
      return database.ForEach("PRAGMA max_page_count=100000", [](const Row&) { return true; });
    }));
  }

  rolebridge::testing::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, KeepsWhatWasCommitted) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("alice"), Remember("bob")}));
  Open();
  EXPECT_EQ(NamesIn(*store_), 2);
}

TEST_F(StoreTest, MakesAllChangesOfOneCommitOrNone) {
  Open();
  EXPECT_FALSE(store_->Commit({Remember("alice"), Remember("alice")}));
  EXPECT_EQ(NamesIn(*store_), 0);
}

TEST_F(StoreTest, TakesPostedChangesAlong) {
  Open();
  store_->Post("a", Remember("alice"));
  EXPECT_EQ(NamesIn(*store_), 0);
  EXPECT_TRUE(store_->Commit({Remember("bob")}));
  EXPECT_EQ(NamesIn(*store_), 2);
}

TEST_F(StoreTest, APostedChangeThatFailsTakesNobodyAlong) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("alice")}));
  store_->Post("a", Remember("alice"));
  EXPECT_TRUE(store_->Commit({Remember("bob")}));
  EXPECT_EQ(NamesIn(*store_), 2);
}

TEST_F(StoreTest, OfATopicTheNewestPostIsMade) {
  Open();
  store_->Post("a", Remember("alice"));
  store_->Post("a", Remember("bob"));
  EXPECT_TRUE(store_->CommitPosted());
  EXPECT_TRUE(store_->Commit({Remember("alice")})) << "was not made";
  EXPECT_FALSE(store_->Commit({Remember("bob")})) << "was";
}

TEST_F(StoreTest, BoundsWhatWaits) {
  Open();
  for (int i = 0; i < 10'010; ++i) store_->Post(std::to_string(i), Remember(std::to_string(i)));
  EXPECT_TRUE(store_->CommitPosted());
  EXPECT_EQ(NamesIn(*store_), 10'000);
}

// The first one's change holds the database until all others wait: those go in one transaction.
TEST_F(StoreTest, CommitsTogetherWhatComesTogether) {
  Open();
  constexpr int kOthers = 15;
  std::atomic<int> coming{0};
  std::vector<std::thread> threads;
  const auto hold = [&](Database& database) {
    for (int i = 0; i < kOthers; ++i) {
      threads.emplace_back([&, i] {
        ++coming;
        EXPECT_TRUE(store_->Commit({Remember("name" + std::to_string(i))}));
      });
    }
    while (coming < kOthers) std::this_thread::yield();
    // Counted as coming just before they queue; this is long enough for the last of them.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return Remember("first")(database);
  };
  const uint64_t before = store_->transactions();
  EXPECT_TRUE(store_->Commit({hold}));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(NamesIn(*store_), kOthers + 1);
  EXPECT_LT(store_->transactions() - before, 6U);
}

// Nobody sleeps on when the database is free; this hangs where one is forgotten.
TEST_F(StoreTest, WhoeverReadsAndWhoeverCommitsGetsItsTurn) {
  Open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 40; ++k) {
        EXPECT_TRUE(store_->Commit({Remember(std::to_string(40 * i + k))}));
        EXPECT_GT(i % 2 == 0 ? NamesIn(*store_) : k + 1, k);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(NamesIn(*store_), 240);
}

TEST_F(StoreTest, OneChangeThatCannotBeMadeFailsAlone) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("taken")}));
  std::atomic<int> coming{0};
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  bool has_started = false;
  const auto hold = [&](Database& database) {
    if (!std::exchange(has_started, true)) {
      for (const char* name : {"alice", "taken", "bob"}) {
        threads.emplace_back([&, name] {
          ++coming;
          if (!store_->Commit({Remember(name)})) ++failed;
        });
      }
      while (coming < 3) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return Remember("first")(database);
  };
  EXPECT_TRUE(store_->Commit({hold}));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(NamesIn(*store_), 4);
}

TEST_F(StoreTest, AFullStoreRefusesAndRecovers) {
  Open();
  Fill();
  const auto large = [](Database& database) {
    return database.Execute("INSERT INTO known_names VALUES(?)", std::string(100'000, 'x'));
  };
  EXPECT_TRUE(store_->Probe());
  const Result<void> refused = store_->Commit({Remember("small"), large});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message, "store: database or disk is full");
  EXPECT_EQ(NamesIn(*store_), 0);
  MakeRoom();
  EXPECT_TRUE(store_->Probe());
  EXPECT_TRUE(store_->Commit({large}));
}

TEST_F(StoreTest, WhatWasPostedWaitsForAStoreThatCanBeWritten) {
  Open();
  Fill();
  const auto large = [](Database& database) {
    return database.Execute("INSERT INTO known_names VALUES(?)", std::string(100'000, 'x'));
  };
  store_->Post("large", large);
  store_->Post("a", Remember("alice"));
  EXPECT_FALSE(store_->CommitPosted());
  EXPECT_EQ(NamesIn(*store_), 0);
  MakeRoom();
  EXPECT_TRUE(store_->CommitPosted());
  EXPECT_EQ(NamesIn(*store_), 2);
}

TEST_F(StoreTest, WhatWasPostedMeanwhileIsNewerThanWhatFailed) {
  Open();
  Fill();
  store_->Post("a", Remember("alice"));
  EXPECT_FALSE(store_->Commit({[this](Database& database) {
    store_->Post("a", Remember("bob"));
    return database.Execute("INSERT INTO known_names VALUES(?)", std::string(100'000, 'x'));
  }}));
  MakeRoom();
  EXPECT_TRUE(store_->CommitPosted());
  EXPECT_TRUE(store_->Commit({Remember("alice")})) << "was not made";
  EXPECT_FALSE(store_->Commit({Remember("bob")})) << "was";
}

TEST_F(StoreTest, RefusesAFolderThatOthersMayEnter) {
  chmod(folder_.path().c_str(), 0755);
  const Result<std::unique_ptr<Store>> opened = Store::Open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "store: '" + folder_.path() + "' must be a folder of this user alone, with mode 0700");
}

TEST_F(StoreTest, FollowsALinkInPlaceOfAFolderAndNotOfTheFile) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("alice")}));
  store_.reset();
  const rolebridge::testing::TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(folder_.path(), elsewhere.path() + "/state");
  EXPECT_TRUE(Store::Open(elsewhere.path() + "/state"));
  const std::string link = elsewhere.path() + "/store.db";
  std::filesystem::create_symlink(folder_.path() + "/store.db", link);
  EXPECT_FALSE(Store::Open(elsewhere.path()));
  EXPECT_FALSE(Database::Open(link, Database::Access::kReadOnly));
}

TEST_F(StoreTest, AnswersTheProbeByTheLastCommit) {
  Open();
  EXPECT_TRUE(store_->Probe());
  const uint64_t before = store_->transactions();
  EXPECT_TRUE(store_->Probe());
  EXPECT_EQ(store_->transactions(), before);
}

TEST_F(StoreTest, IsHeldByOneProcessAlone) {
  Open();
  const Result<std::unique_ptr<Store>> second = Store::Open(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "store: '" + folder_.path() +
                                        "/store.lock' is held by another rolebridge-issuer; stop "
                                        "that first");
}

TEST_F(StoreTest, IsReadableByItsOwnerAlone) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("alice")}));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << entry.path();
  }
}

TEST_F(StoreTest, RefusesAFileThatOthersMayRead) {
  Open();
  store_.reset();
  chmod((folder_.path() + "/store.db").c_str(), 0644);
  const Result<std::unique_ptr<Store>> opened = Store::Open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "store: '" + folder_.path() + "/store.db' must be a regular file with mode 0600");
}

TEST_F(StoreTest, RefusesWhatANewerVersionWrote) {
  Open();
  ASSERT_TRUE(
      store_->Read([](Database& database) { return database.Script("PRAGMA user_version=99"); }));
  store_.reset();
  const Result<std::unique_ptr<Store>> opened = Store::Open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("was written by a newer version"), std::string::npos);
}

TEST_F(StoreTest, RefusesAFileThatIsNoStore) {
  Open();
  store_.reset();
  std::filesystem::remove(folder_.path() + "/store.db-wal");
  std::filesystem::resize_file(folder_.path() + "/store.db", 0);
  {
    FILE* const file = fopen((folder_.path() + "/store.db").c_str(), "w");
    for (int i = 0; i < 10'000; ++i) fputs("no database ", file);
    fclose(file);
  }
  const Result<std::unique_ptr<Store>> opened = Store::Open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("not a database"), std::string::npos)
      << opened.error().message;
}

TEST_F(StoreTest, AReaderFromOutsideSeesWhatIsCommittedMeanwhile) {
  Open();
  EXPECT_TRUE(store_->Commit({Remember("alice")}));
  Result<Database> reader =
      Database::Open(folder_.path() + "/store.db", Database::Access::kReadOnly);
  ASSERT_TRUE(reader);
  std::string name;
  EXPECT_TRUE(reader->ForEach("SELECT username FROM known_names", [&](const Row& row) {
    name = row.Bytes(0);
    return true;
  }));
  EXPECT_EQ(name, "alice");
  EXPECT_FALSE(reader->Execute("DELETE FROM known_names"));
  EXPECT_TRUE(store_->Commit({Remember("bob")}));
}

}  // namespace
}  // namespace rolebridge::store
