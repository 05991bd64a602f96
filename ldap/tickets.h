#pragma once

#include <memory>
#include <string>

#include "bridge/base/result.h"
#include "ldap/watchdog.h"

namespace rolebridge::ldap {

// Kerberos tickets for directory servers, got with a keytab and kept in memory. For all threads.
//
// libkrb5 waits for a silent KDC as long as it likes. So it is asked by a thread of its own, and
// whoever needs a ticket waits for that one no longer than they have time.
class Tickets {
 public:
  // `principal`: empty, the keytab's first.
  Tickets(std::string keytab_file, std::string principal);
  // Does not wait for a thread that the KDC keeps waiting.
  ~Tickets();
  Tickets(const Tickets&) = delete;
  Tickets& operator=(const Tickets&) = delete;

  // While this lives, what GSSAPI does in this thread without saying with which tickets, it does
  // with these.
  class InUse {
   public:
    explicit InUse(const Tickets& tickets);
    ~InUse();
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

    // GSSAPI's gss_cred_id_t for them, for who takes one; null where there are none.
    void* credential() const { return credential_; }

   private:
    void* credential_ = nullptr;
  };

  // Sees to it that there is a ticket for ldap/`host`, so that a bind there asks no KDC.
  // Errors: kUnavailable, Kerberos's own words; kDeadlineExceeded, no answer of the KDC until then.
  Result<void> Get(const std::string& host, Deadline deadline);
  // A server took none of what there is, as after a change of its key: the next ones are new.
  void Forget();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rolebridge::ldap
