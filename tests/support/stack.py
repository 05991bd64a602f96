"""Everything that a login needs, running on loopback: for the demo, the tests and the benchmark.

    with Stack() as stack:
        print(stack.url, stack.aws.acs_url)

It starts a throwaway slapd, rolebridge-pam behind a real socket activator in a mount namespace with
an account database of its own, rolebridge-issuer and rolebridge-web as two unprivileged users, and
the stand-in for AWS. Needs root, for the users and the namespace. All files lie in one temporary
folder; `close()` ends every process by its id and removes that folder. Should this process be
killed, the kernel ends the others (PR_SET_PDEATHSIG).
"""

import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import people
from aws_stand_in import AwsStandIn
from slapd import Authority, Slapd, end_with_parent, free_port

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# Two users that no Debian package and no person has; nothing is added to this machine's accounts.
ISSUER_USER = 64801
WEB_USER = 64802

PROGRAMS = ("rolebridge-web", "rolebridge-issuer", "rolebridge-pam", "rolebridge")

START_SECONDS = 60  # generous: sanitizers on a busy machine
STOP_SECONDS = 20


class StackError(Exception):
    """Something did not start, did not stop or broke; the text says what to do."""


@dataclasses.dataclass
class Ports:
    """Of loopback; 0 takes a free one."""
    web: int = 0
    status: int = 0
    sign_in: int = 0
    sts: int = 0


class Process:
    """One program of ours and what it logs."""

    def __init__(self, name, command, log_path, cwd):
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                env=_environment(), start_new_session=True, preexec_fn=end_with_parent)

    @property
    def pid(self):
        return self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def stop(self):
        """Asks it to end, and makes it end; returns its exit status."""
        self.signal(signal.SIGTERM)
        try:
            status = self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            status = self._popen.wait()
        self._end_group()
        return status

    def kill(self):
        self.signal(signal.SIGKILL)
        self._popen.wait()
        self._end_group()

    def _end_group(self):
        # It led a session of its own, so that whoever it started (one rolebridge-pam a login) is
        # found by its process group.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Stack:
    """See the head of this file. Paths are pathlib.Path; `aws` is the AwsStandIn, `slapd` the
    Slapd. `banner`: a line for each step, where somebody waits at a terminal."""

    def __init__(self, ports=None, binary_dir=None, passwords=None, edit_config=None,
                 membership="rfc2307bis", acs_url=None, console_origin=None,
                 changes_passwords=False, own_etc=False, banner=lambda text: None):
        """`passwords`: name -> password (people.DEMO_PASSWORDS). `edit_config`: a function from
        the text of rolebridge.yaml to the text that is used. `acs_url`, `console_origin`: AWS's
        addresses as a browser is told them, see AwsStandIn. `changes_passwords`: with a
        rolebridge-pam that changes expired ones. `own_etc`: PAM has a copy of this machine's /etc
        in the place of it (`accounts`), for modules that read or write there; the former needs it
        and implies it."""
        if os.geteuid() != 0:
            raise StackError("this needs root: three users and a mount namespace are involved")
        self.binary_dir = pathlib.Path(binary_dir or os.environ.get("ROLEBRIDGE_BINARY_DIR") or
                                       SOURCE / "build")
        self.passwords = passwords or people.DEMO_PASSWORDS
        self.edit_config = edit_config or (lambda text: text)
        self.membership = membership
        self.changes_passwords = changes_passwords
        self.own_etc = own_etc or changes_passwords
        self._aws_addresses = {"acs_url": acs_url, "console_origin": console_origin}
        self.banner = banner
        self.processes = {}
        self._closers = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-", dir=_runtime_parent()))
        self.folder.chmod(0o755)
        self._closers.append(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        try:
            self._prepare(ports or Ports())
        except BaseException:
            self.close()
            raise

    # ---- where things are ------------------------------------------------------------------------

    @property
    def url(self):
        return f"https://localhost:{self.ports.web}"

    @property
    def status_url(self):
        return f"http://127.0.0.1:{self.ports.status}"

    @property
    def etc(self):
        return self.folder / "etc"

    @property
    def config(self):
        return self.etc / "rolebridge.yaml"

    @property
    def issuer_socket(self):
        return self.folder / "run/issuer/issuer.sock"

    @property
    def admin_socket(self):
        return self.folder / "run/admin/admin.sock"

    @property
    def pam_socket(self):
        return self.folder / "run/pam/pam.sock"

    @property
    def pam_change_socket(self):
        return self.folder / "run/pam/pam-change.sock"

    @property
    def ca_file(self):
        return self.etc / "ca.crt"

    def log(self, name):
        """All that the process `name` has logged so far."""
        path = self.folder / "log" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    # ---- preparing -------------------------------------------------------------------------------

    def _prepare(self, ports):
        self.ports = Ports(**{field.name: getattr(ports, field.name) or free_port()
                              for field in dataclasses.fields(Ports)})
        self._make_folders()
        self._find_programs()
        self.banner("starting slapd with the sample directory")
        self.slapd = Slapd()
        self._closers.append(self.slapd.close)
        self.banner("making keys and certificates")
        authority = Authority(str(self.folder / "authority"))
        self._install(authority.ca_file, "ca.crt", 0o444)
        self._install(authority.certificate, "tls.crt", 0o444)
        self._install(authority.key, "tls.key", 0o440, group=WEB_USER)
        self._make_signing_key()
        self.audit_key = self._run_rolebridge("audit", "begin", "--state-dir",
                                              str(self.folder / "state"))
        self._write(self.etc / "ldap.secret", self.slapd.bind_password + "\n", 0o440, ISSUER_USER)
        self.aws = AwsStandIn(SOURCE / "tests/data/aws/accounts.json", self.etc / "tls.crt",
                              self.etc / "tls.key", self.ports.sign_in, self.ports.sts,
                              **self._aws_addresses)
        self._closers.append(self.aws.stop)
        self.write_config()
        self._write_pam_files()

    def _make_folders(self):
        for name, owner, group, mode in (
                ("etc", 0, 0, 0o755), ("etc/pam.d", 0, 0, 0o755), ("host", 0, 0, 0o700),
                ("log", 0, 0, 0o700), ("run", 0, 0, 0o755),
                # Setgid, so that a socket in it belongs to the group of the one peer (C1).
                ("run/issuer", ISSUER_USER, WEB_USER, 0o2750), ("run/pam", 0, ISSUER_USER, 0o2750),
                ("run/admin", ISSUER_USER, ISSUER_USER, 0o2750),
                ("state", ISSUER_USER, ISSUER_USER, 0o700)):
            path = self.folder / name
            path.mkdir()
            os.chown(path, owner, group)
            path.chmod(mode)

    def _find_programs(self):
        """The programs and pages where the unprivileged users can read them: in place, or copied
        where the checkout lies in somebody's closed home."""
        bin_dir, web_dir = self.binary_dir / "bin", SOURCE / "bridge/web"
        for name in PROGRAMS:
            if not (bin_dir / name).exists():
                raise StackError(f"{bin_dir / name} is not there; build it first, see ./check")
        if not _readable_by_all(bin_dir) or not _readable_by_all(web_dir):
            self.banner("copying the programs to where their users can read them")
            for source in (bin_dir, web_dir / "pages", web_dir / "static"):
                shutil.copytree(source, self.folder / source.name)
                subprocess.run(["chmod", "-R", "a+rX", str(self.folder / source.name)], check=True)
            bin_dir, web_dir = self.folder / "bin", self.folder
        self.bin_dir, self.pages, self.static = bin_dir, web_dir / "pages", web_dir / "static"

    def rolebridge(self, *arguments):
        """Runs the command line; the completed process, its output as text."""
        return subprocess.run([str(self.bin_dir / "rolebridge"), *arguments], capture_output=True,
                              text=True, check=False)

    def _run_rolebridge(self, *arguments):
        run = self.rolebridge(*arguments)
        if run.returncode != 0:
            raise StackError(f"rolebridge {' '.join(arguments)} failed: {run.stdout}{run.stderr}")
        return run.stdout

    def _make_signing_key(self):
        self._run_rolebridge("keys", "new", "--out", str(self.etc))
        for name, mode in (("saml.crt", 0o444), ("saml.key", 0o440)):
            os.chown(self.etc / name, 0, ISSUER_USER)
            (self.etc / name).chmod(mode)

    def _install(self, source, name, mode, group=0):
        self._write(self.etc / name, pathlib.Path(source).read_text(encoding="ascii"), mode, group)

    @staticmethod
    def _write(path, text, mode, group=0):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchown(descriptor, 0, group)
            os.fchmod(descriptor, mode)
            file.write(text)

    def write_config(self):
        """rolebridge.yaml anew, through `edit_config`; takes effect at the next start."""
        text = (SOURCE / "tests/data/demo-rolebridge.yaml").read_text(encoding="utf-8")
        groups = {"rfc2307bis": "ou=groups", "memberof": "ou=groups", "rfc2307": "ou=unixgroups"}
        for hole, value in (("WEB_PORT", str(self.ports.web)),
                            ("STATUS_PORT", str(self.ports.status)),
                            ("LDAP_URI", self.slapd.uri_ldap), ("LDAP_CA", self.slapd.ca_file),
                            ("LDAP_BIND_DN", self.slapd.bind_dn),
                            ("GROUPS_BASE", f"{groups[self.membership]},{self.slapd.base}"),
                            ("MEMBERSHIP", self.membership), ("ACS_URL", self.aws.acs_url)):
            text = text.replace("${" + hole + "}", value)
        self._write(self.config, self.edit_config(text), 0o440, ISSUER_USER)

    def _write_pam_files(self):
        # The stack that ships, over an account database of our own.
        shipped = (SOURCE / "etc/pam.d/rolebridge").read_text(encoding="utf-8")
        self._write(self.etc / "pam.d/rolebridge", shipped, 0o644)
        expired = "expired_passwords = change\n" if self.changes_passwords else ""
        self._write(self.etc / "rolebridge-pam.conf", people.PAM_CONF + expired, 0o644)
        host = self.accounts
        if self.own_etc:
            shutil.copytree("/etc", host, symlinks=True)
        users = [("root", 0), ("nobody", 65534), ("rolebridge", ISSUER_USER),
                 ("rolebridge-web", WEB_USER)]
        passwd = [f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin" for name, uid in users]
        shadow = [f"{name}:*:20000:0:99999:7:::" for name, _ in users]
        for person in people.PEOPLE:
            passwd.append(people.passwd_line(person))
            shadow.append(people.shadow_line(person, self.passwords[person.name]))
        self._write(host / "passwd", "\n".join(passwd) + "\n", 0o644)
        self._write(host / "shadow", "\n".join(shadow) + "\n", 0o640)
        self._write(host / "group", "".join(f"{name}:x:{uid}:\n" for name, uid in users), 0o644)

    @property
    def accounts(self):
        """The folder of passwd, shadow and group."""
        return self.folder / ("host/etc" if self.own_etc else "host")

    # ---- running ---------------------------------------------------------------------------------

    def start(self):
        self.slapd.start()
        self.aws.start()
        self.banner("starting rolebridge-pam behind its socket, rolebridge-issuer, rolebridge-web")
        self.start_pam()
        if self.changes_passwords:
            self.start_pam_change()
        self.start_issuer()
        self.start_web()
        self.wait_ready()
        self.aws.upload_metadata(self.fetch("/saml/aws/metadata"))
        return self

    def start_pam(self):
        self._start_pam("pam", self.pam_socket)

    def start_pam_change(self):
        self._start_pam("pam-change", self.pam_change_socket, "--change-expired-passwords")

    def _start_pam(self, name, listen, *options):
        host = [str(self.accounts / file) for file in ("passwd", "shadow", "group")]
        if self.own_etc:
            host = ["--etc", str(self.accounts)]
        command = [str(SOURCE / "tests/support/private_host.sh"), *host, "--",
                   "systemd-socket-activate", "--accept", "--inetd", "--seqpacket", "-l",
                   str(listen), str(self.bin_dir / "rolebridge-pam"), "--confdir",
                   str(self.etc / "pam.d"), "--config", str(self.etc / "rolebridge-pam.conf"),
                   "--peer", str(ISSUER_USER), *options]
        self._start(name, command)
        self._wait_for_socket(name, listen)
        # The activator knows no SocketMode=; the folder's group gave it the issuer's.
        listen.chmod(0o660)

    def start_issuer(self):
        self._start("issuer", as_user(ISSUER_USER, [
            str(self.bin_dir / "rolebridge-issuer"), "--config", str(self.config), "--socket",
            str(self.issuer_socket), "--admin-socket", str(self.admin_socket), "--pam-socket",
            str(self.pam_socket), "--pam-change-socket", str(self.pam_change_socket),
            "--state-dir",
            str(self.folder / "state"), "--web-user", str(WEB_USER)]))
        self._wait_for_socket("issuer", self.issuer_socket)

    def start_web(self):
        self._start("web", as_user(WEB_USER, [
            str(self.bin_dir / "rolebridge-web"), "--issuer-socket", str(self.issuer_socket),
            "--issuer-user", str(ISSUER_USER), "--pages", str(self.pages), "--static",
            str(self.static)]))

    def _start(self, name, command):
        self.processes[name] = Process(name, command, self.folder / "log" / f"{name}.log",
                                       str(self.folder))

    def stop(self, name):
        """Ends one of pam, issuer, web and what it left; returns its exit status."""
        process = self.processes.pop(name)
        status = process.stop()
        self._remove_socket(name)
        return status

    def kill(self, name):
        self.processes.pop(name).kill()
        self._remove_socket(name)

    def _remove_socket(self, name):
        socket_path = {"pam": self.pam_socket, "pam-change": self.pam_change_socket,
                       "issuer": self.issuer_socket}.get(name)
        if socket_path:
            socket_path.unlink(missing_ok=True)

    def _wait_for_socket(self, name, path):
        def connects():
            if not path.exists():
                return False
            # Only looked at, not connected to: a connection to the activator starts a process.
            return str(path) in pathlib.Path("/proc/net/unix").read_text(encoding="utf-8")
        self._wait(connects, name, lambda: f"{path} did not appear")

    def _wait(self, condition, name, what):
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            process = self.processes.get(name)
            if process and not process.running():
                raise StackError(f"rolebridge-{name} ended at once:\n{self.log(name)}")
            if time.monotonic() > deadline:
                logs = "\n".join(f"-- {each}:\n{self.log(each)}" for each in self.processes)
                raise StackError(f"{what()} within {START_SECONDS} s:\n{logs}")
            time.sleep(0.01)

    def readiness(self):
        """(status, body) of /readyz; (0, reason) where nobody answers."""
        try:
            with urllib.request.urlopen(self.status_url + "/readyz", timeout=20) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            return 0, str(error)

    def metrics(self):
        """The text of /metrics."""
        with urllib.request.urlopen(self.status_url + "/metrics", timeout=20) as answer:
            return answer.read().decode("utf-8")

    def wait_ready(self):
        self._wait(lambda: self.readiness()[0] == 200, "web",
                   lambda: f"{self.status_url}/readyz was not 200 but {self.readiness()}")

    def wait_not_ready(self):
        self._wait(lambda: self.readiness()[0] not in (0, 200), "web",
                   lambda: "/readyz stayed 200")

    def tls_context(self):
        return ssl.create_default_context(cafile=str(self.ca_file))

    def fetch(self, path):
        """The body of a page that needs no login."""
        with urllib.request.urlopen(self.url + path, context=self.tls_context(),
                                    timeout=30) as answer:
            return answer.read()

    def close(self):
        """Ends everything and removes it, whatever state it is in."""
        for name in ("web", "issuer", "pam", "pam-change"):
            if name in self.processes:
                self.processes.pop(name).stop()
        while self._closers:
            self._closers.pop()()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()


def as_user(uid, command):
    """`command` run as `uid` with nothing that could give it more: no groups, no capabilities."""
    return ["/usr/bin/setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
            "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--pdeathsig=KILL", "--",
            *command]


def _environment():
    """For our programs: nothing of the caller's but what steers the sanitizers."""
    sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    # Leaks are looked for in the unit tests; these programs forbid being traced (security.md K3),
    # which is how LeakSanitizer looks.
    sanitizers["ASAN_OPTIONS"] = sanitizers.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **sanitizers}


def _runtime_parent():
    """/run where it is there: paths of sockets are short, and it is in memory."""
    return "/run" if os.access("/run", os.W_OK) else None


def _readable_by_all(path):
    for folder in (path, *path.parents):
        if not folder.stat().st_mode & 0o001:
            return False
    return bool(path.stat().st_mode & 0o004)


def port_in_use(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
