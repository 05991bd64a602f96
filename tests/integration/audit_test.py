"""Each login, refusal and response is one event, and no secret is in any log (security.md G5)."""

import re
import secrets
import unittest

import people
from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")
# Passwords of this run alone: whatever of them stands anywhere was leaked.
CANARIES = {name: "canary-" + secrets.token_hex(12) for name in people.DEMO_PASSWORDS}


def fields_of(line):
    """{key: value} of "<6>event key=value key='quoted value'"."""
    return {key: value.strip("'") for key, value in
            re.findall(r"(\w+)=('(?:[^'\\]|\\.)*'|\S*)", line)}


class AuditTest(StackTestCase):

    stack_options = {"passwords": CANARIES}

    def last(self, name):
        lines = self.events(name)
        self.assertTrue(lines, f"no event {name}:\n{self.stack.log('issuer')}")
        return lines[-1]

    def test_a_login_is_one_event(self):
        before = len(self.events("login_succeeded"))
        self.logged_in("bob")
        self.assertEqual(len(self.events("login_succeeded")), before + 1)
        fields = fields_of(self.last("login_succeeded"))
        self.assertEqual((fields["user"], fields["rhost"], fields["service"]),
                         ("bob", "127.0.0.1", "rolebridge"))
        self.assertRegex(fields["request"], "^[0-9a-f]{16}$")
        self.assertRegex(fields["config"], "^[0-9a-f]{64}$")
        self.assertIn("web_client", fields["user_agent"])

    def test_a_refused_login_is_one_event_with_its_exact_cause(self):
        for name, password, verdict in (
                ("bob", "wrong", "denied"), ("heidi", CANARIES["heidi"], "denied"),
                ("ivan", CANARIES["ivan"], "account_expired"),
                ("judy", CANARIES["judy"], "password_expired"),
                ("root", "x", "not_a_person"), ("toor", CANARIES["toor"], "not_a_person"),
                ("al ice", "x", "malformed_name")):
            with self.subTest(name):
                before = len(self.events("login_denied"))
                self.client().log_in(name, password)
                self.assertEqual(len(self.events("login_denied")), before + 1)
                fields = fields_of(self.last("login_denied"))
                self.assertIn(verdict, fields["verdict"])
                self.assertRegex(fields["config"], "^[0-9a-f]{64}$")

    def test_a_name_that_never_logged_in_is_not_written_down(self):
        # People type their password into the name field (G2).
        typed = "canary-" + secrets.token_hex(8)
        self.client().log_in(typed, "x")
        line = self.last("login_denied")
        self.assertNotIn(typed, line)
        self.assertIn(f"length:{len(typed)}", line)
        self.assertNotIn(typed, "".join(map(self.stack.log, ("web", "issuer", "pam"))))

    def test_a_response_is_one_event_that_tells_all(self):
        client = self.logged_in("alice")
        before = len(self.events("response_issued"))
        chosen = role("staging", "Developer")
        response, _ = self.response_of(client, chosen)
        self.assertEqual(len(self.events("response_issued")), before + 1)
        line = self.last("response_issued")
        fields = fields_of(line)
        self.assertEqual(fields["user"], "alice")
        self.assertEqual(fields["acs"], self.stack.aws.acs_url)
        self.assertEqual(fields["role_session_name"], "alice")
        self.assertEqual(fields["session_duration"], "14400")
        self.assertIn(chosen, fields["roles"])
        self.assertIn("aws-staging-developers", line)
        self.assertRegex(fields["sha256"], "^[0-9a-f]{64}$")
        self.assertRegex(fields["key"], "^[0-9a-f]{64}$")
        self.land(response)
        self.assertRegex(fields["assertion_id"], "^_[0-9a-f]{40}$")

    def test_a_refused_response_is_one_event_with_the_groups_seen(self):
        client = self.client()
        client.log_in("dave", CANARIES["dave"])
        before = len(self.events("response_refused"))
        client.get("/")
        self.assertEqual(len(self.events("response_refused")), before + 1)
        line = self.last("response_refused")
        self.assertIn("football club", line)
        self.assertIn("staff", line)
        self.assertEqual(fields_of(line)["reason"], "not_entitled")

    def test_signing_out_is_an_event(self):
        client = self.logged_in("bob")
        client.log_out()
        self.assertEqual(fields_of(self.last("session_ended"))["user"], "bob")

    def test_text_of_strangers_starts_no_line(self):
        agent = "x\x1b[31m' user='root'"
        self.client().request("GET", "/login", headers={"User-Agent": agent})
        client = self.client()
        form = client.get("/login").form("/login")
        client.outcome(client.post(form.action, {**form.fields, "username": "bob",
                                                 "password": CANARIES["bob"]},
                                   {"User-Agent": agent}))
        for line in self.stack.log("issuer").splitlines() + self.stack.log("web").splitlines():
            self.assertRegex(line, r"^<[3-7]>[a-z_]+( |$)")
            self.assertNotIn("\x1b", line)

    def test_no_secret_is_in_any_log(self):
        client = self.logged_in("alice")
        session = client.cookies["__Host-rb"]
        response, _ = self.response_of(client, role("staging", "Developer"))
        for name in ("judy", "heidi", "ivan", "kim"):
            self.client().log_in(name, CANARIES[name])
        self.client().log_in("bob", CANARIES["carol"])
        self.client().log_in("bob", CANARIES["bob"] * 20)
        logs = "".join(map(self.stack.log, ("web", "issuer", "pam")))
        self.assertGreater(len(logs), 1000)
        key = (self.stack.etc / "saml.key").read_text(encoding="ascii").splitlines()[3]
        for secret in (*CANARIES.values(), session, response[:60], response[1000:1060],
                       self.stack.slapd.bind_password, key, "PRIVATE KEY"):
            self.assertNotIn(secret, logs)


if __name__ == "__main__":
    unittest.main()
