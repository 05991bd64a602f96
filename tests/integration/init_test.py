"""`rolebridge init`: from a host with nothing on it to a configuration that check finds nothing
wrong in, against a real directory over TLS; unattended from flags, and asked in a terminal."""

import datetime
import os
import pathlib
import pty
import re
import select
import shutil
import stat
import subprocess
import tempfile
import termios
import time
import unittest

import slapd as slapd_module
from slapd import Slapd, free_port

BINARY = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"]) / "bin/rolebridge"
SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
# Groups that stand for no accounts of this machine.
ISSUER_GROUP, WEB_GROUP = 64801, 64802
KEY = f"signing/saml-{datetime.datetime.now(datetime.timezone.utc):%Y-%m}"
FILES = {"directory-ca.pem": (0, 0o644), "ldap.secret": (ISSUER_GROUP, 0o640),
         "rolebridge.yaml": (ISSUER_GROUP, 0o640), "signing": (ISSUER_GROUP, 0o750),
         "tls.crt": (0, 0o644), "tls.key": (WEB_GROUP, 0o640)}


def sound_sample(folder):
    """The sample directory without the groups that check rightly objects to."""
    text = pathlib.Path(slapd_module.SAMPLE).read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if not re.search(
        r"^dn: cn=(legacy import|shadow it|typing errors),", block, re.MULTILINE)]
    path = pathlib.Path(folder, "sound.ldif")
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return str(path)


class Terminal:
    """A program in a terminal of its own, and somebody who reads and types."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self.said = ""

    def read_until(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in:\n{self.said}")
            self._read(1)
        return self.said

    def _read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                got = os.read(self.fd, 4096).decode("utf-8", "replace")
            except OSError:  # the other side is closed
                got = ""
            self.said += got
            return got
        return None

    def answer(self, pattern, text):
        """Waits for a question and types; what was said until then is forgotten."""
        self.read_until(pattern + r"[^\n]*: $")
        asked, self.said = self.said, ""
        os.write(self.fd, text.encode() + b"\n")
        return asked

    def shows_what_is_typed(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        while self._read(30):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class InitTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="rolebridge-init-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.slapd = Slapd(ldif=[sound_sample(cls.shared)])
        cls.addClassCleanup(cls.slapd.close)
        cls.slapd.start()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-init-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("pam.d", "state", "units", "host", "host/ldap"):
            (self.folder / name).mkdir()
        self.etc = self.folder / "etc"
        self.password_file = self.folder / "typed"
        self.password_file.write_text(self.slapd.bind_password + "\n", encoding="ascii")
        self.password_file.chmod(0o600)

    # ---- what is run -----------------------------------------------------------------------------

    def command(self, *more):
        return [str(BINARY), "init", "--config-folder", str(self.etc),
                "--pam-folder", str(self.folder / "pam.d"),
                "--pam-settings", str(self.folder / "rolebridge-pam.conf"),
                "--state-dir", str(self.folder / "state"),
                "--unit-folder", str(self.folder / "units"),
                "--host-folder", str(self.folder / "host"), "--issuer-group", str(ISSUER_GROUP),
                "--web-group", str(WEB_GROUP), "--unsynchronised-clock", *more]

    def answers(self, **changed):
        flags = {"--url": "sso.example.org", "--ldap-uri": self.slapd.uri_ldaps,
                 "--ldap-ca-file": self.slapd.ca_file, "--bind-dn": self.slapd.bind_dn,
                 "--bind-password-file": str(self.password_file),
                 "--account": "production=123412341234"}
        flags.update({"--" + name.replace("_", "-"): value for name, value in changed.items()})
        return [word for flag, value in flags.items() if value is not None
                for word in (flag, value)]

    def run_init(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=120)
        for text in (done.stdout, done.stderr):
            self.assertNotIn(self.slapd.bind_password, text)
            self.assertNotIn("PRIVATE", text)
        return done

    def unattended(self, *more, **changed):
        return self.run_init("--unattended", *self.answers(**changed), *more)

    def installed(self, *more, **changed):
        done = self.unattended(*more, **changed)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def check(self):
        return subprocess.run(
            [str(BINARY), "check", "--online", "--config", str(self.etc / "rolebridge.yaml"),
             "--pam-folder", str(self.folder / "pam.d"), "--pam-settings",
             str(self.folder / "rolebridge-pam.conf")], capture_output=True, text=True, check=False,
            timeout=120)

    def explained(self, user):
        done = subprocess.run([str(BINARY), "explain", user, "--config",
                               str(self.etc / "rolebridge.yaml")], capture_output=True, text=True,
                              check=False, timeout=120)
        return done.stdout

    def config(self):
        return (self.etc / "rolebridge.yaml").read_text(encoding="utf-8")

    def everything(self):
        """Each file with its contents, owner and mode."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            found[str(path)] = (status.st_gid, stat.S_IMODE(status.st_mode), status.st_mtime_ns,
                                path.read_bytes() if path.is_file() else None)
        return found

    # ---- unattended ------------------------------------------------------------------------------

    def test_unattended_makes_an_installation_that_check_finds_nothing_wrong_in(self):
        said = self.installed()
        checked = self.check()
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertNotIn("warning ", checked.stdout)
        self.assertIn(checked.stdout, said)
        self.assertIn("https://sso.example.org/saml/aws/metadata", said)
        self.assertIn("rolebridge aws-setup aws --account production", said)
        self.assertIn("systemctl start rolebridge.target", said)

    def test_each_file_is_for_whom_it_should_be(self):
        self.installed()
        found = {path.name: (path.stat().st_gid, stat.S_IMODE(path.stat().st_mode))
                 for path in self.etc.iterdir()}
        self.assertEqual(found, FILES)
        self.assertEqual((self.etc.stat().st_gid, stat.S_IMODE(self.etc.stat().st_mode)),
                         (WEB_GROUP, 0o710))

    def test_people_get_the_roles_that_their_groups_give_in_the_accounts_named(self):
        self.installed()
        said = self.explained("alice")
        for role in ("123412341234:role/ReadOnly", "123412341234:role/Administrator"):
            self.assertIn(role, said)
        # Her group of another account gives nothing in this one.
        self.assertNotIn("123412341234:role/Developer", said)

    def test_several_accounts(self):
        self.installed("--account", "staging=210987654321", "--account", "111122223333")
        said = self.explained("alice")
        for role in ("123412341234:role/ReadOnly", "210987654321:role/Developer",
                     "111122223333:role/Auditor"):
            self.assertIn(role, said)
        self.assertIn('"account-111122223333": { id: "111122223333" }', self.config())

    def test_membership_by_names(self):
        self.installed(groups_base=f"ou=unixgroups,{self.slapd.base}")
        self.assertIn("membership: rfc2307\n", self.config())
        self.assertIn("123412341234:role/ReadOnly", self.explained("bob"))

    def test_membership_by_dns(self):
        self.installed()
        self.assertIn("membership: rfc2307bis\n", self.config())
        self.assertIn('base: "ou=groups,dc=example,dc=org"', self.config())
        self.assertIn('base: "ou=people,dc=example,dc=org"', self.config())

    def test_second_run_changes_nothing(self):
        self.installed()
        before = self.everything()
        self.assertIn("Nothing to do", self.installed())
        self.assertEqual(self.everything(), before)

    def test_what_holds_something_else_is_named_and_nothing_is_written(self):
        self.etc.mkdir(mode=0o710)
        for name in ("rolebridge.yaml", "ldap.secret"):
            (self.etc / name).write_text("mine\n", encoding="ascii")
        before = self.everything()
        done = self.unattended()
        self.assertEqual(done.returncode, 1)
        for name in ("rolebridge.yaml", "ldap.secret"):
            self.assertIn(f"'{self.etc / name}'", done.stderr)
        self.assertIn("--replace", done.stderr)
        self.assertEqual(self.everything(), before)

    def test_replace_replaces_it_and_says_so_and_spares_keys(self):
        self.installed()
        keys = {name: (self.etc / name).read_bytes() for name in (f"{KEY}.key", "tls.key")}
        (self.etc / "rolebridge.yaml").write_text("mine\n", encoding="ascii")
        said = self.installed("--replace")
        self.assertIn(f"replace  {self.etc / 'rolebridge.yaml'}", said)
        self.assertEqual(self.check().returncode, 0)
        for name, key in keys.items():
            self.assertEqual((self.etc / name).read_bytes(), key)

    def test_half_a_key_pair_or_one_for_another_host_is_refused(self):
        self.installed()
        before = self.everything()
        done = self.unattended("--replace", url="other.example.org")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not for 'other.example.org'", done.stderr)
        self.assertEqual(self.everything(), before)
        (self.etc / "tls.crt").unlink()
        before = self.everything()
        done = self.unattended()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"'{self.etc / 'tls.key'}' is there", done.stderr)
        self.assertEqual(self.everything(), before)

    def test_the_key_is_one_that_keys_can_follow(self):
        self.installed()
        run = subprocess.run([BINARY, "keys", "list", "--config", self.etc / "rolebridge.yaml"],
                             capture_output=True, text=True, check=False)
        self.assertRegex(run.stdout, rf"{KEY.removeprefix('signing/')} +active", run.stderr)
        before = self.everything()
        self.installed()
        self.assertEqual(self.everything(), before)

    def test_a_signing_pair_from_before_is_used_where_it_lies(self):
        self.etc.mkdir(parents=True, exist_ok=True)
        made = subprocess.run([BINARY, "keys", "new", "--out", self.etc], check=False)
        self.assertEqual(made.returncode, 0)
        key = (self.etc / "saml.key").read_bytes()
        self.installed()
        self.assertEqual((self.etc / "saml.key").read_bytes(), key)
        self.assertIn("key: saml.key", (self.etc / "rolebridge.yaml").read_text(encoding="utf-8"))
        self.assertFalse((self.etc / "signing").exists())
        (self.etc / "saml.crt").unlink()
        before = self.everything()
        done = self.unattended()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"'{self.etc / 'saml.key'}' is there", done.stderr)
        self.assertEqual(self.everything(), before)

    def test_own_tls_certificate_stays_where_it_is(self):
        authority = slapd_module.Authority(str(self.folder / "authority"))
        os.chmod(authority.key, 0o640)
        self.installed(url="https://localhost:8443", tls_certificate=authority.certificate,
                       tls_key=authority.key)
        self.assertIn(authority.key, self.config())
        self.assertFalse((self.etc / "tls.key").exists())

    def test_pam_files_of_an_administrator_stay(self):
        mine = "auth required pam_unix.so\naccount required pam_unix.so\n# mine\n"
        service = self.folder / "pam.d/rolebridge"
        service.write_text(mine, encoding="ascii")
        self.installed("--replace")
        self.assertEqual(service.read_text(encoding="ascii"), mine)

    def test_pam_files_made_here_are_those_that_ship(self):
        self.installed()
        for made, shipped in (("pam.d/rolebridge", "etc/pam.d/rolebridge"),
                              ("rolebridge-pam.conf", "etc/rolebridge-pam.conf")):
            lines = [[line for line in (root / name).read_text(encoding="utf-8").splitlines()
                      if line and line[0] != "#"]
                     for root, name in ((self.folder, made), (SOURCE, shipped))]
            self.assertEqual(lines[0], lines[1], made)

    def test_all_missing_flags_are_named_at_once(self):
        done = self.run_init("--unattended")
        self.assertEqual(done.returncode, 1)
        for flag in ("--url", "--ldap-uri", "--bind-dn", "--bind-password-file", "--account"):
            self.assertIn(flag, done.stderr)
        done = self.run_init("--unattended", "--offline")
        for flag in ("--ldap-base", "--role", "--account"):
            self.assertIn(flag, done.stderr)
        self.assertFalse(self.etc.exists())

    def test_all_wrong_flags_are_named_at_once(self):
        done = self.unattended(url="ftp://x", ldap_uri="nonsense", bind_dn="x\nurl: y",
                               account="production=12")
        self.assertEqual(done.returncode, 1)
        for said in ("--url: 'ftp://x'", "--ldap-uri: 'nonsense'", "--bind-dn: 'x[U+000A]url: y'",
                     "'production=12'"):
            self.assertIn(said, done.stderr)
        self.assertFalse(self.etc.exists())

    def test_password_file_that_others_can_read_is_refused(self):
        self.password_file.chmod(0o644)
        done = self.unattended()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"--bind-password-file: '{self.password_file}'", done.stderr)
        self.assertFalse(self.etc.exists())

    def test_dry_run_writes_nothing_and_shows_the_configuration(self):
        before = self.everything()
        said = self.installed("--dry-run")
        self.assertEqual(self.everything(), before)
        self.assertIn(f"write    {self.etc / KEY}.key", said)
        self.assertIn("allowed_roles:", said)

    def test_directory_that_is_away_is_refused_with_its_address(self):
        away = f"ldaps://127.0.0.1:{free_port()}"
        done = self.unattended(ldap_uri=away)
        self.assertEqual(done.returncode, 1)
        self.assertIn(away, done.stderr)
        self.assertIn("--offline", done.stderr)
        self.assertFalse(self.etc.exists())

    def test_directory_is_not_trusted_without_its_authority(self):
        done = self.unattended(ldap_ca_file=None)
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate", done.stderr)
        self.assertFalse(self.etc.exists())

    def test_wrong_password_is_said_and_not_shown(self):
        self.password_file.write_text("hunter-two\n", encoding="ascii")
        done = self.unattended()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"bind as '{self.slapd.bind_dn}' failed: Invalid credentials", done.stderr)
        self.assertNotIn("hunter-two", done.stdout + done.stderr)

    def test_offline_goes_on_without_the_directory(self):
        said = self.installed("--offline", "--ldap-base", self.slapd.base, "--role", "ReadOnly",
                              ldap_uri=f"ldaps://127.0.0.1:{free_port()}")
        self.assertNotIn("--online", said)
        self.assertIn('base: "ou=people,dc=example,dc=org"', self.config())

    def test_way_to_the_directory_is_opened_for_addresses_that_are_not_this_hosts(self):
        (self.folder / "host/resolv.conf").write_text("nameserver 192.0.2.53\n", encoding="ascii")
        self.installed("--offline", "--ldap-base", self.slapd.base, "--role", "ReadOnly",
                       "--ldap-uri", "ldaps://192.0.2.10")
        drop_in = self.folder / "units/rolebridge-issuer.service.d/directory.conf"
        # An address needs no resolver.
        self.assertIn("\nIPAddressAllow=192.0.2.10\n", drop_in.read_text(encoding="ascii"))

    def test_group_that_is_not_there_is_named(self):
        command = self.command("--unattended", *self.answers())
        command[command.index(str(ISSUER_GROUP))] = "no-such-group"
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("'no-such-group'", done.stderr)
        self.assertFalse(self.etc.exists())

    def test_anybody_but_root_is_told(self):
        # A copy: the build folder may be closed to others.
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            program = shutil.copy(BINARY, folder)
            done = subprocess.run(["setpriv", "--reuid=64803", "--regid=64803", "--clear-groups",
                                   program, *self.command("--unattended")[1:]],
                                  capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("sudo rolebridge init", done.stderr)

    # ---- in a terminal ---------------------------------------------------------------------------

    def guessable_host(self):
        (self.folder / "host/ldap/ldap.conf").write_text(
            f"URI {self.slapd.uri_ldaps}\nTLS_CACERT {self.slapd.ca_file}\n"
            f"BINDDN {self.slapd.bind_dn}\n", encoding="ascii")

    def talked_into(self, *more):
        """Somebody who presses Enter wherever there is a default."""
        self.guessable_host()
        terminal = Terminal(self.command(*more))
        terminal.answer("Public name", "sso.example.org")
        terminal.answer("Its TLS certificate", "")
        self.assertIn(f"[{self.slapd.uri_ldaps}]", terminal.answer("Directory servers", ""))
        terminal.answer("Who signs", "")
        terminal.answer("The account that reads", "")
        return terminal

    def type_password(self, terminal):
        terminal.read_until("Password of that account")
        deadline = time.monotonic() + 20
        while terminal.shows_what_is_typed() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(terminal.shows_what_is_typed())
        terminal.answer("Password of that account", self.slapd.bind_password)

    def test_enter_takes_what_was_found(self):
        terminal = self.talked_into()
        self.type_password(terminal)
        said = terminal.answer("entries begin", "")
        self.assertNotIn(self.slapd.bind_password, said)
        self.assertTrue(terminal.shows_what_is_typed())
        self.assertIn("[dc=example,dc=org]", said)
        self.assertIn("12 entries have a uid", terminal.answer("People stand below", ""))
        self.assertIn("[rfc2307bis]", terminal.answer("Membership", ""))
        terminal.answer("Groups stand below", "")
        self.assertIn("[111122223333, 123412341234, 210987654321]",
                      terminal.answer("AWS accounts", "Production=1234"))
        terminal.read_until("is no account")
        terminal.answer("AWS accounts", "production=123412341234")
        self.assertIn("ReadOnly", terminal.answer("Roles that may be given", ""))
        self.assertIn(f"write    {self.etc}", terminal.answer("Go ahead", ""))
        self.assertEqual(terminal.end(), 0, terminal.said)
        self.assertNotIn(self.slapd.bind_password, terminal.said)
        self.assertEqual((self.etc / "ldap.secret").read_text(encoding="ascii"),
                         self.slapd.bind_password + "\n")
        # The record's first key, shown to a person.
        self.assertRegex(terminal.said, r"(?m)^[0-9a-f]{64}\r?$")
        self.assertTrue((self.folder / "state/audit.key").exists())
        self.assertEqual(self.check().returncode, 0)

    def test_answers_can_be_corrected_until_the_directory_answers(self):
        terminal = self.talked_into()
        terminal.answer("Password of that account", "wrong")
        self.assertIn("Invalid credentials", terminal.answer("Correct these answers", "perhaps"))
        terminal.answer("Correct these answers", "")
        terminal.answer("Directory servers", "")
        terminal.answer("Who signs", "")
        terminal.answer("The account that reads", "")
        self.type_password(terminal)
        self.assertIn("The directory answers", terminal.answer("entries begin", ""))
        os.write(terminal.fd, b"\x04")  # the end of the input
        self.assertEqual(terminal.end(), 1, terminal.said)
        self.assertIn("nothing was written", terminal.said)
        self.assertFalse(self.etc.exists())

    def test_going_on_without_the_directory_asks_it_nothing(self):
        terminal = self.talked_into()
        terminal.answer("Password of that account", "wrong")
        terminal.answer("Correct these answers", "offline")
        terminal.answer("entries begin", self.slapd.base)
        for question in ("People stand", "Membership", "Groups stand"):
            terminal.answer(question, "")
        terminal.answer("AWS accounts", "production=123412341234")
        terminal.answer("Roles that may be given", "ReadOnly")
        terminal.answer("Go ahead", "")
        self.assertEqual(terminal.end(), 0, terminal.said)
        self.assertNotIn("--online", terminal.said)

    def test_interrupting_at_the_password_leaves_a_terminal_that_shows_what_is_typed(self):
        terminal = self.talked_into()
        terminal.read_until("Password of that account")
        while terminal.shows_what_is_typed():
            time.sleep(0.01)
        # Held open, or the terminal goes with the program.
        os.write(terminal.fd, b"\x03")
        deadline = time.monotonic() + 20
        while not terminal.shows_what_is_typed() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(terminal.shows_what_is_typed())
        self.assertLess(terminal.end(), 0)
        self.assertFalse(self.etc.exists())

    def test_no_writes_nothing(self):
        self.guessable_host()
        terminal = Terminal(self.command(*self.answers(), "--role", "ReadOnly"))
        for question in ("Its TLS", "entries begin", "People stand", "Membership", "Groups stand"):
            terminal.answer(question, "")
        terminal.answer("Go ahead", "no")
        self.assertEqual(terminal.end(), 1)
        self.assertFalse(self.etc.exists())


class OtherLayoutsTest(unittest.TestCase):
    """What is found in directories that look otherwise."""

    def dry_run(self, slapd, *more):
        with tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder, "secret")
            secret.write_text(slapd.bind_password, encoding="ascii")
            secret.chmod(0o600)
            return subprocess.run(
                [str(BINARY), "init", "--unattended", "--dry-run", "--url", "sso.example.org",
                 "--ldap-uri", slapd.uri_ldaps, "--ldap-ca-file", slapd.ca_file, "--bind-dn",
                 slapd.bind_dn, "--bind-password-file", str(secret), "--config-folder",
                 folder + "/etc", "--pam-folder", folder, "--pam-settings", folder + "/pam.conf",
                 "--host-folder", folder, *more], capture_output=True, text=True, check=False,
                timeout=120)

    def test_member_of_alone(self):
        # As 389 and IPA may be set up: groups show nobody who is in them.
        rules = slapd_module.ACCESS
        hidden = rules.replace('by dn.exact="{bind_dn}" search', "by dn.exact=\"{bind_dn}\" none")
        self.assertNotEqual(hidden, rules)
        with Slapd(memberof=True, access=hidden) as slapd:
            done = self.dry_run(slapd, "--account", "production=123412341234")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("membership: memberof\n", done.stdout)
        self.assertIn('base: "ou=groups,dc=example,dc=org"', done.stdout)

    def test_unique_members(self):
        sample = pathlib.Path(slapd_module.SAMPLE).read_text(encoding="utf-8")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ldif") as ldif:
            ldif.write(re.sub("^member:", "uniqueMember:", sample, flags=re.MULTILINE)
                       .replace("groupOfNames", "groupOfUniqueNames"))
            ldif.flush()
            with Slapd(ldif=[ldif.name]) as slapd:
                done = self.dry_run(slapd, "--account", "production=123412341234")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("membership: rfc2307bis\n    member_attribute: uniqueMember\n", done.stdout)
        self.assertIn('base: "ou=groups,dc=example,dc=org"', done.stdout)

    def test_values_that_try_for_more_are_no_roles_to_allow(self):
        with Slapd() as slapd:
            done = self.dry_run(slapd, "--account", "production=123412341234")
        allowed = re.search(r"allowed_roles: (.*)", done.stdout)[1]
        self.assertIn('"ReadOnly"', allowed)
        for part in ("other", "arn", "Read Only", "ber-Admin", "*"):
            self.assertNotIn(part, allowed)

    def test_directory_without_the_schema_gives_roles_by_group_names(self):
        schema = slapd_module.SCHEMA
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(slapd_module.SAMPLE).read_text(encoding="utf-8")
            plain = re.sub(r"(?m)^(objectClass: awsGroup|aws(Role|Account): .*|aws(Role|Account):: .*)\n",
                           "", text)
            path = pathlib.Path(folder, "plain.ldif")
            path.write_text(plain, encoding="utf-8")
            empty = pathlib.Path(folder, "empty.schema")
            empty.write_text("", encoding="ascii")
            slapd_module.SCHEMA = str(empty)
            try:
                slapd = Slapd(ldif=[str(path)])
            finally:
                slapd_module.SCHEMA = schema
            with slapd:
                done = self.dry_run(slapd, "--account", "audit=111122223333")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("group.name matches 'AWS-(?P<account>111122223333|audit)-(?P<role>.+)'",
                      done.stdout)
        self.assertIn('allowed_roles: ["Archivist"]', done.stdout)


if __name__ == "__main__":
    unittest.main()
