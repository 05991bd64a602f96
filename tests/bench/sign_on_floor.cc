// The least that a sign-on can cost: its necessary parts by their libraries and nothing between
// them, no mapping, no rules, no pages, one request after the other.
//
//   sign_on_floor LDAP_URI CA_FILE BIND_DN PASSWORD BASE USER TLS_CERT TLS_KEY SAML_KEY FOLDER
//   COUNT
//
// A front thread ends TLS 1.3 on loopback and asks an issuer thread over SOCK_SEQPACKET. That one
// reads the person and their groups over StartTLS, signs a ready document with xmlsec1, verifies
// the value with OpenSSL, commits a record to SQLite with the log on the disk, and answers. Prints
// milliseconds of CPU of one sign-on by part; the client's are not in it.

#include <ldap.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xmlsec/xmlsec.h>
// Not before it.
#include <libxml/parser.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr size_t kRequest = 700;  // bytes of a browser's POST
constexpr size_t kPage = 7600;    // bytes of the hand-over page
constexpr size_t kRecord = 1500;  // bytes of a record

// As long as a response of ours, with the places that xmlsec1 fills in.
constexpr char kResponse[] =
    "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' ID='_r'>"
    "<s:Assertion xmlns:s='urn:oasis:names:tc:SAML:2.0:assertion' ID='_a'>"
    "<s:Issuer>https://sso.example.org/saml/aws</s:Issuer>"
    "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:SignedInfo>"
    "<ds:CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>"
    "<ds:SignatureMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'/>"
    "<ds:Reference URI='#_a'><ds:Transforms>"
    "<ds:Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>"
    "<ds:Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/></ds:Transforms>"
    "<ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><ds:DigestValue/>"
    "</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    "<s:Subject><s:NameID>3f7b2c</s:NameID><s:SubjectConfirmation><s:SubjectConfirmationData "
    "Recipient='https://signin.aws.amazon.com/saml'/></s:SubjectConfirmation></s:Subject>"
    "<s:Conditions><s:AudienceRestriction><s:Audience>urn:amazon:webservices</s:Audience>"
    "</s:AudienceRestriction></s:Conditions><s:AuthnStatement><s:AuthnContext>"
    "<s:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    "</s:AuthnContextClassRef></s:AuthnContext></s:AuthnStatement><s:AttributeStatement>"
    "<s:Attribute Name='https://aws.amazon.com/SAML/Attributes/Role'><s:AttributeValue>"
    "arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rolebridge"
    "</s:AttributeValue></s:Attribute><s:Attribute "
    "Name='https://aws.amazon.com/SAML/Attributes/RoleSessionName'><s:AttributeValue>alice"
    "</s:AttributeValue></s:Attribute></s:AttributeStatement></s:Assertion></p:Response>";

void Require(bool is_so, const char* what) {
  if (is_so) return;
  std::fprintf(stderr, "sign_on_floor: %s failed\n", what);
  std::exit(1);
}

const xmlChar* AsXml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

// CPU of this thread.
double Milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Arguments {
  std::string uri, ca_file, bind_dn, password, base, user, tls_certificate, tls_key, saml_key,
      folder;
  int count = 0;
};

class Directory {
 public:
  explicit Directory(const Arguments& arguments) : base_(arguments.base) {
    const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
    Require(ldap_initialize(&ldap_, arguments.uri.c_str()) == LDAP_SUCCESS, "ldap_initialize");
    ldap_set_option(ldap_, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ldap_, LDAP_OPT_X_TLS_CACERTFILE, arguments.ca_file.c_str());
    ldap_set_option(ldap_, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(ldap_, LDAP_OPT_X_TLS_NEWCTX, &client);
    Require(ldap_start_tls_s(ldap_, nullptr, nullptr) == LDAP_SUCCESS, "StartTLS");
    std::string password = arguments.password;
    berval secret{password.size(), password.data()};
    Require(ldap_sasl_bind_s(ldap_, arguments.bind_dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr,
                             nullptr, nullptr) == LDAP_SUCCESS,
            "bind");
  }

  void Read(const std::string& user) {
    const std::string dn =
        Search("ou=people," + base_, "(uid=" + user + ")", {"uid", "cn", "mail", "uidNumber"});
    Search("ou=groups," + base_, "(member=" + dn + ")", {"cn", "awsRole", "awsAccount"});
  }

 private:
  // Reads all that came; the DN of the last entry.
  std::string Search(const std::string& base, const std::string& filter,
                     std::vector<std::string> names) {
    std::vector<char*> attributes;
    for (std::string& name : names) attributes.push_back(name.data());
    attributes.push_back(nullptr);
    LDAPMessage* found = nullptr;
    Require(ldap_search_ext_s(ldap_, base.c_str(), LDAP_SCOPE_SUBTREE, filter.c_str(),
                              attributes.data(), 0, nullptr, nullptr, nullptr, LDAP_NO_LIMIT,
                              &found) == LDAP_SUCCESS,
            "a search");
    std::string last;
    for (auto* e = ldap_first_entry(ldap_, found); e != nullptr; e = ldap_next_entry(ldap_, e)) {
      BerElement* ber = nullptr;
      berval dn{}, name{}, *values = nullptr;
      ldap_get_dn_ber(ldap_, e, &ber, &dn);
      last.assign(dn.bv_val, dn.bv_len);
      while (ldap_get_attribute_ber(ldap_, e, ber, &name, &values) == LDAP_SUCCESS && name.bv_val) {
        ber_memfree(values);
      }
      ber_free(ber, 0);
    }
    ldap_msgfree(found);
    Require(!last.empty(), "to find an entry");
    return last;
  }

  const std::string base_;
  LDAP* ldap_ = nullptr;
};

class Signatures {
 public:
  explicit Signatures(const std::string& key_file) {
    Require(xmlSecInit() >= 0 && xmlSecCryptoInit() >= 0, "xmlSecInit");
    response_ = xmlReadMemory(kResponse, sizeof(kResponse) - 1, nullptr, nullptr, XML_PARSE_NONET);
    key_ =
        xmlSecCryptoAppKeyLoad(key_file.c_str(), xmlSecKeyDataFormatPem, nullptr, nullptr, nullptr);
    FILE* const file = std::fopen(key_file.c_str(), "r");
    Require(file != nullptr && key_ != nullptr && response_ != nullptr, "to read the key");
    pkey_ = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
  }

  std::string Sign() const {
    xmlDoc* const doc = xmlCopyDoc(response_, 1);
    xmlNode* const assertion = xmlDocGetRootElement(doc)->children;
    xmlAttr* const id = xmlHasProp(assertion, AsXml("ID"));
    xmlAddID(nullptr, doc, AsXml("_a"), id);
    xmlSecDSigCtx* const context = xmlSecDSigCtxCreate(nullptr);
    context->signKey = xmlSecKeyDuplicate(key_);
    context->flags |= XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
    Require(xmlSecDSigCtxSign(context,
                              xmlSecFindNode(assertion, AsXml("Signature"), xmlSecDSigNs)) >= 0,
            "signing");
    xmlBuffer* const buffer = xmlBufferCreate();
    xmlNodeDump(buffer, doc, xmlDocGetRootElement(doc), 0, 0);
    std::string text(reinterpret_cast<const char*>(xmlBufferContent(buffer)));
    xmlBufferFree(buffer);
    xmlSecDSigCtxDestroy(context);
    xmlFreeDoc(doc);
    return text;
  }

  // Signs `text` anew outside of any measurement; gives what verifies it.
  std::vector<unsigned char> RawSignature(const std::string& text) const {
    std::vector<unsigned char> signature(512);
    size_t size = signature.size();
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, pkey_);
    EVP_DigestSign(context, signature.data(), &size, Bytes(text), text.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }

  void Verify(const std::string& text, const std::vector<unsigned char>& signature) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, pkey_);
    Require(EVP_DigestVerify(context, signature.data(), signature.size(), Bytes(text),
                             text.size()) == 1,
            "verification");
    EVP_MD_CTX_free(context);
  }

 private:
  static const unsigned char* Bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }

  xmlDoc* response_ = nullptr;
  xmlSecKey* key_ = nullptr;
  EVP_PKEY* pkey_ = nullptr;
};

class Records {
 public:
  explicit Records(const std::string& folder) {
    Require(sqlite3_open((folder + "/floor.db").c_str(), &database_) == SQLITE_OK, "sqlite3_open");
    Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS audit(seq INTEGER PRIMARY KEY, record TEXT)");
    Require(sqlite3_prepare_v2(database_, "INSERT INTO audit(record) VALUES(?)", -1, &insert_,
                               nullptr) == SQLITE_OK,
            "a statement");
  }

  void Commit(const std::string& record) {
    sqlite3_bind_text(insert_, 1, record.data(), static_cast<int>(record.size()), SQLITE_STATIC);
    Require(sqlite3_step(insert_) == SQLITE_DONE, "an insertion");
    sqlite3_reset(insert_);
  }

 private:
  void Run(const char* sql) {
    Require(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

struct Cost {
  double front = 0, directory = 0, signing = 0, verification = 0, record = 0, issuer = 0;
};

void Issue(const Arguments& arguments, int channel, Cost& cost) {
  Directory directory(arguments);
  const Signatures signatures(arguments.saml_key);
  Records records(arguments.folder);
  const std::string signed_info(900, 'x');
  const std::vector<unsigned char> signature = signatures.RawSignature(signed_info);
  const std::string record(kRecord, 'r');
  std::array<char, 4096> request{};
  const double begin = Milliseconds();
  while (recv(channel, request.data(), request.size(), 0) > 0) {
    double at = Milliseconds();
    const auto took = [&at] {
      const double before = std::exchange(at, Milliseconds());
      return at - before;
    };
    directory.Read(arguments.user);
    cost.directory += took();
    std::string answer = signatures.Sign();
    cost.signing += took();
    signatures.Verify(signed_info, signature);
    cost.verification += took();
    records.Commit(record);
    cost.record += took();
    answer.resize(kPage - 1000, '=');  // as long as it is in base64
    Require(send(channel, answer.data(), answer.size(), 0) > 0, "an answer");
  }
  cost.issuer = Milliseconds() - begin;
}

void Serve(const Arguments& arguments, int browser, int channel, Cost& cost) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_chain_file(context, arguments.tls_certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context, arguments.tls_key.c_str(), SSL_FILETYPE_PEM);
  SSL* const ssl = SSL_new(context);
  SSL_set_fd(ssl, browser);
  Require(SSL_accept(ssl) == 1, "the handshake");
  std::string page(kPage, 'p');
  std::array<char, 16384> bytes{};
  const double begin = Milliseconds();
  while (SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size())) > 0) {
    Require(send(channel, bytes.data(), 400, 0) > 0, "a request");
    Require(recv(channel, page.data(), page.size(), 0) > 0, "an answer");
    Require(SSL_write(ssl, page.data(), static_cast<int>(page.size())) > 0, "a page");
  }
  cost.front = Milliseconds() - begin;
  close(channel);
}

void Browse(int server, int count) {
  SSL* const ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
  SSL_set_fd(ssl, server);
  Require(SSL_connect(ssl) == 1, "the client's handshake");
  const std::string request(kRequest, 'q');
  std::array<char, 16384> bytes{};
  for (; count > 0; --count) {
    Require(SSL_write(ssl, request.data(), static_cast<int>(request.size())) > 0, "the client");
    for (size_t got = 0; got < kPage;) {
      const int more = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
      Require(more > 0, "the client");
      got += static_cast<size_t>(more);
    }
  }
  SSL_shutdown(ssl);
  close(server);
}

// Two ends of a TCP connection over loopback, without Nagle.
std::array<int, 2> Connect() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  const bool is_there = bind(listener, generic, size) == 0 && listen(listener, 1) == 0 &&
                        getsockname(listener, generic, &size) == 0 &&
                        connect(client, generic, size) == 0;
  Require(is_there, "loopback");
  const int server = accept(listener, nullptr, nullptr), on = 1;
  for (const int end : {server, client}) {
    setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  close(listener);
  return {server, client};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 12) {
    std::fputs(
        "usage: sign_on_floor LDAP_URI CA_FILE BIND_DN PASSWORD BASE USER TLS_CERT TLS_KEY "
        "SAML_KEY FOLDER COUNT\n",
        stderr);
    return 64;
  }
  const Arguments arguments{argv[1],
                            argv[2],
                            argv[3],
                            argv[4],
                            argv[5],
                            argv[6],
                            argv[7],
                            argv[8],
                            argv[9],
                            argv[10],
                            std::atoi(argv[11])};
  const std::array<int, 2> tcp = Connect();
  std::array<int, 2> channel{};
  Require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel.data()) == 0, "socketpair");
  Cost cost;
  {
    std::jthread issuer([&] { Issue(arguments, channel[1], cost); });
    std::jthread front([&] { Serve(arguments, tcp[0], channel[0], cost); });
    Browse(tcp[1], arguments.count);
  }
  const double rest = cost.issuer - cost.directory - cost.signing - cost.verification - cost.record;
  for (const auto& [name, total] : {std::pair{"directory", cost.directory},
                                    {"signing", cost.signing},
                                    {"verification", cost.verification},
                                    {"record", cost.record},
                                    {"channel", rest},
                                    {"front", cost.front},
                                    {"sum", cost.issuer + cost.front}}) {
    std::printf("%s=%.3f ", name, total / arguments.count);
  }
  std::printf("\n");
  return 0;
}
