#pragma once

// URNs of SAML 2.0 and XML signatures.
namespace rolebridge::saml {

inline constexpr char kProtocolNs[] = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr char kAssertionNs[] = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr char kMetadataNs[] = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr char kSignatureNs[] = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr char kStatusSuccess[] = "urn:oasis:names:tc:SAML:2.0:status:Success";
inline constexpr char kBearer[] = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
inline constexpr char kBindingPost[] = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
inline constexpr char kBindingRedirect[] = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
inline constexpr char kNameIdPersistent[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
inline constexpr char kNameIdTransient[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
inline constexpr char kNameIdEmail[] = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
inline constexpr char kNameIdUnspecified[] =
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
inline constexpr char kPasswordProtectedTransport[] =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

}  // namespace rolebridge::saml
