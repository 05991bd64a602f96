#!/usr/bin/python3
"""Stands between us and a directory server, and does what networks do: fault_proxy.py PORT SOCKET

Connections to its own TCP port go to PORT (ldaps) on the loopback interface, those to its own unix
socket to SOCKET (ldapi). It prints both of its addresses as a line of JSON, obeys orders in JSON,
one a line, and ends with its standard input:

  {"do": "behave", "as": "pass"}                         everything goes through
  {"do": "behave", "as": "refuse"}                       nobody listens
  {"do": "behave", "as": "black-hole"}                   connecting never ends (TCP alone)
  {"do": "behave", "as": "silent"}                       accepts, and never says anything
  {"do": "behave", "as": "pass", "after": N, "then": X}  N pieces of answers go through, then X:
      close, reset, half-close, stall, truncate (half a piece, then the end), garbage
  {"do": "behave", "as": "pass", "delay": MS}            each piece is that late
  {"do": "behave", "as": "flap", "seed": N}              comes and goes; each connection another way
  {"do": "cut"}                                          all connections there are end now
  {"do": "stall"}                                        they stay, and nothing comes any more
  {"do": "count"}                                        how many were accepted, how many are open

A piece is what a server says as one: an LDAP message on the unix socket, a TLS record on TCP. How
it behaves counts for connections from then on; who listens, at once.
"""

import json
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.parse

from slapd import free_port

ENDS = ("close", "reset", "half-close", "stall", "truncate", "garbage")


def tls_piece(data):
    """How long the first TLS record of `data` is (RFC 8446 5.1); None where more has to come."""
    return 5 + int.from_bytes(data[3:5], "big") if len(data) >= 5 else None


def ldap_piece(data):
    """The same of an LDAP message: a SEQUENCE with its length (X.690 8.1.3)."""
    if len(data) < 2:
        return None
    if data[1] < 128:
        return 2 + data[1]
    digits = data[1] - 128
    if len(data) < 2 + digits:
        return None
    return 2 + digits + int.from_bytes(data[2:2 + digits], "big")


class Link:
    """One connection of a client, with its own to the server."""

    def __init__(self, client, connect, piece_length, manner, seed):
        self.client = client
        self.connect = connect
        self.piece_length = piece_length
        self.manner = manner
        self.random = random.Random(seed)
        self.is_stalled = threading.Event()
        self.is_reset = False
        self.server = None
        self.questions = threading.Thread(target=self.forward_questions, daemon=True)

    def end(self):
        for side in (self.client, self.server):
            # Of a reset the other side hears by close, and by nothing before that.
            how = socket.SHUT_RD if side is self.client and self.is_reset else socket.SHUT_RDWR
            try:
                if side is not None:
                    side.shutdown(how)
            except OSError:
                pass

    def run(self):
        try:
            if self.manner["as"] == "silent":
                while self.client.recv(65536):
                    pass
                return
            self.server = self.connect()
            self.questions.start()
            self.forward_answers()
        except OSError:
            pass
        finally:
            self.end()
            if self.questions.ident:
                self.questions.join()
            self.client.close()
            if self.server is not None:
                self.server.close()

    def forward_questions(self):
        try:
            while data := self.client.recv(65536):
                self.server.sendall(data)
        except OSError:
            pass
        self.end()

    def forward_answers(self):
        left = self.manner.get("after")
        waiting = b""
        while data := self.server.recv(65536):
            waiting += data
            while (length := self.piece_length(waiting)) and len(waiting) >= length:
                piece, waiting = waiting[:length], waiting[length:]
                time.sleep(self.manner.get("delay", 0) / 1000)
                if self.is_stalled.is_set():
                    continue
                if left == 0:
                    self.misbehave(piece)
                    left = None
                    continue
                left = None if left is None else left - 1
                self.client.sendall(piece)

    def misbehave(self, piece):
        how = self.manner["then"]
        self.is_stalled.set()  # whatever else: nothing of what follows goes through
        if how == "truncate":
            self.client.sendall(piece[:len(piece) // 2])
        elif how == "garbage":
            self.client.sendall(self.random.randbytes(200))
        elif how == "half-close":
            self.client.shutdown(socket.SHUT_WR)
        elif how == "reset":
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.is_reset = True
        if how in ("close", "reset", "truncate"):
            self.end()


class Listener:
    """One address of ours, whose socket stays bound whether it listens or not."""

    def __init__(self, bound):
        self.bound = bound
        self.is_listening = False
        self.nobody_accepts = threading.Event()
        self.fillers = []

    def listen(self, queue=128):
        self.stop()
        self.bound.listen(queue)
        self.is_listening = True

    def stop(self):
        for filler in self.fillers:
            filler.close()
        self.fillers = []
        # Only then: one that does not listen would never let anybody speak again.
        if self.is_listening:
            self.bound.shutdown(socket.SHUT_RDWR)
        self.is_listening = False

    def swallow(self):
        """Listens with a queue that is full: the kernel drops who wants to connect."""
        self.stop()
        self.nobody_accepts.clear()
        self.nobody_accepts.wait()
        self.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.bound.getsockname())
            self.fillers.append(filler)


class Proxy:

    def __init__(self, port, path, folder):
        self.lock = threading.Lock()
        self.accepted = 0
        self.links = []
        self.manner = {"as": "pass"}
        self.flapping = None
        self.random = random.Random(0)
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # By its number: a port that the kernel chose would be another after the first pause.
        tcp.bind(("127.0.0.1", free_port()))
        local = socket.socket(socket.AF_UNIX)
        local.bind(os.path.join(folder, "ldapi"))
        local.listen(128)
        self.tcp = Listener(tcp)
        self.addresses = {
            "uri_ldaps": f"ldaps://127.0.0.1:{tcp.getsockname()[1]}",
            "uri_ldapi": "ldapi://" + urllib.parse.quote(local.getsockname(), safe="")}
        self.tcp.listen()
        self.start(self.tcp, lambda: socket.create_connection(("127.0.0.1", port)), tls_piece)
        self.start(Listener(local), lambda: connect_locally(path), ldap_piece)

    def start(self, listener, connect, piece_length):
        threading.Thread(target=self.accept, args=(listener, connect, piece_length),
                         daemon=True).start()

    def accept(self, listener, connect, piece_length):
        while True:
            if self.manner["as"] == "black-hole" and listener is self.tcp:
                listener.nobody_accepts.set()
                time.sleep(0.005)
                continue
            try:
                client, _ = listener.bound.accept()
            except OSError:  # it does not listen at the moment
                time.sleep(0.005)
                continue
            with self.lock:
                manner = self.manner
                if manner["as"] == "flap":
                    manner = self.any_manner()
                self.accepted += 1
                if manner["as"] == "refuse":
                    client.close()
                    continue
                link = Link(client, connect, piece_length, manner, self.accepted)
                self.links.append(link)
            threading.Thread(target=self.run, args=(link,), daemon=True).start()

    def run(self, link):
        link.run()
        with self.lock:
            self.links.remove(link)

    def any_manner(self):
        if self.random.random() < 0.1:
            return {"as": self.random.choice(["silent", "refuse"])}
        after = int(self.random.expovariate(1 / 300))
        return {"as": "pass", "after": after, "then": self.random.choice(ENDS),
                "delay": self.random.choice([0, 0, 0, 1])}

    def flap(self, ended):
        while not ended.wait(self.random.uniform(0.05, 0.5)):
            self.tcp.stop()
            if self.random.random() < 0.5:
                self.cut()
            ended.wait(self.random.uniform(0, 0.1))
            self.tcp.listen()

    def cut(self):
        with self.lock:
            links = list(self.links)
        for link in links:
            link.end()

    def behave(self, manner):
        if self.flapping:
            self.flapping[0].set()
            self.flapping[1].join()
            self.flapping = None
        with self.lock:
            self.manner = manner
            if "seed" in manner:
                self.random = random.Random(manner["seed"])
        if manner["as"] == "refuse":
            self.tcp.stop()
        elif manner["as"] == "black-hole":
            self.tcp.swallow()
        else:
            self.tcp.listen()
        if manner["as"] == "flap":
            ended = threading.Event()
            thread = threading.Thread(target=self.flap, args=(ended,), daemon=True)
            self.flapping = (ended, thread)
            thread.start()

    def obey(self, order):
        action = order.pop("do")
        if action == "behave":
            self.behave(order)
        elif action == "cut":
            self.cut()
        elif action == "stall":
            with self.lock:
                for link in self.links:
                    link.is_stalled.set()
        elif action == "count":
            with self.lock:
                return {"ok": True, "accepted": self.accepted, "open": len(self.links)}
        else:
            raise ValueError(action)
        return {"ok": True}


def connect_locally(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def main():
    with tempfile.TemporaryDirectory(prefix="rolebridge-fault-proxy-") as folder:
        proxy = Proxy(int(sys.argv[1]), sys.argv[2], folder)
        print(json.dumps(proxy.addresses), flush=True)
        for line in sys.stdin:
            try:
                answer = proxy.obey(json.loads(line))
            except (OSError, ValueError, KeyError) as error:
                answer = {"ok": False, "error": str(error)}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
