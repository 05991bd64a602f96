"""docs/directories/signing-in.md as it stands: each way in which the bridge signs in to the directory."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from kdc import Kdc
from samba_dc import BASE, HOST, Samba, group, person
from slapd import Slapd

SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"]) / "bin/rolebridge"
PAGE = (SOURCE / "docs/directories/signing-in.md").read_text(encoding="utf-8")

CONFIG = """url: https://sso.example.org
listen: {{ address: "127.0.0.1:8443", tls: {{ certificate: tls.crt, key: tls.key }} }}
signing: [{{ key: saml.key, certificate: saml.crt }}]
ldap:
{ldap}
mappings:
  role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups
    value: >-
      arn:aws:iam::123412341234:role/{{{{ group.name }}}},arn:aws:iam::123412341234:saml-provider/x
  session:
    saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName
    value: "{{{{ user.username }}}}"
applications:
  aws:
    preset: aws
    allowed_accounts: ["123412341234"]
    allowed_roles: ["*"]
    mappings: [role, session]
"""

OPENLDAP = """
  users: { base: "ou=people,dc=example,dc=org" }
  groups: { base: "ou=groups,dc=example,dc=org" }
"""
DOMAIN = f"""
  users: {{ base: "{BASE}" }}
  groups: {{ base: "{BASE}", membership: active-directory }}
"""


def section(heading):
    """What of the page stands below `heading`."""
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def block(heading, kind):
    """The one block of that kind below `heading`."""
    found = re.findall(rf"```{kind}\n(.*?)```", section(heading), re.DOTALL)
    assert len(found) == 1, (heading, kind, found)
    return found[0]


class SignInCase(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-sign-in-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        # Of the library with a client certificate: ldap/tls_context.h.
        self.environment = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"}

    def private(self, name, contents):
        path = self.folder / name
        path.write_bytes(contents)
        path.chmod(0o600)
        return path

    def explain(self, heading, address, rest=OPENLDAP):
        """Runs `rolebridge explain alice` with the section below `heading`, at `address`."""
        lines = block(heading, "yaml").removeprefix("ldap:\n")
        lines = re.sub(r"  uris: .*\n", "", lines)
        config = self.folder / "rolebridge.yaml"
        config.write_text(CONFIG.format(ldap=address + lines + rest), encoding="utf-8")
        return subprocess.run([str(BINARY), "explain", "--config", str(config), "--json", "alice"],
                              capture_output=True, text=True, check=False, timeout=120,
                              env=self.environment)

    def assert_groups(self, done, *names):
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        said = json.loads(done.stdout)
        roles = {one["role"].rsplit("/")[-1] for one in said["applications"][0]["roles"]}
        self.assertEqual(set(names) - roles, set(), done.stdout)

    def slapd(self, **more):
        slapd = Slapd(**more)
        self.addCleanup(slapd.close)
        return slapd


def at(uri, ca_file=None):
    lines = f"  uris: [\"{uri}\"]\n"
    return lines + (f"  ca_file: {ca_file}\n" if ca_file else "")


class OpenLdapTest(SignInCase):

    def test_with_a_password(self):
        slapd = self.slapd().start()
        self.private("ldap.secret", slapd.bind_password.encode() + b"\n")
        done = self.explain("With a password", at(slapd.uri_ldaps, slapd.ca_file))
        self.assert_groups(done, "staff")

    def with_certificate(self, mode=0o600):
        rule = block("With a certificate of its own", "slapd")
        slapd = self.slapd(extra_config="TLSVerifyClient demand\n" + rule)
        slapd.authority.make_client("rolebridge")
        slapd.start()
        tls = pathlib.Path(slapd.authority.folder)
        self.private("ldap-client.pem", (tls / "client.crt").read_bytes())
        self.private("ldap-client.key", (tls / "client.key").read_bytes()).chmod(mode)
        return self.explain("With a certificate of its own", at(slapd.uri_ldaps, slapd.ca_file))

    def test_with_a_certificate(self):
        self.assert_groups(self.with_certificate(), "staff")

    def test_a_key_that_others_can_read_is_refused(self):
        done = self.with_certificate(0o644)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn(f"ldap.key_file: '{self.folder}/ldap-client.key': holds a secret and is open "
                      "to others; chmod 0640 or less", done.stderr)

    def test_as_the_user_of_the_process(self):
        rule = block("On the same host, as the user that the issuer is", "slapd")
        self.assertEqual(rule.count("998"), 1)
        slapd = self.slapd(extra_config=rule.replace("998", str(os.geteuid()))).start()
        done = self.explain("On the same host, as the user that the issuer is",
                            at(slapd.uri_ldapi))
        self.assert_groups(done, "staff")

    def test_with_a_ticket(self):
        kdc = Kdc("EXAMPLE.ORG")
        self.addCleanup(kdc.__exit__)
        kdc.__enter__()
        kdc.add_key(self.folder / "server.keytab", "ldap/127.0.0.1")
        kdc.add_key(self.folder / "ldap.keytab", "rolebridge")
        realm = {"KRB5_CONFIG": str(kdc.folder / "krb5.conf"),
                 "KRB5_KTNAME": str(self.folder / "server.keytab")}
        self.environment |= realm
        before = {name: os.environ.pop(name, None) for name in realm}
        os.environ.update(realm)
        self.addCleanup(os.environ.update, {name: value for name, value in before.items() if value})
        for name in realm:
            self.addCleanup(os.environ.pop, name, None)
        slapd = self.slapd(extra_config=(
            "sasl-host 127.0.0.1\nsasl-realm EXAMPLE.ORG\nauthz-regexp "
            f"\"uid=rolebridge(,cn=[^,]+)?,cn=gssapi,cn=auth\" \"{Slapd.bind_dn}\"")).start()
        done = self.explain("With a Kerberos ticket", at(slapd.uri_ldaps, slapd.ca_file))
        self.assert_groups(done, "staff")

    def test_with_the_newest_tls(self):
        slapd = self.slapd().start()
        self.private("ldap.secret", slapd.bind_password.encode())
        bind = block("With a password", "yaml").removeprefix("ldap:\n")
        done = self.explain("The oldest TLS", at(slapd.uri_ldaps, slapd.ca_file) + bind)
        self.assert_groups(done, "staff")


class ActiveDirectoryTest(SignInCase):

    def test_with_a_ticket(self):
        samba = Samba(kdc=True)
        self.addCleanup(samba.close)
        samba.start()
        samba.modify(person("alice", "B1-of-the-domain")
                     + group("Developer", ["CN=alice,CN=Users"], "CN=Users"))
        samba.tool("spn", "add", f"ldap/{samba.address}", f"{HOST.upper()}$")
        subprocess.run(["samba-tool", "domain", "exportkeytab", str(self.folder / "ldap.keytab"),
                        f"--principal=rolebridge@{samba.realm}", "-s", samba.config], check=True,
                       capture_output=True, timeout=120)
        krb5 = self.private("krb5.conf", (
            f"[libdefaults]\ndefault_realm = {samba.realm}\ndns_lookup_kdc = false\n"
            "dns_canonicalize_hostname = false\nrdns = false\n"
            f"[realms]\n{samba.realm} = {{\n  kdc = {samba.address}\n}}\n").encode())
        self.environment["KRB5_CONFIG"] = str(krb5)
        done = self.explain("With a Kerberos ticket", at(samba.uri_ldaps, samba.ca_file), DOMAIN)
        self.assert_groups(done, "Developer")


if __name__ == "__main__":
    unittest.main()
