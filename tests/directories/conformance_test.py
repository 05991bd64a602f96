"""One set of people and groups in every kind of directory, each a real server, and what rolebridge
makes of it: who is in which groups, what they give, who must not pass.

The `ldap:` sections and the rights of the service account are those of docs/directories/, word for
word but for the address.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import ds389_layout
import model
import openldap

SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"]) / "bin" / "rolebridge"
DOCS = SOURCE / "docs/directories"

# The rest of a configuration.
CONFIG = """url: https://sso.example.org
listen: { address: "127.0.0.1:443", tls: { certificate: tls.crt, key: tls.key } }
signing: [{ certificate: saml.crt, key: saml.key }]
clock: { require_synchronised: false }
assurance:
  - { name: password, service: rolebridge, context_class: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" }
mappings:
  aws-role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups, role in group.aws_role
    value: "arn:aws:iam::{{ group.aws_account }}:role/{{ role }},arn:aws:iam::{{ group.aws_account }}:saml-provider/rolebridge"
  aws-session-name:
    saml_name: https://aws.amazon.com/SAML/Attributes/RoleSessionName
    value: "{{ user.username }}"
  mail: { saml_name: "urn:mail", for_each: mail in user.email, value: "{{ mail }}" }
  full-name: { saml_name: "urn:full-name", value: "{{ user.full_name }}" }
applications:
  aws:
    name: AWS
    preset: aws
    allowed_accounts: ["123412341234"]
    allowed_roles: ["*"]
    mappings: [aws-role, aws-session-name, mail, full-name]
"""


def fenced(page, kind):
    """The blocks of `kind` in a page of docs/directories/."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def documented(page, layout):
    """The `ldap:` section that the page gives for a layout."""
    found = [block for block in fenced(page, "yaml") if block.startswith(f"# layout: {layout}\n")]
    assert len(found) == 1, (page, layout, len(found))
    return found[0]


class Conformance:
    """What holds in every layout; a class below names one and starts its server."""

    page = "openldap.md"
    layout = ""
    nested = True
    # Whether the server follows groups in groups itself; how deep is then its business.
    server_resolves = False

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="rolebridge-conformance-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = cls.start_server()
        cls.addClassCleanup(cls.server.close)
        cls.config = cls.write_config()

    @classmethod
    def write_config(cls):
        cls.run_program("keys", "new", "--out", cls.folder, "--name", "saml")
        cls.run_program("keys", "new", "--out", cls.folder, "--name", "tls", "--tls",
                        "sso.example.org")
        secret = cls.folder / "ldap.secret"
        secret.write_text(cls.server.bind_password, encoding="ascii")
        secret.chmod(0o600)
        section = cls.edit(documented(cls.page, cls.layout))
        path = cls.folder / "rolebridge.yaml"
        path.write_text(section + CONFIG, encoding="utf-8")
        return path

    @classmethod
    def edit(cls, section):
        address = f"uris: [{cls.server.uri_ldaps}]\n  ca_file: {cls.server.ca_file}"
        assert section.count("uris: [ldaps://ldap.example.org]") == 1
        return section.replace("uris: [ldaps://ldap.example.org]", address)

    @staticmethod
    def run_program(*arguments, statuses=(0,)):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              check=False, timeout=120)
        if done.returncode not in statuses:
            raise AssertionError(f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def explain(self, name, statuses=(0, 1)):
        return self.run_program("explain", "--json", "--config", self.config, name,
                                statuses=statuses)

    def explained(self, name):
        return json.loads(self.explain(name).stdout)

    def roles_of(self, said):
        arns = [role["role"] for role in said["applications"][0]["roles"]]
        return {arn.removeprefix(f"arn:aws:iam::{model.ACCOUNT}:role/") for arn in arns}

    def test_who_is_in_which_groups_and_what_they_give(self):
        for person in model.PEOPLE:
            if person.name in model.CROWD[1:] or person.state or person.name == "abyss":
                continue
            with self.subTest(person.name):
                said = self.explained(person.name)
                self.assertEqual(set(said["groups"]),
                                 model.names_of_groups(person.name, self.nested))
                self.assertEqual(self.roles_of(said),
                                 model.names_of_roles(person.name, self.nested))

    def test_attributes_of_the_person(self):
        for person in model.PEOPLE:
            if person.name not in ("alice", "al", "bob", "zoe", "quote"):
                continue
            with self.subTest(person.name):
                said = self.explained(person.name)["applications"][0]
                values = {name: [] for name in ("urn:mail", "urn:full-name")}
                for value in said["attributes"]:
                    if value["name"] in values:
                        values[value["name"]].append(value["value"])
                self.assertEqual(values, {"urn:mail": sorted(person.mails),
                                          "urn:full-name": [person.full_name]})

    def test_groups_deeper_than_the_limit_are_an_error_and_not_a_shorter_list(self):
        if self.server_resolves or not self.nested:
            said = self.explained("abyss")
            self.assertEqual(set(said["groups"]), model.names_of_groups("abyss", self.nested))
            return
        refused = self.explain("abyss", statuses=(2,))
        self.assertIn("is nested deeper than 32 groups", refused.stderr)

    def test_an_account_that_may_not_be_used_says_why(self):
        for person in model.PEOPLE:
            if person.state:
                with self.subTest(person.name):
                    said = self.explained(person.name)
                    self.assertIn(self.objections[person.state], said["account_objection"])
                    self.assertEqual(self.explain(person.name).returncode, 1)

    def test_nobody_is_found_by_a_name_that_is_no_name(self):
        for name in ("nobody", "ali", "alice*", "*", "alic\\65", "uid=alice"):
            with self.subTest(name):
                self.explain(name, statuses=(2,))

    def test_check_reads_the_directory(self):
        # Exit status 1 is for warnings of the rest of this small configuration.
        said = self.run_program("check", "--online", "--config", self.config, statuses=(0, 1))
        self.assertNotIn("ldap.", said.stderr)


class OpenLdap(Conformance):
    objections = {"disabled": "pwdAccountLockedTime", "expired": "shadowExpire=19000",
                  "locked": "pwdAccountLockedTime=20260101000000Z"}
    start_options = {}
    group = staticmethod(openldap.named_group)

    @classmethod
    def start_server(cls):
        access = "\n".join(fenced("openldap.md", "access")).replace("{", "{{").replace("}", "}}")
        limits = "\n".join(fenced("openldap.md", "limits"))
        options = dict(cls.start_options)
        overlay = limits + "\n" + options.pop("overlay", "")
        return openldap.start(cls.group, access, overlay=overlay, **options)


class MemberTest(OpenLdap, unittest.TestCase):
    layout = "member"


class DirectMemberTest(OpenLdap, unittest.TestCase):
    layout = "member"
    nested = False

    @classmethod
    def edit(cls, section):
        return super().edit(section).replace("    nested: true\n", "")


class UniqueMemberTest(OpenLdap, unittest.TestCase):
    layout = "uniqueMember"
    group = staticmethod(openldap.unique_group)


class MemberUidTest(OpenLdap, unittest.TestCase):
    layout = "memberUid"
    group = staticmethod(openldap.mixed_group)


class MemberOfTest(OpenLdap, unittest.TestCase):
    layout = "memberOf"
    group = staticmethod(openldap.group_of_people)
    start_options = {"memberof": True}

    @classmethod
    def start_server(cls):
        server = super().start_server()
        server.modify(openldap.groups_into_groups())
        return server


class DynamicListTest(OpenLdap, unittest.TestCase):
    layout = "memberOf"
    group = staticmethod(openldap.dynamic_group)
    start_options = {"module": "dynlist", "overlay": openldap.DYNAMIC}
    server_resolves = True


class AutogroupTest(OpenLdap, unittest.TestCase):
    layout = "member"
    group = staticmethod(openldap.dynamic_group)
    start_options = {"module": "autogroup", "overlay": openldap.AUTOGROUP}

    @classmethod
    def start_server(cls):
        server = super().start_server()
        server.modify(openldap.everybody_changed())
        return server


class DirectoryServer(Conformance):
    page = "389-ds.md"
    objections = ds389_layout.OBJECTIONS

    @classmethod
    def start_server(cls):
        return ds389_layout.start("\n".join(fenced("389-ds.md", "ldif")))


class DirectoryServerMemberTest(DirectoryServer, unittest.TestCase):
    layout = "member"


class DirectoryServerMemberOfTest(DirectoryServer, unittest.TestCase):
    layout = "memberOf"
    server_resolves = True


if __name__ == "__main__":
    unittest.main()
