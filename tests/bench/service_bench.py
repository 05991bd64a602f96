#!/usr/bin/python3
"""What the whole service costs: start, memory, and a warm sign-on over HTTPS with the directory read
live, in CPU time of all our processes together, against one raw RSA-2048 signature measured in the
same run, and against the necessary parts alone (sign_on_floor.cc). Prints the numbers that README
quotes; decides nothing.

    ROLEBRIDGE_BINARY_DIR=build/release tests/bench/service_bench.py
"""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from cost import cpu_seconds  # noqa: E402
from stack import Stack  # noqa: E402
from web_client import WebClient, hand_over  # noqa: E402

ROUNDS = 7
SECONDS = 3
FLOOR_ROUNDS = 3
FLOOR_COUNT = 2000
PERSON = "alice"

# The load needs more than a person may have in a minute; refusals would make it look cheap, so the
# answers are counted below.
LIMITS = """
limits:
  requests_per_connection: 1000000
  responses_per_session_and_minute: 10000000
  responses_per_minute: 10000000
"""

WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Cookie"] = %s
wrk.headers["Origin"] = %s
done = function(summary, latency, requests)
  io.write(string.format("requests=%%d bad=%%d errors=%%d\\n", summary.requests,
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def resident_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1))


def frames_of(pid):
    """The page frames of a process that are in memory; None where the kernel hides them."""
    size = os.sysconf("SC_PAGE_SIZE")
    frames = set()
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for line in maps:
            begin, end = (int(text, 16) // size for text in line.split()[0].split("-"))
            if "[vsyscall]" in line:  # the kernel's, in nobody's page table
                continue
            pagemap.seek(begin * 8)
            for (entry,) in struct.iter_unpack("<Q", pagemap.read((end - begin) * 8)):
                if entry >> 63:  # present; Documentation/admin-guide/mm/pagemap.rst
                    frames.add(entry & (1 << 55) - 1)
    return None if frames == {0} else frames


class RawSignatures:
    """Signs beside the load, so that both are measured under what the machine does at that time: a
    neighbour on the same silicon makes each of them dearer."""

    def __init__(self, binary_dir):
        self.out = tempfile.NamedTemporaryFile("r", suffix=".json")
        self.process = subprocess.Popen(
            [str(binary_dir / "tests/issue_bench"), "--benchmark_filter=RawRsa2048",
             f"--benchmark_min_time={SECONDS * 0.6}", f"--benchmark_out={self.out.name}",
             "--benchmark_out_format=json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def seconds(self):
        """CPU of one signature."""
        if self.process.wait() != 0:
            raise SystemExit("the benchmark of the raw signature failed")
        return json.load(self.out)["benchmarks"][0]["cpu_time"] / 1e6


def daemons(stack):
    return {name: stack.processes[name].pid for name in ("issuer", "web")}


def print_memory(stack, when):
    sizes = {name: resident_kib(pid) for name, pid in daemons(stack).items()}
    parts = ", ".join(f"{name} {size / 1024:.1f}" for name, size in sizes.items())
    print(f"resident memory {when}: {sum(sizes.values()) / 1024:.1f} MB ({parts})")
    frames = [frames_of(pid) for pid in daemons(stack).values()]
    if None not in frames:
        pages = len(set().union(*frames))
        print(f"  of the machine's memory, what both share counted once: "
              f"{pages * os.sysconf('SC_PAGE_SIZE') / 2**20:.1f} MB")


def print_start(stack):
    """From the start of issuer and web to the first /readyz that says yes."""
    times = []
    for _ in range(5):
        stack.stop("web")
        stack.stop("issuer")
        began = time.monotonic()
        stack.start_issuer()
        stack.start_web()
        stack.wait_ready()
        times.append(time.monotonic() - began)
    print(f"start to ready: {min(times) * 1000:.0f} ms (the fastest of {len(times)})")


def load(stack, client, binary_dir):
    """ROUNDS of load_round(), the one with the median ratio."""
    page = client.get("/")
    form = page.form("/apps/")
    role = next(value for name, value in form.buttons if name == "role" and value != "all")
    hand_over(client.post(form.action, {**form.fields, "role": role}))
    fields = "&".join(f"{name}={urlencode(value)}"
                      for name, value in {**form.fields, "role": role}.items())
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT % tuple(json.dumps(text) for text in (fields, cookies, stack.url)))
        script.flush()
        rounds = [load_round(stack, script.name, form.action, binary_dir) for _ in range(ROUNDS)]
    return sorted(rounds, key=lambda each: sum(each[0].values()) / each[1])[ROUNDS // 2]


def load_round(stack, script, url, binary_dir):
    """(CPU seconds of one sign-on by daemon, those of one raw signature)."""
    before = {name: cpu_seconds(pid) for name, pid in daemons(stack).items()}
    raw = RawSignatures(binary_dir)
    done = subprocess.run(["wrk", "-t1", "-c4", f"-d{SECONDS}s", "-s", script, url],
                          capture_output=True, text=True, check=True)
    after = {name: cpu_seconds(pid) for name, pid in daemons(stack).items()}
    found = re.search(r"requests=(\d+) bad=(\d+) errors=(\d+)", done.stdout)
    requests, bad, errors = (int(number) for number in found.groups())
    if bad or errors:
        raise SystemExit(f"{bad} refusals and {errors} errors in {requests} requests:\n"
                         f"{stack.log('issuer')[-2000:]}")
    return {name: (after[name] - before[name]) / requests for name in before}, raw.seconds()


def floor(stack, binary_dir):
    """FLOOR_ROUNDS of the necessary parts alone: (milliseconds of CPU by part, seconds of one raw
    signature), the one with the median ratio."""
    rounds = []
    for _ in range(FLOOR_ROUNDS):
        raw = RawSignatures(binary_dir)
        with tempfile.TemporaryDirectory(dir=stack.folder) as folder:
            done = subprocess.run(
                [str(binary_dir / "tests/sign_on_floor"), stack.slapd.uri_ldap, stack.slapd.ca_file,
                 stack.slapd.bind_dn, stack.slapd.bind_password, stack.slapd.base, PERSON,
                 str(stack.etc / "tls.crt"), str(stack.etc / "tls.key"),
                 str(stack.etc / "saml.key"), folder, str(FLOOR_COUNT)],
                capture_output=True, text=True, check=True)
        parts = {name: float(number) for name, number in re.findall(r"(\w+)=([\d.]+)", done.stdout)}
        rounds.append((parts, raw.seconds()))
    return sorted(rounds, key=lambda each: each[0]["sum"] / each[1])[FLOOR_ROUNDS // 2]


def urlencode(text):
    return "".join(chr(byte) if chr(byte).isalnum() else f"%{byte:02X}" for byte in text.encode())


def main():
    binary_dir = pathlib.Path(os.environ.get("ROLEBRIDGE_BINARY_DIR", "build/release")).resolve()
    with Stack(binary_dir=binary_dir, edit_config=lambda text: text + LIMITS) as stack:
        print_start(stack)
        print_memory(stack, "at rest")
        client = WebClient(stack.url, stack.tls_context())
        client.log_in(PERSON, stack.passwords[PERSON])
        each, raw = load(stack, client, binary_dir)
        total = sum(each.values())
        parts = ", ".join(f"{name} {seconds * 1000:.3f}" for name, seconds in each.items())
        print(f"sign-on over HTTPS: {total * 1000:.3f} ms of CPU ({parts})")
        print(f"that is {total / raw:.2f} times one RSA-2048 signature ({raw * 1000:.3f} ms beside "
              f"it; the median of {ROUNDS})")
        print_memory(stack, "after load")
        least, raw = floor(stack, binary_dir)
        parts = ", ".join(f"{name} {number:.3f}" for name, number in least.items() if name != "sum")
        by_themselves = (least["signing"] + least["verification"]) / raw / 1000
        print(f"the necessary parts alone: {least['sum']:.3f} ms of CPU ({parts}): "
              f"{least['sum'] / raw / 1000:.2f} times one RSA-2048 signature; signing and "
              f"verification of it {by_themselves:.2f}")


if __name__ == "__main__":
    main()
