#!/usr/bin/python3
"""A throwaway Active Directory domain controller: Samba's, with its LDAP server alone, or with its
Kerberos server as well.

Everything lives in one temporary folder: database, certificates of a certificate authority made for
this run, log. Its ports cannot be chosen (389, 636, 88), so it listens on an address of its own
within 127.0.0.0/8, and needs root. As a module:

    with Samba() as samba:
        samba.modify(person("alice") + group("admins", members=["CN=alice,CN=Users"]))
        print(samba.uri_ldaps, samba.ca_file, samba.bind_dn, samba.bind_password)

As a program it prints the same as one line of JSON, then obeys one JSON object a line on standard
input ({"do": "modify", "ldif": "..."}, "start", "stop", "freeze", "thaw"), answers each with one
line, and ends with its input:

    samba_dc.py --serve

A domain takes seconds to make: one is made for each build folder and each start gets a copy of it.

(Not called samba.py, which would hide Samba's own module from samba-tool.)
"""

import argparse
import base64
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from slapd import PATH, Authority, end_with_parent, run, serve

REALM, DOMAIN, HOST = "EXAMPLE.ORG", "EXAMPLE", "dc1"
BASE = "DC=example,DC=org"

SMB_CONF = """[global]
  workgroup = {domain}
  realm = {realm}
  netbios name = {host}
  server role = active directory domain controller
  server services = {services}
  dcerpc endpoint servers =
  interfaces = {address}/8
  bind interfaces only = yes
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}
  pid directory = {folder}
  binddns dir = {folder}/bind-dns
  ncalrpc dir = {folder}/ncalrpc
  log file = {folder}/samba.log
  ldap server require strong auth = {strong_auth}
  tls certfile = {tls}/server.crt
  tls keyfile = {tls}/server.key
  tls cafile = {tls}/ca.crt
  tls verify peer = no_check
  ldb:nosync = true
"""

# Names of addresses that this process was given; no other test takes them while it lives.
_reserved = []


def free_address():
    """An address of the loopback interface whose LDAP ports nobody listens on."""
    for _ in range(1000):
        address = "127.%d.%d.%d" % (64 + secrets.randbelow(64), secrets.randbelow(256),
                                    1 + secrets.randbelow(254))
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0rolebridge-test-address-{address}")
            with socket.socket() as probe:
                probe.bind((address, 636))
        except PermissionError as error:
            raise RuntimeError("samba's ports are below 1024; run this as root") from error
        except OSError:
            name.close()
            continue
        _reserved.append(name)
        return address
    raise RuntimeError("no free address within 127.64.0.0/10")


def make_domain(folder):
    """A new domain in `folder`, and its administrator's password in a file beside it."""
    os.mkdir(folder, 0o700)
    password = "A1-" + secrets.token_urlsafe(18)
    # Debian's own smb.conf must not shine through.
    nothing = os.path.join(folder, "empty.conf")
    open(nothing, "w").close()
    run("samba-tool", "domain", "provision", f"--configfile={nothing}", f"--realm={REALM}",
        f"--domain={DOMAIN}", f"--host-name={HOST}", "--host-ip=127.0.0.1",
        f"--adminpass={password}", "--dns-backend=NONE", "--server-role=dc",
        f"--targetdir={folder}", "--option=ldb:nosync=true")
    with open(os.path.join(folder, "administrator"), "w") as file:
        file.write(password)


@contextlib.contextmanager
def template():
    """A folder with a domain in it to be copied."""
    build = os.environ.get("ROLEBRIDGE_BINARY_DIR")
    if not build:
        with tempfile.TemporaryDirectory(prefix="rolebridge-samba-") as folder:
            make_domain(os.path.join(folder, "domain"))
            yield os.path.join(folder, "domain")
        return
    version = run("samba", "--version").split()[-1]
    path = os.path.join(build, "tests", f"samba-domain-{version}")
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            unfinished = path + ".unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            make_domain(unfinished)
            os.rename(unfinished, path)
    yield path


# ---- entries as LDIF ---------------------------------------------------------------------------


def encoded(attribute, value):
    """A line of LDIF for a value of any bytes."""
    data = value if isinstance(value, bytes) else value.encode()
    return f"{attribute}:: {base64.b64encode(data).decode()}\n"


def password_line(password):
    """The line that sets a password ([MS-ADTS] 3.1.1.3.1.5.1)."""
    return encoded("unicodePwd", f'"{password}"'.encode("utf-16-le"))


def person(name, password="", folder="CN=Users", **attributes):
    """One who can log in; `password` is one that nobody knows unless given."""
    lines = {"sAMAccountName": name, "userPrincipalName": f"{name}@{REALM.lower()}",
             "displayName": name.title(), "userAccountControl": "512", **attributes}
    return (f"dn: CN={name},{folder},{BASE}\nchangetype: add\nobjectClass: user\n"
            + password_line(password or "A1-" + secrets.token_urlsafe(18))
            + "".join(f"{attribute}: {value}\n" for attribute, value in lines.items()) + "\n")


# groupType ([MS-ADTS] 2.2.12).
GLOBAL, DOMAIN_LOCAL, UNIVERSAL, MAIL_ONLY = -2147483646, -2147483644, -2147483640, 8


def group(name, members=(), folder="OU=groups", kind=GLOBAL, **attributes):
    """`members`: DNs without the domain's."""
    lines = {"sAMAccountName": name, "groupType": kind, **attributes}
    return (f"dn: CN={name},{folder},{BASE}\nchangetype: add\nobjectClass: group\n"
            + "".join(f"{attribute}: {value}\n" for attribute, value in lines.items())
            + "".join(f"member: {member},{BASE}\n" for member in members) + "\n")


def folder_entry(name):
    return f"dn: OU={name},{BASE}\nchangetype: add\nobjectClass: organizationalUnit\n\n"


def replace_record(dn, attribute, value):
    return f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n\n"


class Samba:
    """One domain controller. `start()` and `stop()` may alternate; the address stays the same."""

    base = BASE
    realm = REALM
    bind_dn = f"CN=rolebridge,CN=Users,{BASE}"
    root_dn = f"CN=Administrator,CN=Users,{BASE}"

    def __init__(self, kdc=False, certificate="good"):
        self.folder = tempfile.mkdtemp(prefix="rolebridge-samba-")
        os.chmod(self.folder, 0o755)  # others read ca.crt
        self.process = None
        self.bind_password = "B1-" + secrets.token_urlsafe(18)
        self._has_bind_account = False
        self.address = free_address()
        try:
            tls = os.path.join(self.folder, "tls")
            self.ca_file = Authority(tls, certificate, self.address).ca_file
            os.chmod(os.path.join(tls, "server.key"), 0o600)
            domain = os.path.join(self.folder, "domain")
            with template() as path:
                shutil.copytree(path, domain, symlinks=True)
            with open(os.path.join(domain, "administrator")) as file:
                self.root_password = file.read()
            self.config = os.path.join(self.folder, "smb.conf")
            with open(self.config, "w") as file:
                file.write(SMB_CONF.format(
                    domain=DOMAIN, realm=REALM, host=HOST.upper(), address=self.address,
                    services="ldap kdc" if kdc else "ldap", folder=domain, tls=tls,
                    # With `yes` a Samba before 4.21 takes no ticket over TLS.
                    strong_auth="allow_sasl_over_tls" if kdc else "yes"))
        except BaseException:
            self.close()
            raise

    @property
    def uri_ldap(self):
        return f"ldap://{self.address}"

    @property
    def uri_ldaps(self):
        return f"ldaps://{self.address}"

    def start(self):
        """Starts it and returns once it answers; the first time with the account that reads."""
        samba = shutil.which("samba", path=PATH)
        if not samba:
            raise RuntimeError("samba is not installed; apt-get install samba-ad-dc "
                               "samba-ad-provision")
        with open(os.path.join(self.folder, "output.log"), "ab") as log:
            self.process = subprocess.Popen(
                [samba, "--foreground", "--no-process-group", "--model=single", "-s", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
        self._wait()
        if not self._has_bind_account:
            # An ordinary person of the domain, in no group: no more is needed.
            self.modify(person("rolebridge", self.bind_password) + folder_entry("groups"))
            self._has_bind_account = True
        return self

    def _wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                for port in (389, 636):
                    socket.create_connection((self.address, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        with open(os.path.join(self.folder, "output.log"), encoding="utf-8") as log:
            text = log.read()
        self.stop()
        raise RuntimeError(f"samba did not start: {text[-4000:]}")

    def _ldap(self, program, *arguments, dn=None, password=None, text=None):
        return run("env", f"LDAPTLS_CACERT={self.ca_file}", program, "-x", "-H", self.uri_ldaps,
                   "-D", dn or self.root_dn, "-w", password or self.root_password, *arguments,
                   text=text)

    def modify(self, ldif):
        """Applies LDIF change records as the domain's administrator."""
        return self._ldap("ldapmodify", text=ldif + "\n")

    def search(self, base, search_filter, *attributes, scope="sub"):
        """What ldapsearch prints for the account that the bridge uses."""
        return self._ldap("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope,
                          search_filter, *attributes, dn=self.bind_dn,
                          password=self.bind_password)

    def tool(self, *arguments):
        """Runs samba-tool on the domain's own files, beside the server."""
        database = os.path.join(self.folder, "domain/private/sam.ldb")
        return run("samba-tool", *arguments, "-H", database, "-s", self.config)

    def accepts(self, dn, password):
        """Tries a password at the door."""
        try:
            self._ldap("ldapsearch", "-b", "", "-s", "base", "(objectClass=*)", "1.1", dn=dn,
                       password=password)
        except RuntimeError:
            return False
        return True

    def freeze(self):
        """Stops it from answering without closing anything."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        """Ends it; what it stored stays."""
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def close(self):
        """Ends it and removes everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def addresses(self):
        return {"uri_ldap": self.uri_ldap, "uri_ldaps": self.uri_ldaps, "ca_file": self.ca_file,
                "bind_dn": self.bind_dn, "bind_password": self.bind_password, "base": self.base,
                "folder": self.folder, "pid": self.process.pid}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help="print the addresses and obey")
    parser.add_argument("--kdc", action="store_true", help="the Kerberos server, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Samba(kdc=options.kdc) as samba:
        serve(samba)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except RuntimeError as error:
        sys.exit(f"samba_dc.py: {error}")
