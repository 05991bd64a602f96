#!/usr/bin/python3
"""`rolebridge plan` over 100,000 people in 10,000 groups of a real slapd: time and peak memory.

    ROLEBRIDGE_BINARY_DIR=build/release tests/bench/plan_bench.py [PEOPLE [GROUPS]]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))

from slapd import SAMPLE, Slapd  # noqa: E402

GROUPS_OF_EACH = 3
ROLES = 50

CONFIG = """
url: https://sso.example.org
listen: {{ address: 127.0.0.1:8443 }}
signing: [{{ certificate: saml.crt, key: saml.key }}]
ldap:
  uris: ["{uri}"]
  ca_file: "{ca}"
  bind: {{ dn: "{dn}", password_file: ldap.secret }}
  users: {{ base: "ou=people,dc=example,dc=org", attributes: {{ email: mail }} }}
  groups: {{ base: "ou=groups,dc=example,dc=org", attributes: {{ aws_role: awsRole }} }}
accounts: {{ production: {{ id: "123412341234" }} }}
mappings:
  aws-role:
    saml_name: https://aws.amazon.com/SAML/Attributes/Role
    for_each: group in groups, role in group.aws_role
    value: "{{{{ accounts['production'].iam }}}}:role/{{{{ role }}}},{{{{ accounts['production'].provider_arn }}}}"
applications:
  aws: {{ preset: aws, allowed_roles: [{allowed}], mappings: [aws-role] }}
"""


def directory(people, groups):
    """People p0, p1, ... each in GROUPS_OF_EACH of the groups g0, g1, ... as LDIF."""
    members = [[] for _ in range(groups)]
    for i in range(people):
        for j in range(GROUPS_OF_EACH):
            members[(i * 7919 + j * 104729) % groups].append(i)
    for i in range(people):
        yield (f"dn: uid=p{i},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\n"
               f"uid: p{i}\ncn: Person {i}\nsn: {i}\nmail: p{i}@example.org\n\n")
    for i, group in enumerate(members):
        yield (f"dn: cn=g{i},ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\n"
               f"objectClass: awsGroup\ncn: g{i}\nawsRole: Role{i % ROLES}\n")
        yield from (f"member: uid=p{one},ou=people,dc=example,dc=org\n" for one in group)
        yield "\n"


def write_configs(folder, slapd):
    (folder / "ldap.secret").write_text(slapd.bind_password, encoding="utf-8")
    (folder / "ldap.secret").chmod(0o600)
    paths = []
    for name, allowed in (("old", '"*"'), ("new", '"Role?", "Role1?"')):
        path = folder / f"{name}.yaml"
        path.write_text(CONFIG.format(uri=slapd.uri_ldap, ca=slapd.ca_file, dn=slapd.bind_dn,
                                      allowed=allowed), encoding="utf-8")
        path.chmod(0o640)
        paths.append(str(path))
    return paths


def main():
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    groups = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    program = pathlib.Path(os.environ.get("ROLEBRIDGE_BINARY_DIR", "build/release")) / "bin/rolebridge"
    with tempfile.TemporaryDirectory(prefix="rolebridge-plan-") as name:
        folder = pathlib.Path(name)
        big = folder / "big.ldif"
        with big.open("w", encoding="utf-8") as ldif:
            ldif.writelines(directory(people, groups))
        with Slapd(ldif=(SAMPLE, str(big)),
                   extra_config="limits * size=unlimited size.prtotal=unlimited") as slapd:
            old, new = write_configs(folder, slapd)
            with open(folder / "plan.json", "w", encoding="utf-8") as out:
                began = time.monotonic()
                process = subprocess.Popen([str(program), "plan", new, "--config", old, "--json"],
                                           stdout=out)
                _, status, usage = os.wait4(process.pid, 0)
                took = time.monotonic() - began
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        assert os.waitstatus_to_exitcode(status) == 1, status
        print(f"plan: {plan['people']} people, {groups} groups, {plan['losing']} of them lose "
              f"{plan['losses']} roles: {took:.0f} s, {usage.ru_utime + usage.ru_stime:.0f} s of CPU, "
              f"peak memory {usage.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
