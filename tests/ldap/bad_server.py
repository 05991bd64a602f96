#!/usr/bin/python3
"""A directory server that misbehaves: bad_server.py SCRIPT

Prints its port on the loopback interface and its unix socket (percent-encoded, for an ldapi URI),
one a line, serves both, and ends with its standard input. What it says is built byte by byte after
RFC 4511, so that it can also say what no server says.
"""

import os
import re
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.parse

BIND, SEARCH, EXTENDED, UNBIND = 0x60, 0x63, 0x77, 0x42
PERSON = "uid=alice,ou=people,dc=example,dc=org"
GROUP = "cn=admins,ou=groups,dc=example,dc=org"


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        length = bytes([len(body)])
    else:
        digits = len(body).to_bytes(4, "big")
        length = b"\x84" + digits
    return bytes([tag]) + length + body


def text(value, tag=0x04):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def message(message_id, operation):
    return tlv(0x30, tlv(0x02, struct.pack(">I", message_id)), operation)


def result(message_id, tag, code, *more):
    return message(message_id, tlv(tag, tlv(0x0a, bytes([code])), text(""), text(""), *more))


def entry(message_id, dn, attributes):
    listed = [tlv(0x30, text(name), tlv(0x31, *[text(value) for value in values]))
              for name, values in attributes.items()]
    return message(message_id, tlv(0x64, text(dn), tlv(0x30, *listed)))


def done(message_id, code=0):
    return result(message_id, 0x65, code)


def reference(message_id, dn="ou=elsewhere,dc=example,dc=org"):
    return message(message_id, tlv(0x73, text(f"ldap://192.0.2.1/{dn}")))


def alice(message_id, **more):
    return entry(message_id, PERSON, {"uid": ["alice"], **more})


def admins(message_id, **more):
    return entry(message_id, GROUP, {"cn": ["admins"], **more})


class Client:
    """One connection: reads requests and answers as a good server would, unless a script objects."""

    number = 0
    lock = threading.Lock()

    def __init__(self, connection, script):
        self.connection = connection
        self.script = script
        self.searches = 0
        self.body = b""
        with Client.lock:
            Client.number += 1
            self.number = Client.number

    def read(self, count):
        data = b""
        while len(data) < count:
            chunk = self.connection.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def request(self):
        """The next request: its message id, the tag of its operation and its bytes."""
        _, first = self.read(2)
        length = first
        if first >= 128:
            length = int.from_bytes(self.read(first - 128), "big")
        body = self.read(length)
        id_length = body[1]
        return int.from_bytes(body[2:2 + id_length], "big"), body[2 + id_length], body

    def send(self, data):
        self.connection.sendall(data)

    def slowly(self, data):
        for byte in data:
            self.send(bytes([byte]))
            time.sleep(1)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise EOFError

    def silence(self):
        while self.connection.recv(4096):
            pass
        raise EOFError

    def serve(self):
        try:
            at_once = SCRIPTS_AT_ONCE.get(self.script)
            if at_once:
                at_once(self)
            while True:
                message_id, operation, body = self.request()
                self.answer(message_id, operation, body)
        except (EOFError, OSError):
            pass
        finally:
            self.connection.close()

    def answer(self, message_id, operation, body):
        if operation == UNBIND:
            raise EOFError
        if operation == BIND:
            self.send(result(message_id, 0x61, 49 if self.script == "wrong-password" else 0))
        elif operation == EXTENDED:
            SCRIPTS_OF_STARTTLS.get(self.script, starttls_refused)(self, message_id)
        elif operation == SEARCH:
            self.searches += 1
            self.body = body
            is_for_people = b"ou=people" in body[:60]
            good = people if is_for_people else GROUPS_OF.get(self.script.split("-")[0], groups)
            scripts = SCRIPTS_OF_PEOPLE if is_for_people else SCRIPTS_OF_GROUPS
            scripts.get(self.script, good)(self, message_id)


def people(client, message_id):
    client.send(alice(message_id) + done(message_id))


def groups(client, message_id):
    client.send(admins(message_id, awsRole=["Admin"]) + done(message_id))


def starttls_refused(client, message_id):
    client.send(result(message_id, 0x78, 52))


def starttls_success(message_id):
    return result(message_id, 0x78, 0)


def closes_on_second_lookup(client, message_id):
    # One lookup is two searches; only the first connection is that rude.
    if client.number == 1 and client.searches > 2:
        raise EOFError
    people(client, message_id)


def endless(client, message_id):
    while True:
        client.send(admins(message_id))


def endless_references(client, message_id):
    while True:
        client.send(100 * reference(message_id, "CN=Configuration,dc=example,dc=org"))


def code(number):
    return lambda client, message_id: client.send(done(message_id, number))


def entry_and_code(number):
    return lambda client, message_id: client.send(admins(message_id) + done(message_id, number))


# ---- as Active Directory answers ---------------------------------------------------------------


def sid(rid, domain=7):
    return struct.pack("<BB6s5I", 1, 5, b"\0\0\0\0\0\5", 21, domain, domain, domain, rid)


ALICE, PRIMARY, FIRST_GROUP = 1101, 513, 2000
# What a person's entry has there.
DOMAIN_PERSON = {"objectSid": [sid(ALICE)], "primaryGroupID": [str(PRIMARY)],
                 "userAccountControl": ["512"], "msDS-User-Account-Control-Computed": ["0"],
                 "accountExpires": ["0"]}


def in_domain(groups=1, token=None, **person):
    """Alice with a token of so many groups, or with `token` for the whole of its entry."""
    def answer(client, message_id):
        if b"tokenGroups" not in client.body:
            client.send(alice(message_id, **{**DOMAIN_PERSON, **person}) + done(message_id))
            return
        whole = {"objectSid": [sid(ALICE)],
                 "tokenGroups": [sid(PRIMARY)] + [sid(FIRST_GROUP + n) for n in range(groups)]}
        client.send(entry(message_id, PERSON, whole if token is None else token)
                    + done(message_id))
    return answer


def domain_groups(client, message_id):
    """Those that were asked for by their identifier, and what the server keeps beside them."""
    for n in range(1000):
        if sid(FIRST_GROUP + n) in client.body:
            client.send(entry(message_id, f"cn=g{n},ou=groups,dc=example,dc=org",
                              {"cn": [f"g{n}"], "objectSid": [sid(FIRST_GROUP + n)],
                               "awsRole": [f"in-search-{client.searches}"]}))
    client.send(done(message_id))


def domain_group(**attributes):
    return lambda client, message_id: client.send(admins(message_id, **attributes)
                                                  + done(message_id))


def in_parts(*parts):
    """Alice's memberOf, part after part, each a pair of options and of numbers of groups."""
    def answer(client, message_id):
        options, numbers = parts[min(client.searches, len(parts)) - 1]
        dn = PERSON
        if options == "elsewhere":
            dn, options = "uid=bob,ou=people,dc=example,dc=org", ";range=2-*"
        values = [f"cn=g{n},ou=groups,dc=example,dc=org" for n in numbers]
        named = {"memberOf" + options: values} if values else {}
        if client.searches == 1:
            named["uid"] = ["alice"]
        client.send(entry(message_id, dn, named) + done(message_id))
    return answer


def named_group(client, message_id):
    """The group that a search has as its base; by a filter it finds none."""
    if b"cn=g" not in client.body:
        client.send(done(message_id))
        return
    name = client.body[client.body.index(b"cn=g"):].split(b",")[0].decode()
    client.send(entry(message_id, f"{name},ou=groups,dc=example,dc=org", {"cn": [name[3:]]})
                + done(message_id))


def endless_parts(client, message_id):
    first = client.searches - 1
    named = {f"memberOf;range={first}-{first}": [f"cn=g{first},ou=groups,dc=example,dc=org"]}
    if client.searches == 1:
        named["uid"] = ["alice"]
    client.send(entry(message_id, PERSON, named) + done(message_id))


def slow_parts(client, message_id):
    time.sleep(0.05)
    endless_parts(client, message_id)


# As soon as a client has connected.
SCRIPTS_AT_ONCE = {
    "silent": lambda client: client.silence(),
    "reset": lambda client: client.reset(),
    # The head of a TLS ServerHello record of 4 KiB.
    "drip-tls": lambda client: client.slowly(b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc\x03\x03"),
    "half-tls": lambda client: (client.send(b"\x16\x03\x03\x10\x00\x02\x00"), client.silence()),
}

SCRIPTS_OF_STARTTLS = {
    "starttls-refused": starttls_refused,
    "starttls-injected": lambda client, message_id: (
        # In clear text behind the answer: "your bind went well, and here is an entry".
        client.send(starttls_success(message_id) + result(message_id + 1, 0x61, 0)
                    + alice(message_id + 2) + done(message_id + 2)), client.silence()),
    "starttls-then-silence": lambda client, message_id: (
        client.send(starttls_success(message_id)), client.silence()),
    "starttls-drip": lambda client, message_id: client.slowly(starttls_success(message_id)),
    "starttls-half": lambda client, message_id: (
        client.send(starttls_success(message_id)[:6]), client.silence()),
}

SCRIPTS_OF_PEOPLE = {
    "search-silent": lambda client, message_id: client.silence(),
    "search-reset": lambda client, message_id: client.reset(),
    "search-drip": lambda client, message_id: client.slowly(alice(message_id)),
    "search-half": lambda client, message_id: (
        client.send(alice(message_id)[:20]), client.silence()),
    "closes-on-second-lookup": closes_on_second_lookup,
    "two-people": lambda client, message_id: client.send(
        alice(message_id) + entry(message_id, "uid=alice,ou=old,ou=people,dc=example,dc=org",
                                  {"uid": ["alice"]}) + done(message_id)),
    "elsewhere": lambda client, message_id: client.send(
        entry(message_id, "uid=alice,ou=people,dc=example,dc=net", {"uid": ["alice"]})
        + done(message_id)),
    "no-dn": lambda client, message_id: client.send(
        entry(message_id, "alice", {"uid": ["alice"]}) + done(message_id)),
    "malformed-entry": lambda client, message_id: client.send(
        message(message_id, tlv(0x64, text(PERSON), b"\x30\x7f\x30")) + done(message_id)),
    "huge-length": lambda client, message_id: (
        client.send(b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02"), client.silence()),
    "referral": code(10),
    "references": lambda client, message_id: client.send(
        reference(message_id) + alice(message_id) + reference(message_id) + done(message_id)),
    "harmless-references": lambda client, message_id: client.send(
        reference(message_id, "CN=Configuration,dc=example,dc=org") + alice(message_id)
        + reference(message_id, "DC=DomainDnsZones,dc=example,dc=org")
        + reference(message_id, "DC=ForestDnsZones,dc=example,dc=org") + done(message_id)),
    "endless-references": endless_references,
    "bad-reference": lambda client, message_id: client.send(
        alice(message_id) + message(message_id, tlv(0x73, b"\x04\x7f\x30")) + done(message_id)),
    "odd-values": lambda client, message_id: client.send(alice(
        message_id, mail=[b"a\0b@example.org", b"\xff\xfe", b"line\nfeed", b"x" * 4097,
                          b"y" * 4096, "jörg@example.org"],
        CN=["Alice"], **{"cn;lang-de": ["Alicia"]}) + done(message_id)),
    "long-description": lambda client, message_id: client.send(
        alice(message_id, **{"cn" + ";x" * 512: ["Alice"]}) + done(message_id)),
    "many-attributes": lambda client, message_id: client.send(
        alice(message_id, **{"a%d" % n: ["x"] for n in range(1000)}) + done(message_id)),
    "many-values": lambda client, message_id: client.send(alice(
        message_id, mail=["%d@example.org" % n for n in range(1001)],
        cn=["%d" % n for n in range(1000)]) + done(message_id)),
    "bad-uid-number": lambda client, message_id: client.send(
        alice(message_id, uidNumber=["20001", "0"]) + done(message_id)),
    "domain": in_domain(),
    "domain-600": in_domain(groups=600),
    "domain-no-token": in_domain(token={"objectSid": [sid(ALICE)]}),
    "domain-token-of-another": in_domain(
        token={"objectSid": [sid(ALICE + 1)], "tokenGroups": [sid(FIRST_GROUP)]}),
    "domain-token-of-nobody": in_domain(token={"tokenGroups": [sid(FIRST_GROUP)]}),
    "domain-token-no-sid": in_domain(
        token={"objectSid": [sid(ALICE)], "tokenGroups": [sid(FIRST_GROUP)[:-1]]}),
    "domain-person-no-sid": in_domain(objectSid=[]),
    "domain-person-two-sids": in_domain(objectSid=[sid(ALICE), sid(ALICE + 1)]),
    "domain-no-primary": in_domain(primaryGroupID=[]),
    "domain-odd-primary": in_domain(primaryGroupID=["513 "]),
    "domain-huge-primary": in_domain(primaryGroupID=["4294967296"]),
    "domain-hidden-account": in_domain(userAccountControl=[]),
    "domain-group-not-asked-for": in_domain(),
    "domain-group-no-sid": in_domain(),
    "domain-values": in_domain(mail=[b"\xff\x00"], cn=[bytes(range(16))]),
    "parts": in_parts((";range=0-1", [0, 1]), (";range=2-2", [2]), (";range=3-*", [3, 4])),
    "parts-beside-none": lambda client, message_id: client.send(alice(
        message_id, memberOf=[], **{"memberOf;range=0-*": ["cn=g0,ou=groups,dc=example,dc=org"]})
        + done(message_id)),
    "parts-late": in_parts((";range=1-*", [1])),
    "parts-miscounted": in_parts((";range=0-2", [0, 1]), (";range=2-*", [2])),
    "parts-gap": in_parts((";range=0-1", [0, 1]), (";range=3-*", [3])),
    "parts-again": in_parts((";range=0-1", [0, 1]), (";range=0-*", [0, 1, 2])),
    "parts-unnamed": in_parts((";range=0-1", [0, 1]), ("", [0, 1, 2])),
    "parts-end": in_parts((";range=0-1", [0, 1]), ("", [])),
    "parts-unreadable": in_parts((";range=0-1", [0, 1]), (";range=2-x", [2])),
    "parts-of-another": in_parts((";range=0-1", [0, 1]), ("elsewhere", [2])),
    "parts-endless": endless_parts,
    "parts-slow": slow_parts,
    "object-guid": lambda client, message_id: client.send(
        alice(message_id, objectGUID=[bytes(range(16))]) + done(message_id)),
}

SCRIPTS_OF_GROUPS = {
    "time-limit": entry_and_code(3),
    "size-limit": entry_and_code(4),
    "admin-limit": entry_and_code(11),
    "partial": entry_and_code(9),
    "busy": entry_and_code(51),
    "range": lambda client, message_id: client.send(
        admins(message_id, **{"awsRole;range=0-1499": ["Admin"]}) + done(message_id)),
    "whole-range": lambda client, message_id: client.send(
        admins(message_id, **{"awsRole;range=0-*": ["Admin"]}) + done(message_id)),
    "group-elsewhere": lambda client, message_id: client.send(
        admins(message_id) + entry(message_id, "cn=root,ou=other,dc=example,dc=org",
                                   {"cn": ["root"]}) + done(message_id)),
    # Something outside of the base, and who follows it gets a group.
    "group-elsewhere-leads-on": lambda client, message_id: client.send(
        (admins(message_id) if b"cn=root,ou=other" in client.body else
         entry(message_id, "cn=root,ou=other,dc=example,dc=org", {"cn": ["root"]}))
        + done(message_id)),
    "group-names": lambda client, message_id: client.send(
        admins(message_id) + entry(message_id, "cn=mine,ou=groups,dc=example,dc=org",
                                   {"cn": ["staff", "Mine"]})
        + entry(message_id, "ou=odd,ou=groups,dc=example,dc=org", {"cn": ["one", "two"]})
        + entry(message_id, "cn=mute,ou=groups,dc=example,dc=org", {})
        + done(message_id)),
    "endless": endless,
    "domain-group-not-asked-for": domain_group(objectSid=[sid(FIRST_GROUP + 1)]),
    "domain-group-no-sid": domain_group(),
}

# What a script whose name begins like this has for groups unless it says otherwise.
GROUPS_OF = {"domain": domain_groups, "parts": named_group}


def listen(server, script):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=Client(connection, script).serve, daemon=True).start()


def main():
    script = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="rolebridge-bad-server-") as folder:
        tcp = socket.create_server(("127.0.0.1", 0))
        path = os.path.join(folder, "ldapi")
        local = socket.socket(socket.AF_UNIX)
        local.bind(path)
        local.listen()
        for server in (tcp, local):
            threading.Thread(target=listen, args=(server, script), daemon=True).start()
        print(tcp.getsockname()[1])
        print(urllib.parse.quote(path, safe=""), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
