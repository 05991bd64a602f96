"""AssumeRoleWithSAML: a response and a role -> a session, by the rules AWS documents."""

import dataclasses
import datetime
import secrets

from aws_stand_in import errors, iam, response

PERSISTENT_PREFIX = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


@dataclasses.dataclass(frozen=True)
class Session:
    """Where a person landed, and with what."""
    account: str
    account_alias: str
    role_arn: str
    role_name: str
    provider_arn: str
    session_name: str
    assumed_role_arn: str
    assumed_role_id: str
    duration: int
    expiration: datetime.datetime
    tags: dict
    transitive_tag_keys: list
    source_identity: str
    name_id: str
    subject_type: str
    issuer: str
    audience: str
    name_qualifier: str
    packed_policy_size: int
    relay_state: str = ""


def check_response(accounts, text, facts, provider_arn, url, now):
    """All that is asked of the response itself, in AWS's order; the certificates are those of the
    provider that the chosen pair names."""
    provider = accounts.providers.get(provider_arn)
    if provider is None or not provider.entity_id:
        raise errors.unknown_provider(provider_arn)
    if facts.issuer != provider.entity_id:
        raise errors.wrong_issuer(f"{facts.issuer} is not {provider.entity_id}")
    response.verify_signature(facts, provider.certificates)
    facts.check_window(now)
    facts.check_audience()
    if url is not None and facts.recipient != url:  # R5
        raise errors.invalid_response(f"Recipient {facts.recipient} is not {url}")
    if not facts.name_id:
        raise errors.not_authorized("no NameID")  # R8
    if facts.name_id_format not in response.NAME_ID_FORMATS:
        raise errors.invalid_response(f"NameID format {facts.name_id_format}")  # R9
    toolkit_certificate = provider.certificates[0]
    if len(provider.certificates) == 1:
        response.check_with_toolkit(text, facts.recipient, provider.entity_id, toolkit_certificate)


def assume_role(accounts, text, facts, role_arn, provider_arn, url, now, duration_seconds=None):
    """The session, or the AwsError that AWS answers with.

    `url`: the address that the response was posted to; None in an STS call, which has none.
    `duration_seconds`: STS's DurationSeconds; None for the console.
    """
    check_response(accounts, text, facts, provider_arn, url, now)
    if (role_arn, provider_arn) not in facts.role_pairs():
        raise errors.not_authorized(f"the response does not name {role_arn}")
    session_name = facts.session_name()
    tags, transitive = facts.tags(), facts.transitive_tag_keys()
    source_identity = facts.source_identity()
    role = accounts.roles.get(role_arn)
    if role is None:
        raise errors.not_authorized(f"{role_arn} does not exist")
    if provider_arn.split(":")[4] != role.account:
        raise errors.not_authorized("role and provider are in different accounts")  # R25
    if role.name.startswith("AWSReservedSSO_"):
        raise errors.not_authorized("a role of Identity Center")  # R24
    actions = ["sts:AssumeRoleWithSAML"]
    actions += ["sts:TagSession"] if tags else []
    actions += ["sts:SetSourceIdentity"] if source_identity else []
    subject_type = facts.name_id_format.removeprefix(PERSISTENT_PREFIX)
    qualifier = iam.name_qualifier(facts.issuer, provider_arn)
    context = {"saml:aud": facts.recipient, "saml:iss": facts.issuer, "saml:sub": facts.name_id,
               "saml:sub_type": subject_type, "saml:namequalifier": qualifier,
               "saml:doc": provider_arn.split(":")[4] + "/" + provider_arn.rsplit("/", 1)[1],
               "sts:RoleSessionName": session_name}
    context.update({f"aws:RequestTag/{key}": value for key, value in tags.items()})
    if not iam.allows(role, actions, provider_arn, context):
        raise errors.not_authorized(f"the trust policy does not allow {actions} with {context}")
    packed = packed_policy_size(tags)
    if packed > 100:
        raise errors.packed_policy_too_large(packed)
    seconds = _session_seconds(facts, role, now, duration_seconds)
    return Session(
        account=role.account, account_alias=accounts.aliases.get(role.account, ""),
        role_arn=role_arn, role_name=role.name, provider_arn=provider_arn,
        session_name=session_name,
        assumed_role_arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{session_name}",
        assumed_role_id=f"{role.role_id}:{session_name}", duration=seconds,
        expiration=now + datetime.timedelta(seconds=seconds), tags=tags,
        transitive_tag_keys=transitive, source_identity=source_identity, name_id=facts.name_id,
        subject_type=subject_type, issuer=facts.issuer, audience=facts.recipient,
        name_qualifier=qualifier, packed_policy_size=packed)


def _session_seconds(facts, role, now, duration_seconds):
    """2.3 and R18: for the console SessionDuration, for STS the least of all that is said."""
    attribute = facts.session_duration()
    if duration_seconds is None:
        bounds = [attribute or 3600]
    else:
        if duration_seconds > role.max_session_duration:
            raise errors.duration_above_maximum()
        bounds = [duration_seconds] + ([attribute] if attribute else [])
    if facts.session_not_on_or_after:
        bounds.append(int((facts.session_not_on_or_after - now).total_seconds()))
    return min(bounds)


def packed_policy_size(tags):
    """Percent. AWS does not publish the packing; this counts the tags' bytes against 8 KiB, which
    refuses no realistic set and does refuse fifty tags of full length."""
    return sum(len(f"{key}{value}".encode("utf-8")) for key, value in tags.items()) * 100 // 8192


def credentials():
    """(AccessKeyId, SecretAccessKey, SessionToken) in the shape of real ones; they open nothing."""
    return ("ASIA" + iam.unique_id(secrets.token_hex(16), 16), secrets.token_urlsafe(30),
            "FwoGZXIvYXdzE" + secrets.token_urlsafe(240))
