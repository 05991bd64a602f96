#!/usr/bin/python3
"""What a login costs more here than where the same PAM stack is called directly: CPU time of web,
issuer and every rolebridge-pam with what it starts, less that of pam_direct.cc, one login of each
kind in turn. Prints the numbers that README quotes; decides nothing.

    ROLEBRIDGE_BINARY_DIR=build/release tests/bench/login_bench.py

A login is what a browser does for one: a connection with its TLS handshake, the page with the form,
and name and password, answered by the session's cookie. Browsers keep the connection for both.
"""

import os
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from cost import cpu_seconds, cpu_seconds_of_children  # noqa: E402
from stack import SOURCE, Stack  # noqa: E402
from web_client import WebClient  # noqa: E402

AIM = 0.003  # seconds of CPU a login
ROUNDS = 5
LOGINS = 100  # of each kind in a round
PERSON = "alice"
LIMITS = "limits: { sessions_per_user: 100000 }\n"


def stacks(stack):
    """Name -> lines of a PAM stack: the one that ships, and one that does next to nothing."""
    module = stack.binary_dir.resolve() / "tests/pam_scripted.so"
    shipped = (SOURCE / "etc/pam.d/rolebridge").read_text(encoding="utf-8")
    return {"pam_unix with yescrypt, as it ships": shipped,
            "a module that only asks": f"auth required {module} ask=Password:\n"
                                       f"account required {module}\n"}


class Direct:
    """Logins by libpam alone, for somebody whom the stack knows."""

    def __init__(self, stack):
        accounts = [str(stack.accounts / name) for name in ("passwd", "shadow", "group")]
        self._process = subprocess.Popen(
            [str(SOURCE / "tests/support/private_host.sh"), *accounts, "--",
             str(stack.binary_dir / "tests/pam_direct"), str(stack.etc / "pam.d"), "rolebridge",
             PERSON, stack.passwords[PERSON]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1)

    def log_in(self):
        """CPU seconds of one login."""
        self._process.stdin.write("\n")
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("pam_direct failed")
        return float(line)

    def close(self):
        self._process.communicate()


def log_in(stack):
    """One login of a browser."""
    client = WebClient(stack.url, stack.tls_context(), keeps_alive=True)
    form = client.get("/login").form("/login")
    page = client.post(form.action, {**form.fields, "username": PERSON,
                                     "password": stack.passwords[PERSON]}, follow=False)
    while page.refresh():
        page = client.get(page.refresh(), follow=False)
    client.close()
    if "__Host-rb" not in client.cookies:
        raise SystemExit(f"no session but {page.status}: {stack.log('issuer')[-2000:]}")


def measure(stack, direct):
    """CPU seconds of one login: by libpam alone, and by process. One of each kind in turn, so that
    both find the processor as cold, and its clock as it is."""
    before = spent(stack)
    alone = 0.0
    for _ in range(LOGINS):
        alone += direct.log_in()
        log_in(stack)
    after = spent(stack)
    return alone / LOGINS, {name: (after[name] - before[name]) / LOGINS for name in after}


def spent(stack):
    return {"web": cpu_seconds(stack.processes["web"].pid),
            "issuer": cpu_seconds(stack.processes["issuer"].pid),
            "rolebridge-pam": cpu_seconds_of_children(stack.processes["pam"].pid)}


def compare(stack, direct, name):
    rounds = [measure(stack, direct) for _ in range(ROUNDS)]
    bare, each = sorted(rounds, key=lambda pair: sum(pair[1].values()) - pair[0])[ROUNDS // 2]
    total = sum(each.values())
    overheads = [sum(parts.values()) - alone for alone, parts in rounds]
    parts = ", ".join(f"{process} {seconds * 1000:.2f}" for process, seconds in each.items())
    print(f"login by {name}: {total * 1000:.2f} ms of CPU ({parts}), {bare * 1000:.2f} ms by libpam "
          "alone")
    print(f"  overhead {(total - bare) * 1000:.2f} ms, {(total - bare) / AIM:.2f} times the aim of "
          f"{AIM * 1000:.0f} ms (the median of {ROUNDS}; {min(overheads) * 1000:.2f} to "
          f"{max(overheads) * 1000:.2f}, mean {statistics.mean(overheads) * 1000:.2f}); "
          f"{total / bare:.2f} times libpam alone")


def main():
    binary_dir = pathlib.Path(os.environ.get("ROLEBRIDGE_BINARY_DIR", "build/release")).resolve()
    with Stack(binary_dir=binary_dir, edit_config=lambda text: text + LIMITS) as stack:
        direct = Direct(stack)
        for name, lines in stacks(stack).items():
            (stack.etc / "pam.d/rolebridge").write_text(lines, encoding="utf-8")
            compare(stack, direct, name)
        direct.close()


if __name__ == "__main__":
    main()
