"""`rolebridge explain`: what a person may become and why, with the real directory; and that it says
what a login then gets."""

import json
import subprocess
import unittest

from stack_case import StackTestCase

ACCOUNT = "arn:aws:iam::123412341234:role/"


class ExplainTest(StackTestCase):

    def explain(self, *arguments, status=0):
        run = subprocess.run(
            [str(self.stack.bin_dir / "rolebridge"), "explain", "--config",
             str(self.stack.config), *arguments], capture_output=True, text=True, check=False,
            timeout=120)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def explain_json(self, *arguments, status=0):
        return json.loads(self.explain("--json", *arguments, status=status))

    def edited(self, old, new):
        path = self.stack.config
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")

    def test_each_role_has_the_group_and_the_line_that_gave_it(self):
        said = self.explain("alice")
        self.assertIn("alice\n", said)
        self.assertIn("aws (Amazon Web Services): 5 roles", said)
        self.assertIn(f"+ {ACCOUNT}Administrator, for 4h", said)
        self.assertRegex(said, r"from group 'aws-production-admins': aws_account, aws_role "
                               r"\(mapping aws-role, \S+rolebridge.yaml:\d+:\d+\)")
        self.assertIn("RoleSessionName = alice", said)
        self.assertNotIn("\x1b", said)

    def test_json_has_each_step_of_a_value(self):
        said = self.explain_json("alice")
        self.assertEqual(said["ldap_attributes"]["group"]["aws_role"], "awsRole")
        role = next(role for role in said["applications"][0]["roles"]
                    if role["role"] == f"{ACCOUNT}Administrator")
        steps = [(piece["text"], piece.get("source")) for piece in role["pieces"]]
        self.assertEqual(steps[:4], [
            ("arn:aws:iam::", None),
            ("123412341234", "group 'aws-production-admins': aws_account"),
            (":role/", None),
            ("Administrator", "group 'aws-production-admins': aws_role")])
        self.assertEqual("".join(text for text, _ in steps),
                         role["role"] + "," + role["provider"])

    def test_says_what_a_login_gets(self):
        for person in ("alice", "bob", "carol", "mallory", "obrien", "joerg", "rd", "zoe"):
            with self.subTest(person):
                application = self.explain_json(person)["applications"][0]
                told = sorted(role["role"] for role in application["roles"])
                client = self.client()
                client.log_in(person, self.stack.passwords[person])
                form = client.get("/").form("/apps/")
                shown = sorted(value for name, value in form.buttons
                               if name == "role" and value != "all")
                self.assertEqual(told, shown)

    def test_names_what_was_left_out(self):
        application = self.explain_json("mallory")["applications"][0]
        reasons = " ".join(left["reason"] for left in application["left_out"])
        self.assertIn("arn:aws:iam::999988887777:role/Administrator", reasons)
        self.assertTrue(any(left["breaks_rule"] for left in application["left_out"]))

    def test_who_gets_nothing_is_a_no(self):
        self.assertIn("no role", self.explain("dave", status=1))
        self.assertIn("no group gives a role", self.explain("dave", status=1))
        self.assertIn("the directory says:", self.explain("frank", status=1))

    def test_nobody_is_no_answer(self):
        self.assertIn("no entry", self.explain("nobody-here", status=2))
        self.assertIn("is nobody's name here", self.explain("a,b", status=2))
        self.assertIn("there is no application 'x'", self.explain("alice", "--app", "x", status=2))
        self.assertIn("there is no level 'x'",
                      self.explain("alice", "--assurance", "x", status=2))
        self.assertIn("not a role ARN", self.explain("alice", "--role", "Admin", status=2))

    def test_why_not_names_the_groups_that_would_give_it(self):
        said = self.explain("bob", "--role", f"{ACCOUNT}Administrator", status=1)
        self.assertIn("membership in group 'aws-production-admins' would give it", said)
        self.explain("alice", "--role", f"{ACCOUNT}Administrator")
        said = self.explain("bob", "--role", "arn:aws:iam::999988887777:role/Other", status=1)
        self.assertIn("account 999988887777 is not in applications.aws.allowed_accounts", said)
        self.assertIn("no pattern of applications.aws.allowed_roles takes 'Other'", said)

    def test_a_policy_about_a_role_and_what_would_satisfy_it(self):
        self.edited("    mappings: [aws-role, aws-session-name]", """    policies:
      - name: office
        roles: [Administrator]
        all: ["client.address is in_network('192.0.2.0/24')"]
        message: Only from the office.
    mappings: [aws-role, aws-session-name]""")
        role = f"{ACCOUNT}Administrator"
        said = self.explain("alice", "--client", "198.51.100.1")
        self.assertIn("withheld roles", said)
        self.assertIn("policy 'office'", said)
        asked = self.explain_json("alice", "--client", "198.51.100.1", "--role", role, status=1)
        self.assertEqual(asked["applications"][0]["asked"]["verdict"], "withheld")
        self.assertIn("is not true", asked["applications"][0]["asked"]["reasons"][0])
        self.explain("alice", "--client", "192.0.2.9", "--role", role)
        # No address is no address of the office.
        self.explain("alice", "--role", role, status=1)

    def test_reads_the_directory_and_no_secret(self):
        said = self.explain("alice", "--json")
        self.assertNotIn(self.stack.slapd.bind_password, said)
        self.stack.slapd.stop()
        self.addCleanup(self.stack.slapd.start)
        self.assertIn(self.stack.slapd.uri_ldap, self.explain("alice", status=2))


if __name__ == "__main__":
    unittest.main()
