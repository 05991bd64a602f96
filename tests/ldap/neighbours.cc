#include "tests/ldap/neighbours.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace rolebridge::ldap {
namespace {

using nlohmann::json;

std::vector<std::string> WithSlapd(const std::vector<std::string>& more) {
  std::vector<std::string> all{"/usr/bin/python3", "-B",
                               ROLEBRIDGE_SOURCE_DIR "/tests/support/slapd.py", "--serve"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

LineProgram::LineProgram(std::vector<std::string> arguments) {
  int to[2];
  int from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int failed = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  to_ = ::fdopen(to[1], "w");
  from_ = ::fdopen(from[0], "r");
  if (failed != 0) pid_ = -1;
}

LineProgram::~LineProgram() {
  ::fclose(to_);  // its input ends, and it cleans up
  ::fclose(from_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void LineProgram::Write(const std::string& line) {
  std::fputs((line + "\n").c_str(), to_);
  std::fflush(to_);
}

std::string LineProgram::ReadLine() {
  std::string line;
  for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_)) {
    line += static_cast<char>(c);
  }
  return line;
}

SlapdServer::SlapdServer(const std::vector<std::string>& arguments)
    : program_(WithSlapd(arguments)) {
  const auto said = json::parse(program_.ReadLine(), nullptr, false);
  if (!said.is_object()) {
    ADD_FAILURE() << "slapd.py did not start a server; is slapd installed?";
    return;
  }
  uri_ldap = said["uri_ldap"];
  uri_ldaps = said["uri_ldaps"];
  uri_ldapi = said["uri_ldapi"];
  ca_file = said["ca_file"];
  bind_dn = said["bind_dn"];
  folder = said["folder"];
  password_ = said["bind_password"];
}

Settings SlapdServer::settings() const {
  Settings settings;
  settings.uris = {uri_ldaps};
  settings.ca_file = ca_file;
  settings.bind.dn = bind_dn;
  settings.bind.password_file = "ldap.secret";
  settings.users.base = "ou=people,dc=example,dc=org";
  settings.users.attributes = {{"email", "mail"}, {"full_name", "cn"}};
  settings.groups.base = "ou=groups,dc=example,dc=org";
  settings.groups.attributes = {{"aws_role", "awsRole"}, {"aws_account", "awsAccount"}};
  return settings;
}

void SlapdServer::Modify(const std::string& ldif) {
  Do(json{{"do", "modify"}, {"ldif", ldif}}.dump());
}

std::vector<std::string> SlapdServer::Searches() const {
  std::ifstream log(folder + "/slapd.log");
  std::vector<std::string> searches;
  for (std::string line; std::getline(log, line);) {
    const size_t begin = line.find(" SRCH ");
    if (begin != std::string::npos) searches.push_back(line.substr(begin + 1));
  }
  return searches;
}

void SlapdServer::Do(const std::string& order) {
  program_.Write(order);
  const std::string answer = program_.ReadLine();
  EXPECT_EQ(answer, R"({"ok": true})") << order.substr(0, 500);
}

FaultProxy::FaultProxy(const SlapdServer& server)
    : program_({"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/support/fault_proxy.py",
                server.port_ldaps(), server.folder + "/ldapi"}) {
  const auto said = json::parse(program_.ReadLine(), nullptr, false);
  if (!said.is_object()) {
    ADD_FAILURE() << "fault_proxy.py did not start";
    return;
  }
  uri_ldaps = said["uri_ldaps"];
  uri_ldapi = said["uri_ldapi"];
}

FaultProxy::Count FaultProxy::CountConnections() {
  const auto said = json::parse(Do(R"("do": "count")"), nullptr, false);
  if (!said.is_object()) return {};
  return {.accepted = said.value("accepted", -1), .open = said.value("open", -1)};
}

std::string FaultProxy::Do(const std::string& order) {
  program_.Write("{" + order + "}");
  std::string answer = program_.ReadLine();
  EXPECT_EQ(answer.find(R"({"ok": true)"), 0u) << order << ": " << answer;
  return answer;
}

BadServer::BadServer(const std::string& script)
    : program_(
          {"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/ldap/bad_server.py", script}) {
  port_ = program_.ReadLine();
  socket_ = program_.ReadLine();
  EXPECT_FALSE(socket_.empty()) << "bad_server.py did not start";
}

Settings BadServer::settings(const std::string& scheme) const {
  Settings settings;
  settings.uris = {scheme == "ldapi" ? "ldapi://" + socket_ : scheme + "://127.0.0.1:" + port_};
  settings.bind.dn = "cn=rolebridge,dc=example,dc=org";
  settings.users.base = "ou=people,dc=example,dc=org";
  settings.users.attributes = {{"email", "mail"}, {"full_name", "cn"}};
  settings.groups.base = "ou=groups,dc=example,dc=org";
  settings.groups.attributes = {{"aws_role", "awsRole"}};
  settings.connect_timeout = std::chrono::milliseconds(400);
  settings.operation_timeout = std::chrono::milliseconds(400);
  settings.lookup_timeout = std::chrono::milliseconds(1500);
  return settings;
}

std::unique_ptr<Directory> Open(const Settings& settings, SecretString password,
                                const Clock& clock) {
  auto directory = Directory::Create(settings, std::move(password), clock);
  if (!directory) {
    ADD_FAILURE() << directory.error().message;
    return nullptr;
  }
  return *std::move(directory);
}

}  // namespace rolebridge::ldap
