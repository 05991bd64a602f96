"""The attack suite of security.md 5.2 against the shipped HTTP engine, plain and under TLS.

Each attack is bounded to 64 MB or 15 s. It passes where the hostile client gets the right status or
is cut, memory grows by 8 MB at most, a normal request is answered, and the process is alive. For
slow attacks the normal request has to be answered while every hostile one is still connected: an
order, and no time.
"""

import gzip
import os
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import warnings

TARGET = os.path.join(os.environ["ROLEBRIDGE_BINARY_DIR"], "tests", "attack_target")
MAX_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 15
MAX_GROWTH_KIB = 8 * 1024
if os.environ.get("ROLEBRIDGE_SANITIZE") == "thread":
    # ThreadSanitizer keeps several bytes of notes for each byte that is touched.
    MAX_GROWTH_KIB *= 6
NORMAL = b"GET /?normal HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def receive_all(connection):
    """What comes until the other side ends the connection, by whatever means."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except (ConnectionError, ssl.SSLError):
        pass
    return received


class Target:
    """A running attack_target."""

    def __init__(self, *options):
        # Under AddressSanitizer, freed memory must not count as growth.
        environment = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [TARGET, *options], stdout=subprocess.PIPE, stderr=self.log, env=environment)
        host, port = self.process.stdout.readline().decode().strip().rsplit(":", 1)
        self.address = (host, int(port))

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        code = self.process.wait(timeout=30)
        self.log.close()
        return code

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def is_alive(self):
        return self.process.poll() is None

    def memory_kib(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise AssertionError(field)

    def reset_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")


class AttackSuite:
    """The attacks; subclasses say how to connect."""

    @classmethod
    def setUpClass(cls):
        cls.target = Target(*cls.options())
        cls.addClassCleanup(cls.stop_target)
        for _ in range(20):  # warm: each worker has had something to do
            cls.ask_normally()

    @classmethod
    def stop_target(cls):
        assert cls.target.stop() == 0, "ended by itself, or with an error"

    @classmethod
    def raw(cls, source=None):
        connection = socket.socket()
        connection.settimeout(MAX_SECONDS)
        if source:
            connection.bind((source, 0))
        connection.connect(cls.target.address)
        return connection

    @classmethod
    def ask_normally(cls):
        with cls.connect() as connection:
            connection.sendall(NORMAL)
            answer = receive_all(connection)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        assert answer.endswith(b"|normal|none|0"), answer

    def setUp(self):
        self.ask_normally()
        self.target.reset_peak()
        self.before = self.target.memory_kib("VmRSS")

    def tearDown(self):
        self.assertTrue(self.target.is_alive())
        self.ask_normally()
        growth = self.target.memory_kib("VmHWM") - self.before
        self.assertLessEqual(growth, MAX_GROWTH_KIB)

    def attack(self, *pieces, repeat=b""):
        """Sends the pieces, then `repeat` up to the bound; returns the answer, empty where cut."""
        end = time.monotonic() + MAX_SECONDS
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                sent = 0
                while repeat and sent < MAX_BYTES and time.monotonic() < end:
                    connection.sendall(repeat)
                    sent += len(repeat)
                self.assertFalse(repeat and sent >= MAX_BYTES, "took everything")
            except (ConnectionError, ssl.SSLError):
                pass
            answer = receive_all(connection)
        self.assertLessEqual(answer.count(b"HTTP/1.1 "), 1, "one request, one answer at most")
        return answer

    def assert_refused(self, answer, *statuses):
        """One of these statuses, or cut before it could be read."""
        if answer:
            self.assertIn(answer[9:12].decode(), [str(status) for status in statuses], answer)
            self.assertIn(b"\r\nConnection: close\r\n", answer)
            self.assertIn(b"\r\nCache-Control: no-store\r\n", answer)

    def test_header_flood(self):
        self.assert_refused(self.attack(
            b"GET / HTTP/1.1\r\n", b"X-Flood: a\r\n" * 200_000, b"\r\n"), 431)

    def test_endless_header_line(self):
        self.assert_refused(self.attack(
            b"GET / HTTP/1.1\r\nX: ", repeat=b"a" * 65536), 431)

    def test_endless_request_line(self):
        self.assert_refused(self.attack(b"GET /", repeat=b"a" * 65536), 414)

    def test_endless_chunked_body(self):
        for path in (b"/form", b"/no/such/route"):
            self.assert_refused(self.attack(
                b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                repeat=b"10000\r\n" + b"a" * 65536 + b"\r\n"), 501)

    def test_negative_chunk(self):
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n",
            repeat=b"a" * 65536), 501)

    def test_body_without_length(self):
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\n\r\n", repeat=b"a" * 65536), 411)

    def test_body_above_the_bound(self):
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\nContent-Length: 67108864\r\n\r\n", repeat=b"a" * 65536), 413)

    def test_gzip_bomb(self):
        bomb = gzip.compress(b"\0" * 60_000_000)
        self.assertLess(len(bomb), 65536)
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(bomb), bomb), 415)

    def test_percent_encoded_framing(self):
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\nContent-Length: %35\r\n\r\nabcde"), 400)
        self.assert_refused(self.attack(
            b"POST /form HTTP/1.1\r\nTransfer-Encoding: chunke%64\r\n\r\n0\r\n\r\n"), 501)

    def test_percent_encoded_cookie_stays_as_it_is(self):
        answer = self.attack(b"GET / HTTP/1.1\r\nCookie: a=1%3B%20__Host-rb=x%0d%0aX: y\r\n"
                             b"Connection: close\r\n\r\n")
        self.assertTrue(answer.endswith(b"||a=1%3B%20__Host-rb=x%0d%0aX: y|0"), answer)

    def test_two_lengths(self):
        for second in (b"5", b"0", b"50"):
            self.assert_refused(self.attack(
                b"POST /form HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: " + second +
                b"\r\n\r\nabcde" + NORMAL), 400)

    def test_length_and_chunked(self):
        for fields in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                       b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n"):
            self.assert_refused(self.attack(
                b"POST /form HTTP/1.1\r\n" + fields + b"\r\n0\r\n\r\n" + NORMAL), 400, 501)

    def test_bare_line_feeds(self):
        self.assert_refused(self.attack(b"GET / HTTP/1.1\nHost: a\n\n" + NORMAL), 400)
        self.assert_refused(self.attack(b"GET / HTTP/1.1\r\nX: y\nZ: a\r\n\r\n" + NORMAL), 400)

    def test_get_with_a_body_is_no_second_request(self):
        self.assert_refused(self.attack(
            b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(NORMAL) + NORMAL), 400)

    def test_spoofed_address(self):
        self.assert_refused(self.attack(
            b"GET / HTTP/1.1\r\nREMOTE_ADDR: 10.9.8.7\r\n\r\n"), 400)
        answer = self.attack(
            b"GET / HTTP/1.1\r\nRemote-Addr: 10.9.8.7\r\nX-Forwarded-For: 10.9.8.7\r\n"
            b"X-Real-IP: 10.9.8.7\r\nForwarded: for=10.9.8.7\r\nConnection: close\r\n\r\n")
        self.assertIn(b"\r\n\r\n127.0.0.1|", answer)

    def test_many_ranges(self):
        self.assert_refused(self.attack(
            b"GET / HTTP/1.1\r\nRange: bytes=" + b",".join([b"0-"] * 2001) + b"\r\n\r\n"), 400)

    def test_longest_paths(self):
        for start, fill in ((b"/", b"a"), (b"/apps/", b"a"), (b"/", b"/"), (b"/apps/", b"%61"),
                            (b"/apps/", b"-"), (b"/throw", b"w")):
            room = 12 * 1024 - len(start)
            path = start + fill * (room // len(fill))
            answer = self.attack(b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
            self.assertEqual(answer[9:12], b"404")

    def test_exception_tells_nothing(self):
        answer = self.attack(b"GET /throw HTTP/1.1\r\n\r\n")
        self.assert_refused(answer, 500)
        self.assertNotIn(b"attacker", answer)
        self.assertNotIn(b"EXCEPTION", answer.upper())

    def test_forty_kibibytes_of_form(self):
        answer = self.attack(b"POST /form?a=1 HTTP/1.1\r\nConnection: close\r\n"
                             b"Content-Type: application/x-www-form-urlencoded\r\n"
                             b"Content-Length: 40960\r\n\r\na=2&" + b"x" * 40956)
        self.assertTrue(answer.endswith(b"|a=1|none|40960"), answer[-80:])

    def test_burst(self):
        connections = [self.raw() for _ in range(60)]
        self.secure_all(connections)
        for connection in self.secured:
            connection.sendall(NORMAL)
        for connection in self.secured:
            self.assertEqual(receive_all(connection)[9:12], b"200")
            connection.close()

    def test_slow_clients(self):
        """60 that trickle, 60 that are silent, and what else a protocol lets one wait in."""
        hostile = self.start_slow_clients()
        trickling = hostile[:60]
        self.ask_normally()
        self.assertFalse(self.ended(hostile), "the normal request came first")
        growth = self.target.memory_kib("VmHWM") - self.before
        self.assertLessEqual(growth, MAX_GROWTH_KIB)
        # All of them are cut in the end, those too that go on sending.
        open_ones = set(hostile)
        while open_ones:
            self.trickle(open_ones.intersection(trickling))
            time.sleep(0.5)
            open_ones -= self.ended(open_ones)

    def trickle(self, connections):
        for connection in connections:
            try:
                connection.send(b"a")
            except OSError:
                pass

    def ended(self, connections):
        """Those that the server has ended."""
        waiting = select.poll()
        by_number = {connection.fileno(): connection for connection in connections}
        for number in by_number:
            waiting.register(number, select.POLLRDHUP)
        gone = {by_number[number] for number, _ in waiting.poll(0)}
        for connection in gone:
            connection.close()
        return gone


class PlainAttackTest(AttackSuite, unittest.TestCase):

    @classmethod
    def options(cls):
        return ()

    @classmethod
    def connect(cls):
        return cls.raw()

    def secure_all(self, connections):
        self.secured = connections

    def start_slow_clients(self):
        hostile = []
        for i in range(60):
            connection = self.raw(f"127.0.1.{i + 1}")
            connection.sendall(b"GET /?")
            hostile.append(connection)
        for i in range(60):
            hostile.append(self.raw(f"127.0.2.{i + 1}"))
        for i in range(60):  # and 60 that never end their body
            connection = self.raw(f"127.0.3.{i + 1}")
            connection.sendall(b"POST /form HTTP/1.1\r\nContent-Length: 65536\r\n\r\na")
            hostile.append(connection)
        return hostile


class TlsAttackTest(AttackSuite, unittest.TestCase):

    @classmethod
    def options(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        certificate, key = f"{cls.folder}/tls.crt", f"{cls.folder}/tls.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=localhost", "-days", "2", "-out", certificate, "-keyout", key],
            check=True, capture_output=True)
        os.chmod(key, 0o600)
        cls.context = ssl.create_default_context(cafile=certificate)
        cls.context.check_hostname = False
        return ("--tls", certificate, key)

    @classmethod
    def connect(cls, context=None):
        return cls.secure(cls.raw(), context)

    @classmethod
    def secure(cls, connection, context=None):
        return (context or cls.context).wrap_socket(connection, server_hostname="localhost")

    def secure_all(self, connections):
        self.secured = [self.secure(connection) for connection in connections]

    def start_slow_clients(self):
        hostile = []
        for i in range(60):
            connection = self.secure(self.raw(f"127.0.1.{i + 1}"))
            connection.sendall(b"GET /?")
            hostile.append(connection)
        for i in range(60):
            hostile.append(self.raw(f"127.0.2.{i + 1}"))
        for i in range(60):  # and 60 within the handshake, where OpenSSL has begun to read
            connection = self.raw(f"127.0.3.{i + 1}")
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            hostile.append(connection)
        return hostile

    def test_request_in_one_segment_with_the_end_of_the_handshake(self):
        """It waits in OpenSSL's buffer then, and the socket never becomes readable again."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.raw() as connection:
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65536))
            client.write(NORMAL)
            connection.sendall(outgoing.read())
            answer = b""
            while not answer:
                received = connection.recv(65536)
                self.assertTrue(received, "cut instead of answered")
                incoming.write(received)
                try:
                    answer = client.read()
                except ssl.SSLWantReadError:
                    pass
            self.assertEqual(answer[9:12], b"200")

    def test_plain_http_on_a_tls_port_is_cut(self):
        with self.raw() as connection:
            connection.sendall(NORMAL)
            self.assertNotIn(b"200", receive_all(connection))

    def test_garbage_in_the_handshake_is_cut(self):
        with self.raw() as connection:
            connection.sendall(b"\x16\x03\x01\xff\xff" + b"\xff" * 65536)
            receive_all(connection)

    def test_handshakes_begun_and_left(self):
        """Nine bytes, the start of a ClientHello of 16 KiB, make OpenSSL lend as much."""
        connections = [self.raw("127.0.4.1") for _ in range(250)]
        for connection in connections:
            connection.sendall(b"\x16\x03\x01\x00\x04\x01\x00\x40\x00")
        self.ask_normally()
        for connection in connections:
            connection.close()

    def test_hellos_that_announce_too_much_cost_nothing(self):
        """OpenSSL alone makes room for the 128 KiB that nine bytes announce; what the front lets
        through, and what not, stands in front_test. Here the memory tells (tearDown)."""
        connections = [self.raw("127.0.4.2") for _ in range(250)]
        for connection in connections:
            connection.sendall(b"\x16\x03\x01\x00\x04\x01\x02\x00\x00")
        self.ask_normally()
        for connection in connections:
            connection.close()

    def test_a_hello_in_single_bytes_is_read(self):
        context = ssl.create_default_context(cafile=f"{self.folder}/tls.crt")
        context.check_hostname = False
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        with self.raw() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in outgoing.read():
                connection.sendall(bytes([byte]))
            self.assertEqual(connection.recv(1), b"\x16")

    def test_versions(self):
        """security.md H8: 1.2 and 1.3, nothing older."""
        for version, accepted in ((ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True),
                                  (ssl.TLSVersion.TLSv1_1, False)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the point
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
            if not accepted:
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    self.connect(context)
                continue
            with self.connect(context) as connection:
                self.assertIsNone(connection.compression())
                connection.sendall(NORMAL)
                self.assertEqual(receive_all(connection)[9:12], b"200")

    def test_protocol_negotiation(self):
        context = ssl.create_default_context(cafile=f"{self.folder}/tls.crt")
        context.check_hostname = False
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.connect(context) as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")
        context.set_alpn_protocols(["h2"])
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(context)

    def test_renegotiation_is_refused(self):
        """By openssl's own client, which asks for one where its input says R."""
        client = subprocess.run(
            ["openssl", "s_client", "-connect", "%s:%d" % self.target.address, "-tls1_2",
             "-CAfile", f"{self.folder}/tls.crt"],
            input=b"R\nGET / HTTP/1.1\r\n", capture_output=True, timeout=60)
        self.assertIn(b"RENEGOTIATING", client.stdout + client.stderr)
        self.assertIn(b"no renegotiation", client.stdout + client.stderr)


class LowDescriptorLimitTest(unittest.TestCase):
    """security.md H11: accepting goes on when descriptors come back."""

    def test_more_clients_than_descriptors(self):
        target = Target("--files", "40")
        self.addCleanup(lambda: target.process.poll() is None and target.stop())

        def ask():
            with socket.create_connection(target.address, MAX_SECONDS) as connection:
                connection.sendall(NORMAL)
                return receive_all(connection)

        self.assertEqual(ask()[9:12], b"200")
        hostile = [socket.create_connection(target.address, MAX_SECONDS) for _ in range(200)]
        for connection in hostile:
            connection.close()
        # Until the server has noticed that they are gone, it may turn us away; it must not hang.
        answer = b""
        while not answer:
            answer = ask()
        self.assertEqual(answer[9:12], b"200")
        self.assertEqual(target.stop(), 0)


if __name__ == "__main__":
    unittest.main()
