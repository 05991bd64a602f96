#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bridge/base/wire.h"
#include "bridge/protocol/protocol.h"

// What the command rolebridge can ask rolebridge-issuer over the issuer's second socket,
// /run/rolebridge-admin.sock, which root and the group rolebridge-admin may open: this header is
// the specification. Transport and coding are those of protocol.h, but: the socket's mode decides
// who asks, 16 connections, 10 s of quiet at most, requests up to 1 KiB, replies up to 64 KiB; a
// reload takes up to 70 s. A message is one type byte (an AdminRequestType) and its fields. Each
// request that changes something is on record with the uid of who asked.
//
// Nothing here makes a session or a response: who can administer can end things, not become
// somebody.
namespace rolebridge::protocol {

inline constexpr size_t kMaxAdminRequest = 1024;
inline constexpr size_t kMaxAdminReply = 64 * 1024;
inline constexpr uint32_t kMaxSessionIndex = 64;
inline constexpr uint32_t kSessionsPerPage = 100;

enum class AdminRequestType : uint8_t {
  kReload = 1,
  kListSessions,
  kEndSessions,
  kRefused = 0xff,  // in replies only, with a Refusal
};

struct ReloadRequest {
  uint8_t version = kVersion;
  template <class A>
  void Fields(A& archive) {
    archive.Byte(version);
  }
};

struct ReloadReply {
  bool is_taken = false;
  std::string config_hash;            // of what is in force now
  std::vector<std::string> problems;  // why it was not taken; the first ones of many
  std::vector<std::string> warnings;
  uint32_t others = 0;  // problems and warnings that found no room here
  template <class A>
  void Fields(A& archive) {
    archive.Bool(is_taken);
    archive.Text(config_hash, 64);
    archive.Texts(problems, 20, 1024);
    archive.Texts(warnings, 20, 1024);
    archive.Number(others, UINT32_MAX);
  }
};

struct ListSessionsRequest {
  uint8_t version = kVersion;
  std::string username;  // as typed, the issuer folds it; empty: everybody's
  std::string after;     // the session index that the page before ended with; empty: the first
  template <class A>
  void Fields(A& archive) {
    archive.Byte(version);
    archive.Text(username, kMaxUsername);
    archive.Text(after, kMaxSessionIndex);
  }
};

struct SessionLine {
  std::string session_index;  // as in audit records and in assertions; opens nothing
  std::string username;
  std::string client_address;  // where the login came from
  std::string assurance;
  uint64_t authn_instant = 0;  // seconds since 1970
  uint32_t age_seconds = 0;
  uint32_t idle_seconds = 0;
  template <class A>
  void Fields(A& archive) {
    archive.Text(session_index, kMaxSessionIndex);
    archive.Text(username, kMaxUsername);
    archive.Text(client_address, 64);
    archive.Text(assurance, 64);
    archive.Long(authn_instant);
    archive.Number(age_seconds, UINT32_MAX);
    archive.Number(idle_seconds, UINT32_MAX);
  }
};

struct ListSessionsReply {
  std::vector<SessionLine> sessions;  // in the order of their indexes
  bool has_more = false;
  template <class A>
  void Fields(A& archive) {
    archive.List(sessions, kSessionsPerPage);
    archive.Bool(has_more);
  }
};

// Those of one person, or the one session; one of the two is named.
struct EndSessionsRequest {
  uint8_t version = kVersion;
  std::string username;  // as typed, the issuer folds it
  std::string session_index;
  template <class A>
  void Fields(A& archive) {
    archive.Byte(version);
    archive.Text(username, kMaxUsername);
    archive.Text(session_index, kMaxSessionIndex);
  }
};

struct EndSessionsReply {
  uint32_t ended = 0;
  template <class A>
  void Fields(A& archive) {
    archive.Number(ended, UINT32_MAX);
  }
};

}  // namespace rolebridge::protocol
