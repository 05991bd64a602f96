#include "bridge/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "bridge/base/unique_fd.h"

namespace rolebridge::store {
namespace {

constexpr int kPatienceMilliseconds = 5000;  // with a reader that holds the file

// SQLite would make the file with what the umask leaves, and follow a link in its place (with
// SQLITE_OPEN_NOFOLLOW it would refuse one in place of any folder above, too, and people do move
// /var). The write-ahead log gets the mode of this file.
Result<void> CheckFile(const std::string& path, bool makes_it) {
  const int access = makes_it ? O_RDWR | O_CREAT : O_RDONLY;
  const UniqueFd fd(open(path.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd) return Error{ErrorCode::kUnavailable, "store: '" + path + "': " + std::strerror(errno)};
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "store: '" + path + "' must be a regular file with mode 0600"};
  }
  return {};
}

}  // namespace

int64_t Row::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Row::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

bool Row::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(sqlite3* connection) : connection_(connection) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::Open(const std::string& path, Access access) {
  if (Result<void> sound = CheckFile(path, access == Access::kReadWrite); !sound) {
    return sound.error();
  }
  sqlite3* connection = nullptr;
  const int flags = (access == Access::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  Database database(connection);  // also what failed to open has to be closed
  if (opened != SQLITE_OK) {
    return Error{ErrorCode::kUnavailable, "store: '" + path + "': " + sqlite3_errstr(opened)};
  }
  if (Result<void> configured = database.Configure(access); !configured) {
    return Error{ErrorCode::kUnavailable, "store: '" + path + "': " + configured.error().message};
  }
  return database;
}

Result<void> Database::Configure(Access access) {
  sqlite3_busy_timeout(connection_.get(), kPatienceMilliseconds);
  // No schema of a broken or planted file runs functions of its own.
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (access == Access::kReadOnly) return Script("PRAGMA query_only=ON; PRAGMA cell_size_check=ON");
  std::string mode;
  Result<void> set = ForEach("PRAGMA journal_mode=WAL", [&](const Row& row) {
    mode = row.Bytes(0);
    return true;
  });
  if (!set) return set;
  if (mode != "wal") {
    return Error{ErrorCode::kUnavailable, "this file system allows no write-ahead log"};
  }
  return Script(
      "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=16777216;"
      "PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON");
}

Result<void> Database::Script(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return LastError();
  }
  return {};
}

Result<sqlite3_stmt*> Database::Prepared(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return found->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return LastError();
  }
  statements_.emplace(sql, statement);
  return statement;
}

Result<void> Database::Run(sqlite3_stmt* statement, const std::function<bool(const Row&)>& visit) {
  int step = sqlite3_step(statement);
  while (step == SQLITE_ROW && visit(Row(statement))) step = sqlite3_step(statement);
  Result<void> result;
  if (step != SQLITE_ROW && step != SQLITE_DONE) result = LastError();
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return result;
}

Error Database::LastError() const {
  const bool cannot_be = (sqlite3_errcode(connection_.get()) & 0xff) == SQLITE_CONSTRAINT;
  return {cannot_be ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
          std::string("store: ") + sqlite3_errmsg(connection_.get())};
}

Result<void> Database::CopyTo(Database& target) const {
  sqlite3_backup* const copy =
      sqlite3_backup_init(target.connection_.get(), "main", connection_.get(), "main");
  if (copy == nullptr) return target.LastError();
  const int stepped = sqlite3_backup_step(copy, -1);
  const int finished = sqlite3_backup_finish(copy);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
  return target.LastError();
}

bool Database::IsInTransaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

void Database::BindOne(sqlite3_stmt* statement, int parameter, int64_t value) {
  sqlite3_bind_int64(statement, parameter, value);
}

void Database::BindOne(sqlite3_stmt* statement, int parameter, std::optional<int64_t> value) {
  if (value) BindOne(statement, parameter, *value);  // else it stays NULL
}

// The values live until the statement has run and its bindings are cleared. A null pointer would be
// bound as NULL, and an empty value is none.
void Database::BindOne(sqlite3_stmt* statement, int parameter, std::string_view text) {
  sqlite3_bind_text64(statement, parameter, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Database::BindOne(sqlite3_stmt* statement, int parameter, Blob blob) {
  sqlite3_bind_blob64(statement, parameter, blob.bytes.empty() ? "" : blob.bytes.data(),
                      blob.bytes.size(), SQLITE_STATIC);
}

}  // namespace rolebridge::store
