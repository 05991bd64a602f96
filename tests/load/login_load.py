#!/usr/bin/python3
"""Logins under load, over the real thing: browsers, TLS, all three processes, a directory.

    tests/load/login_load.py [--quick]

Two runs, and what each has to show:

  waiting  200 people at once wait for a PAM module that takes 30 seconds. Meanwhile the portal of
           somebody who is logged in, and /readyz, are asked, and compared with themselves at rest.
  rate     50 logins a second for a minute, by a cheap module. Each begins on schedule, whatever has
           become of those before it.

Exit status 0: every login ended in a session whose portal opened, nothing was refused, nothing
answered with an error. Times are printed and decide nothing: a slow machine is no wrong program.
The limits are raised in the configuration, see LIMITS; who logs in comes from several addresses of
loopback, and nothing leaves it.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import statistics
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from cost import cpu_seconds, cpu_seconds_of_children  # noqa: E402
from stack import Stack  # noqa: E402
from web_client import WebClient  # noqa: E402

# What one site's default would refuse. The workers stay as they are: sixteen must do.
LIMITS = """
limits:
  connections: 8192
  connections_per_address: 1024
  requests_per_connection: 100000
  waiting_requests: 1024
  conversations: 4096
  conversations_per_address: 512
  sessions_per_user: 10000
  login_failures_per_name: 10000
  login_failures_per_address: 10000
  login_failures_per_network: 10000
  login_failures_per_node: 10000
"""

# Those whom the directory gives a portal with roles.
PEOPLE = ("bob", "carol", "obrien", "joerg", "rd", "zoe")
WATCHER = "alice"
ADDRESSES = [f"127.0.0.{number}" for number in range(2, 18)]

PATIENCE = 170  # seconds for one login; PAM's own deadline is 180


@dataclasses.dataclass(frozen=True)
class Sizes:
    waiting: int  # people at once
    module_seconds: int
    arrivals: int  # of them a second
    asked_seconds: int  # how long the portal is, and then /readyz
    rate: int  # logins a second
    seconds: int


FULL = Sizes(waiting=200, module_seconds=30, arrivals=40, asked_seconds=5, rate=50, seconds=60)
QUICK = Sizes(waiting=40, module_seconds=15, arrivals=40, asked_seconds=1, rate=50, seconds=10)


class Logins:
    """Many browsers, each a thread, and what became of them."""

    def __init__(self, stack):
        self._stack = stack
        self._tls = stack.tls_context()
        self._threads = []
        self._lock = threading.Lock()  # of what follows
        self._under_way = 0
        self.seconds = []  # from name and password to the session
        self.complaints = []

    def begin(self):
        number = len(self._threads)
        thread = threading.Thread(target=self._run, args=(
            PEOPLE[number % len(PEOPLE)], ADDRESSES[number % len(ADDRESSES)]))
        self._threads.append(thread)
        with self._lock:
            self._under_way += 1
        thread.start()

    def under_way(self):
        with self._lock:
            return self._under_way

    def wait(self):
        for thread in self._threads:
            thread.join()

    def _run(self, name, address):
        try:
            took, complaint = self._log_in(name, address), None
        except (AssertionError, OSError, ValueError) as error:  # http.client's are OSError's too
            took, complaint = None, f"{name}: {type(error).__name__}: {error}"
        except Exception as error:  # a thread that died silently would be a login that was lost
            took, complaint = None, f"{name}: {error!r}"
        with self._lock:
            self._under_way -= 1
            if complaint:
                self.complaints.append(complaint)
            else:
                self.seconds.append(took)

    def _log_in(self, name, address):
        client = WebClient(self._stack.url, self._tls, address, keeps_alive=True)
        try:
            form = expect(200, client.get("/login")).form("/login")
            began = time.monotonic()
            page = client.post(form.action, {**form.fields, "username": name, "password":
                                             self._stack.passwords[name]}, follow=False)
            while page.refresh():
                expect(200, page)
                if time.monotonic() - began > PATIENCE:
                    raise AssertionError(f"not logged in after {PATIENCE} s")
                time.sleep(page.refresh_seconds())
                page = client.get(page.refresh(), follow=False)
            expect(303, page)
            took = time.monotonic() - began
            if "__Host-rb" not in client.cookies:
                raise AssertionError("no session")
            expect(200, client.get(page.header("location"))).form("/logout")
            return took
        finally:
            client.close()


def expect(status, page):
    if page.status != status:
        place = page.url.partition("?")[0]
        raise AssertionError(f"{place} was answered with {page.status}, not {status}: "
                             f"{page.visible_text()[:200]}")
    return page


def use_module(stack, arguments):
    """A PAM stack of one module, which asks for the password and takes any."""
    module = stack.binary_dir.resolve() / "tests/pam_scripted.so"
    (stack.etc / "pam.d/rolebridge").write_text(
        f"auth required {module} ask=Password: {arguments}\naccount required {module}\n",
        encoding="utf-8")


def conversations(stack):
    """How many logins are under way, as the issuer says; 0 where it says nothing."""
    with urllib.request.urlopen(stack.status_url + "/metrics", timeout=60) as answer:
        text = answer.read().decode("utf-8")
    shown = re.search(r"^rolebridge_conversations (\S+)$", text, re.MULTILINE)
    return int(float(shown[1])) if shown else 0


def cpu_of_daemons(stack):
    return sum(cpu_seconds(stack.processes[name].pid) for name in ("web", "issuer"))


@dataclasses.dataclass
class Asked:
    """One page, asked again and again for some time; all of it in seconds."""
    median: float
    late: float  # 99 of 100 came within
    cpu: float  # of web and issuer for each


def ask(stack, seconds, once, background=0.0):
    """`background`: the share of a processor that web and issuer take anyway."""
    took = []
    cpu, began = cpu_of_daemons(stack), time.monotonic()
    while time.monotonic() < began + seconds:
        start = time.monotonic()
        once()
        took.append(time.monotonic() - start)
    elapsed = time.monotonic() - began
    spent = cpu_of_daemons(stack) - cpu - background * elapsed
    took.sort()
    return Asked(statistics.median(took), took[len(took) * 99 // 100], spent / len(took))


class Watcher:
    """Somebody who is logged in, and who looks after the machine."""

    def __init__(self, stack, seconds):
        self._stack = stack
        self._seconds = seconds
        self._client = WebClient(stack.url, stack.tls_context(), keeps_alive=True)
        self.complaints = []
        self._client.log_in(WATCHER, stack.passwords[WATCHER])
        self._portal()

    def ask(self, background=0.0):
        return {"portal": ask(self._stack, self._seconds, self._portal, background),
                "/readyz": ask(self._stack, self._seconds, self._readyz, background)}

    def _portal(self):
        page = self._client.get("/", follow=False)
        if page.status != 200:
            self.complaints.append(f"the portal answered with {page.status}")

    def _readyz(self):
        status, text = self._stack.readiness()
        if status != 200:
            self.complaints.append(f"/readyz answered with {status}: {text.strip()}")


def run_waiting(stack, sizes):
    """Complaints; none where all is well."""
    use_module(stack, "")
    watcher = Watcher(stack, sizes.asked_seconds)
    at_rest = watcher.ask()
    use_module(stack, f"wait={sizes.module_seconds}")
    logins = Logins(stack)
    began = time.monotonic()
    for number in range(sizes.waiting):
        pause(until=began + number / sizes.arrivals)
        logins.begin()
    in_progress = wait_for_all(stack, logins, sizes.waiting)
    background = share_of_a_processor(stack)
    meanwhile = watcher.ask(background)
    still = conversations(stack)
    logins.wait()

    print(f"waiting: {len(logins.seconds)} of {sizes.waiting} logged in after a module that took "
          f"{sizes.module_seconds} s; {in_progress} in progress at once, {still} after asking; they "
          f"alone cost web and issuer {background * 100:.1f} % of a processor")
    for name, rest in at_rest.items():
        busy = meanwhile[name]
        print(f"  {name} at rest {rest.median * 1000:.2f} ms (99 of 100 within "
              f"{rest.late * 1000:.2f}), meanwhile {busy.median * 1000:.2f} ms "
              f"({busy.late * 1000:.2f}): {busy.median / rest.median:.2f} times; CPU "
              f"{rest.cpu * 1000:.2f} and {busy.cpu * 1000:.2f} ms: {busy.cpu / rest.cpu:.2f} times")
    complaints = logins.complaints + watcher.complaints
    if min(in_progress, still) < sizes.waiting:
        complaints.append(f"not all {sizes.waiting} were in progress while portal and /readyz were "
                          f"asked: {in_progress} before, {still} after")
    return complaints


def wait_for_all(stack, logins, count):
    """How many the issuer shows to be in progress: `count`, or fewer where some have ended."""
    while True:
        shown = conversations(stack)
        if shown >= count or logins.under_way() < count:
            return shown
        time.sleep(0.1)


def share_of_a_processor(stack):
    """What web and issuer take without anybody else asking."""
    cpu, began = cpu_of_daemons(stack), time.monotonic()
    time.sleep(2.5)  # longer than the page of those who wait takes to come again
    return (cpu_of_daemons(stack) - cpu) / (time.monotonic() - began)


def run_rate(stack, sizes):
    """Complaints; none where all is well."""
    use_module(stack, "")
    logins = Logins(stack)
    before = cpu_by_process(stack)
    own = time.process_time()
    count = sizes.rate * sizes.seconds
    began = time.monotonic()
    for number in range(count):
        pause(until=began + number / sizes.rate)
        logins.begin()
    all_begun = time.monotonic()
    backlog = logins.under_way()
    logins.wait()
    ended = time.monotonic()

    after = cpu_by_process(stack)
    took = sorted(logins.seconds)
    print(f"rate: {len(took)} of {count} logged in, begun at {count / (all_begun - began):.1f} and "
          f"ended at {len(took) / (ended - began):.1f} a second; {backlog} under way when the last "
          "began")
    if took:
        print(f"  name and password to session: median {statistics.median(took) * 1000:.0f} ms, "
              f"99 of 100 within {took[len(took) * 99 // 100] * 1000:.0f} ms")
        parts = ", ".join(f"{name} {(after[name] - before[name]) / len(took) * 1000:.2f}"
                          for name in after)
        print(f"  CPU a login with its portal, in ms: {parts}; this client "
              f"{(time.process_time() - own) / len(took) * 1000:.2f}")
    complaints = logins.complaints
    if len(took) + len(complaints) != count:
        complaints.append(f"{count - len(took) - len(complaints)} logins were lost")
    return complaints


def cpu_by_process(stack):
    activator = stack.processes["pam"].pid
    return {"web": cpu_seconds(stack.processes["web"].pid),
            "issuer": cpu_seconds(stack.processes["issuer"].pid),
            "rolebridge-pam": cpu_seconds_of_children(activator),
            "activator": cpu_seconds(activator)}


def pause(until):
    left = until - time.monotonic()
    if left > 0:
        time.sleep(left)


def report(name, complaints, stack):
    if not complaints:
        return 0
    print(f"{name}: {len(complaints)} complaints")
    for text in complaints[:10]:
        print(f"  {text}")
    for process in ("web", "issuer", "pam"):
        # Warnings and worse by their priority, refusals, and what the activator saw to end badly.
        lines = [line for line in stack.log(process).splitlines()
                 if re.search(r"^<[0-4]>|login_denied|died with code [^0]", line)]
        print(f"--- {process}", *(line[:400] for line in lines[:5]), sep="\n")
    return 1


def main():
    parser = argparse.ArgumentParser(description="logins under load; see the head of this file")
    parser.add_argument("--quick", action="store_true", help="fewer of them, in half a minute")
    parser.add_argument("--run", choices=("waiting", "rate"), help="this one alone")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    runs = {"waiting": run_waiting, "rate": run_rate}
    binary_dir = pathlib.Path(os.environ.get("ROLEBRIDGE_BINARY_DIR", "build/release")).resolve()
    failed = 0
    with Stack(binary_dir=binary_dir, edit_config=lambda text: text + LIMITS) as stack:
        for name, run in runs.items():
            if arguments.run in (None, name):
                failed += report(name, run(stack, sizes), stack)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
