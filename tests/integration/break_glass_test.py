"""docs/break-glass.md: what it has people type and paste, judged by the real `aws` program."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from aws_setup_test import AwsStub

SOURCE = pathlib.Path(os.environ["ROLEBRIDGE_SOURCE_DIR"])
PAGE = (SOURCE / "docs/break-glass.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"(?ms)^```{kind}\n(.*?)^```$", PAGE)


class BreakGlassTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-break-glass-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "only-with-mfa.json").write_text(blocks("json")[0], encoding="utf-8")
        (self.folder / "password.json").write_text('{"Password": "x"}', encoding="ascii")

    def sent(self, command):
        """What the program sends to AWS for it: it has judged each option and value by then."""
        stub = AwsStub("123412341234")
        self.addCleanup(stub.stop)
        subprocess.run(
            [*shlex.split(command), "--endpoint-url", stub.url, "--region", "us-east-1"],
            capture_output=True, check=False, cwd=self.folder, env={
                "PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"})
        return stub.requests

    def test_the_commands_are_aws_s(self):
        commands = [line for line in "".join(blocks("sh")).splitlines() if line]
        made = [request for command in commands for request in self.sent(command)]
        self.assertEqual([request["Action"] for request in made],
                         ["CreateUser", "CreateLoginProfile", "PutUserPolicy", "AttachUserPolicy"])
        self.assertEqual({request["UserName"] for request in made}, {"break-glass"})
        self.assertEqual(made[1]["PasswordResetRequired"], "true")
        self.assertEqual(json.loads(made[2]["PolicyDocument"]), json.loads(blocks("json")[0]))
        self.assertFalse(self.sent(commands[0].replace("--user-name", "--no-such")))

    def test_without_the_second_factor_there_is_no_way_to_anything_but_it(self):
        policy = json.loads(blocks("json")[0])
        (statement,) = policy["Statement"]
        self.assertEqual((statement["Effect"], statement["Resource"]), ("Deny", "*"))
        self.assertEqual(statement["Condition"],
                         {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
        for action in statement["NotAction"]:
            self.assertNotIn("*", action)
            self.assertNotRegex(action, r"(?i)deactivate|delete|attach|put|create(?!virtual)")

    def test_the_alarm_is_for_that_user_and_no_other(self):
        pattern = json.loads(blocks("json")[1])
        self.assertEqual(pattern["detail"]["userIdentity"]["userName"], ["break-glass"])
        self.assertEqual(pattern["detail-type"], ["AWS Console Sign In via CloudTrail"])


if __name__ == "__main__":
    unittest.main()
