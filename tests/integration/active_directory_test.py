"""Active Directory, by Samba's domain controller: what docs/directories/active-directory.md says,
with its configuration as it stands there; and `rolebridge init` and `check` in front of a domain."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from samba_dc import (BASE, DOMAIN_LOCAL, MAIL_ONLY, UNIVERSAL, Samba, folder_entry, group, person,
                      replace_record)
from slapd import Slapd

BINARY = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"]) / "bin/rolebridge"
SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
PAGE = (SOURCE / "docs/directories/active-directory.md").read_text(encoding="utf-8")
ACCOUNTS = {"production": "123412341234", "sandbox": "210987654321"}
IN_CHAIN = "1.2.840.113556.1.4.1941"

HEAD = """url: https://sso.example.org
listen: { address: "127.0.0.1:8443", tls: { certificate: tls.crt, key: tls.key } }
signing:
  - { certificate: saml.crt, key: saml.key }
"""


def role(account, name):
    return f"arn:aws:iam::{ACCOUNTS[account]}:role/{name}"


def dn(name, folder="CN=Users"):
    return f"CN={name},{folder},{BASE}"


def sid_text(sid):
    return "S-1-5-" + "-".join(str(int.from_bytes(sid[at:at + 4], "little"))
                               for at in range(8, len(sid), 4))


def replaced(name, attribute, value):
    return replace_record(dn(name), attribute, value)


def people():
    names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"]
    return ("".join(person(name, mail=f"{name}@example.org") for name in names)
            + person("ivan", password="I1-the-right-one")
            # A name with everything that RFC 4514 escapes.
            + person("obrien").replace("CN=obrien", "CN=O'Brien\\, \\+Ann\\\\"))


def groups():
    return (
        folder_entry("AWS") + folder_entry("elsewhere")
        # alice is in it directly, and nowhere else.
        + group("AWS-production-ReadOnly",
                ["CN=alice,CN=Users", "CN=O'Brien\\, \\+Ann\\\\,CN=Users"], "OU=AWS")
        # bob: on call, in platform (which is not below the base), in the one that gives the role.
        + group("on call", ["CN=bob,CN=Users"], "OU=AWS")
        + group("platform", ["CN=on call,OU=AWS"], "OU=elsewhere", UNIVERSAL)
        + group("AWS-production-Administrator", ["CN=platform,OU=elsewhere"], "OU=AWS",
                DOMAIN_LOCAL)
        # carol by her primary group alone, and by what holds that.
        + group("AWS-sandbox-Developer", ["CN=carol,CN=Users"], "OU=AWS")
        + group("cloud", ["CN=AWS-sandbox-Developer,OU=AWS"], "OU=AWS", DOMAIN_LOCAL,
                info="ReadOnly")
        # dave in a mail list of a promising name, and by a mail list in a group.
        + group("AWS-sandbox-Administrator", ["CN=dave,CN=Users"], "OU=AWS", MAIL_ONLY)
        + group("list", ["CN=dave,CN=Users"], "OU=AWS", MAIL_ONLY)
        + group("AWS-sandbox-ReadOnly", ["CN=list,OU=AWS"], "OU=AWS", DOMAIN_LOCAL)
        # erin in groups that hold each other.
        + group("ring one", ["CN=erin,CN=Users"], "OU=AWS", UNIVERSAL)
        + group("ring two", ["CN=ring one,OU=AWS"], "OU=AWS", UNIVERSAL)
        + f"dn: {dn('ring one', 'OU=AWS')}\nchangetype: modify\nadd: member\n"
          f"member: {dn('ring two', 'OU=AWS')}\n\n"
        # frank in one outside of the base alone.
        + group("AWS-production-Outsider", ["CN=frank,CN=Users"], "OU=elsewhere"))


class DomainTestCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.samba = Samba()
        cls.addClassCleanup(cls.samba.close)
        cls.samba.start()
        cls.samba.modify(people() + groups())
        cls.make_primary("carol", "AWS-sandbox-Developer")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-domain-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.write_config()

    @classmethod
    def make_primary(cls, name, group_name):
        said = cls.samba.search(BASE, f"(sAMAccountName={group_name})", "objectSid")
        sid = base64.b64decode(re.search(r"objectSid:: (\S+)", said)[1])
        cls.samba.modify(replaced(name, "primaryGroupID", int.from_bytes(sid[-4:], "little")))

    @classmethod
    def write_config(cls, edit=lambda text: text):
        blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
        text = HEAD + "".join(blocks)
        old = "uris: [ldaps://ldap.example.org]"
        assert text.count(old) == 1, text
        text = text.replace(old, f"uris: [{cls.samba.uri_ldaps}]\n  ca_file: {cls.samba.ca_file}")
        cls.config = cls.folder / "rolebridge.yaml"
        cls.config.write_text(edit(text), encoding="utf-8")
        secret = cls.folder / "ldap.secret"
        secret.write_text(cls.samba.bind_password + "\n", encoding="ascii")
        secret.chmod(0o600)

    def run_explain(self, *arguments):
        return subprocess.run([str(BINARY), "explain", "--config", str(self.config), *arguments],
                              capture_output=True, text=True, check=False, timeout=120)

    def explain(self, name):
        done = self.run_explain("--json", name)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        return json.loads(done.stdout)

    def roles(self, name):
        return sorted(one["role"] for one in self.explain(name)["applications"][0]["roles"])

    def edited(self, old, new):
        def edit(text):
            self.assertEqual(text.count(old), 1, old)
            return text.replace(old, new)
        self.write_config(edit)
        self.addCleanup(self.write_config)


class ActiveDirectoryTest(DomainTestCase):

    def test_whoever_is_in_a_group_has_its_role(self):
        said = self.explain("alice")
        self.assertEqual(said["dn"], "cn=alice,cn=users,dc=example,dc=org")
        self.assertEqual(said["groups"], ["AWS-production-ReadOnly"])
        self.assertEqual(self.roles("alice"), [role("production", "ReadOnly")])
        self.assertEqual(said["account_objection"], "")
        self.assertEqual(self.roles("obrien"), [role("production", "ReadOnly")])

    def test_names_are_those_of_the_domain(self):
        for name in ("ALICE", "EXAMPLE\\alice", "alice@EXAMPLE.ORG"):
            self.assertEqual(self.roles(name), [role("production", "ReadOnly")], name)
        self.assertIn("is nobody's name here", self.run_explain("alice@OTHER.ORG").stderr)
        # Computers and groups have a sAMAccountName as well.
        for name in ("DC1$", "platform"):
            done = self.run_explain(name)
            self.assertEqual(done.returncode, 2, done.stdout)

    def test_nesting_goes_through_groups_that_are_elsewhere(self):
        self.assertEqual(self.roles("bob"), [role("production", "Administrator")])
        self.assertEqual(self.explain("bob")["groups"],
                         ["AWS-production-Administrator", "on call"])
        self.assertEqual([(way["name"], way["through"])
                          for way in self.explain("bob")["nested_groups"]],
                         [("AWS-production-Administrator",
                           ["something outside of ldap.groups.base"])])

    def test_nesting_is_left_out_where_it_is_not_wanted(self):
        self.edited("    nested: true\n", "")
        self.assertEqual(self.explain("bob")["groups"], ["on call"])
        self.assertEqual(self.roles("bob"), [])
        self.assertEqual(self.roles("alice"), [role("production", "ReadOnly")])
        # The primary group all the same, and not what holds it.
        self.assertEqual(self.explain("carol")["groups"], ["AWS-sandbox-Developer"])
        self.assertEqual(self.explain("dave")["groups"], [])

    def test_the_primary_group_and_what_holds_it_count(self):
        self.assertNotIn("AWS-", self.samba.search(dn("carol"), "(objectClass=*)", "memberOf"))
        said = self.explain("carol")
        self.assertEqual(said["groups"], ["AWS-sandbox-Developer", "cloud"])
        self.assertEqual(self.roles("carol"),
                         [role("sandbox", "Developer"), role("sandbox", "ReadOnly")])
        self.assertEqual([(way["name"], way["through"]) for way in said["nested_groups"]],
                         [("cloud", ["AWS-sandbox-Developer"])])

    def test_mail_lists_give_nothing(self):
        self.assertEqual(self.explain("dave")["groups"], [])
        self.assertEqual(self.roles("dave"), [])

    def test_groups_that_hold_each_other_come_once(self):
        self.assertEqual(self.explain("erin")["groups"], ["ring one", "ring two"])

    def test_groups_outside_of_the_base_give_nothing(self):
        self.assertEqual(self.explain("frank")["groups"], [])

    def test_the_servers_own_matching_rule_finds_the_same(self):
        for name in ("alice", "bob", "erin", "frank", "grace"):
            said = self.samba.search(
                f"OU=AWS,{BASE}", f"(&(groupType:1.2.840.113556.1.4.803:=2147483648)"
                                  f"(member:{IN_CHAIN}:={dn(name)}))", "sAMAccountName")
            expected = sorted(re.findall(r"^sAMAccountName: (.*)$", said, re.MULTILINE))
            self.assertEqual(self.explain(name)["groups"], expected, name)

    def test_the_whole_domain_can_be_the_base(self):
        self.edited("base: OU=AWS,DC=example,DC=org", "base: DC=example,DC=org")
        said = self.explain("bob")
        self.assertIn("platform", said["groups"])
        self.assertIn("Domain Users", said["groups"])
        self.assertIn("Users", said["groups"])
        self.assertIn(("AWS-production-Administrator", ["on call", "platform"]),
                      [(way["name"], way["through"]) for way in said["nested_groups"]])

    def test_taking_somebody_out_takes_the_role(self):
        name = dn("AWS-production-Administrator", "OU=AWS")
        member = dn("platform", "OU=elsewhere")
        self.samba.modify(f"dn: {name}\nchangetype: modify\ndelete: member\nmember: {member}\n")
        self.addCleanup(self.samba.modify,
                        f"dn: {name}\nchangetype: modify\nadd: member\nmember: {member}\n")
        self.assertEqual(self.roles("bob"), [])

    def test_identifiers_are_text(self):
        prefix = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:"
        self.edited("mappings:\n  role-by-name:", "mappings:\n" + "".join(
            f'  {name}: {{ saml_name: {prefix}{name}, value: "{{{{ user.{name} }}}}" }}\n'
            for name in ("sid", "guid")) + "  role-by-name:")
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("role-by-notes]", "role-by-notes, sid, guid]"),
                               encoding="utf-8")
        values = {one["name"].split(":")[-1]: one for one in
                  self.explain("alice")["applications"][0]["attributes"]}
        said = self.samba.search(dn("alice"), "(objectClass=*)", "objectSid", "objectGUID")
        sid = base64.b64decode(re.search(r"objectSid:: (\S+)", said)[1])
        self.assertIn(sid_text(sid), json.dumps(values["sid"]))
        self.assertRegex(json.dumps(values["guid"]),
                         r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class AccountTest(DomainTestCase):
    """Who must not pass although the password may be right."""

    def objection(self, name):
        return self.explain(name)["account_objection"]

    def test_disabled(self):
        self.assertEqual(self.objection("alice"), "")
        self.samba.modify(replaced("alice", "userAccountControl", 514))
        self.assertEqual(self.objection("alice"), "the directory says: userAccountControl=514")

    def test_expired(self):
        # 2001-09-09T01:46:40Z.
        self.samba.modify(replaced("bob", "accountExpires", 126444736000000000))
        self.assertEqual(self.objection("bob"),
                         "the directory says: accountExpires=126444736000000000")

    def test_password_to_be_changed(self):
        self.samba.modify(replaced("carol", "pwdLastSet", 0))
        self.assertEqual(self.objection("carol"),
                         "the directory says: msDS-User-Account-Control-Computed=8388608")

    def test_locked_out_and_let_in_again(self):
        self.samba.modify(replace_record(BASE, "lockoutThreshold", 3))
        self.assertTrue(self.samba.accepts(dn("ivan"), "I1-the-right-one"))
        for _ in range(3):
            self.assertFalse(self.samba.accepts(dn("ivan"), "wrong"))
        self.assertFalse(self.samba.accepts(dn("ivan"), "I1-the-right-one"))
        self.assertEqual(self.objection("ivan"),
                         "the directory says: msDS-User-Account-Control-Computed=16")
        self.samba.modify(replaced("ivan", "lockoutTime", 0))
        self.assertEqual(self.objection("ivan"), "")

    def test_not_shown_in_a_hardened_domain_until_the_account_may_read_it(self):
        everybody = f"CN=S-1-5-11,CN=ForeignSecurityPrincipals,{BASE}"
        compatible = f"CN=Pre-Windows 2000 Compatible Access,CN=Builtin,{BASE}"
        said = self.samba.search(compatible, "(objectClass=*)", "member")
        self.assertIn(everybody, said)
        self.samba.modify(f"dn: {compatible}\nchangetype: modify\ndelete: member\n"
                          f"member: {everybody}\n")
        self.addCleanup(self.samba.modify, f"dn: {compatible}\nchangetype: modify\nadd: member\n"
                                           f"member: {everybody}\n")
        done = self.run_explain("grace")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("shows no usable tokenGroups", done.stderr)
        self.edited("    nested: true\n", "")
        self.assertIn("userAccountControl is not shown", self.objection("grace"))
        self.write_config()

        self.samba.modify(group("rolebridge-readers", ["CN=rolebridge,CN=Users"]))
        said = self.samba.search(dn("rolebridge-readers", "OU=groups"), "(objectClass=*)",
                                 "objectSid")
        sid = base64.b64decode(re.search(r"objectSid:: (\S+)", said)[1])
        command = re.search(r'samba-tool dsacl set --objectdn="(.*)" --sddl="(.*)"', PAGE)
        self.samba.tool("dsacl", "set", f"--objectdn={command[1]}",
                        "--sddl=" + command[2].replace(";SID)", f";{sid_text(sid)})"))
        self.assertEqual(self.objection("grace"), "")
        self.assertEqual(self.roles("heidi"), [])


class RecognitionTest(DomainTestCase):
    """`rolebridge init` and `check --online` see what they face."""

    def dry_run(self, server, *more):
        with tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder, "secret")
            secret.write_text(server.bind_password, encoding="ascii")
            secret.chmod(0o600)
            return subprocess.run(
                [str(BINARY), "init", "--unattended", "--dry-run", "--url", "sso.example.org",
                 "--ldap-uri", server.uri_ldaps, "--ldap-ca-file", server.ca_file, "--bind-dn",
                 server.bind_dn, "--bind-password-file", str(secret), "--config-folder",
                 folder + "/etc", "--pam-folder", folder, "--pam-settings", folder + "/pam.conf",
                 "--host-folder", folder, *more], capture_output=True, text=True, check=False,
                timeout=120)

    def test_init_writes_the_layout(self):
        done = self.dry_run(self.samba, "--account", "production=123412341234",
                            "--account", "sandbox=210987654321")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("membership: active-directory\n    nested: true\n", done.stdout)
        self.assertIn('base: "DC=example,DC=org"', done.stdout)
        self.assertNotIn("(uid=", done.stdout)
        self.assertIn("group.name matches 'AWS-", done.stdout)
        allowed = re.search(r"allowed_roles: (.*)", done.stdout)[1]
        self.assertIn('"ReadOnly"', allowed)

    def check(self):
        done = subprocess.run([str(BINARY), "check", "--online", "--config", str(self.config)],
                              capture_output=True, text=True, check=False, timeout=120)
        return done.stdout + done.stderr

    def test_check_counts_the_groups_for_security(self):
        said = self.check()
        self.assertIn("directory: 8 groups below OU=AWS,DC=example,DC=org", said)
        self.assertNotIn("ldap.groups.membership", said)

    def test_check_says_where_another_layout_is_configured(self):
        self.edited("membership: active-directory", "membership: rfc2307bis")
        self.assertIn("ldap.groups.membership: the directory is an Active Directory", self.check())

    def test_check_says_where_it_is_none(self):
        with Slapd() as slapd:
            text = self.config.read_text(encoding="utf-8")
            for old, new in ((self.samba.uri_ldaps, slapd.uri_ldaps),
                             (self.samba.ca_file, slapd.ca_file),
                             (self.samba.bind_dn, slapd.bind_dn),
                             ("OU=AWS,DC=example,DC=org", "ou=groups,dc=example,dc=org")):
                text = text.replace(old, new)
            self.config.write_text(text, encoding="utf-8")
            self.addCleanup(self.write_config)
            (self.folder / "ldap.secret").write_text(slapd.bind_password, encoding="ascii")
            self.assertIn("the directory is no Active Directory", self.check())


if __name__ == "__main__":
    unittest.main()
