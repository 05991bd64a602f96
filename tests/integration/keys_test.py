"""`rolebridge keys`: a signing key comes and goes while everything runs, and what would leave AWS
with responses that it refuses is refused first."""

import base64
import datetime
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ElementTree

from stack import ISSUER_USER, Stack
from stack_case import StackTestCase, quick_refusals, role

BOB = role("production", "ReadOnly")
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
LIST = "signing:\n  - { certificate: saml.crt, key: saml.key }\n"


def with_folder(text):
    assert LIST in text
    return quick_refusals(text.replace(LIST, "signing_folder: signing\n"))


def instant(**ago):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**ago)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


class KeysTestCase(StackTestCase):
    """Each test has a folder whose only key is 'old', the one that AWS trusts."""

    edit_config = staticmethod(with_folder)

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(edit_config=cls.edit_config)
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.etc / "signing"
        cls.folder.mkdir()
        os.chown(cls.folder, 0, ISSUER_USER)
        cls.folder.chmod(0o750)
        made = cls.keys("new", "--name", "old", "--certificate", str(cls.stack.etc / "saml.crt"),
                        "--key", str(cls.stack.etc / "saml.key"))
        assert made.returncode == 0, made.stderr
        assert "'old' is the first key here and signs" in made.stdout, made.stdout
        cls.first = (cls.folder / "states").read_text(encoding="ascii")
        cls.stack.start()

    def setUp(self):
        self.addCleanup(self.start_over)

    def start_over(self):
        self.write_states(self.first)
        for path in self.folder.iterdir():
            if path.name not in ("old.key", "old.crt", "states"):
                path.unlink()
        self.reload()
        self.upload()

    def write_states(self, text):
        (self.folder / "states").write_text(text, encoding="ascii")

    def reload(self):
        run = self.stack.rolebridge("reload", "--socket", str(self.stack.admin_socket))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    @classmethod
    def keys(cls, command, *arguments):
        if command not in ("new", "list"):
            arguments = ("--socket", str(cls.stack.admin_socket), *arguments)
        return cls.stack.rolebridge("keys", command, "--config", str(cls.stack.config), *arguments)

    def done(self, *arguments):
        run = self.keys(*arguments)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def refused(self, message, *arguments):
        """It says exactly that, and the folder is as it was."""
        before = (self.folder / "states").read_bytes()
        run = self.keys(*arguments)
        self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
        self.assertEqual(run.stderr, f"rolebridge keys: {message}\n")
        self.assertEqual((self.folder / "states").read_bytes(), before)

    def states(self):
        return {key["name"]: key["state"] for key in json.loads(self.done("list", "--json"))}

    def fingerprint(self, name):
        [key] = [key for key in json.loads(self.done("list", "--json")) if key["name"] == name]
        return key["sha256"]

    def age(self, name, **ago):
        """As if `name` had come to its state that long ago."""
        text = (self.folder / "states").read_text(encoding="ascii")
        self.write_states(re.sub(rf"(?m)^({name} \w+) \S+$", rf"\1 {instant(**ago)}", text))

    def certificates(self):
        """Of the metadata, as ElementTree reads it."""
        root = ElementTree.fromstring(self.stack.fetch("/saml/aws/metadata"))
        return [re.sub(r"\s", "", element.text) for element in root.iter(DSIG + "X509Certificate")]

    def certificate(self, name):
        lines = (self.folder / f"{name}.crt").read_text(encoding="ascii").splitlines()
        return "".join(line for line in lines if not line.startswith("-----"))

    def assert_signed_by(self, name, response):
        """The xmlsec1 program says so, which is given that certificate alone."""
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            file.write(base64.b64decode(response))
            file.flush()
            run = subprocess.run(
                ["xmlsec1", "--verify", "--pubkey-cert-pem", str(self.folder / f"{name}.crt"),
                 "--enabled-key-data", "rsa,x509", "--id-attr:ID",
                 "urn:oasis:names:tc:SAML:2.0:protocol:Response", "--id-attr:ID",
                 "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", file.name],
                capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def upload(self):
        self.stack.aws.upload_metadata(self.stack.fetch("/saml/aws/metadata"))


class KeysTest(KeysTestCase):

    def test_a_key_comes_and_the_old_one_goes_while_people_work(self):
        client = self.logged_in("bob")
        hammering = self.logged_in("bob")
        done = threading.Event()
        wrong = []
        count = []

        def ask():
            while not done.is_set():
                page = hammering.get("/")
                count.append(page.status)
                if page.status != 200 or BOB not in page.text:
                    wrong.append((page.status, page.visible_text()))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            self.rotate(client)
        finally:
            done.set()
            asking.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(count), 10)

    def rotate(self, client):
        self.assertIn("'new' is the next key.", self.done("new", "--name", "new"))
        self.assertEqual(self.certificates(), [self.certificate("old")])

        said = self.done("publish", "new")
        self.assertIn("'new' is in the metadata\n", said)
        self.assertIn("update-saml-provider", said)
        self.assertEqual(self.certificates(), [self.certificate("old"), self.certificate("new")])
        response, relay_state = self.response_of(client, BOB)
        self.assert_signed_by("old", response)
        self.land(response, relay_state)
        old, new = self.fingerprint("old"), self.fingerprint("new")
        event = self.events("config_reloaded")[-1]
        self.assertIn(f" key={old} key_before={old} published_keys={new}", event)

        self.upload()
        self.age("new", hours=25)
        self.assertIn("'new' signs\n", self.done("activate", "new"))
        self.assertEqual(self.states(), {"old": "former", "new": "active"})
        self.assertEqual(self.certificates(), [self.certificate("new"), self.certificate("old")])
        response, relay_state = self.response_of(client, BOB)
        self.assert_signed_by("new", response)
        with self.assertRaises(AssertionError):
            self.assert_signed_by("old", response)
        self.land(response, relay_state)
        event = self.events("config_reloaded")[-1]
        self.assertIn(f" key={new} key_before={old} published_keys={old}", event)

        self.age("old", minutes=11)
        said = self.done("retire", "old")
        self.assertIn(f"'{self.folder}/old.key' is still there", said)
        self.assertEqual(self.certificates(), [self.certificate("new")])
        self.upload()
        self.land(self.response_of(client, BOB)[0])
        kept = (self.folder / "old.key").read_bytes()
        self.assertIn("old.key' is deleted", self.done("retire", "old", "--delete-key"))
        self.assertFalse((self.folder / "old.key").exists())
        self.assertIn("deleted already", self.done("retire", "old", "--delete-key"))
        self.assertIn("published_keys='' ", self.events("config_reloaded")[-1] + " ")
        # For the next test the folder is as it was.
        (self.folder / "old.key").write_bytes(kept)
        os.chown(self.folder / "old.key", 0, ISSUER_USER)
        (self.folder / "old.key").chmod(0o640)

    def test_there_is_a_way_back(self):
        client = self.logged_in("bob")
        self.done("new", "--name", "new")
        self.done("publish", "new")
        self.done("activate", "new", "--aws-has-it")
        self.stack.aws.refusals.clear()
        self.assertNotEqual(self.stack.aws.sign_in(self.response_of(client, BOB)[0], "")[0], 302)
        self.done("activate", "old")
        self.land(self.response_of(client, BOB)[0])
        self.assertEqual(self.states(), {"old": "active", "new": "former"})

    def test_unsafe_steps_are_refused_and_change_nothing(self):
        self.done("new", "--name", "new")
        self.refused("'new' is not in the metadata; do 'rolebridge keys publish new' first, give AWS "
                     "the new metadata, and activate it a day later", "activate", "new")
        self.refused("'other' is no key here; 'rolebridge keys list' names them",
                     "publish", "other")
        self.done("publish", "new")
        since = (self.folder / "states").read_text(encoding="ascii").split()[-1]
        self.refused(f"'new' was published at {since}, less than 24 hours ago, and AWS refuses what "
                     "it signs until it is given the new metadata; where every provider has it, say "
                     "--aws-has-it", "activate", "new")
        self.refused("'new' is in the metadata already (published)", "publish", "new")
        self.refused("'old' signs; activate another first ('rolebridge keys activate NAME')",
                     "retire", "old")
        self.refused("'old' is active already", "activate", "old")
        self.done("activate", "new", "--aws-has-it")
        run = self.keys("retire", "old")
        self.assertRegex(run.stderr, r"'old' signed until \S+Z, and AWS may be shown its last "
                                     r"responses until \S+Z; retire it then\n$")
        self.assertEqual(run.returncode, 1)
        self.age("old", minutes=11)
        self.done("retire", "old")
        never = ("'old' is retired, and is never used again; make another with 'rolebridge keys "
                 "new'")
        for step in ("publish", "activate"):
            self.refused(never, step, "old")
        self.refused("'old' is retired already", "retire", "old")

    def test_a_key_that_the_issuer_cannot_use_leaves_everything_as_it_was(self):
        client = self.logged_in("bob")
        self.done("new", "--name", "new")
        # Root reads it all the same; the issuer does not.
        os.chown(self.folder / "new.key", 0, 0)
        before = (self.folder / "states").read_bytes()
        run = self.keys("publish", "new")
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(f"signing_folder: '{self.folder}/new.key': cannot be opened: Permission denied",
                      run.stderr)
        self.assertIn("rolebridge-issuer refuses it; everything is as it was\n", run.stderr)
        self.assertEqual((self.folder / "states").read_bytes(), before)
        self.assertEqual(self.certificates(), [self.certificate("old")])
        self.assertIn("new.key", self.events("reload_refused")[-1])

        # Broken after it was published: it does not come to sign.
        os.chown(self.folder / "new.key", 0, ISSUER_USER)
        self.done("publish", "new")
        os.chown(self.folder / "new.key", 0, 0)
        before = (self.folder / "states").read_bytes()
        run = self.keys("activate", "new", "--aws-has-it")
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertEqual((self.folder / "states").read_bytes(), before)
        response, relay_state = self.response_of(client, BOB)
        self.assert_signed_by("old", response)
        self.land(response, relay_state)

    def test_a_key_that_cannot_sign_is_refused_before_the_issuer_sees_it(self):
        self.done("new", "--name", "new")
        self.done("new", "--name", "third")
        key, certificate = self.folder / "new.key", self.folder / "new.crt"
        own_key, own = key.read_bytes(), certificate.read_bytes()
        reloads = len(self.events("config_reloaded") + self.events("reload_refused"))

        key.chmod(0o644)
        self.refused(f"'{key}': holds a secret and is open to others; chmod 0640 or less",
                     "publish", "new")
        key.chmod(0o640)
        key.write_bytes((self.folder / "third.key").read_bytes())
        self.refused(f"'{key}' with '{certificate}': the key does not belong to the certificate",
                     "publish", "new")
        key.write_bytes(own_key)
        for days, message in ((("-10", "-5"), r"the certificate expired at \S+;"),
                              (("10", "20"), r"the certificate is not valid before \S+,")):
            self.make_certificate(key, certificate, *days)
            run = self.keys("publish", "new")
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertRegex(run.stderr, message)
            self.assertEqual(self.states()["new"], "next")
        certificate.write_bytes(own)
        self.assertEqual(len(self.events("config_reloaded") + self.events("reload_refused")),
                         reloads)
        self.done("publish", "new")

    def make_certificate(self, key, certificate, begins, ends):
        """One of `key`, valid between these days from now, by another program."""
        def day(offset):
            then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
                days=int(offset))
            return then.strftime("%Y%m%d%H%M%SZ")
        with tempfile.TemporaryDirectory() as folder:
            for name in ("index.txt", "index.txt.attr"):
                with open(f"{folder}/{name}", "w", encoding="ascii"):
                    pass
            with open(f"{folder}/ca.cnf", "w", encoding="ascii") as file:
                file.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={folder}/index.txt\n"
                           f"new_certs_dir={folder}\nrand_serial=yes\ndefault_md=sha256\n"
                           "policy=p\n[p]\ncommonName=supplied\n")
            subprocess.run(["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=test", "-out",
                            f"{folder}/req"], check=True, capture_output=True)
            subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", f"{folder}/ca.cnf",
                            "-keyfile", str(key), "-in", f"{folder}/req", "-out",
                            f"{folder}/crt", "-notext", "-startdate", day(begins), "-enddate",
                            day(ends)], check=True, capture_output=True)
            with open(f"{folder}/crt", "rb") as file:
                certificate.write_bytes(file.read())

    def test_two_commands_at_once_do_not_mix(self):
        self.done("new", "--name", "new")
        with subprocess.Popen(["flock", str(self.folder), "sh", "-c", "echo locked; read x"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            self.assertEqual(other.stdout.readline(), "locked\n")
            run = self.keys("publish", "new")
            self.assertEqual(run.returncode, 2)
            self.assertEqual(run.stderr, f"rolebridge keys: '{self.folder}': another 'rolebridge "
                                         "keys' is changing it; try again\n")
            self.assertEqual(self.states()["new"], "next", "list does not wait")
            other.communicate("\n")
        self.done("publish", "new")

    def test_without_a_reload_or_an_issuer_it_takes_effect_later(self):
        self.done("new", "--name", "new")
        self.assertIn("'new' is in the metadata, once rolebridge-issuer reloads or starts\n",
                      self.done("publish", "new", "--no-reload"))
        self.assertEqual(self.certificates(), [self.certificate("old")])
        self.reload()
        self.assertEqual(len(self.certificates()), 2)

        self.stack.stop("issuer")
        try:
            said = self.done("activate", "new", "--aws-has-it")
            self.assertIn("once rolebridge-issuer starts: it does not run\n", said)
        finally:
            self.stack.start_issuer()
            self.stack.wait_ready()
        self.assertEqual(self.certificates(), [self.certificate("new"), self.certificate("old")])
        self.assertIn(f" key={self.fingerprint('new')} ", self.events("issuer_started")[-1])

    def test_what_nobody_can_tell_is_put_back(self):
        self.done("new", "--name", "new")
        for signals, status in (((), 2), ((signal.SIGHUP, signal.SIGINT), None)):
            with self.subTest(signals):
                before = (self.folder / "states").read_bytes()
                ended, errors = self.publish_to_a_mute_issuer(signals)
                if status is None:
                    self.assertIn(-ended, signals, "it ends once it has put things right")
                else:
                    self.assertEqual(ended, status)
                self.assertIn("the folder is as it was; should rolebridge-issuer have taken the "
                              "change, 'rolebridge reload' takes it back\n", errors)
                self.assertEqual((self.folder / "states").read_bytes(), before)

    def publish_to_a_mute_issuer(self, signals):
        """Who is asked for the reload sends `signals` to the command, and hangs up."""
        path = self.stack.folder / "mute.sock"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as mute:
            mute.bind(str(path))
            mute.listen()
            with subprocess.Popen(
                    [str(self.stack.bin_dir / "rolebridge"), "keys", "publish", "new", "--config",
                     str(self.stack.config), "--socket", str(path)],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
                peer, _ = mute.accept()
                with peer:
                    peer.recv(100)
                    self.assertIn(b"new published", (self.folder / "states").read_bytes())
                    for number in signals:
                        command.send_signal(number)
                _, errors = command.communicate()
        return command.returncode, errors

    def test_lists_what_there_is(self):
        made = self.done("new")
        name = re.search(r"'(saml-\d{4}-\d\d)' is the next key", made)[1]
        self.assertEqual(name, "saml-" + instant()[:7])
        self.assertIn(f"'{name}-2' is the next key", self.done("new"))
        self.done("publish", name)
        self.done("activate", name, "--aws-has-it")
        lines = self.done("list").splitlines()
        self.assertRegex(lines[0], r"^NAME +STATE +SINCE +SIGNED UNTIL +CERTIFICATE ENDS +DAYS +SHA-256$")
        self.assertEqual([line.split()[:2] for line in lines[1:]],
                         [["old", "former"], [name, "active"], [f"{name}-2", "next"]])
        [old, new, _] = json.loads(self.done("list", "--json"))
        self.assertNotIn("Give every", self.done("retire", f"{name}-2"), "it was never published")
        self.assertEqual(old["signed_until"], new["since"])
        self.assertIsNone(new["signed_until"])
        self.assertIn(new["days_left"], (3651, 3652))
        shown = subprocess.run(["openssl", "x509", "-in", str(self.folder / f"{name}.crt"),
                                "-noout", "-fingerprint", "-sha256"],
                               capture_output=True, text=True, check=True).stdout
        self.assertEqual(shown.strip().partition("=")[2].replace(":", "").lower(), new["sha256"])

    def test_a_damaged_file_of_states_is_named_and_stops_nothing(self):
        client = self.logged_in("bob")
        self.write_states(self.first + "new activ 2026-11-01T00:00:00Z\n")
        run = self.keys("list")
        self.assertEqual(run.returncode, 2)
        self.assertIn(f"{self.folder}/states:3: 'activ' is no state; use next, published, active, "
                      "former or retired", run.stderr)
        run = self.stack.rolebridge("reload", "--socket", str(self.stack.admin_socket))
        self.assertEqual(run.returncode, 1)
        self.assertIn("states:3: 'activ' is no state", run.stderr)
        self.land(self.response_of(client, BOB)[0])

    def test_warns_of_what_ends_soon(self):
        self.done("new", "--name", "new")
        self.make_certificate(self.folder / "new.key", self.folder / "new.crt", "-1", "45")
        self.done("publish", "new")
        run = self.reload()
        self.assertIn("warning  signing: the certificate of 'new' (published) ends at ", run.stderr)
        check = self.stack.rolebridge(
            "check", "--config", str(self.stack.config), "--pam-folder",
            str(self.stack.etc / "pam.d"), "--pam-settings",
            str(self.stack.etc / "rolebridge-pam.conf"))
        self.assertRegex(check.stdout, r"warning  signing: 'new' \(published\): expires on \S+ "
                                       r"\(days left: 4[45]\)")
        text = self.stack.metrics()
        sha256 = self.fingerprint("new")
        self.assertRegex(text, r'rolebridge_published_certificate_not_after_seconds\{key="new",'
                               rf'sha256="{sha256}",state="published"\}} \d+')
        self.stack.stop("issuer")
        self.stack.start_issuer()
        self.stack.wait_ready()
        event = self.events("certificate_ends")[-1]
        for part in ("kind=signing", "key=new", "state=published", "days_left=4", sha256):
            self.assertIn(part, event)

    def test_a_forgotten_key_that_expired_keeps_nobody_out(self):
        client = self.logged_in("bob")
        self.done("new", "--name", "new")
        self.done("publish", "new")
        self.make_certificate(self.folder / "new.key", self.folder / "new.crt", "-10", "-5")
        self.assertIn("(published) ended at", self.reload().stderr)
        self.assertEqual(self.certificates(), [self.certificate("old")])
        self.land(self.response_of(client, BOB)[0])


class ListFormTest(StackTestCase):

    def keys(self, command, *arguments):
        return self.stack.rolebridge("keys", command, "--config", str(self.stack.config),
                                     *arguments)

    def test_a_list_is_shown_and_left_to_whoever_wrote_it(self):
        run = self.keys("list")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout.splitlines()[1].split()[:4], ["saml", "active", "-", "-"])
        for command in ("publish", "activate", "retire"):
            run = self.keys(command, "saml")
            self.assertEqual(run.returncode, 2)
            self.assertRegex(run.stderr, r"rolebridge.yaml:\d+:\d+: signing is a list, which is "
                                         r"yours to edit; ")


if __name__ == "__main__":
    unittest.main()
