"""A SAMLResponse as AWS reads it: bytes of a stranger -> facts, or the refusal AWS gives."""

import base64
import binascii
import dataclasses
import datetime
import os
import pathlib
import re
import subprocess
import tempfile

from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from aws_stand_in import errors

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NAMESPACES = {"saml": SAML, "samlp": SAMLP, "ds": DS}

ATTRIBUTE_PREFIX = "https://aws.amazon.com/SAML/Attributes/"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

# R9: the formats with which AWS lets people into the console.
NAME_ID_FORMATS = frozenset(
    [f"urn:oasis:names:tc:SAML:2.0:nameid-format:{name}"
     for name in ("persistent", "transient", "kerberos", "entity")] +
    [f"urn:oasis:names:tc:SAML:1.1:nameid-format:{name}"
     for name in ("emailAddress", "unspecified", "X509SubjectName", "WindowsDomainQualifiedName")])

# 3.2: the entity id of the commercial partition, and what is seen to work beside it.
AUDIENCES = frozenset(["urn:amazon:webservices", "https://signin.aws.amazon.com/saml"])

# R14: what is known to work.
SIGNATURE_METHODS = frozenset(["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                               "http://www.w3.org/2000/09/xmldsig#rsa-sha1"])
TRANSFORMS = frozenset(["http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                        "http://www.w3.org/2001/10/xml-exc-c14n#"])

MAX_RESPONSE = 100_000  # R16, characters of base64
REDEEM_WITHIN = datetime.timedelta(minutes=5)  # R11

SCHEMAS = pathlib.Path("/usr/share/xml/opensaml")
CATALOG = pathlib.Path(__file__).resolve().parents[2] / "data" / "aws" / "catalog.xml"

SESSION_NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
ROLE_ARN = re.compile(r"arn:aws:iam::([0-9]{12}):role/(?:[!-~]+/)?([A-Za-z0-9_+=.@-]{1,64})")
PROVIDER_ARN = re.compile(r"arn:aws:iam::([0-9]{12}):saml-provider/([A-Za-z0-9_.-]{1,128})")
# UG-tags prints [\p{L}\p{Z}\p{N}_.:/=+\-@]; \w is \p{L}\p{N} and the underscore.
TAG_TEXT = re.compile(r"[\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*")


@dataclasses.dataclass(frozen=True)
class Response:
    """What stands in a response; nothing here is believed before `verify_signature`."""
    xml: bytes
    issuer: str
    issue_instant: datetime.datetime
    recipient: str
    not_before: datetime.datetime
    not_on_or_after: datetime.datetime
    audiences: tuple
    name_id: str
    name_id_format: str
    session_not_on_or_after: datetime.datetime
    attributes: dict  # name -> list of texts

    def aws(self, name):
        """The values of one of AWS's own attributes; empty where it is absent (2.1)."""
        return self.attributes.get(ATTRIBUTE_PREFIX + name, [])

    def role_pairs(self):
        """[(role ARN, provider ARN)], whichever order they stand in (2.2)."""
        values = self.aws("Role")
        if not values:
            raise errors.invalid_response("no attribute Role")
        return [_role_pair(value) for value in values]

    def session_name(self):
        values = self.aws("RoleSessionName")
        if not values or values == [""]:
            raise errors.session_name_missing()
        if len(values) != 1:
            raise errors.invalid_response("RoleSessionName has several values")
        if not SESSION_NAME.fullmatch(values[0]):
            raise errors.session_name_malformed(values[0])
        return values[0]

    def session_duration(self):
        """Seconds, or None where the attribute is absent (2.3)."""
        values = self.aws("SessionDuration")
        if not values:
            return None
        if len(values) != 1 or not re.fullmatch(r"[1-9][0-9]{2,4}", values[0]):
            raise errors.invalid_response(f"SessionDuration {values}")
        if not 900 <= int(values[0]) <= 43200:
            raise errors.invalid_response(f"SessionDuration {values[0]} is not 900 to 43200")
        return int(values[0])

    def tags(self):
        """{key: value} of PrincipalTag:{key}, within 2.1's limits."""
        prefix = ATTRIBUTE_PREFIX + "PrincipalTag:"
        tags = {}
        for name, values in self.attributes.items():
            if not name.startswith(prefix):
                continue
            key = name[len(prefix):]
            if len(values) != 1:
                raise errors.invalid_tags(f"tag {key} has {len(values)} values")
            _check_tag(key, values[0], tags)
            tags[key] = values[0]
        if len(tags) > 50:
            raise errors.invalid_tags(f"{len(tags)} tags; 50 are allowed")
        return tags

    def transitive_tag_keys(self):
        keys = self.aws("TransitiveTagKeys")
        for key in keys:
            if key not in self.tags():
                raise errors.invalid_tags(f"TransitiveTagKeys names {key}, which is not sent")
        return keys

    def source_identity(self):
        values = self.aws("SourceIdentity")
        if not values:
            return None
        if len(values) != 1 or not SESSION_NAME.fullmatch(values[0]) or \
                values[0].lower().startswith("aws:"):
            raise errors.source_identity_malformed(str(values))
        return values[0]

    def check_window(self, now):
        """R10 and R11, with no tolerance: what AWS grants of it is not documented (R12)."""
        if now - self.issue_instant > REDEEM_WITHIN:
            raise errors.expired(f"issued {self.issue_instant}")
        if now >= self.not_on_or_after:
            raise errors.expired(f"not on or after {self.not_on_or_after}")
        if self.not_before and now < self.not_before:
            raise errors.invalid_response(f"not before {self.not_before}")
        if self.issue_instant - now > datetime.timedelta(seconds=60):
            raise errors.invalid_response(f"issued in the future: {self.issue_instant}")

    def check_audience(self):
        if not AUDIENCES.intersection(self.audiences):
            raise errors.wrong_audience(f"audiences {list(self.audiences)}")


def _check_tag(key, value, others):
    if not 1 <= len(key) <= 128 or len(value) > 256:
        raise errors.invalid_tags(f"length of {key}")
    if not TAG_TEXT.fullmatch(key) or not TAG_TEXT.fullmatch(value):
        raise errors.invalid_tags(f"a character in {key}")
    if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
        raise errors.invalid_tags(f"{key} begins with aws:")
    if key.lower() in (other.lower() for other in others):
        raise errors.invalid_tags(f"{key} twice, but for case")


def _role_pair(value):
    parts = value.split(",")
    if len(parts) != 2:
        raise errors.invalid_response(f"Role value with {len(parts)} parts: {value}")
    if PROVIDER_ARN.fullmatch(parts[0]):
        parts.reverse()
    if not ROLE_ARN.fullmatch(parts[0]) or not PROVIDER_ARN.fullmatch(parts[1]):
        raise errors.invalid_response(f"Role value that is no pair of ARNs: {value}")
    return parts[0], parts[1]


def read(text):
    """The facts in `text`, the value of the form field SAMLResponse."""
    if not 4 <= len(text) <= MAX_RESPONSE:
        bound = ("greater than or equal to 4" if len(text) < 4 else
                 f"less than or equal to {MAX_RESPONSE}")
        raise errors.bad_parameter("sAMLAssertion", f"Member must have length {bound}")
    try:
        xml = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise errors.invalid_base64(str(error)) from error
    root = parse_xml(xml)
    if root.tag != f"{{{SAMLP}}}Response":
        raise errors.invalid_response(f"the root is {root.tag}")
    problem = schema_problem(xml, "saml-schema-protocol-2.0.xsd")
    if problem:
        raise errors.invalid_response(f"schema: {problem}")
    status = root.find("samlp:Status/samlp:StatusCode", NAMESPACES).get("Value")
    if status != SUCCESS:
        raise errors.rejected_claim(status)
    _check_ids(root)
    return _facts(xml, root, _only(root, "saml:Assertion", "Response"))


def parse_xml(xml):
    """The root of `xml`; a document type is refused, and nothing is fetched or expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False,
                             huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise errors.invalid_response(f"XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise errors.invalid_response("a document type declaration")
    return root


def schema_problem(xml, schema):
    """What xmllint says against one of OASIS's schemas, or '' where `xml` is valid."""
    run = subprocess.run(
        ["xmllint", "--nonet", "--noout", "--schema", str(SCHEMAS / schema), "-"], input=xml,
        capture_output=True, check=False,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "XML_CATALOG_FILES": str(CATALOG)})
    return "" if run.returncode == 0 else run.stderr.decode(errors="replace").strip()[:2000]


def _check_ids(root):
    if len(root.findall(".//saml:Assertion", NAMESPACES)) != 1 or \
            root.find(".//saml:EncryptedAssertion", NAMESPACES) is not None:
        raise errors.invalid_response("not exactly one Assertion")
    ids = [element.get("ID") for element in root.iter() if element.get("ID") is not None]
    if len(ids) != len(set(ids)):
        raise errors.invalid_response("an ID twice")


def _facts(xml, root, assertion):
    issuer = _text(_only(assertion, "saml:Issuer", "Assertion"))
    outer = root.find("saml:Issuer", NAMESPACES)
    if outer is not None and _text(outer) != issuer:
        raise errors.invalid_response("two issuers")  # R3
    data = _confirmation(assertion)
    conditions = _only(assertion, "saml:Conditions", "Assertion")
    name_id = assertion.find("saml:Subject/saml:NameID", NAMESPACES)
    statement = _only(assertion, "saml:AuthnStatement", "Assertion")
    ends = [data.get("NotOnOrAfter"), conditions.get("NotOnOrAfter")]
    if None in ends:
        raise errors.invalid_response("a NotOnOrAfter is missing")  # R10
    return Response(
        xml=xml,
        issuer=issuer,
        issue_instant=_instant(assertion.get("IssueInstant")),
        recipient=data.get("Recipient"),
        not_before=_instant(conditions.get("NotBefore")),
        not_on_or_after=min(_instant(end) for end in ends),
        audiences=tuple(_text(element) for element in conditions.findall(
            "saml:AudienceRestriction/saml:Audience", NAMESPACES)),
        name_id="" if name_id is None else _text(name_id),
        name_id_format="" if name_id is None else name_id.get("Format", ""),
        session_not_on_or_after=_instant(statement.get("SessionNotOnOrAfter")),
        attributes=_attributes(assertion))


def _confirmation(assertion):
    """R4: exactly one, bearer, with Recipient and NotOnOrAfter."""
    confirmation = _only(_only(assertion, "saml:Subject", "Assertion"), "saml:SubjectConfirmation",
                         "Subject")
    if confirmation.get("Method") != BEARER:
        raise errors.invalid_response(f'confirmation {confirmation.get("Method")}')
    data = _only(confirmation, "saml:SubjectConfirmationData", "SubjectConfirmation")
    if not data.get("Recipient") or not data.get("NotOnOrAfter"):
        raise errors.invalid_response("SubjectConfirmationData lacks Recipient or NotOnOrAfter")
    if data.get("NotBefore") is not None:
        raise errors.invalid_response("SAML Profiles 4.1.4.2: NotBefore on SubjectConfirmationData")
    return data


def _attributes(assertion):
    attributes = {}
    for element in _only(assertion, "saml:AttributeStatement", "Assertion"):
        if element.tag != f"{{{SAML}}}Attribute":
            raise errors.invalid_response(f"{element.tag} in AttributeStatement")
        name = element.get("Name")
        if name in attributes:
            raise errors.invalid_response(f"attribute {name} twice")  # 2.4: each at most once
        values = [_text(value) for value in element]
        if name.startswith(ATTRIBUTE_PREFIX):
            for value in values:
                if value != value.strip():
                    raise errors.invalid_response(f"white space around a value of {name}")  # R20
        attributes[name] = values
    return attributes


def _only(parent, path, what):
    found = parent.findall(path, NAMESPACES)
    if len(found) != 1:
        raise errors.invalid_response(f"{len(found)} {path} in {what}")
    return found[0]


def _text(element):
    if len(element):
        raise errors.invalid_response(f"markup inside {element.tag}")
    return element.text or ""


def _instant(text):
    if text is None:
        return None
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", text)
    if not match:
        raise errors.invalid_response(f"instant {text}")
    return datetime.datetime.strptime(match[1] + "Z", "%Y-%m-%dT%H:%M:%S%z")


def verify_signature(response, certificates):
    """The Assertion is signed by the key of one of `certificates` (PEM texts), whole and alone.

    xmlsec1 checks it; what it would take too lightly is checked before: that the one Reference is
    to this very Assertion. KeyInfo is not looked at, the key is the uploaded one.
    """
    root = parse_xml(response.xml)
    assertion = root.find("saml:Assertion", NAMESPACES)
    signature = assertion.find("ds:Signature", NAMESPACES)
    if signature is None:
        raise errors.bad_signature("the Assertion is not signed")  # R13
    _check_signature_shape(assertion, signature)
    paths = ["/*/*[local-name()='Assertion']/*[local-name()='Signature']"]
    if root.find("ds:Signature", NAMESPACES) is not None:
        paths.append("/*/*[local-name()='Signature']")
    with tempfile.TemporaryDirectory(prefix="aws-stand-in-") as folder:
        document = pathlib.Path(folder, "response.xml")
        document.write_bytes(response.xml)
        said = [_xmlsec1(document, pathlib.Path(folder), certificate, paths)
                for certificate in certificates]
    if "" not in said:
        raise errors.bad_signature("; ".join(said)[:500] or "no certificate was uploaded")


def _check_signature_shape(assertion, signature):
    references = signature.findall(".//ds:Reference", NAMESPACES)
    if len(references) != 1 or references[0].get("URI") != "#" + assertion.get("ID"):
        raise errors.bad_signature("the Reference is not to the Assertion")
    method = signature.find("ds:SignedInfo/ds:SignatureMethod", NAMESPACES).get("Algorithm")
    if method not in SIGNATURE_METHODS:
        raise errors.bad_signature(f"SignatureMethod {method}")
    transforms = [element.get("Algorithm")
                  for element in references[0].findall(".//ds:Transform", NAMESPACES)]
    if set(transforms) != TRANSFORMS:
        raise errors.bad_signature(f"transforms {transforms}")


def _xmlsec1(document, folder, certificate, paths):
    """'' where all signatures at `paths` hold under `certificate`, else what xmlsec1 says."""
    pem = folder / "certificate.pem"
    pem.write_text(certificate, encoding="ascii")
    for path in paths:
        run = subprocess.run(
            ["xmlsec1", "--verify", "--enabled-reference-uris", "same-doc",
             # Without x509 among these, the certificate inside the document is not looked at.
             "--enabled-key-data", "rsa", "--id-attr:ID", f"{SAML}:Assertion", "--id-attr:ID",
             f"{SAMLP}:Response", "--pubkey-cert-pem", str(pem), "--node-xpath", path,
             str(document)], capture_output=True, check=False)
        if run.returncode != 0:
            return (run.stdout + run.stderr).decode(errors="replace").strip() or "xmlsec1 failed"
    return ""


def check_with_toolkit(text, url, issuer, certificate):
    """OneLogin's toolkit in strict mode, as a second opinion on the whole response."""
    scheme, rest = url.split("://", 1)
    host, _, path = rest.partition("/")
    settings = OneLogin_Saml2_Settings(
        {"strict": True,
         "sp": {"entityId": "urn:amazon:webservices",
                "assertionConsumerService": {"url": url}},
         "idp": {"entityId": issuer, "x509cert": certificate,
                 "singleSignOnService": {"url": "https://unused.example.org/"}},
         "security": {"wantAssertionsSigned": True, "allowSingleLabelDomains": True,
                      "rejectDeprecatedAlgorithm": False}}, sp_validation_only=True)
    request = {"https": "on" if scheme == "https" else "off", "http_host": host,
               "script_name": "/" + path, "get_data": {}, "post_data": {}}
    toolkit = OneLogin_Saml2_Response(settings, text)
    if not toolkit.is_valid(request):
        raise errors.invalid_response(f"OneLogin toolkit: {toolkit.get_error()}")
