"""The pages in a real browser: Debian's Chromium, driven by scenarios.mjs through Playwright."""

import json
import os
import pathlib
import re
import subprocess
import unittest

from stack_case import StackTestCase

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = re.findall(r"^  async (\w+)\(browser\)",
                       (HERE / "scenarios.mjs").read_text(encoding="utf-8"), re.MULTILINE)
REAL_ADDRESSES = "lands_at_the_real_addresses"


class BrowserTestCase(StackTestCase):

    def play(self, name, flags=()):
        screenshots = self.stack.binary_dir / "screenshots"
        screenshots.mkdir(exist_ok=True)
        run = subprocess.run(
            ["node", str(HERE / "scenarios.mjs"), name], capture_output=True, text=True,
            check=False, timeout=300,
            env={"PATH": os.environ["PATH"], "HOME": str(self.stack.folder / "log"),
                 "STACK_URL": self.stack.url, "STACK_AWS_ORIGIN": self.stack.aws.origin,
                 "STACK_PASSWORDS": json.dumps(self.stack.passwords),
                 "STACK_SCREENSHOTS": str(screenshots), "STACK_BROWSER_FLAGS": json.dumps(flags)})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class BrowserTest(BrowserTestCase):
    """One test for each scenario but those that need a stack of their own."""


def _add(name):
    setattr(BrowserTest, f"test_{name}", lambda self: self.play(name))


for _name in SCENARIOS:
    if _name != REAL_ADDRESSES:
        _add(_name)


class RealAddressesTest(BrowserTestCase):
    """AWS's own addresses in the configuration; this one browser takes the stand-in for them, so
    that nothing leaves the machine."""

    stack_options = {"acs_url": "https://signin.aws.amazon.com/saml",
                     "console_origin": "https://eu-west-1.console.aws.amazon.com"}

    def test_lands_at_the_real_addresses(self):
        here = self.stack.aws.origin.removeprefix("https://")
        self.play(REAL_ADDRESSES, [f"--host-resolver-rules=MAP *.amazon.com {here}"])


if __name__ == "__main__":
    unittest.main()
