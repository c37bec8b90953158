"""Whether the authentication of a Function App accepts an instance's signed requests.

App Service accepts a token if its issuer is the configured one, its audience is the client ID or in
the list of allowed audiences, and its caller is listed where callers are restricted. Sources:
"Managed identities for Azure SignalR Service", Function app; "Configure your App Service or Azure
Functions app to use Microsoft Entra sign-in". Free of Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from arm.function_apps.authentication import ANONYMOUS, REFUSE, SIGN_IN, FunctionAppAuth
from upstreams.function_apps.callers import add_callers, caller_mismatches
from upstreams.function_apps.excluded_paths import may_fall_under
from upstreams.function_apps.signed_requests import Mismatch, SignedRequests

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
    message = f"{once}, {found.message[0].lower()}{found.message[1:]}"
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
    accepted = replace(
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
    )
    return add_callers(accepted, requests.callers)


def _client_id(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    if auth.client_id:
        return
    found = requests.client_id
    yield Mismatch(
        "client_id_missing",
        "The app has no client ID of an app registration, so it cannot check a token.",
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
            "The app's authentication is disabled, so it checks no token.",
            "Enable it.",
            is_fixable=_can_write(auth, requests),
        )
    elif not auth.is_provider_enabled:
        yield Mismatch(
            "provider_off",
            "The app's identity provider Microsoft is disabled, so it accepts no token of "
            f"Microsoft Entra: it {_REFUSED.get(auth.unauthenticated_action, _REDIRECTED)}.",
            "Enable the provider (identityProviders.azureActiveDirectory.enabled).",
            is_fixable=_can_write(auth, requests),
        )


def _refusing(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    action, refusals = auth.unauthenticated_action, _REFUSALS[auth.version]
    if action in refusals:
        return
    what = "The app allows requests without a token"
    if action != ANONYMOUS:
        what = (
            f"The app's action for unauthenticated requests, {action}, is not one that refuses them"
        )
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
                    f"The app checks no token at {excluded}, to which a template sends events.",
                    f"Remove {excluded} from its globalValidation.excludedPaths.",
                    is_fixable=False,
                )
                break


def _issuer(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    if requests.undecided is not None:
        yield requests.undecided
    if _accepts_issuer(auth, requests):
        return
    if requests.undecided is not None:
        yield Mismatch(
            "issuer_differs",
            f"The app's issuer is {auth.issuer or 'not set'}: neither that of the tenant's v1 "
            "tokens nor that of its v2 tokens.",
            "Set its issuer to that of the version which the app registration requests.",
            is_fixable=False,
        )
        return
    is_v2 = requests.issuer.endswith("/v2.0")
    if auth.issuer.rstrip("/").endswith("/v2.0") and not is_v2:
        why = (
            f"The app's issuer is that of v2 tokens, {auth.issuer}, but the requests carry v1 "
            "tokens."
        )
    elif auth.issuer.rstrip("/").lower() == requests.issuer.rstrip("/").lower():
        why = f"The app's issuer {auth.issuer} differs in case or in the final slash. Both matter."
    elif is_v2 and auth.issuer and not auth.issuer.rstrip("/").endswith("/v2.0"):
        why = (
            f"The app's issuer is that of v1 tokens, {auth.issuer}, but the requests carry v2 "
            "tokens."
        )
    else:
        why = (
            f"The app's issuer is {auth.issuer or 'not set'}, but that of the tokens is "
            f"{requests.issuer}."
        )
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
            f"The app does not accept the audience {audience} of a template's tokens.",
            f"Add {audience} to its allowed token audiences.",
            is_fixable=_can_write(auth, requests),
        )


def _callers(auth: FunctionAppAuth, requests: SignedRequests) -> Iterator[Mismatch]:
    yield from caller_mismatches(auth, requests, _can_write(auth, requests))


def _others(auth: FunctionAppAuth, _requests: SignedRequests) -> Iterator[Mismatch]:
    for check in auth.other_checks:
        yield Mismatch(
            "other_check",
            f"The app's {check} may refuse the identity, and Signalman does not manage it.",
            f"Check that {check} accepts the identity.",
            is_fixable=False,
            is_certain=False,
        )


_SETTINGS_FILE: Final = Mismatch(
    "settings_from_file",
    "The app uses a settings file, so the settings that Azure returns are not in effect.",
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
