"""`./demo --self-test`: a login step by step with the programs a person has, curl and aws."""

import json
import pathlib
import subprocess
import sys
import time
import urllib.parse

from web_client import Page, hand_over

DEVELOPER = "arn:aws:iam::210987654321:role/Developer"
PROVIDER = "arn:aws:iam::210987654321:saml-provider/rolebridge"


class Broken(Exception):
    """A step that did not do what it promises; the text says what came instead."""


class Curl:
    """curl with one cookie jar."""

    def __init__(self, folder, ca_file):
        self.folder = pathlib.Path(folder)
        self.ca_file = ca_file

    def __call__(self, url, fields=None, origin=None):
        body = self.folder / "curl-body"
        command = ["curl", "--silent", "--show-error", "--max-time", "60", "--cacert",
                   str(self.ca_file), "--cookie", str(self.folder / "curl-jar"), "--cookie-jar",
                   str(self.folder / "curl-jar"), "--location", "--output", str(body),
                   "--write-out", "%{json}"]
        if fields is not None:
            # By a file, not by the command line, which others can read.
            form = self.folder / "curl-form"
            form.write_text(urllib.parse.urlencode(fields), encoding="ascii")
            command += ["--data", f"@{form}"]
        if origin:
            command += ["--header", f"Origin: {origin}"]
        run = subprocess.run([*command, url], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Broken(f"curl {url}: {run.stderr.strip()}")
        facts = json.loads(run.stdout)
        return Page(facts["url_effective"], facts["http_code"], [], body.read_bytes())


class SelfTest:

    def __init__(self, stack):
        self.stack = stack
        folder = stack.folder / "self-test"
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.curl = Curl(folder, stack.ca_file)
        self.page = None

    def steps(self):
        return (("/readyz says ready", self.ready),
                ("a wrong password is refused", self.wrong_password),
                ("alice logs in through PAM", self.log_in),
                ("the portal offers her five roles over three accounts", self.portal),
                ("she chooses Developer and gets a signed response", self.choose),
                ("the AWS sign-in page takes it and lands her", self.land),
                ("aws sts assume-role-with-saml gives credentials", self.call_sts),
                ("she logs out, and the portal asks for a login again", self.log_out))

    def expect(self, condition, what):
        if not condition:
            page = self.page
            shown = f" {page.url} answered {page.status}: {page.visible_text()}" if page else ""
            raise Broken(f"{what}.{shown}")

    def ready(self):
        status, body = self.stack.readiness()
        self.expect(status == 200, f"/readyz answers {status} {body}")

    def type_password(self, password):
        self.page = self.curl(self.stack.url + "/login")
        form = self.page.form("/login")
        self.page = self.curl(form.action, {**form.fields, "username": "alice",
                                            "password": password}, self.stack.url)
        deadline = time.monotonic() + 60
        while self.page.refresh():  # PAM is busy; the page looks again by itself, curl does not
            self.expect(time.monotonic() < deadline, "PAM has not answered after a minute")
            time.sleep(0.2)
            self.page = self.curl(self.page.refresh())

    def wrong_password(self):
        self.type_password("not it")
        self.expect("Invalid username or password." in self.page.text,
                    "the page does not say that the password is wrong")

    def log_in(self):
        self.type_password(self.stack.passwords["alice"])
        self.expect(self.page.status == 200 and "Alice Anders" in self.page.text,
                    "no page that names Alice Anders")

    def portal(self):
        roles = [value for _, value in self.page.form("/apps/aws").buttons if value != "all"]
        accounts = {role.split(":")[4] for role in roles}
        self.expect(len(roles) == 5 and len(accounts) == 3, f"the roles are {roles}")

    def choose(self):
        form = self.page.form("/apps/aws")
        self.page = self.curl(form.action, {**form.fields, "role": DEVELOPER}, self.stack.url)
        self.expect("SAMLResponse" in self.page.text, "no hand-over page")

    def land(self):
        acs_url, response, relay_state = hand_over(self.page)
        (self.folder / "response.b64").write_text(response, encoding="ascii")
        self.page = self.curl(acs_url, {"SAMLResponse": response, "RelayState": relay_state})
        self.expect("assumed-role/Developer/alice" in self.page.text,
                    "the sign-in page did not let her in")

    def call_sts(self):
        run = subprocess.run(
            ["/usr/bin/aws", "sts", "assume-role-with-saml", "--endpoint-url",
             self.stack.aws.sts_url, "--region", "us-east-1", "--output", "json", "--role-arn",
             DEVELOPER, "--principal-arn", PROVIDER, "--saml-assertion",
             f"file://{self.folder / 'response.b64'}"], capture_output=True, text=True,
            check=False, timeout=120,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                 "AWS_EC2_METADATA_DISABLED": "true"})
        if run.returncode != 0:
            raise Broken(f"aws: {run.stderr.strip()}")
        answer = json.loads(run.stdout)
        self.page = None
        self.expect(answer["AssumedRoleUser"]["Arn"] ==
                    "arn:aws:sts::210987654321:assumed-role/Developer/alice",
                    f"STS answers {answer['AssumedRoleUser']}")

    def log_out(self):
        self.page = self.curl(self.stack.url + "/")
        form = self.page.form("/logout")
        self.curl(form.action, form.fields, self.stack.url)
        self.page = self.curl(self.stack.url + "/")
        self.expect("/login" in self.page.url, "the portal still knows her")


def run(stack):
    """0, or 1 after saying what broke."""
    test = SelfTest(stack)
    for text, step in test.steps():
        try:
            step()
        except (Broken, AssertionError) as error:
            print(f"  BROKEN  {text}\n          {error}", file=sys.stderr)
            for name in ("web", "issuer", "pam"):
                for line in stack.log(name).splitlines()[-5:]:
                    print(f"          {name}: {line}", file=sys.stderr)
            return 1
        print(f"  ok      {text}", flush=True)
    print("self-test passed")
    return 0
