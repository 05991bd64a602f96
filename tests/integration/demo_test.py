"""The two things that a newcomer sees of ./demo: its self-test, and that it leaves nothing."""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import unittest

from stack import SOURCE, port_in_use

DEMO = ["/usr/bin/python3", "-B", str(SOURCE / "tests/support/demo.py")]


def processes_of(folder):
    """Ids of processes that have anything to do with `folder`, by their command lines."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


class DemoTest(unittest.TestCase):

    def start(self):
        port = next(port for port in range(20000, 30000, 10)
                    if not any(port_in_use(port + more) for more in range(4)))
        demo = subprocess.Popen([*DEMO, "--port", str(port)], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(lambda: demo.poll() is None and demo.kill())
        text = ""
        while "Ctrl-C ends" not in text:
            line = demo.stdout.readline()
            self.assertTrue(line, f"the demo ended by itself:\n{text}")
            text += line
        folder = pathlib.Path(re.search(r"removes (\S+?)\.\n", text)[1])
        self.assertTrue(folder.is_dir())
        self.assertIn(f"https://localhost:{port}", text)
        self.assertIn("alice-demo", text)
        return demo, folder

    def assert_gone(self, folder):
        self.assertFalse(folder.exists())
        self.assertEqual(processes_of(folder), [])

    def test_self_test_passes(self):
        run = subprocess.run([*DEMO, "--self-test"], capture_output=True, text=True, check=False,
                             timeout=240)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("self-test passed", run.stdout)

    def test_ends_whole_on_each_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                demo, folder = self.start()
                self.assertGreaterEqual(len(processes_of(folder)), 3)
                if number == signal.SIGINT:
                    os.killpg(demo.pid, number)  # as a terminal does
                else:
                    demo.send_signal(number)
                self.assertEqual(demo.wait(60), 0, demo.stdout.read())
                self.assert_gone(folder)

    def test_processes_end_even_when_the_demo_is_killed(self):
        demo, folder = self.start()
        pids = processes_of(folder)
        demo.kill()
        demo.wait()
        for pid in pids:
            if pid != demo.pid:
                self.wait_gone(pid)
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)

    @staticmethod
    def wait_gone(pid):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if not select.select([descriptor], [], [], 60)[0]:
                raise AssertionError(f"process {pid} outlived the demo")
        finally:
            os.close(descriptor)

    def test_a_taken_port_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            run = subprocess.run([*DEMO, "--port", str(port)], capture_output=True, text=True,
                                 check=False, timeout=60)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"port {port} is in use", run.stderr)
        self.assertIn("--port", run.stderr)


if __name__ == "__main__":
    unittest.main()
