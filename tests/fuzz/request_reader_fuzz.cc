// security.md X4: the request head and body, as any stranger may send them.

#include "bridge/web/request_reader.h"

#include <cstdint>
#include <cstdlib>

#include "bridge/web/client_address.h"
#include "bridge/web/limits.h"

namespace {

using rolebridge::web::FindClientAddress;
using rolebridge::web::HttpRequest;
using rolebridge::web::IpAddress;
using rolebridge::web::IpNetwork;
using rolebridge::web::RequestReader;

void Require(bool promise) {
  if (!promise) std::abort();
}

void CheckComplete(const HttpRequest& request) {
  Require(request.method == "GET" || request.method == "HEAD" || request.method == "POST");
  Require(request.target.starts_with('/') && request.target.size() <= rolebridge::web::kMaxTarget);
  Require(request.fields.size() <= rolebridge::web::kMaxFields);
  Require(request.body.size() <= rolebridge::web::kMaxBody);
  Require(request.method == "POST" || request.body.empty());
  for (const char* refused : {"transfer-encoding", "content-encoding", "range", "expect"}) {
    Require(!request.Field(refused));
  }
  for (const auto& [name, value] : request.fields) {
    for (const char c : name) {
      Require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    for (const char c : value) Require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
  FindClientAddress(IpAddress::FromV4({127, 0, 0, 1}), request.fields,
                    {IpNetwork::Of(IpAddress::FromV4({127, 0, 0, 1}))});
}

// Reads requests until one is refused or the bytes end, `step` bytes at a time; what comes out must
// not depend on that.
std::string Read(std::string_view bytes, size_t step) {
  RequestReader reader;
  std::string seen;
  while (!bytes.empty()) {
    const size_t taken = reader.Feed(bytes.substr(0, step));
    bytes.remove_prefix(taken);
    if (reader.state() == RequestReader::State::kRefused) {
      return seen + std::to_string(reader.error_status());
    }
    if (reader.state() == RequestReader::State::kComplete) {
      CheckComplete(reader.request());
      seen += reader.request().method + reader.request().target + reader.request().body + "\n";
      reader.Reset();
    } else {
      Require(taken > 0);
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Require(Read(bytes, bytes.size()) == Read(bytes, 7));
  return 0;
}
