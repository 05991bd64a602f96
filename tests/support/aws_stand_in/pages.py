"""The sign-in page's HTML. The role chooser has the fields that clients scrape (5.6 a)."""

import html

_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body {{ font: 16px/1.5 sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
  .note {{ border-left: .3rem solid #d97706; padding: .2rem .8rem; }}
  dt {{ font-weight: bold; }} dd {{ margin: 0 0 .6rem; overflow-wrap: anywhere; }}
</style></head><body>
<p class="note">This is rolebridge's stand-in for AWS: nothing here is Amazon's, and no cloud is
behind it.</p>
"""
_FOOT = "</body></html>\n"


def _page(title, body):
    return _HEAD.format(title=html.escape(title)) + body + _FOOT


def start():
    return _page("Sign-in stand-in", "<h1>Sign-in stand-in</h1><p>Responses are posted to "
                                     "<code>/saml</code>.</p>")


def refusal(error):
    note = f'<p class="note" id="why">{html.escape(error.note)}</p>' if error.note else ""
    return _page("Amazon Web Services Sign-In",
                 f'<h1>Error</h1><p id="error">{html.escape(error.page_text())}</p>{note}')


def chooser(accounts, pairs, saml_response, relay_state):
    """A page to choose one of several roles, by account."""
    by_account = {}
    for role_arn, _ in pairs:
        by_account.setdefault(role_arn.split(":")[4], []).append(role_arn)
    parts = ['<h1>Select a role:</h1><form id="saml_form" name="saml_form" action="/saml" '
             'method="post">', _hidden("RelayState", relay_state),
             _hidden("SAMLResponse", saml_response), _hidden("name", ""), "<fieldset>"]
    for account, arns in sorted(by_account.items()):
        alias = accounts.aliases.get(account)
        label = f"{alias} ({account})" if alias else account
        parts.append('<div class="saml-account"><div class="expandable-container">'
                     f'<div class="saml-account-name">Account: {html.escape(label)}</div>')
        for arn in arns:
            name = html.escape(arn, quote=True)
            parts.append(f'<div class="saml-role"><input type="radio" name="roleIndex" '
                         f'value="{name}" class="saml-radio" id="{name}" required>'
                         f'<label for="{name}" class="saml-role-description">'
                         f'{html.escape(arn.rsplit("/", 1)[1])}</label></div>')
        parts.append("</div></div>")
    parts.append('</fieldset><button id="signin_button" type="submit">Sign In</button></form>')
    return _page("Amazon Web Services Sign-In", "".join(parts))


def _hidden(name, value):
    return f'<input type="hidden" name="{name}" value="{html.escape(value, quote=True)}">'


def landing(session):
    rows = [("account", "Account", session.account), ("alias", "Alias", session.account_alias),
            ("role", "Role", session.role_name), ("role-arn", "Role ARN", session.role_arn),
            ("session-name", "Session name", session.session_name),
            ("assumed-role", "Signed in as", session.assumed_role_arn),
            ("duration", "Duration", f"{session.duration} seconds"),
            ("tags", "Session tags",
             ", ".join(f"{key}={value}" for key, value in sorted(session.tags.items())) or "none"),
            ("source-identity", "Source identity", session.source_identity or "none"),
            ("name-id", "NameID", session.name_id),
            ("relay-state", "RelayState", session.relay_state or "none: the console's home page")]
    shown = "".join(f'<dt>{label}</dt><dd id="{name}">{html.escape(value)}</dd>'
                    for name, label, value in rows)
    return _page("Console stand-in", f'<h1 id="landed">Signed in</h1><dl>{shown}</dl>')
