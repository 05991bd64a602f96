"""`rolebridge aws-setup`, `aws-lint` and `simulate` with neighbours that are not ours: the
directory is a real slapd, Terraform's text is read by HashiCorp's parser, and the commands are run
by the real `aws` program against a server that keeps what it is asked."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from lxml import etree

from aws_stand_in import AwsStandIn, handmade
from stack import SOURCE, Stack
from stack_case import ACCOUNTS, StackTestCase, provider, role

NAMES = {"production": {"Administrator", "ReadOnly", "-dash=+@.", "Both"},
         "staging": {"Developer", "Operator", "Deployer", "Tester", "DataScientist", "Support"},
         "audit": {"Auditor", "Billing"}}
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
# What an administrator may write as the name of an account, for every language at once.
HOSTILE = "'Prod''\"; touch \"$(pwd)/hacked\" `touch hacked` #${aws} %{if true} */ \\ é'"

# A value that is a role's name by the rules, and an option where it stands by itself.
DASH = """
dn: cn=dash,ou=groups,dc=example,dc=org
changetype: add
objectClass: groupOfNames
objectClass: awsGroup
cn: dash
awsAccount: 123412341234
awsRole: -dash=+@.
member: uid=alice,ou=people,dc=example,dc=org
"""


def of_two_groups(name, *groups):
    """A mapping that gives a role to who is in two groups: no group gives it by itself."""
    return f"""  of-two-{name}:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    when: "'{groups[0]}' in groups.name and '{groups[1]}' in groups.name"
    value: "{role('production', name)},{provider('production')}"
"""


def edited(text):
    text = text.replace("allowed_roles: [", "allowed_roles: [\"-dash*\", Both, Neither, ")
    text = text.replace("name: Production", f"name: {HOSTILE}")
    text = text.replace("    value: \"{{ user.username }}\"\n", """    value: "{{ user.username }}"
  aws-tag:
    saml_name: https://aws.amazon.com/SAML/Attributes/PrincipalTag:mail
    for_each: mail in user.email
    value: "{{ mail }}"
  aws-source-identity:
    saml_name: https://aws.amazon.com/SAML/Attributes/SourceIdentity
    value: "{{ user.username }}"
""" + of_two_groups("Both", "dash", "aws-audit")  # alice is in these two,
                        + of_two_groups("Neither", "dash", "football club"))  # nobody in these
    return text.replace("mappings: [aws-role, aws-session-name]",
                        "mappings: [aws-role, aws-session-name, aws-tag, aws-source-identity, "
                        "of-two-Both, of-two-Neither]")


class AwsStub:
    """Answers the queries of `aws iam` and `aws sts` as an account that begins empty."""

    def __init__(self, account):
        self.account = account
        self.requests = []
        self.roles, self.providers = {}, {}
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the name is http.server's
                body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
                fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
                status, answer = stub.answer(fields)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.end_headers()
                self.wfile.write(answer.encode("utf-8"))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def asked(self, action):
        return [request for request in self.requests if request["Action"] == action]

    def answer(self, fields):
        self.requests.append(fields)
        action = fields["Action"]
        result = ""
        if action == "GetCallerIdentity":
            result = (f"<UserId>AIDA</UserId><Account>{self.account}</Account>"
                      f"<Arn>arn:aws:iam::{self.account}:user/admin</Arn>")
        elif action == "CreateSAMLProvider":
            arn = f"arn:aws:iam::{self.account}:saml-provider/{fields['Name']}"
            self.providers[arn] = fields["SAMLMetadataDocument"]
            result = f"<SAMLProviderArn>{arn}</SAMLProviderArn>"
        elif action in ("GetSAMLProvider", "UpdateSAMLProvider"):
            if fields["SAMLProviderArn"] not in self.providers:
                return self.absent()
        elif action == "CreateRole":
            self.roles[fields["RoleName"]] = dict(fields)
        elif action in ("GetRole", "UpdateRole", "UpdateAssumeRolePolicy"):
            if fields["RoleName"] not in self.roles:
                return self.absent()
        else:
            return 400, self.error("InvalidAction")
        if action in ("CreateRole", "GetRole"):
            result = self.role_xml(fields["RoleName"])
        return 200, (f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
                     f"<{action}Result>{result}</{action}Result><ResponseMetadata>"
                     f"<RequestId>1</RequestId></ResponseMetadata></{action}Response>")

    def role_xml(self, name):
        return ("<Role><Path>/</Path><RoleName>x</RoleName><RoleId>AROA</RoleId>"
                f"<Arn>arn:aws:iam::{self.account}:role/x</Arn>"
                "<CreateDate>2027-01-31T10:00:00Z</CreateDate></Role>")

    def absent(self):
        return 404, self.error("NoSuchEntity")

    @staticmethod
    def error(code):
        return (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message>"
                "</Error><RequestId>1</RequestId></ErrorResponse>")


class SetupTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(edit_config=edited)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.slapd.start()
        cls.stack.slapd.modify(DASH)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rolebridge-aws-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def rolebridge(self, *arguments):
        return subprocess.run([str(self.stack.bin_dir / "rolebridge"), *arguments],
                              capture_output=True, text=True, check=False, timeout=120)

    def make(self, form, *more, status=0):
        run = self.rolebridge("aws-setup", "aws", "--format", form, "--config",
                              str(self.stack.config), *more)
        self.assertEqual(run.returncode, status, run.stderr)
        return run

    def files(self, form, suffix):
        """{alias: path} of what `aws-setup` writes into a folder."""
        self.make(form, "--out", str(self.folder))
        paths = {alias: self.folder / f"rolebridge-aws-{account}.{suffix}"
                 for alias, account in ACCOUNTS.items()}
        self.assertEqual({path for path in self.folder.iterdir()}, set(paths.values()))
        return paths

    def assert_trusts(self, policy, principal):
        self.assertEqual(policy, {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": principal},
            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"],
            "Condition": {"StringEquals": {"SAML:aud": [self.stack.aws.acs_url],
                                           "SAML:iss": f"{self.stack.url}/saml/aws"}}}]})

    def assert_is_our_metadata(self, text):
        root = etree.fromstring(text.encode("utf-8"))
        self.assertEqual(root.get("entityID"), f"{self.stack.url}/saml/aws")
        certificate = "".join(root.findtext(f".//{DS}X509Certificate").split())
        pem = (self.stack.etc / "saml.crt").read_text(encoding="ascii")
        self.assertEqual(certificate, "".join(pem.split("-----")[2].split()))
        self.assertIsNotNone(root.find(f"{MD}IDPSSODescriptor"))
        self.assertGreaterEqual(len(text), 1000)

    # ---- CloudFormation ----

    def test_cloudformation(self):
        for alias, path in self.files("cloudformation", "json").items():
            template = json.loads(path.read_text(encoding="ascii"))
            self.assertEqual(template["AWSTemplateFormatVersion"], "2010-09-09")
            self.assertIn(ACCOUNTS[alias], template["Description"])
            self.assertLessEqual(len(template["Description"]), 1024)
            self.assertEqual(template["Conditions"], {"IsTheAccount": {
                "Fn::Equals": [{"Ref": "AWS::AccountId"}, ACCOUNTS[alias]]}})
            names = set()
            for logical_id, resource in template["Resources"].items():
                self.assertRegex(logical_id, r"\A[A-Za-z0-9]+\Z")
                self.assertEqual(resource["Condition"], "IsTheAccount")
                properties = resource["Properties"]
                if resource["Type"] == "AWS::IAM::SAMLProvider":
                    self.assertEqual(logical_id, "SamlProviderrolebridge")
                    self.assertEqual(properties["Name"], "rolebridge")
                    self.assert_is_our_metadata(properties["SamlMetadataDocument"])
                    continue
                self.assertEqual(resource["Type"], "AWS::IAM::Role")
                names.add(properties["RoleName"])
                self.assertEqual(properties["Path"], "/")
                self.assertEqual(properties["MaxSessionDuration"], 4 * 3600)
                self.assert_trusts(properties["AssumeRolePolicyDocument"],
                                   {"Ref": "SamlProviderrolebridge"})
            self.assertEqual(names, NAMES[alias])

    # ---- Terraform ----

    def test_terraform(self):
        paths = self.files("terraform", "tf")
        terraform = shutil.which("terraform")
        if terraform:
            done = subprocess.run([terraform, "fmt", "-check", "-diff", str(self.folder)],
                                  capture_output=True, text=True, check=False, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for alias, path in paths.items():
            parsed = self.hcl(path)
            roles = parsed["resource"]["aws_iam_role"].values()
            self.assertEqual({block["name"] for blocks in roles for block in blocks}, NAMES[alias])
            for blocks in roles:
                self.assertEqual(blocks[0]["path"], "/")
                self.assertEqual(blocks[0]["max_session_duration"], 4 * 3600)
                self.assertEqual(blocks[0]["assume_role_policy"],
                                 "${local.rolebridge_trust_rolebridge}")
            [made] = parsed["resource"]["aws_iam_saml_provider"]["rolebridge_rolebridge"]
            self.assertEqual(made["name"], "rolebridge")
            self.assert_is_our_metadata(made["saml_metadata_document"])
            [precondition] = made["lifecycle"][0]["precondition"]
            self.assertIn(ACCOUNTS[alias], precondition["condition"])
            trust = parsed["locals"][0]["rolebridge_trust_rolebridge"]
            self.assertIn("aws_iam_saml_provider.rolebridge_rolebridge.arn", trust)

    def test_terraform_means_the_trust_policy_that_we_mean(self):
        text = self.files("terraform", "tf")["production"].read_text(encoding="ascii")
        policy = text[text.index("jsonencode(") + len("jsonencode("):text.index("\n  })\n") + 4]
        # As a value without functions and references, which the parser gives back as JSON.
        policy = policy.replace("aws_iam_saml_provider.rolebridge_rolebridge.arn", '"the arn"')
        probe = self.folder / "probe.tf"
        probe.write_text("locals {\n  policy = " + policy + "\n}\n", encoding="ascii")
        self.assert_trusts(self.hcl(probe)["locals"][0]["policy"], "the arn")

    def hcl(self, path):
        done = subprocess.run(["node", str(SOURCE / "tests/hcl/parse.mjs"), str(path)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    # ---- aws iam ----

    def run_script(self, path, stub, **environment):
        """The script, with the real `aws` program that knows no account but the stub's."""
        bin_dir = self.folder / "bin"
        bin_dir.mkdir(exist_ok=True)
        wrapper = bin_dir / "aws"
        wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/aws --endpoint-url {stub.url} '
                           '--region us-east-1 "$@"\n', encoding="ascii")
        wrapper.chmod(0o755)
        return subprocess.run(
            ["/bin/sh", str(path)], capture_output=True, text=True, check=False, timeout=300,
            cwd=self.folder, env={
                "PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": str(self.folder),
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
                "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8", **environment})

    def stub(self, account):
        stub = AwsStub(account)
        self.addCleanup(stub.stop)
        return stub

    def test_cli(self):
        path = self.files("cli", "sh")["production"]
        stub = self.stub(ACCOUNTS["production"])
        done = self.run_script(path, stub)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(set(stub.roles), NAMES["production"])
        self.assertEqual(list(stub.providers), [provider("production")])
        self.assert_is_our_metadata(stub.providers[provider("production")])
        for made in stub.roles.values():
            self.assertEqual(made["MaxSessionDuration"], str(4 * 3600))
            self.assertEqual(made["Path"], "/")
            self.assert_trusts(json.loads(made["AssumeRolePolicyDocument"]), provider("production"))

        # Once more: nothing is made twice, and roles are changed on demand alone.
        stub.requests.clear()
        done = self.run_script(path, stub)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(stub.asked("UpdateSAMLProvider")), 1)
        self.assertFalse(stub.asked("CreateRole") or stub.asked("UpdateAssumeRolePolicy"))
        self.assertIn("role ReadOnly is there already and was left as it is", done.stderr)
        done = self.run_script(path, stub, UPDATE_ROLES="yes")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual({request["RoleName"] for request in stub.asked("UpdateAssumeRolePolicy")},
                         NAMES["production"])
        self.assertEqual(len(stub.asked("UpdateRole")), 4)
        self.assertFalse((self.folder / "hacked").exists())

    def test_cli_touches_no_other_account(self):
        path = self.files("cli", "sh")["audit"]
        stub = self.stub(ACCOUNTS["staging"])
        done = self.run_script(path, stub)
        self.assertEqual(done.returncode, 1)
        self.assertIn("these credentials are of account 210987654321, and this is for 111122223333",
                      done.stderr)
        self.assertEqual([request["Action"] for request in stub.requests], ["GetCallerIdentity"])

    # ---- choosing ----

    def test_one_account_by_alias_or_number(self):
        texts = [self.make("cloudformation", "--account", account).stdout
                 for account in ("audit", ACCOUNTS["audit"])]
        self.assertEqual(texts[0], texts[1])
        self.assertIn("RoleAuditor", json.loads(texts[0])["Resources"])
        path = self.folder / "audit.json"
        self.make("cloudformation", "--account", "audit", "--out", str(path))
        self.assertEqual(path.read_text(encoding="ascii"), texts[0])

    def test_several_accounts_are_several_files(self):
        run = self.make("terraform", status=1)
        self.assertEqual(run.stdout, "")
        self.assertIn("an account is a deployment of its own, and there are several: "
                      "111122223333 (audit, Audit & billing), 123412341234 (production, ",
                      run.stderr)
        self.assertIn("choose one with --account, or name a folder with --out", run.stderr)

    def test_mistakes(self):
        run = self.make("cli", "--account", "nowhere", status=1)
        self.assertRegex(run.stderr, "none of the [0-9]+ groups gives a role in account 'nowhere' to "
                         "application 'aws', and none of the [0-9]+ people has one")
        run = self.rolebridge("aws-setup", "other", "--format", "cli", "--config",
                              str(self.stack.config))
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, "rolebridge: aws-setup: 'other': no such application\n")
        run = self.rolebridge("aws-setup", "aws", "--format", "yaml")
        self.assertNotEqual(run.returncode, 0)

    # ---- aws-lint ----

    def export(self):
        """What AWS says when the three templates have been deployed."""
        details, lists, providers = [], [], []
        for alias, path in self.files("cloudformation", "json").items():
            resources = json.loads(path.read_text(encoding="ascii"))["Resources"].values()
            providers.append({"Arn": provider(alias), "ValidUntil": "2127-01-31T10:00:00Z"})
            for resource in resources:
                properties = resource["Properties"]
                if resource["Type"] != "AWS::IAM::Role":
                    continue
                trust = properties["AssumeRolePolicyDocument"]
                trust["Statement"][0]["Principal"]["Federated"] = provider(alias)
                detail = {"Arn": role(alias, properties["RoleName"]),
                          "RoleName": properties["RoleName"], "Path": "/",
                          "AssumeRolePolicyDocument": trust}
                details.append(detail)
                lists.append({**detail, "MaxSessionDuration": properties["MaxSessionDuration"]})
        return ({"RoleDetailList": details, "IsTruncated": False}, {"Roles": lists},
                {"SAMLProviderList": providers})

    def lint(self, *answers):
        paths = []
        for i, answer in enumerate(answers):
            path = self.folder / f"export{i}.json"
            path.write_text(json.dumps(answer), encoding="utf-8")
            paths.append(str(path))
        return self.rolebridge("aws-lint", *paths, "--config", str(self.stack.config))

    def test_lint_finds_nothing_wrong_in_what_setup_makes(self):
        run = self.lint(*self.export())
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        lines = run.stdout.splitlines()
        self.assertEqual(sum(line.startswith("ok ") for line in lines), 3 + 12, run.stdout)
        self.assertFalse([line for line in lines if line.startswith(("wrong", "can't"))])

    def test_lint_knows_a_role_of_two_groups_and_that_nobody_is_in_two_others(self):
        details, lists, providers = self.export()
        trust = details["RoleDetailList"][0]["AssumeRolePolicyDocument"]
        details["RoleDetailList"] = [entry for entry in details["RoleDetailList"]
                                     if entry["RoleName"] != "Both"]
        details["RoleDetailList"].append({"Arn": role("production", "Neither"),
                                          "RoleName": "Neither",
                                          "AssumeRolePolicyDocument": trust})
        lists["Roles"] = [entry for entry in lists["Roles"] if entry["RoleName"] != "Both"]
        run = self.lint(details, lists, providers)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(f"wrong      role '{role('production', 'Both')}' is not there; see rolebridge "
                      "aws-setup\n", run.stdout)
        self.assertIn(f"note       role '{role('production', 'Neither')}' names our provider in its "
                      "trust policy, and no group gives it and nobody has it\n", run.stdout)

    def test_lint_finds_what_was_spoiled(self):
        details, lists, providers = self.export()
        lists["Roles"] = [entry for entry in lists["Roles"] if entry["RoleName"] != "Tester"]
        details["RoleDetailList"] = [entry for entry in details["RoleDetailList"]
                                     if entry["RoleName"] != "Tester"]
        for entry in lists["Roles"]:
            if entry["RoleName"] == "ReadOnly":
                entry["MaxSessionDuration"] = 3600
            if entry["RoleName"] == "Auditor":
                document = entry["AssumeRolePolicyDocument"]
                document["Statement"][0]["Action"] = "sts:AssumeRoleWithSAML"
                entry["AssumeRolePolicyDocument"] = urllib.parse.quote(json.dumps(document))
        run = self.lint(details, lists, providers)
        self.assertEqual(run.returncode, 1, run.stdout)
        wrong = [line for line in run.stdout.splitlines() if line.startswith("wrong")]
        auditor = f"wrong      role '{role('audit', 'Auditor')}': its trust policy refuses us: "
        self.assertEqual(wrong, [
            auditor + "its Action lacks 'sts:TagSession', which a role needs once tags are sent",
            auditor + "its Action lacks 'sts:SetSourceIdentity', which a role needs once "
            "SourceIdentity is sent",
            f"wrong      role '{role('production', 'ReadOnly')}': its MaxSessionDuration is 3600, "
            "and we send SessionDuration 14400: whoever asks STS for that is refused; raise it or "
            "lower aws_session_duration",
            f"wrong      role '{role('staging', 'Tester')}' is not there; see rolebridge aws-setup",
        ])

    def test_lint_refuses_what_is_no_export(self):
        run = self.lint({"Users": []})
        self.assertEqual(run.returncode, 2)
        self.assertEqual(run.stdout, "")
        self.assertIn("it has neither RoleDetailList, Roles, Role nor SAMLProviderList", run.stderr)


class ForeignResponseTest(unittest.TestCase):
    """Responses that another program signed, judged by `simulate` and by the stand-in for AWS,
    which know nothing of each other."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="rolebridge-foreign-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.key, cls.certificate = handmade.make_key(cls.folder.name, "idp")
        cls.aws = AwsStandIn(SOURCE / "tests/data/aws/accounts.json", cls.certificate,
                             cls.key).start()
        cls.addClassCleanup(cls.aws.stop)
        cls.aws.upload_metadata(handmade.metadata([cls.certificate]))
        bin_dir = os.environ.get("ROLEBRIDGE_BINARY_DIR") or SOURCE / "build"
        cls.program = str(pathlib.Path(bin_dir) / "bin/rolebridge")

    def signed(self, attributes=None, key=None, replace=(), **holes):
        xml = handmade.response_xml(self.aws.acs_url, attributes, **holes)
        for old, new in replace:
            self.assertIn(old, xml)
            xml = xml.replace(old, new)
        key, certificate = key or (self.key, self.certificate)
        return handmade.sign(xml, key, certificate)

    def simulate(self, text, certificate=None):
        """(accepted, {(rule, level)}) of a response in bytes or base64."""
        run = subprocess.run(
            [self.program, "simulate", "-", "--json", "--acs", self.aws.acs_url, "--certificate",
             str(certificate or self.certificate)],
            input=text if isinstance(text, bytes) else text.encode("ascii"), capture_output=True,
            check=False, timeout=60)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        said = json.loads(run.stdout)
        self.assertEqual(said["accepted"], run.returncode == 0)
        return said["accepted"], {(finding["rule"], finding["level"])
                                  for finding in said["findings"]}

    def lands(self, xml):
        return self.aws.sign_in(handmade.encode(xml))[0] == 302

    def test_judges_as_the_stand_in_does(self):
        attributes = handmade.aws_attributes
        pair = f"{handmade.ROLE},{handmade.PROVIDER}"
        for rule, xml in (
                (None, self.signed()),
                (None, self.signed(attributes([f"{handmade.PROVIDER},{handmade.ROLE}"]))),
                (None, self.signed(attributes(SessionDuration="900", tags={"team": "red"},
                                              SourceIdentity="bob"))),
                ("R10", self.signed(age=400, lifetime=300)),
                ("R11", self.signed(age=400, lifetime=3600)),
                ("R4", self.signed(second_confirmation="<saml2:SubjectConfirmation Method="
                                   '"urn:oasis:names:tc:SAML:2.0:cm:bearer"/>')),
                ("R7", self.signed(audience="urn:other")),
                ("R8", self.signed(name_id="")),
                ("R21", self.signed(status="Responder")),
                ("2.1 Role", self.signed(attributes([]))),
                ("2.1 Role", self.signed(attributes([pair + "," + pair]))),
                ("2.1 RoleSessionName", self.signed(attributes(session_name=None))),
                ("2.1 RoleSessionName", self.signed(attributes(session_name="a b"))),
                ("2.1 SessionDuration", self.signed(attributes(SessionDuration="60"))),
                ("R13", self.signed().replace(b">a1b2c3<", b">root<")),
                ("R13", handmade.response_xml(self.aws.acs_url, signed=False).encode("utf-8"))):
            with self.subTest(rule, xml=xml[-400:]):
                accepted, findings = self.simulate(xml)
                self.assertEqual(accepted, rule is None, findings)
                self.assertEqual(accepted, self.lands(xml))
                if rule:
                    self.assertIn((rule, "wrong"), findings)

    def test_takes_sha1_with_a_word_about_it(self):
        accepted, findings = self.simulate(self.signed(replace=(
            ("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"),
            ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"))))
        self.assertTrue(accepted, findings)
        self.assertIn(("R14", "note"), findings)

    def test_refuses_a_key_that_is_too_small(self):
        key, certificate = handmade.make_key(self.folder.name, "small", 768)
        accepted, findings = self.simulate(self.signed(key=(key, certificate)), certificate)
        self.assertFalse(accepted)
        self.assertEqual({finding for finding in findings if finding[1] == "wrong"},
                         {("R15", "wrong")})


class SimulateTest(StackTestCase):

    def test_a_real_response_is_what_simulate_says(self):
        chosen = role("production", "Administrator")
        response, relay_state = self.response_for("alice", chosen)
        run = subprocess.run(
            [str(self.stack.bin_dir / "rolebridge"), "simulate", "-", "--json", "--acs",
             self.stack.aws.acs_url, "--certificate", str(self.stack.etc / "saml.crt")],
            input=response, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        simulated = json.loads(run.stdout)
        self.assertEqual(simulated["findings"], [])
        session = self.land(response, relay_state)
        self.assertEqual(simulated["session"]["session_name"], session.session_name)
        self.assertEqual(simulated["session"]["duration_seconds"], session.duration)
        self.assertEqual([pair["role"] for pair in simulated["session"]["roles"]],
                         [session.role_arn])


if __name__ == "__main__":
    unittest.main()
