"""The listeners: a sign-in page over HTTPS and STS over HTTP, both on loopback."""

import datetime
import http.server
import json
import secrets
import socket
import ssl
import threading
import urllib.parse
import uuid
from xml.sax.saxutils import escape

from aws_stand_in import errors, federation, iam, pages, response

STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
MAX_BODY = 512 * 1024


def _now():
    return datetime.datetime.now(datetime.timezone.utc)


class AwsStandIn:
    """Both listeners, the accounts, and a list of those who landed.

    acs_url, sts_url: where they are. sessions: one federation.Session for each sign-in.
    refusals: one AwsError for each refusal, of either listener.
    """

    def __init__(self, accounts_path, certificate, key, sign_in_port=0, sts_port=0, acs_url=None,
                 console_origin=None):
        """`certificate`, `key`: PEM files for the sign-in page. A port of 0 takes a free one.
        `acs_url`, `console_origin`: addresses that a browser was told to take for ours; the sign-in
        page sends people on to the console's."""
        self.now = _now  # a test may put another clock here
        self.sessions = []
        self.refusals = []
        self._landings = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._sign_in = _Server(sign_in_port, _SignInHandler, self)
        self._sign_in.tls = context
        self._sts = _Server(sts_port, _StsHandler, self)
        self.origin = f"https://localhost:{self._sign_in.server_address[1]}"
        self.acs_url = acs_url or f"{self.origin}/saml"
        self.console_origin = console_origin or self.origin
        self.sts_url = f"http://127.0.0.1:{self._sts.server_address[1]}"
        self.accounts = iam.Accounts.read(accounts_path, [self.acs_url])
        self._threads = []

    def start(self):
        for server in (self._sign_in, self._sts):
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05},
                                      daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self):
        for server in (self._sign_in, self._sts):
            if self._threads:
                server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def upload_metadata(self, document, provider_arns=None):
        """What an administrator does once per account; raises iam.MetadataError."""
        self.accounts.upload_metadata(document, provider_arns)

    def sign_in(self, saml_response, relay_state="", chosen_role=None):
        """(status, headers, HTML) for a POST to the ACS."""
        try:
            facts = response.read(saml_response)
            pairs = facts.role_pairs()
            if chosen_role is not None:
                pairs = [pair for pair in pairs if pair[0] == chosen_role]
                if not pairs:
                    raise errors.not_authorized(f"{chosen_role} is not in the response")
            elif len(pairs) > 1:
                return self._offer(saml_response, facts, pairs, relay_state)
            session = federation.assume_role(self.accounts, saml_response, facts, *pairs[0],
                                             self.acs_url, self.now())
        except errors.AwsError as error:
            self.refusals.append(error)
            return error.status, {}, pages.refusal(error)
        session = federation.dataclasses.replace(session, relay_state=relay_state)
        self.sessions.append(session)
        token = secrets.token_urlsafe(12)
        self._landings[token] = session
        return 302, {"Location": f"{self.console_origin}/console/{token}"}, ""

    def _offer(self, saml_response, facts, pairs, relay_state):
        """The chooser. Pairs of accounts that do not know us don't spoil the others."""
        known = [pair for pair in pairs if pair[1] in self.accounts.providers]
        for provider_arn in dict.fromkeys(pair[1] for pair in known or pairs[:1]):
            federation.check_response(self.accounts, saml_response, facts, provider_arn,
                                      self.acs_url, self.now())
        facts.session_name()
        return 200, {}, pages.chooser(self.accounts, pairs, saml_response, relay_state)

    def landing(self, token):
        """The page of one landing, or None."""
        session = self._landings.get(token)
        return pages.landing(session) if session else None

    def assume_role_with_saml(self, form):
        """STS's answer as (status, XML); `form` maps parameter names to values (5.1)."""
        request_id = str(uuid.uuid4())
        try:
            return 200, _sts_answer(self._assume(form), request_id)
        except errors.AwsError as error:
            self.refusals.append(error)
            return error.status, _sts_error(error, request_id)

    def _assume(self, form):
        role_arn, provider_arn, text = (_parameter(form, *row) for row in (
            ("RoleArn", 20, 2048), ("PrincipalArn", 20, 2048),
            ("SAMLAssertion", 4, response.MAX_RESPONSE)))
        duration = _duration(form)
        _check_policy(form.get("Policy"))
        if not response.ROLE_ARN.fullmatch(role_arn):
            raise errors.arn_invalid("Request")
        if not response.PROVIDER_ARN.fullmatch(provider_arn):
            raise errors.arn_invalid("Principal")
        facts = response.read(text)
        return federation.assume_role(self.accounts, text, facts, role_arn, provider_arn, None,
                                      self.now(), duration)


def _parameter(form, name, shortest, longest):
    value = form.get(name)
    field = "sAMLAssertion" if name == "SAMLAssertion" else name[0].lower() + name[1:]
    if value is None:
        raise errors.bad_parameter(field, "Member must not be null")
    if len(value) < shortest:
        raise errors.bad_parameter(
            field, f"Member must have length greater than or equal to {shortest}")
    if len(value) > longest:
        raise errors.bad_parameter(field,
                                   f"Member must have length less than or equal to {longest}")
    return value


def _duration(form):
    text = form.get("DurationSeconds", "3600")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise errors.bad_parameter("durationSeconds", "Member must be a number")
    if int(text) < 900:
        raise errors.bad_parameter(
            "durationSeconds", "Member must have value greater than or equal to 900", text)
    if int(text) > 43200:
        raise errors.bad_parameter(
            "durationSeconds", "Member must have value less than or equal to 43200", text)
    return int(text)


def _check_policy(policy):
    if policy is None:
        return
    if not 1 <= len(policy) <= 2048:
        raise errors.bad_parameter("policy",
                                   "Member must have length less than or equal to 2048")
    try:
        json.loads(policy)
    except ValueError as error:
        raise errors.malformed_policy(str(error)) from error


def _sts_answer(session, request_id):
    access_key, secret_key, token = federation.credentials()
    members = [("Subject", session.name_id), ("SubjectType", session.subject_type),
               ("Issuer", session.issuer), ("Audience", session.audience),
               ("NameQualifier", session.name_qualifier),
               ("PackedPolicySize", str(session.packed_policy_size))]
    if session.source_identity:
        members.append(("SourceIdentity", session.source_identity))
    expiration = session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (f'<AssumeRoleWithSAMLResponse xmlns="{STS_NAMESPACE}"><AssumeRoleWithSAMLResult>'
            f"<Credentials><AccessKeyId>{access_key}</AccessKeyId>"
            f"<SecretAccessKey>{secret_key}</SecretAccessKey>"
            f"<SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration>"
            "</Credentials><AssumedRoleUser>"
            f"<AssumedRoleId>{escape(session.assumed_role_id)}</AssumedRoleId>"
            f"<Arn>{escape(session.assumed_role_arn)}</Arn></AssumedRoleUser>" +
            "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members) +
            f"</AssumeRoleWithSAMLResult><ResponseMetadata><RequestId>{request_id}</RequestId>"
            "</ResponseMetadata></AssumeRoleWithSAMLResponse>")


def _sts_error(error, request_id):
    kind = "Sender" if error.status < 500 else "Receiver"
    return (f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>{kind}</Type>'
            f"<Code>{error.code}</Code><Message>{escape(error.sts_message())}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    tls = None

    def __init__(self, port, handler, stand_in):
        self.stand_in = stand_in
        super().__init__(("127.0.0.1", port), handler)

    def finish_request(self, request, client_address):
        # In the connection's own thread, so that a client that never shakes hands stops nobody.
        request.settimeout(30)
        if self.tls:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return
        super().finish_request(request, client_address)
        if self.tls:
            request.close()

    def handle_error(self, request, client_address):
        """A client that hung up is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "aws-stand-in"

    def log_message(self, *_):
        """Silent: what happened is in `sessions` and `refusals`."""

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def form(self):
        """The fields of a form, each once; None where the body is none."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY or not self.headers.get("Content-Type", "").startswith(
                "application/x-www-form-urlencoded"):
            return None
        pairs = urllib.parse.parse_qsl(self.rfile.read(length).decode("utf-8", "replace"),
                                       keep_blank_values=True)
        return dict(pairs) if len(dict(pairs)) == len(pairs) else None

    def answer(self, status, body, content_type, headers=()):
        data = body.encode("utf-8")
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)


class _SignInHandler(_Handler):
    HTML = "text/html; charset=utf-8"

    def do_GET(self):
        token = self.path.removeprefix("/console/")
        page = self.server.stand_in.landing(token) if token != self.path else pages.start()
        if page is None:
            self.answer(404, "Not found", self.HTML)
        else:
            self.answer(200, page, self.HTML)

    def do_POST(self):
        form = self.form()
        if self.path != "/saml" or form is None:
            self.close_connection = True
            self.answer(404, "Not found", self.HTML)
            return
        status, headers, body = self.server.stand_in.sign_in(
            form.get("SAMLResponse", ""), form.get("RelayState", ""), form.get("roleIndex"))
        self.answer(status, body, self.HTML, headers)


class _StsHandler(_Handler):

    def do_POST(self):
        form = self.form()
        if form is None or form.get("Action") != "AssumeRoleWithSAML" or \
                form.get("Version") != "2011-06-15":
            self.close_connection = True
            error = errors.AwsError("InvalidAction", 400, "Could not find operation")
            self.answer(400, _sts_error(error, str(uuid.uuid4())), "text/xml")
            return
        status, xml = self.server.stand_in.assume_role_with_saml(form)
        self.answer(status, xml, "text/xml")
