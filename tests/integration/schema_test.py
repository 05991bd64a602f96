"""The JSON Schema of the configuration: what is shipped is what the reader's own table says, and it
takes and refuses what the reader takes and refuses, as far as a schema can."""

import copy
import json
import os
import pathlib
import subprocess
import unittest

import jsonschema
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ["ROLEBRIDGE_BINARY_DIR"])


class SchemaTest(unittest.TestCase):

    def setUp(self):
        self.schema = json.loads(subprocess.run(
            [str(BINARIES / "bin/rolebridge"), "schema"], capture_output=True, check=True,
            timeout=60).stdout)
        self.sample = yaml.safe_load(
            (SOURCE / "etc/rolebridge.yaml").read_text(encoding="utf-8"))

    def complaints(self, config):
        validator = jsonschema.Draft202012Validator(self.schema)
        return [error.json_path + ": " + error.message for error in validator.iter_errors(config)]

    def test_is_the_one_that_is_shipped(self):
        shipped = json.loads((SOURCE / "etc/rolebridge.schema.json").read_text(encoding="utf-8"))
        self.assertEqual(shipped, self.schema,
                         "write it anew: rolebridge schema > etc/rolebridge.schema.json")

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_takes_the_samples(self):
        self.assertEqual(self.complaints(self.sample), [])
        demo = yaml.safe_load(
            (SOURCE / "tests/data/demo-rolebridge.yaml").read_text(encoding="utf-8")
            .replace("${MEMBERSHIP}", "rfc2307bis"))
        self.assertEqual(self.complaints(demo), [])

    def test_takes_a_file_of_conf_d(self):
        self.assertEqual(self.complaints({"vars": {"a": "b"}}), [])

    def test_refuses_what_the_reader_refuses(self):
        aws = ("applications", "aws")
        for path, value in (
                (("listen", "adress"), "x"),
                (("session", "idle"), "1 hour"),
                (("ldap", "groups", "membership"), "rfc2307ter"),
                (("ldap", "pool_size"), 65),
                (("accounts", "production", "id"), 123412341234),
                (("accounts", "production", "id"), "12341234123"),
                ((*aws, "preset"), "azure"),
                ((*aws, "acs_urls"), []),
                ((*aws, "allowed_accounts"), "123412341234"),
                (("clock", "require_synchronised"), "yes"),
                (("mappings", "aws-role", "vaule"), "x"),
                (("signing",), [{"certificate": "x.crt"}])):
            config = copy.deepcopy(self.sample)
            place = config
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            with self.subTest(path=path, value=value):
                self.assertTrue(self.complaints(config))


if __name__ == "__main__":
    unittest.main()
