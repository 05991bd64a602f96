"""One-time codes as a person's telephone shows them (RFC 6238, SHA-1, six digits, 30 seconds)."""

import hashlib
import hmac
import struct
import time

SECRET = b"12345678901234567890"


def code(secret=SECRET):
    digest = hmac.new(secret, struct.pack(">Q", int(time.time() // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06}"


def wrong_code():
    """One that is not right in this moment, nor a step before or after it but by rare chance."""
    return f"{(int(code()) + 123456) % 1000000:06}"


def oath_users(*names):
    """A usersfile of pam_oath in which they all have the same device."""
    return "".join(f"HOTP/T30/6\t{name}\t-\t{SECRET.hex()}\n" for name in names)
