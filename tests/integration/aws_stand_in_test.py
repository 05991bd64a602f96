"""The stand-in for AWS, judged by hand-made responses: it takes what AWS takes, and each refusal
has AWS's own words (aws-saml.md 5.3 and 7). A judge that lets everything pass proves nothing."""

import base64
import datetime
import json
import pathlib
import ssl
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from aws_stand_in import AwsStandIn, handmade, iam

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "aws"
ROLE, PROVIDER = handmade.ROLE, handmade.PROVIDER
INVALID = "Your request included an invalid SAML response. To logout, click here."


def pair(account, role, provider="rolebridge"):
    return (f"arn:aws:iam::{account}:role/{role},"
            f"arn:aws:iam::{account}:saml-provider/{provider}")


class StandInTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="aws-stand-in-test-")
        cls.key, cls.certificate = handmade.make_key(cls.folder.name, "idp")
        cls.other_key, cls.other_certificate = handmade.make_key(cls.folder.name, "other")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.aws = AwsStandIn(DATA / "accounts.json", self.certificate, self.key).start()
        self.addCleanup(self.aws.stop)
        self.aws.upload_metadata(handmade.metadata([self.certificate]))

    def signed(self, attributes=None, **holes):
        xml = handmade.response_xml(holes.pop("recipient", self.aws.acs_url), attributes, **holes)
        return handmade.encode(handmade.sign(xml, self.key, self.certificate))

    def assert_lands(self, saml_response, **expected):
        status, headers, body = self.aws.sign_in(saml_response)
        self.assertEqual(status, 302, body)
        self.assertTrue(headers["Location"].startswith(self.aws.origin + "/console/"))
        session = self.aws.sessions[-1]
        for name, value in expected.items():
            self.assertEqual(getattr(session, name), value, name)
        return session

    def assert_refuses(self, saml_response, text, status=400, note=None):
        before = len(self.aws.sessions)
        got, _, body = self.aws.sign_in(saml_response)
        self.assertEqual(len(self.aws.sessions), before, "somebody landed")
        self.assertEqual(self.aws.refusals[-1].page_text(), text, self.aws.refusals[-1])
        self.assertEqual(got, status)
        self.assertIn('id="error"', body)
        if note:
            self.assertIn(note, self.aws.refusals[-1].note)


class SignInPageTest(StandInTest):

    def test_lands_where_the_one_role_says(self):
        self.assert_lands(self.signed(), account="123412341234", role_arn=ROLE, session_name="bob",
                          account_alias="example-production", duration=3600, tags={},
                          assumed_role_arn="arn:aws:sts::123412341234:assumed-role/ReadOnly/bob")

    def test_takes_a_pair_in_either_order(self):
        self.assert_lands(self.signed(handmade.aws_attributes([f"{PROVIDER},{ROLE}"])),
                          role_arn=ROLE)

    def test_takes_a_response_twice(self):
        text = self.signed()
        self.assert_lands(text)
        self.assert_lands(text)

    def test_takes_each_key_of_the_metadata(self):
        self.aws.upload_metadata(handmade.metadata([self.other_certificate, self.certificate]))
        self.assert_lands(self.signed())

    def test_shows_duration_and_tags(self):
        attributes = handmade.aws_attributes(SessionDuration="28800", tags={"team": "red & blue"})
        self.assert_refuses(self.signed(attributes), "Unable to validate tags (service: "
                            "AWSSecurityTokenService; status code: 400; error code: "
                            "ValidationError)")
        attributes = handmade.aws_attributes(SessionDuration="28800", tags={"team": "red"},
                                             TransitiveTagKeys="team", SourceIdentity="bob")
        self.assert_lands(self.signed(attributes), duration=28800, tags={"team": "red"},
                          transitive_tag_keys=["team"], source_identity="bob")

    def test_ends_the_session_with_session_not_on_or_after(self):
        end = ' SessionNotOnOrAfter="2999-01-01T00:00:00Z"'
        self.assert_lands(self.signed(session_end=end), duration=3600)

    def test_lets_choose_among_several_roles(self):
        text = self.signed(handmade.aws_attributes(
            [pair("123412341234", "ReadOnly"), pair("210987654321", "Developer")]))
        status, _, body = self.aws.sign_in(text, relay_state="x\"y")
        self.assertEqual(status, 200)
        self.assertIn("Account: example-staging (210987654321)", body)
        self.assertIn('value="x&quot;y"', body)
        status, _, _ = self.aws.sign_in(text, "x", "arn:aws:iam::210987654321:role/Developer")
        self.assertEqual(status, 302)
        self.assertEqual(self.aws.sessions[-1].account, "210987654321")
        self.assertEqual(self.aws.sign_in(text, "", "arn:aws:iam::210987654321:role/Operator")[0],
                         403)

    def test_refuses_one_changed_byte_in_the_assertion(self):
        xml = base64.b64decode(self.signed())
        changed = xml.replace(b":role/ReadOnly,", b":role/ReadOnlx,")
        self.assertEqual(len(changed), len(xml))
        self.assertNotEqual(changed, xml)
        self.assert_refuses(handmade.encode(changed), self.sts("Response signature invalid"))

    def test_refuses_another_key_even_with_its_certificate_inside(self):
        xml = handmade.response_xml(self.aws.acs_url)
        forged = handmade.sign(xml, self.other_key, self.other_certificate)
        self.assert_refuses(handmade.encode(forged), self.sts("Response signature invalid"))

    def test_refuses_an_unsigned_assertion(self):
        self.assert_refuses(handmade.encode(handmade.response_xml(self.aws.acs_url, signed=False)),
                            self.sts("Response signature invalid"))

    def test_refuses_a_second_assertion_beside_the_signed_one(self):
        xml = base64.b64decode(self.signed())
        start, end = xml.index(b"<saml2:Assertion"), xml.index(b"</saml2p:Response>")
        evil = xml[start:end].replace(b'ID="_a1"', b'ID="_a2"')
        evil = evil.replace(b"ReadOnly", b"Administrator")
        wrapped = xml[:start] + evil + xml[start:]
        self.assert_refuses(handmade.encode(wrapped), INVALID, note="exactly one Assertion")

    def test_refuses_late_responses(self):
        late = ("Token must be redeemed within 5 minutes of issuance (service: "
                "AWSSecurityTokenService; status code: 400; error code: ExpiredTokenException)")
        self.assert_lands(self.signed(age=290))
        self.assert_refuses(self.signed(age=301, lifetime=3600), late)
        self.assert_refuses(self.signed(age=61, lifetime=60), late)

    def test_refuses_a_foreign_audience(self):
        self.assert_refuses(self.signed(audience="urn:amazon:webservices:govcloud"),
                            self.sts("Response does not contain the required audience."))

    def test_refuses_a_foreign_recipient(self):
        self.assert_refuses(self.signed(recipient="https://signin.aws.amazon.com/saml"), INVALID,
                            note="Recipient")
        self.assert_refuses(self.signed(recipient=self.aws.acs_url + "/"), INVALID)

    def test_refuses_another_issuer(self):
        self.assert_refuses(
            self.signed(issuer="https://other.example.org/saml"),
            "Failed to assume role: Issuer not present in specified provider (service: "
            "AWSOpenIdDiscoveryService; status code: 400; error code: "
            "AuthSamlInvalidSamlResponseException)")

    def test_refuses_an_unknown_provider(self):
        for value in (pair("123412341234", "ReadOnly", "typo"), pair("999988887777", "ReadOnly")):
            self.assert_refuses(
                self.signed(handmade.aws_attributes([value])),
                "Specified provider doesn't exist (service: AWSOpenIdDiscoveryService; status "
                "code: 400; error code: AuthSamlManifestNotFoundException)")

    def test_refuses_a_pair_over_two_accounts(self):
        value = f"arn:aws:iam::210987654321:role/Developer,{PROVIDER}"
        self.assert_refuses(self.signed(handmade.aws_attributes([value])), *self.forbidden())

    def test_refuses_roles_that_do_not_exist_by_case_too(self):
        for name in ("Nobody", "readonly"):
            self.assert_refuses(
                self.signed(handmade.aws_attributes([pair("123412341234", name)])),
                *self.forbidden())

    def test_refuses_tags_where_the_trust_policy_lacks_tag_session(self):
        attributes = handmade.aws_attributes([pair("111122223333", "Auditor")])
        self.assert_lands(self.signed(attributes), role_name="Auditor")
        for more in ({"tags": {"team": "red"}}, {"SourceIdentity": "bob"}):
            attributes = handmade.aws_attributes([pair("111122223333", "Auditor")], **more)
            self.assert_refuses(self.signed(attributes), *self.forbidden())

    def test_refuses_a_missing_name_id(self):
        self.assert_refuses(self.signed(name_id=""), *self.forbidden())

    def test_refuses_malformed_role_values(self):
        for value in ("", "ReadOnly", ROLE, f"{ROLE}, {PROVIDER}", f" {ROLE},{PROVIDER}",
                      f"{ROLE},{PROVIDER},{ROLE},{PROVIDER}", f"{ROLE},{ROLE}",
                      f"{ROLE}/a,b,{PROVIDER}", f"{ROLE},{PROVIDER}\n"):
            with self.subTest(value):
                self.assert_refuses(self.signed(handmade.aws_attributes([value])), INVALID)
        self.assert_refuses(self.signed(handmade.aws_attributes([])), INVALID)
        attributes = handmade.aws_attributes().replace("Attributes/Role\"", "Attributes/role\"")
        self.assert_refuses(self.signed(attributes), INVALID)

    def test_refuses_session_names(self):
        self.assert_refuses(self.signed(handmade.aws_attributes(session_name=None)),
                            self.sts("RoleSessionName is required in AuthnResponse"))
        text = self.sts("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
        for name in ("b", "x" * 65, "Bob Baker", "EXAMPLE\\bob", "Jörg"):
            with self.subTest(name):
                self.assert_refuses(self.signed(handmade.aws_attributes(session_name=name)), text)

    def test_refuses_a_source_identity(self):
        self.assert_refuses(
            self.signed(handmade.aws_attributes(SourceIdentity="aws:bob")),
            self.sts('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with '
                     '"aws:"'))

    def test_refuses_durations(self):
        for value in ("899", "43201", "8h", "+900", "0900", ""):
            with self.subTest(value):
                self.assert_refuses(self.signed(handmade.aws_attributes(SessionDuration=value)),
                                    INVALID)

    def test_refuses_bad_confirmations(self):
        second = ('<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>')
        self.assert_refuses(self.signed(second_confirmation=second), INVALID)

    def test_refuses_a_failing_status(self):
        _, _, _ = self.aws.sign_in(self.signed(status="Responder"))
        self.assertEqual(self.aws.refusals[-1].code, "IDPRejectedClaim")
        self.assertEqual(self.aws.refusals[-1].status, 403)

    def test_refuses_what_is_no_base64_and_no_xml(self):
        base64_text = ("Invalid base64 SAMLResponse (service: AWSOpenIdDiscoveryService; status "
                       "code: 400; error code: AuthSamlInvalidSamlResponseException)")
        good = self.signed()
        self.assert_refuses(urllib.parse.quote(good, safe=""), base64_text)
        self.assert_refuses(good[:100] + "\n" + good[100:], base64_text)
        self.assert_refuses(handmade.encode(b"<a>"), INVALID)
        self.assert_refuses(handmade.encode(b"<!DOCTYPE a><a/>"), INVALID, note="document type")
        self.assert_refuses(handmade.encode(b"<a/>"), INVALID)

    def test_refuses_what_the_schema_refuses(self):
        self.assert_refuses(self.signed(attributes="<saml2:Attribute/>"), INVALID, note="schema")

    def test_refuses_too_much(self):
        self.aws.sign_in("A" * 100_001)
        self.assertIn("1 validation error detected: Value at 'sAMLAssertion' failed to satisfy "
                      "constraint: ", self.aws.refusals[-1].message)

    def test_serves_a_browser(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        form = urllib.parse.urlencode({"SAMLResponse": self.signed(),
                                       "RelayState": "https://x/<b>"})
        with urllib.request.urlopen(self.aws.acs_url, form.encode(), context=context,
                                    timeout=20) as answer:
            page = answer.read().decode()
        self.assertIn("assumed-role/ReadOnly/bob", page)
        self.assertIn("https://x/&lt;b&gt;", page)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.aws.acs_url, b"SAMLResponse=AAAA", context=context,
                                   timeout=20)
        with refused.exception as answer:
            self.assertIn(INVALID, answer.read().decode())

    @staticmethod
    def sts(text, code="InvalidIdentityToken"):
        return f"{text} (service: AWSSecurityTokenService; status code: 400; error code: {code})"

    @staticmethod
    def forbidden():
        return ("Not authorized to perform sts:AssumeRoleWithSAML (service: "
                "AWSSecurityTokenService; status code: 403; error code: AccessDenied)", 403)


class MetadataTest(StandInTest):

    def test_refuses_documents_that_iam_refuses(self):
        good = handmade.metadata([self.certificate])
        _, weak = handmade.make_key(self.folder.name, "weak", bits=512)
        for name, document in (("BOM", b"\xef\xbb\xbf" + good), ("short", b"<a/>" * 9),
                               ("schema", good.replace(b"IDPSSODescriptor", b"Other")),
                               ("no key", b"<x>" + b" " * 1000 + b"</x>"),
                               ("weak", handmade.metadata([weak, weak]))):
            with self.subTest(name), self.assertRaises(iam.MetadataError):
                iam.read_metadata(document)

    def test_knows_nobody_before_an_upload(self):
        aws = AwsStandIn(DATA / "accounts.json", self.certificate, self.key)
        self.addCleanup(aws.stop)
        self.assertEqual(aws.sign_in(self.signed(recipient=aws.acs_url))[0], 400)
        self.assertEqual(aws.refusals[-1].inner, "AuthSamlManifestNotFoundException")

    def test_name_qualifier_is_that_of_the_formula(self):
        # aws-saml.md 2.4: computed there from AWS's sample inputs.
        self.assertEqual(iam.name_qualifier("https://example.com/saml",
                                            "arn:aws:iam::123456789012:saml-provider/MySAMLIdP"),
                         "1uAJanUnBc2XeUkHURMht+xam2c=")


class AwsCommandLineTest(StandInTest):
    """The real `aws` of Debian's package against the STS listener."""

    def aws_cli(self, saml_response, *more, role=ROLE, provider=PROVIDER):
        path = pathlib.Path(self.folder.name, "response.b64")
        path.write_text(saml_response, encoding="ascii")
        return subprocess.run(
            ["/usr/bin/aws", "sts", "assume-role-with-saml", "--endpoint-url", self.aws.sts_url,
             "--region", "us-east-1", "--output", "json", "--role-arn", role, "--principal-arn",
             provider, "--saml-assertion", f"file://{path}", *more], capture_output=True, text=True,
            check=False, timeout=120,
            env={"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "LC_ALL": "C.UTF-8",
                 "AWS_EC2_METADATA_DISABLED": "true"})

    def test_gets_credentials_and_every_member(self):
        attributes = handmade.aws_attributes(SourceIdentity="bob", tags={"team": "red"})
        run = self.aws_cli(self.signed(attributes))
        self.assertEqual(run.returncode, 0, run.stderr)
        answer = json.loads(run.stdout)
        self.assertEqual(set(answer["Credentials"]), {"AccessKeyId", "SecretAccessKey",
                                                      "SessionToken", "Expiration"})
        self.assertEqual(answer["AssumedRoleUser"]["Arn"],
                         "arn:aws:sts::123412341234:assumed-role/ReadOnly/bob")
        self.assertRegex(answer["AssumedRoleUser"]["AssumedRoleId"], "^AROA[A-Z2-7]{17}:bob$")
        self.assertEqual((answer["Subject"], answer["SubjectType"], answer["Issuer"]),
                         ("a1b2c3", "persistent", handmade.ENTITY_ID))
        self.assertEqual(answer["Audience"], self.aws.acs_url)  # the Recipient, R5
        self.assertEqual(answer["NameQualifier"], iam.name_qualifier(handmade.ENTITY_ID, PROVIDER))
        self.assertEqual(answer["SourceIdentity"], "bob")
        self.assertIn("PackedPolicySize", answer)

    def test_is_told_why_not(self):
        text = self.signed()
        forged = handmade.encode(base64.b64decode(text).replace(b"/ReadOnly,", b"/ReadOnlx,"))
        for what, run, code, words in (
                ("byte", self.aws_cli(forged), "InvalidIdentityToken",
                 "Response signature invalid"),
                ("late", self.aws_cli(self.signed(age=301, lifetime=900)), "ExpiredTokenException",
                 "Token must be redeemed within 5 minutes of issuance"),
                ("role", self.aws_cli(text, role=ROLE + "x"), "AccessDenied",
                 "Not authorized to perform sts:AssumeRoleWithSAML"),
                ("order", self.aws_cli(text, role=PROVIDER, provider=ROLE), "ValidationError",
                 "Request ARN is invalid"),
                ("duration", self.aws_cli(
                    self.signed(handmade.aws_attributes([pair("123412341234", "Administrator")])),
                    "--duration-seconds", "43200", role="arn:aws:iam::123412341234:role/"
                    "Administrator"), "ValidationError", "The requested DurationSeconds exceeds "
                 "the MaxSessionDuration set for this role."),
                ("policy", self.aws_cli(text, "--policy", "{"), "MalformedPolicyDocument", "JSON")):
            with self.subTest(what):
                self.assertNotEqual(run.returncode, 0)
                self.assertIn(f"({code}) when calling the AssumeRoleWithSAML operation: ",
                              run.stderr)
                self.assertIn(words, run.stderr)

    def test_session_duration_only_shortens(self):
        text = self.signed(handmade.aws_attributes(SessionDuration="1800"))
        for asked, granted in (("7200", 1800), ("900", 900)):
            run = self.aws_cli(text, "--duration-seconds", asked)
            self.assertEqual(run.returncode, 0, run.stderr)
            end = datetime.datetime.fromisoformat(
                json.loads(run.stdout)["Credentials"]["Expiration"])
            left = (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
            self.assertAlmostEqual(left, granted, delta=120)


if __name__ == "__main__":
    unittest.main()
