#include "ldap/tickets.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "ldap/pipe_signal_held.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::steady_clock;

// Until then a ticket is not looked at again. Looking costs little while it is good: GSSAPI finds
// it where it is kept, and asks the KDC only some time before it ends.
constexpr std::chrono::seconds kLookedAtAgainAfter{60};

// The OID of Kerberos, 1.2.840.113554.1.2.2 (RFC 4121 section 1), as GSSAPI wants to have it.
gss_OID Kerberos() { return const_cast<gss_OID>(gss_mech_krb5); }

void DeleteContext(OM_uint32* minor, gss_ctx_id_t* context) {
  gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

// An object of GSSAPI's, given back with this one.
template <typename Object, auto kRelease>
struct Owned {
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    OM_uint32 minor = 0;
    kRelease(&minor, &object);
  }
  Object object{};  // as GSS_C_NO_NAME and the like
};
using Name = Owned<gss_name_t, gss_release_name>;
using Credential = Owned<gss_cred_id_t, gss_release_cred>;
using Context = Owned<gss_ctx_id_t, DeleteContext>;
using Buffer = Owned<gss_buffer_desc, gss_release_buffer>;

std::string WordsOf(OM_uint32 status, int type) {
  OM_uint32 minor = 0;
  OM_uint32 more = 0;
  Buffer words;
  gss_display_status(&minor, status, type, Kerberos(), &more, &words.object);
  return {static_cast<const char*>(words.object.value), words.object.length};
}

// The minor status says what there is to know; the major one only that it was Kerberos.
Error Failed(const std::string& what, OM_uint32 major, OM_uint32 minor) {
  const std::string why =
      minor != 0 ? WordsOf(minor, GSS_C_MECH_CODE) : WordsOf(major, GSS_C_GSS_CODE);
  return {ErrorCode::kUnavailable, "ldap: no Kerberos ticket " + what + ": " + why +
                                       "; check ldap.bind.keytab_file and krb5.conf"};
}

OM_uint32 Import(const std::string& text, gss_OID type, Name& name) {
  gss_buffer_desc buffer{text.size(), const_cast<char*>(text.data())};
  OM_uint32 minor = 0;
  gss_import_name(&minor, &buffer, type, &name.object);
  return minor;
}

// A credential that takes from `cache` what is there, and the rest from the KDC with the keytab.
std::optional<Error> Acquire(const std::string& keytab_file, const std::string& principal,
                             const std::string& cache, Credential& credential) {
  Name name;
  OM_uint32 minor = 0;
  if (!principal.empty()) {
    minor = Import(principal, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME), name);
    if (minor != 0) return Failed("for '" + principal + "'", GSS_S_BAD_NAME, minor);
  }
  const std::string keytab = "FILE:" + keytab_file;
  std::array<gss_key_value_element_desc, 2> elements{
      {{"client_keytab", keytab.c_str()}, {"ccache", cache.c_str()}}};
  const gss_key_value_set_desc store{elements.size(), elements.data()};
  gss_OID_set_desc mechanisms{1, Kerberos()};
  const OM_uint32 major =
      gss_acquire_cred_from(&minor, name.object, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                            &store, &credential.object, nullptr, nullptr);
  if (GSS_ERROR(major) == 0) return std::nullopt;
  return Failed((principal.empty() ? "" : "for '" + principal + "' ") + "by '" + keytab_file + "'",
                major, minor);
}

// Begins a conversation with ldap/`host` and drops it: from then on the ticket is in the cache.
std::optional<Error> AskFor(const std::string& host, const Credential& credential) {
  Name target;
  const std::string service = "ldap@" + host;
  OM_uint32 minor = Import(service, GSS_C_NT_HOSTBASED_SERVICE, target);
  if (minor != 0) return Failed("for ldap/" + host, GSS_S_BAD_NAME, minor);
  Context context;
  Buffer token;
  const OM_uint32 major =
      gss_init_sec_context(&minor, credential.object, &context.object, target.object, Kerberos(),
                           GSS_C_MUTUAL_FLAG, GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
                           GSS_C_NO_BUFFER, nullptr, &token.object, nullptr, nullptr);
  if (GSS_ERROR(major) == 0) return std::nullopt;
  return Failed("for ldap/" + host, major, minor);
}

void Destroy(const std::string& cache) {
  krb5_context context = nullptr;
  if (krb5_init_context(&context) != 0) return;
  krb5_ccache found = nullptr;
  if (krb5_cc_resolve(context, cache.c_str(), &found) == 0) krb5_cc_destroy(context, found);
  krb5_free_context(context);
}

}  // namespace

struct Tickets::State {
  struct Job {
    bool is_running = false;
    Deadline good_until{};
    std::optional<Error> error;  // of the last one that ended
  };

  ~State() { Destroy(cache); }
  void NameCache() {
    // No other object has this address while this one lives.
    cache = "MEMORY:rolebridge-" + std::to_string(reinterpret_cast<uintptr_t>(this)) + "-" +
            std::to_string(++caches);
  }
  void Fetch(const std::string& host, const std::string& into);

  std::string keytab_file;
  std::string principal;
  std::mutex mutex;  // guards what follows
  std::condition_variable has_ended;
  std::map<std::string, Job> jobs;  // by host
  std::string cache;
  Deadline cache_since{};
  size_t caches = 0;
};

void Tickets::State::Fetch(const std::string& host, const std::string& into) {
  const PipeSignalHeld held;
  std::optional<Error> error;
  {
    Credential credential;
    error = Acquire(keytab_file, principal, into, credential);
    if (!error) error = AskFor(host, credential);
  }
  {
    const std::lock_guard lock(mutex);
    Job& job = jobs[host];
    job.is_running = false;
    job.error = std::move(error);
    if (!job.error && into == cache) job.good_until = steady_clock::now() + kLookedAtAgainAfter;
    if (into != cache) Destroy(into);  // forgotten meanwhile
  }
  has_ended.notify_all();
}

Tickets::Tickets(std::string keytab_file, std::string principal)
    : state_(std::make_shared<State>()) {
  state_->keytab_file = std::move(keytab_file);
  state_->principal = std::move(principal);
  state_->NameCache();
}

Tickets::~Tickets() = default;

Result<void> Tickets::Get(const std::string& host, Deadline deadline) {
  std::unique_lock lock(state_->mutex);
  State::Job& job = state_->jobs[host];
  if (job.good_until > steady_clock::now()) return {};
  if (!job.is_running) {
    try {
      std::thread([state = state_, host, into = state_->cache] {
        state->Fetch(host, into);
      }).detach();
    } catch (const std::system_error& error) {
      return Error{ErrorCode::kUnavailable,
                   std::string("ldap: no thread to ask a KDC in: ") + error.what()};
    }
    job.is_running = true;
  }
  if (!state_->has_ended.wait_until(lock, deadline, [&] { return !job.is_running; })) {
    return Error{ErrorCode::kDeadlineExceeded,
                 "ldap: no answer of the KDC in time for ldap/" + host + "; check krb5.conf"};
  }
  if (job.error) return *job.error;
  return {};
}

void Tickets::Forget() {
  const std::lock_guard lock(state_->mutex);
  // What is as new as that was not refused for its age.
  const Deadline now = steady_clock::now();
  if (now < state_->cache_since + kLookedAtAgainAfter) return;
  Destroy(state_->cache);
  state_->NameCache();
  state_->cache_since = now;
  for (auto& [host, job] : state_->jobs) job.good_until = {};
}

Tickets::InUse::InUse(const Tickets& tickets) {
  const std::lock_guard lock(tickets.state_->mutex);
  const char* const cache = tickets.state_->cache.c_str();
  OM_uint32 minor = 0;
  gss_krb5_ccache_name(&minor, cache, nullptr);
  gss_key_value_element_desc element{"ccache", cache};
  const gss_key_value_set_desc store{1, &element};
  gss_OID_set_desc mechanisms{1, Kerberos()};
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                        &store, &credential, nullptr, nullptr);
  credential_ = credential;
}

Tickets::InUse::~InUse() {
  OM_uint32 minor = 0;
  auto* credential = static_cast<gss_cred_id_t>(credential_);
  gss_release_cred(&minor, &credential);
  gss_krb5_ccache_name(&minor, nullptr, nullptr);
}

}  // namespace rolebridge::ldap
