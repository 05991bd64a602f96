#!/usr/bin/python3
"""from_schema.py SCHEMA PAGE: writes rolebridge.yaml(5) as scdoc, made of the JSON Schema that the program
itself writes (`rolebridge schema`), so that the page names every key there is and no other."""

import json
import re
import sys

HEAD = """rolebridge.yaml(5)

# NAME

rolebridge.yaml - who may become what in AWS

# SYNOPSIS

/etc/rolebridge/rolebridge.yaml++
/etc/rolebridge/conf.d/\\*.yaml

# DESCRIPTION

The one configuration of rolebridge, in YAML. Files in _conf.d_ are read in the order of their names;
accounts, grants, vars, mappings and applications are merged by name. The file and its folder must
belong to root and be writable by nobody else. Times are a number and a unit (300s, 15m, 8h, 7d);
relative paths begin in the folder of this file. Secrets never stand in it: it names files that hold
them.

*rolebridge check* names every mistake with file, line and column, and *rolebridge schema* prints the
JSON Schema of which this page is made, for editors. A commented sample is
_/usr/share/doc/rolebridge/examples/rolebridge.yaml_; what templates and conditions can say, and
mappings by example, stand in _/usr/share/doc/rolebridge/docs_.

# KEYS

A name in angle brackets is yours to choose; [] stands for each element of a list.

"""

TAIL = """# FILES

_/etc/rolebridge/rolebridge.yaml_++
_/usr/share/doc/rolebridge/examples/rolebridge.yaml_++
_/usr/share/rolebridge/rolebridge.schema.json_

# SEE ALSO

*rolebridge*(1), *rolebridge-issuer*(8), *rolebridge-pam.conf*(5)
"""


def plain(text):
    """`text` with nothing in it that scdoc would take for markup."""
    return re.sub(r"([\\*_#\[\]<>~`+.-])", r"\\\1", text)


def shape(node):
    """What a value looks like, where the description leaves that open."""
    if "enum" in node:
        return "one of " + ", ".join(node["enum"])
    if node.get("type") == "integer":
        return f"{node['minimum']} to {node['maximum']}"
    if node.get("type") == "boolean":
        return "true or false"
    if node.get("type") == "array" and node.get("maxItems"):
        return f"a list of {node.get('minItems', 0)} to {node['maxItems']}"
    return ""


def keys_below(node, path=""):
    """(path, node, required) of each key, in the order of the schema."""
    for name, child in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, child, name in node.get("required", ())
        yield from inside(child, here)


def inside(node, path):
    yield from keys_below(node, path)
    if isinstance(node.get("items"), dict):
        yield from inside(node["items"], path + "[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from inside(node["additionalProperties"], path + ".<name>")


def page(schema):
    parts = [HEAD]
    for path, node, required in keys_below(schema):
        says = [node.get("description", ""), shape(node), "required" if required else ""]
        parts.append(f"*{plain(path)}*\n\t{plain('; '.join(part for part in says if part))}\n\n")
    return "".join(parts) + TAIL


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        text = page(json.load(source))
    with open(sys.argv[2], "w", encoding="utf-8") as target:
        target.write(text)
