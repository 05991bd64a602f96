"""Backup of a running bridge, opened by OpenSSL's own program, and what comes back from it."""

import hashlib
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

from stack_case import StackTestCase, role

READER = role("production", "ReadOnly")
PASSPHRASE = "correct horse battery staple"


class BackupTest(StackTestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-backup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.passphrase = self.file("passphrase", PASSPHRASE + "\n")
        self.backup = self.folder / "rolebridge.backup"

    def file(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return path

    def run_backup(self, *options):
        return self.stack.rolebridge(
            "backup", str(self.backup), "--config-folder", str(self.stack.etc), "--state-dir",
            str(self.stack.folder / "state"), *options)

    def restore(self, *options):
        root = self.folder / "disk"
        root.mkdir(exist_ok=True)
        return root, self.stack.rolebridge("restore", str(self.backup), "--root", str(root),
                                           *options)

    def test_what_a_running_bridge_did_is_in_it_and_verifies(self):
        client = self.logged_in("bob")
        self.land(self.response_of(client, READER)[0])
        made = self.run_backup("--passphrase-file", str(self.passphrase))
        self.assertEqual(made.returncode, 0, made.stderr)
        self.land(self.response_of(client, READER)[0])  # it goes on meanwhile

        root, done = self.restore("--passphrase-file", str(self.passphrase))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sessions are over", done.stdout)
        state = str(root / "var/lib/rolebridge")
        key = self.file("first-key", self.stack.audit_key.split()[0] + "\n")
        verified = self.stack.rolebridge("audit", "verify", "--state-dir", state, "--key", str(key))
        self.assertIn("the chain is whole", verified.stdout, verified.stderr)
        listed = self.stack.rolebridge("audit", "list", "--state-dir", state, "--user", "bob")
        self.assertIn("response_issued", listed.stdout)
        self.assertEqual((root / "etc/rolebridge/saml.key").read_bytes(),
                         (self.stack.etc / "saml.key").read_bytes())
        self.assertEqual((root / "var/lib/rolebridge").stat().st_uid,
                         (self.stack.folder / "state").stat().st_uid)
        again = self.restore("--passphrase-file", str(self.passphrase))[1]
        self.assertEqual(again.returncode, 2)
        self.assertIn("there is something already", again.stderr)

    def test_openssl_and_tar_open_it_too(self):
        key, certificate = self.folder / "off.key", self.folder / "off.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                        "/CN=safe", "-days", "30", "-keyout", str(key), "-out", str(certificate)],
                       check=True, capture_output=True)
        made = self.run_backup("--recipient", str(certificate), "--passphrase-file",
                               str(self.passphrase))
        self.assertEqual(made.returncode, 0, made.stderr)
        for opener in (["-inkey", str(key), "-recip", str(certificate)],
                       ["-pwri_password", PASSPHRASE]):
            plain = self.folder / "plain.tar.gz"
            subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in",
                            str(self.backup), "-out", str(plain), *opener], check=True)
            with tarfile.open(plain) as archive:
                names = archive.getnames()
            self.assertEqual(names[0], "rolebridge-backup")
            for name in ("etc/rolebridge/rolebridge.yaml", "etc/rolebridge/saml.key",
                         "var/lib/rolebridge/store.db", "var/lib/rolebridge/name-id.key"):
                self.assertIn(name, names)
        digest = re.search(r"(?m)^SHA-256 ([0-9a-f]{64})$", made.stdout)[1]
        self.assertEqual(digest, hashlib.sha256(self.backup.read_bytes()).hexdigest())
        opener = ["--key", str(key), "--certificate", str(certificate)]
        refused = self.restore(*opener)[1]
        self.assertEqual(refused.returncode, 2)
        self.assertIn("anybody can encrypt to a certificate", refused.stderr)
        refused = self.restore(*opener, "--sha256", "0" * 64)[1]
        self.assertIn(f"its SHA-256 is {digest}", refused.stderr)
        done = self.restore(*opener, "--sha256", digest)[1]
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_refusals_say_what_to_do(self):
        weak = self.file("weak", "short\n")
        open_to_all = self.file("open", PASSPHRASE + "\n", 0o644)
        for options, said in (
                (["--passphrase-file", str(weak)], "fewer than 12 characters"),
                (["--passphrase-file", str(open_to_all)], "others"),
                (["--recipient", str(self.passphrase)], "certificate can't be used"),
                ([], "nobody can be asked; give --passphrase-file or a certificate")):
            refused = self.run_backup(*options)
            self.assertEqual(refused.returncode, 2, options)
            self.assertIn(said, refused.stderr)
            self.assertFalse(self.backup.exists())
        self.assertEqual(self.run_backup("--passphrase-file", str(self.passphrase)).returncode, 0)
        other = self.file("other", "another passphrase\n")
        refused = self.restore("--passphrase-file", str(other))[1]
        self.assertEqual(refused.returncode, 2)
        self.assertIn("opens for somebody else", refused.stderr)
        self.assertNotIn("another passphrase", refused.stderr + refused.stdout)


    def test_keys_outside_of_the_folder_are_not_left_out_silently(self):
        config = self.stack.config.read_text(encoding="utf-8")
        self.addCleanup(self.stack.config.write_text, config, encoding="utf-8")
        key = self.folder / "outside.key"
        self.stack.config.write_text(config.replace("key: saml.key", f"key: {key}"),
                                     encoding="utf-8")
        refused = self.run_backup("--passphrase-file", str(self.passphrase))
        self.assertEqual(refused.returncode, 2)
        self.assertIn(f"'{key}'", refused.stderr)
        done = self.run_backup("--passphrase-file", str(self.passphrase), "--without-outside")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
