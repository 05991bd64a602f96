"""A browser without a screen: cookies, forms and redirects of one person, over verified TLS.

Strict where browsers are strict: a `__Host-` cookie must be Secure, have Path=/ and no Domain. It
knows nothing of the bridge but the names of its form fields.
"""

import dataclasses
import html
import html.parser
import http.client
import re
import socket
import time
import urllib.parse


@dataclasses.dataclass
class Form:
    action: str
    method: str
    fields: dict
    buttons: list  # (name, value) of each submit button


@dataclasses.dataclass
class Page:
    url: str
    status: int
    headers: list  # (name in lower case, value)
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8")

    def header(self, name):
        """The one value of a header; '' where it is absent."""
        values = [value for key, value in self.headers if key == name.lower()]
        if len(values) > 1:
            raise AssertionError(f"header {name} {len(values)} times")
        return values[0] if values else ""

    def forms(self):
        parser = _FormParser()
        parser.feed(self.text)
        for form in parser.forms:
            form.action = urllib.parse.urljoin(self.url, form.action)
        return parser.forms

    def form(self, action_part):
        """The one form whose action contains `action_part`."""
        found = [form for form in self.forms() if action_part in form.action]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} forms to {action_part} on {self.url} "
                                 f"({self.status}):\n{self.text}")
        return found[0]

    def refresh(self):
        """Where the page goes by itself after a while ("Signing you in"); '' where it stays."""
        match = self._refresh()
        return urllib.parse.urljoin(self.url, html.unescape(match[2])) if match else ""

    def refresh_seconds(self):
        """After how long."""
        return int(self._refresh()[1])

    def _refresh(self):
        return re.search(r'http-equiv="refresh" content="([0-9]+);url=([^"]+)"', self.text)

    def visible_text(self):
        parser = _TextParser()
        parser.feed(self.text)
        return " ".join(" ".join(parser.parts).split())


class _FormParser(html.parser.HTMLParser):

    def __init__(self):
        super().__init__()
        self.forms = []
        self._open = False

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""),
                                   attributes.get("method", "get").lower(), {}, []))
            self._open = True
        elif not self._open:
            return
        elif tag == "input" and attributes.get("type") != "submit":
            self.forms[-1].fields[attributes.get("name", "")] = attributes.get("value", "")
        elif tag in ("button", "input"):
            self.forms[-1].buttons.append((attributes.get("name", ""),
                                           attributes.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = False


class _TextParser(html.parser.HTMLParser):

    def __init__(self):
        super().__init__()
        self.parts = []
        self._hidden = 0

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "title"):
            self._hidden += 1

    def handle_endtag(self, tag):
        if tag in ("script", "style", "title"):
            self._hidden -= 1

    def handle_data(self, data):
        if not self._hidden:
            self.parts.append(data)


class WebClient:
    """One person at one browser. `origin`: "https://localhost:8443". `keeps_alive`: several requests
    go over one connection, as browsers do it, until `close()`."""

    def __init__(self, origin, tls_context, source_address="127.0.0.1", keeps_alive=False):
        self.origin = origin
        self.cookies = {}
        self.extra_headers = {}  # sent with each request
        self._tls = tls_context
        self._source = source_address
        parts = urllib.parse.urlsplit(origin)
        self._host, self._port = parts.hostname, parts.port or 443
        self._kept = self._connection() if keeps_alive else None

    def close(self):
        if self._kept:
            self._kept.close()

    def _connection(self):
        connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls,
                                                 timeout=60, source_address=(self._source, 0))
        # The name is what TLS is asked for; loopback is where it goes, without a resolver.
        connection._create_connection = lambda address, timeout, source: socket.create_connection(
            ("127.0.0.1", address[1]), timeout, source)
        return connection

    # ---- requests --------------------------------------------------------------------------------

    def request(self, method, url, body=None, headers=None):
        """One request and its answer; redirects are not followed."""
        target = urllib.parse.urlsplit(urllib.parse.urljoin(self.origin + "/", url))
        path = target.path or "/"
        if target.query:
            path += "?" + target.query
        sent = {"User-Agent": "web_client (tests)", **self.extra_headers,
                **(headers or {})}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        connection = self._kept or self._connection()
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            headers = [(name.lower(), value) for name, value in answer.getheaders()]
            page = Page(urllib.parse.urljoin(self.origin, path), answer.status, headers,
                        answer.read())
        finally:
            if not self._kept:
                connection.close()
        self._take_cookies(page)
        return page

    def _take_cookies(self, page):
        for name, value in page.headers:
            if name == "set-cookie":
                self._take_cookie(value)

    def _take_cookie(self, text):
        pair, *attributes = [part.strip() for part in text.split(";")]
        name, _, value = pair.partition("=")
        folded = {part.split("=")[0].lower(): part.partition("=")[2] for part in attributes}
        if name.startswith("__Host-"):
            assert "secure" in folded and folded.get("path") == "/" and "domain" not in folded, text
        if folded.get("max-age") == "0" or "01 jan 1970" in folded.get("expires", "").lower() or \
                not value:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def get(self, url, follow=True):
        page = self.request("GET", url)
        hops = 0
        while follow and page.status in (302, 303) and hops < 5:
            page = self.request("GET", page.header("location"))
            hops += 1
        return page

    def post(self, url, fields, headers=None, follow=True):
        """A form as a browser posts it from a page of this origin."""
        body = urllib.parse.urlencode(fields).encode("ascii")
        page = self.request("POST", url, body, {
            "Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin,
            **(headers or {})})
        if follow and page.status in (302, 303):
            return self.get(page.header("location"))
        return page

    # ---- what a person does ----------------------------------------------------------------------

    def log_in(self, username, password, at="/login"):
        """The page after typing name and password at `at` (or where that redirects to)."""
        form = self.get(at).form("/login")
        return self.outcome(self.post(form.action, {**form.fields, "username": username,
                                                    "password": password}))

    def outcome(self, page):
        """The page that follows once PAM has made up its mind; on a busy machine that takes more
        than one request."""
        deadline = time.monotonic() + 60
        while page.refresh():
            if time.monotonic() > deadline:
                raise AssertionError(f"still waiting: {page.visible_text()}")
            time.sleep(0.1)
            page = self.get(page.refresh())
        return page

    def choose(self, role, at="/", follow=True):
        """The page after pressing the button of `role` (an ARN, or "all")."""
        page = self.get(at)
        form = page.form("/apps/")
        if ("role", role) not in form.buttons:
            raise AssertionError(f"no button for {role}: {form.buttons}")
        return self.post(form.action, {**form.fields, "role": role}, follow=follow)

    def log_out(self):
        form = self.get("/").form("/logout")
        return self.post(form.action, form.fields)


def hand_over(page):
    """(ACS URL, SAMLResponse, RelayState) of the page that leads to the application."""
    forms = [form for form in page.forms() if "SAMLResponse" in form.fields]
    if len(forms) != 1:
        raise AssertionError(f"no hand-over page but {page.status} {page.url}:\n"
                             f"{page.visible_text()}")
    return forms[0].action, forms[0].fields["SAMLResponse"], forms[0].fields.get("RelayState", "")
