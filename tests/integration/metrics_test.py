"""What /readyz and /metrics say, read by Prometheus's own parser."""

import re
import ssl
import subprocess
import unittest
import urllib.request

from prometheus_client.parser import text_string_to_metric_families
from stack import SOURCE
from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")


class MetricsTest(StackTestCase):

    def samples(self):
        """{(name, labels as a sorted tuple): value}"""
        with urllib.request.urlopen(self.stack.status_url + "/metrics", timeout=20) as answer:
            self.assertEqual(answer.headers["Content-Type"],
                             "text/plain; version=0.0.4; charset=utf-8")
            text = answer.read().decode("utf-8")
        families = list(text_string_to_metric_families(text))
        names = [family.name for family in families]
        self.assertEqual(len(names), len(set(names)), "each family once")
        for family in families:
            self.assertTrue(family.documentation, family.name)
        for person in ("bob", "carol", "Baker", "uid="):
            self.assertNotIn(person, text)
        return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for family in families for sample in family.samples}

    def test_counts_what_happened_and_names_nobody(self):
        before = self.samples()
        client = self.logged_in("bob")
        self.client().log_in("carol", "wrong")
        self.response_of(client, BOB)
        after = self.samples()

        def grown(name, **labels):
            key = (name, tuple(sorted(labels.items())))
            return after[key] - before.get(key, 0)

        self.assertEqual(grown("rolebridge_logins_total", outcome="succeeded"), 1)
        self.assertEqual(grown("rolebridge_logins_total", outcome="denied"), 1)
        self.assertEqual(grown("rolebridge_responses_total", application="aws"), 1)
        self.assertEqual(grown("rolebridge_sessions"), 1)
        for step in ("directory", "mapping", "signing", "store"):
            self.assertEqual(grown("rolebridge_step_seconds_count", step=step), 1, step)
        self.assertEqual(grown("rolebridge_step_seconds_count", step="pam"), 2)
        self.assertEqual(after[("rolebridge_issuer_up", ())], 1)
        self.assertGreater(after[("rolebridge_signing_certificate_not_after_seconds", ())], 1.7e9)

    def test_says_which_server_of_the_directory_answers(self):
        server = ("rolebridge_directory_server_healthy", (("server", self.stack.slapd.uri_ldap),))
        self.assertEqual(self.samples()[server], 1)
        self.stack.slapd.stop()
        self.addCleanup(lambda: self.stack.slapd.process or self.stack.slapd.start())
        self.stack.wait_not_ready()
        self.assertEqual(self.samples()[server], 0)
        self.stack.slapd.start()
        self.stack.wait_ready()
        self.assertEqual(self.samples()[server], 1)

    def test_the_board_shows_what_there_is(self):
        board = (SOURCE / "etc/grafana-board.json").read_text(encoding="utf-8")
        asked = set(re.findall(r"rolebridge_[a-z_]+", board))
        self.assertGreater(len(asked), 6)
        self.logged_in("bob")
        self.client().get("/apps/none")
        there = {name for name, _ in self.samples()}
        self.assertEqual(asked - there - {"rolebridge_responses_total",
                                          "rolebridge_refusals_total"}, set())

    def test_says_that_the_issuer_is_gone(self):
        self.stack.stop("issuer")
        self.addCleanup(self.stack.wait_ready)
        self.addCleanup(self.stack.start_issuer)
        self.assertEqual(self.samples(), {
            ("rolebridge_issuer_up", ()): 0,
            ("rolebridge_tls_certificate_not_after_seconds", ()): self.tls_end()})

    def tls_end(self):
        """As another program reads it."""
        certificate = ssl.get_server_certificate(("localhost", self.stack.ports.web))
        shown = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=certificate,
                               capture_output=True, text=True, check=True).stdout
        return ssl.cert_time_to_seconds(shown.strip().partition("=")[2])

    def test_tells_when_each_certificate_ends(self):
        samples = self.samples()
        [end] = [value for (name, labels), value in samples.items()
                 if name == "rolebridge_published_certificate_not_after_seconds"
                 and ("key", "saml") in labels and ("state", "active") in labels]
        self.assertEqual(end, samples[("rolebridge_signing_certificate_not_after_seconds", ())])
        # The one of this stack ends within days.
        self.assertEqual(samples[("rolebridge_tls_certificate_not_after_seconds", ())],
                         self.tls_end())
        self.assertIn("kind=tls", self.events("certificate_ends", "web")[0])


if __name__ == "__main__":
    unittest.main()
