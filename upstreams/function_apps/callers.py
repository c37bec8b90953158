"""The callers that a Function App accepts: mismatches with an instance's identity, and additions.

Free of Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from arm.function_apps.authentication import FunctionAppAuth
from upstreams.function_apps.signed_requests import Caller, Mismatch, SignedRequests


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


def caller_mismatches(
    auth: FunctionAppAuth, requests: SignedRequests, can_write: bool
) -> Iterator[Mismatch]:
    """Yield each list of callers that does not hold the callers of `requests`.

    `can_write` says whether Signalman can write the settings of the app.
    """
    for listed in _lists(auth):
        for caller in requests.callers if listed.allowed else ():
            yield from _caller(listed, caller, requests, can_write)


def add_callers(auth: FunctionAppAuth, callers: Sequence[Caller]) -> FunctionAppAuth:
    """Return `auth` with the callers in each of its lists, as far as their IDs are known."""
    return replace(
        auth,
        allowed_principals=_with_callers(auth.allowed_principals, callers, _principal_id),
        allowed_applications=_with_callers(auth.allowed_applications, callers, _client_id),
        allowed_clients=_with_callers(auth.allowed_clients, callers, _client_id),
    )


def _lists(auth: FunctionAppAuth) -> tuple[_CallerList, ...]:
    return (
        _CallerList(
            "allowedPrincipals.identities", auth.allowed_principals, "principal", _principal_id
        ),
        _CallerList(
            "defaultAuthorizationPolicy.allowedApplications",
            auth.allowed_applications,
            "application",
            _client_id,
        ),
        _CallerList(
            "jwtClaimChecks.allowedClientApplications",
            auth.allowed_clients,
            "application",
            _client_id,
        ),
    )


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
            f"The app's {setting} does not list the identity, so the app returns 403.{hint}",
            f"Add {found} to {setting}.",
            is_fixable=can_write,
        )
        return
    look_up = _look_up(caller.principal_id)
    if _are_others(listed, caller, requests):
        yield Mismatch(
            f"{listed.kind}_excluded",
            f"The app's {setting} lists only {', '.join(listed.allowed)}: known IDs of others, not "
            f"that of the identity, so it refuses the requests with 403.{hint}",
            f"Add the identity's {listed.id_name} to {setting}, or clear it.{look_up}",
            is_fixable=False,
        )
        return
    yield Mismatch(
        f"{listed.kind}_unknown",
        f"The app's {setting} accepts only the listed callers, and the {listed.id_name} of the "
        "identity is not known.",
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


def _with_callers(
    allowed: tuple[str, ...], callers: Sequence[Caller], id_of: Callable[[Caller], str | None]
) -> tuple[str, ...]:
    """Return the list with the callers added. An empty list accepts all, and stays empty."""
    if not allowed:
        return allowed
    for caller in callers:
        found = id_of(caller)
        if found is not None and not _holds(allowed, found):
            allowed = (*allowed, found)
    return allowed


def _holds(ids: Sequence[str], one: str) -> bool:
    """Return whether a GUID is in a list, ignoring case."""
    return one.lower() in {each.lower() for each in ids}


def _principal_id(caller: Caller) -> str | None:
    return caller.principal_id


def _client_id(caller: Caller) -> str | None:
    return caller.client_id
