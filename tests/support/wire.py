"""The issuer protocol's bytes, written from the words of bridge/protocol/protocol.h and
bridge/base/wire.h and not from their code: a second reader of that specification."""

SETTINGS, BEGIN_LOGIN, ANSWER, DESCRIBE, ISSUE, END_SESSION, METADATA, STATUS, METRICS = range(1, 10)
REFUSED = 0xff
VERSION = 1


def number(value):
    return value.to_bytes(4, "big")


def text(value):
    data = value if isinstance(value, bytes) else value.encode("utf-8")
    return number(len(data)) + data


def texts(values):
    return number(len(values)) + b"".join(text(value) for value in values)


def context(request_id="0123456789abcdef", address="192.0.2.7", agent="hostile", version=VERSION):
    return bytes([version]) + text(request_id) + text(address) + text(agent)


def message(kind, *fields, head=None):
    return bytes([kind]) + (context() if head is None else head) + b"".join(fields)


def facts(present=False, identifier="", issuer="", acs_url="", force=False, passive=False,
          contexts=(), comparison=0):
    return (bytes([present]) + text(identifier) + text(issuer) + text(acs_url) +
            bytes([force, passive]) + texts(contexts) + bytes([comparison]))


def begin_login(username, secret, device="", level="", session=""):
    return message(BEGIN_LOGIN, text(username), text(secret), text(device), text(level),
                   text(session))


def describe(session, application="", first_role=0, with_reasons=False):
    return message(DESCRIBE, text(session), text(application), number(first_role),
                   bytes([with_reasons]))


def issue(session, application, role, request=None, relay_state=""):
    return message(ISSUE, text(session), text(application), text(role),
                   facts() if request is None else request, text(relay_state))


def metadata(application):
    return message(METADATA, text(application))
