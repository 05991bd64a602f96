"""A throwaway 389 Directory Server for the tests, run in a temporary folder without systemd.

    with Ds389(ldif=text, access=text) as server:
        print(server.uri_ldaps, server.ca_file, server.bind_dn, server.bind_password)

Groups that are members of groups are resolved by the server's own MemberOf plugin.
"""

import base64
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

from slapd import PATH, SOURCE, Authority, end_with_parent, free_port, run

TEMPLATE = "/usr/share/dirsrv/data/template-dse.ldif"
SCHEMA = os.path.join(SOURCE, "etc/ldap/rolebridge-389.ldif")
ROOT_DN = "cn=Directory Manager"
NICKNAME = "Server-Cert"

# Beyond the template: a database for `base`, TLS, memberOf with nesting, and who may read what.
DATABASE = """dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
nsslapd-suffix: {base}
cn: userRoot

dn: cn="{base}",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {base}
nsslapd-state: backend
nsslapd-backend: userRoot
"""


def _hashed(password):
    salt = secrets.token_bytes(8)
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode()


class Ds389:
    """One ns-slapd. What `ldif` holds is added through the front door, so that plugins see it; then
    the change record `access` says who may read what."""

    base = "dc=example,dc=org"
    bind_dn = "cn=rolebridge,ou=services,dc=example,dc=org"

    def __init__(self, ldif, access):
        self.folder = tempfile.mkdtemp(prefix="rolebridge-389-")
        os.chmod(self.folder, 0o755)
        self.bind_password = secrets.token_urlsafe(18)
        self.root_password = secrets.token_urlsafe(18)
        self.ports = (free_port(), free_port())
        self.process = None
        self._ldif = ldif
        self._access = access
        self._is_loaded = False
        try:
            self.authority = Authority(os.path.join(self.folder, "tls"))
            self.ca_file = self.authority.ca_file
            self._write_config()
            self._write_certificates()
            self._hand_over()
        except BaseException:
            self.close()
            raise

    @property
    def uri_ldap(self):
        return f"ldap://127.0.0.1:{self.ports[0]}"

    @property
    def uri_ldaps(self):
        return f"ldaps://127.0.0.1:{self.ports[1]}"

    @property
    def uri_ldapi(self):
        return "ldapi://" + urllib.parse.quote(self._path("ldapi"), safe="")

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    def _write_config(self):
        for name in ("etc/schema", "db", "bak", "ldif", "lock", "log", "run", "tmp"):
            os.makedirs(self._path(name))
        with open(TEMPLATE, encoding="utf-8") as template:
            text = template.read()
        for name, value in self._values().items():
            text = text.replace(f"%{name}%", value)
        text = text.replace("nsslapd-port:", f"nsslapd-secureport: {self.ports[1]}\n"
                                             "nsslapd-security: on\nnsslapd-port:", 1)
        # One empty line between entries: at a second one it ends without a word.
        text = self._with_plugins(text).strip() + "\n\n" + DATABASE.format(base=self.base)
        with open(self._path("etc/dse.ldif"), "w", encoding="utf-8") as config:
            config.write(text)
        for name in ("slapd-collations.conf", "certmap.conf"):
            shutil.copy(f"/etc/dirsrv/config/{name}", self._path("etc"))
        shutil.copy("/etc/dirsrv/schema/99user.ldif", self._path("etc/schema"))

    def _values(self):
        return {"schema_dir": self._path("etc/schema"), "lock_dir": self._path("lock"),
                "tmp_dir": self._path("tmp"), "cert_dir": self._path("etc"),
                "ldif_dir": self._path("ldif"), "bak_dir": self._path("bak"),
                "run_dir": self._path("run"), "inst_dir": self.folder,
                "log_dir": self._path("log"), "config_dir": self._path("etc"),
                "db_dir": self._path("db"), "db_home_dir": self._path("db"), "db_lib": "bdb",
                "fqdn": "localhost", "ds_port": str(self.ports[0]), "ds_user": "dirsrv",
                "ds_suffix": self.base, "rootdn": ROOT_DN,
                "ds_passwd": _hashed(self.root_password), "ldapi_enabled": "on",
                "ldapi": self._path("ldapi"), "ldapi_autobind": "off"}

    @staticmethod
    def _with_plugins(text):
        """The configuration with the MemberOf plugin on, and TLS by our certificate."""
        head, plugin = text.split("dn: cn=MemberOf Plugin,", 1)
        plugin = plugin.replace("nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on", 1)
        plugin = plugin.replace("memberOfGroupAttr: member",
                                "memberOfGroupAttr: member\nmemberOfGroupAttr: uniqueMember", 1)
        return head + "dn: cn=MemberOf Plugin," + plugin

    def _write_certificates(self):
        """The authority and the server's certificate as an NSS database."""
        pin = secrets.token_hex(16)
        etc, pin_file, bundle = self._path("etc"), self._path("tls/pin"), self._path("tls/both.p12")
        with open(pin_file, "w", encoding="ascii") as file:
            file.write(pin)
        with open(self._path("etc/pin.txt"), "w", encoding="ascii") as file:
            file.write(f"Internal (Software) Token:{pin}\n")
        run("certutil", "-N", "-d", etc, "-f", pin_file)
        run("certutil", "-A", "-d", etc, "-f", pin_file, "-n", "CA", "-t", "CT,,", "-a", "-i",
            self.ca_file)
        run("openssl", "pkcs12", "-export", "-name", NICKNAME, "-in", self.authority.certificate,
            "-inkey", self.authority.key, "-out", bundle, "-passout", f"file:{pin_file}")
        run("pk12util", "-i", bundle, "-d", etc, "-k", pin_file, "-w", pin_file)

    def _hand_over(self):
        """Everything to the server's user; it gives up root by itself."""
        user = pwd.getpwnam("dirsrv")
        for folder, _, names in os.walk(self.folder):
            for name in [".", *names]:
                os.chown(os.path.join(folder, name), user.pw_uid, user.pw_gid)

    def start(self):
        """Starts it and returns once it answers."""
        log = open(self._path("log/output"), "ab")
        self.process = subprocess.Popen(
            ["ns-slapd", "-D", self._path("etc"), "-i", self._path("run/pid"), "-d", "0"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent,
            env={**os.environ, "PATH": PATH})
        log.close()
        self._wait()
        if not self._is_loaded:
            self._load()
        return self

    def _load(self):
        with open(SCHEMA, encoding="utf-8") as schema:
            self.modify(schema.read())
        encoded = base64.b64encode(self.bind_password.encode()).decode()
        self.modify(self._ldif.replace("userPassword: replaced-at-start",
                                       f"userPassword:: {encoded}"))
        self.modify(self._access)
        self._is_loaded = True

    def _wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                for port in self.ports:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(self._path("log/output"), encoding="utf-8") as log:
            text = log.read()
        self.stop()
        raise RuntimeError(f"ns-slapd did not start: {text}")

    def modify(self, ldif):
        """Applies LDIF, entries to add or change records, as the directory's root."""
        return run("ldapmodify", "-a", "-x", "-H", self.uri_ldapi, "-D", ROOT_DN, "-w",
                   self.root_password, text=ldif + "\n")

    def stop(self):
        """Ends it; what it stored stays."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def close(self):
        """Ends it and removes everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()
