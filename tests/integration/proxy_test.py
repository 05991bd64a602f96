"""Behind nginx and HAProxy over a unix socket, configured as docs/behind-a-proxy.md says."""

import os
import pathlib
import re
import socket
import subprocess
import time
import unittest

from stack import SOURCE, WEB_USER, Stack
from stack_case import StackTestCase, quick_refusals, role

PAGE = (SOURCE / "docs/behind-a-proxy.md").read_text(encoding="utf-8")
READER = role("production", "ReadOnly")


def block(kind):
    found = re.findall(rf"(?ms)^```{kind}\n(.*?)^```$", PAGE)
    assert len(found) == 1, f"{len(found)} blocks of {kind} in docs/behind-a-proxy.md"
    return found[0]


def replace(text, *pairs):
    for old, new in pairs:
        assert old in text, f"no {old!r} in {text}"
        text = text.replace(old, new)
    return text


class ProxyTest(StackTestCase):

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(edit_config=lambda text: text)
        cls.addClassCleanup(cls.stack.close)
        stack = cls.stack
        folder = stack.folder / "run/web"
        folder.mkdir()
        os.chown(folder, WEB_USER, WEB_USER)
        cls.socket = str(folder / "web.sock")
        listen = replace(block("yaml"), ("/run/rolebridge-web.sock", cls.socket),
                         ("127.0.0.1:9180", f"127.0.0.1:{stack.ports.status}"))
        stack.edit_config = lambda text: quick_refusals(
            re.sub(r"(?ms)^listen:\n.*?\n\n", listen + "\n", text))
        stack.write_config()

    @classmethod
    def start_proxy(cls, *command):
        cls.proxy = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=cls.stack.folder,
                                     start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", cls.stack.ports.web), 5).close()
            except OSError:
                if cls.proxy.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @classmethod
    def stop_proxy(cls):
        cls.proxy.terminate()
        cls.proxy.wait(30)

    def behind(self, *command):
        self.start_proxy(*command)
        self.addCleanup(self.stop_proxy)
        # The door has to be there before the rest, which asks for the metadata through it.
        if "issuer" not in self.stack.processes:
            self.stack.start()

    def nginx(self):
        site = replace(block("nginx"), ("/run/rolebridge-web.sock", self.socket),
                       ("listen 443 ssl", f"listen 127.0.0.1:{self.stack.ports.web} ssl"),
                       ("sso.example.org", "localhost"),
                       ("/etc/nginx/sso.crt", str(self.stack.etc / "tls.crt")),
                       ("/etc/nginx/sso.key", str(self.stack.etc / "tls.key")))
        folder = self.stack.folder / "nginx"
        folder.mkdir(exist_ok=True)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n", encoding="utf-8")
        return "nginx", "-e", str(folder / "error.log"), "-c", str(config)

    def haproxy(self):
        pem = self.stack.folder / "sso.pem"
        pem.write_text((self.stack.etc / "tls.crt").read_text(encoding="ascii") +
                       (self.stack.etc / "tls.key").read_text(encoding="ascii"), encoding="ascii")
        pem.chmod(0o600)
        config = self.stack.folder / "haproxy.cfg"
        config.write_text("global\n    log stderr local0\n" + replace(
            block("haproxy"), ("/run/rolebridge-web.sock", self.socket),
            ("bind :443", f"bind 127.0.0.1:{self.stack.ports.web}"),
            ("/etc/haproxy/sso.pem", str(pem))), encoding="utf-8")
        return "haproxy", "-db", "-f", str(config)

    def assert_works(self, address):
        client = self.client(address)
        # Whoever comes says that they are somebody else, from the office.
        client.extra_headers["X-Forwarded-For"] = "203.0.113.9"
        page = client.log_in("bob", self.password("bob"))
        self.assertIn(READER, page.text, page.visible_text())
        self.assertIn(f"rhost={address} ", self.events("login_succeeded")[-1])
        self.land(self.response_of(client, READER)[0])
        self.assertIn(f"rhost={address} ", self.events("response_issued")[-1])
        page = self.client(address).log_in("bob", "wrong")
        self.assertIn("Invalid username or password", page.visible_text())

    def test_nginx(self):
        self.behind(*self.nginx())
        self.assert_works("127.0.0.5")

    def test_haproxy(self):
        self.behind(*self.haproxy())
        self.assert_works("127.0.0.6")

    def test_nobody_but_the_socket_serves(self):
        self.behind(*self.nginx())
        self.assertEqual(pathlib.Path(self.socket).stat().st_mode & 0o777, 0o660)
        self.assertIn(f"at=unix:{self.socket}", self.stack.log("web"))


if __name__ == "__main__":
    unittest.main()
