"""etc/ldap/: the forms of the schema load into a real slapd and say the same; that of 389 Directory
Server is loaded by tests/directories, and compared here."""

import os
import re
import subprocess
import tempfile
import unittest

import slapd

SOURCE = os.environ["ROLEBRIDGE_SOURCE_DIR"]
SCHEMA = os.path.join(SOURCE, "etc/ldap/rolebridge.schema")
LDIF = os.path.join(SOURCE, "etc/ldap/rolebridge.ldif")
LDIF_389 = os.path.join(SOURCE, "etc/ldap/rolebridge-389.ldif")
ARC = re.compile(r"2\.25\.296705626439544546920620358561934410676\.([12])\.")

CONFIG = """dn: cn=config
objectClass: olcGlobal
cn: config

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif

"""


def definitions(folder):
    """What slapd made of the schema: its attribute types and classes, one line each."""
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            if "rolebridge" in name:
                with open(os.path.join(path, name), encoding="utf-8") as entry:
                    found += entry.read().replace("\n ", "").splitlines()
    wanted = [line for line in found if re.match("olc(AttributeTypes|ObjectClasses)", line)]
    return sorted(re.sub(r"\{\d+\}", "", re.sub(r"\s+", " ", line)) for line in wanted)


class SchemaTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-schema-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def load_ldif(self):
        target = os.path.join(self.folder, "from-ldif")
        os.mkdir(target)
        with open(LDIF, encoding="utf-8") as schema:
            slapd.run("slapadd", "-n", "0", "-F", target, text=CONFIG + schema.read())
        return definitions(target)

    def load_schema(self):
        target = os.path.join(self.folder, "from-schema")
        os.mkdir(target)
        config = os.path.join(self.folder, "slapd.conf")
        with open(config, "w", encoding="utf-8") as lines:
            lines.write(f"include /etc/ldap/schema/core.schema\ninclude {SCHEMA}\n")
        # slaptest also writes what it read as cn=config.
        subprocess.run(["slaptest", "-n", "0", "-f", config, "-F", target],
                       env={**os.environ, "PATH": slapd.PATH}, capture_output=True, check=True)
        return definitions(target)

    def test_both_forms_load_and_say_the_same(self):
        from_ldif = self.load_ldif()
        self.assertEqual(len(from_ldif), 3)
        self.assertEqual(from_ldif, self.load_schema())

    def test_389_has_the_same(self):
        with open(LDIF_389, encoding="utf-8") as schema:
            lines = schema.read().replace("\n  ", " ").splitlines()
        found = [line for line in lines if line.startswith(("attributeTypes: ", "objectClasses: "))]
        # Its own way to say who made them; it takes no bounds of lengths.
        found = [line.replace(" X-ORIGIN 'rolebridge'", "") for line in found]
        names = {"1": "RoleBridgeAttribute:", "2": "RoleBridgeClass:"}
        found = [ARC.sub(lambda kind: names[kind.group(1)], line) for line in found]
        same = [re.sub(r"\{\d+\}$|\{\d+\}(?= \))", "", line.removeprefix("olc")).replace(
            "AttributeTypes", "attributeTypes").replace("ObjectClasses", "objectClasses")
            for line in self.load_ldif()]
        self.assertEqual(sorted(found), sorted(same))

    def test_roles_and_accounts_keep_their_case(self):
        for line in self.load_ldif():
            if "AttributeTypes" in line:
                self.assertIn("EQUALITY caseExactMatch", line)
                self.assertNotIn("SINGLE-VALUE", line)


if __name__ == "__main__":
    unittest.main()
