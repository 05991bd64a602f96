#!/usr/bin/python3
"""What looking somebody up costs, beside libldap alone, in directories of several sizes.

    ROLEBRIDGE_BINARY_DIR=build/release tests/bench/directory_bench.py [PEOPLE...]

For each size a real slapd with that many people, a fifth as many groups, one group that half of all
people are in, and people in 1, 10, 100 and 500 groups, who are in that large one besides.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))

from slapd import SAMPLE, Slapd  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
GROUPS_OF = (1, 10, 100, 500)
PEOPLE = "ou=people,dc=example,dc=org"
GROUPS = "ou=groups,dc=example,dc=org"
# Larger groups than slapd compares quickly unless told, and more entries than it gives anybody.
CONFIG = "sortvals member\nlimits * size=unlimited"


def person(name):
    return (f"dn: uid={name},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\n"
            f"sn: {name}\nmail: {name}@example.org\n\n")


def directory(people):
    """As LDIF: p0, p1, ... and those who are in a certain number of groups."""
    for i in range(people):
        yield person(f"p{i}")
    for number in GROUPS_OF:
        yield person(f"in{number}")
    groups = people // 5 + max(GROUPS_OF)
    for i in range(groups):
        yield (f"dn: cn=g{i},{GROUPS}\nobjectClass: groupOfNames\nobjectClass: awsGroup\n"
               f"cn: g{i}\nawsRole: Role{i % 50}\n")
        yield from (f"member: uid=p{(i * 5 + j) % people},{PEOPLE}\n" for j in range(5))
        yield from (f"member: uid=in{number},{PEOPLE}\n" for number in GROUPS_OF if i < number - 1)
        yield "\n"
    yield f"dn: cn=crowd,{GROUPS}\nobjectClass: groupOfNames\ncn: crowd\n"
    yield from (f"member: uid=p{i},{PEOPLE}\n" for i in range(people // 2))
    yield from (f"member: uid=in{number},{PEOPLE}\n" for number in GROUPS_OF)
    yield "\n"


def measure(people, program):
    with tempfile.NamedTemporaryFile("w", suffix=".ldif", encoding="utf-8") as ldif:
        ldif.writelines(directory(people))
        ldif.flush()
        slapd = Slapd(ldif=(SAMPLE, ldif.name), extra_config=CONFIG)
    with slapd:
        done = subprocess.run([program, slapd.uri_ldap, slapd.ca_file, slapd.bind_dn,
                               *(f"in{number}" for number in GROUPS_OF)],
                              input=slapd.bind_password + "\n", capture_output=True, text=True,
                              check=True)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        print(f"{people:>7} people, {said['groups']:>3} groups: {said['ours']:.0f} us of CPU, "
              f"{said['ratio']:.2f} times libldap alone ({said['plain']:.0f} us); half of the "
              f"lookups within {said['p50']:.2f} ms, 90 of 100 {said['p90']:.2f}, "
              f"99 of 100 {said['p99']:.2f}", flush=True)


def main():
    binaries = pathlib.Path(os.environ.get("ROLEBRIDGE_BINARY_DIR", "build/release"))
    for people in [int(text) for text in sys.argv[1:]] or SIZES:
        measure(people, binaries / "tests/directory_bench")


if __name__ == "__main__":
    main()
