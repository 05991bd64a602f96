"""People and groups as every directory of the conformance suite holds them, and who is in what.

What is expected is worked out here, from the lists below, by nothing that rolebridge has a part in.
"""

import dataclasses

BASE = "dc=example,dc=org"
ACCOUNT = "123412341234"


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    full_name: str
    mails: tuple = ()
    # What keeps the account from being used: "disabled", "expired" or "locked"; "" where nothing.
    state: str = ""


@dataclasses.dataclass(frozen=True)
class Group:
    name: str
    people: tuple = ()
    groups: tuple = ()  # those that are members of this one
    roles: tuple = ()
    elsewhere: bool = False  # below another organizational unit than most


CROWD = tuple(f"crowd{i:03}" for i in range(300))  # members of one large group
MANY = tuple(f"many-{i:03}" for i in range(200))   # groups of one person
CHAIN = tuple(f"chain-{i:02}" for i in range(1, 33))
TOO_LONG = tuple(f"abyss-{i:02}" for i in range(1, 34))

PEOPLE = (
    Person("alice", "Alice Example", ("alice@example.org",)),
    Person("al", "Al, whose name begins another's"),
    Person("bob", "Bob Builder", ("bob@example.org", "robert@example.org")),
    Person("nils", "Nils, in groups through groups"),
    Person("ring", "In a group that holds itself"),
    Person("diamond", "By two ways into one group"),
    Person("deep", "As deep as is allowed"),
    Person("abyss", "Deeper"),
    Person("busy", "In many groups"),
    Person("zoe", "Zoë Müller-Lüdenscheidt"),
    Person("quote", "O'Brien, \"Pat\" + <Co> #1"),
    Person("loner", "In no group"),
    Person("away", "Disabled", state="disabled"),
    Person("gone", "Expired", state="expired"),
    Person("shut", "Locked after wrong passwords", state="locked"),
    *(Person(name, "One of a crowd") for name in CROWD),
)


def _chain(names, person):
    groups = [Group(names[0], people=(person,))]
    groups += [Group(name, groups=(below,)) for below, name in zip(names, names[1:])]
    return groups


GROUPS = (
    Group("staff", people=("alice", "bob", "al", "zoe", "away", "gone", "shut")),
    Group("aws-readers", people=("alice", "bob"), roles=("ReadOnly",)),
    Group("aws-admins", people=("alice",), groups=("on call",), roles=("Administrator", "Billing")),
    Group("on call", people=("nils",), groups=("platform",)),
    Group("platform", people=("bob",), elsewhere=True),
    # Names that a distinguished name must escape.
    Group("R&D, Berlin", people=("zoe",)),
    Group("Ops + On-Call", groups=("R&D, Berlin",)),
    Group("Zürich", groups=("Ops + On-Call",), roles=("Zurich",)),
    Group("say \"hi\" <now>; #1", people=("quote",)),
    Group("#first", groups=("say \"hi\" <now>; #1",)),
    Group("a=b", groups=("#first",)),
    # Rings.
    Group("ring a", people=("ring",), groups=("ring c",)),
    Group("ring b", groups=("ring a",)),
    Group("ring c", groups=("ring b",)),
    Group("self", people=("ring",), groups=("self",)),
    # Two ways.
    Group("left", people=("diamond",)),
    Group("right", people=("diamond",)),
    Group("top", groups=("left", "right")),
    Group("side", groups=("right",)),
    Group("crowded", people=CROWD + ("busy",)),
    Group("above the crowd", groups=("crowded",)),
    Group("abandoned"),
    *(Group(name, people=("busy",)) for name in MANY),
    *_chain(CHAIN, "deep"),
    *_chain(TOO_LONG, "abyss"),
)


def names_of_groups(person, nested):
    """Of all groups that `person` is in."""
    holding = {group.name for group in GROUPS if person in group.people}
    while nested:
        above = {group.name for group in GROUPS if holding & set(group.groups)}
        if above <= holding:
            break
        holding |= above
    return holding


def names_of_roles(person, nested):
    groups = names_of_groups(person, nested)
    return {role for group in GROUPS if group.name in groups for role in group.roles}
