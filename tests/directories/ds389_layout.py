"""389 Directory Server with the people and groups of the model."""

import openldap
from ds389 import Ds389

STATES = {"disabled": ["nsAccountLock: true"], "expired": ["shadowExpire: 19000"],
          "locked": ["accountUnlockTime: 19700101000000Z"]}


def named_group(group, _number):
    """groupOfNames, which may be empty here."""
    return openldap.entry(openldap.group_dn(group.name), *openldap.kinds(group, "groupOfNames"),
                          *openldap.aws(group), *openldap.members(group, "member"))


OBJECTIONS = {"disabled": "nsAccountLock=true", "expired": "shadowExpire=19000",
              "locked": "accountUnlockTime=19700101000000Z"}


def start(access):
    """The server with the model in it; `access`: the change record of docs/directories/389-ds.md."""
    return Ds389(openldap.people(STATES) + "\n" + openldap.groups(named_group), access).start()
