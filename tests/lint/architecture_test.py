"""What the compiler does not see: who may include whom, which library belongs to which file, and
the calls that are banned, each with the rule that bans it (security.md)."""

import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("ROLEBRIDGE_SOURCE_DIR") or
                      pathlib.Path(__file__).resolve().parents[2])

# Folder -> folders that it may include, beside itself and bridge/base. Nothing points back up: a
# folder never includes one that includes it.
ARROWS = {
    "bridge/base": set(),
    "bridge/crypto": set(),
    "bridge/protocol": set(),
    "bridge/mapping": set(),
    "bridge/saml": {"bridge/crypto"},
    "bridge/aws": {"bridge/saml"},
    "ldap": set(),
    "pam": set(),
    "bridge/config": {"bridge/mapping", "bridge/aws", "bridge/saml", "bridge/crypto", "ldap"},
    "bridge/entitlement": {"bridge/config", "bridge/mapping", "bridge/aws", "bridge/saml"},
    "bridge/store": {"bridge/crypto"},
    "bridge/backup": {"bridge/store", "bridge/crypto"},
    "bridge/issuer": {"bridge/protocol", "bridge/entitlement", "bridge/config", "bridge/mapping",
                      "bridge/aws", "bridge/saml", "bridge/store", "bridge/crypto", "ldap", "pam"},
    "bridge/web": {"bridge/protocol", "bridge/saml", "bridge/crypto"},
    "bridge/cli": {"bridge/backup", "bridge/issuer", "bridge/protocol", "bridge/entitlement", "bridge/config", "bridge/mapping",
                   "bridge/aws", "bridge/saml", "bridge/store", "bridge/crypto", "ldap", "pam"},
}

# Where a folder may take only some of another's headers.
NARROW = {
    ("bridge/cli", "bridge/store"): {"bridge/store/audit_log.h"},
    ("bridge/backup", "bridge/store"): {"bridge/store/store_copy.h"},
    ("bridge/web", "bridge/saml"): {"bridge/saml/authn_request.h", "bridge/saml/names.h"},
    ("bridge/issuer", "pam"): {"pam/client.h"},
    ("bridge/config", "bridge/saml"): {"bridge/saml/instant.h"},
    ("bridge/config", "ldap"): {"ldap/settings.h", "ldap/filter.h", "ldap/dn.h"},
}

# Library header -> the only files that may include it.
LIBRARY_OWNERS = (
    (r"<httplib\.h>", r"bridge/web/dispatcher\.cc"),
    (r"<asio", r"bridge/web/.*"),
    (r"<kainjow/", r"bridge/web/.*"),
    (r"<(ldap|lber)\.h>", r"ldap/.*"),
    (r"<security/", r"pam/.*"),
    (r"<yaml-cpp/", r"bridge/config/yaml_reader\.(h|cc)"),
    (r"<(xmlsec|libxml)/", r"bridge/saml/.*"),
    (r"<openssl/", r"bridge/(crypto|saml|web)/.*"),
    (r"<re2/", r"bridge/(mapping|aws|config)/.*"),
    (r"<date/", r"bridge/base/time_zone\.cc"),
    (r"<systemd/", r"bridge/(web|issuer|base)/.*"),
    (r"<archive", r"bridge/backup/tar\.cc"),
    (r"<prometheus/", r"bridge/issuer/metrics\.cc"),
    (r"<CLI/", r"bridge/cli/.*|bridge/(web|issuer)/(main|startup|options)\.cc"),
    (r"<regex>", r"nobody"),  # H4: libstdc++'s recurses per character
    # Each brings a megabyte of locales along, and one of its programs starts anew for each login.
    (r"<(filesystem|fstream|iostream|locale|sstream)>", r"bridge/(?!base/).*|ldap/.*"),
)

# A call that may stand nowhere but in the files of the third column.
BANNED = (
    (r"\bstd::regex\b", "H4: recurses per character", None),
    (r"\bxmlNewChild\s*\(", "O2: reads entities in its content", None),
    (r"\bxmlNodeSetContent\s*\(", "O2: reads entities in its content", None),
    (r"\bxmlNewDocProp\s*\(", "O2: reads entities in its value", None),
    (r"\bXML_PARSE_(NOENT|DTDLOAD|DTDATTR|XINCLUDE|HUGE|RECOVER)\b", "I1", None),
    (r"#\s*define\s+CPPHTTPLIB_", "H7: the library is compiled separately", None),
    (r"\bhttplib::(Client|SSLClient|SSLServer)\b", "H6", None),
    (r"\b(gettimeofday|ftime)\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|_clock::now\s*\(",
     "time is handed in", r"bridge/base/.*|bridge/web/.*|pam/.*|ldap/.*"),
    (r"\bsystem_clock::now\s*\(", "time is handed in", r"bridge/base/clock\.cc"),
    (r"\b(rand|srand|random|drand48)\s*\(\s*\)|\bstd::mt19937", "O4: getrandom only", None),
    (r"\b(sprintf|strcpy|strcat|gets|mktemp|tmpnam|system|popen)\s*\(", "unbounded or unsafe",
     None),
    (r"\bsyslog\s*\(", "G4: events have fields", None),
    (r"\busing namespace std\s*;", "house style", None),
    (r"\b(TODO|FIXME|XXX)\b", "open ends are issues", None),
)


def files(*suffixes):
    for top in ("bridge", "ldap", "pam"):
        for path in sorted((SOURCE / top).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path, path.relative_to(SOURCE).as_posix()


def folder_of(name):
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] == "bridge" else parts[0]


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def lines_of(path):
    return enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


class ArchitectureTest(unittest.TestCase):

    def check(self, complaints):
        self.assertFalse(complaints, "\n" + "\n".join(complaints))

    def test_no_folder_includes_what_it_must_not(self):
        complaints = []
        for path, name in files(".h", ".cc"):
            here = folder_of(name)
            self.assertIn(here, ARROWS, f"{here} has no row in ARROWS")
            for number, line in lines_of(path):
                match = re.match(r'#include "([^"]+)"', line)
                if not match or folder_of(match[1]) in (here, "bridge/base"):
                    continue
                there = folder_of(match[1])
                narrow = NARROW.get((here, there))
                if there not in ARROWS[here] or (narrow and match[1] not in narrow):
                    complaints.append(f"{name}:{number}: {here} must not include {match[1]}")
        self.check(complaints)

    def test_arrows_have_no_cycle(self):
        seen = set()

        def visit(folder, trail):
            self.assertNotIn(folder, trail, f"cycle: {trail + (folder,)}")
            for target in ARROWS[folder] - seen:
                visit(target, trail + (folder,))
            seen.add(folder)

        for folder in ARROWS:
            visit(folder, ())

    def test_no_merge_left_its_marks(self):
        listed = subprocess.run(["git", "-C", str(SOURCE), "grep", "--line-number", "-I", "-E",
                                 "^(<<<<<<<|>>>>>>>) "], capture_output=True, text=True,
                                check=False)
        # 1: nothing found; other programs' exit statuses are no answer.
        if listed.returncode != 128:  # an unpacked release has no history to ask
            self.assertEqual((listed.returncode, listed.stdout), (1, ""))

    def test_each_library_has_its_owner(self):
        complaints = []
        for path, name in files(".h", ".cc"):
            for number, line in lines_of(path):
                for header, owners in LIBRARY_OWNERS:
                    if re.match(r"#include " + header, line) and not re.fullmatch(owners, name):
                        complaints.append(f"{name}:{number}: {line}; only {owners} may")
        self.check(complaints)

    def test_no_banned_call(self):
        complaints = []
        for path, name in files(".h", ".cc"):
            text = path.read_text(encoding="utf-8")
            for pattern, reason, allowed in BANNED:
                # The words for open ends are looked for in comments too.
                shown = text if "TODO" in pattern else without_comments(text)
                for match in re.finditer(pattern, shown):
                    if not (allowed and re.fullmatch(allowed, name)):
                        number = shown.count("\n", 0, match.start()) + 1
                        complaints.append(f"{name}:{number}: {match[0]} ({reason})")
        self.check(complaints)

    def test_each_source_is_built(self):
        complaints = []
        for path, name in files(".cc"):
            listed = (path.parent / "CMakeLists.txt").read_text(encoding="utf-8")
            if not re.search(r"(?<![\w/])" + re.escape(path.name) + r"(?!\w)", listed):
                complaints.append(f"{name} stands in no CMakeLists.txt")
        self.check(complaints)

    def test_headers_guard_themselves(self):
        self.check([name for path, name in files(".h")
                    if "#pragma once" not in path.read_text(encoding="utf-8")])


class PagesTest(unittest.TestCase):
    """B5, B6, B10: everything is escaped, and a content security policy without nonce suffices."""

    BANNED = ((r"\{\{\{|\{\{&", "unescaped"), (r"\{\{=", "changes the delimiters"),
              (r"<script(?![^>]*\bsrc=\"\{\{static\.)", "a script that is not one of our files"),
              (r"<script[^>]*>\s*[^<\s]", "inline script"), (r"<style", "inline style"),
              (r"\sstyle\s*=", "inline style"), (r"\son[a-z]+\s*=", "inline handler"),
              (r"javascript:", "inline script"), (r"=\{\{", "a value outside of quotes"),
              (r"(src|href|action)\s*=\s*\"(https?:)?//", "something from another host"))

    def test_templates(self):
        pages = sorted((SOURCE / "bridge/web/pages").glob("*.mustache"))
        self.assertTrue(pages, "no page templates found")
        complaints = [f"{path.name}: {match[0].strip()} ({reason})"
                      for path in pages for pattern, reason in self.BANNED
                      for match in re.finditer(pattern, path.read_text(encoding="utf-8"))]
        self.assertFalse(complaints, "\n" + "\n".join(complaints))


class ProseTest(unittest.TestCase):

    def test_no_page_names_the_workplace(self):
        """Paths of the machine a change was made on help nobody elsewhere."""
        complaints = []
        for path in sorted(SOURCE.rglob("*")):
            name = path.relative_to(SOURCE).as_posix()
            if not path.is_file() or re.match(r"(\.git|build[^/]*|.*node_modules)(/|$)", name):
                continue
            if path.suffix not in (".h", ".cc", ".py", ".md", ".txt", ".cmake", ".yaml", ".json",
                                   ".mjs", ".js", ".css", ".mustache", ""):
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            if re.search(r"/work/(main|shared)|\.\./shared/", text) and "ProseTest" not in text:
                complaints.append(name)
        self.assertFalse(complaints, complaints)


if __name__ == "__main__":
    unittest.main()
