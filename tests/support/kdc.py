"""A Kerberos realm on loopback: MIT's KDC from Debian's packages, with a database of its own.

    with Kdc("EXAMPLE.ORG") as kdc:
        kdc.add("bob", "his password in the realm")

As a program it prints where its krb5.conf is as one line of JSON, then obeys one JSON object a line
({"do": "keytab", "principal": "ldap/127.0.0.1", "path": "..."}, which gives the principal a new key
each time; {"do": "freeze"}, {"do": "thaw"}), and ends with its input.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from slapd import end_with_parent, free_port


class Kdc:

    def __init__(self, realm):
        self.realm = realm
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-kdc-"))
        at = f"127.0.0.1:{self.port}"
        self.krb5_conf = (
            f"[libdefaults]\ndefault_realm = {realm}\ndns_lookup_kdc = false\n"
            "dns_lookup_realm = false\ndns_canonicalize_hostname = false\nrdns = false\n"
            # Without this a stranger's KDC could say yes to any password.
            "verify_ap_req_nofail = true\n"
            f"[realms]\n{realm} = {{\n  kdc = {at}\n}}\n")
        (self.folder / "krb5.conf").write_text(self.krb5_conf, encoding="ascii")
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\nkdc_listen = {at}\nkdc_tcp_listen = {at}\n"
            f"[realms]\n{realm} = {{\n  database_name = {self.folder}/principal\n"
            f"  key_stash_file = {self.folder}/stash\n}}\n", encoding="ascii")
        self._environment = {
            "PATH": os.environ["PATH"], "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}
        self._process = None

    def __enter__(self):
        self._run("kdb5_util", "create", "-s", "-r", self.realm, "-P", "of the database")
        self._process = subprocess.Popen(
            ["krb5kdc", "-n", "-P", str(self.folder / "pid")], env=self._environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent)
        deadline = time.monotonic() + 60
        while not (self.folder / "pid").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("krb5kdc did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.thaw()
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.folder)

    def add(self, name, password):
        self._admin(f"addprinc -pw {password} {name}")

    def keytab(self, path, host):
        self.add_key(path, f"host/{host}")

    def add_key(self, path, principal):
        """A new key of `principal`, who is added where it is not there, into the keytab `path`."""
        self._admin(f"addprinc -randkey {principal}")
        self._admin(f"ktadd -k {path} {principal}")

    def freeze(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def _admin(self, query):
        self._run("kadmin.local", "-r", self.realm, "-q", query)

    def _run(self, *command):
        subprocess.run(command, env=self._environment, check=True, capture_output=True, timeout=120)


def main():
    with Kdc("EXAMPLE.ORG") as kdc:
        print(json.dumps({"krb5_config": str(kdc.folder / "krb5.conf")}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "keytab":
                kdc.add_key(order["path"], order["principal"])
            elif order["do"] in ("freeze", "thaw"):
                getattr(kdc, order["do"])()
            print(json.dumps({"ok": True}), flush=True)


if __name__ == "__main__":
    main()
