"""AWS's refusals. Codes and statuses: 5.3; texts: section 7, letter for letter."""

INVALID_RESPONSE = "Your request included an invalid SAML response. To logout, click here."


class AwsError(Exception):
    """One refusal, as STS words it and as the sign-in page shows it."""

    def __init__(self, code, status, message, note="", inner=None):
        """`note`: why, in this stand-in's words; AWS would not say. `inner`: code of AWS's
        AWSOpenIdDiscoveryService where the refusal comes from there."""
        super().__init__(f"{code}: {message}" + (f" [{note}]" if note else ""))
        self.code = code
        self.status = status
        self.message = message
        self.note = note
        self.inner = inner

    def page_text(self):
        """What a browser sees."""
        if self.message == INVALID_RESPONSE:
            return self.message
        if self.inner:
            return (f"{self.message} (service: AWSOpenIdDiscoveryService; status code: "
                    f"{self.status}; error code: {self.inner})")
        return (f"{self.message} (service: AWSSecurityTokenService; status code: {self.status}; "
                f"error code: {self.code})")

    def sts_message(self):
        """What `Message` holds in STS's answer."""
        if self.inner:
            return (f"{self.message} (Service: AWSOpenIdDiscoveryService; Status Code: "
                    f"{self.status}; Error Code: {self.inner})")
        return self.message


def invalid_response(note):
    return AwsError("InvalidIdentityToken", 400, INVALID_RESPONSE, note)


def invalid_base64(note):
    return AwsError("InvalidIdentityToken", 400, "Invalid base64 SAMLResponse", note,
                    inner="AuthSamlInvalidSamlResponseException")


def unknown_provider(arn):
    return AwsError("InvalidIdentityToken", 400, "Specified provider doesn't exist", arn,
                    inner="AuthSamlManifestNotFoundException")


def wrong_issuer(note):
    return AwsError("InvalidIdentityToken", 400,
                    "Failed to assume role: Issuer not present in specified provider", note,
                    inner="AuthSamlInvalidSamlResponseException")


def bad_signature(note):
    return AwsError("InvalidIdentityToken", 400, "Response signature invalid", note)


def wrong_audience(note):
    return AwsError("InvalidIdentityToken", 400,
                    "Response does not contain the required audience.", note)


def expired(note):
    return AwsError("ExpiredTokenException", 400,
                    "Token must be redeemed within 5 minutes of issuance", note)


def rejected_claim(note):
    return AwsError("IDPRejectedClaim", 403, "The identity provider returned a failing status",
                    note)


def not_authorized(note):
    return AwsError("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithSAML", note)


def session_name_missing():
    return AwsError("InvalidIdentityToken", 400, "RoleSessionName is required in AuthnResponse")


def session_name_malformed(note):
    return AwsError("InvalidIdentityToken", 400,
                    "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}", note)


def source_identity_malformed(note):
    return AwsError("InvalidIdentityToken", 400,
                    'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
                    note)


def invalid_tags(note):
    return AwsError("ValidationError", 400, "Unable to validate tags", note)


def packed_policy_too_large(percent):
    return AwsError("PackedPolicyTooLarge", 400,
                    f"Packed size of session tags consumes {percent}% of allotted space.")


def malformed_policy(note):
    return AwsError("MalformedPolicyDocument", 400, "The policy is not in the valid JSON format.",
                    note)


def duration_above_maximum():
    return AwsError(
        "ValidationError", 400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def bad_parameter(name, constraint, value=None):
    shown = f"'{value}' " if value is not None else ""
    return AwsError("ValidationError", 400,
                    f"1 validation error detected: Value {shown}at '{name}' failed to satisfy "
                    f"constraint: {constraint}")


def arn_invalid(which):
    return AwsError("ValidationError", 400, f"{which} ARN is invalid")
