#!/usr/bin/python3
"""A name server on the loopback interface, dnsmasq, that knows what it is told: name_server.py

Prints its port. Each line of its input is a list of SRV records in JSON, as dnsmasq writes them
("_ldap._tcp.localhost,localhost,389,10,5": name, target, port, priority, weight), which are then all
that it knows; once it does, it prints an empty object. It ends with its input.
"""

import json
import os
import pwd
import socket
import subprocess
import sys
import time

from slapd import end_with_parent, free_port


class NameServer:

    def __init__(self):
        self.port = free_port()
        self.process = None

    def know(self, records):
        self.stop()
        me = pwd.getpwuid(os.getuid()).pw_name
        self.process = subprocess.Popen(
            ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
             "--no-hosts", f"--port={self.port}", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--pid-file", f"--user={me}", "--local=/localhost/", "--log-facility=-",
             *[f"--srv-host={record}" for record in records]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent)
        deadline = time.monotonic() + 30
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("dnsmasq did not start; apt-get install dnsmasq-base")
            time.sleep(0.02)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
        self.process = None


def main():
    server = NameServer()
    print(server.port, flush=True)
    for line in sys.stdin:
        server.know(json.loads(line))
        print("{}", flush=True)
    server.stop()


if __name__ == "__main__":
    main()
