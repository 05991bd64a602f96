"""Logins through real PAM modules of Debian, in a stack of its own for each: one-time codes, locks,
access rules; and a reload in the middle of such a login."""

import base64
import hashlib
import hmac
import struct
import time
import unittest

from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")
SECRET = b"12345678901234567890"

ACCOUNT = """
account required pam_nologin.so
account required pam_unix.so
"""


def code(at=None, step=30):
    """RFC 6238 for SECRET, six digits."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // step))
    digest = hmac.new(SECRET, counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06}"


class PamModulesTest(StackTestCase):

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

    def use_oath(self):
        users = self.secret_file("users.oath", f"HOTP/T30/6\tbob\t-\t{SECRET.hex()}\n")
        self.use("auth required pam_unix.so\n"
                 f"auth required pam_oath.so usersfile={users} window=2 digits=6\n")

    def answer(self, client, page, text):
        """The page after answering the one question of `page`."""
        form = page.form("/login?state=")
        return client.outcome(client.post(form.action, {**form.fields, "answer0": text}))

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
        page = self.answer(client, page, "000000" if code() != "000000" else "000001")
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


if __name__ == "__main__":
    unittest.main()
