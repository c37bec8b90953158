"""Whether the authentication of a Function App accepts an instance's signed requests.

App Service accepts a token if its issuer is the configured one, its audience is the client ID or in
the list of allowed audiences, and its caller is listed where callers are restricted. Sources:
"Managed identities for Azure SignalR Service", Function app; "Configure your App Service or Azure
Functions app to use Microsoft Entra sign-in". Free of Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from arm.function_app_authentication import ANONYMOUS, REFUSE, SIGN_IN, FunctionAppAuth

# The actions that refuse a request without a valid token. The classic settings have no other
# refusal than a redirect to the sign-in page.
_REFUSALS: Final = {"v2": (REFUSE, "Return403"), "classic": (SIGN_IN,)}

# Placeholders that the service replaces.
_PARAMETER: Final = re.compile(r"\{(?:hub|category|event)\}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity in a token: its `oid` and `appid`, None where unknown.

    ARM does not return the client ID of a SignalR instance's system-assigned identity.
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
    `undecided` there is nothing for the app to accept.
    """

    issuer: str
    audiences: tuple[str, ...]
    callers: tuple[Caller, ...]
    url_templates: tuple[str, ...] = ()
    accepted_issuers: frozenset[str] = frozenset()
    client_id: str = ""
    undecided: Mismatch | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no template sends the app a signed request."""
        return not self.audiences and self.undecided is None


def host_of(url_template: str) -> str | None:
    """Return the host of a URL template, in lower case; None where it has none."""
    try:
        return urlsplit(url_template).hostname
    except ValueError:
        return None


def mismatches(auth: FunctionAppAuth, requests: SignedRequests) -> list[Mismatch]:
    """Return why an app with `auth` does not accept `requests`, the most basic reason first."""
    if requests.is_empty:
        return []
    if auth.is_from_file:
        # The settings that were read are not in force, so nothing else follows from them.
        return [_SETTINGS_FILE]
    return [found for rule in _RULES for found in rule(auth, requests)]


def desired_auth(auth: FunctionAppAuth, requests: SignedRequests) -> FunctionAppAuth:
    """Return `auth` with the fewest changes that accept `requests`, and none without a token.

    Audiences and callers are added, never removed: other callers may use the app. An app that uses
    a settings file, or whose client ID is not known, is returned unchanged: writing to the first
    has no effect, and enabling authentication of the second would break it. So is an app whose
    requests have an unknown issuer: the wrong one would break it.
    """
    client_id = auth.client_id or requests.client_id
    if not _can_write(auth, requests):
        return auth
    refusals = _REFUSALS[auth.version]
    action = auth.unauthenticated_action
    return replace(
        auth,
        is_enabled=True,
        issuer=auth.issuer if _accepts_issuer(auth, requests) else requests.issuer,
        client_id=client_id,
        unauthenticated_action=action if action in refusals else refusals[0],
        allowed_audiences=(
            *auth.allowed_audiences,
            *_missing_audiences(auth.allowed_audiences, client_id, requests.audiences),
        ),
        allowed_principals=_with_callers(auth.allowed_principals, requests, _principal_id),
        allowed_applications=_with_callers(auth.allowed_applications, requests, _caller_client_id),
        allowed_clients=_with_callers(auth.allowed_clients, requests, _caller_client_id),
    )


def _client_id(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    if auth.client_id:
        return
    found = requests.client_id
    yield Mismatch(
        "client_id_missing",
        "It has no client ID of an app registration, so it cannot check a token.",
        f"Set its client ID to {found}."
        if found
        else "Add Microsoft as its identity provider, "
        "with the app registration that the templates' resource names.",
        is_fixable=_can_write(auth, requests),
    )


def _switched_on(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    if not auth.is_enabled:
        yield Mismatch(
            "authentication_off",
            "Its authentication is disabled, so it checks no token.",
            "Enable it.",
            is_fixable=_can_write(auth, requests),
        )


def _refusing(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    action, refusals = auth.unauthenticated_action, _REFUSALS[auth.version]
    if action in refusals:
        return
    what = {
        ANONYMOUS: "It allows requests without a token.",
        SIGN_IN: "It accepts a valid token, and redirects requests without one to a sign-in page "
        "(302) instead of refusing them.",
    }
    yield Mismatch(
        "unauthenticated_allowed",
        what.get(action, f"Its action for unauthenticated requests is {action or 'the default'}."),
        f"Set the action for unauthenticated requests to {refusals[0]}.",
        is_fixable=_can_write(auth, requests),
    )


def _excluded(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    for excluded in auth.excluded_paths:
        for url_template in requests.url_templates:
            if may_fall_under(excluded, url_template):
                yield Mismatch(
                    "path_excluded",
                    f"It checks no token at {excluded}, to which a template sends events.",
                    f"Remove {excluded} from its globalValidation.excludedPaths.",
                    is_fixable=False,
                )
                break


def may_fall_under(excluded: str, url_template: str) -> bool:
    """Return whether an event may be sent to a path that is excluded from authentication.

    A placeholder stands for any one segment, and a final `*` of the path for any rest. Whether
    App Service compares case and a final slash is not documented: both are ignored here, so that a
    path that may be excluded is reported.
    """
    try:
        path = urlsplit(url_template).path
    except ValueError:
        return False
    pattern = "[^/]+".join(re.escape(part) for part in _PARAMETER.split(path.rstrip("/")))
    if not excluded.endswith("*"):
        return re.fullmatch(pattern, excluded.rstrip("/"), re.IGNORECASE) is not None
    start, fixed = excluded[:-1].lower(), _PARAMETER.split(path)[0].lower()
    return fixed.startswith(start) or (start.startswith(fixed) and fixed != path.lower())


def _issuer(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    if requests.undecided is not None:
        yield requests.undecided
    if _accepts_issuer(auth, requests):
        return
    if requests.undecided is not None:
        yield Mismatch(
            "issuer_differs",
            f"Its issuer is {auth.issuer or 'not set'}: neither that of the tenant's v1 tokens nor "
            "that of its v2 tokens.",
            "Set its issuer to that of the version which the app registration requests.",
            is_fixable=False,
        )
        return
    is_v2 = requests.issuer.endswith("/v2.0")
    if auth.issuer.rstrip("/").endswith("/v2.0") and not is_v2:
        why = f"Its issuer is that of v2 tokens, {auth.issuer}, and the requests carry v1 tokens."
    elif auth.issuer.rstrip("/").lower() == requests.issuer.rstrip("/").lower():
        why = f"Its issuer {auth.issuer} differs in case or in the final slash: both matter."
    elif is_v2 and auth.issuer and not auth.issuer.rstrip("/").endswith("/v2.0"):
        why = f"Its issuer is that of v1 tokens, {auth.issuer}, and the requests carry v2 tokens."
    else:
        why = f"Its issuer is {auth.issuer or 'not set'}; that of the tokens is {requests.issuer}."
    yield Mismatch(
        "issuer_differs",
        why,
        f"Set its issuer to exactly {requests.issuer}.",
        is_fixable=_can_write(auth, requests),
    )


def _accepts_issuer(auth: FunctionAppAuth, requests: SignedRequests) -> bool:
    return auth.issuer in {requests.issuer, *requests.accepted_issuers}


def _audiences(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    client_id = auth.client_id or requests.client_id
    for audience in _missing_audiences(auth.allowed_audiences, client_id, requests.audiences):
        yield Mismatch(
            "audience_missing",
            f"It does not accept the audience {audience} of the tokens that a template requests.",
            f"Add {audience} to its allowed token audiences.",
            is_fixable=_can_write(auth, requests),
        )


def _callers(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    lists = (
        ("principal", "allowedPrincipals.identities", auth.allowed_principals, _principal_id),
        (
            "application",
            "defaultAuthorizationPolicy.allowedApplications",
            auth.allowed_applications,
            _caller_client_id,
        ),
        (
            "application",
            "jwtClaimChecks.allowedClientApplications",
            auth.allowed_clients,
            _caller_client_id,
        ),
    )
    for kind, setting, allowed, id_of in lists:
        for caller in requests.callers if allowed else ():
            yield from _caller(kind, setting, allowed, id_of(caller), _can_write(auth, requests))


def _caller(
    kind: str, setting: str, allowed: Sequence[str], found: str | None, can_write: bool
) -> Iterator[Mismatch]:
    if found is None:
        yield Mismatch(
            f"{kind}_unknown",
            f"Its {setting} accepts only the listed callers, and the ID of the identity that it "
            "would list is not known.",
            f"Check that {setting} lists the identity, or clear it.",
            is_fixable=False,
            is_certain=False,
        )
    elif not _holds(allowed, found):
        yield Mismatch(
            f"{kind}_excluded",
            f"Its {setting} does not list the identity, so it refuses the requests with 403.",
            f"Add {found} to {setting}.",
            is_fixable=can_write,
        )


def _others(auth: FunctionAppAuth, _requests: SignedRequests) -> Iterator[Mismatch]:
    for check in auth.other_checks:
        yield Mismatch(
            "other_check",
            f"Its {check} may refuse the identity, and Signalman does not manage it.",
            f"Check that {check} accepts the identity.",
            is_fixable=False,
            is_certain=False,
        )


_SETTINGS_FILE: Final = Mismatch(
    "settings_from_file",
    "It uses a settings file of its own, so the settings that Azure returns are not in effect.",
    "Check the file, or remove its path from the app's authentication settings.",
    is_fixable=False,
    is_certain=False,
)

Rule = Callable[[FunctionAppAuth, SignedRequests], Iterator[Mismatch]]
_RULES: Final[tuple[Rule, ...]] = (
    _client_id,
    _switched_on,
    _refusing,
    _excluded,
    _issuer,
    _audiences,
    _callers,
    _others,
)


def _can_write(auth: FunctionAppAuth, requests: SignedRequests) -> bool:
    """Return whether the settings that the requests need are known and can be written."""
    is_decided = bool(requests.audiences) and requests.undecided is None
    return is_decided and not auth.is_from_file and bool(auth.client_id or requests.client_id)


def _missing_audiences(
    allowed: Sequence[str], client_id: str, audiences: Sequence[str]
) -> list[str]:
    """Return the audiences that are not accepted; the client ID always is. Compares exactly."""
    return [each for each in dict.fromkeys(audiences) if each not in (*allowed, client_id)]


def _with_callers(
    allowed: tuple[str, ...], requests: SignedRequests, id_of: Callable[[Caller], str | None]
) -> tuple[str, ...]:
    """Return the list with the callers added. An empty list accepts all, and stays empty."""
    if not allowed:
        return allowed
    for caller in requests.callers:
        found = id_of(caller)
        if found is not None and not _holds(allowed, found):
            allowed = (*allowed, found)
    return allowed


def _holds(ids: Sequence[str], one: str) -> bool:
    """Return whether a GUID is in a list, ignoring case."""
    return one.lower() in {each.lower() for each in ids}


def _principal_id(caller: Caller) -> str | None:
    return caller.principal_id


def _caller_client_id(caller: Caller) -> str | None:
    return caller.client_id
