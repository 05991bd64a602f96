#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/random.h"
#include "bridge/base/secret_string.h"
#include "bridge/config/config.h"
#include "pam/client.h"

namespace rolebridge::issuer {

// One login on its way through PAM.
struct Login {
  std::mutex mutex;  // one request at a time for one conversation; of what follows
  std::string id;
  std::string username;  // canonical, as typed
  std::string client_address;
  config::AssuranceLevel level;  // what it proves where it ends well
  SecretString session;          // whose it adds that level to; empty: it makes one
  std::string device;            // its token, where it is one of this person's
  SecretString first_secret;
  std::string digest;           // of name and first secret, see RepeatedAttempts
  bool is_counted = false;      // by the throttle
  bool was_asked_more = false;  // than the first secret
  bool is_first_prompt = true;
  std::optional<pam::Conversation> conversation;  // none before the first secret is there (T9)
  std::vector<pam::Prompt> notices;               // info texts that came while PAM was going on
  std::vector<pam::Prompt> asked;                 // what the person sees now
  // The following are Conversations', under its mutex: who may be put out (T9).
  bool is_change = false;  // it goes on in the process that changes an expired password
  BootTime began{};
  BootTime last_input{};
  bool is_waiting_for_person = false;
  pam::Deadlines deadlines;
};
using LoginPtr = std::shared_ptr<Login>;

// The logins in progress, bounded in number and in time. They outlive a reload. Safe to call from
// several threads.
class Conversations {
 public:
  Conversations(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // A new one, or none where all places are taken by those that wait for nobody.
  LoginPtr Begin(const std::string& username, const std::string& client_address,
                 const Limits& limits);
  LoginPtr Find(const std::string& id);
  void Forget(const std::string& id);

  // It is their turn; or they took it.
  void AwaitPerson(Login& login);
  void NoteInput(Login& login);
  // From now on it is a change of an expired password, with the time that choosing one takes. There
  // are few processes for that, so a person has one at a time: an older one of the same name ends.
  void BeginChange(Login& login);

  size_t size() const;

  // How many requests of web wait for PAM at this moment; see Patience.
  std::atomic<uint32_t>& waiting() { return waiting_; }

 private:
  bool MakeRoom(const std::string& client_address, const Limits& limits);
  void ForgetExpired();

  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, LoginPtr> logins_;  // by identifier
  std::atomic<uint32_t> waiting_ = 0;
};

}  // namespace rolebridge::issuer
