#include "bridge/crypto/sealed_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "bridge/base/random.h"
#include "bridge/base/unique_fd.h"
#include "bridge/saml/signing_key.h"
#include "tests/support/fakes.h"
#include "tests/support/opened_store.h"

namespace rolebridge::crypto {
namespace {

class SealedFileTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Bytes(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  Result<void> Seal(const SealRecipients& recipients, const std::string& text) {
    const UniqueFd fd(open(Path("sealed").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    auto writer = SealedWriter::Create(fd.get(), recipients);
    if (!writer) return writer.error();
    if (const auto written = (*writer)->Write(text); !written) return written;
    return (*writer)->Finish();
  }
  // What opens with it, or nothing.
  std::optional<std::string> Open(const SealOpener& opener) {
    const UniqueFd from(open(Path("sealed").c_str(), O_RDONLY));
    const UniqueFd to(open(Path("plain").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    const Result<void> opened = OpenSealedFile(from.get(), opener, to.get());
    error_ = opened ? "" : opened.error().message;
    if (!opened) return std::nullopt;
    return Bytes("plain");
  }
  static SealRecipients For(const std::string& passphrase) {
    SealRecipients recipients;
    recipients.passphrase = SecretString(passphrase);
    recipients.rounds = 1000;
    return recipients;
  }
  static SealOpener With(const std::string& passphrase) {
    SealOpener opener;
    opener.passphrase = SecretString(passphrase);
    return opener;
  }

  const rolebridge::testing::TemporaryFolder folder_;
  SystemRandom random_;
  rolebridge::testing::FakeClock clock_;
  std::string error_;
};

TEST_F(SealedFileTest, OpensWithItsPassphraseAndNoOther) {
  const std::string text(300'000, 'x');
  ASSERT_TRUE(Seal(For("correct horse battery"), text));
  EXPECT_EQ(Open(With("correct horse battery")), text);
  EXPECT_EQ(Open(With("correct horse batterx")), std::nullopt);
  EXPECT_EQ(error_, "opens for somebody else");
  EXPECT_EQ(Bytes("sealed").find("xxxxxxxx"), std::string::npos);
}

TEST_F(SealedFileTest, OpensForEachOfItsRecipients) {
  const saml::NewKeyPair one = *saml::MakeKeyPair("one", {}, 2048, 2, clock_.now, random_);
  const saml::NewKeyPair two = *saml::MakeKeyPair("two", {}, 2048, 2, clock_.now, random_);
  const saml::NewKeyPair other = *saml::MakeKeyPair("three", {}, 2048, 2, clock_.now, random_);
  SealRecipients recipients = For("correct horse battery");
  recipients.certificates_pem = {one.certificate_pem, two.certificate_pem};
  ASSERT_TRUE(Seal(recipients, "the keys"));
  for (const saml::NewKeyPair* pair : {&one, &two, &other}) {
    SealOpener opener;
    opener.key_pem = SecretString(pair->key_pem.Reveal());
    opener.certificate_pem = pair->certificate_pem;
    const auto opened = Open(opener);
    EXPECT_EQ(opened.has_value(), pair != &other) << error_;
    EXPECT_EQ(opened.value_or("the keys"), "the keys");
  }
  EXPECT_EQ(Open(With("correct horse battery")), "the keys");
}

TEST_F(SealedFileTest, OneBitOrACutIsNoticed) {
  ASSERT_TRUE(Seal(For("correct horse battery"), std::string(2000, 'x')));
  const std::string whole = Bytes("sealed");
  for (const size_t at : {size_t{1}, whole.size() / 3, whole.size() / 2, whole.size() - 20}) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    Put("sealed", changed);
    EXPECT_EQ(Open(With("correct horse battery")), std::nullopt) << at;
  }
  for (const size_t size : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    Put("sealed", whole.substr(0, size));
    EXPECT_EQ(Open(With("correct horse battery")), std::nullopt) << size;
  }
}

TEST_F(SealedFileTest, WhatIsNoSealedFileIsRefused) {
  Put("sealed", "rolebridge");
  EXPECT_EQ(Open(With("correct horse battery")), std::nullopt);
  EXPECT_EQ(error_, "is no sealed file");
}

TEST_F(SealedFileTest, ForNobodyIsAMistake) {
  EXPECT_FALSE(Seal(SealRecipients{}, "x"));
  SealRecipients recipients;
  recipients.certificates_pem = {"no certificate"};
  EXPECT_FALSE(Seal(recipients, "x"));
}

}  // namespace
}  // namespace rolebridge::crypto
