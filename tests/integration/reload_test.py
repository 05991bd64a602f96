"""`rolebridge reload`, and what else changes while everything runs: certificates, passwords, keys,
sessions that are ended from outside."""

import json
import shutil
import ssl
import subprocess
import threading
import time
import unittest

from slapd import Authority
from stack import WEB_USER, StackError, as_user
from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")

# For each section of the file, a change that must not get through, and a part of what is said.
MISTAKES = (
    ("url: https://localhost", "url: http://localhost", "url"),
    ("  status_address: 127.0.0.1", "  status_address: 0.0.0.0", "listen.status_address"),
    ("key: saml.key", "key: absent.key", "absent.key"),
    ("clock: { require_synchronised: false }", "clock: { require_synchronised: maybe }", "clock"),
    ("service: rolebridge,", "service: sshd,", "assurance"),
    ("password_file: ldap.secret", "password_file: absent.secret", "absent.secret"),
    ('filter: "(uid={{ username }})"', 'filter: "(uid="', "ldap.users.filter"),
    ("branding: {", "branding: { colour: red, ", "branding.colour"),
    ('production: { id: "123412341234"', 'production: { id: "1234"', "accounts.production"),
    ("for_each: group in groups,", "for_each: group in grups,", "mappings.aws-role"),
    ("aws_session_duration: 4h", "aws_session_duration: 99h", "aws_session_duration"),
    ("limits: {", "limits: { connections: 1, ", "limits.connections"),
    ("branding:", "session: { idle: 9h, lifetime: 8h }\nbranding:", "session"),
    ("branding:", "audit: { retention: soon }\nbranding:", "audit.retention"),
    ("users: {", "users: { case: upper,", "users.case"),
    ("branding:", "grants: { some-group: 3 }\nbranding:", "grants"),
    ("branding:", "policies: { p: { when: 'user.' } }\nbranding:", "policies"),
    ("branding:", "vars: 3\nbranding:", "vars"),
    ("branding:", "tests: [{ name: t, user: bob }]\nbranding:", "tests"),
    ("branding:", "branding: {}\nbranding:", "branding"),
)


class ReloadTest(StackTestCase):

    def setUp(self):
        self.text = self.stack.config.read_text(encoding="utf-8")
        self.addCleanup(self.put_back)

    def put_back(self):
        self.stack.config.write_text(self.text, encoding="utf-8")
        self.reload()

    def edit(self, old, new):
        self.assertIn(old, self.text)
        self.stack.config.write_text(self.text.replace(old, new, 1), encoding="utf-8")

    def reload(self):
        return self.stack.rolebridge("reload", "--socket", str(self.stack.admin_socket))

    def assert_taken(self):
        run = self.reload()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"^reloaded; configuration [0-9a-f]{12} is in force\n$")
        return run

    def assert_refused(self, *parts):
        run = self.reload()
        self.assertEqual(run.returncode, 1, run.stdout)
        for part in parts:
            self.assertIn(part, run.stderr)
        self.assertIn("stays in force", run.stderr)
        return run

    def promise_section(self, roles, user="bob"):
        return f"""tests:
  - name: what {user} gets
    user: {user}
    application: aws
    roles: {json.dumps(roles)}
branding:"""

    def test_takes_what_changed_and_keeps_who_is_logged_in(self):
        client = self.logged_in("bob")
        self.edit("name: Amazon Web Services", "name: The cloud")
        self.assert_taken()
        self.assertIn("The cloud", client.get("/").visible_text())
        event = self.events("config_reloaded")[-1]
        self.assertIn("by='uid 0'", event)
        self.land(self.response_of(client, BOB)[0])

    def test_web_learns_of_it_too(self):
        self.edit("telephone 4711", "telephone 4712")
        self.assert_taken()
        deadline = time.monotonic() + 60
        while "telephone 4712" not in self.client().get("/no-such-page").visible_text():
            self.assertLess(time.monotonic(), deadline, "web did not ask again")
            time.sleep(0.1)

    def test_no_section_can_take_the_service_down(self):
        client = self.logged_in("bob")
        for old, new, said in MISTAKES:
            with self.subTest(said):
                self.edit(old, new)
                self.assert_refused(said)
                self.assertIn(BOB, self.roles_offered(client))
        self.stack.config.unlink()
        self.assert_refused(str(self.stack.config))
        self.stack.write_config()
        self.assertIn("detail=", self.events("reload_refused")[-1])
        self.land(self.response_of(client, BOB)[0])

    def test_all_mistakes_are_named_at_once(self):
        self.edit("aws_session_duration: 4h", "aws_session_duration: 4d\n    acs_url: x")
        run = self.assert_refused("aws_session_duration", "acs_url")
        self.assertIn("rolebridge.yaml:", run.stderr)

    def test_a_promise_that_would_be_broken_blocks_it(self):
        self.edit("branding:", self.promise_section([BOB]))
        self.assert_taken()
        self.edit("branding:", self.promise_section([role("production", "Administrator")]))
        self.assert_refused("test 'what bob gets'", "missing " + role("production", "Administrator"))

    def test_a_promise_about_made_up_people_is_kept_by_a_start_too(self):
        self.edit("branding:", """tests:
  - name: readers read
    user: somebody
    groups: { readers: { aws_role: [ReadOnly], aws_account: ["123412341234"] } }
    application: aws
    roles: ["arn:aws:iam::123412341234:role/Administrator"]
branding:""")
        self.assert_refused("test 'readers read'")
        self.stack.stop("issuer")
        try:
            with self.assertRaises(StackError) as refused:
                self.stack.start_issuer()
            self.assertIn("readers read", str(refused.exception).split("config_mistake")[-1])
        finally:
            self.stack.processes.pop("issuer")
            self.stack.config.write_text(self.text, encoding="utf-8")
            self.stack.start_issuer()
            self.stack.wait_ready()

    def test_a_promise_that_cannot_be_asked_blocks_it(self):
        self.edit("branding:", self.promise_section([BOB]))
        self.stack.slapd.stop()
        try:
            self.assert_refused("test 'what bob gets'")
        finally:
            self.stack.slapd.start()
        self.stack.wait_ready()

    def test_refuses_no_request_meanwhile(self):
        client = self.logged_in("bob")
        done = threading.Event()
        wrong = []

        def ask():
            while not done.is_set():
                page = client.get("/")
                if page.status != 200 or BOB not in page.text:
                    wrong.append((page.status, page.visible_text()))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for number in range(10):
                self.edit("name: Amazon Web Services", f"name: The cloud {number}")
                self.assert_taken()
        finally:
            done.set()
            asking.join()
        self.assertEqual(wrong, [])

    def test_a_changed_password_of_the_directory_takes_effect(self):
        secret = self.stack.etc / "ldap.secret"
        right = secret.read_text(encoding="utf-8")
        secret.write_text("wrong\n", encoding="utf-8")
        try:
            self.assert_taken()
            self.stack.wait_not_ready()
        finally:
            secret.write_text(right, encoding="utf-8")
        self.assert_taken()
        self.stack.wait_ready()

    def test_new_bounds_end_what_is_beyond_them(self):
        client = self.logged_in("bob")
        self.edit("branding:", "session: { lifetime: 20m, idle: 20m }\nbranding:")
        self.assert_taken()
        self.assertIn(BOB, self.roles_offered(client))

    def test_says_what_needs_a_restart(self):
        self.edit("limits: {", "limits: { workers: 3, ")
        run = self.assert_taken()
        self.assertIn("limits.workers: takes effect when rolebridge-web starts again", run.stderr)

    def test_a_new_signing_key_signs(self):
        client = self.logged_in("bob")
        self.response_of(client, BOB)
        before = self.events("response_issued")[-1]
        old = {name: (self.stack.etc / name).read_bytes() for name in ("saml.crt", "saml.key")}
        made = self.stack.folder / "new"
        made.mkdir()
        run = self.stack.rolebridge("keys", "new", "--out", str(made))
        self.assertEqual(run.returncode, 0, run.stderr)
        try:
            for name in old:
                (self.stack.etc / name).write_bytes((made / name).read_bytes())
            self.assert_taken()
            self.response_of(client, BOB)
            key = [part for part in before.split() if part.startswith("key=")]
            self.assertNotIn(key[0], self.events("response_issued")[-1])
            self.stack.aws.upload_metadata(self.stack.fetch("/saml/aws/metadata"))
            self.land(self.response_of(client, BOB)[0])
        finally:
            for name, content in old.items():
                (self.stack.etc / name).write_bytes(content)
            self.assert_taken()
            self.stack.aws.upload_metadata(self.stack.fetch("/saml/aws/metadata"))
            shutil.rmtree(made, ignore_errors=True)

    def test_a_key_that_is_not_the_certificates_is_refused(self):
        key = self.stack.etc / "saml.key"
        right = key.read_bytes()
        made = self.stack.folder / "other"
        made.mkdir()
        self.stack.rolebridge("keys", "new", "--out", str(made))
        key.write_bytes((made / "saml.key").read_bytes())
        try:
            self.assert_refused("saml.key")
        finally:
            key.write_bytes(right)
            shutil.rmtree(made, ignore_errors=True)

    def test_neither_web_nor_anybody_else_may_ask(self):
        for user in (WEB_USER, 65534):
            run = subprocess.run(
                as_user(user, [str(self.stack.bin_dir / "rolebridge"), "reload", "--socket",
                               str(self.stack.admin_socket)]),
                capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2, run.stdout)
            self.assertIn("Permission denied", run.stderr)


class CertificateTest(StackTestCase):

    def test_a_renewed_certificate_serves_by_itself(self):
        client = self.logged_in("bob")
        old = ssl.get_server_certificate(("localhost", self.stack.ports.web))
        authority = Authority(str(self.stack.folder / "renewed"))
        # The one before the other: meanwhile the old pair serves.
        self.put("tls.crt", authority.certificate)
        self.wait_for(lambda: self.events("certificate_not_renewed", "web"))
        self.assertEqual(ssl.get_server_certificate(("localhost", self.stack.ports.web)), old)
        self.put("tls.key", authority.key)
        self.wait_for(lambda: self.events("certificate_renewed", "web"))
        self.assertNotEqual(ssl.get_server_certificate(("localhost", self.stack.ports.web)), old)
        self.put("ca.crt", authority.ca_file)
        renewed = self.client()
        renewed.cookies = client.cookies
        self.assertIn(BOB, renewed.get("/").text)

    def put(self, name, source):
        with open(source, "rb") as file:
            (self.stack.etc / name).write_bytes(file.read())

    def wait_for(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)


class SessionsTest(StackTestCase):

    def sessions(self, *arguments):
        return self.stack.rolebridge("sessions", "--socket", str(self.stack.admin_socket),
                                     *arguments)

    def listed(self, *arguments):
        run = self.sessions("list", "--json", *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_lists_who_is_logged_in_and_ends_it(self):
        bob, again, alice = (self.logged_in(name) for name in ("bob", "bob", "alice"))
        self.assertEqual([session["user"] for session in self.listed()], ["alice", "bob", "bob"])
        mine = self.listed("bob")
        self.assertEqual({session["rhost"] for session in mine}, {"127.0.0.1"})
        self.assertEqual({session["assurance"] for session in mine}, {"password"})
        table = self.sessions("list").stdout.splitlines()
        self.assertEqual(table[0].split(), ["USER", "FROM", "SINCE", "IDLE", "LEVEL", "SESSION"])
        self.assertEqual(len(table), 4)

        one = self.sessions("end", "--session", mine[0]["session"])
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertIn("ended 1 session;", one.stdout)
        self.assertEqual(len(self.listed("bob")), 1)
        self.assertEqual(self.sessions("end", "bob").returncode, 0)
        for client in (bob, again):
            self.assertIn("/login", client.get("/").url)
        self.assertNotIn("/login", alice.get("/").url)
        self.assertEqual(self.sessions("end", "bob").returncode, 1, "there is none any more")
        event = self.events("sessions_ended")[-1]
        for part in ("by='uid 0'", "user=bob", "count=1"):
            self.assertIn(part, event)

        self.stack.kill("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()
        self.assertEqual([session["user"] for session in self.listed()], ["alice"])
        self.assertIn("/login", bob.get("/").url)

    def test_no_identifier_of_a_session_is_shown(self):
        client = self.logged_in("carol")
        shown = self.sessions("list", "--json").stdout
        self.assertNotIn(client.cookies["__Host-rb"], shown)

    def test_says_why_nobody_answers(self):
        run = self.stack.rolebridge("sessions", "--socket", "/nonexistent/admin.sock", "list")
        self.assertEqual(run.returncode, 2)
        self.assertIn("/nonexistent/admin.sock", run.stderr)


if __name__ == "__main__":
    unittest.main()
