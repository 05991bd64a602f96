#!/usr/bin/python3
"""A throwaway slapd for the demo and the tests.

Everything lives in one temporary folder: database, certificates of a certificate authority made for
this run, sockets. As a module:

    with Slapd(ldif=["tests/data/sample-directory.ldif"]) as slapd:
        print(slapd.uri_ldaps, slapd.ca_file, slapd.bind_dn, slapd.bind_password)

As a program it prints the same as one line of JSON, then obeys one JSON object a line on standard
input ({"do": "stop"}, {"do": "start"}, {"do": "freeze"}, {"do": "thaw"},
{"do": "modify", "ldif": "..."}), answers each with one line, and ends with its input:

    slapd.py --serve --ldif tests/data/sample-directory.ldif --memberof
"""

import argparse
import base64
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(SOURCE, "tests/data/sample-directory.ldif")
SCHEMA = os.path.join(SOURCE, "etc/ldap/rolebridge.schema")
# Debian keeps it out of an ordinary user's PATH.
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"

PR_SET_PDEATHSIG = 1

# What the bridge may see: names and account state of people, what groups are called and carry.
# `member` and `memberUid` it may search for and not read: that is all it needs.
ACCESS = """
access to attrs=userPassword
  by self =xw
  by anonymous auth
  by * none
access to attrs=member,uniqueMember,memberUid
  by dn.exact="{bind_dn}" search
  by * none
access to dn.subtree="ou=people,{base}"
  by dn.exact="{bind_dn}" read
  by * none
access to dn.subtree="ou=groups,{base}"
  by dn.exact="{bind_dn}" read
  by * none
access to dn.subtree="ou=unixgroups,{base}"
  by dn.exact="{bind_dn}" read
  by * none
access to dn.base="{base}"
  by dn.exact="{bind_dn}" read
  by * none
access to *
  by * none
"""

OPENSSL_CA = """
[ca]
default_ca = throwaway
[throwaway]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
commonName = rolebridge throwaway authority
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
subjectAltName = {names}
[client]
basicConstraints = CA:false
extendedKeyUsage = clientAuth
"""


# Names of ports that this process was given; no other test takes them while it lives.
_reserved = []


def free_port():
    """A port of the loopback interface that nobody listens on, below those that outgoing
    connections take by themselves: it stays free until its server binds it."""
    for _ in range(1000):
        port = 10000 + secrets.randbelow(10000)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0rolebridge-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        _reserved.append(name)
        return port
    raise RuntimeError("no free port between 10000 and 20000")


def end_with_parent():
    """Lets the kernel end this process when the one that started it goes, however it goes."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command, text=None):
    """Runs a program to its end; what it said is in the exception where it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True,
                          env={**os.environ, "PATH": PATH, "LC_ALL": "C"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed ({done.returncode}): "
                           f"{done.stdout}{done.stderr}".strip())
    return done.stdout


class Authority:
    """A certificate authority and the certificate of a server at `address`, in `folder`.

    `kind`: good; wrong-host, for another name; no-san, with the right name in the subject alone;
    expired, since 2020; other-ca, signed by an authority that `ca_file` does not hold.
    """

    def __init__(self, folder, kind="good", address="127.0.0.1"):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.ca_file = os.path.join(folder, "ca.crt")
        self.certificate = os.path.join(folder, "server.crt")
        self.key = os.path.join(folder, "server.key")
        names = f"IP:{address},DNS:localhost,DNS:{socket.gethostname()}"
        if kind == "wrong-host":
            names = "DNS:directory.example.net"
        self.config = os.path.join(folder, "openssl.cnf")
        with open(self.config, "w") as config:
            text = OPENSSL_CA.format(folder=folder, names=names)
            if kind == "no-san":
                text = text.replace("subjectAltName", "# subjectAltName")
            config.write(text)
        open(os.path.join(folder, "index.txt"), "w").close()
        with open(os.path.join(folder, "serial"), "w") as serial:
            serial.write(secrets.token_hex(8) + "\n")
        self._make_authority()
        self._make_server(kind)
        if kind == "other-ca":
            # The one that signed stays as signer.crt, which nobody is told to trust.
            shutil.copy(self.ca_file, os.path.join(folder, "signer.crt"))
            self._make_authority()

    def _make_authority(self):
        run("openssl", "req", "-x509", "-config", self.config, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            os.path.join(self.folder, "ca.key"), "-out", self.ca_file)

    def _make_server(self, kind):
        dates = ["-days", "2"]
        if kind == "expired":
            dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
        self._make("server", "127.0.0.1", "server", *dates)

    def make_client(self, name):
        """client.crt and client.key in `folder`, for somebody called `name`."""
        self._make("client", name, "client", "-days", "2")

    def _make(self, stem, name, extensions, *dates):
        path = os.path.join(self.folder, stem)
        run("openssl", "req", "-new", "-config", self.config, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", path + ".key",
            "-out", path + ".csr")
        run("openssl", "ca", "-batch", "-notext", "-config", self.config, "-extensions",
            extensions, "-cert", self.ca_file, "-keyfile", os.path.join(self.folder, "ca.key"),
            "-in", path + ".csr", "-out", path + ".crt", *dates)


class Slapd:
    """One slapd. `start()` and `stop()` may alternate; the ports stay the same."""

    base = "dc=example,dc=org"
    bind_dn = "cn=rolebridge,ou=services,dc=example,dc=org"
    root_dn = "cn=root,dc=example,dc=org"

    def __init__(self, ldif=(SAMPLE,), memberof=False, certificate="good", extra_schemas=(),
                 extra_config="", starttls=True, log_operations=False, access=ACCESS, modules=(),
                 is_2307bis=False):
        self.folder = tempfile.mkdtemp(prefix="rolebridge-slapd-")
        os.chmod(self.folder, 0o755)  # unprivileged users of the demo read ca.crt and the socket
        self.bind_password = secrets.token_urlsafe(18)
        self.root_password = secrets.token_urlsafe(18)
        self.memberof = memberof
        self.is_2307bis = is_2307bis
        self.log_operations = log_operations
        self.process = None
        self.ports = (free_port(), free_port())
        try:
            self.authority = Authority(os.path.join(self.folder, "tls"), certificate)
            self.ca_file = self.authority.ca_file
            self._write_config(extra_schemas, extra_config, starttls, access, modules)
            self._load(ldif)
        except BaseException:
            self.close()
            raise

    # Addresses. 127.0.0.1 and not localhost: libldap compares the certificate with the machine's
    # own name where the URI says localhost.
    @property
    def uri_ldap(self):
        return f"ldap://127.0.0.1:{self.ports[0]}"

    @property
    def uri_ldaps(self):
        return f"ldaps://127.0.0.1:{self.ports[1]}"

    @property
    def uri_ldapi(self):
        return "ldapi://" + urllib.parse.quote(os.path.join(self.folder, "ldapi"), safe="")

    @property
    def config(self):
        return os.path.join(self.folder, "slapd.conf")

    def _write_config(self, extra_schemas, extra_config, starttls, access, modules):
        database = os.path.join(self.folder, "database")
        os.mkdir(database, 0o700)
        schemas = ["/etc/ldap/schema/%s.schema" % name
                   for name in ("core", "cosine", "inetorgperson", *extra_schemas)]
        schemas.insert(2, self._write_posix_schema())
        lines = [f"include {schema}" for schema in schemas + [SCHEMA]]
        lines += ["modulepath /usr/lib/ldap", "moduleload back_mdb", "moduleload ppolicy",
                  "moduleload memberof", *(f"moduleload {module}" for module in modules),
                  f"pidfile {self.folder}/slapd.pid",
                  f"argsfile {self.folder}/slapd.args",
                  "threads 4", "loglevel 0", "sizelimit 500"]
        if starttls:
            lines += [f"TLSCACertificateFile {self.ca_file}",
                      f"TLSCertificateFile {self.authority.certificate}",
                      f"TLSCertificateKeyFile {self.authority.key}", "TLSVerifyClient never"]
        lines += ["database mdb", f"directory {database}", f"suffix {self.base}",
                  f"rootdn {self.root_dn}", f"rootpw {self.root_password}",
                  "maxsize 2147483648", "dbnosync",
                  "index objectClass,uid,cn,member,memberUid eq"]
        lines += [access.format(base=self.base, bind_dn=self.bind_dn), "overlay ppolicy"]
        if self.memberof:
            lines += ["overlay memberof", "memberof-refint true"]
        if extra_config:
            lines.append(extra_config)
        with open(self.config, "w") as config:
            os.chmod(self.config, 0o600)
            config.write("\n".join(lines) + "\n")

    def _write_posix_schema(self):
        """nis.schema; for RFC 2307bis with posixGroup as something that a group is besides."""
        with open("/etc/ldap/schema/nis.schema", encoding="utf-8") as schema:
            before, after = schema.read().split("NAME 'posixGroup'", 1)
        if self.is_2307bis:
            after = after.replace("STRUCTURAL", "AUXILIARY", 1)
        path = os.path.join(self.folder, "nis.schema")
        with open(path, "w", encoding="utf-8") as schema:
            schema.write(before + "NAME 'posixGroup'" + after)
        return path

    def _load(self, paths):
        blocks = []
        for path in paths:
            with open(path, encoding="utf-8") as source:
                blocks += source.read().split("\n\n")
        # slapadd does not run the memberof overlay: groups go in through the front door then.
        late = [block for block in blocks
                if self.memberof and "objectClass: groupOfNames" in block]
        early = [self._with_password(block) for block in blocks if block not in late]
        run("slapadd", "-q", "-f", self.config, text="\n\n".join(early) + "\n")
        self._late_groups = "\n\n".join(late)

    def _with_password(self, block):
        encoded = base64.b64encode(self.bind_password.encode()).decode()
        return block.replace("userPassword: replaced-at-start", f"userPassword:: {encoded}")

    def start(self):
        """Starts it and returns once it answers."""
        urls = f"{self.uri_ldap}/ {self.uri_ldaps}/ {self.uri_ldapi}"
        slapd = shutil.which("slapd", path=PATH)
        if not slapd:
            raise RuntimeError("slapd is not installed; apt-get install slapd ldap-utils")
        log = open(os.path.join(self.folder, "slapd.log"), "ab")
        # -d keeps it in the foreground, as our child.
        level = "stats" if self.log_operations else "0"
        self.process = subprocess.Popen([slapd, "-d", level, "-h", urls, "-f", self.config],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        preexec_fn=end_with_parent)
        log.close()
        self._wait()
        if self._late_groups:
            self.root("ldapadd", self._late_groups)
            self._late_groups = ""
        return self

    def _wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                for port in self.ports:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        with open(os.path.join(self.folder, "slapd.log"), encoding="utf-8") as log:
            text = log.read()
        self.stop()
        raise RuntimeError(f"slapd did not start: {text}")

    def root(self, program, text):
        """Runs ldapadd or ldapmodify with `text` as the directory's root."""
        return run(program, "-x", "-H", self.uri_ldapi, "-D", self.root_dn, "-w",
                   self.root_password, text=text + "\n")

    def modify(self, ldif):
        """Applies LDIF change records as the directory's root, any attribute included."""
        return self.root("ldapmodify", ldif)

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
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def close(self):
        """Ends it and removes everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def addresses(self):
        return {"uri_ldap": self.uri_ldap, "uri_ldaps": self.uri_ldaps,
                "uri_ldapi": self.uri_ldapi, "ca_file": self.ca_file, "bind_dn": self.bind_dn,
                "bind_password": self.bind_password, "base": self.base, "folder": self.folder,
                "pid": self.process.pid}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def obey(slapd, order):
    """One order of the line protocol; returns its answer."""
    action = order.get("do")
    if action == "modify":
        slapd.modify(order["ldif"])
    elif action in ("start", "stop", "freeze", "thaw"):
        getattr(slapd, action)()
    else:
        raise ValueError(f"unknown order {action!r}")
    return {"ok": True}


def serve(slapd):
    print(json.dumps(slapd.addresses()), flush=True)
    for line in sys.stdin:
        try:
            answer = obey(slapd, json.loads(line))
        except (RuntimeError, ValueError, KeyError, OSError) as error:
            answer = {"ok": False, "error": str(error)}
        print(json.dumps(answer), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help="print the addresses and obey")
    parser.add_argument("--ldif", action="append", help="what to load (the sample directory)")
    parser.add_argument("--memberof", action="store_true", help="keep memberOf in people's entries")
    parser.add_argument("--certificate", default="good",
                        choices=["good", "wrong-host", "no-san", "expired", "other-ca"])
    parser.add_argument("--schema", action="append", default=[],
                        help="one more schema of /etc/ldap/schema, by name")
    parser.add_argument("--config", default="", help="more lines for slapd.conf")
    parser.add_argument("--log-operations", action="store_true",
                        help="write each search to slapd.log in its folder")
    parser.add_argument("--no-tls", action="store_true", help="refuse StartTLS")
    parser.add_argument("--client", help="make tls/client.crt and .key for this name, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Slapd(ldif=options.ldif or [SAMPLE], memberof=options.memberof,
               certificate=options.certificate, extra_schemas=options.schema,
               extra_config=options.config, starttls=not options.no_tls,
               log_operations=options.log_operations) as slapd:
        if options.client:
            slapd.authority.make_client(options.client)
        serve(slapd)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except RuntimeError as error:
        sys.exit(f"slapd.py: {error}")
