"""A stand-in for AWS's sign-in page and for STS AssumeRoleWithSAML.

It is the judge of what the bridge sends, so it shares no line with it: Debian's Python packages,
and other people's programs for what is hard (xmlsec1 checks the signature, xmllint the schema,
OneLogin's toolkit in strict mode the whole response once more). Rule numbers (R4, 5.3, ...) are
those of the project's reference page aws-saml.md, which quotes AWS's own documentation.

    errors.py    AWS's refusals, with its codes, statuses and texts
    response.py  a SAMLResponse of a stranger -> checked facts
    iam.py       accounts, SAML providers with the metadata that was uploaded, roles, trust policies
    federation.py  response + role -> where the person lands
    server.py    the two listeners: sign-in page (HTTPS), STS (HTTP, query protocol)
    pages.py     what the sign-in page shows
"""

from aws_stand_in.errors import AwsError
from aws_stand_in.server import AwsStandIn

__all__ = ["AwsError", "AwsStandIn"]
