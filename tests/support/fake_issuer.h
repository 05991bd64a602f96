#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/protocol/issuer_client.h"

namespace rolebridge::protocol {

// An issuer for tests of the web side: answers what a test tells it to, and remembers what it was
// asked. One person, "alice", may log in with the password "correct"; two roles in two accounts and
// an application without roles are open to her.
class FakeIssuer final : public IssuerApi {
 public:
  static constexpr std::string_view kSession =
      "5e551071111111111111111111111111111111111111111111111111111111aa";
  static constexpr std::string_view kDevice =
      "de71ce1111111111111111111111111111111111111111111111111111111111";
  static constexpr std::string_view kConversation =
      "c0174e75a710111111111111111111111111111111111111111111111111111b";
  static constexpr std::string_view kAdmin = "arn:aws:iam::111122223333:role/Admin";
  static constexpr std::string_view kReader = "arn:aws:iam::444455556666:role/Reader";

  static SettingsReply DefaultSettings() {
    SettingsReply settings;
    settings.url = "https://sso.example.org";
    settings.site_name = "Example GmbH";
    settings.help_contact = "help desk, telephone 4711";
    settings.session_lifetime = 28'800;
    settings.sealing_keys.emplace_back(std::string(32, 'k'));
    settings.sealing_keys.emplace_back(std::string(32, 'o'));
    settings.applications = {
        {.slug = "aws",
         .name = "Amazon Web Services",
         .acs_urls = {"https://signin.aws.amazon.com/saml"},
         .form_origins = {"https://console.aws.amazon.com", "https://*.console.aws.amazon.com"},
         .sign_out_url = "https://signin.aws.amazon.com/oauth?Action=logout"},
        {.slug = "wiki",
         .name = "Wiki",
         .acs_urls = {"https://wiki.example.org/acs"},
         .form_origins = {},
         .sign_out_url = ""},
    };
    settings.config_hash = std::string(64, '1');
    return settings;
  }

  static DescribeReply DefaultDescription() {
    return {
        .username = "alice",
        .display_name = "Alice Example",
        .expires_in = 27'725,
        .applications = {{.slug = "aws",
                          .name = "Amazon Web Services",
                          .has_roles = true,
                          .roles = {{std::string(kAdmin), "111122223333", "Production", "Admin"},
                                    {std::string(kReader), "444455556666", "", "Reader"}}},
                         {.slug = "wiki", .name = "Wiki", .has_roles = false, .roles = {}}}};
  }

  // What is answered; a test replaces what it is about.
  std::function<Answer<LoginReply>(const BeginLoginRequest&)> begin_login =
      [](const BeginLoginRequest& request) -> Answer<LoginReply> {
    LoginReply reply;
    if (request.username == "alice" && request.first_secret.Reveal() == "correct") {
      reply.state = LoginState::kLoggedIn;
      reply.session = SecretString(kSession);
      reply.device = kDevice;
    } else {
      reply.hold_milliseconds = 1987;
    }
    return reply;
  };
  std::function<Answer<LoginReply>(const AnswerRequest&)> answer_prompts =
      [](const AnswerRequest&) -> Answer<LoginReply> {
    return Refusal{Reason::kUnknownConversation, ""};
  };
  std::function<Answer<DescribeReply>(const DescribeRequest&)> describe =
      [](const DescribeRequest& request) -> Answer<DescribeReply> {
    if (request.session.Reveal() != kSession) return Refusal{Reason::kNoSession, ""};
    return DefaultDescription();
  };
  std::function<Answer<IssueReply>(const IssueRequest&)> issue =
      [](const IssueRequest& request) -> Answer<IssueReply> {
    if (request.session.Reveal() != kSession) return Refusal{Reason::kNoSession, ""};
    IssueReply reply;
    reply.acs_url = "https://signin.aws.amazon.com/saml";
    reply.saml_response = SecretString("PHNhbWwycDpSZXNwb25zZS8+");
    reply.relay_state = request.relay_state;
    return reply;
  };
  std::function<Answer<MetadataReply>(const MetadataRequest&)> metadata =
      [](const MetadataRequest&) -> Answer<MetadataReply> {
    return MetadataReply{"<md:EntityDescriptor/>"};
  };
  StatusReply status{.ready = true, .why_not = "", .config_hash = std::string(64, '1')};
  std::string metrics = "rolebridge_sessions 3\n";
  std::function<SettingsReply()> settings = DefaultSettings;
  bool gone = false;  // as if no issuer ran

  // What was asked, by name, in its order: "begin_login", "issue" …
  std::vector<std::string> asked;
  // Fields of the last request that carried them.
  std::string last_role;
  std::string last_relay_state;
  RequestFacts last_facts;
  std::string last_username;
  std::string last_device;
  std::string last_level;
  std::string last_session;  // of a step-up
  std::vector<std::string> last_answers;
  std::string last_conversation;
  std::string last_ended_session;
  uint32_t last_first_role = 0;
  Context last_context;

  Result<Answer<SettingsReply>> Settings(SettingsRequest& request) override {
    return Ask<SettingsReply>("settings", request.context,
                              [&]() -> Answer<SettingsReply> { return settings(); });
  }
  Result<Answer<LoginReply>> BeginLogin(BeginLoginRequest& request) override {
    last_username = request.username;
    last_device = request.device;
    last_level = request.level;
    last_session = request.session.Reveal();
    return Ask<LoginReply>("begin_login", request.context, [&] { return begin_login(request); });
  }
  Result<Answer<LoginReply>> AnswerPrompts(AnswerRequest& request) override {
    last_conversation = request.conversation;
    last_answers.clear();
    for (const SecretString& answer : request.answers) last_answers.emplace_back(answer.Reveal());
    return Ask<LoginReply>("answer", request.context, [&] { return answer_prompts(request); });
  }
  Result<Answer<DescribeReply>> Describe(DescribeRequest& request) override {
    last_first_role = request.first_role;
    return Ask<DescribeReply>("describe", request.context, [&] { return describe(request); });
  }
  Result<Answer<IssueReply>> Issue(IssueRequest& request) override {
    last_role = request.role;
    last_relay_state = request.relay_state;
    last_facts = request.request;
    return Ask<IssueReply>("issue", request.context, [&] { return issue(request); });
  }
  Result<Answer<EndSessionReply>> EndSession(EndSessionRequest& request) override {
    last_ended_session = request.session.Reveal();
    return Ask<EndSessionReply>("end_session", request.context,
                                []() -> Answer<EndSessionReply> { return EndSessionReply{true}; });
  }
  Result<Answer<MetadataReply>> Metadata(MetadataRequest& request) override {
    return Ask<MetadataReply>("metadata", request.context, [&] { return metadata(request); });
  }
  Result<Answer<StatusReply>> Status(StatusRequest& request) override {
    return Ask<StatusReply>("status", request.context,
                            [&]() -> Answer<StatusReply> { return status; });
  }
  Result<Answer<MetricsReply>> Metrics(MetricsRequest& request) override {
    return Ask<MetricsReply>("metrics", request.context,
                             [&]() -> Answer<MetricsReply> { return MetricsReply{metrics}; });
  }

  bool WasAsked(const std::string& name) const {
    for (const std::string& one : asked) {
      if (one == name) return true;
    }
    return false;
  }

 private:
  template <typename Reply, typename Make>
  Result<Answer<Reply>> Ask(const char* name, const Context& context, const Make& make) {
    asked.emplace_back(name);
    last_context = context;
    if (gone) return Error{ErrorCode::kUnavailable, "no issuer at the socket"};
    return make();
  }
};

}  // namespace rolebridge::protocol
