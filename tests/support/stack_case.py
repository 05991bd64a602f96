"""What the integration tests have in common: one running stack for each class."""

import unittest

import people
from stack import Stack
from web_client import WebClient, hand_over

ACCOUNTS = {"production": "123412341234", "staging": "210987654321", "audit": "111122223333"}


def role(account, name):
    return f"arn:aws:iam::{ACCOUNTS[account]}:role/{name}"


def provider(account):
    return f"arn:aws:iam::{ACCOUNTS[account]}:saml-provider/rolebridge"


def quick_refusals(text):
    """The configuration with failed logins answered soon, and held up never: tests wait for many."""
    return text + ("limits: { login_failure_milliseconds: 300, login_failures_per_name: 1000000, "
                   "login_failures_per_address: 1000000, login_failures_per_network: 1000000 }\n")


class StackTestCase(unittest.TestCase):
    """`cls.stack` runs from before the first test of a class until after the last. A class whose
    tests break things puts them right again, or starts a stack a test."""

    stack_options = {}
    edit_config = staticmethod(quick_refusals)
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(edit_config=cls.edit_config, **cls.stack_options)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        # Where a test failed, the end of what the processes said is worth reading.
        if result and len(result.failures) + len(result.errors) > before:
            for name in ("web", "issuer", "pam"):
                lines = self.stack.log(name).splitlines()[-8:]
                print(f"--- {name}", *(line[:400] for line in lines), sep="\n")
        return result

    def client(self, source_address="127.0.0.1"):
        return WebClient(self.stack.url, self.stack.tls_context(), source_address)

    def password(self, name):
        return self.stack.passwords[name]

    def logged_in(self, name):
        client = self.client()
        page = client.log_in(name, self.password(name))
        self.assertEqual(page.status, 200, page.visible_text())
        self.assertIn("__Host-rb", client.cookies, page.visible_text())
        return client

    def response_for(self, name, chosen):
        """(SAMLResponse, RelayState) that `name` gets for a role, checked to lead to the ACS."""
        return self.response_of(self.logged_in(name), chosen)

    def response_of(self, client, chosen):
        url, response, relay_state = hand_over(client.choose(chosen))
        self.assertEqual(url, self.stack.aws.acs_url)
        return response, relay_state

    def land(self, response, relay_state="", chosen_role=None):
        """The session that the sign-in page makes of a response."""
        aws = self.stack.aws
        status, _, body = aws.sign_in(response, relay_state, chosen_role)
        self.assertEqual(status, 302, aws.refusals[-1:] or body)
        return aws.sessions[-1]

    def roles_offered(self, client):
        return sorted(value for _, value in client.get("/").form("/apps/aws").buttons
                      if value != "all")

    def events(self, name, process="issuer"):
        """The lines of one event in a process's log."""
        return [line for line in self.stack.log(process).splitlines()
                if line.partition(">")[2].split(" ")[0] == name]


NAMES = [person.name for person in people.PEOPLE]
