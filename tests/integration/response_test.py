"""What leaves the bridge, judged by others: XSDs, xmlsec1, OneLogin's toolkit, the stand-in. And
negative controls: the same checks fail once anything is not as it should be."""

import base64
import datetime
import re
import unittest

from lxml import etree

from aws_stand_in import AwsStandIn, handmade, iam, response
from stack import SOURCE
from stack_case import StackTestCase, provider, role

BOB = role("production", "ReadOnly")
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


class ResponseTest(StackTestCase):

    def setUp(self):
        self.text, _ = self.response_for("bob", BOB)
        self.xml = base64.b64decode(self.text)

    def refused_with(self, saml_response, message):
        status, _, _ = self.stack.aws.sign_in(saml_response)
        self.assertNotEqual(status, 302, "the sign-in page took it")
        self.assertIn(message, self.stack.aws.refusals[-1].message)

    def test_has_the_shape_of_the_reference(self):
        root = etree.fromstring(self.xml)
        self.assertEqual(response.schema_problem(self.xml, "saml-schema-protocol-2.0.xsd"), "")
        self.assertEqual(root.prefix, "saml2p")
        assertion = root.find(f"{SAML}Assertion")
        self.assertEqual(assertion.prefix, "saml2")
        self.assertEqual([child.tag.split("}")[1] for child in assertion],
                         ["Issuer", "Signature", "Subject", "Conditions", "AuthnStatement",
                          "AttributeStatement"])
        self.assertNotIn(b"\r", self.xml)
        self.assertNotIn(b"InResponseTo", self.xml)
        self.assertNotIn(b"SessionNotOnOrAfter", self.xml)
        data = assertion.find(f".//{SAML}SubjectConfirmationData")
        self.assertEqual(root.get("Destination"), self.stack.aws.acs_url)
        self.assertEqual(data.get("Recipient"), self.stack.aws.acs_url)
        self.assertIsNone(data.get("NotBefore"))
        method = assertion.find(f".//{DS}SignatureMethod").get("Algorithm")
        self.assertEqual(method, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        for identifier in (root.get("ID"), assertion.get("ID")):
            self.assertRegex(identifier, "^_[0-9a-f]{40}$")  # O4
        issued = datetime.datetime.fromisoformat(assertion.get("IssueInstant"))
        ends = datetime.datetime.fromisoformat(data.get("NotOnOrAfter"))
        self.assertEqual(ends - issued, datetime.timedelta(minutes=5))

    def test_survives_a_client_that_writes_it_anew(self):
        # aws-saml.md 9.2: saml2aws cuts the Response out and re-serialises it.
        again = etree.tostring(etree.fromstring(self.xml), encoding="UTF-8", xml_declaration=True)
        self.land(handmade.encode(again))

    def test_each_changed_byte_of_the_assertion_is_noticed(self):
        changes = 0
        # All but KeyInfo, which a signature does not cover and nobody should believe.
        parts = [self.xml.index(mark) for mark in (b"<saml2:Assertion", b"<ds:KeyInfo",
                                                   b"</ds:KeyInfo", b"</saml2:Assertion")]
        for position in [*range(parts[0], parts[1], 40), *range(parts[2], parts[3], 40)]:
            byte = self.xml[position]
            changed = bytes([byte ^ 1]) if chr(byte).isalnum() else b"_"
            broken = self.xml[:position] + changed + self.xml[position + 1:]
            if broken == self.xml:
                continue
            changes += 1
            status, _, _ = self.stack.aws.sign_in(handmade.encode(broken))
            self.assertNotEqual(status, 302, f"byte {position}: {self.xml[position - 40:position]}")
        self.assertGreater(changes, 50)

    def test_a_changed_role_is_noticed_by_its_signature(self):
        changed = self.xml.replace(b":role/ReadOnly,", b":role/Readonly,")
        self.assertNotEqual(changed, self.xml)
        self.refused_with(handmade.encode(changed), "Response signature invalid")

    def test_another_key_in_the_metadata_is_noticed(self):
        _, certificate = handmade.make_key(self.stack.folder / "log", "stranger")
        document = handmade.metadata([certificate], f"{self.stack.url}/saml/aws")
        good = self.stack.fetch("/saml/aws/metadata")
        self.stack.aws.upload_metadata(document)
        self.addCleanup(self.stack.aws.upload_metadata, good)
        self.refused_with(self.text, "Response signature invalid")

    def test_another_entity_id_in_the_metadata_is_noticed(self):
        good = self.stack.fetch("/saml/aws/metadata")
        self.stack.aws.upload_metadata(good.replace(b"/saml/aws\"", b"/saml/other\"", 1))
        self.addCleanup(self.stack.aws.upload_metadata, good)
        self.refused_with(self.text, "Issuer not present in specified provider")

    def test_a_late_response_is_noticed(self):
        aws = self.stack.aws
        now = aws.now
        self.addCleanup(setattr, aws, "now", now)
        aws.now = lambda: now() + datetime.timedelta(seconds=290)
        self.land(self.text)
        aws.now = lambda: now() + datetime.timedelta(seconds=301)
        self.refused_with(self.text, "Token must be redeemed within 5 minutes of issuance")

    def test_another_sign_in_page_is_noticed(self):
        other = AwsStandIn(SOURCE / "tests/data/aws/accounts.json", self.stack.etc / "tls.crt",
                           self.stack.etc / "tls.key")
        self.addCleanup(other.stop)
        other.upload_metadata(self.stack.fetch("/saml/aws/metadata"))
        self.assertEqual(other.sign_in(self.text)[0], 400)
        self.assertIn("Recipient", other.refusals[-1].note)

    def test_a_wrong_pair_at_sts_is_noticed(self):
        form = {"RoleArn": role("production", "Administrator"),
                "PrincipalArn": provider("production"), "SAMLAssertion": self.text}
        self.assertEqual(self.stack.aws.assume_role_with_saml(form)[0], 403)
        form["RoleArn"] = BOB
        self.assertEqual(self.stack.aws.assume_role_with_saml(form)[0], 200)

    def test_metadata_is_what_iam_takes(self):
        document = self.stack.fetch("/saml/aws/metadata")
        entity_id, certificates = iam.read_metadata(document)
        self.assertEqual(entity_id, f"{self.stack.url}/saml/aws")
        self.assertEqual(len(certificates), 1)
        signed_with = re.search(rb"X509Certificate>([^<]+)<", self.xml)[1]
        self.assertIn(signed_with.replace(b"\n", b""), document.replace(b"\n", b""))
        self.assertEqual(self.stack.fetch("/saml/aws/metadata"), document, "bytes are not stable")


class ForeignAudienceTest(StackTestCase):
    """The same stack with one wrong word in its configuration."""

    @staticmethod
    def edit_config(text):
        return text.replace("    preset: aws\n", "    audience: https://other.example.org/\n")

    def test_does_not_leave_the_bridge(self):
        """A page that names the rule and the place in the configuration, instead of AWS's mute
        refusal."""
        page = self.logged_in("bob").choose(BOB)
        self.assertEqual(page.status, 500)
        self.assertIn("AWS would refuse this sign-on", page.visible_text())
        self.assertRegex(page.visible_text(), r"rule R7, .*rolebridge\.yaml:[0-9]+:[0-9]+")
        self.assertEqual(self.events("response_issued"), [])


if __name__ == "__main__":
    unittest.main()
