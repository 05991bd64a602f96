#!/usr/bin/python3
"""What somebody would try who had taken over the process that this runs as. Prints as JSON what came
of each: "done", or the name of the error that refused it."""

import ctypes
import errno
import glob
import json
import os
import signal
import socket
import time

# As init calls the first one.
SIGNING_KEY = f"/etc/rolebridge/signing/saml-{time.strftime('%Y-%m', time.gmtime())}.key"
PTRACE_ATTACH = 16
MFD_CLOEXEC = 1
LOADER = (glob.glob("/lib64/ld-linux-*.so.*") + glob.glob("/lib/ld-linux-*.so.*"))[0]
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def write(path):
    with open(path, "wb"):
        pass


def connect(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        peer.connect(path)


def open_socket(family, kind=socket.SOCK_STREAM):
    socket.socket(family, kind).close()


def execute(path, *arguments):
    """Runs a program; its exec's error comes back through a pipe that closes where it works."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path, *arguments])
        except OSError as error:
            os.write(writer, str(error.errno).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        refusal = pipe.read()
    _, status = os.waitpid(child, 0)
    if refusal:
        raise OSError(int(refusal), "")
    if status != 0:
        raise OSError(errno.ENOEXEC, "")


def execute_own():
    """A program that it wrote itself."""
    path = "/tmp/brought-along"
    with open(path, "wb") as target, open("/bin/true", "rb") as source:
        target.write(source.read())
    os.chmod(path, 0o700)
    execute(path)


def execute_from_memory():
    check(LIBC.memfd_create(b"brought-along", MFD_CLOEXEC))


def trace():
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        check(LIBC.ptrace(PTRACE_ATTACH, child, None, None))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


ATTEMPTS = {
    "list the signing keys": lambda: os.listdir("/etc/rolebridge/signing"),
    "read the signing key": lambda: read(SIGNING_KEY),
    "read the directory's password": lambda: read("/etc/rolebridge/ldap.secret"),
    "read the configuration": lambda: read("/etc/rolebridge/rolebridge.yaml"),
    "list the configuration's folder": lambda: os.listdir("/etc/rolebridge"),
    "list the state": lambda: os.listdir("/var/lib/rolebridge"),
    "read the accounts' passwords": lambda: read("/etc/shadow"),
    "connect to the PAM socket": lambda: connect("/run/rolebridge/pam.sock"),
    "connect as an administrator": lambda: connect("/run/rolebridge-admin.sock"),
    "connect to the issuer": lambda: connect("/run/rolebridge/issuer.sock"),
    "read its own TLS key": lambda: read("/etc/rolebridge/tls.key"),
    "open an IPv4 socket": lambda: open_socket(socket.AF_INET),
    "open an IPv6 socket": lambda: open_socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "open a netlink socket": lambda: open_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "run a shell": lambda: execute("/bin/sh", "-c", "exit 0"),
    "run the dynamic loader on a shell": lambda: execute(LOADER, "/bin/sh", "-c", "exit 0"),
    "run a program of its own": execute_own,
    "run one from memory": execute_from_memory,
    "trace a process": trace,
    "write to /etc": lambda: write("/etc/taken-over"),
    "write beside the sockets": lambda: write("/run/rolebridge/taken-over"),
}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"


if __name__ == "__main__":
    print(json.dumps({name: outcome(attempt) for name, attempt in ATTEMPTS.items()}))
