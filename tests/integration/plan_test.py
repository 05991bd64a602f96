"""`rolebridge plan`: who of the real directory would gain and lose what by another configuration; and
the `tests:` of a configuration, which guard it."""

import json
import subprocess
import unittest

from stack_case import StackTestCase, provider, role

PAIR = f"{role('production', 'Administrator')},{provider('production')}"

TEST = """
tests:
  - name: admins of production are administrators
    user: somebody
    groups: { production-admins: { aws_role: [Administrator], aws_account: ["123412341234"] } }
    application: aws
    roles: ["arn:aws:iam::123412341234:role/Administrator"]
  - { name: alice has five, user: alice, application: aws, refused: REFUSED }
""".replace("REFUSED", "true")


class PlanTest(StackTestCase):

    def run_it(self, command, *arguments):
        run = subprocess.run([str(self.stack.bin_dir / "rolebridge"), command, "--config",
                              str(self.stack.config), *arguments], capture_output=True, text=True,
                             check=False, timeout=120)
        return run.returncode, run.stdout, run.stderr

    def other(self, old="", new="", more=""):
        """The configuration in force with a change, in a file beside it."""
        text = self.stack.config.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path = self.stack.config.with_name("other.yaml")
        path.write_text(text.replace(old, new, 1) + more, encoding="utf-8")
        path.chmod(0o640)
        self.addCleanup(path.unlink, missing_ok=True)
        return str(path)

    def test_the_same_changes_nothing(self):
        status, said, errors = self.run_it("plan", self.other())
        self.assertEqual((status, errors), (0, ""), said)
        self.assertEqual(said, "12 people, 0 change: 0 gain 0, 0 lose 0\n")

    def test_names_each_person_and_role(self):
        status, said, _ = self.run_it("plan", self.other("allowed_roles: [Administrator, ",
                                                         "allowed_roles: ["))
        self.assertEqual(status, 1, said)
        self.assertIn(f"alice\n  - aws: {PAIR}, for 4h\n", said)
        self.assertRegex(said, r"12 people, \d change: 0 gain 0, \d lose \d\n")

    def test_other_attributes_and_durations_are_changes(self):
        status, said, _ = self.run_it("plan", self.other(
            'value: "{{ user.username }}"', 'value: "{{ user.username }}@corp"'))
        self.assertEqual(status, 1)
        name = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
        self.assertIn(f"bob\n  - aws: {name} = bob\n  + aws: {name} = bob@corp\n", said)
        _, said, _ = self.run_it("plan", self.other("aws_session_duration: 4h",
                                                    "aws_session_duration: 1h"))
        self.assertIn(f"  + aws: {PAIR}, for 1h\n  - aws: {PAIR}, for 4h\n", said)

    def test_other_attributes_are_asked_for(self):
        # Roles from the name of the group: another search, and other roles.
        status, said, _ = self.run_it("plan", "--json", self.other(
            'attributes: { aws_role: awsRole, aws_account: awsAccount }',
            'attributes: { aws_role: cn, aws_account: awsAccount }'))
        self.assertEqual(status, 1)
        plan = json.loads(said)
        self.assertEqual(plan["people"], 12)
        self.assertGreater(plan["losses"], 5)

    def test_a_policy_withholds(self):
        status, said, _ = self.run_it("plan", self.other(
            "    mappings: [aws-role", "    policies: [{ name: shut, roles: [Admin*], require: "
            '"false", message: m }]\n    mappings: [aws-role'))
        self.assertEqual(status, 1)
        self.assertIn(f"- aws: {PAIR}, for 4h\n  + aws: {PAIR}, for 4h (withheld: policy 'shut')",
                      said)

    def test_half_a_plan_is_none(self):
        new = self.other()
        self.stack.slapd.stop()
        self.addCleanup(self.stack.slapd.start)
        status, said, errors = self.run_it("plan", new)
        self.assertEqual((status, said), (2, ""))
        self.assertIn("rolebridge: ", errors)

    def test_mistakes_are_named(self):
        status, _, errors = self.run_it("plan", self.other("preset: aws", "preset: azure"))
        self.assertEqual(status, 2)
        self.assertIn("other.yaml:", errors)
        self.assertIn("'azure' is not allowed", errors)

    def test_a_broken_promise_stops_the_plan(self):
        status, said, errors = self.run_it("plan", self.other(more=TEST))
        self.assertEqual((status, said), (2, ""))
        self.assertIn("test 'alice has five': is to be refused, and would get in; with arn:aws:iam::111122223333:role/Auditor", errors)
        self.assertNotIn("admins of production", errors)

    def test_check_runs_the_promises(self):
        path = self.stack.config
        text = path.read_text(encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")
        pam = ("--pam-folder", str(self.stack.etc / "pam.d"), "--pam-settings",
               str(self.stack.etc / "rolebridge-pam.conf"))
        path.write_text(text + TEST, encoding="utf-8")
        status, said, _ = self.run_it("check", *pam)
        self.assertEqual(status, 0, said)
        self.assertIn("tests: 1 of 2 hold", said)
        self.assertIn("1 ask the directory and were left out; run it with --online", said)
        _, said, _ = self.run_it("check", "--online", *pam)
        self.assertIn("test 'alice has five': is to be refused, and would get in", said)
        path.write_text(text + TEST.replace("role/Administrator", "role/ReadOnly"),
                        encoding="utf-8")
        status, said, _ = self.run_it("check", *pam)
        self.assertEqual(status, 1)
        self.assertIn("test 'admins of production are administrators': gives other roles; missing "
                      "arn:aws:iam::123412341234:role/ReadOnly; too many "
                      "arn:aws:iam::123412341234:role/Administrator", said)


if __name__ == "__main__":
    unittest.main()
