#include "bridge/cli/init.h"

#include <grp.h>

#include <charconv>
#include <utility>

#include "bridge/base/visible_text.h"
#include "bridge/cli/audit.h"
#include "bridge/cli/check.h"
#include "bridge/cli/init_files.h"
#include "bridge/cli/init_installation.h"
#include "bridge/cli/init_interview.h"
#include "bridge/cli/init_questions.h"

namespace rolebridge::cli {
namespace {

Result<gid_t> FindGroup(const std::string& name) {
  gid_t number = 0;
  const char* const end = name.data() + name.size();
  if (std::from_chars(name.data(), end, number).ptr == end && !name.empty()) return number;
  const group* const found = getgrnam(name.c_str());
  if (found != nullptr) return found->gr_gid;
  return Error{ErrorCode::kNotFound,
               "there is no group '" + name +
                   "' on this host; it comes with the package (apt install ./rolebridge_*.deb), "
                   "or name another with --issuer-group and --web-group"};
}

Result<ReaderGroups> FindGroups(const InitOptions& options) {
  const auto issuer = FindGroup(options.issuer_group);
  if (!issuer) return issuer.error();
  const auto web = FindGroup(options.web_group);
  if (!web) return web.error();
  return ReaderGroups{*issuer, *web};
}

int Refuse(const InitWorld& world, const std::string& message) {
  world.errors << "rolebridge init: " << VisibleText(message, LineBreaks::kKeep)
               << (message.ends_with('\n') ? "" : "\n");
  return 1;
}

// False: a person said no.
Result<bool> IsConfirmed(const InitOptions& options, const InitWorld& world) {
  if (options.is_unattended) return true;
  Questions questions(world.input, world.out, false);
  const auto answer =
      questions.Ask({.flag = "",
                     .text = "Go ahead? (yes, no)",
                     .fallback = "yes",
                     .complaint = [](const std::string& word) -> std::string {
                       return word == "yes" || word == "no" ? "" : "is neither yes nor no";
                     }},
                    "");
  if (!answer) return answer.error();
  return *answer == "yes";
}

// The record's first key is shown to a person, and not to what keeps the output of automation.
void BeginRecord(const InitOptions& options, const InitWorld& world) {
  if (IsThere(options.state_folder + "/audit.key")) return;
  if (options.is_unattended || !IsThere(options.state_folder)) {
    world.out << "\nThe record's first key was not made: before the first start, run\n"
                 "  rolebridge audit begin\n"
                 "and keep what it shows off this host.\n";
    return;
  }
  world.out << "\nThe record's first key, shown this once (rolebridge audit begin):\n"
            << std::flush;
  AuditOptions audit;
  audit.state_directory = options.state_folder;
  BeginAudit(audit, world.clock.Now(), world.random, world.out, world.errors);
}

bool RunCheck(const InitOptions& options, bool is_offline, const InitWorld& world) {
  world.out << "\nrolebridge check" << (is_offline ? "" : " --online") << "\n";
  return Check({.config_path = options.config_folder + "/rolebridge.yaml",
                .pam_folder = options.pam_folder,
                .pam_settings = options.pam_settings,
                .online = !is_offline},
               world.clock, world.out);
}

void SayWhatIsNext(const Answers& answers, bool has_drop_in, std::ostream& out) {
  out << "\nPeople log in by the PAM service 'rolebridge': local accounts, unless you change it.\n"
         "\nNext, on this host:\n";
  if (has_drop_in) out << "  systemctl daemon-reload\n";
  out << "  systemctl start rolebridge.target          # or, where it runs: systemctl reload "
         "rolebridge-issuer\n"
         "  curl http://127.0.0.1:9180/readyz\n"
         "\nAt AWS, in each account, a SAML provider called 'rolebridge' and the roles:\n"
         "  metadata: "
      << answers.url << "/saml/aws/metadata\n";
  for (const AccountAnswer& account : answers.accounts) {
    out << "  rolebridge aws-setup aws --account " << account.alias
        << " --format cloudformation       # or terraform, cli: to review and run in " << account.id
        << "\n";
  }
}

int Install(const InitOptions& options, const InitWorld& world, const Answers& answers,
            const ReaderGroups& groups) {
  auto installation = Compose(options, world, answers, groups);
  if (!installation) return Refuse(world, installation.error().message);
  const auto plan = PlanFiles(std::move(installation->folders), std::move(installation->files),
                              options.may_replace);
  if (!plan) return Refuse(world, plan.error().message);
  world.out << "\n";
  Describe(*plan, false, world.out);
  if (options.is_dry_run) {
    world.out << "\n"
              << options.config_folder << "/rolebridge.yaml:\n\n"
              << installation->config << "\nA dry run: nothing was written.\n";
    return 0;
  }
  if (ChangesNothing(*plan)) {
    world.out << "Nothing to do: all of it is there.\n";
  } else {
    const auto is_confirmed = IsConfirmed(options, world);
    if (!is_confirmed) return Refuse(world, is_confirmed.error().message);
    if (!*is_confirmed) return Refuse(world, "stopped; nothing was written");
    const auto done = CarryOut(*plan);
    if (!done) return Refuse(world, done.error().message + "; what was new was taken away again");
    world.out << "Done.\n";
  }
  BeginRecord(options, world);
  const bool is_clean = RunCheck(options, answers.is_offline, world);
  SayWhatIsNext(answers, installation->has_drop_in, world.out);
  if (is_clean) return 0;
  return Refuse(world,
                "it is written, and check found what stands above as wrong; correct that "
                "before it is started");
}

}  // namespace

int Init(const InitOptions& options, const InitWorld& world) {
  if (!world.is_root && !options.is_dry_run) {
    return Refuse(world,
                  "it writes " + options.config_folder +
                      " and gives files to groups, so it has to be run by root: sudo rolebridge "
                      "init. --dry-run shows what it would do");
  }
  const auto groups = FindGroups(options);
  if (!groups && !options.is_dry_run) return Refuse(world, groups.error().message);
  const auto answers = Interview(options, world);
  if (!answers) return Refuse(world, answers.error().message);
  return Install(options, world, *answers, groups ? *groups : ReaderGroups{});
}

}  // namespace rolebridge::cli
