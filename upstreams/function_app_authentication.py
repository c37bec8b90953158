"""Whether the authentication in front of a Function App lets an instance's signed requests in.

App Service accepts a token if its issuer is the configured one, its audience is the client id or in
the list of audiences, and, where a policy names callers, its caller is named. Sources: "Managed
identities for Azure SignalR Service", Function app; "Configure your App Service or Azure Functions
app to use Microsoft Entra sign-in". Free of Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from arm.function_app_authentication import ANONYMOUS, REFUSE, SIGN_IN, FunctionAppAuth

# What an app answers to a request without a valid token, where it refuses it. The classic settings
# know no other refusal than to send a browser to sign in.
_REFUSALS: Final = {"v2": (REFUSE, "Return403"), "classic": (SIGN_IN,)}

# A client id as resource, or in the Application ID URI that Entra proposes.
_CLIENT_ID: Final = re.compile(
    r"(?:api://)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE
)

# What the service puts into an address.
_PARAMETER: Final = re.compile(r"\{(?:hub|category|event)\}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity that signs: a token's `oid` and `appid`. None where that is not known.

    A SignalR instance does not show the client id of its system-assigned identity.
    """

    principal_id: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What the tokens carry that signed templates send to one app.

    `resources` are what the templates ask tokens for, so the tokens' audiences. `url_templates` are
    where they go. An empty demand is met by any app.
    """

    issuer: str
    resources: tuple[str, ...]
    callers: tuple[Caller, ...]
    url_templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One reason for which an app refuses the tokens, or does not check them.

    `code` is stable, for scripts. `fix` says what to do; `is_mendable` whether `wanted` does it.
    """

    code: str
    sentence: str
    fix: str
    is_mendable: bool = True


def host_of(url_template: str) -> str | None:
    """Return the host that a URL template sends to, in lower case; None where it names none."""
    try:
        return urlsplit(url_template).hostname
    except ValueError:
        return None


def disagreements(auth: FunctionAppAuth, demand: Demand) -> list[Disagreement]:
    """Return why an app with `auth` does not serve `demand`: the most basic reason first."""
    if not demand.resources:
        return []
    return [found for rule in _RULES for found in rule(auth, demand)]


def wanted(auth: FunctionAppAuth, demand: Demand) -> FunctionAppAuth:
    """Return `auth` with as little changed as lets `demand` in, and nobody without a token.

    Audiences and callers are added, never taken away: others may use the app. An app that goes by
    a file of its own, or whose client id nobody knows, is returned as it is: writing to the first
    has no effect, and to switch on the second's authentication would break it.
    """
    client_id = auth.client_id or _client_id_in(demand.resources)
    if not demand.resources or auth.is_from_file or not client_id:
        return auth
    refusals = _REFUSALS[auth.version]
    action = auth.unauthenticated_action
    return replace(
        auth,
        is_enabled=True,
        issuer=demand.issuer,
        client_id=client_id,
        unauthenticated_action=action if action in refusals else refusals[0],
        allowed_audiences=(
            *auth.allowed_audiences,
            *_missing_audiences(auth.allowed_audiences, client_id, demand.resources),
        ),
        allowed_principals=_with_callers(auth.allowed_principals, demand, _principal_id),
        allowed_applications=_with_callers(auth.allowed_applications, demand, _caller_client_id),
        allowed_clients=_with_callers(auth.allowed_clients, demand, _caller_client_id),
    )


def _source(auth: FunctionAppAuth, _demand: Demand) -> Iterator[Disagreement]:
    if auth.is_from_file:
        yield Disagreement(
            "settings_from_file",
            "It goes by a settings file of its own, and not by what Azure answers.",
            "Look into the file, or take its path out of the app's authentication settings.",
            is_mendable=False,
        )


def _client_id(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    if auth.client_id:
        return
    found = _client_id_in(demand.resources)
    yield Disagreement(
        "client_id_missing",
        "It names no app registration, so it cannot check a token.",
        f"Set its client ID to {found}."
        if found
        else "Add Microsoft as its identity provider, "
        "with the app registration that the templates ask a token for.",
        is_mendable=_can_write(auth, demand),
    )


def _switched_on(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    if not auth.is_enabled:
        yield Disagreement(
            "authentication_off",
            "Its authentication is off: it answers everybody, and checks no token.",
            "Switch it on.",
            is_mendable=_can_write(auth, demand),
        )


def _refusing(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    action, refusals = auth.unauthenticated_action, _REFUSALS[auth.version]
    if action in refusals:
        return
    what = {
        ANONYMOUS: "It lets requests without a token through.",
        SIGN_IN: "It answers a bad token with a page to sign in, which no service can follow.",
    }
    yield Disagreement(
        "unauthenticated_allowed",
        what.get(action, f"It answers requests without a token by {action or 'its default'}."),
        f"Let it answer unauthenticated requests by {refusals[0]}.",
        is_mendable=_can_write(auth, demand),
    )


def _excluded(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    for excluded in auth.excluded_paths:
        for url_template in demand.url_templates:
            if may_fall_under(excluded, url_template):
                yield Disagreement(
                    "path_excluded",
                    f"It checks no token at {excluded}, where a template's events go: anybody may "
                    "send there.",
                    f"Take {excluded} out of its globalValidation.excludedPaths.",
                    is_mendable=False,
                )
                break


def may_fall_under(excluded: str, url_template: str) -> bool:
    """Return whether an event may be sent to a path that is excluded from authentication.

    A parameter of the template stands for any one segment, and a `*` that the path ends in for any
    rest. Whether App Service heeds a slash at the end or the case is not documented: both are
    ignored here, for a door that may be open is to be shown.
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


def _issuer(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    if auth.issuer == demand.issuer:
        return
    if auth.issuer.rstrip("/").endswith("/v2.0"):
        why = f"Its issuer is that of v2 tokens, {auth.issuer}, and upstream requests carry v1's."
    elif auth.issuer.rstrip("/").lower() == demand.issuer.rstrip("/").lower():
        why = f"Its issuer {auth.issuer} is nearly right, but is compared letter by letter."
    else:
        why = f"Its issuer is {auth.issuer or 'not set'}, and that of the tokens is another."
    yield Disagreement(
        "issuer_differs",
        why,
        f"Set its issuer to exactly {demand.issuer}",
        is_mendable=_can_write(auth, demand),
    )


def _audiences(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
    client_id = auth.client_id or _client_id_in(demand.resources) or ""
    for resource in _missing_audiences(auth.allowed_audiences, client_id, demand.resources):
        yield Disagreement(
            "audience_missing",
            f"It does not accept the audience {resource}, which a template asks a token for.",
            f"Add {resource} to its allowed token audiences.",
            is_mendable=_can_write(auth, demand),
        )


def _callers(auth: FunctionAppAuth, demand: Demand) -> Iterator[Disagreement]:
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
        for caller in demand.callers if allowed else ():
            yield from _caller(kind, setting, allowed, id_of(caller), _can_write(auth, demand))


def _caller(
    kind: str, setting: str, allowed: Sequence[str], found: str | None, can_write: bool
) -> Iterator[Disagreement]:
    if found is None:
        yield Disagreement(
            f"{kind}_unknown",
            f"Its {setting} lets only some callers in, and the identity's is not known.",
            f"See that {setting} names the identity, or empty it.",
            is_mendable=False,
        )
    elif not _holds(allowed, found):
        yield Disagreement(
            f"{kind}_excluded",
            f"Its {setting} does not name the identity, so that it answers 403.",
            f"Add {found} to {setting}.",
            is_mendable=can_write,
        )


def _others(auth: FunctionAppAuth, _demand: Demand) -> Iterator[Disagreement]:
    for check in auth.other_checks:
        yield Disagreement(
            "other_check",
            f"Its {check} may refuse the identity, and is not managed here.",
            f"See that {check} lets the identity in.",
            is_mendable=False,
        )


Rule = Callable[[FunctionAppAuth, Demand], Iterator[Disagreement]]
_RULES: Final[tuple[Rule, ...]] = (
    _source,
    _client_id,
    _switched_on,
    _refusing,
    _excluded,
    _issuer,
    _audiences,
    _callers,
    _others,
)


def _can_write(auth: FunctionAppAuth, demand: Demand) -> bool:
    return not auth.is_from_file and bool(auth.client_id or _client_id_in(demand.resources))


def _client_id_in(resources: Sequence[str]) -> str | None:
    """Return the one client id that the resources name, or None."""
    found = {match[1].lower() for each in resources if (match := _CLIENT_ID.fullmatch(each))}
    return found.pop() if len(found) == 1 else None


def _missing_audiences(
    allowed: Sequence[str], client_id: str, resources: Sequence[str]
) -> list[str]:
    """Return the resources that are not accepted; the client id always is. Compared exactly."""
    return [each for each in dict.fromkeys(resources) if each not in (*allowed, client_id)]


def _with_callers(
    allowed: tuple[str, ...], demand: Demand, id_of: Callable[[Caller], str | None]
) -> tuple[str, ...]:
    """Return the list with the callers in it. An empty one lets all in, and stays empty."""
    if not allowed:
        return allowed
    for caller in demand.callers:
        found = id_of(caller)
        if found is not None and not _holds(allowed, found):
            allowed = (*allowed, found)
    return allowed


def _holds(ids: Sequence[str], one: str) -> bool:
    """Return whether a GUID is among others, in any case."""
    return one.lower() in {each.lower() for each in ids}


def _principal_id(caller: Caller) -> str | None:
    return caller.principal_id


def _caller_client_id(caller: Caller) -> str | None:
    return caller.client_id
