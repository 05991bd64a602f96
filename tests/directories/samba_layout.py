"""Samba's Active Directory with the people and groups of the model."""

import model
from openldap import line, rdn
from samba_dc import BASE, UNIVERSAL, Samba, folder_entry, password_line, replace_record

# By attributes that take several values there, where mail and info take one.
ATTRIBUTES = (("email: mail", "email: otherMailbox"),
              ("aws_role: info", "aws_role: extensionName, aws_account: adminDescription"))
STATES = {"disabled": ("userAccountControl", 514),
          "expired": ("accountExpires", 126444736000000000)}  # 2001-09-09T01:46:40Z
OBJECTIONS = {"disabled": "userAccountControl=514", "expired": "accountExpires=126444736000000000",
              "locked": "msDS-User-Account-Control-Computed=16"}
PASSWORD = "A1-of-everybody"


def person_dn(name):
    return f"{rdn('CN', name)},CN=Users,{BASE}"


def group_dn(name):
    group = next(group for group in model.GROUPS if group.name == name)
    return f"{rdn('CN', name)},{'OU=teams,' if group.elsewhere else ''}OU=AWS,{BASE}"


def added(dn, kind, *lines):
    return "\n".join([line("dn", dn), "changetype: add", f"objectClass: {kind}", *lines]) + "\n\n"


def person(one):
    return added(person_dn(one.name), "user", f"sAMAccountName: {one.name}",
                 line("displayName", one.full_name), "userAccountControl: 512",
                 password_line(PASSWORD).strip(),
                 *(line("otherMailbox", mail) for mail in one.mails))


def group(one, number):
    # A sAMAccountName does not take the letters of every name.
    gives = [f"adminDescription: {model.ACCOUNT}",
             *(line("extensionName", role) for role in one.roles)]
    return added(group_dn(one.name), "group", f"sAMAccountName: g{number}",
                 f"groupType: {UNIVERSAL}", *(gives if one.roles else []))


def members(one):
    """Once all are there; the domain lets no group hold itself."""
    names = [person_dn(name) for name in one.people]
    names += [group_dn(name) for name in one.groups if name != one.name]
    if not names:
        return ""
    return "\n".join([line("dn", group_dn(one.name)), "changetype: modify", "add: member",
                      *(line("member", name) for name in names)]) + "\n\n"


def lock(server, name):
    """As three wrong passwords do."""
    server.modify(replace_record(BASE, "lockoutThreshold", 3))
    for _ in range(3):
        assert not server.accepts(person_dn(name), "wrong")


def start():
    server = Samba().start()
    server.modify(folder_entry("AWS") + added(f"OU=teams,OU=AWS,{BASE}", "organizationalUnit")
                  + "".join(person(one) for one in model.PEOPLE)
                  + "".join(group(one, i) for i, one in enumerate(model.GROUPS))
                  + "".join(members(one) for one in model.GROUPS))
    for one in model.PEOPLE:
        if one.state == "locked":
            lock(server, one.name)
        elif one.state:
            server.modify(replace_record(person_dn(one.name), *STATES[one.state]))
    return server
