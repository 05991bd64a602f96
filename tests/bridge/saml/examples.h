#pragma once

#include <string>

#include "bridge/base/random.h"
#include "bridge/saml/assertion.h"
#include "bridge/saml/names.h"
#include "bridge/saml/signing_key.h"

namespace rolebridge::saml {

// A response as rolebridge issues it to AWS, made at `now`.
inline Response ExampleResponse(SysSeconds now) {
  using std::chrono::seconds;
  SystemRandom random;
  Response response;
  response.id = "_" + RandomHex(random, 20);
  response.issue_instant = now;
  response.destination = "https://signin.aws.amazon.com/saml";
  Assertion& assertion = response.assertion;
  assertion.id = "_" + RandomHex(random, 20);
  assertion.issue_instant = now;
  assertion.entity_id = "https://sso.example.org/saml/aws";
  assertion.name_id = {.format = kNameIdPersistent, .value = "3f7b2c"};
  assertion.recipient = response.destination;
  assertion.not_before = now - seconds(60);
  assertion.not_on_or_after = now + seconds(300);
  assertion.audience = "urn:amazon:webservices";
  assertion.authn_instant = now - seconds(20);
  assertion.session_index = "_" + RandomHex(random, 20);
  assertion.authn_context_class = kPasswordProtectedTransport;
  assertion.attributes = {
      {.name = "https://aws.amazon.com/SAML/Attributes/Role",
       .name_format = {},
       .values =
           {"arn:aws:iam::123412341234:role/Admin,arn:aws:iam::123412341234:saml-provider/rb",
            "arn:aws:iam::123412341234:role/Read,arn:aws:iam::123412341234:saml-provider/rb"}},
      {.name = "https://aws.amazon.com/SAML/Attributes/RoleSessionName",
       .name_format = {},
       .values = {"alice"}}};
  return response;
}

// A key and its certificate, not taken from anywhere.
inline NewKeyPair MakeExampleKeyPair(SysSeconds now, int bits = 2048) {
  SystemRandom random;
  return std::move(MakeKeyPair("rolebridge test", {}, bits, 10, now, random).value());
}

inline SigningKey LoadExampleKey(const NewKeyPair& pair, SysSeconds now) {
  return std::move(SigningKey::Load(pair.certificate_pem, pair.key_pem, now).value());
}

}  // namespace rolebridge::saml
