"""Responses made by hand for the tests of the stand-in: text with holes, signed by xmlsec1.

They come from neither the bridge nor the stand-in's reader, so that the two can't agree by mistake.
"""

import base64
import datetime
import pathlib
import subprocess
from xml.sax.saxutils import escape, quoteattr

ENTITY_ID = "https://idp.example.org/saml"
PREFIX = "https://aws.amazon.com/SAML/Attributes/"
ROLE = "arn:aws:iam::123412341234:role/ReadOnly"
PROVIDER = "arn:aws:iam::123412341234:saml-provider/rolebridge"

_SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>\
<ds:Reference URI="#{id}"><ds:Transforms>\
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>\
</ds:Reference></ds:SignedInfo><ds:SignatureValue/>\
<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"""

_RESPONSE = """<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" \
Version="2.0" IssueInstant="{issued}" Destination={recipient}>\
<saml2:Issuer xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml2:Issuer>\
<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/>\
</saml2p:Status><saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" \
Version="2.0" IssueInstant="{issued}"><saml2:Issuer>{issuer}</saml2:Issuer>{signature}\
<saml2:Subject>{name_id}<saml2:SubjectConfirmation \
Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData \
NotOnOrAfter="{ends}" Recipient={recipient}/></saml2:SubjectConfirmation>{second_confirmation}\
</saml2:Subject><saml2:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}">\
<saml2:AudienceRestriction><saml2:Audience>{audience}</saml2:Audience>\
</saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="{issued}" \
SessionIndex="_s1"{session_end}><saml2:AuthnContext><saml2:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef>\
</saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement>{attributes}\
</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"""


def make_key(folder, name, bits=2048):
    """A key and a self-signed certificate by openssl: (key file, certificate file)."""
    key, certificate = pathlib.Path(folder, name + ".key"), pathlib.Path(folder, name + ".crt")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-days", "2", "-subj",
         "/CN=" + name, "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
         str(certificate)], check=True, capture_output=True)
    return key, certificate


def metadata(certificates, entity_id=ENTITY_ID):
    """A metadata document in bytes, over the 1000 characters that IAM asks for."""
    keys = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        "<ds:X509Data><ds:X509Certificate>" +
        "".join(path.read_text(encoding="ascii").splitlines()[1:-1]) +
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for path in certificates)
    return (f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID='
            f"{quoteattr(entity_id)}><md:IDPSSODescriptor protocolSupportEnumeration="
            f'"urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleSignOnService Binding='
            '"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.org/"'
            "/></md:IDPSSODescriptor></md:EntityDescriptor>").encode("utf-8")


def attribute(name, *values):
    return (f"<saml2:Attribute Name={quoteattr(name)}>" +
            "".join(f"<saml2:AttributeValue>{escape(value)}</saml2:AttributeValue>"
                    for value in values) + "</saml2:Attribute>")


def aws_attributes(roles=(f"{ROLE},{PROVIDER}",), session_name="bob", **more):
    """The AttributeStatement's content; `more`: SessionDuration="900", tags={"team": "red"}, ..."""
    parts = [attribute(PREFIX + "Role", *roles)] if roles else []
    if session_name is not None:
        parts.append(attribute(PREFIX + "RoleSessionName", session_name))
    for key, value in more.pop("tags", {}).items():
        parts.append(attribute(PREFIX + "PrincipalTag:" + key, value))
    for name, value in more.items():
        parts.append(attribute(PREFIX + name, *([value] if isinstance(value, str) else value)))
    return "".join(parts) or attribute("unused", "x")


def response_xml(recipient, attributes=None, age=0, lifetime=300, signed=True, **holes):
    """The text of a response issued `age` seconds ago that lives for `lifetime` seconds."""
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)

    def instant(seconds):
        return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    values = {
        "issued": instant(0), "begins": instant(-60), "ends": instant(lifetime),
        "recipient": quoteattr(recipient), "issuer": ENTITY_ID, "status": "Success",
        "signature": _SIGNATURE.format(id="_a1") if signed else "",
        "name_id": '<saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
                   "a1b2c3</saml2:NameID>",
        "second_confirmation": "", "audience": "urn:amazon:webservices", "session_end": "",
        "attributes": aws_attributes() if attributes is None else attributes}
    values.update(holes)
    return _RESPONSE.format(**values)


def sign(xml, key, certificate):
    """`xml` with its one signature template filled in, in bytes."""
    run = subprocess.run(
        ["xmlsec1", "--sign", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
         "--privkey-pem", f"{key},{certificate}", "-"], input=xml.encode("utf-8"),
        capture_output=True, check=True)
    return run.stdout


def encode(xml):
    return base64.b64encode(xml if isinstance(xml, bytes) else xml.encode("utf-8")).decode("ascii")
