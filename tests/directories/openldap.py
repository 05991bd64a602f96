"""The layouts that OpenLDAP's directories come in, with the people and groups of the model."""

import base64
import dataclasses
import tempfile

import model
from slapd import Slapd

PEOPLE_BASE = f"ou=people,{model.BASE}"
GROUPS_BASE = f"ou=groups,{model.BASE}"
ELSEWHERE = f"ou=teams,{GROUPS_BASE}"
# What keeps an account from passing, for PAM as for us.
STATES = {"disabled": ["pwdAccountLockedTime: 000001010000Z"], "expired": ["shadowExpire: 19000"],
          "locked": ["pwdAccountLockedTime: 20260101000000Z"]}
DYNAMIC = """overlay dynlist
dynlist-attrset groupOfURLs memberURL member+memberOf@groupOfNames*"""
AUTOGROUP = """overlay autogroup
autogroup-attrset groupOfURLs memberURL member"""


def rdn(attribute, value):
    """`attribute=value`, escaped as RFC 4514 section 2.4 wants it."""
    escaped = "".join("\\" + letter if letter in ',+"\\<>;=' else letter for letter in value)
    if escaped[:1] in ("#", " "):
        escaped = "\\" + escaped
    return f"{attribute}={escaped}"


def person_dn(name):
    return f"{rdn('uid', name)},{PEOPLE_BASE}"


def group_dn(name):
    group = next(group for group in model.GROUPS if group.name == name)
    return f"{rdn('cn', name)},{ELSEWHERE if group.elsewhere else GROUPS_BASE}"


def spelled(dn, number):
    """The same name as somebody else might have typed it: other case, a space after the comma."""
    if number % 3 == 1:
        return dn.replace(f",{model.BASE}", ", DC=Example,DC=ORG")
    if number % 3 == 2:
        head, tail = dn.split("=", 1)
        return f"{head.upper()}={tail}"
    return dn


def line(attribute, value):
    """One line of LDIF, whatever the value's letters."""
    return f"{attribute}:: {base64.b64encode(value.encode()).decode()}"


def entry(dn, *lines):
    return "\n".join([line("dn", dn), *lines]) + "\n"


def unit(dn):
    return entry(dn, "objectClass: organizationalUnit")


def person(one, number, states):
    lines = ["objectClass: inetOrgPerson", "objectClass: posixAccount",
             "objectClass: shadowAccount", line("uid", one.name), line("cn", one.full_name),
             line("sn", one.name), f"uidNumber: {20000 + number}", "gidNumber: 20000",
             f"homeDirectory: /home/{one.name}"]
    lines += [line("mail", mail) for mail in one.mails]
    if one.state:
        lines += states[one.state]
    return entry(person_dn(one.name), *lines)


def kinds(group, *names):
    """Its object classes. In one place of the entry: slapadd forgets those before a gap."""
    return [f"objectClass: {name}" for name in (*names, *(["awsGroup"] if group.roles else []))]


def aws(group):
    if not group.roles:
        return []
    return [f"awsAccount: {model.ACCOUNT}", *(line("awsRole", role) for role in group.roles)]


def members(group, attribute):
    names = [person_dn(name) for name in group.people] + [group_dn(name) for name in group.groups]
    return [line(attribute, spelled(dn, i)) for i, dn in enumerate(names)]


def named_group(group, number):
    """groupOfNames with what RFC 2307bis adds; an empty one holds the empty name."""
    return entry(group_dn(group.name), *kinds(group, "groupOfNames", "posixGroup"),
                 f"gidNumber: {30000 + number}", *aws(group),
                 *(members(group, "member") or ["member:"]))


def unique_group(group, _number):
    return entry(group_dn(group.name), *kinds(group, "groupOfUniqueNames"), *aws(group),
                 *(members(group, "uniqueMember") or ["uniqueMember:"]))


def mixed_group(group, number):
    """memberUid for people, member for groups: what a directory that grew up has."""
    inner = [line("member", group_dn(name)) for name in group.groups]
    return entry(group_dn(group.name), *kinds(group, "groupOfNames", "posixGroup"),
                 f"gidNumber: {30000 + number}", *aws(group), *(inner or ["member:"]),
                 *(line("memberUid", name) for name in group.people))


def group_of_people(group, number):
    """named_group before groups are in it: the memberof overlay counts who is there already."""
    return named_group(dataclasses.replace(group, groups=()), number)


def groups_into_groups():
    """Change records that add what group_of_people leaves out."""
    return "\n".join("\n".join([line("dn", group_dn(group.name)), "changetype: modify",
                                "add: member",
                                *(line("member", group_dn(name)) for name in group.groups), ""])
                     for group in model.GROUPS if group.groups)


def is_dynamic(group):
    return bool(group.people) and not group.groups


def member_url(group):
    names = "".join(f"(uid={name})" for name in group.people)
    return line("memberURL", f"ldap:///{PEOPLE_BASE}??sub?(|{names})")


def dynamic_group(group, number):
    """Who is in it says a search, where the group holds people alone."""
    if not is_dynamic(group):
        return named_group(group, number)
    return entry(group_dn(group.name), *kinds(group, "groupOfURLs", "extensibleObject"),
                 *aws(group), member_url(group))


def everybody_changed():
    """Change records after which autogroup has collected: it looks where a person changes."""
    return "\n".join("\n".join([line("dn", person_dn(one.name)), "changetype: modify",
                                "replace: description", "description: changed", ""])
                     for one in model.PEOPLE)


def people(states):
    """The people of the model, and what they and the groups stand below, as LDIF."""
    ldif = [entry(model.BASE, "objectClass: organization", "objectClass: dcObject", "o: Example",
                  "dc: example")]
    ldif += [unit(dn) for dn in (f"ou=services,{model.BASE}", PEOPLE_BASE, GROUPS_BASE, ELSEWHERE)]
    ldif.append(entry(Slapd.bind_dn, "objectClass: organizationalRole",
                      "objectClass: simpleSecurityObject", "userPassword: replaced-at-start"))
    ldif += [person(one, i, states) for i, one in enumerate(model.PEOPLE)]
    return "\n".join(ldif)


def groups(group_writer):
    return "\n".join(group_writer(group, i) for i, group in enumerate(model.GROUPS))


def start(group_writer, access, *, memberof=False, module="", overlay=""):
    """A slapd with the model in it; `access`: the rules of docs/directories/openldap.md."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ldif") as ldif:
        ldif.write(people(STATES))
        ldif.flush()
        server = Slapd(ldif=[ldif.name], memberof=memberof, access=access, is_2307bis=True,
                       modules=[module] if module else [], extra_schemas=["dyngroup"],
                       extra_config=overlay)
    server.start()
    # Through the front door: overlays look at what is added there.
    server.root("ldapadd", groups(group_writer))
    return server
