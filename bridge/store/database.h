#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rolebridge::store {

// What a statement's parameters and columns hold. Bytes of any kind, or text in UTF-8.
struct Blob {
  std::string_view bytes;
};

// The row that a query stands on; columns count from zero. Valid within the visit alone.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  int64_t Integer(int column) const;
  std::string Bytes(int column) const;  // of a text or a blob
  bool IsNull(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// One connection to an SQLite file, the sole user of libsqlite3. Every statement is prepared, kept,
// and gets its values as parameters (security.md X1). For one thread at a time.
//
// Errors of all calls: kInvalidArgument, the change breaks a rule of the schema; kUnavailable, the
// file is full, broken, not ours, or held by another process. With SQLite's own text.
class Database {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // kReadWrite makes the file where it is not there, with mode 0600. What is there must be a
  // regular file. WAL and synchronous=FULL: a transaction that was committed is on the disk.
  static Result<Database> Open(const std::string& path, Access access);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // One statement that answers nothing. `sql` must be a literal: statements are kept by its text.
  template <typename... Values>
  Result<void> Execute(std::string_view sql, const Values&... values) {
    return ForEach(
        sql, [](const Row&) { return false; }, values...);
  }

  // Visits each row of the answer until `visit` says false.
  template <typename... Values>
  Result<void> ForEach(std::string_view sql, const std::function<bool(const Row&)>& visit,
                       const Values&... values) {
    Result<sqlite3_stmt*> statement = Prepared(sql);
    if (!statement) return statement.error();
    int parameter = 0;
    (BindOne(*statement, ++parameter, values), ...);
    return Run(*statement, visit);
  }

  // Several statements in one text, none of which answers or has parameters.
  Result<void> Script(const std::string& sql);

  // Makes `target`, which has nothing in it yet, a copy of this one as it is at one moment; others
  // go on reading and writing meanwhile.
  Result<void> CopyTo(Database& target) const;

  bool IsInTransaction() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Database(sqlite3* connection);
  Result<void> Configure(Access access);
  Result<sqlite3_stmt*> Prepared(std::string_view sql);
  Result<void> Run(sqlite3_stmt* statement, const std::function<bool(const Row&)>& visit);
  Error LastError() const;
  static void BindOne(sqlite3_stmt* statement, int parameter, int64_t value);
  static void BindOne(sqlite3_stmt* statement, int parameter, std::optional<int64_t> value);
  static void BindOne(sqlite3_stmt* statement, int parameter, std::string_view text);
  static void BindOne(sqlite3_stmt* statement, int parameter, Blob blob);

  std::unique_ptr<sqlite3, Close> connection_;
  // Gone before the connection; by the text.
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> statements_;
};

}  // namespace rolebridge::store
