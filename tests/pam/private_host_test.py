"""tests/support/private_host.sh: other accounts for one command, and for nobody else."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
SCRIPT = SOURCE / "tests/support/private_host.sh"
PASSWD = "root:x:0:0::/root:/bin/sh\ncarol:x:2042:100::/nonexistent:/usr/sbin/nologin\n"


class PrivateHostTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-host-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("passwd", PASSWD, 0o644)
        self.write("shadow", "carol:*:19000:0:99999:7:::\n", 0o640)
        self.write("group", "users:x:100:\n", 0o644)

    def write(self, name, text, mode):
        (self.folder / name).write_text(text, encoding="ascii")
        (self.folder / name).chmod(mode)

    def run_in_host(self, *command):
        return subprocess.run([SCRIPT, "passwd", "shadow", "group", "--", *command],
                              cwd=self.folder, capture_output=True, text=True, check=False)

    def test_the_command_sees_the_accounts(self):
        result = self.run_in_host("getent", "passwd", "carol")
        self.assertEqual(result.stdout, PASSWD.splitlines(keepends=True)[1], result.stderr)
        self.assertIn("carol:*:", self.run_in_host("cat", "/etc/shadow").stdout)
        self.assertEqual(self.run_in_host("cat", "/etc/group").stdout, "users:x:100:\n")

    def test_nobody_else_sees_them(self):
        before = pathlib.Path("/etc/passwd").read_bytes()
        child = subprocess.Popen([SCRIPT, "passwd", "shadow", "group", "--", "sh", "-c",
                                  "echo inside; read line"], cwd=self.folder,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(child.stdout.readline(), "inside\n")
            self.assertEqual(pathlib.Path("/etc/passwd").read_bytes(), before)
            # By exec: the command has the id that whoever started the script knows.
            self.assertEqual(pathlib.Path(f"/proc/{child.pid}/comm").read_text("ascii"), "sh\n")
        finally:
            child.communicate("done\n")

    def test_the_commands_exit_status_comes_back(self):
        self.assertEqual(self.run_in_host("sh", "-c", "exit 42").returncode, 42)

    def test_a_shadow_file_that_others_can_read_is_refused(self):
        (self.folder / "shadow").chmod(0o644)
        result = self.run_in_host("true")
        self.assertEqual(result.returncode, 64)
        self.assertIn("chmod 640", result.stderr)

    def test_files_that_are_missing_or_not_roots_are_refused(self):
        os.chown(self.folder / "passwd", 65534, 65534)
        self.assertIn("must belong to root", self.run_in_host("true").stderr)
        (self.folder / "passwd").unlink()
        self.assertIn("no such file", self.run_in_host("true").stderr)

    def test_a_call_without_a_command_is_refused(self):
        result = subprocess.run([SCRIPT, "passwd", "shadow", "group"], cwd=self.folder,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 64)
        self.assertIn("usage:", result.stderr)


if __name__ == "__main__":
    unittest.main()
