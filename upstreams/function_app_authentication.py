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

_FORBID: Final = "Return403"
# The actions that keep a request without a valid token from the app, the preferred one first. The
# classic settings have only a redirect to the sign-in page, which is the default of both versions.
_REFUSALS: Final = {"v2": (REFUSE, _FORBID, SIGN_IN, ""), "classic": (SIGN_IN, "")}
# What an app does with a request without a token, by its action.
_REFUSED: Final = {
    REFUSE: "refuses each request with 401",
    _FORBID: "refuses each request with 403",
    ANONYMOUS: "lets each request pass unchecked",
}
_REDIRECTED: Final = "redirects each request to a sign-in page (302)"

# Placeholders that the service replaces.
_PARAMETER: Final = re.compile(r"\{(?:hub|category|event)\}")


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
    found = [each for rule in _RULES for each in rule(auth, requests)]
    if not found or (once := _ONCE.get(found[0].code)) is None:
        return found
    # The first setting keeps the others from having an effect.
    return [found[0], *(_later(once, each) for each in found[1:])]


def _later(once: str, found: Mismatch) -> Mismatch:
    """Return a mismatch as one that has an effect only once another is fixed."""
    message = f"{once}: {found.message[0].lower()}{found.message[1:]}"
    return replace(found, message=message)


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
        is_provider_enabled=True,
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
    elif not auth.is_provider_enabled:
        yield Mismatch(
            "provider_off",
            "Its identity provider Microsoft is disabled, so it accepts no token of Microsoft "
            f"Entra: it {_REFUSED.get(auth.unauthenticated_action, _REDIRECTED)}.",
            "Enable the provider (identityProviders.azureActiveDirectory.enabled).",
            is_fixable=_can_write(auth, requests),
        )


def _refusing(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    action, refusals = auth.unauthenticated_action, _REFUSALS[auth.version]
    if action in refusals:
        return
    what = "It allows requests without a token"
    if action != ANONYMOUS:
        what = f"Its action for unauthenticated requests, {action}, is not one that refuses them"
    yield Mismatch(
        "unauthenticated_allowed",
        f"{what}.",
        f"{_REQUIRE[auth.version]} to {refusals[0]}.",
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


def refuses_unsigned(auth: FunctionAppAuth, url_template: str) -> bool:
    """Return whether an app with `auth` certainly refuses a request without a token at a URL."""
    if auth.is_from_file or auth.is_open:
        return False
    return not any(may_fall_under(each, url_template) for each in auth.excluded_paths)


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
        _CallerList(
            "allowedPrincipals.identities", auth.allowed_principals, "principal", _principal_id
        ),
        _CallerList(
            "defaultAuthorizationPolicy.allowedApplications",
            auth.allowed_applications,
            "application",
            _caller_client_id,
        ),
        _CallerList(
            "jwtClaimChecks.allowedClientApplications",
            auth.allowed_clients,
            "application",
            _caller_client_id,
        ),
    )
    for each in lists:
        for caller in requests.callers if each.allowed else ():
            yield from _caller(each, caller, requests, _can_write(auth, requests))


@dataclass(frozen=True, slots=True)
class _CallerList:
    """A list of the callers that an app accepts: the setting, its IDs, and their kind."""

    setting: str
    allowed: tuple[str, ...]
    kind: str
    id_of: Callable[[Caller], str | None]

    @property
    def id_name(self) -> str:
        return "principal ID" if self.kind == "principal" else "client ID"


def _caller(
    listed: _CallerList, caller: Caller, requests: SignedRequests, can_write: bool
) -> Iterator[Mismatch]:
    found, setting = listed.id_of(caller), listed.setting
    if found is not None and _holds(listed.allowed, found):
        return
    other = caller.client_id if listed.kind == "principal" else caller.principal_id
    mistaken = other is not None and _holds(listed.allowed, other)
    hint = f" It compares the {listed.id_name}, and lists another ID of it." if mistaken else ""
    if found is not None:
        yield Mismatch(
            f"{listed.kind}_excluded",
            f"Its {setting} does not list the identity, so it refuses the requests with 403.{hint}",
            f"Add {found} to {setting}.",
            is_fixable=can_write,
        )
        return
    look_up = _look_up(caller.principal_id)
    if _are_others(listed, caller, requests):
        yield Mismatch(
            f"{listed.kind}_excluded",
            f"Its {setting} lists only {', '.join(listed.allowed)}: known IDs of others, not that "
            f"of the identity, so it refuses the requests with 403.{hint}",
            f"Add the identity's {listed.id_name} to {setting}, or clear it.{look_up}",
            is_fixable=False,
        )
        return
    yield Mismatch(
        f"{listed.kind}_unknown",
        f"Its {setting} accepts only the listed callers, and the {listed.id_name} of the identity "
        "is not known.",
        f"Check that {setting} lists the identity, or clear it.{look_up}",
        is_fixable=False,
        is_certain=False,
    )


def _look_up(principal_id: str | None) -> str:
    if principal_id is None:
        return ""
    return (
        f" Its client ID: az ad sp show --id {principal_id} --query appId. Signalman reads it with "
        "the role Reader on the instance, or with Microsoft Graph's permission "
        "Application.Read.All."
    )


def _are_others(listed: _CallerList, caller: Caller, requests: SignedRequests) -> bool:
    """Return whether no listed client ID can be that of the caller, which is not known.

    No identity's client ID is its principal ID.
    """
    if listed.kind == "principal":
        return False
    others = {*requests.other_client_ids, (caller.principal_id or "").lower()}
    return all(each.lower() in others for each in listed.allowed)


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

_ONCE: Final = {
    "authentication_off": "Once its authentication is enabled",
    "provider_off": "Once the provider is enabled",
}
_REQUIRE: Final = {
    "v2": "Require authentication (globalValidation.requireAuthentication), and set the action for "
    "unauthenticated requests",
    "classic": "Set the action for unauthenticated requests",
}

Rule = Callable[[FunctionAppAuth, SignedRequests], Iterator[Mismatch]]
_RULES: Final[tuple[Rule, ...]] = (
    _switched_on,
    _client_id,
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
