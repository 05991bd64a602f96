"""The main job through the real processes: PAM, LDAP, mapping, a signed response, AWS."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from stack_case import ACCOUNTS, StackTestCase, provider, role
from web_client import hand_over

ALICE = sorted([role("production", "Administrator"), role("production", "ReadOnly"),
                role("staging", "Developer"), role("staging", "Operator"),
                role("audit", "Auditor")])


class SignOnTest(StackTestCase):

    def test_each_person_is_offered_what_the_groups_say_and_nothing_else(self):
        for name, roles in (
                ("alice", ALICE), ("bob", [role("production", "ReadOnly")]),
                ("carol", [role("staging", "Deployer"), role("staging", "Tester")]),
                ("obrien", [role("staging", "Support")]), ("joerg", [role("audit", "Billing")]),
                ("rd", [role("audit", "Billing"), role("staging", "DataScientist")]),
                ("zoe", [role("staging", "DataScientist")]),
                ("mallory", [role("production", "ReadOnly")])):
            with self.subTest(name):
                self.assertEqual(self.roles_offered(self.logged_in(name)), sorted(roles))

    def test_a_chosen_role_lands_there_and_nowhere_else(self):
        client = self.logged_in("alice")
        for chosen in ALICE:
            with self.subTest(chosen):
                response, _ = self.response_of(client, chosen)
                session = self.land(response)
                self.assertEqual(session.role_arn, chosen)
                self.assertEqual(session.session_name, "alice")
                self.assertEqual(session.duration, 4 * 3600)
                self.assertEqual(session.tags, {})

    def test_all_roles_at_once_get_the_chooser_of_aws(self):
        response, _ = self.response_for("alice", "all")
        status, _, page = self.stack.aws.sign_in(response)
        self.assertEqual(status, 200)
        for arn in ALICE:
            self.assertIn(f'value="{arn}"', page)
        self.assertEqual(self.land(response, "", ALICE[0]).role_arn, ALICE[0])

    def test_names_that_need_escaping_arrive(self):
        client = self.logged_in("rd")
        page = client.get("/")
        self.assertIn("Rita &amp; Dan &lt;R&amp;D&gt;", page.text)
        for name, chosen in (("rd", role("audit", "Billing")), ("joerg", role("audit", "Billing")),
                             ("obrien", role("staging", "Support")),
                             ("zoe", role("staging", "DataScientist"))):
            with self.subTest(name):
                session = self.land(self.response_for(name, chosen)[0])
                self.assertEqual((session.session_name, session.role_arn), (name, chosen))

    def test_one_person_has_one_name_however_it_is_typed(self):
        for typed in ("Alice", "alice@EXAMPLE.ORG", "ALICE@example.org", "EXAMPLE\\alice"):
            client = self.client()
            page = client.log_in(typed, self.password("alice"))
            self.assertIn("__Host-rb", client.cookies, typed + page.visible_text())
            self.assertIn("user=alice ", self.events("login_succeeded")[-1])
        for typed in ("alice ", " alice", "alice@OTHER.ORG", "OTHER\\alice", "\uff41lice",
                      "\u0430lice", "alice\u00a0", "alice."):
            client = self.client()
            page = client.log_in(typed, self.password("alice"))
            self.assertIn("Invalid username or password", page.visible_text(), typed)
            self.assertNotIn("__Host-rb", client.cookies, typed)

    def test_account_names_are_shown(self):
        text = self.logged_in("alice").get("/").visible_text()
        for name in ("Production", "Staging", "Audit & billing", *ACCOUNTS.values()):
            self.assertIn(name, text)

    def test_a_role_of_somebody_else_is_refused(self):
        client = self.logged_in("bob")
        form = client.get("/").form("/apps/aws")
        for chosen in (role("production", "Administrator"), role("staging", "Developer"),
                       "arn:aws:iam::999988887777:role/Administrator", "", "ALL", "a" * 900):
            with self.subTest(chosen):
                page = client.post(form.action, {**form.fields, "role": chosen})
                self.assertNotIn("SAMLResponse", page.text)
                self.assertGreaterEqual(page.status, 400)

    def test_a_person_taken_out_of_a_group_loses_the_role_at_the_next_click(self):
        client = self.logged_in("carol")
        form = client.get("/").form("/apps/aws")
        group = "cn=aws-staging-team,ou=groups,dc=example,dc=org"
        entry = f"dn: {group}\nchangetype: modify\n"
        member = "uid=carol,ou=people,dc=example,dc=org"
        self.stack.slapd.modify(f"{entry}add: member\nmember: {self.stack.slapd.bind_dn}\n-\n"
                                f"delete: member\nmember: {member}")
        try:
            page = client.post(form.action, {**form.fields, "role": role("staging", "Deployer")})
            self.assertNotIn("SAMLResponse", page.text)
            self.assertEqual(page.status, 403)
        finally:
            self.stack.slapd.modify(f"{entry}add: member\nmember: {member}\n-\n"
                                    f"delete: member\nmember: {self.stack.slapd.bind_dn}")
        self.land(self.response_of(client, role("staging", "Deployer"))[0])

    def test_the_subject_is_stable_and_names_nobody(self):
        first = self.land(self.response_for("alice", ALICE[0])[0])
        second = self.land(self.response_for("alice", ALICE[1])[0])
        other = self.land(self.response_for("bob", role("production", "ReadOnly"))[0])
        self.assertEqual(first.name_id, second.name_id)
        self.assertNotEqual(first.name_id, other.name_id)
        self.assertNotIn("alice", first.name_id)
        self.assertEqual(first.subject_type, "persistent")

    def test_the_real_aws_command_line_gets_credentials(self):
        chosen = role("staging", "Developer")
        response, _ = self.response_for("alice", chosen)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "response.b64")
            path.write_text(response, encoding="ascii")
            run = subprocess.run(
                ["/usr/bin/aws", "sts", "assume-role-with-saml", "--endpoint-url",
                 self.stack.aws.sts_url, "--region", "us-east-1", "--output", "json", "--role-arn",
                 chosen, "--principal-arn", provider("staging"), "--saml-assertion",
                 f"file://{path}"], capture_output=True, text=True, check=False, timeout=120,
                env={"PATH": "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8",
                     "AWS_EC2_METADATA_DISABLED": "true"})
        self.assertEqual(run.returncode, 0, run.stderr)
        answer = json.loads(run.stdout)
        self.assertEqual(answer["AssumedRoleUser"]["Arn"],
                         f"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/Developer/alice")
        self.assertEqual(answer["Audience"], self.stack.aws.acs_url)
        self.assertEqual(answer["Issuer"], f"{self.stack.url}/saml/aws")

    def test_relay_state_goes_to_consoles_only(self):
        client = self.logged_in("alice")
        for deep_link, arrives in (
                ("https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1", True),
                ("https://console.aws.amazon.com.example.org/", False),
                ("http://console.aws.amazon.com/", False), ("https://example.org/", False)):
            with self.subTest(deep_link):
                form = client.get("/").form("/apps/aws")
                page = client.post(form.action, {**form.fields, "role": ALICE[0],
                                                 "relay_state": deep_link})
                _, response, relay_state = hand_over(page)
                self.assertEqual(relay_state, deep_link if arrives else "")
                self.land(response, relay_state)


class LoginTest(StackTestCase):

    def refusal(self, name, password):
        """What a refused login shows, without what differs by chance."""
        client = self.client()
        page = client.log_in(name, password)
        self.assertNotIn("__Host-rb", client.cookies)
        headers = sorted(key for key, _ in page.headers)
        text = re.sub(r"[0-9a-f]{16}", "", page.visible_text())
        return page.status, len(page.body), headers, text

    def test_every_refusal_before_the_password_is_known_looks_the_same(self):
        wrong = self.refusal("alice", "not the password")
        self.assertEqual(wrong[0], 200)
        self.assertIn("Invalid username or password.", wrong[3])
        for name, password in (
                ("nobody-here", "x"), ("alice", self.password("bob")), ("root", "x"),
                ("daemonic", self.password("daemonic")), ("toor", self.password("toor")),
                ("heidi", self.password("heidi")), ("ivan", self.password("ivan")),
                ("a*)(uid=*", "x"), ("alice\\", "x"), ("al ice", self.password("alice")),
                ("ａlice", self.password("alice")), ("x" * 65, "x"), ("alice", "x" * 511)):
            with self.subTest(name):
                self.assertEqual(self.refusal(name, password), wrong)

    def test_an_expired_password_is_called_that(self):
        self.assertIn("Your password has expired", self.refusal("judy", self.password("judy"))[3])
        self.assertIn("Invalid username", self.refusal("judy", "wrong")[3])

    def test_upper_case_is_the_same_person(self):
        client = self.client()
        client.log_in("BOB", self.password("bob"))
        response, _ = self.response_of(client, role("production", "ReadOnly"))
        self.assertEqual(self.land(response).session_name, "bob")

    def test_people_without_a_role_are_told_whom_to_ask(self):
        for name, event, groups in (
                ("dave", "not_entitled", "football club"), ("erin", "not_entitled", ""),
                ("kim", "not_entitled", ""), ("frank", "account_state", ""),
                ("grace", "account_state", "")):
            with self.subTest(name):
                client = self.client()
                page = client.log_in(name, self.password(name))
                self.assertEqual(page.status, 403, page.visible_text())
                request = re.search(r"Request number: ([0-9a-f]{16})", page.visible_text())
                self.assertTrue(request, page.visible_text())
                lines = [line for line in self.events("response_refused")
                         if f"request={request[1]}" in line]
                self.assertEqual(len(lines), 1, lines)
                self.assertIn(f"reason={event}", lines[0])
                self.assertIn(groups, lines[0])

    def test_disabled_and_expired_people_get_no_response_by_any_form(self):
        for name in ("frank", "grace", "dave", "kim"):
            client = self.client()
            client.log_in(name, self.password(name))
            victim = self.logged_in("bob").get("/").form("/apps/aws")
            page = client.post(f"{self.stack.url}/apps/aws",
                               {**victim.fields, "role": role("production", "ReadOnly")})
            self.assertNotIn("SAMLResponse", page.text)

    def test_mallory_s_values_are_named_in_the_audit(self):
        self.land(self.response_for("mallory", role("production", "ReadOnly"))[0])
        line = [line for line in self.events("response_issued") if "user=mallory" in line or
                "user='mallory'" in line][-1]
        for value in ("legacy import", "shadow it", "typing errors"):
            self.assertIn(value, line)

    def test_a_session_is_one_login_s(self):
        client = self.logged_in("alice")
        first = client.cookies["__Host-rb"]
        page = client.get("/login")
        form = page.form("/login")
        client.outcome(client.post(form.action, {**form.fields, "username": "bob",
                                                 "password": self.password("bob")}))
        self.assertNotEqual(client.cookies["__Host-rb"], first)
        self.assertEqual(self.roles_offered(client), [role("production", "ReadOnly")])
        old = self.client()
        old.cookies["__Host-rb"] = first
        self.assertIn("/login", old.get("/").url, "the session of the first login lives on")

    def test_a_value_set_before_the_login_does_not_become_the_session(self):
        client = self.client()
        client.cookies["__Host-rb"] = "a" * 64
        client.log_in("bob", self.password("bob"))
        self.assertNotEqual(client.cookies["__Host-rb"], "a" * 64)

    def test_logging_out_ends_the_session_everywhere(self):
        client = self.logged_in("bob")
        stolen = client.cookies["__Host-rb"]
        self.assertEqual(client.log_out().status, 200)
        self.assertNotIn("__Host-rb", client.cookies)
        thief = self.client()
        thief.cookies["__Host-rb"] = stolen
        self.assertIn("/login", thief.get("/").url)

    def test_a_page_that_needs_a_login_leads_back_to_itself(self):
        client = self.client()
        page = client.get("/apps/aws")
        self.assertIn("/login", page.url)
        form = page.form("/login")
        page = client.outcome(client.post(form.action, {**form.fields, "username": "bob",
                                                        "password": self.password("bob")}))
        self.assertTrue(page.url.endswith("/apps/aws"), page.url)


class BrowserRulesTest(StackTestCase):
    """security.md B1 to B8, at the running service."""

    def test_each_answer_has_the_headers(self):
        anonymous, alice = self.client(), self.logged_in("alice")
        pages = [anonymous.get("/login"), anonymous.get("/nothing"),
                 anonymous.get("/", follow=False), anonymous.get("/apps/x", follow=False),
                 anonymous.request("GET", "/saml/aws/metadata"),
                 alice.get("/"), alice.get("/apps/aws"), alice.choose(ALICE[0]),
                 anonymous.request("POST", "/logout", b"", {"Content-Type": "text/plain"})]
        for page in pages:
            with self.subTest(page.url):
                csp = page.header("content-security-policy")
                for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'",
                             "base-uri 'none'", "frame-ancestors 'none'", "form-action "):
                    self.assertIn(part, csp)
                self.assertNotIn("unsafe", csp)
                self.assertEqual(page.header("x-frame-options"), "DENY")
                self.assertEqual(page.header("x-content-type-options"), "nosniff")
                self.assertIn("max-age=", page.header("strict-transport-security"))
                self.assertEqual(page.header("cross-origin-opener-policy"), "same-origin")
                self.assertEqual(page.header("cache-control"), "no-store")

    def test_form_action_opens_for_the_hand_over_page_alone(self):
        alice = self.logged_in("alice")
        self.assertIn("form-action 'self'", alice.get("/").header("content-security-policy"))
        page = alice.choose(ALICE[0])
        self.assertIn("form-action " + self.stack.aws.origin,
                      page.header("content-security-policy"))
        self.assertNotIn("'self'", page.header("content-security-policy").split("form-action")[1])

    def last_answer_of_a_login(self, at):
        """The redirect that ends a login at the page `at`, as it came."""
        client = self.client()
        form = client.request("GET", at).form("/login")
        page = client.post(form.action, {**form.fields, "username": "bob",
                                         "password": self.password("bob")}, follow=False)
        while page.status == 200 and page.refresh():
            page = client.get(page.refresh(), follow=False)
        return page

    def test_cookies_are_host_cookies(self):
        page = self.last_answer_of_a_login("/login")
        cookies = [value for name, value in page.headers if name == "set-cookie"]
        session = [value for value in cookies if value.startswith("__Host-rb=")]
        self.assertEqual(len(session), 1, cookies)
        for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(attribute, session[0])
        self.assertNotIn("Domain", session[0])

    def test_forms_without_the_token_or_from_elsewhere_do_nothing(self):
        alice, bob = self.logged_in("alice"), self.logged_in("bob")
        form = alice.get("/").form("/apps/aws")
        foreign = bob.get("/").form("/apps/aws")
        fields = {**form.fields, "role": ALICE[0]}
        attempts = {
            "no token": ({"role": ALICE[0]}, {}),
            "another session's token": ({**foreign.fields, "role": ALICE[0]}, {}),
            "foreign origin": (fields, {"Origin": "https://evil.example.org"}),
            "null origin": (fields, {"Origin": "null"}),
            "plain http": (fields, {"Origin": self.stack.url.replace("https", "http")}),
            "other port": (fields, {"Origin": "https://localhost:1"}),
        }
        for name, (posted, headers) in attempts.items():
            with self.subTest(name):
                page = alice.post(form.action, posted, headers)
                self.assertEqual(page.status, 403)
                self.assertNotIn("SAMLResponse", page.text)
        self.assertIn("SAMLResponse", alice.post(form.action, fields).text)
        logout = bob.get("/").form("/logout")
        self.assertEqual(bob.post(logout.action, {}).status, 403)
        self.assertEqual(bob.get("/").status, 200, "a forged log-out worked")

    def test_a_link_mints_nothing(self):
        alice = self.logged_in("alice")
        for path in (f"/apps/aws?role={ALICE[0]}", "/apps/aws?role=all"):
            self.assertNotIn("SAMLResponse", alice.get(path).text)

    def test_a_login_form_of_another_browser_is_refused(self):
        form = self.client().get("/login").form("/login")
        victim = self.client()
        page = victim.post(form.action, {**form.fields, "username": "bob",
                                         "password": self.password("bob")})
        self.assertEqual(page.status, 403)
        self.assertNotIn("__Host-rb", victim.cookies)

    def test_open_redirects_are_not(self):
        for target in ("https://evil.example.org/", "//evil.example.org", "/\\evil.example.org",
                       "/login\r\nX: y", "/nothing"):
            page = self.last_answer_of_a_login("/login?next=" + re.sub(
                r"[^A-Za-z0-9]", lambda m: "%%%02X" % ord(m[0]), target))
            self.assertEqual(page.status, 303)
            self.assertIn(page.header("location"), ("/", self.stack.url + "/"), target)

    def test_two_cookies_of_one_name_count_as_none(self):
        alice = self.logged_in("alice")
        value = alice.cookies["__Host-rb"]
        page = self.client().request("GET", "/", headers={
            "Cookie": f"__Host-rb={value}; __Host-rb={value}"})
        self.assertEqual(page.status, 303)
        self.assertIn("/login", page.header("location"))


if __name__ == "__main__":
    unittest.main()
