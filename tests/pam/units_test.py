"""The units of rolebridge-pam: that systemd takes them, and what they promise (security.md S1, S2)."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"])
SERVICE = "rolebridge-pam@.service"
SOCKET = "rolebridge-pam.socket"
CHANGE_SERVICE = "rolebridge-pam-change@.service"
CHANGE_SOCKET = "rolebridge-pam-change.socket"

S1 = """NoNewPrivileges=yes CapabilityBoundingSet= AmbientCapabilities= SystemCallArchitectures=native
SystemCallErrorNumber=EPERM RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes
LockPersonality=yes MemoryDenyWriteExecute=yes ProtectSystem=strict ProtectHome=yes PrivateTmp=yes
PrivateDevices=yes PrivateIPC=yes ProtectProc=invisible ProcSubset=pid ProtectClock=yes
ProtectHostname=yes ProtectKernelLogs=yes ProtectKernelModules=yes ProtectKernelTunables=yes
ProtectControlGroups=yes KeyringMode=private UMask=0077 LimitCORE=0 MemorySwapMax=0
DevicePolicy=closed""".split()
S2_SERVICE = """User=root RestrictAddressFamilies=AF_UNIX IPAddressDeny=any PrivateNetwork=yes
SystemCallFilter=@system-service ReadWritePaths=-/run/faillock StandardInput=socket
StandardOutput=journal StandardError=journal RuntimeMaxSec=200 TimeoutStopSec=2 TasksMax=8
MemoryMax=96M CollectMode=inactive-or-failed""".split()
S2_SOCKET = """Backlog=512 SocketMode=0660 RemoveOnStop=yes TriggerLimitIntervalSec=0 Accept=yes
MaxConnections=256 SocketGroup=rolebridge""".split()


def lines_of(unit):
    return (SOURCE / "systemd" / unit).read_text(encoding="utf-8").splitlines()


class UnitsTest(unittest.TestCase):

    def setUp(self):
        # A folder with the units, as they would be installed but for where the program is.
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-units-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for unit in (SERVICE, SOCKET, CHANGE_SERVICE, CHANGE_SOCKET):
            text = "\n".join(lines_of(unit)) + "\n"
            text = text.replace("/usr/sbin/rolebridge-pam", str(BINARY / "bin/rolebridge-pam"))
            (self.folder / unit).write_text(text, encoding="utf-8")

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", "--no-pager", *arguments], cwd=self.folder,
                              capture_output=True, text=True, check=False)

    def test_systemd_finds_nothing_to_say(self):
        # systemd-analyze exits 0 upon unknown keys, and says so on standard error.
        result = self.analyze("verify", "--man=no", f"./{SOCKET}", f"./{SERVICE}",
                              f"./{CHANGE_SOCKET}", f"./{CHANGE_SERVICE}")
        ours = [line for line in result.stderr.splitlines() if "rolebridge" in line]
        self.assertEqual((result.returncode, ours), (0, []), result.stderr)

    def test_exposure_is_that_of_the_security_rules(self):
        result = self.analyze("security", "--offline=true", f"./{SERVICE}")
        score = re.search(r"exposure level for \S+: ([0-9.]+)", result.stdout)
        self.assertIsNotNone(score, result.stdout + result.stderr)
        self.assertLessEqual(float(score[1]), 1.1)

    def test_service_has_every_line_of_the_rules(self):
        lines = lines_of(SERVICE)
        self.assertEqual([line for line in S1 + S2_SERVICE if line not in lines], [])
        self.assertIn("InaccessiblePaths=-/etc/rolebridge -/var/lib/rolebridge "
                      "-/run/rolebridge-admin.sock", lines)

    def test_nothing_in_it_breaks_the_check_of_who_asks_or_unix_chkpwd(self):
        for line in lines_of(SERVICE):
            self.assertFalse(line.startswith("PrivateUsers="), line)
            self.assertFalse(line.startswith("SystemCallFilter=~"), line)

    def test_what_changes_passwords_may_write_etc_and_no_more_than_that(self):
        def settings(unit):
            return {line for line in lines_of(unit) if line and not line.startswith("#")}
        self.assertEqual(settings(CHANGE_SERVICE) - settings(SERVICE), {
            "Description=rolebridge: one change of an expired password by PAM",
            "ExecStart=/usr/sbin/rolebridge-pam --peer rolebridge --change-expired-passwords",
            "RuntimeMaxSec=320", "CapabilityBoundingSet=CAP_CHOWN",
            "ReadWritePaths=/etc -/run/faillock"})

    def test_nothing_starts_it_unless_somebody_enables_it(self):
        self.assertIn("WantedBy=rolebridge.target", lines_of(CHANGE_SOCKET))
        self.assertNotIn(CHANGE_SOCKET, "\n".join(lines_of("rolebridge.target") +
                                                  lines_of("rolebridge-issuer.service")))

    def test_socket_has_every_line_of_the_rules(self):
        lines = lines_of(SOCKET)
        self.assertEqual([line for line in S2_SOCKET if line not in lines], [])


if __name__ == "__main__":
    unittest.main()
