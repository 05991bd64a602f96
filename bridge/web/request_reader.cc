#include "bridge/web/request_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bridge/base/ascii.h"
#include "bridge/base/secret_string.h"
#include "bridge/web/limits.h"

namespace rolebridge::web {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-';
}

// Of a line: no control byte may stand in it; those from 0x80 up are judged where they stand.
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Of a target: visible ASCII. A fragment is never sent, so a '#' comes from somebody who tries.
bool IsTargetCharacter(char c) { return c > 0x20 && c < 0x7f && c != '#'; }

std::string_view TrimSpaces(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return LowerAscii(a) == b; });
}

// Fields of which a second one would leave open which counts (H3), and by which we tell our own
// pages from a stranger's (B4).
constexpr std::array<std::string_view, 7> kSingleFields = {
    "host",          "content-length", "content-type",  "cookie",
    "authorization", "origin",         "sec-fetch-site"};

struct RefusedField {
  std::string_view name;
  int status;
  std::string_view reason;
};

// What a line usually needs: grown once, so that no half of an Authorization line stays behind.
constexpr size_t kLineReserve = 1024;

// Each changes where a message ends, what it means, or what it costs (H3).
constexpr std::array<RefusedField, 6> kRefusedFields = {{
    {"transfer-encoding", 501, "Transfer-Encoding"},
    {"content-encoding", 415, "Content-Encoding"},
    {"range", 400, "Range"},
    {"expect", 417, "Expect"},
    {"upgrade", 400, "Upgrade"},
    {"trailer", 400, "Trailer"},
}};

}  // namespace

size_t RequestReader::Feed(std::string_view bytes) {
  switch (state_) {
    case State::kIdle:
    case State::kHead:
      return FeedHead(bytes);
    case State::kBody:
      return FeedBody(bytes);
    case State::kComplete:
    case State::kRefused:
      return 0;
  }
  return 0;
}

size_t RequestReader::FeedHead(std::string_view bytes) {
  if (state_ == State::kIdle) line_.reserve(kLineReserve);
  size_t taken = 0;
  while (taken < bytes.size() && (state_ == State::kIdle || state_ == State::kHead)) {
    state_ = State::kHead;
    TakeHeadByte(bytes[taken++]);
  }
  return taken;
}

void RequestReader::TakeHeadByte(char c) {
  if (++head_size_ > kMaxHead) return Refuse(431, "head too long");
  if (cr_seen_) {
    if (c != '\n') return Refuse(400, "CR without LF");
    cr_seen_ = false;
    return EndLine();
  }
  if (c == '\r') {
    cr_seen_ = true;
    return;
  }
  if (c == '\n') return Refuse(400, "LF without CR");
  if (IsControl(c)) return Refuse(400, "control byte in the head");
  if (line_.size() >= kMaxLine + (first_line_ ? sizeof("POST  HTTP/1.1") - 1 : 0)) {
    return first_line_ ? Refuse(414, "request line too long") : Refuse(431, "line too long");
  }
  line_.push_back(c);
}

void RequestReader::EndLine() {
  if (first_line_) {
    ReadRequestLine();
    first_line_ = false;
  } else if (line_.empty()) {
    EndHead();
  } else {
    ReadField();
  }
  WipeString(line_);
}

void RequestReader::ReadRequestLine() {
  const std::string_view line = line_;
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) {
    return Refuse(400, "malformed request line");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  if (!std::all_of(method.begin(), method.end(), IsNameCharacter)) {
    return Refuse(400, "malformed method");
  }
  if (method != "GET" && method != "HEAD" && method != "POST") return Refuse(501, "method");
  if (version == "HTTP/1.0") {
    keep_alive_ = false;
  } else if (version != "HTTP/1.1") {
    return Refuse(version.starts_with("HTTP/") ? 505 : 400, "version");
  }
  request_.method = method;
  ReadTarget(line.substr(first + 1, last - first - 1));
}

void RequestReader::ReadTarget(std::string_view target) {
  if (target.size() > kMaxTarget) return Refuse(414, "target too long");
  if (!target.starts_with('/')) return Refuse(400, "target is not in origin form");
  if (!std::all_of(target.begin(), target.end(), IsTargetCharacter)) {
    return Refuse(400, "byte that no target has");
  }
  const size_t mark = target.find('?');
  request_.target = target;
  request_.path = target.substr(0, mark);
  request_.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

void RequestReader::ReadField() {
  const std::string_view line = line_;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refuse(400, "line without a colon");
  const std::string_view name = line.substr(0, colon);
  // This refuses folded lines and a space before the colon, too.
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return Refuse(400, "malformed field name");
  }
  if (request_.fields.size() >= kMaxFields) return Refuse(431, "too many fields");
  std::string lower = LowerAscii(name);
  const std::string_view value = TrimSpaces(line.substr(colon + 1));
  CheckField(lower, value);
  if (state_ != State::kHead) return;
  request_.fields.emplace_back(std::move(lower), value);
}

void RequestReader::CheckField(std::string_view name, std::string_view value) {
  for (const RefusedField& refused : kRefusedFields) {
    if (name == refused.name) return Refuse(refused.status, refused.reason);
  }
  const bool is_single =
      std::find(kSingleFields.begin(), kSingleFields.end(), name) != kSingleFields.end();
  if (is_single && request_.Field(name)) return Refuse(400, "repeated field");
  if (name == "content-length") return ReadContentLength(value);
  if (name == "connection") return ReadConnection(value);
}

void RequestReader::ReadContentLength(std::string_view value) {
  if (value.empty() || value.size() > 6 || !std::all_of(value.begin(), value.end(), IsDigit)) {
    // A length of seven digits is well-formed and above the bound: the client may as well know.
    const bool is_number = !value.empty() && std::all_of(value.begin(), value.end(), IsDigit);
    return Refuse(is_number ? 413 : 400, "Content-Length");
  }
  has_length_ = true;
  content_length_ = 0;
  for (const char c : value) content_length_ = content_length_ * 10 + static_cast<size_t>(c - '0');
  if (content_length_ > kMaxBody) return Refuse(413, "body too long");
}

void RequestReader::ReadConnection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    if (EqualsIgnoringCase(TrimSpaces(value.substr(0, comma)), "close")) keep_alive_ = false;
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
}

void RequestReader::EndHead() {
  const bool is_post = request_.method == "POST";
  if (is_post && !has_length_) return Refuse(411, "POST without Content-Length");
  if (!is_post && content_length_ > 0) return Refuse(400, "body where none is due");
  // Reserved at once, so that no copy of a password stays behind in a smaller buffer. The reserve
  // is one byte more than std::string's own buffer holds, which would outlive the wiping.
  if (is_post) request_.body.reserve(std::max<size_t>(content_length_, 32));
  state_ = content_length_ > 0 ? State::kBody : State::kComplete;
}

size_t RequestReader::FeedBody(std::string_view bytes) {
  const size_t taken = std::min(bytes.size(), content_length_ - request_.body.size());
  request_.body.append(bytes.substr(0, taken));
  if (request_.body.size() == content_length_) state_ = State::kComplete;
  return taken;
}

void RequestReader::Refuse(int status, std::string_view reason) {
  state_ = State::kRefused;
  error_status_ = status;
  error_reason_ = reason;
  keep_alive_ = false;
}

void RequestReader::Reset() {
  for (HttpField& field : request_.fields) WipeString(field.second);
  for (std::string* text : {&request_.body, &request_.target, &request_.query, &line_}) {
    WipeString(*text);
  }
  if (line_.capacity() > kLineReserve) line_ = std::string();
  request_ = HttpRequest();
  state_ = State::kIdle;
  head_size_ = 0;
  cr_seen_ = false;
  first_line_ = true;
  keep_alive_ = true;
  has_length_ = false;
  content_length_ = 0;
  error_status_ = 0;
  error_reason_ = {};
}

}  // namespace rolebridge::web
