"""What the account holders have set up at AWS: SAML providers, roles and their trust policies."""

import base64
import dataclasses
import hashlib
import json
import re
import subprocess

from aws_stand_in import response

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = response.DS


class MetadataError(Exception):
    """IAM's refusal of a metadata document (4.1, section 7)."""


@dataclasses.dataclass
class Provider:
    arn: str
    entity_id: str = ""
    certificates: list = dataclasses.field(default_factory=list)  # PEM


@dataclasses.dataclass(frozen=True)
class Role:
    arn: str
    trust_policy: dict
    max_session_duration: int

    @property
    def account(self):
        return self.arn.split(":")[4]

    @property
    def name(self):
        return self.arn.rsplit("/", 1)[1]

    @property
    def role_id(self):
        return "AROA" + unique_id(self.arn, 17)


class Accounts:
    """Several AWS accounts. `read` takes the format of tests/data/aws/accounts.json."""

    def __init__(self):
        self.aliases = {}    # account id -> alias
        self.providers = {}  # ARN -> Provider
        self.roles = {}      # ARN -> Role

    @classmethod
    def read(cls, path, acs_urls):
        """`acs_urls` stand where the file says "${ACS_URLS}": they are the sign-in page's own."""
        accounts = cls()
        text = path.read_text(encoding="utf-8")
        for account in json.loads(text.replace('"${ACS_URLS}"', json.dumps(list(acs_urls)))):
            accounts.aliases[account["id"]] = account.get("alias", "")
            prefix = f'arn:aws:iam::{account["id"]}:'
            for name in account["saml_providers"]:
                accounts.providers[f"{prefix}saml-provider/{name}"] = Provider(
                    f"{prefix}saml-provider/{name}")
            for role in account["roles"]:
                arn = f'{prefix}role{role.get("path", "/")}{role["name"]}'
                accounts.roles[arn] = Role(arn, role["trust_policy"],
                                           role.get("max_session_duration", 3600))
        return accounts

    def upload_metadata(self, document, provider_arns=None):
        """`aws iam update-saml-provider` for some providers, or all of them."""
        entity_id, certificates = read_metadata(document)
        for arn in provider_arns or list(self.providers):
            self.providers[arn].entity_id = entity_id
            self.providers[arn].certificates = certificates


def read_metadata(document):
    """(entityID, signing certificates as PEM) of an IdP's metadata in bytes, by rules 4.1."""
    if document.startswith(b"\xef\xbb\xbf"):
        raise MetadataError("Could not parse metadata. [BOM]")
    if not 1000 <= len(document.decode("utf-8")) <= 10_000_000:
        raise MetadataError(f"Could not parse metadata. [{len(document)} characters]")
    problem = response.schema_problem(document, "saml-schema-metadata-2.0.xsd")
    if problem:
        raise MetadataError(f"Could not parse metadata. [{problem}]")
    root = response.parse_xml(document)
    keys = root.findall(f"{{{MD}}}IDPSSODescriptor/{{{MD}}}KeyDescriptor")
    texts = [key.findtext(f".//{{{DS}}}X509Certificate") for key in keys
             if key.get("use") in (None, "signing")]
    if root.tag != f"{{{MD}}}EntityDescriptor" or not 1 <= len(texts) <= 10:
        raise MetadataError("Could not parse metadata. [not an IdP with 1 to 10 signing keys]")
    return root.get("entityID"), [_checked_certificate(text) for text in texts]


def _checked_certificate(text):
    der = base64.b64decode("".join(text.split()), validate=True)
    body = base64.encodebytes(der).decode("ascii")
    pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    run = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem.encode("ascii"),
                         capture_output=True, check=False)
    shown = run.stdout.decode(errors="replace")
    bits = re.search(r"Public-Key: \((\d+) bit\)", shown)
    if not bits or int(bits[1]) < 1024:
        raise MetadataError("Could not parse metadata. [a key under 1024 bit]")  # R15
    extensions = re.findall(r"^ {12}(X509v3 [^:]+):", shown, re.MULTILINE)
    if len(extensions) != len(set(extensions)):
        raise MetadataError("Could not parse metadata. [an extension twice]")  # R15
    return pem


def allows(role, actions, provider_arn, context):
    """Whether `role`'s trust policy lets `provider_arn` do all of `actions` (5.5).

    The part of the policy language that trust policies for SAML use: Allow and Deny, a federated
    principal, StringEquals and StringLike, lists being ORed and keys compared without case.
    """
    statements = role.trust_policy["Statement"]

    def verdicts(action):
        return [statement["Effect"] for statement in statements
                if action in _listed(statement["Action"]) and
                provider_arn in _listed(statement["Principal"].get("Federated", [])) and
                _conditions_hold(statement.get("Condition", {}), context)]

    return all("Allow" in verdicts(action) and "Deny" not in verdicts(action)
               for action in actions)


def _listed(value):
    return value if isinstance(value, list) else [value]


def _conditions_hold(conditions, context):
    folded = {key.lower(): value for key, value in context.items()}
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            have = folded.get(key.lower())
            if operator == "StringEquals":
                held = have in _listed(wanted)
            elif operator == "StringLike":
                held = have is not None and any(_like(pattern, have)
                                                for pattern in _listed(wanted))
            else:
                raise ValueError(f"this stand-in does not know the operator {operator}")
            if not held:
                return False
    return True


def _like(pattern, text):
    parts = [".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def name_qualifier(issuer, provider_arn):
    """2.4: BASE64(SHA1(issuer + account id + "/" + provider name))."""
    account, name = response.PROVIDER_ARN.fullmatch(provider_arn).groups()
    digest = hashlib.sha1(f"{issuer}{account}/{name}".encode("utf-8")).digest()
    return base64.b64encode(digest).decode("ascii")


def unique_id(seed, length):
    """AWS's unique ids look like base32; the same seed gives the same id."""
    digest = hashlib.sha256(seed.encode("utf-8")).digest()
    return base64.b32encode(digest).decode("ascii")[:length]
