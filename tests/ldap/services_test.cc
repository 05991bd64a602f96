#include "ldap/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "ldap/pool.h"
#include "ldap/server_names.h"
#include "tests/ldap/neighbours.h"

namespace rolebridge::ldap {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Uris = std::vector<std::string>;

// An answer as RFC 1035 section 4 and RFC 2782 write it: one question, one SRV record.
std::vector<unsigned char> SrvAnswer() {
  std::vector<unsigned char> bytes = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0};
  const auto label = [&bytes](const std::string& text) {
    bytes.push_back(static_cast<unsigned char>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  };
  for (const char* const part : {"_ldap", "_tcp", "example", "org"}) label(part);
  // SRV, IN; then the answer for the same name by a pointer, a day, 16 bytes.
  for (const int byte : {0, 0, 33, 0, 1, 0xc0, 12, 0, 33, 0, 1, 0, 1, 0x51, 0x80, 0, 13}) {
    bytes.push_back(static_cast<unsigned char>(byte));
  }
  for (const int byte : {0, 10, 0, 5, 1, 0x85}) bytes.push_back(static_cast<unsigned char>(byte));
  label("ldap");
  bytes.push_back(0xc0);  // "example.org" of the question
  bytes.push_back(12 + 6 + 5);
  return bytes;
}

TEST(ServiceAnswerTest, AreReadOutOfAnAnswer) {
  EXPECT_THAT(
      ParseServices(SrvAnswer()).services,
      ElementsAre(Service{.priority = 10, .weight = 5, .host = "ldap.example.org", .port = 389}));
  EXPECT_EQ(ParseServices(SrvAnswer()).lifetime, std::chrono::hours(24));
}

TEST(ServiceAnswerTest, AreNoneInAnAnswerThatIsCutOrChanged) {
  const std::vector<unsigned char> whole = SrvAnswer();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(ParseServices({whole.data(), size}).services, IsEmpty()) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int value : {0, 1, 0x3f, 0xc0, 0xff}) {
      std::vector<unsigned char> changed = whole;
      changed[i] = static_cast<unsigned char>(value);
      EXPECT_LE(ParseServices(changed).services.size(), 1U);
    }
  }
}

TEST(ServiceAnswerTest, AreNoneWhereTheNameEndsBeforeTheRecord) {
  std::vector<unsigned char> longer = SrvAnswer();
  longer.push_back(0);
  const size_t length_of_record = longer.size() - 15;  // the lower byte, before 13 and one more
  ASSERT_EQ(longer[length_of_record], 13);
  longer[length_of_record] = 14;
  EXPECT_THAT(ParseServices(longer).services, IsEmpty());
}

// Says these numbers, one after the other.
class ToldRandom final : public Random {
 public:
  explicit ToldRandom(std::vector<unsigned char> numbers) : numbers_(std::move(numbers)) {}
  void Fill(std::span<unsigned char> bytes) override {
    std::fill(bytes.begin(), bytes.end(), 0);
    bytes.back() = numbers_.at(next_++);
  }

 private:
  std::vector<unsigned char> numbers_;
  size_t next_ = 0;
};

std::string Drawn(std::vector<Service> services, std::vector<unsigned char> numbers) {
  ToldRandom random(std::move(numbers));
  std::string hosts;
  for (const Service& one : DrawOrder(std::move(services), random)) hosts += one.host;
  return hosts;
}

// RFC 2782: those of weight 0 at the beginning, then the first whose running sum reaches the number
// drawn, which is 0 to the sum.
TEST(ServiceOrderTest, IsDrawnByWeightWithinAPriority) {
  const std::vector<Service> kServices = {{.priority = 2, .weight = 9, .host = "d"},
                                          {.priority = 1, .weight = 3, .host = "c"},
                                          {.priority = 1, .weight = 0, .host = "a"},
                                          {.priority = 1, .weight = 1, .host = "b"}};
  EXPECT_EQ(Drawn(kServices, {0, 0, 0, 0}), "abcd");
  EXPECT_EQ(Drawn(kServices, {1, 0, 0, 0}), "bacd");
  EXPECT_EQ(Drawn(kServices, {2, 0, 0, 0}), "cabd");
  EXPECT_EQ(Drawn(kServices, {4, 1, 0, 9}), "cbad");
  // What is above the sum of 4 is drawn again, so that each number is as likely.
  EXPECT_EQ(Drawn(kServices, {5, 7, 6, 4, 1, 0, 9}), "cbad");
  EXPECT_EQ(Drawn({}, {}), "");
}

TEST(ServiceUriTest, NamesADomain) {
  const auto uri = ParseServiceUri("ldaps+srv://Example.ORG");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->name(), "_ldaps._tcp.example.org");
  EXPECT_EQ(ParseServiceUri("ldap+srv://localhost")->name(), "_ldap._tcp.localhost");
  for (const char* const none :
       {"ldap://example.org", "ldap+srv://", "ldap+srv:///", "ldap+srv://example.org/",
        "ldap+srv://example.org:389", "ldap+srv://a..b", "ldap+srv://.a", "ldap+srv://a.",
        "ldap+srv://a b", "ldap+srv://-a", "ldap+srv://a_b", "LDAP+SRV://a", "srv://a",
        "ldapi+srv://a"}) {
    EXPECT_FALSE(ParseServiceUri(none)) << none;
  }
}

TEST(ServiceUriTest, LeadsOnlyIntoItsDomain) {
  const std::vector<Service> services = {
      {.host = "a.example.org", .port = 389},          {.host = "example.org.", .port = 1389},
      {.host = "A.Example.org", .port = 389},          {.host = "evilexample.org", .port = 389},
      {.host = "example.org.evil.net", .port = 389},   {.host = "b.example.org", .port = 0},
      {.host = "x@evil.net/.example.org", .port = 389}};
  EXPECT_THAT(UrisOf(services, "ldap", "example.org"),
              ElementsAre("ldap://a.example.org", "ldap://example.org:1389"));
  EXPECT_THAT(UrisOf(services, "ldap", ""), IsEmpty());
}

// A DNS that says what a test last told it.
class ServerNamesTest : public testing::Test {
 protected:
  Result<ServiceAnswer> Find(const std::string& name) {
    asked_.push_back(name);
    return answer_;
  }
  ServerNames Names(Uris uris) {
    return ServerNames(std::move(uris), [this](const std::string& name) { return Find(name); });
  }
  Result<ServiceAnswer> answer_ = ServiceAnswer{
      .services = {{.host = "a.example.org", .port = 389}, {.host = "b.example.org", .port = 389}},
      .lifetime = seconds(300)};
  Uris asked_;
};

TEST_F(ServerNamesTest, StandInTheirPlace) {
  ServerNames names =
      Names({"ldaps://first.example.org", "ldap+srv://example.org", "ldaps://last.example.org"});
  EXPECT_THAT(names.uris(), ElementsAre("ldaps://first.example.org", "ldaps://last.example.org"));
  EXPECT_EQ(names.Refresh(), seconds(300));
  EXPECT_THAT(asked_, ElementsAre("_ldap._tcp.example.org"));
  const Uris all = names.uris();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all.front(), "ldaps://first.example.org");
  EXPECT_EQ(all.back(), "ldaps://last.example.org");
}

TEST_F(ServerNamesTest, KeepTheirOrderUntilTheDnsNamesOthers) {
  ServerNames names = Names({"ldap+srv://example.org"});
  names.Refresh();
  const Uris before = names.uris();
  for (int i = 0; i < 20; ++i) {
    std::swap(answer_->services.front(), answer_->services.back());
    names.Refresh();
    EXPECT_EQ(names.uris(), before);
  }
  answer_->services.pop_back();
  names.Refresh();
  EXPECT_EQ(names.uris().size(), 1u);
}

TEST_F(ServerNamesTest, OutliveADnsThatIsAwayOrNamesStrangers) {
  ServerNames names = Names({"ldap+srv://example.org"});
  names.Refresh();
  answer_ = Error{ErrorCode::kUnavailable, "away"};
  EXPECT_EQ(names.Refresh(), seconds(30));
  EXPECT_EQ(names.uris().size(), 2u);
  answer_ = ServiceAnswer{.services = {{.host = "ldap.evil.net", .port = 389}}};
  names.Refresh();
  EXPECT_EQ(names.uris().size(), 2u);
  EXPECT_NE(names.failure().message.find("none is within 'example.org'"), std::string::npos);
}

TEST_F(ServerNamesTest, AreAskedForInTime) {
  ServerNames names = Names({"ldap+srv://example.org"});
  for (const auto& [lifetime, expected] : std::map<int, int>{{0, 30}, {31, 31}, {90'000, 3600}}) {
    answer_->lifetime = seconds(lifetime);
    EXPECT_EQ(names.Refresh(), seconds(expected));
  }
}

// tests/support/name_server.py, which knows servers of the domain "localhost".
class NameServer {
 public:
  NameServer()
      : program_({"/usr/bin/python3", "-B", ROLEBRIDGE_SOURCE_DIR "/tests/support/name_server.py"}),
        port_(static_cast<uint16_t>(std::atoi(program_.ReadLine().c_str()))) {}
  // Ports, the preferred one first.
  void Name(const std::vector<std::string>& ports) {
    std::string records;
    for (const std::string& port : ports) {
      records += (records.empty() ? "" : ", ") + ("\"_ldap._tcp.localhost,localhost," + port) +
                 "," + std::to_string(records.size()) + ",1\"";
    }
    program_.Write("[" + records + "]");
    ASSERT_EQ(program_.ReadLine(), "{}") << "is dnsmasq-base installed?";
  }
  ServiceFinder finder() const { return SystemServiceFinder(port_); }

 private:
  LineProgram program_;
  const uint16_t port_;
};

// Servers that a real DNS names, and real ones.
class NamedServersTest : public testing::Test {
 protected:
  Settings SettingsFor(const SlapdServer& slapd) const {
    Settings settings = slapd.settings();
    settings.uris = {"ldap+srv://localhost"};
    settings.between_dns_questions = std::chrono::milliseconds(50);
    return settings;
  }
  static std::string PortOf(const SlapdServer& slapd) {
    return slapd.uri_ldap.substr(slapd.uri_ldap.rfind(':') + 1);
  }
  static Result<std::string> ServerOf(Pool& pool) {
    const auto lease = pool.Borrow(std::chrono::steady_clock::now() + seconds(30));
    if (!lease) return lease.error();
    return (*lease)->uri();
  }

  NameServer dns_;
};

TEST_F(NamedServersTest, AreTriedInTheOrderOfTheirPriority) {
  const SlapdServer slapd;
  dns_.Name({"1", PortOf(slapd)});  // nobody listens on the first
  const Settings settings = SettingsFor(slapd);
  Pool pool(settings, slapd.password(), dns_.finder());
  const auto uri = ServerOf(pool);
  ASSERT_TRUE(uri) << uri.error().message;
  EXPECT_EQ(*uri, "ldap://localhost:" + PortOf(slapd));
}

TEST_F(NamedServersTest, HaveToProveTheirName) {
  const SlapdServer slapd({"--certificate", "wrong-host"});
  dns_.Name({PortOf(slapd)});
  const Settings settings = SettingsFor(slapd);
  Pool pool(settings, slapd.password(), dns_.finder());
  const auto uri = ServerOf(pool);
  ASSERT_FALSE(uri);
  EXPECT_NE(uri.error().message.find("ldap.ca_file"), std::string::npos) << uri.error().message;
}

TEST_F(NamedServersTest, AreAskedForAgainWhereTheOldOnesFailOrThereWasNone) {
  const SlapdServer slapd;
  const Settings settings = SettingsFor(slapd);
  dns_.Name({});
  Pool pool(settings, slapd.password(), dns_.finder());
  const auto nobody = ServerOf(pool);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(nobody.error().message.find("'_ldap._tcp.localhost'"), std::string::npos)
      << nobody.error().message;
  const auto becomes = [&](const std::string& expected) {
    // Less than what the records are believed for.
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      const auto uri = ServerOf(pool);
      if ((uri ? *uri : uri.error().message).find(expected) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  dns_.Name({"1"});
  EXPECT_TRUE(becomes("StartTLS with 'ldap://localhost:1' failed"));
  dns_.Name({PortOf(slapd)});
  EXPECT_TRUE(becomes("ldap://localhost:" + PortOf(slapd)));
}

}  // namespace
}  // namespace rolebridge::ldap
