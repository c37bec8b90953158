"""Signed requests to a Function App, the tokens that they carry, and why an app refuses them.

Free of Django.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity in a token: its `oid` and `appid`, None where unknown.

    The client ID of a system-assigned identity is read separately, and may not be readable.
    """

    principal_id: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One reason why an app refuses the tokens, or does not check them.

    `code` is stable, for scripts. `fix` is what to do; `is_fixable` whether `desired_auth` does it.
    `is_certain` is False for what cannot be seen, of the app, the identity or the tokens.
    """

    code: str
    message: str
    fix: str
    is_fixable: bool = True
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class SignedRequests:
    """The requests that signed templates send to one app, and the tokens that they carry.

    `issuer` and `audiences` are those of the tokens; `accepted_issuers` are the settings for which
    App Service accepts an issuer that they may have. `client_id` is that of the one application
    that the resources name. `url_templates` are the URLs. `undecided` says why the issuer is not
    known, or why no setting accepts all requests; nothing is planned then. Without audiences and
    `undecided` there is nothing for the app to accept. `other_client_ids`, in lower case, are known
    not to be those of a caller whose own is not known.
    """

    issuer: str
    audiences: tuple[str, ...]
    callers: tuple[Caller, ...]
    url_templates: tuple[str, ...] = ()
    accepted_issuers: frozenset[str] = frozenset()
    client_id: str = ""
    undecided: Mismatch | None = None
    other_client_ids: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether no template sends the app a signed request."""
        return not self.audiences and self.undecided is None
