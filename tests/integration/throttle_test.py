"""Guessing: failures cost growing pauses, and never shut anybody out (security.md T)."""

import unittest

from stack_case import StackTestCase, role

BOB = role("production", "ReadOnly")


def quick_and_strict(text):
    return text + "limits: { login_failure_milliseconds: 300, login_failures_per_name: 3 }\n"


class ThrottleTest(StackTestCase):

    edit_config = staticmethod(quick_and_strict)

    def guess(self, name, times, client=None):
        for number in range(times):
            page = (client or self.client()).log_in(name, f"wrong {name} {number}")
            self.assertEqual(page.status, 200, page.visible_text())
            self.assertIn("Invalid username or password", page.visible_text())

    def assert_held_up(self, page):
        self.assertEqual(page.status, 429, page.visible_text())
        self.assertRegex(page.visible_text(), r"Too many sign-ins have failed\. Try again in "
                         r"(\d+ seconds|\d+ minutes)\.")
        self.assertNotIn("__Host-rb=", page.header("Set-Cookie") or "")

    def test_holds_up_the_right_password_too_and_asks_pam_no_more(self):
        self.guess("carol", 3)
        before = self.stack.log("pam").count("pam_outcome")
        self.assert_held_up(self.client().log_in("carol", self.password("carol")))
        self.assertEqual(self.stack.log("pam").count("pam_outcome"), before)
        self.assertTrue([line for line in self.events("login_denied") if "stage=throttle" in line])

    def test_is_the_same_for_somebody_whom_nobody_knows(self):
        self.guess("nobody-at-all", 3)
        self.assert_held_up(self.client().log_in("nobody-at-all", "x"))

    def test_a_browser_of_ones_own_is_not_held_up_by_strangers(self):
        client = self.logged_in("bob")
        self.guess("bob", 3)
        self.assert_held_up(self.client().log_in("bob", self.password("bob")))
        form = client.get("/").form("/logout")
        client.post(form.action, form.fields)
        page = client.log_in("bob", self.password("bob"))
        self.assertEqual(page.status, 200, page.visible_text())
        self.land(self.response_of(client, BOB)[0])

    def test_a_restart_forgets_none(self):
        self.guess("dave", 3)
        self.stack.kill("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()
        self.assert_held_up(self.client().log_in("dave", "x"))

    def test_a_client_that_retries_in_a_loop_costs_one_attempt(self):
        before = self.stack.log("pam").count("pam_outcome")
        for _ in range(6):
            page = self.client().log_in("alice", "the same again")
            self.assertEqual(page.status, 200, page.visible_text())
        self.assertEqual(self.stack.log("pam").count("pam_outcome"), before + 1)
        self.logged_in("alice")


if __name__ == "__main__":
    unittest.main()
