"""A role through nested groups: login and portal give it, `explain` and the record say which group
gave it, and taking one group out of the other takes it away at the next click."""

import json
import subprocess
import unittest

from stack_case import StackTestCase, quick_refusals, role

BASE = "ou=groups,dc=example,dc=org"
PEOPLE = "ou=people,dc=example,dc=org"
ADMINISTRATOR = role("production", "Administrator")
READ_ONLY = role("production", "ReadOnly")

# Who is in the group that gives the role, as in the sample directory.
MEMBERS = f"""dn: cn=aws-production-admins,{BASE}
changetype: modify
replace: member
member: uid=alice,{PEOPLE}
member: uid=frank,{PEOPLE}
"""
# Bob in 'on call', that in 'platform', and that in the one that gives the role.
NESTED = f"""dn: cn=on call,{BASE}
changetype: add
objectClass: groupOfNames
member: uid=bob,{PEOPLE}

dn: cn=platform,{BASE}
changetype: add
objectClass: groupOfNames
member: cn=on call,{BASE}

{MEMBERS}member: CN=Platform, {BASE}
"""
AS_BEFORE = f"""{MEMBERS}
dn: cn=platform,{BASE}
changetype: delete

dn: cn=on call,{BASE}
changetype: delete
"""


def nested(text):
    return quick_refusals(text.replace("    membership:", "    nested: true\n    membership:", 1))


class NestedGroupsTest(StackTestCase):

    edit_config = staticmethod(nested)

    def setUp(self):
        self.stack.slapd.modify(NESTED)
        self.addCleanup(self.stack.slapd.modify, AS_BEFORE)

    def explain(self, *arguments):
        run = subprocess.run(
            [str(self.stack.bin_dir / "rolebridge"), "explain", "--config", str(self.stack.config),
             *arguments], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def test_a_role_comes_and_goes_with_the_group_in_between(self):
        bob = self.logged_in("bob")
        self.assertEqual(self.roles_offered(bob), [ADMINISTRATOR, READ_ONLY])
        self.land(*self.response_of(bob, ADMINISTRATOR))
        # The button was on the page already.
        form = bob.get("/").form("/apps/")
        self.stack.slapd.modify(MEMBERS)
        page = bob.post(form.action, {**form.fields, "role": ADMINISTRATOR})
        self.assertEqual([form for form in page.forms() if "SAMLResponse" in form.fields], [])
        self.assertNotIn(ADMINISTRATOR, self.roles_offered(bob))

    def test_the_record_names_the_group_that_gave_it(self):
        self.land(*self.response_for("bob", ADMINISTRATOR))
        self.assertRegex(self.events("response_issued")[-1],
                         r"role/Administrator \(group \S+aws-production-admins\\x27: ")

    def test_explain_tells_the_way(self):
        said = self.explain("bob")
        self.assertIn("'aws-production-admins' through 'on call', 'platform'\n", said)
        self.assertIn("'platform' through 'on call'\n", said)
        self.assertIn("from group 'aws-production-admins': aws_account, aws_role", said)
        ways = json.loads(self.explain("--json", "bob"))["nested_groups"]
        self.assertEqual([(way["name"], way["through"]) for way in ways],
                         [("aws-production-admins", ["on call", "platform"]),
                          ("platform", ["on call"])])
        self.assertEqual(json.loads(self.explain("--json", "alice"))["nested_groups"], [])
        self.stack.slapd.modify(MEMBERS)
        self.assertNotIn("'aws-production-admins'", self.explain("bob"))


if __name__ == "__main__":
    unittest.main()
