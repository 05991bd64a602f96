#!/usr/bin/python3
"""Makes the sample directory in the booted machine, to be served by a unit of its own, and prints
where it is as JSON: with the schema that the package installed, in a folder that outlives a reboot.
"""

import json
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, "/source/tests/support")

import slapd  # noqa: E402

FOLDER = "/srv"
UNIT = """[Unit]
Description=The sample directory
[Service]
Type=simple
ExecStart=/usr/sbin/slapd -d 0 -f {config} -h '{urls}'
[Install]
WantedBy=multi-user.target
"""


# Those without mistakes in them: `rolebridge check --online` names every other one.
GROUPS = ("aws-production-admins", "aws-production-readers", "staff")

# By whose password slapd binds, for sssd: nobody who is locked, and not for long with a password
# that somebody else chose.
POLICY = f"cn=policy,{slapd.Slapd.base}"
POLICY_ENTRY = f"""dn: {POLICY}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMustChange: TRUE
"""
HAS_TO_CHANGE = "mallory"


def password_of(name):
    """The password in the directory. Only sssd asks for it there: alice's on the host is another."""
    return f"{name}-in-the-directory"


def _with_password(block):
    found = re.search(r"(?m)^uid: (\w+)$", block)
    if not found:
        return block
    block = f"{block.rstrip()}\nuserPassword: {password_of(found[1])}"
    return block + "\npwdReset: TRUE" if found[1] == HAS_TO_CHANGE else block


def sound_sample():
    """The path of the sample directory with these groups alone, and with passwords."""
    text = pathlib.Path(slapd.SAMPLE).read_text(encoding="utf-8")
    kept = [_with_password(block) for block in text.split("\n\n")
            if "objectClass: groupOfNames" not in block
            or any(f"dn: cn={name},ou=groups" in block for name in GROUPS)]
    path = pathlib.Path(FOLDER, "sound.ldif")
    path.write_text("\n\n".join([*kept, POLICY_ENTRY]), encoding="utf-8")
    return str(path)


def main():
    os.environ["TMPDIR"] = tempfile.tempdir = FOLDER
    slapd.SCHEMA = "/usr/share/rolebridge/ldap/rolebridge.schema"
    directory = slapd.Slapd(ldif=[sound_sample()], extra_config=f"ppolicy_default {POLICY}")
    pathlib.Path("/etc/systemd/system/directory.service").write_text(
        UNIT.format(config=directory.config, urls=directory.uri_ldap + "/"), encoding="ascii")
    print(json.dumps({"uri": directory.uri_ldap, "ca_file": directory.ca_file,
                      "bind_dn": directory.bind_dn, "password": directory.bind_password,
                      "root_dn": directory.root_dn, "root_password": directory.root_password}))


if __name__ == "__main__":
    main()
