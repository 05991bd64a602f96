"""Logins through real PAM modules of Debian, in a stack of its own for each: one-time codes, locks,
access rules, a reload in the middle of such a login; and levels of assurance by a service each."""

import base64
import shutil
import time
import unittest

from kdc import Kdc
from one_time_code import SECRET, code, oath_users, wrong_code
from stack import SOURCE
from stack_case import StackTestCase, quick_refusals, role

BOB = role("production", "ReadOnly")
ADMIN = role("production", "Administrator")

ACCOUNT = """
account required pam_nologin.so
account required pam_unix.so
"""


class PamTestCase(StackTestCase):

    def use(self, auth, account=ACCOUNT):
        """A PAM stack instead of the shipped one; each login reads it anew."""
        service = self.stack.etc / "pam.d/rolebridge"
        shipped = service.read_text(encoding="utf-8")
        self.addCleanup(service.write_text, shipped, encoding="utf-8")
        service.write_text(auth + account, encoding="utf-8")

    def secret_file(self, name, text):
        path = self.stack.folder / "host" / name
        path.write_text(text, encoding="ascii")
        path.chmod(0o600)
        self.addCleanup(path.unlink)
        return path

    def oath_line(self, *names):
        users = self.secret_file("users.oath", oath_users(*names))
        return f"auth required pam_oath.so usersfile={users} window=2 digits=6\n"

    def answer(self, client, page, text):
        """The page after answering the one question of `page`."""
        form = page.form("/login?state=")
        return client.outcome(client.post(form.action, {**form.fields, "answer0": text}))


class PamModulesTest(PamTestCase):

    def use_oath(self):
        self.use("auth required pam_unix.so\n" + self.oath_line("bob"))

    def test_a_one_time_code_of_pam_oath(self):
        self.use_oath()
        client = self.client()
        page = client.log_in("bob", self.password("bob"))
        self.assertIn("One-time password", page.visible_text())
        self.assertNotIn("__Host-rb", client.cookies)
        right = code()
        self.assertIn(BOB, self.answer(client, page, right).text)
        self.land(self.response_of(client, BOB)[0])

        again = self.client()
        page = again.log_in("bob", self.password("bob"))
        self.assertIn("Invalid username or password", self.answer(again, page, right)
                      .visible_text(), "a code is good once")
        self.assertNotIn("__Host-rb", again.cookies)

    def test_the_code_of_somebody_without_one(self):
        self.use_oath()
        client = self.client()
        page = client.log_in("alice", self.password("alice"))
        if page.status == 200 and "One-time password" in page.visible_text():
            page = self.answer(client, page, code())
        self.assertIn("Invalid username or password", page.visible_text())

    def test_a_reload_in_the_middle_of_it(self):
        self.use_oath()
        client = self.client()
        page = client.log_in("bob", self.password("bob"))
        text = self.stack.config.read_text(encoding="utf-8")
        self.addCleanup(self.stack.config.write_text, text, encoding="utf-8")
        self.stack.config.write_text(text.replace("Amazon Web Services", "The cloud"),
                                     encoding="utf-8")
        run = self.stack.rolebridge("reload", "--socket", str(self.stack.admin_socket))
        self.assertEqual(run.returncode, 0, run.stderr)
        page = self.answer(client, page, code())
        self.assertIn("The cloud", page.visible_text())
        self.assertIn(BOB, page.text)

    def test_a_verification_code_of_google_authenticator(self):
        secret = self.secret_file("bob.google", base64.b32encode(SECRET).decode() +
                                  '\n" TOTP_AUTH\n" WINDOW_SIZE 3\n" DISALLOW_REUSE\n')
        secret.chmod(0o400)
        self.use("auth required pam_unix.so\n"
                 f"auth required pam_google_authenticator.so user=root secret={secret.parent}"
                 "/${USER}.google no_increment_hotp\n")
        client = self.client()
        page = client.log_in("bob", self.password("bob"))
        self.assertIn("Verification code", page.visible_text())
        page = self.answer(client, page, wrong_code())
        self.assertIn("Invalid username or password", page.visible_text())
        client = self.client()
        page = client.log_in("bob", self.password("bob"))
        self.assertIn(BOB, self.answer(client, page, code()).text)

    def test_pam_faillock_shuts_the_account_and_says_no_more_than_that(self):
        folder = self.stack.folder / "host/faillock"
        folder.mkdir(exist_ok=True)
        lock = f"pam_faillock.so dir={folder} deny=2 silent"
        self.use(f"auth required {lock} preauth\n"
                 "auth [success=1 default=ignore] pam_unix.so\n"
                 f"auth [default=die] {lock} authfail\n"
                 f"auth required {lock} authsucc\n")
        self.logged_in("carol")
        for wrong in ("one", "two"):
            page = self.client().log_in("carol", wrong)
            self.assertIn("Invalid username or password", page.visible_text())
        page = self.client().log_in("carol", self.password("carol"))
        self.assertIn("Invalid username or password", page.visible_text())
        self.assertIn("verdict=denied", self.events("login_denied")[-1])

    def test_pam_access_and_pam_time_close_the_account_stage(self):
        access = self.secret_file("access.conf", "-:bob:ALL\n+:ALL:ALL\n")
        self.use("auth required pam_unix.so\n",
                 f"account required pam_access.so accessfile={access} nodefgroup\n"
                 "account required pam_unix.so\n")
        page = self.client().log_in("bob", self.password("bob"))
        self.assertIn("Invalid username or password", page.visible_text())
        self.assertIn("verdict=account_refused", self.events("login_denied")[-1])
        self.logged_in("alice")


class PushTest(PamTestCase):
    """A program that asks somewhere else and waits for the answer, by pam_exec."""

    def setUp(self):
        folder = self.stack.folder / "host/push"
        folder.mkdir(mode=0o700)
        self.addCleanup(shutil.rmtree, folder)
        self.said = folder / "said"
        program = folder / "ask"
        program.write_text("#!/bin/sh\necho Approve it on your phone, $PAM_USER.\n"
                           # Not longer than the folder is there: the login may have ended first.
                           f"until test -s {self.said}; do test -d {folder} || exit 1; "
                           "sleep 0.05; done\n"
                           f"test $(cat {self.said}) = yes\n", encoding="ascii")
        program.chmod(0o700)
        # Whatever fails in pam_exec is PAM_SYSTEM_ERR; pam_deny makes a refusal of it.
        self.use("auth requisite pam_unix.so\n"
                 f"auth [success=1 default=ignore] pam_exec.so quiet stdout {program}\n"
                 "auth requisite pam_deny.so\n")

    def asked(self, client, name):
        """The page that waits, once the program has spoken."""
        form = client.get("/login").form("/login")
        page = client.post(form.action, {**form.fields, "username": name,
                                         "password": self.password(name)})
        deadline = time.monotonic() + 60
        while f"Approve it on your phone, {name}." not in page.visible_text():
            self.assertTrue(page.refresh(), page.visible_text())
            self.assertLess(time.monotonic(), deadline, page.visible_text())
            time.sleep(0.05)
            page = client.get(page.refresh())
        return page

    def test_the_page_waits_for_it_and_goes_on_by_itself(self):
        client = self.client()
        page = self.asked(client, "bob")
        for _ in range(2):
            self.assertEqual(page.refresh_seconds(), 2)
            self.assertNotIn("__Host-rb", client.cookies)
            page = client.get(page.refresh())
        self.said.write_text("yes", encoding="ascii")
        self.assertIn(BOB, client.outcome(page).text)

    def test_what_is_turned_down_there_is_no_login(self):
        client = self.client()
        page = self.asked(client, "alice")
        self.said.write_text("no", encoding="ascii")
        self.assertIn("Invalid username or password", client.outcome(page).visible_text())
        self.assertNotIn("__Host-rb", client.cookies)
        self.assertIn("verdict=denied", self.events("login_denied")[-1])


def with_levels(text):
    """A second level by a service of its own, which one role asks for."""
    text = quick_refusals(text)
    level = """
  - { name: mfa, service: rolebridge-mfa, context_class: "https://refeds.org/profile/mfa", valid: 15m }

ldap:"""
    policy = """mappings: [aws-role, aws-session-name]
    policies:
      - { name: codes, roles: [ReadOnly, Administrator], assurance: mfa, message: A code is asked for. }
"""
    for old, new in (("\nldap:", level), ("mappings: [aws-role, aws-session-name]\n", policy)):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class StepUpTest(PamTestCase):

    edit_config = staticmethod(with_levels)

    def setUp(self):
        service = self.stack.etc / "pam.d/rolebridge-mfa"
        service.write_text(self.oath_line("alice", "bob") + ACCOUNT, encoding="utf-8")
        self.addCleanup(service.unlink)

    def step_up(self, client, page, text):
        """From the page that asks for a step-up to what follows the answer."""
        form = page.form("/step-up")
        page = client.outcome(client.post(form.action, form.fields))
        self.assertIn("One-time password", page.visible_text())
        return self.answer(client, page, text)

    def test_where_nothing_else_is_open_the_start_page_asks_for_it(self):
        client = self.logged_in("bob")
        page = client.get("/")
        self.assertIn("A code is asked for.", page.visible_text())
        self.assertIn(BOB, self.step_up(client, page, code()).text)

    def test_a_role_that_asks_for_more_leads_to_the_missing_part_and_on(self):
        client = self.logged_in("alice")
        before = client.cookies["__Host-rb"]
        self.assertIn("asks for mfa", client.get("/").visible_text())
        page = client.choose(ADMIN)
        self.assertIn("A code is asked for.", page.visible_text())
        page = self.step_up(client, page, code())
        self.assertIn(ADMIN, page.text)
        self.assertNotIn("asks for mfa", page.visible_text())
        self.assertNotEqual(client.cookies["__Host-rb"], before)

        response, _ = self.response_of(client, ADMIN)
        self.land(response)
        self.assertIn(b"https://refeds.org/profile/mfa", base64.b64decode(response))
        proved = self.events("level_proved")[-1]
        for part in ("user=alice", "service=rolebridge-mfa", "assurance=mfa"):
            self.assertIn(part, proved)
        self.assertIn("assurance=mfa", self.events("response_issued")[-1])

        old = self.client()
        old.cookies["__Host-rb"] = before
        self.assertIn("/login", old.get("/").url, "the identifier before it is worth nothing")

        self.stack.kill("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()
        self.land(self.response_of(client, ADMIN)[0])

    def test_a_wrong_code_leaves_the_session_and_opens_nothing(self):
        client = self.logged_in("alice")
        page = self.step_up(client, client.choose(ADMIN), wrong_code())
        self.assertEqual(page.status, 403)
        self.assertIn("That was not right", page.visible_text())
        self.assertIn("asks for mfa", client.get("/").visible_text())
        self.assertIn("A code is asked for.", client.choose(ADMIN).visible_text())

    def test_one_persons_code_is_not_anothers(self):
        client = self.logged_in("carol")
        page = client.get("/step-up?level=mfa")
        form = page.form("/step-up")
        page = client.outcome(client.post(form.action, form.fields))
        if "One-time password" in page.visible_text():
            page = self.answer(client, page, code())
        self.assertEqual(page.status, 403, page.visible_text())



def unpacked(module):
    """The path of a module that is unpacked and not installed."""
    found = list((SOURCE / "build/pam-modules").rglob(module))
    assert len(found) == 1, f"{module}: run tests/support/unpack-modules as ./check does"
    return found[0]


QUALITY = f"""
password requisite {unpacked('pam_pwquality.so')} retry=1 minlen=10 dictcheck=0
password required pam_unix.so use_authtok yescrypt
"""


class ExpiredPasswordTest(PamTestCase):
    """Changed in the login, by the process that is there for it."""

    stack_options = {"changes_passwords": True}

    def setUp(self):
        self.use("auth required pam_unix.so\n", ACCOUNT + QUALITY)

    def expire(self, name):
        """The name, whose password is to be changed at the next login. Each test takes somebody
        else: what failed a moment ago is not tried again."""
        shadow = self.stack.accounts / "shadow"
        before = shadow.read_text(encoding="utf-8")
        self.addCleanup(shadow.write_text, before, encoding="utf-8")
        lines = [line.split(":") for line in before.splitlines()]
        shadow.write_text("".join(
            ":".join(line[:2] + ["0"] + line[3:] if line[0] == name else line) + "\n"
            for line in lines), encoding="utf-8")
        return name

    def settings(self, before, after):
        file = self.stack.etc / "rolebridge-pam.conf"
        text = file.read_text(encoding="utf-8")
        self.addCleanup(file.write_text, text, encoding="utf-8")
        self.assertIn(before, text)
        file.write_text(text.replace(before, after), encoding="utf-8")

    def test_it_is_changed_and_the_person_is_signed_in(self):
        client = self.client()
        page = client.log_in(self.expire("bob"), self.password("bob"))
        self.assertIn("Your password has expired. Choose a new one", page.visible_text())
        self.assertIn("Current password", page.visible_text())
        self.assertIn('autocomplete="current-password"', page.text)
        self.assertNotIn("__Host-rb", client.cookies)

        page = self.answer(client, page, self.password("bob"))
        self.assertIn("New password", page.visible_text())
        self.assertIn('autocomplete="new-password"', page.text)
        # Turned down by the quality module, which is asked again from the start.
        page = self.answer(client, page, "short1")
        self.assertIn("BAD PASSWORD", page.visible_text())
        self.assertNotIn("__Host-rb", client.cookies)
        page = self.answer(client, page, self.password("bob"))

        chosen = "9 Fresh-Horses! gallop"
        page = self.answer(client, page, chosen)
        self.assertIn("Retype new password", page.visible_text())
        page = self.answer(client, page, chosen)
        self.assertIn(BOB, page.text)
        self.land(self.response_of(client, BOB)[0])
        self.assertIn("user=bob", self.events("password_changed")[-1])

        again = self.client()
        again.log_in("bob", self.password("bob"))
        self.assertNotIn("__Host-rb", again.cookies, "the old one is no password any more")
        again.log_in("bob", chosen)
        self.assertIn("__Host-rb", again.cookies)
        for name in ("web", "issuer", "pam", "pam-change"):
            self.assertNotIn(chosen, self.stack.log(name))

    def test_a_new_password_that_stays_bad_is_no_login(self):
        client = self.client()
        page = client.log_in(self.expire("alice"), self.password("alice"))
        for _ in range(3):
            page = self.answer(client, page, self.password("alice"))
            page = self.answer(client, page, "short1")
        self.assertIn("was not changed", page.visible_text())
        self.assertNotIn("__Host-rb", client.cookies)
        self.assertIn("verdict=password_kept", self.events("login_denied")[-1])
        page = self.client().log_in("alice", self.password("alice"))
        self.assertIn("Current password", page.visible_text(), "nobody is held up for that")

    def test_a_wrong_password_gets_no_further_than_before(self):
        page = self.client().log_in(self.expire("carol"), "wrong")
        self.assertIn("Invalid username or password", page.visible_text())

    def test_where_the_settings_of_rolebridge_pam_refuse_it(self):
        self.settings("expired_passwords = change", "expired_passwords = refuse")
        page = self.client().log_in(self.expire("obrien"), self.password("obrien"))
        self.assertIn("Change it where you usually do", page.visible_text())
        self.assertIn("detail=change_not_allowed", self.events("login_denied")[-1])

    def test_where_nobody_is_there_to_change_it(self):
        self.stack.stop("pam-change")
        self.addCleanup(self.stack.start_pam_change)
        page = self.client().log_in(self.expire("joerg"), self.password("joerg"))
        self.assertIn("Change it where you usually do", page.visible_text())


class KerberosTest(PamTestCase):
    """Passwords that are known to a KDC alone, by pam_krb5, whose answer a keytab proves."""

    stack_options = {"own_etc": True}
    REALM_PASSWORD = "known-to-the-realm-alone"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdc = Kdc("EXAMPLE.ORG")
        cls.kdc.__enter__()
        cls.addClassCleanup(cls.kdc.__exit__)
        cls.kdc.add("bob", cls.REALM_PASSWORD)
        cls.kdc.keytab(cls.stack.accounts / "krb5.keytab", "sso.example.org")
        (cls.stack.accounts / "krb5.conf").write_text(cls.kdc.krb5_conf, encoding="ascii")

    def setUp(self):
        self.use(f"auth required {unpacked('pam_krb5.so')} minimum_uid=1000 no_ccache\n")

    def test_a_password_of_the_realm(self):
        for typed in ("bob", "bob@EXAMPLE.ORG"):
            client = self.client()
            page = client.log_in(typed, self.REALM_PASSWORD)
            self.assertIn(BOB, page.text, page.visible_text())
        self.land(self.response_of(client, BOB)[0])
        self.assertIn("user=bob ", self.events("login_succeeded")[-1])

    def test_no_other(self):
        for name, password in (("bob", "wrong"), ("bob", self.password("bob")),
                               ("alice", self.REALM_PASSWORD), ("alice", self.password("alice"))):
            client = self.client()
            page = client.log_in(name, password)
            self.assertIn("Invalid username or password", page.visible_text())
            self.assertNotIn("__Host-rb", client.cookies)

    def test_an_answer_that_no_keytab_proves_is_none(self):
        keytab = self.stack.accounts / "krb5.keytab"
        aside = keytab.with_name("aside")
        keytab.rename(aside)
        self.addCleanup(aside.rename, keytab)
        client = self.client()
        client.log_in("bob", self.REALM_PASSWORD + " ")
        client.log_in("bob", self.REALM_PASSWORD)
        self.assertNotIn("__Host-rb", client.cookies)


if __name__ == "__main__":
    unittest.main()
