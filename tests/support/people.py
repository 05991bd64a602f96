"""The sample people as PAM sees them; as the directory sees them they stand in
tests/data/sample-directory.ldif. The two agree in name and uid (security.md U6)."""

import ctypes
import dataclasses

PAM_CONF = """# Who may pass, whatever the issuer asks for.
min_uid = 1000
deny_users = toor
"""


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    uid: int
    what: str  # what is special, for the demo's table
    lock: bool = False  # `passwd -l`
    last_change: str = "20000"  # shadow(5), in days; "0": must be changed at the next login
    expires: str = ""  # shadow(5), in days
    in_directory: bool = True


PEOPLE = (
    Person("alice", 20001, "five roles over three accounts"),
    Person("bob", 20002, "one role"),
    Person("carol", 20003, "two roles in one group"),
    Person("dave", 20004, "in groups, none of which carries a role"),
    Person("erin", 20005, "in no group"),
    Person("frank", 20006, "disabled in the directory"),
    Person("grace", 20007, "expired in the directory"),
    Person("obrien", 20008, "O'Brien, in \"O'Brien's team\""),
    Person("joerg", 20009, "Jörg Müller, in \"Müller, Söhne & Co <Finance>\""),
    Person("rd", 20010, "Rita & Dan <R&D>, two roles"),
    Person("zoe", 20011, "Nuñez, Zoë: a comma in the DN"),
    Person("mallory", 20012, "group values that try for more than ReadOnly"),
    Person("heidi", 20021, "locked account (PAM)", lock=True, in_directory=False),
    Person("ivan", 20022, "expired account (PAM)", expires="19000", in_directory=False),
    Person("judy", 20023, "expired password (PAM)", last_change="0", in_directory=False),
    Person("kim", 20024, "no entry in the directory", in_directory=False),
    Person("daemonic", 900, "a system account by its uid", in_directory=False),
    Person("toor", 0, "root by another name", in_directory=False),
)

DEMO_PASSWORDS = {person.name: f"{person.name}-demo" for person in PEOPLE}


def passwd_line(person):
    """As passwd(5) wants it."""
    return f"{person.name}:x:{person.uid}:65534::/nonexistent:/usr/sbin/nologin"


def shadow_line(person, password):
    """As shadow(5) wants it, hashed by yescrypt as Debian's passwd does."""
    lock = "!" if person.lock else ""
    return (f"{person.name}:{lock}{yescrypt(password)}:{person.last_change}:0:99999:7::"
            f"{person.expires}:")


def yescrypt(password):
    # Of libcrypt itself: Python's own module for it ended with 3.12, Debian 13 has 3.13.
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt_gensalt.restype = ctypes.c_char_p
    library.crypt.restype = ctypes.c_char_p
    salt = library.crypt_gensalt(b"$y$", ctypes.c_ulong(0), None, 0)
    hashed = library.crypt(password.encode("utf-8"), salt)
    if not hashed or not hashed.startswith(b"$y$"):
        raise RuntimeError("libcrypt has no yescrypt")
    return hashed.decode("ascii")
