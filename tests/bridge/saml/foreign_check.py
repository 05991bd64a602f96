"""Asks other people's SAML libraries, each as strict as it goes, what they make of our responses.

    foreign_check.py METADATA ACS SP_ENTITY_ID RESPONSE.xml...

Prints a JSON object: for each file, for each library, either {"ok": true, ...what it read} or
{"ok": false, "why": ...}. The C++ test knows what is expected.
"""

import base64
import json
import logging
import os
import sys
from urllib.parse import urlsplit

import lasso
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig

logging.disable(logging.CRITICAL)
NAMES = {
    "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
    "saml2p": "urn:oasis:names:tc:SAML:2.0:protocol",
}


def onelogin(xml, metadata, acs, entity_id):
    settings = OneLogin_Saml2_Settings(
        OneLogin_Saml2_IdPMetadataParser.merge_settings(
            {
                "strict": True,
                "sp": {"entityId": entity_id, "assertionConsumerService": {"url": acs}},
                "security": {
                    "wantAssertionsSigned": True,
                    "wantAttributeStatement": True,
                    "rejectDeprecatedAlgorithm": True,
                    "rejectUnsolicitedResponsesWithInResponseTo": True,
                },
            },
            OneLogin_Saml2_IdPMetadataParser.parse(metadata),
        )
    )
    url = urlsplit(acs)
    request = {"https": "on", "http_host": url.netloc, "script_name": url.path}
    response = OneLogin_Saml2_Response(settings, base64.b64encode(xml).decode())
    if not response.is_valid(request):
        return {"ok": False, "why": response.get_error()}
    return {
        "ok": True,
        "name_id": response.get_nameid(),
        "attributes": response.get_attributes(),
        "session_index": response.get_session_index(),
    }


def pysaml2(xml, metadata, acs, entity_id):
    config = SPConfig().load(
        {
            "entityid": entity_id,
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(acs, BINDING_HTTP_POST)]},
                    "want_assertions_signed": True,
                    "want_response_signed": False,
                    "allow_unsolicited": True,
                }
            },
            "allow_unknown_attributes": True,
            "metadata": {"inline": [metadata]},
            "xmlsec_binary": "/usr/bin/xmlsec1",
        }
    )
    client = Saml2Client(config=config)
    response = client.parse_authn_request_response(base64.b64encode(xml).decode(), BINDING_HTTP_POST, None)
    if response is None:
        return {"ok": False, "why": "no response"}
    return {"ok": True, "name_id": response.name_id.text, "attributes": response.ava}


def lasso_library(xml, metadata, acs, entity_id):
    sp = (
        f'<EntityDescriptor xmlns="{NAMES["saml2"].replace("assertion", "metadata")}" entityID="{entity_id}">'
        f'<SPSSODescriptor protocolSupportEnumeration="{NAMES["saml2p"]}">'
        f'<AssertionConsumerService index="0" Binding="{BINDING_HTTP_POST}" Location="{acs}"/>'
        "</SPSSODescriptor></EntityDescriptor>"
    )
    server = lasso.Server.newFromBuffers(sp)
    server.addProviderFromBuffer(lasso.PROVIDER_ROLE_IDP, metadata)
    login = lasso.Login(server)
    login.processAuthnResponseMsg(base64.b64encode(xml).decode())
    login.acceptSso()
    return {
        "ok": True,
        "name_id": login.nameIdentifier.content,
        "attributes": {
            attribute.name: len(attribute.attributeValue)
            for attribute in login.assertion.attributeStatement[0].attribute
        },
    }


def lxml(xml, *_):
    """No judgement: what a plain parser reads."""
    root = etree.fromstring(xml)
    return {
        "ok": True,
        "attributes": {
            attribute.get("Name"): [
                value.text or "" for value in attribute.iterfind("saml2:AttributeValue", NAMES)
            ]
            for attribute in root.iterfind(".//saml2:Attribute", NAMES)
        },
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        metadata = file.read()
    outcomes = {}
    for path in sys.argv[4:]:
        with open(path, "rb") as file:
            xml = file.read()
        outcome = outcomes[os.path.basename(path)] = {}
        for library in (onelogin, pysaml2, lasso_library, lxml):
            try:
                outcome[library.__name__] = library(xml, metadata, sys.argv[2], sys.argv[3])
            except Exception as error:  # what a library raises is its way to refuse
                outcome[library.__name__] = {"ok": False, "why": f"{type(error).__name__}: {error}"}
    print(json.dumps(outcomes))


main()
