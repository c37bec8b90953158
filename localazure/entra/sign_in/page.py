"""The sign-in page, and the page for errors that are not sent to the application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from localazure.entra.directory.home_tenant import Application, User
from localazure.entra.errors import TokenRefused

# Form fields that the page adds to the parameters of the request.
USER = "localazure_user"
CANCEL = "localazure_cancel"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 26rem; padding: 0 1rem;
       color: #1b1b1b; background: #fff; }
button { display: block; width: 100%; padding: .75rem 1rem; margin: .5rem 0; text-align: left;
         font: inherit; color: inherit; background: #f2f2f2; border: 1px solid #767676; }
button small { display: block; color: #4a4a4a; }
"""


def choice(application: Application, users: Iterable[User], asked: Mapping[str, str]) -> str:
    """Return the page that lists the users; its form carries the parameters of the request."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(_button(application, user) for user in users)
    return _page(
        "Sign in to Local Azure",
        f"<p>to continue to {escape(application.display_name)}. "
        "Choose a user: there are no passwords.</p>"
        f'<form method="post">{fields}{buttons}'
        f'<button name="{CANCEL}" value="1">Cancel</button></form>',
    )


def refusal(error: TokenRefused) -> str:
    """Return the page that shows an error."""
    return _page(
        "Sorry, but we're having trouble signing you in.",
        f"<p>AADSTS{error.number}: {escape(str(error))}</p>",
    )


def _button(application: Application, user: User) -> str:
    roles = ", ".join(user.app_roles.get(application.app_id, [])) or "no app role"
    return (
        f'<button name="{USER}" value="{escape(user.object_id)}">'
        f"{escape(user.display_name)}"
        f"<small>{escape(user.user_principal_name)}: {escape(roles)}</small></button>"
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )
