"""What outlives a process: sessions, and the record of all that left (design.md, promise 4)."""

import base64
import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unittest

from stack import ISSUER_USER
from stack_case import StackTestCase, quick_refusals, role
from web_client import hand_over

BOB = role("production", "ReadOnly")


def roomy(text):
    """Nobody is to be refused for asking often."""
    return quick_refusals(text).replace("limits: {", "limits: { responses_per_minute: 100000, "
                                        "responses_per_session_and_minute: 100000,")


def assertion_id(response):
    return re.search(rb'<(?:\w+:)?Assertion[^>]* ID="(_[0-9a-f]{40})"',
                     base64.b64decode(response))[1].decode()


@contextlib.contextmanager
def small_disk(folder):
    """`folder` with all that is in it on a disk of one megabyte, for a while. The mount is seen in
    this process's namespace alone, and goes with it."""
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    status = folder.stat()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,mode=0700,uid={status.st_uid},"
                    f"gid={status.st_gid}", "tmpfs", str(folder)], check=True)
    try:
        for file in kept.iterdir():
            subprocess.run(["cp", str(file), str(folder)], check=True)
            os.chown(folder / file.name, status.st_uid, status.st_gid)
            (folder / file.name).chmod(0o600)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(kept)


def fill(path):
    """Writes until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


class StoreTest(StackTestCase):

    edit_config = staticmethod(roomy)

    def rolebridge(self, *arguments, text=None):
        run = subprocess.run([self.stack.bin_dir / "rolebridge", *arguments], input=text,
                             capture_output=True, text=True, check=False, timeout=60)
        return run.returncode, run.stdout, run.stderr

    def audit(self, command, *arguments, **options):
        return self.rolebridge("audit", command, "--state-dir", str(self.stack.folder / "state"),
                               *arguments, **options)

    def records(self, *arguments):
        status, out, errors = self.audit("export", *arguments)
        self.assertEqual((status, errors), (0, ""))
        return [json.loads(line) for line in out.splitlines()]

    def assert_whole(self):
        status, out, _ = self.audit("verify", "--key", "-", text=self.stack.audit_key)
        self.assertEqual(status, 0, out)
        self.assertRegex(out, r"^\d+ records, 1 to \d+: the chain is whole\n$")

    def restart_issuer(self, end):
        end("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()

    def test_a_restart_logs_nobody_out(self):
        client = self.logged_in("bob")
        for end in (self.stack.stop, self.stack.kill):
            self.restart_issuer(end)
            self.land(self.response_of(client, BOB)[0])

    def test_who_logged_out_stays_out_after_a_crash(self):
        client = self.logged_in("bob")
        cookies = dict(client.cookies)
        form = client.get("/").form("/logout")
        client.post(form.action, form.fields)
        self.restart_issuer(self.stack.kill)
        client.cookies.update(cookies)
        self.assertIn("/login", client.get("/").url)

    def test_no_response_leaves_without_its_record_however_the_issuer_dies(self):
        clients = [self.logged_in(name) for name in ("bob", "bob", "alice")]
        roles = [BOB, BOB, role("staging", "Developer")]
        is_over = threading.Event()
        received = [[] for _ in clients]

        def hammer(client, chosen, mine):
            while not is_over.is_set():
                try:
                    mine.append(assertion_id(hand_over(client.choose(chosen))[1]))
                except (AssertionError, LookupError, OSError, TypeError, ValueError):
                    continue  # a page that says to try again

        threads = [threading.Thread(target=hammer, args=each)
                   for each in zip(clients, roles, received)]
        for thread in threads:
            thread.start()
        self.addCleanup(is_over.set)
        for _ in range(8):
            enough = sum(map(len, received)) + 10
            while sum(map(len, received)) < enough:
                is_over.wait(0.02)
            self.restart_issuer(self.stack.kill)
        is_over.set()
        for thread in threads:
            thread.join()
        seen = {each for mine in received for each in mine}
        self.assertGreaterEqual(len(seen), 80)
        recorded = {each["record"]["assertion_id"]
                    for each in self.records("--event", "response_issued")}
        self.assertEqual(seen - recorded, set())
        self.assert_whole()

    def test_a_full_disk_issues_nothing_and_recovers(self):
        client = self.logged_in("bob")
        form = client.get("/").form("/apps/aws")
        self.stack.stop("issuer")
        with small_disk(self.stack.folder / "state") as disk:
            self.stack.start_issuer()
            self.stack.wait_ready()
            self.land(self.response_of(client, BOB)[0])
            before = len(self.records())
            filler = disk / "filler"
            fill(filler)
            for page in (client.post(form.action, {**form.fields, "role": BOB}),
                         self.client().log_in("bob", self.password("bob"))):
                self.assertEqual(page.status, 503, page.visible_text())
                self.assertNotIn("SAMLResponse", page.text)
            self.stack.wait_not_ready()
            self.assertEqual(self.stack.readiness(), (503, "store\n"))
            self.assertIn("disk is full", self.events("store_refused")[-1])
            filler.unlink()
            self.stack.wait_ready()
            self.land(self.response_of(client, BOB)[0])
            self.assertEqual(len(self.records()), before + 1)
            self.assert_whole()
            self.stack.stop("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()

    def test_the_record_can_be_asked(self):
        client = self.logged_in("alice")
        chosen = role("staging", "Developer")
        identifier = assertion_id(self.response_of(client, chosen)[0])
        status, out, errors = self.audit("list", "--user", "alice", "--role", "developer",
                                         "--since", "1h")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(out.splitlines()[-1], r"^\d+ +\S+Z +response_issued +alice +127\.0\.0\.1 +"
                         rf"aws  {re.escape(chosen)}")
        status, out, _ = self.audit("show", identifier)
        self.assertEqual(status, 0)
        shown = dict(re.split(" +", line, maxsplit=1) for line in out.splitlines() if " " in line)
        for name, value in (("event", "response_issued"), ("user", "alice"),
                            ("assertion_id", identifier), ("role_session_name", "alice")):
            self.assertEqual(shown[name], value)
        self.assertIn(chosen, shown["roles"])
        self.assertIn("aws-staging-developers", shown["groups"])
        self.assertEqual(self.audit("show", shown["seq"])[1], out)
        self.assertEqual(self.audit("list", "--user", "nobody")[0], 1)
        self.assertEqual(self.audit("show", "_0")[0], 1)
        status, _, errors = self.audit("list", "--since", "yesterday")
        self.assertEqual(status, 2)
        self.assertIn("--since: 'yesterday' is no moment; write 2026-01-31", errors)

    def test_a_wrong_key_verifies_nothing(self):
        self.logged_in("bob")
        status, out, _ = self.audit("verify", "--key", "-", text="0" * 64)
        self.assertEqual(status, 1)
        self.assertIn("record 1 was not made with our key", out)
        status, _, errors = self.audit("verify", "--key", "-", text="0" * 63)
        self.assertEqual(status, 2)
        self.assertIn("64 hexadecimal digits", errors)
        status, out, _ = self.audit("verify")
        self.assertEqual(status, 0)
        self.assertIn("by its hashes alone", out)

    def test_asking_while_the_issuer_is_down_leaves_its_files_its_own(self):
        self.logged_in("bob")
        self.stack.stop("issuer")
        try:
            self.assert_whole()
        finally:
            self.stack.start_issuer()
        self.stack.wait_ready()
        self.logged_in("bob")
        state = self.stack.folder / "state"
        owners = {path.name: path.stat().st_uid for path in state.iterdir()}
        self.assertEqual(set(owners.values()), {ISSUER_USER}, owners)
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in state.iterdir()}
        self.assertEqual(set(modes.values()), {"0o600"}, modes)

    def test_the_key_is_shown_once(self):
        status, out, errors = self.audit("begin")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("is there already", errors)


if __name__ == "__main__":
    if os.environ.get("ROLEBRIDGE_OWN_MOUNTS") is None:
        os.environ["ROLEBRIDGE_OWN_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--",
                              sys.executable, "-B", *sys.argv])
    unittest.main()
