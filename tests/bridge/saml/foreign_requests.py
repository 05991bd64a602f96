"""Prints AuthnRequests as other people's SAML libraries make them.

One a line: name, binding (redirect or post), the SAMLRequest parameter, and what must be read out of it
as JSON. The C++ test reads them.
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import lasso
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig

SP = "https://sp.example.org/metadata?a=1&b=2"
ACS = "https://sp.example.org/acs?x=1&y=2"
IDP = "https://idp.example.org/saml/app"
SSO = "https://idp.example.org/saml/app/sso"


def show(name, binding, parameter, **facts):
    print(name, binding, parameter, json.dumps(facts), sep="\t")


def onelogin():
    # It does not escape what it puts into its XML.
    sp, acs = "https://sp.example.org/metadata", "https://sp.example.org/acs"
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": sp, "assertionConsumerService": {"url": acs}},
            "idp": {"entityId": IDP, "singleSignOnService": {"url": SSO}},
        },
        sp_validation_only=True,
    )
    request = OneLogin_Saml2_Authn_Request(settings, force_authn=True)
    show("onelogin", "redirect", request.get_request(), id=request.get_id(), issuer=sp, acs=acs,
         force=True, contexts=1)
    request = OneLogin_Saml2_Authn_Request(settings)
    show("onelogin", "post", request.get_request(deflate=False), id=request.get_id(), issuer=sp,
         acs=acs, force=False, contexts=1)


def pysaml2():
    config = SPConfig().load(
        {
            "entityid": SP,
            "service": {"sp": {"endpoints": {"assertion_consumer_service": [(ACS, BINDING_HTTP_POST)]},
                               "allow_unsolicited": True}},
            "xmlsec_binary": "/usr/bin/xmlsec1",
        }
    )
    client = Saml2Client(config=config)
    request_id, request = client.create_authn_request(SSO, binding=BINDING_HTTP_POST)
    info = client.apply_binding(BINDING_HTTP_REDIRECT, str(request), SSO)
    url = dict(info["headers"])["Location"]
    parameter = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    show("pysaml2", "redirect", parameter, id=request_id, issuer=SP, acs=ACS, force=False, contexts=0)


def lasso_request():
    sp = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{SP.replace('&', '&amp;')}">
      <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <AssertionConsumerService index="0" isDefault="true" Location="{ACS.replace('&', '&amp;')}"
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/></SPSSODescriptor></EntityDescriptor>"""
    idp = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">
      <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <SingleSignOnService Location="{SSO}"
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/></IDPSSODescriptor></EntityDescriptor>"""
    server = lasso.Server.newFromBuffers(sp)
    server.addProviderFromBuffer(lasso.PROVIDER_ROLE_IDP, idp)
    login = lasso.Login(server)
    login.setSignatureHint(lasso.PROFILE_SIGNATURE_HINT_FORBID)
    login.initAuthnRequest(IDP, lasso.HTTP_METHOD_REDIRECT)
    login.request.protocolBinding = BINDING_HTTP_POST
    login.buildAuthnRequestMsg()
    parameter = parse_qs(urlsplit(login.msgUrl).query)["SAMLRequest"][0]
    # saml-interop.md: lasso names no ACS URL at all.
    show("lasso", "redirect", parameter, id=login.request.id, issuer=SP, acs="", force=False, contexts=0)


onelogin()
pysaml2()
lasso_request()
sys.stdout.flush()
