#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bridge/web/http.h"

namespace rolebridge::web {

// Bytes of one connection in, one request at a time out. Strict (security.md H3), since two parsers
// that disagree are request smuggling behind a proxy: what is not plainly a request as browsers and
// proxies write it is refused, and every refusal ends the connection. Bounded by limits.h: the
// first byte above a bound is refused, whatever else would follow.
//
// What is taken: GET, HEAD and POST in HTTP/1.1 (and 1.0, which proxies speak, one request each),
// origin form, lines that end in CR LF, names of [A-Za-z0-9-], a body only for POST and only with
// Content-Length. Bytes from 0x80 up are let through in field values.
class RequestReader {
 public:
  enum class State {
    kIdle,      // no byte of a request has come
    kHead,      // within request line and fields
    kBody,      // the head is complete and well-formed, and its body is not all there
    kComplete,  // request() is complete
    kRefused,   // error_status() and error_reason() say why; answer, and close
  };

  RequestReader() = default;
  ~RequestReader() { Reset(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Takes bytes up to the end of the head, then (called again) up to the end of the body, and
  // returns how many. Bytes behind a complete request are left to the caller, for after Reset().
  size_t Feed(std::string_view bytes);

  State state() const { return state_; }

  // From kBody on the head's part of it. client_address, request_id and slugs are the caller's.
  HttpRequest& request() { return request_; }

  // False where the client asked to end the connection after this request.
  bool keep_alive() const { return keep_alive_; }

  int error_status() const { return error_status_; }
  std::string_view error_reason() const { return error_reason_; }  // constant text, for the log

  // Wipes the request, which can hold passwords, and begins the next one.
  void Reset();

 private:
  size_t FeedHead(std::string_view bytes);
  size_t FeedBody(std::string_view bytes);
  void TakeHeadByte(char c);
  void EndLine();
  void ReadRequestLine();
  void ReadTarget(std::string_view target);
  void ReadField();
  void CheckField(std::string_view name, std::string_view value);
  void ReadContentLength(std::string_view value);
  void ReadConnection(std::string_view value);
  void EndHead();
  void Refuse(int status, std::string_view reason);

  State state_ = State::kIdle;
  HttpRequest request_;
  std::string line_;      // the line being read, without its end
  size_t head_size_ = 0;  // bytes so far, line ends included
  bool cr_seen_ = false;  // the last byte was a CR: only LF may follow
  bool first_line_ = true;
  bool keep_alive_ = true;
  bool has_length_ = false;
  size_t content_length_ = 0;
  int error_status_ = 0;
  std::string_view error_reason_;
};

}  // namespace rolebridge::web
