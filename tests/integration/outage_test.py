"""Something is gone: a clear page, nothing issued, /readyz says what, and it comes back."""

import re
import unittest

from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")


class OutageTest(StackTestCase):

    def assert_unavailable(self, page, words):
        self.assertEqual(page.status, 503, page.visible_text())
        self.assertIn(words, page.visible_text())
        self.assertNotIn("SAMLResponse", page.text)
        self.assertRegex(page.visible_text(), "Request (number: )?[0-9a-f]{16}")

    def assert_works(self, client):
        self.land(self.response_of(client, BOB)[0])

    def test_directory_gone(self):
        client = self.logged_in("bob")
        form = client.get("/").form("/apps/aws")
        self.stack.slapd.stop()
        self.addCleanup(lambda: self.stack.slapd.process or self.stack.slapd.start())
        page = client.post(form.action, {**form.fields, "role": BOB})
        self.assert_unavailable(page, "The directory cannot be reached")
        self.assert_unavailable(client.get("/"), "The directory cannot be reached")
        self.assertTrue([line for line in self.events("response_refused")
                         if "reason=directory_unavailable" in line])
        self.stack.wait_not_ready()
        self.assertEqual(self.stack.readiness(), (503, "directory\n"))
        self.assertIn("server=" + self.stack.slapd.uri_ldap,
                      self.events("directory_server_failed")[-1])
        self.stack.slapd.start()
        self.stack.wait_ready()
        self.assert_works(client)
        self.assertEqual(len(self.events("directory_server_recovered")),
                         len(self.events("directory_server_failed")))

    def test_directory_silent(self):
        client = self.logged_in("bob")
        self.stack.slapd.freeze()
        self.addCleanup(self.stack.slapd.thaw)
        self.assert_unavailable(client.get("/"), "The directory cannot be reached")
        self.stack.slapd.thaw()
        self.stack.wait_ready()
        self.assert_works(client)

    def test_issuer_killed(self):
        client = self.logged_in("bob")
        form = client.get("/").form("/apps/aws")
        self.stack.kill("issuer")
        self.addCleanup(lambda: "issuer" in self.stack.processes or self.stack.start_issuer())
        for page in (client.get("/"), client.post(form.action, {**form.fields, "role": BOB}),
                     self.client().log_in("bob", self.password("bob"))):
            self.assert_unavailable(page, "starting or being repaired")
        self.stack.wait_not_ready()
        self.assertEqual(self.stack.readiness(), (503, "issuer\n"))
        self.stack.start_issuer()
        self.stack.wait_ready()
        self.assert_works(client)

    def test_issuer_restarted_in_the_middle_of_a_login(self):
        client = self.client()
        form = client.get("/login").form("/login")
        self.stack.stop("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()
        # The page was sealed with keys that outlive a restart (design section 6).
        page = client.outcome(client.post(form.action, {**form.fields, "username": "bob",
                                                        "password": self.password("bob")}))
        self.assertEqual(page.status, 200, page.visible_text())
        self.assert_works(client)

    def test_pam_gone(self):
        self.stack.stop("pam")
        self.addCleanup(lambda: "pam" in self.stack.processes or self.stack.start_pam())
        page = self.client().log_in("bob", self.password("bob"))
        self.assertEqual(page.status, 503, page.visible_text())
        self.assertIn("Signing in does not work at the moment", page.visible_text())
        self.stack.wait_not_ready()
        self.assertEqual(self.stack.readiness(), (503, "pam\n"))
        self.assertTrue([line for line in self.events("login_denied")
                         if "verdict=unavailable" in line])
        self.stack.start_pam()
        self.stack.wait_ready()
        self.assert_works(self.logged_in("bob"))

    def test_pam_gone_does_not_end_sessions(self):
        client = self.logged_in("bob")
        self.stack.stop("pam")
        self.addCleanup(lambda: "pam" in self.stack.processes or self.stack.start_pam())
        self.assert_works(client)

    def test_web_restarted(self):
        client = self.logged_in("bob")
        self.stack.kill("web")
        self.stack.start_web()
        self.stack.wait_ready()
        self.assert_works(client)

    def test_everything_ends_when_asked(self):
        for name in ("web", "issuer"):
            with self.subTest(name):
                self.assertEqual(self.stack.stop(name), 0, self.stack.log(name))
                self.assertFalse(re.search("ERROR: (Address|Leak)Sanitizer", self.stack.log(name)))
                getattr(self.stack, f"start_{name}")()
        self.stack.wait_ready()


class MisconfiguredTest(StackTestCase):
    """What keeps the issuer from starting says exactly why."""

    def refuses(self, edit, *words):
        good = self.stack.edit_config
        self.stack.edit_config = edit
        self.stack.write_config()
        self.addCleanup(self.restore, good)
        self.stack.stop("issuer")
        before = len(self.stack.log("issuer"))
        try:
            self.stack.start_issuer()
            self.fail("the issuer started")
        except Exception as error:
            self.assertIn("ended at once", str(error))
        said = self.stack.log("issuer")[before:]
        for word in words:
            self.assertIn(word, said)

    def restore(self, good):
        self.stack.edit_config = good
        self.stack.write_config()
        self.stack.processes.pop("issuer", None)
        self.stack.start_issuer()
        self.stack.wait_ready()

    def test_broken_yaml(self):
        self.refuses(lambda text: text + "broken: [\n", "rolebridge.yaml:")

    def test_unknown_key_with_its_place(self):
        self.refuses(lambda text: text.replace("password_file:", "pasword_file:"),
                     "rolebridge.yaml:", "ldap.bind.pasword_file", "password_file")

    def test_missing_key_file(self):
        self.refuses(lambda text: text.replace("key: saml.key", "key: absent.key"), "absent.key")

    def test_key_of_another_certificate(self):
        self.refuses(lambda text: text.replace("certificate: saml.crt", "certificate: tls.crt"),
                     "tls.crt")

    def test_secret_that_others_can_read(self):
        secret = self.stack.etc / "ldap.secret"
        secret.chmod(0o444)
        try:
            self.refuses(lambda text: text, "ldap.secret")
        finally:
            secret.chmod(0o440)


if __name__ == "__main__":
    unittest.main()
