#!/usr/bin/python3
"""The package on a real host: a booted Debian with systemd, a directory and a person, set up by the
very lines of README.md, used, restarted, upgraded, rebooted, purged. The order of the classes is
that of an installation's life.

Needs root and build/package/rolebridge_*.deb (./package). Exit status 77: this machine can't boot
another one, and nothing was tested.
"""

import base64
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from directory import HAS_TO_CHANGE, password_of
from machine import HOME, SOURCE, CannotBoot, Machine, Tree
from one_time_code import code, oath_users
from web_client import WebClient, hand_over

URL = "https://sso.example.org"
STATUS = ("127.0.0.1", 9180)
PASSWORD = "correct horse battery"
OLDER = "0.0.9"
READER = "arn:aws:iam::123412341234:role/ReadOnly"

SOCKETS = ("rolebridge-pam.socket", "rolebridge-admin.socket", "rolebridge-issuer.socket", "rolebridge-web.socket",
           "rolebridge-web-status.socket")
SERVICES = ("rolebridge-issuer.service", "rolebridge-web.service")
PROGRAMS = ("rolebridge", "rolebridge-issuer", "rolebridge-pam", "rolebridge-web")

NOT_RUN = 77

# Filled by main(), used by all: one machine's life.
machine = None
package = None
directory = None
said_by_apt = ""
audit_key = ""


# ---- what an administrator does ------------------------------------------------------------------


def readme_commands():
    """The lines of README.md's installation, without sudo and comments."""
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    section = text.split("## With your directory and your AWS account", 1)[1].split("\n## ", 1)[0]
    block = section.split("```sh\n", 1)[1].split("```", 1)[0]
    lines = [re.sub(r"\s+#.*", "", line) for line in block.splitlines()]
    return [line.removeprefix("sudo ") for line in lines if line]


def asked_by_init():
    """What somebody types at the questions of `rolebridge init`, in their order; nothing is Enter,
    which takes what it found."""
    return "\n".join((
        "sso.example.org",             # public name
        "",                            # a self-signed certificate
        "",                            # the server that ldap.conf names
        "",                            # its authority, too
        directory["bind_dn"], directory["password"],
        "", "", "", "",                # base, people, membership, groups
        "production=123412341234",     # accounts
        "",                            # the roles that groups carry
        "yes")) + "\n"


def carry_out(command):
    """One line of README.md; where a person would be asked, what they answer."""
    global audit_key
    if command != "rolebridge init":
        return machine.must("sh", "-c", f"cd /root && {command}", timeout=300)
    machine.must("mkdir", "-p", "/etc/ldap")
    machine.write("/etc/ldap/ldap.conf",
                  f"URI {directory['uri']}\nTLS_CACERT {directory['ca_file']}\n")
    # A container may not ask the kernel about its clock.
    said = machine.must("rolebridge", "init", "--unsynchronised-clock", stdin=asked_by_init(),
                        timeout=300)
    audit_key = re.search(r"(?m)^[0-9a-f]{64}\n", said)[0]
    return said


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not within {seconds} s\n{machine.journal()}")
        time.sleep(0.1)


def is_ready():
    done = machine.run("curl", "--silent", "--fail", "http://127.0.0.1:9180/readyz")
    return done.status == 0


def client():
    return WebClient(URL, tls())


def tls():
    return ssl.create_default_context(
        cadata=machine.must("cat", "/etc/rolebridge/tls.crt"))


def signing_key():
    """The path of the one key that init made, without its ending."""
    (path,) = machine.must("sh", "-c", "ls /etc/rolebridge/signing/*.crt").split()
    return path.removesuffix(".crt")


def signed_response():
    """The XML that alice gets for a role, after a login of her own."""
    browser = client()
    page = browser.log_in("alice", PASSWORD)
    if "Alice Anders" not in page.text:
        raise AssertionError(f"no login: {page.visible_text()}\n{machine.journal()}")
    return base64.b64decode(hand_over(browser.choose(READER))[1])


def property_of(unit, name):
    return machine.must("systemctl", "show", "--value", f"--property={name}", unit).strip()


def mode_of(path):
    return machine.must("stat", "--format=%U:%G %a", path).strip()


class MachineTestCase(unittest.TestCase):
    maxDiff = None

    def assert_response_verifies(self):
        with tempfile.TemporaryDirectory() as folder:
            response, certificate = pathlib.Path(folder, "xml"), pathlib.Path(folder, "crt")
            response.write_bytes(signed_response())
            certificate.write_text(machine.must("cat", f"{signing_key()}.crt"))
            done = subprocess.run(
                ["xmlsec1", "--verify", "--enabled-reference-uris", "same-doc", "--id-attr:ID",
                 "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--trusted-pem",
                 str(certificate), str(response)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(READER.encode(), response.read_bytes())


# ---- the life of an installation -----------------------------------------------------------------


class JustInstalledTest(MachineTestCase):

    def test_apt_says_where_to_read_on(self):
        self.assertIn("rolebridge init", said_by_apt)
        self.assertIn("man rolebridge", said_by_apt)

    def test_nothing_runs_and_nothing_failed(self):
        for unit in (*SOCKETS, *SERVICES, "rolebridge.target"):
            self.assertEqual(property_of(unit, "ActiveState"), "inactive", unit)
        self.assertNotIn("rolebridge", machine.must("systemctl", "list-units", "--failed"))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 443), 5)

    def test_status_says_what_is_missing(self):
        status = machine.run("systemctl", "status", "rolebridge.target").stdout
        self.assertIn("ConditionPathExists=/etc/rolebridge/rolebridge.yaml", status)

    def test_starts_at_boot_once_configured(self):
        self.assertEqual(machine.must("systemctl", "is-enabled", "rolebridge.target").strip(),
                         "enabled")

    def test_folders_let_in_whom_they_should(self):
        self.assertEqual(mode_of("/etc/rolebridge"), "root:rolebridge-web 710")
        self.assertEqual(mode_of("/run/rolebridge"), "root:rolebridge-web 750")

    def test_daemons_have_accounts_that_nobody_logs_in_to(self):
        for name in ("rolebridge", "rolebridge-web"):
            entry = machine.must("getent", "passwd", name).strip().split(":")
            self.assertIn("nologin", entry[6])
        self.assertNotIn("rolebridge ", machine.must("id", "-nG", "rolebridge-web").strip() + " ")

    def test_every_program_and_file_has_its_manual_page(self):
        pages = machine.must("dpkg", "-L", "rolebridge")
        for name in (*PROGRAMS, "rolebridge.yaml", "rolebridge-pam.conf"):
            self.assertRegex(pages, rf"/usr/share/man/man[158]/{re.escape(name)}\.[158]\.gz")

    def test_bash_completes_commands_and_options(self):
        def completed(*words):
            line = " ".join(f"'{word}'" for word in words)
            return machine.must("bash", "-c", (
                "source /usr/share/bash-completion/completions/rolebridge; "
                f"COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _rolebridge; "
                'printf "%s\\n" "${COMPREPLY[@]}"')).split()
        self.assertEqual(completed("rolebridge", "aws"), ["aws-setup", "aws-lint"])
        self.assertEqual(completed("rolebridge", "keys", ""),
                         ["new", "list", "publish", "activate", "retire"])
        self.assertEqual(completed("rolebridge", "check", "--on"), ["--online"])
        self.assertIn("terraform", completed("rolebridge", "aws-setup", "aws", "--format", ""))


class InServiceTest(MachineTestCase):

    @classmethod
    def setUpClass(cls):
        for command in readme_commands():
            if not command.startswith("apt "):
                carry_out(command)
        wait_for(is_ready, "/readyz")

    def test_init_left_each_file_to_whom_it_is_for(self):
        for name, owner in (("rolebridge.yaml", "root:rolebridge 640"),
                            ("ldap.secret", "root:rolebridge 640"),
                            ("signing", "root:rolebridge 750"),
                            (signing_key().removeprefix("/etc/rolebridge/") + ".key",
                             "root:rolebridge 640"),
                            ("tls.key", "root:rolebridge-web 640"),
                            ("directory-ca.pem", "root:root 644")):
            self.assertEqual(mode_of(f"/etc/rolebridge/{name}"), owner, name)

    def test_init_has_nothing_to_do_the_second_time(self):
        kept = ("sha256sum /etc/rolebridge/*.* /etc/rolebridge/signing/* /etc/pam.d/rolebridge "
                "/etc/rolebridge-pam.conf")
        before = machine.must("sh", "-c", kept)
        said = machine.must("rolebridge", "init", "--unattended", "--unsynchronised-clock",
                            "--url", "sso.example.org", "--bind-dn", directory["bind_dn"],
                            "--bind-password-file", "/etc/rolebridge/ldap.secret",
                            "--account", "production=123412341234")
        self.assertIn("Nothing to do", said)
        self.assertEqual(machine.must("sh", "-c", kept), before)

    def test_init_opens_the_issuers_way_to_a_directory_elsewhere(self):
        # All else of this one goes elsewhere; the drop-in stays until the package is purged.
        machine.must("rolebridge", "init", "--unattended", "--offline", "--unsynchronised-clock",
                     "--config-folder", "/root/elsewhere", "--url", "sso.example.org",
                     "--ldap-uri", "ldaps://192.0.2.10", "--ldap-base", "dc=example,dc=org",
                     "--bind-dn", directory["bind_dn"], "--bind-password-file",
                     "/etc/rolebridge/ldap.secret", "--account", "production=123412341234",
                     "--role", "ReadOnly")
        machine.must("systemctl", "daemon-reload")
        self.assertIn("192.0.2.10/32", property_of(SERVICES[0], "IPAddressAllow"))
        self.assertIn("127.0.0.0/8", property_of(SERVICES[0], "IPAddressAllow"))

    def test_response_of_a_login_by_pam_unix_verifies(self):
        self.assert_response_verifies()

    def test_wrong_password_is_refused(self):
        page = client().log_in("alice", "not it")
        self.assertIn("Invalid username or password.", page.text)

    def test_journal_has_each_login_and_response(self):
        signed_response()
        found = machine.must("journalctl", "--quiet", "ROLEBRIDGE_EVENT=response_issued",
                             "ROLEBRIDGE_USER=alice", "--output=json")
        self.assertIn("ROLEBRIDGE_REQUEST", found)
        self.assertIn("pam_outcome", machine.journal("--unit=rolebridge-pam@*"))

    def test_no_login_leaves_a_unit_behind(self):
        signed_response()
        wait_for(lambda: "rolebridge-pam@" not in machine.must(
            "systemctl", "list-units", "--all", "--plain", "rolebridge-pam@*.service"),
            "the end of rolebridge-pam@")

    def test_each_process_runs_as_its_user(self):
        for unit, user in (("rolebridge-web.service", "rolebridge-web"),
                           ("rolebridge-issuer.service", "rolebridge")):
            pid = property_of(unit, "MainPID")
            # Not dumpable: its files in /proc are root's.
            self.assertEqual(machine.must("stat", "--format=%U", f"/proc/{pid}/maps").strip(),
                             "root", unit)
            status = machine.must("cat", f"/proc/{pid}/status")
            uid = machine.must("id", "-u", user).strip()
            self.assertRegex(status, rf"(?m)^Uid:\s+{uid}\s+{uid}\s+{uid}\s+{uid}$")
            self.assertRegex(status, r"(?m)^CapEff:\s+0+$")
            self.assertRegex(status, r"(?m)^CapBnd:\s+0+$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
            self.assertRegex(status, r"(?m)^Seccomp:\s+2$")

    def test_issuer_answers_nobody_but_web(self):
        # Root may open the socket; the issuer looks at the uid and hangs up.
        answer = machine.must("python3", "-c", (
            "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
            "s.settimeout(20); s.connect('/run/rolebridge/issuer.sock'); print(s.recv(10))"))
        self.assertEqual(answer.strip(), "b''")

    def test_exposure_is_as_low_as_promised(self):
        scores = {}
        for unit in (*SERVICES, "rolebridge-pam@.service"):
            path = property_of(unit.replace("@.", "@x."), "FragmentPath")
            shown = machine.run("systemd-analyze", "security", "--offline=true", "--no-pager",
                                path).stdout
            found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", shown)
            self.assertTrue(found, shown)
            scores[unit] = float(found[1])
        print(f"exposure by systemd-analyze: {scores}", flush=True)
        self.assertLessEqual(scores["rolebridge-web.service"], 0.5)
        self.assertLessEqual(scores["rolebridge-issuer.service"], 1.6)

    def test_systemd_understands_every_line_of_the_units(self):
        paths = [property_of(unit, "FragmentPath") for unit in
                 (*SOCKETS, *SERVICES, "rolebridge.target", "rolebridge-pam@x.service")]
        done = machine.run("systemd-analyze", "verify", "--man=no", *paths)
        self.assertNotIn("rolebridge", done.stdout + done.stderr)


class TakenOverWebTest(MachineTestCase):
    """As rolebridge-web's user, in a copy of its unit that runs a probe in its place."""

    ALLOWED = {"connect to the issuer", "read its own TLS key"}

    @classmethod
    def setUpClass(cls):
        machine.put(SOURCE / "tests/machine/probe.py", "/usr/local/lib/probe.py")
        unit = machine.must("systemctl", "cat", "rolebridge-web.service")
        for line, instead in ((r"Type=.*", "Type=oneshot"), (r"Restart=.*", ""),
                              (r"Sockets=.*", ""), (r"Requires=.*", ""),
                              (r"ExecStart=.*",
                               "ExecStart=/usr/bin/python3 -B /usr/local/lib/probe.py"),
                              # Python itself and its modules; the rest is as it was.
                              (r"(ExecPaths=/usr/sbin.*)",
                               r"\1 /usr/bin/python3 /usr/lib/python3 -/usr/lib/python3.11 "
                               r"-/usr/lib/python3.13")):
            unit, count = re.subn(rf"(?m)^{line}$", instead, unit)
            assert count == 1, f"{line}: {count} times"
        machine.write("/run/systemd/system/probe.service", unit)
        machine.must("systemctl", "daemon-reload")
        machine.must("systemctl", "start", "probe.service")
        cls.outcomes = cls.last_line(machine.must("journalctl", "--quiet", "--output=cat",
                                                  "--unit=probe.service"))
        cls.unconfined = cls.last_line(machine.must("python3", "-B", "/usr/local/lib/probe.py"))
        machine.must("rm", "/run/systemd/system/probe.service", "/etc/taken-over",
                     "/run/rolebridge/taken-over")
        machine.must("systemctl", "daemon-reload")

    @staticmethod
    def last_line(text):
        return json.loads(next(line for line in reversed(text.splitlines()) if line[:1] == "{"))

    def test_root_outside_can_do_all_of_it(self):
        # Else a refusal below would say nothing.
        self.assertEqual(set(self.unconfined.values()), {"done"}, self.unconfined)

    def test_can_do_what_web_has_to(self):
        for name in self.ALLOWED:
            self.assertEqual(self.outcomes[name], "done", name)

    def test_is_refused_everything_else(self):
        for name, outcome in self.outcomes.items():
            if name not in self.ALLOWED:
                with self.subTest(name):
                    self.assertNotEqual(outcome, "done")
        print(f"as the web process: {self.outcomes}", flush=True)

    def test_sockets_and_programs_are_refused_by_their_own_locks(self):
        # Not by a mode of a file alone.
        for name in ("open an IPv4 socket", "open an IPv6 socket", "open a netlink socket"):
            self.assertEqual(self.outcomes[name], "EAFNOSUPPORT", name)
        for name in ("run a shell", "run a program of its own"):
            self.assertEqual(self.outcomes[name], "EACCES", name)
        for name in ("run one from memory", "trace a process"):
            self.assertEqual(self.outcomes[name], "EPERM", name)


class RestartTest(MachineTestCase):

    def test_refuses_no_connection_while_the_processes_restart(self):
        context, refused, cut, pages = tls(), [], [], []
        done = threading.Event()

        def hammer():
            browser = WebClient(URL, context)
            while not done.is_set():
                try:
                    pages.append(browser.get("/login").status)
                except ConnectionRefusedError as error:
                    refused.append(repr(error))
                except OSError as error:
                    cut.append(repr(error))

        threads = [threading.Thread(target=hammer) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                machine.must("systemctl", "restart", *SERVICES)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(refused, [])
        self.assertEqual(cut, [])
        self.assertEqual(set(pages), {200})
        wait_for(is_ready, "/readyz")

    def test_comes_back_by_itself_from_a_crash(self):
        for unit in SERVICES:
            before = property_of(unit, "MainPID")
            machine.must("systemctl", "kill", "--signal=KILL", unit)
            wait_for(lambda: property_of(unit, "MainPID") not in (before, "0"), f"a new {unit}")
        wait_for(is_ready, "/readyz")
        self.assert_response_verifies()

    def test_comes_back_by_itself_once_a_mistake_is_mended(self):
        good = machine.must("cat", "/etc/rolebridge/rolebridge.yaml")
        machine.write("/etc/rolebridge/rolebridge.yaml", good + "nonsense: yes\n")
        self.assertNotEqual(machine.run("systemctl", "restart", SERVICES[0]).status, 0)
        self.assertIn("nonsense", machine.journal(f"--unit={SERVICES[0]}"))
        time.sleep(6)  # several attempts; none takes the socket down
        self.assertEqual(property_of("rolebridge-issuer.socket", "ActiveState"), "active")
        machine.write("/etc/rolebridge/rolebridge.yaml", good)
        wait_for(is_ready, "/readyz")
        self.assert_response_verifies()


class ReloadTest(MachineTestCase):

    CONFIG = "/etc/rolebridge/rolebridge.yaml"

    def setUp(self):
        self.text = machine.must("cat", self.CONFIG)
        self.addCleanup(self.put_back)

    def put_back(self):
        machine.write(self.CONFIG, self.text)
        machine.must("systemctl", "reload", SERVICES[0])

    def test_takes_effect_without_a_new_process_or_login(self):
        browser = client()
        browser.log_in("alice", PASSWORD)
        before = property_of(SERVICES[0], "MainPID")
        machine.write(self.CONFIG, self.text.replace("name: Amazon Web Services", "name: The cloud"))
        machine.must("systemctl", "reload", SERVICES[0])
        self.assertIn("The cloud", browser.get("/").visible_text())
        self.assertEqual(property_of(SERVICES[0], "MainPID"), before)
        self.assertIn("reloaded", property_of(SERVICES[0], "StatusText"))

    def test_fails_with_the_reason_and_changes_nothing(self):
        before = property_of(SERVICES[0], "MainPID")
        machine.write(self.CONFIG, self.text + "nonsense: yes\n")
        self.assertNotEqual(machine.run("systemctl", "reload", SERVICES[0]).status, 0)
        status = machine.run("systemctl", "status", "--full", "--no-pager", SERVICES[0]).stdout
        self.assertRegex(status, r"Status: \"still configuration [0-9a-f]{12}; the reload of \S+ was "
                         r"refused: .*rolebridge.yaml:\d+:1: nonsense: unknown key")
        self.assertEqual(property_of(SERVICES[0], "MainPID"), before)
        self.assertTrue(is_ready())
        self.assert_response_verifies()

    def test_members_of_the_group_may_administer_and_nobody_else(self):
        machine.must("useradd", "--groups", "rolebridge-admin", "olga")
        self.addCleanup(machine.run, "userdel", "olga")
        client().log_in("alice", PASSWORD)
        def asked_as(user, *command):
            return machine.run("runuser", "-u", user, "--", "rolebridge", *command)
        listed = asked_as("olga", "sessions", "list")
        self.assertIn("alice", listed.stdout, listed.stderr)
        self.assertEqual(asked_as("olga", "sessions", "end", "alice").status, 0)
        self.assertIn("nobody is logged in", asked_as("olga", "sessions", "list").stdout)
        for stranger in ("alice", "rolebridge-web", "rolebridge"):
            refused = asked_as(stranger, "sessions", "list")
            self.assertEqual(refused.status, 2, stranger)
            self.assertIn("Permission denied", refused.stderr)

    def test_one_that_hangs_is_started_anew(self):
        folder = "/run/systemd/system/{}.d"
        for unit in SERVICES:
            machine.must("mkdir", "-p", folder.format(unit))
            machine.write(folder.format(unit) + "/soon.conf", "[Service]\nWatchdogSec=3s\n")
        machine.must("systemctl", "daemon-reload")
        machine.must("systemctl", "restart", *SERVICES)
        try:
            for unit in SERVICES:
                before = property_of(unit, "MainPID")
                machine.must("systemctl", "kill", "--signal=STOP", unit)
                wait_for(lambda: property_of(unit, "MainPID") not in (before, "0"), f"a new {unit}")
        finally:
            for unit in SERVICES:
                machine.must("rm", "-r", folder.format(unit))
            machine.must("systemctl", "daemon-reload")
            machine.must("systemctl", "restart", *SERVICES)
        wait_for(is_ready, "/readyz")
        self.assert_response_verifies()


class OneTimeCodeTest(MachineTestCase):
    """A second level by pam_oath, set up as an administrator does."""

    FOLDER = "/var/lib/rolebridge-oath"

    def test_a_role_asks_for_a_code_and_gets_it_through_the_real_units(self):
        config = machine.must("cat", ReloadTest.CONFIG)
        drop_in = "/etc/systemd/system/rolebridge-pam@.service.d"
        machine.must("install", "-d", "-m", "0700", self.FOLDER)
        machine.write(f"{self.FOLDER}/users.oath", oath_users("alice"))
        machine.must("chmod", "0600", f"{self.FOLDER}/users.oath")
        machine.must("mkdir", "-p", drop_in)
        machine.write(f"{drop_in}/oath.conf", f"[Service]\nReadWritePaths={self.FOLDER}\n")
        machine.must("systemctl", "daemon-reload")
        machine.write("/etc/pam.d/rolebridge-mfa", (
            f"auth required pam_oath.so usersfile={self.FOLDER}/users.oath window=2 digits=6\n"
            "account required pam_unix.so\n"))
        for old, new in (
                ("PasswordProtectedTransport\n",
                 "PasswordProtectedTransport\n  - { name: mfa, service: rolebridge-mfa, "
                 "context_class: 'https://refeds.org/profile/mfa', valid: 15m }\n"),
                ("    mappings: [aws-role]\n",
                 "    mappings: [aws-role]\n    policies:\n"
                 "      - { name: codes, roles: [ReadOnly], assurance: mfa, message: A code. }\n")):
            self.assertEqual(config.count(old), 1, old)
            config = config.replace(old, new)
        before = machine.must("cat", ReloadTest.CONFIG)
        machine.write(ReloadTest.CONFIG, config)
        try:
            machine.must("systemctl", "reload", SERVICES[0])
            browser = client()
            browser.log_in("alice", PASSWORD)
            page = browser.get("/")
            self.assertIn("mfa", page.visible_text(), page.visible_text())
            form = browser.get("/step-up?level=mfa").form("/step-up")
            page = browser.outcome(browser.post(form.action, form.fields))
            self.assertIn("One-time password", page.visible_text())
            form = page.form("/login?state=")
            page = browser.outcome(browser.post(form.action, {**form.fields, "answer0": code()}))
            self.assertIn(READER, page.text, page.visible_text())
            response = base64.b64decode(hand_over(browser.choose(READER))[1])
            self.assertIn(b"https://refeds.org/profile/mfa", response)
        finally:
            machine.write(ReloadTest.CONFIG, before)
            machine.must("rm", "-r", drop_in, self.FOLDER, "/etc/pam.d/rolebridge-mfa")
            machine.must("systemctl", "daemon-reload")
            machine.must("systemctl", "reload", SERVICES[0])


class ExpiredPasswordTest(MachineTestCase):
    """Off as installed; turned on as rolebridge-pam.conf(5) says."""

    SOCKET = "rolebridge-pam-change.socket"
    SETTINGS = "/etc/rolebridge-pam.conf"
    STACK = "/etc/pam.d/rolebridge"

    def answer(self, browser, page, text):
        form = page.form("/login?state=")
        return browser.outcome(browser.post(form.action, {**form.fields, "answer0": text}))

    def test_is_changed_on_the_page_once_that_is_turned_on(self):
        self.assertEqual(property_of(self.SOCKET, "UnitFileState"), "disabled")
        self.assertEqual(property_of(self.SOCKET, "ActiveState"), "inactive")
        machine.must("chage", "--lastday", "0", "alice")
        self.assertIn("Change it where you usually do",
                      client().log_in("alice", PASSWORD).visible_text())

        before = {path: machine.must("cat", path) for path in (self.SETTINGS, self.STACK)}
        shadow = mode_of("/etc/shadow")
        machine.write(self.SETTINGS, before[self.SETTINGS].replace(
            "expired_passwords = refuse", "expired_passwords = change"))
        machine.write(self.STACK, before[self.STACK] + "password required pam_unix.so yescrypt\n")
        machine.must("systemctl", "enable", "--now", self.SOCKET)
        try:
            browser, chosen = client(), "Quite-Another-1"
            page = browser.log_in("alice", PASSWORD)
            for typed in (PASSWORD, chosen, chosen):
                page = self.answer(browser, page, typed)
            self.assertIn(READER, page.text, page.visible_text())
            self.assertEqual(mode_of("/etc/shadow"), shadow)
            self.assertIn(READER, client().log_in("alice", chosen).text)
            events = machine.must("rolebridge", "audit", "list", "--since", "1h")
            self.assertIn("password_changed", events)
        finally:
            machine.must("systemctl", "disable", "--now", self.SOCKET)
            for path, text in before.items():
                machine.write(path, text)
            machine.must("chpasswd", stdin=f"alice:{PASSWORD}\n")


LOCK = """dn: uid=dave,ou=people,dc=example,dc=org
changetype: modify
add: pwdAccountLockedTime
pwdAccountLockedTime: 000001010000Z
"""


class SssdTest(MachineTestCase):
    """People whom the directory alone knows, by docs/with-sssd.md and its very blocks."""

    STACK = "/etc/pam.d/rolebridge"
    SETTINGS = "/etc/rolebridge-pam.conf"
    CONF = "/etc/sssd/sssd.conf"
    CHANGE = "rolebridge-pam-change.socket"

    @classmethod
    def setUpClass(cls):
        page = (SOURCE / "docs/with-sssd.md").read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^```(\w+)\n(.*?)^```", page)
        cls.sssd_alone, cls.accounts_of_the_host_too = (b for kind, b in blocks if kind == "pam")
        sssd_conf, cls.drop_in_of_change = (b for kind, b in blocks if kind == "ini")
        # The sample directory is one server with StartTLS, and has one account for readers.
        for option, value in (("ldap_uri", f"{directory['uri']}\nldap_id_use_start_tls = true"),
                              ("ldap_tls_cacert", directory["ca_file"]),
                              ("ldap_default_bind_dn", directory["bind_dn"]),
                              ("ldap_default_authtok", directory["password"])):
            sssd_conf, count = re.subn(rf"(?m)^{option} = .*$", f"{option} = {value}", sssd_conf)
            assert count == 1, option
        cls.before = {path: machine.must("cat", path) for path in (cls.STACK, cls.SETTINGS)}
        cls.addClassCleanup(cls.put_back)
        machine.write(cls.CONF, sssd_conf)
        machine.must("chmod", "0600", cls.CONF)
        machine.must("systemctl", "start", "sssd.service")

    @classmethod
    def put_back(cls):
        machine.must("systemctl", "stop", "sssd.service")
        machine.must("rm", cls.CONF)
        for path, text in cls.before.items():
            machine.write(path, text)

    def setUp(self):
        machine.write(self.STACK, self.sssd_alone)

    def log_in(self, name, password=None):
        return client().log_in(name, password or password_of(name))

    def assert_refused(self, page, *recorded):
        """Without a session, and with these parts of the newest refusal on record."""
        self.assertIn("Invalid username or password", page.visible_text())
        self.assert_recorded(*recorded)

    def assert_recorded(self, *parts):
        refusals = [line for line in machine.must("journalctl", "--quiet", "--output=cat", "--lines=5",
                                                  "ROLEBRIDGE_EVENT=login_denied").splitlines()]
        for part in parts:
            self.assertIn(part, refusals[-1])

    def test_somebody_without_an_account_of_the_host_gets_a_role(self):
        self.assertNotEqual(machine.run("grep", "^bob:", "/etc/passwd").status, 0)
        browser = client()
        page = browser.log_in("bob", password_of("bob"))
        self.assertIn(READER, page.text, page.visible_text())
        self.assertIn(READER.encode(), base64.b64decode(hand_over(browser.choose(READER))[1]))

    def test_a_wrong_password_and_a_name_that_nobody_has_are_refused(self):
        self.assert_refused(self.log_in("bob", "wrong"), "verdict=denied", "detail=PAM_AUTH_ERR")
        self.assert_refused(self.log_in("nosuch"), "verdict=denied")

    def test_who_is_locked_or_expired_in_the_directory_is_refused_by_pam_sss(self):
        self.assertIn("You are signed in", self.log_in("dave").text)
        machine.must("ldapmodify", "-x", "-ZZ", "-H", directory["uri"], "-D", directory["root_dn"],
                     "-w", directory["root_password"], stdin=LOCK)
        self.assert_refused(self.log_in("dave"), "stage=pam", "verdict=denied")
        self.assert_refused(self.log_in("grace"), "stage=pam", "verdict=account_expired")

    def test_without_sssd_signing_in_does_not_work_and_the_record_says_why(self):
        machine.must("systemctl", "stop", "sssd.service")
        try:
            page = self.log_in("bob")
        finally:
            machine.must("systemctl", "start", "sssd.service")
        self.assertEqual(page.status, 503)
        self.assertIn("does not work at the moment", page.visible_text())
        self.assert_recorded("stage=pam", "verdict=unavailable")
        record = machine.must("rolebridge", "audit", "list", "--since", "10m").splitlines()[-1]
        self.assertRegex(record, r"login_denied .*bob .*pam +unavailable")
        self.assertIn("Request to sssd failed", machine.journal("--unit=rolebridge-pam@*"))
        self.assertIn(READER, self.log_in("bob").text)

    def test_accounts_of_the_host_may_sign_in_beside_them(self):
        machine.write(self.STACK, self.accounts_of_the_host_too)
        for name, password in (("alice", PASSWORD), ("bob", password_of("bob"))):
            page = self.log_in(name, password)
            self.assertIn(READER, page.text, page.visible_text())
        self.assert_refused(self.log_in("grace"), "verdict=account_expired")

    def test_an_expired_password_is_changed_in_the_directory(self):
        name, chosen = HAS_TO_CHANGE, "Quite-Another-1"
        folder = "/etc/systemd/system/rolebridge-pam-change@.service.d"
        machine.must("mkdir", folder)
        machine.write(f"{folder}/sssd.conf", self.drop_in_of_change)
        machine.must("systemctl", "daemon-reload")
        machine.write(self.SETTINGS, self.before[self.SETTINGS].replace(
            "expired_passwords = refuse", "expired_passwords = change"))
        machine.write(self.STACK, self.sssd_alone + "password required pam_sss.so\n")
        machine.must("systemctl", "enable", "--now", self.CHANGE)
        try:
            browser = client()
            page = browser.log_in(name, password_of(name))
            self.assertIn("expired", page.visible_text())
            for typed in (password_of(name), chosen, chosen):
                form = page.form("/login?state=")
                page = browser.outcome(browser.post(form.action, {**form.fields, "answer0": typed}))
            self.assertIn(READER, page.text, page.visible_text())
            self.assertIn(READER, self.log_in(name, chosen).text)
        finally:
            machine.must("systemctl", "disable", "--now", self.CHANGE)
            machine.must("rm", "-r", folder)
            machine.must("systemctl", "daemon-reload")
            machine.write(self.SETTINGS, self.before[self.SETTINGS])


class BackupTest(MachineTestCase):

    def test_a_host_that_lost_everything_comes_back(self):
        before = signed_response()
        machine.write("/root/passphrase", "correct horse battery staple\n")
        machine.must("chmod", "0600", "/root/passphrase")
        machine.must("rolebridge", "backup", "/root/rolebridge.backup", "--passphrase-file",
                     "/root/passphrase")
        browser = client()
        browser.log_in("alice", PASSWORD)
        refused = machine.run("rolebridge", "restore", "/root/rolebridge.backup",
                              "--passphrase-file", "/root/passphrase", "--replace")
        self.assertIn("systemctl stop rolebridge.target", refused.stderr)

        machine.must("systemctl", "stop", "rolebridge.target")
        # As on a host with nothing but the package: its PAM stack and settings are there.
        machine.must("rm", "-r", "/etc/rolebridge", "/var/lib/rolebridge",
                     "/etc/systemd/system/rolebridge-issuer.service.d")
        machine.must("rolebridge", "restore", "/root/rolebridge.backup", "--passphrase-file",
                     "/root/passphrase")
        machine.must("systemctl", "daemon-reload")
        machine.must("rolebridge", "check", "--online")
        machine.must("systemctl", "start", "rolebridge.target")
        wait_for(is_ready, "/readyz")
        self.assertIn("/login", browser.get("/").url, "nobody is logged in by a backup")
        subject = re.compile(rb"<saml2?:NameID[^>]*>([^<]+)<")
        self.assertEqual(subject.search(signed_response())[1], subject.search(before)[1])
        self.assert_response_verifies()
        report = machine.must("rolebridge", "audit", "verify", "--key", "-", stdin=audit_key)
        self.assertIn("the chain is whole", report)


class CredentialTest(MachineTestCase):
    """The signing key and the directory's password as credentials that only this host decrypts."""

    DROP_IN = "/etc/systemd/system/rolebridge-issuer.service.d/credentials.conf"
    CREDENTIALS = "/run/credentials/rolebridge-issuer.service"

    def test_secrets_may_be_encrypted_credentials(self):
        config = machine.must("cat", ReloadTest.CONFIG)
        edited = config
        for pattern, instead in (
                (r"(?m)^signing_folder: .*$",
                 f"signing: [{{ certificate: '{signing_key()}.crt', "
                 f"key: {self.CREDENTIALS}/saml.key }}]"),
                (r"\bldap\.secret\b", f"{self.CREDENTIALS}/ldap.secret")):
            edited, count = re.subn(pattern, instead, edited)
            self.assertEqual(count, 1, pattern)
        secrets = {"saml.key": f"{signing_key()}.key", "ldap.secret": "/etc/rolebridge/ldap.secret"}
        for name, path in secrets.items():
            machine.must("systemd-creds", "encrypt", "--with-key=host", f"--name={name}", path,
                         f"/etc/rolebridge/{name}.cred")
            machine.must("mv", path, f"/root/{name}")
        machine.write(self.DROP_IN, "[Service]\n" + "".join(
            f"LoadCredentialEncrypted={name}:/etc/rolebridge/{name}.cred\n"
            for name in secrets))
        try:
            machine.write(ReloadTest.CONFIG, edited)
            machine.must("systemctl", "daemon-reload")
            machine.must("systemctl", "restart", SERVICES[0])
            wait_for(is_ready, "/readyz")
            self.assert_response_verifies()
            machine.must("rolebridge", "check", "--online")
        finally:
            machine.write(ReloadTest.CONFIG, config)
            machine.must("rm", self.DROP_IN)
            for name, path in secrets.items():
                machine.must("mv", f"/root/{name}", path)
                machine.must("rm", f"/etc/rolebridge/{name}.cred")
            machine.must("systemctl", "daemon-reload")
            machine.must("systemctl", "restart", SERVICES[0])
        wait_for(is_ready, "/readyz")


class UpgradeTest(MachineTestCase):
    """From the version that was installed first: this package under an older number, as long as
    there is none that was released before it."""

    def test_keeps_what_was_edited_and_holds_the_sockets(self):
        edit = "# edited here\n"
        machine.must("sh", "-c", f"printf '{edit}' >>/etc/rolebridge-pam.conf")
        machine.must("chmod", "0750", "/etc/rolebridge")
        browser = client()
        browser.log_in("alice", PASSWORD)
        kept = ("sha256sum /etc/rolebridge/*.* /etc/rolebridge/signing/* "
                "/var/lib/rolebridge/[ns]*.key")
        sums = machine.must("sh", "-c", kept)
        sockets = [property_of(unit, "InvocationID") for unit in SOCKETS]
        pids = [property_of(unit, "MainPID") for unit in SERVICES]
        self.assertEqual(self.version(), OLDER)
        machine.must("apt-get", "install", "/root/rolebridge.deb", timeout=300)
        self.assertNotEqual(self.version(), OLDER)
        self.assertIn(edit, machine.must("cat", "/etc/rolebridge-pam.conf"))
        self.assertEqual(mode_of("/etc/rolebridge"), "root:rolebridge-web 750")
        self.assertEqual(machine.must("sh", "-c", kept), sums)
        self.assertEqual([property_of(unit, "InvocationID") for unit in SOCKETS], sockets)
        for before, unit in zip(pids, SERVICES):
            self.assertNotIn(property_of(unit, "MainPID"), (before, "0"), unit)
        wait_for(is_ready, "/readyz")
        self.assertIn("Alice Anders", browser.get("/").text)
        self.assert_response_verifies()


    @staticmethod
    def version():
        return machine.must("dpkg-query", "--show", "--showformat=${Version}", "rolebridge")


class RebootTest(MachineTestCase):

    def test_is_in_service_again_without_a_hand(self):
        browser = client()
        browser.log_in("alice", PASSWORD)
        machine.reboot()
        wait_for(is_ready, "/readyz")
        self.assertIn("Alice Anders", browser.get("/").text)
        report = machine.must("rolebridge", "audit", "verify", "--key", "-", stdin=audit_key)
        self.assertRegex(report, r"^\d+ records, 1 to \d+: the chain is whole\n$")
        self.assert_response_verifies()
        self.assertNotIn("rolebridge", machine.must("systemctl", "list-units", "--failed"))


class PurgeTest(MachineTestCase):

    def test_leaves_the_keys_and_nothing_else_unless_told(self):
        key = f"{signing_key()}.key"
        kept = machine.must("sha256sum", key).split()[0]
        machine.must("apt-get", "purge", "rolebridge")
        left = machine.must("find", "/etc/rolebridge", "/var/lib/rolebridge", "/run/rolebridge",
                            "-type", "f", "-o", "-type", "s").split()
        self.assertEqual(sorted(left), [
            "/etc/rolebridge/directory-ca.pem", key.removesuffix(".key") + ".crt", key,
            "/etc/rolebridge/signing/states", "/etc/rolebridge/tls.crt", "/etc/rolebridge/tls.key",
            "/var/lib/rolebridge/audit.key", "/var/lib/rolebridge/devices.key",
            "/var/lib/rolebridge/name-id.key", "/var/lib/rolebridge/names.key",
            "/var/lib/rolebridge/sealing.key", "/var/lib/rolebridge/store.db",
            "/var/lib/rolebridge/store.lock", "/var/lib/rolebridge/throttle.key"])
        for path in ("/etc/pam.d/rolebridge", "/etc/rolebridge-pam.conf", "/usr/share/rolebridge",
                     "/etc/systemd/system/rolebridge-issuer.service.d",
                     "/etc/systemd/system/multi-user.target.wants/rolebridge.target"):
            self.assertNotEqual(machine.run("test", "-e", path).status, 0, path)
        self.assertEqual(machine.must("systemctl", "list-units", "--all", "--plain", "--no-legend",
                                      "rolebridge*").strip(), "")
        machine.must("getent", "passwd", "rolebridge")

        machine.must("apt-get", "install", "/root/rolebridge.deb", timeout=300)
        self.assertEqual(machine.must("sha256sum", key).split()[0], kept)
        machine.must("apt-get", "purge", "rolebridge", env=("ROLEBRIDGE_PURGE=everything",))
        for path in ("/etc/rolebridge", "/var/lib/rolebridge"):
            self.assertNotEqual(machine.run("test", "-e", path).status, 0, path)


LIFE = (JustInstalledTest, InServiceTest, TakenOverWebTest, RestartTest, ReloadTest, OneTimeCodeTest,
        ExpiredPasswordTest, SssdTest, BackupTest, CredentialTest, UpgradeTest, RebootTest, PurgeTest)


def load_tests(loader, *_):
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in LIFE)


def older_package():
    """The package with an older version's number on it."""
    folder = HOME / "older"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    control = folder / "DEBIAN/control"
    text, count = re.subn(r"(?m)^Version: .*$", f"Version: {OLDER}",
                          control.read_text(encoding="utf-8"))
    assert count == 1, text
    control.write_text(text, encoding="utf-8")
    made = HOME / "rolebridge_older.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", folder, made],
                   check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)
    return made


def prepare():
    """A booted machine with the package in it and a person who may log in."""
    global said_by_apt, directory
    machine.put(package, "/root/rolebridge.deb")
    machine.put(older_package(), "/root/rolebridge-older.deb")
    machine.write("/etc/apt/apt.conf.d/99test",
                  'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n')
    install = next(line for line in readme_commands() if line.startswith("apt "))
    said_by_apt = machine.must("sh", "-c", "cd /root && " +
                               install.replace("./rolebridge_*.deb", "./rolebridge-older.deb"),
                               timeout=300)
    directory = json.loads(machine.must("python3", "-B", "/source/tests/machine/directory.py"))
    machine.must("systemctl", "enable", "--now", "directory.service")
    machine.must("useradd", "--uid", "20001", "alice")
    machine.must("chpasswd", stdin=f"alice:{PASSWORD}\n")


def main():
    global machine, package
    found = sorted((SOURCE / "build/package").glob("rolebridge_*.deb"))
    if not found:
        sys.exit("machine_test: no package in build/package; run ./package first")
    package = found[-1]
    not_run = HOME / "not-run"
    HOME.mkdir(parents=True, exist_ok=True)
    not_run.unlink(missing_ok=True)
    started = time.monotonic()
    try:
        tree = Tree()
        tree.fetch_dependencies(package)
        machine = Machine(tree).boot()
    except CannotBoot as reason:
        not_run.write_text(f"{reason}\n", encoding="utf-8")
        print(f"NOT RUN: this machine can't boot another one: {reason}")
        sys.exit(NOT_RUN)
    print(f"booted Debian {tree.release} after {time.monotonic() - started:.0f} s", flush=True)
    try:
        prepare()
        unittest.main(verbosity=2, argv=[sys.argv[0], *(a for a in sys.argv[1:] if a != "-v")])
    finally:
        machine.close()


if __name__ == "__main__":
    main()
