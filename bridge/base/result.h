#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rolebridge {

// What class of thing went wrong; the text beside it is for a log or an administrator's terminal.
// Only the code may cross a process boundary (texts can hold what the other side must not learn).
enum class ErrorCode {
  kInvalidArgument,    // the caller's or the administrator's input is wrong
  kNotFound,           // it is not there
  kAmbiguous,          // there is more than one where one is due
  kPermissionDenied,   // it is there and must not be used: owner, mode, account state
  kUnavailable,        // a neighbour (directory, PAM, issuer, store) does not answer
  kDeadlineExceeded,   // it answered too late
  kResourceExhausted,  // a limit of security.md section 3 is reached
  kInternal,           // a library failed, or a bug of ours
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

// A value, or the Error that stands in its place. Named after std::expected, which g++ 12 has only
// under C++23; to be swapped for it later.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  const Error& error() const { return *std::get_if<1>(&state_); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace rolebridge
