"""The boundaries between the processes: what the web's user can't open, and what a web process that
was taken over can't get (design promise 1; security.md C1 to C4)."""

import json
import pathlib
import socket
import subprocess
import unittest

import people
import wire
from stack import ISSUER_USER, SOURCE, WEB_USER, as_user
from stack_case import StackTestCase, role

STRANGER = 64899
PYTHON = ["/usr/bin/python3", "-I", "-c"]


def run_as(uid, code, *arguments, text=""):
    """What Python `code` prints as `uid`; by -c, since that user may read no checkout."""
    done = subprocess.run(as_user(uid, [*PYTHON, code, *arguments]), input=text,
                          capture_output=True, text=True, check=False, timeout=120, cwd="/",
                          env={"PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


OPEN = """
import json, socket, sys
answers = {}
for path in sys.argv[1:]:
    try:
        if path.endswith(".sock"):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(path)
            s.settimeout(20)
            s.send(b"\\x01")
            answers[path] = "answered" if s.recv(65536) else "closed"
        else:
            open(path, "rb").read(1)
            answers[path] = "opened"
    except OSError as error:
        answers[path] = type(error).__name__
print(json.dumps(answers))
"""


class FilesTest(StackTestCase):

    def opens(self, uid, *paths):
        return json.loads(run_as(uid, OPEN, *map(str, paths)))

    def secrets(self):
        stack = self.stack
        return [stack.etc / "saml.key", stack.etc / "ldap.secret", stack.config,
                stack.folder / "host/shadow", stack.folder / "host", stack.folder / "state",
                *sorted((stack.folder / "state").iterdir()), stack.pam_socket]

    def test_web_opens_neither_key_nor_ldap_secret_nor_state_nor_the_pam_socket(self):
        answers = self.opens(WEB_USER, *self.secrets())
        self.assertGreaterEqual(len(answers), 8, "the issuer keeps its keys somewhere else")
        for path, answer in answers.items():
            self.assertEqual(answer, "PermissionError", path)

    def test_the_issuer_does_open_what_is_its_own(self):
        # The control: the refusals above are about the user, not about a path that is not there.
        for path in self.secrets():
            if path.is_file() and "host" not in path.parts:
                self.assertEqual(self.opens(ISSUER_USER, path)[str(path)], "opened", path)
        self.assertEqual(self.opens(WEB_USER, self.stack.etc / "tls.key"),
                         {str(self.stack.etc / "tls.key"): "opened"})

    def test_the_issuer_opens_neither_the_tls_key_nor_the_shadow_file(self):
        for path in (self.stack.etc / "tls.key", self.stack.folder / "host/shadow"):
            self.assertEqual(self.opens(ISSUER_USER, path)[str(path)], "PermissionError")

    def test_a_local_stranger_opens_no_socket(self):
        for path in (self.stack.issuer_socket, self.stack.pam_socket):
            self.assertEqual(self.opens(STRANGER, path)[str(path)], "PermissionError")

    def test_the_right_group_is_not_enough(self):
        """root passes every mode, and is still not the uid that is expected."""
        for path in (self.stack.issuer_socket, self.stack.pam_socket):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(connection.close)
            connection.settimeout(30)
            connection.connect(str(path))
            try:
                connection.send(wire.message(wire.STATUS))
                reply = connection.recv(65536)
            except OSError:
                reply = b""
            self.assertEqual(reply, b"", path)
        self.assertTrue(self.events("peer_refused"))
        self.assertTrue(self.events("pam_peer_refused", "pam"))

    def test_processes_hold_what_they_should_and_no_more(self):
        for name, uid in (("web", WEB_USER), ("issuer", ISSUER_USER)):
            status = pathlib.Path(f"/proc/{self.stack.processes[name].pid}/status").read_text(
                encoding="ascii")
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            self.assertEqual(set(fields["Uid"].split()), {str(uid)})
            self.assertEqual(fields["Groups"].split(), [])
            self.assertEqual(int(fields["CapEff"], 16), 0)
            self.assertEqual(fields["NoNewPrivs"].strip(), "1")

    def test_other_processes_of_the_same_user_cannot_trace_them(self):
        # K3: not dumpable, so that /proc/PID/mem and environ belong to root.
        for name, uid in (("issuer", ISSUER_USER),):
            pid = self.stack.processes[name].pid
            paths = [f"/proc/{pid}/environ", f"/proc/{pid}/mem", f"/proc/{pid}/maps"]
            for path, answer in self.opens(uid, *paths).items():
                self.assertEqual(answer, "PermissionError", path)


class HostileWebTest(StackTestCase):

    def ask(self, *attempts):
        """The replies to each attempt; an attempt is a list of messages on one connection."""
        lists = [[m if isinstance(m, str) else m.hex() for m in attempt] for attempt in attempts]
        code = (SOURCE / "tests/support/hostile_web.py").read_text(encoding="utf-8")
        out = run_as(WEB_USER, code, str(self.stack.issuer_socket), text=json.dumps(lists))
        return [[bytes.fromhex(reply) if reply else None for reply in replies]
                for replies in json.loads(out)]

    def tearDown(self):
        # Whatever was tried: nothing was issued, and the service goes on.
        self.assertEqual(self.events("response_issued"), [])
        self.assertEqual(self.stack.readiness()[0], 200)

    def test_an_honest_request_is_answered(self):
        replies = self.ask([wire.message(wire.STATUS), wire.message(wire.SETTINGS),
                            wire.metadata("aws")])[0]
        self.assertEqual([reply[0] for reply in replies],
                         [wire.STATUS, wire.SETTINGS, wire.METADATA])

    def test_settings_hold_no_secret_of_the_issuer(self):
        reply = self.ask([wire.message(wire.SETTINGS)])[0][0]
        key = (self.stack.etc / "saml.key").read_bytes()
        for secret in (self.stack.slapd.bind_password.encode(), b"PRIVATE KEY", key[40:80],
                       b"ou=people", self.stack.slapd.bind_dn.encode()):
            self.assertNotIn(secret, reply)

    def test_no_response_without_a_login(self):
        roles = [role("production", "Administrator"), "all", ""]
        sessions = ["", "0" * 64, "f" * 64, "alice", "a" * 63]
        attempts = [[wire.issue(session, "aws", chosen)] for session in sessions
                    for chosen in roles]
        attempts += [[wire.describe(session)] for session in sessions]
        attempts += [[wire.message(wire.ANSWER, wire.text("0" * 64), wire.texts(["x"]))]]
        for attempt, replies in zip(attempts, self.ask(*attempts)):
            self.assertEqual(len(replies), 1)
            if replies[0] is not None:
                self.assertEqual(replies[0][0], wire.REFUSED, attempt)

    def test_a_conversation_cannot_be_taken_for_a_session(self):
        begun = self.ask([wire.begin_login("alice", "")])[0][0]
        self.assertEqual(begun[0], wire.BEGIN_LOGIN)
        size = int.from_bytes(begun[2:6], "big")
        conversation = begun[6:6 + size].decode("ascii")
        self.assertEqual(len(conversation), 64)
        for replies in self.ask([wire.issue(conversation, "aws", "all")],
                                [wire.describe(conversation)]):
            self.assertEqual(replies[0][0], wire.REFUSED)
        # One answer too many, and one that asks for an outcome before anything was answered.
        replies = self.ask([wire.message(wire.ANSWER, wire.text(conversation),
                                         wire.texts(["x", "y"]))],
                           [wire.message(wire.ANSWER, wire.text(conversation), wire.texts([]))])
        self.assertNotIn(b"\x02", [reply[1:2] for reply in replies[0] if reply])

    def test_what_is_unknown_malformed_or_too_long_ends_the_connection(self):
        good = wire.message(wire.STATUS)
        settings = wire.message(wire.SETTINGS)
        attempts = {
            "empty type": b"\x00", "unknown type": b"\x0a" + good[1:],
            "a reply": b"\xff" + good[1:],
            "nothing after the type": good[:1], "half": good[:-3], "left over": good + b"\x00",
            "length too large": good[:2] + b"\xff\xff\xff\xff" + good[6:],
            "another version": wire.message(wire.STATUS, head=wire.context(version=2)),
            "request id that is none": wire.message(wire.STATUS, head=wire.context("x" * 16)),
            "request id too short": wire.message(wire.STATUS, head=wire.context("0" * 15)),
            "a name as address": wire.message(wire.STATUS, head=wire.context(address="evil.org")),
            "user agent too long": wire.message(wire.STATUS, head=wire.context(agent="x" * 121)),
            "request of 8 KiB and 1": settings + b"\x00" * (8193 - len(settings)),
            "request of 20 KiB and 1": settings + b"\x00" * (20481 - len(settings)),
            "request of 100 KiB": settings + b"\x00" * 100_000,
            "answers past their number": wire.message(
                wire.ANSWER, wire.text("0" * 64), wire.number(33)),
            "an answer past its length": wire.message(
                wire.ANSWER, wire.text("0" * 64), wire.texts(["x" * 512])),
            "a bool that is none": wire.issue("0" * 64, "aws", "all", b"\x02" + wire.facts()[1:]),
            "a session too long": wire.describe("0" * 65),
            "descriptors": "fds" + good.hex(),
        }
        # After each the same connection is asked something harmless: it must be over.
        answers = self.ask(*([attempt, good] for attempt in attempts.values()))
        for name, replies in zip(attempts, answers):
            with self.subTest(name):
                self.assertEqual(replies, [None])

    def test_many_silent_connections_stop_nobody(self):
        code = ("import socket, sys, time\nheld = []\nfor _ in range(100):\n"
                "    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                "    s.connect(sys.argv[1])\n    held.append(s)\nprint('held', flush=True)\n"
                "sys.stdin.read()\n")
        holder = subprocess.Popen(
            as_user(WEB_USER, [*PYTHON, code, str(self.stack.issuer_socket)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        try:
            self.assertEqual(holder.stdout.readline(), b"held\n")
            self.assertEqual(self.stack.readiness()[0], 200)
        finally:
            holder.communicate()

    def test_passwords_sent_by_it_are_checked_by_pam_all_the_same(self):
        replies = self.ask([wire.begin_login("alice", "wrong")], [wire.begin_login("root", "x")],
                           [wire.begin_login("toor", people.DEMO_PASSWORDS["toor"])])
        for reply in replies:
            self.assertEqual(reply[0][0], wire.BEGIN_LOGIN)
            self.assertIn(reply[0][1], (1, 3), "neither working nor failed")


if __name__ == "__main__":
    unittest.main()
