// SQLite with errors as values: a connection, its statements, a transaction. Private to this folder; used by
// one thread at a time.
//
// Every error names the file and says what to do. Exhausted: the disk is full; Invalid: the file is damaged;
// Refused: it may not be written; Unavailable: another program holds it, or the disk did not do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin::store {

class Database;

// One prepared statement. A row is valid until the next step() or reset().
class Statement {
 public:
  Statement() = default;

  // Parameters count from 1. Bytes are not copied: they must live until reset().
  void bind(int parameter, std::int64_t number);
  void bind(int parameter, std::uint64_t number) { bind(parameter, static_cast<std::int64_t>(number)); }
  // More bytes than SQLite stores in one value (10^9) make the next step() fail.
  void bind_blob(int parameter, std::string_view bytes);
  void bind_text(int parameter, std::string_view text);

  // True: there is a row.
  [[nodiscard]] Result<bool> step();
  // For what gives no rows, and is reset after it.
  [[nodiscard]] Result<void> run();
  void reset();

  // Columns count from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  const Database* database_ = nullptr;
  std::optional<std::size_t> too_large_;  // bytes that were to be bound
};

// Resets a statement when it goes out of scope, so that no reading stays open.
class Reading {
 public:
  explicit Reading(Statement& statement) : statement_(statement) {}
  ~Reading() { statement_.reset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  enum class Access : std::uint8_t {
    Read,    // leaves the file as it is, also beside a program that writes it
    Write,   // an existing file
    Create,  // a new one
  };
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // One or more statements without parameters, whose rows are not wanted.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // The first column of the first row.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);

  // All that `work` does, or none of it.
  [[nodiscard]] Result<void> transaction(const std::function<Result<void>()>& work);

  // Called now and then during long statements.
  void on_progress(std::function<void()> look);

  // What went wrong in the call that has just failed.
  [[nodiscard]] Error error() const;

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  std::string path_;
  std::function<void()> look_;
};

}  // namespace tocsin::store
