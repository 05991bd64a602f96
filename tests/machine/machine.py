"""A Debian machine in a folder: made by debootstrap, booted by systemd-nspawn.

    with Machine(Tree()) as machine:
        print(machine.run("systemctl", "is-system-running").stdout)

The tree is made once and kept under build/machine/. A machine is a layer in memory above it, in
mount and process namespaces of its own, with a private network: when it ends, however it ends,
nothing of it is left.
"""

import ctypes
import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import time

from slapd import end_with_parent

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HOME = SOURCE / "build/machine"

# What a host has anyway, and what stands around rolebridge in the test.
BASE = ("ca-certificates", "dbus", "systemd-sysv")
NEIGHBOURS = ("slapd", "ldap-utils", "curl", "openssl", "python3", "libpam-oath", "sssd-ldap",
              "libnss-sss", "libpam-sss")

BOOT_SECONDS = 90
CLONE_NEWNET = 0x40000000
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class CannotBoot(Exception):
    """This machine has no way to boot another one; the text says why."""


class MachineError(Exception):
    """Something in the machine, or on the way to it, broke."""


@dataclasses.dataclass
class Done:
    status: int
    stdout: str
    stderr: str


def _run(command, timeout=600, stdin=None, log=None):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                          errors="replace", check=False)
    if log:
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
    return Done(done.returncode, done.stdout, done.stderr)


def _must(command, **options):
    done = _run(command, **options)
    if done.status != 0:
        raise MachineError(f"{' '.join(map(str, command))} failed ({done.status}):\n"
                           f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


class Tree:
    """The files of a Debian system of the release at hand, with the neighbours in it."""

    def __init__(self):
        for program in ("debootstrap", "systemd-nspawn"):
            if not shutil.which(program, path=PATH):
                raise CannotBoot(f"{program} is not installed")
        release = dict(line.split("=", 1) for line in
                       pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
                       if "=" in line)
        self.release = release.get("VERSION_CODENAME", "").strip('"')
        self.sources = self._sources()
        self.root = HOME / self.release
        stamp = self.root.with_suffix(".complete")
        recipe = hashlib.sha256(repr((BASE, NEIGHBOURS, self.sources)).encode()).hexdigest()
        if not self.root.exists() or not stamp.exists() or stamp.read_text() != recipe:
            self._make()
            stamp.write_text(recipe, encoding="ascii")

    def _sources(self):
        """Where this machine has Debian's packages from, security updates included."""
        shown = _must(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                       "Created-By: Packages", "Origin: Debian"]).stdout
        lines = sorted({line for line in shown.splitlines() if self.release in line})
        if not self.release or not lines:
            raise CannotBoot("apt of this machine knows no mirror of Debian")
        return lines

    def _make(self):
        print(f"making a tree of Debian {self.release} in {self.root}", flush=True)
        # Not into a mount that something left there.
        _must(["rm", "-rf", "--one-file-system", str(self.root)])
        self.root.mkdir(parents=True)
        mirror = next(line.split()[0] for line in self.sources
                      if line.split()[1] == self.release)
        # In a mount namespace of its own: it leaves /proc mounted.
        _must(["unshare", "--mount", "--propagation", "private", "--", "debootstrap",
               "--variant=minbase", f"--include={','.join(BASE)}",
               self.release, str(self.root), mirror], timeout=1200, log=HOME / "debootstrap.log")
        (self.root / "etc/apt/sources.list").write_text(
            "".join(f"deb {line}\n" for line in self.sources), encoding="utf-8")
        (self.root / "etc/hostname").write_text("machine\n", encoding="ascii")
        self.inside("apt-get", "update")
        self.inside("sh", "-c",
                    "echo slapd slapd/no_configuration boolean true | debconf-set-selections")
        self.inside("apt-get", "dist-upgrade", "-y", "--no-install-recommends")
        self.inside("apt-get", "install", "-y", "--no-install-recommends", *NEIGHBOURS)
        # The test's directory is a unit of its own.
        (self.root / "etc/systemd/system/slapd.service").symlink_to("/dev/null")

    def fetch_dependencies(self, package):
        """Puts what `package` (a .deb) depends on into apt's cache: a booted machine has no way
        out."""
        shutil.copy(package, self.root / "root/rolebridge.deb")
        fetch = ("apt-get", "install", "-y", "--no-install-recommends", "--download-only",
                 "/root/rolebridge.deb")
        try:
            self.inside(*fetch)
        except MachineError:  # apt's lists are older than the mirror
            self.inside("apt-get", "update")
            self.inside(*fetch)
        (self.root / "root/rolebridge.deb").unlink()

    def inside(self, *command):
        """Runs `command` in the tree, not booted, with this machine's network."""
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        for proxy in pathlib.Path("/etc/apt/apt.conf.d").glob("*proxy*"):  # apt's way out
            shutil.copy(proxy, self.root / "etc/apt/apt.conf.d")
        script = ('set -e; mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; '
                  'mount -t tmpfs tmpfs "$1/run"; root=$1; shift; exec chroot "$root" '
                  f'/usr/bin/env -i PATH={PATH} HOME=/root LC_ALL=C.UTF-8 '
                  'DEBIAN_FRONTEND=noninteractive "$@"')
        return _must(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation",
                      "private", "--", "bash", "-c", script, "tree", str(self.root), *command],
                     timeout=1200)


class Machine:
    """One booted machine. `run` and `must` run a program in it as root."""

    def __init__(self, tree):
        self.tree = tree
        self.log_path = HOME / "console.log"
        self._popen = None

    def boot(self):
        # The layer above the tree lies in memory, and goes with the mount namespace. So does a /run
        # for nspawn, which refuses to tidy up one that lies on a disk. Where the machine reboots,
        # nspawn ends with 133 and is to be started again.
        script = ('set -e; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs "$2"; '
                  'mkdir "$2"/upper "$2"/work "$2"/root; '
                  'mount -t overlay overlay -o '
                  '"lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"; '
                  'again=133; while [ $again = 133 ]; do again=0; systemd-nspawn --boot --quiet --directory="$2/root" --private-network '
                  '--register=no --keep-unit --machine=rolebridge-test '
                  '--kill-signal=SIGRTMIN+3 --console=pipe --resolv-conf=off --timezone=off '
                  '--link-journal=no --bind-ro="$3:/source/tests" systemd.show_status=1 '
                  '|| again=$?; done; exit $again')
        layer = HOME / "layer"
        layer.mkdir(parents=True, exist_ok=True)
        # Debian's own hierarchy of control groups, whichever this machine has.
        environment = {"PATH": PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with open(self.log_path, "wb") as log:
            self._popen = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                 "--propagation", "private", "--", "bash", "-c", script, "machine",
                 str(self.tree.root), str(layer), str(SOURCE / "tests")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True, preexec_fn=end_with_parent)
        try:
            self.wait_booted(previous=None)
        except MachineError as error:
            self.close()
            raise CannotBoot(str(error)) from error
        return self

    def init_pid(self):
        """The machine's first process as this one sees it; None while there is none."""
        found = self._popen.pid
        for _ in ("bash", "nspawn", "init"):  # below unshare, each the only child of the other
            children = _children(found)
            if not children:
                return None
            found = children[0]
        return found

    def wait_booted(self, previous):
        """Until everything that is to start at boot has, in another process than `previous`."""
        deadline = time.monotonic() + BOOT_SECONDS
        state = "nothing"
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                raise MachineError(f"it ended while booting:\n{self.console()}")
            pid = self.init_pid()
            if pid and pid != previous:
                asked = self.run("systemctl", "is-system-running")
                state = asked.stdout.strip() or asked.stderr.strip()
                if state in ("running", "degraded"):
                    self._join_network(pid)
                    return
            time.sleep(0.1)
        raise MachineError(f"not up after {BOOT_SECONDS} s but '{state}':\n{self.console()}")

    @staticmethod
    def _join_network(pid):
        """Takes this thread into the machine's network, where its loopback is ours."""
        descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
                raise MachineError(f"setns: {os.strerror(ctypes.get_errno())}")
        finally:
            os.close(descriptor)

    def console(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")[-3000:]

    def run(self, *command, stdin=None, timeout=120, env=()):
        pid = self.init_pid()
        if not pid:
            return Done(255, "", "the machine is not there")
        return _run(["nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid",
                     "--cgroup", "--root", "--wd=/", "--", "/usr/bin/env", "-i", f"PATH={PATH}",
                     "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *env,
                     *command], stdin=stdin, timeout=timeout)

    def must(self, *command, **options):
        done = self.run(*command, **options)
        if done.status != 0:
            raise MachineError(f"{' '.join(command)} failed ({done.status}):\n{done.stdout}"
                               f"{done.stderr}\n{self.journal()}")
        return done.stdout

    def write(self, path, text):
        """A file with `text` in it; one that is there keeps its owner and mode."""
        self.must("sh", "-c", f"cat >'{path}'", stdin=text)

    def put(self, source, target):
        """Copies a file of this machine into that one."""
        with open(source, "rb") as content:
            subprocess.run(["nsenter", f"--target={self.init_pid()}", "--mount", "--root", "--",
                            "/bin/sh", "-c", f"cat >'{target}'"], stdin=content, check=True)

    def journal(self, *matches, lines=40):
        return self.run("journalctl", "--no-pager", "--quiet", f"--lines={lines}", *matches).stdout

    def reboot(self):
        previous = self.init_pid()
        self.run("systemctl", "reboot")
        self.wait_booted(previous)

    def close(self):
        """Ends it, without waiting for an orderly end: nothing of it is kept."""
        if self._popen is None:
            return
        # unshare's --kill-child ends the first process of its namespace, the kernel all others.
        self._popen.kill()
        self._popen.wait()
        self._popen = None

    def __enter__(self):
        return self.boot()

    def __exit__(self, *_):
        self.close()


def _children(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]
