"""`rolebridge check`: what is wrong is said before start does, and --online asks the directory."""

import subprocess
import unittest

from stack_case import StackTestCase


class CheckTest(StackTestCase):

    def check(self, *more):
        run = subprocess.run(
            [str(self.stack.bin_dir / "rolebridge"), "check", "--config", str(self.stack.config),
             "--pam-folder", str(self.stack.etc / "pam.d"), "--pam-settings",
             str(self.stack.etc / "rolebridge-pam.conf"), *more], capture_output=True, text=True,
            check=False, timeout=120)
        return run.returncode, run.stdout

    def edited(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")

    def test_nothing_wrong(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertNotIn("wrong ", said)

    def test_online_names_group_and_value_of_what_no_response_may_hold(self):
        status, said = self.check("--online")
        self.assertEqual(status, 1)
        for group, value in (
                ("legacy import", "Administrator,arn:aws:iam::123412341234:saml-provider/other"),
                ("shadow it", "arn:aws:iam::999988887777:role/Administrator"),
                ("typing errors", "Read Only")):
            lines = [line for line in said.splitlines() if f"group '{group}'" in line]
            self.assertTrue(any(f"'{value}'" in line for line in lines), said)
        self.assertNotIn("aws-production-admins", said)

    def test_online_says_when_the_directory_is_away(self):
        self.stack.slapd.stop()
        self.addCleanup(self.stack.slapd.start)
        status, said = self.check("--online")
        self.assertEqual(status, 1)
        self.assertIn(self.stack.slapd.uri_ldap, said)

    def test_all_mistakes_at_once(self):
        self.edited(self.stack.config, "password_file:", "pasword_file:")
        self.edited(self.stack.config, "aws_session_duration: 4h", "aws_session_duration: 4d")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("ldap.bind.pasword_file: unknown key; did you mean 'password_file'?", said)
        self.assertIn("aws_session_duration", said)

    def test_dangerous_pam_stacks(self):
        service = self.stack.etc / "pam.d/rolebridge"
        for old, new in (("required   pam_unix.so", "required   pam_unix.so nullok"),
                         ("auth     required   pam_unix.so", "auth sufficient pam_rootok.so"),
                         ("auth     required   pam_unix.so", "auth sufficient pam_permit.so")):
            with self.subTest(new):
                text = service.read_text(encoding="utf-8")
                self.assertIn(old, text)
                service.write_text(text.replace(old, new, 1), encoding="utf-8")
                try:
                    status, said = self.check()
                finally:
                    service.write_text(text, encoding="utf-8")
                self.assertEqual(status, 1, said)
                self.assertIn("wrong ", said)

    def test_no_secret_is_said(self):
        _, said = self.check("--online")
        self.assertNotIn(self.stack.slapd.bind_password, said)
        self.assertNotIn("PRIVATE", said)


if __name__ == "__main__":
    unittest.main()
