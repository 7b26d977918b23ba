#include "engine/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "engine/base/check.h"

namespace tocsin::store {
namespace {

constexpr int kPatience = 5000;         // ms that another program's lock is waited for
constexpr int kProgressSteps = 10'000;  // of SQLite's virtual machine

constexpr std::string_view kFull = "the disk is full: free some space; what was stored before is as it was";

Error error_of(int code, int system_error, std::string_view message, const std::string& path) {
  const auto system_text = [&] { return std::generic_category().message(system_error); };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::Exhausted, std::string(kFull), path};
    case SQLITE_IOERR:
      // SQLite forgets some reasons for which a file did not grow.
      if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG ||
          (system_error == 0 && (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE))) {
        return {ErrorCode::Exhausted, std::string(kFull), path};
      }
      return {ErrorCode::Unavailable,
              fmt::format("the disk did not do what it was asked to ({}): look at the system's log",
                          system_error != 0 ? system_text() : std::string(message)),
              path};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {
          ErrorCode::Unavailable,
          fmt::format("another program has held it locked for {} s: end its transaction", kPatience / 1000),
          path};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return {ErrorCode::Refused,
              fmt::format("cannot be written{}: it and its directory must be writable",
                          system_error != 0 ? fmt::format(" ({})", system_text()) : std::string()),
              path};
    case SQLITE_NOMEM:
      return {ErrorCode::Unavailable, "there is no memory left to read or write it", path};
    default:
      return {ErrorCode::Invalid,
              fmt::format(
                  "is damaged (SQLite says: {}): restore it from a copy; `tocsin state verify` tells more",
                  message),
              path};
  }
}

}  // namespace

// --- statements --------------------------------------------------------------------------------------------

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::bind(int parameter, std::int64_t number) {
  TOCSIN_CHECK(sqlite3_bind_int64(handle_.get(), parameter, number) == SQLITE_OK);
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  // A null pointer would be NULL, not an empty blob.
  const char* data = bytes.empty() ? "" : bytes.data();
  const int bound = sqlite3_bind_blob64(handle_.get(), parameter, data, bytes.size(), SQLITE_STATIC);
  TOCSIN_CHECK(bound == SQLITE_OK || bound == SQLITE_TOOBIG);
  if (bound == SQLITE_TOOBIG) too_large_ = bytes.size();
}

void Statement::bind_text(int parameter, std::string_view text) {
  TOCSIN_CHECK(sqlite3_bind_text64(handle_.get(), parameter, text.data(), text.size(), SQLITE_STATIC,
                                   SQLITE_UTF8) == SQLITE_OK);
}

Result<bool> Statement::step() {
  if (too_large_) {
    return fail(ErrorCode::Invalid,
                fmt::format("{} bytes are more than SQLite stores in one value", *too_large_),
                database_->path());
  }
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return std::unexpected(database_->error());
  }
}

Result<void> Statement::run() {
  const auto row = step();
  reset();
  if (!row) return std::unexpected(row.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  too_large_.reset();
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

// --- the connection ----------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= access == Access::Read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (access == Access::Create) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return std::unexpected(database->error());
  sqlite3_busy_timeout(handle, kPatience);
  // A look at a state that nobody runs must not tidy it up either.
  if (access == Access::Read) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // SQLite opens for reading what it may not write.
  if (access != Access::Read && sqlite3_db_readonly(handle, "main") != 0) {
    return std::unexpected(error_of(SQLITE_READONLY, EACCES, {}, path));
  }
  return database;
}

Database::~Database() { TOCSIN_CHECK(sqlite3_close_v2(handle_) == SQLITE_OK); }

Error Database::error() const {
  return error_of(sqlite3_extended_errcode(handle_), sqlite3_system_errno(handle_), sqlite3_errmsg(handle_),
                  path_);
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(error());
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error());
  Statement statement;
  statement.handle_.reset(handle);
  statement.database_ = this;
  return statement;
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? std::string(statement->bytes(0)) : std::string();
}

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = work();
  if (done) done = execute("COMMIT");
  // Some errors have rolled back already.
  if (!done && sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return done;
}

void Database::on_progress(std::function<void()> look) {
  look_ = std::move(look);
  const auto call = [](void* self) {
    static_cast<Database*>(self)->look_();
    return 0;
  };
  if (look_) {
    sqlite3_progress_handler(handle_, kProgressSteps, call, this);
  } else {
    sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
  }
}

}  // namespace tocsin::store
