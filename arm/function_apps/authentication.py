"""The built-in authentication settings of a Function App, one value for both versions.

App Service keeps two documents: the classic `authsettings`, and `authsettingsV2`, which is in force
once an app was moved to it. Both are written whole, and hold much that is not managed here; so a
write changes the document that was read, in the planned fields only. Shapes:
Microsoft.Web/sites/config, api-version 2025-05-01.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

AuthVersion = Literal["classic", "v2"]
Document = Mapping[str, Any]

# ARM's values for the action on a request without a valid token.
ANONYMOUS: Final = "AllowAnonymous"
REFUSE: Final = "Return401"
SIGN_IN: Final = "RedirectToLoginPage"

_AAD: Final = ("identityProviders", "azureActiveDirectory")
_POLICY: Final = (*_AAD, "validation", "defaultAuthorizationPolicy")
_PLATFORM: Final = ("platform", "enabled")
_PROVIDER: Final = (*_AAD, "enabled")
_REQUIRED: Final = ("globalValidation", "requireAuthentication")

# The path of each field in the documents.
_CLASSIC_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "is_enabled": ("enabled",),
    "issuer": ("issuer",),
    "client_id": ("clientId",),
    "unauthenticated_action": ("unauthenticatedClientAction",),
    "allowed_audiences": ("allowedAudiences",),
}
_V2_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "is_enabled": _PLATFORM,
    "is_provider_enabled": _PROVIDER,
    "issuer": (*_AAD, "registration", "openIdIssuer"),
    "client_id": (*_AAD, "registration", "clientId"),
    "unauthenticated_action": ("globalValidation", "unauthenticatedClientAction"),
    "allowed_audiences": (*_AAD, "validation", "allowedAudiences"),
    "excluded_paths": ("globalValidation", "excludedPaths"),
    "allowed_principals": (*_POLICY, "allowedPrincipals", "identities"),
    "allowed_applications": (*_POLICY, "allowedApplications"),
    "allowed_clients": (*_AAD, "validation", "jwtClaimChecks", "allowedClientApplications"),
}
# Checks that may refuse a token and that Signalman does not manage.
_CLASSIC_CHECKS: Final = (("aadClaimsAuthorization",),)
_V2_CHECKS: Final = (
    (*_AAD, "validation", "jwtClaimChecks", "allowedGroups"),
    (*_POLICY, "allowedPrincipals", "groups"),
)


@dataclass(frozen=True, slots=True)
class FunctionAppAuth:
    """The managed part of a Function App's authentication settings.

    Where `is_enabled` and not `is_provider_enabled` (V2 only), every request counts as one without
    a token: no token of Microsoft Entra is accepted. `unauthenticated_action` is ARM's value, empty
    where none is set, and `AllowAnonymous` where V2 does not require authentication.
    `allowed_principals` are object ids (a token's `oid`), `allowed_applications` and
    `allowed_clients` client ids (its `appid`): empty accepts all. `excluded_paths` accept requests
    without a token (V2 only). `other_checks` names further checks that may refuse a token.
    `is_from_file` says that a settings file of the app is in force, not these settings. Holds no
    secret.
    """

    version: AuthVersion = "v2"
    is_enabled: bool = False
    is_provider_enabled: bool = True
    issuer: str = ""
    client_id: str = ""
    allowed_audiences: tuple[str, ...] = ()
    unauthenticated_action: str = ""
    allowed_principals: tuple[str, ...] = ()
    allowed_applications: tuple[str, ...] = ()
    allowed_clients: tuple[str, ...] = ()
    excluded_paths: tuple[str, ...] = ()
    other_checks: tuple[str, ...] = ()
    is_from_file: bool = False

    @property
    def is_open(self) -> bool:
        """Whether requests without a token reach the app, excluded paths aside."""
        return not self.is_enabled or self.unauthenticated_action == ANONYMOUS

    @property
    def redirects_to_sign_in(self) -> bool:
        """Whether requests without a token are redirected to a sign-in page: the default."""
        return self.unauthenticated_action in {SIGN_IN, ""}

    @property
    def restricts_client_ids(self) -> bool:
        """Whether it accepts callers of listed client IDs only."""
        return bool(self.allowed_applications or self.allowed_clients)

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON values; `from_json` reads it back."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FunctionAppAuth:
        """Read what `to_json` wrote."""
        read: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in value.items()
        }
        return cls(**read)


@dataclass(frozen=True, slots=True)
class FunctionAppState:
    """A Function App that receives signed requests of an instance. `arm_id` is in lower case."""

    arm_id: str
    auth: FunctionAppAuth

    @property
    def name(self) -> str:
        """The app's name."""
        return site_name(self.arm_id)

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values; `from_json` reads it back."""
        return {"arm_id": self.arm_id, "auth": self.auth.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FunctionAppState:
        """Read what `to_json` wrote."""
        return cls(value["arm_id"], FunctionAppAuth.from_json(value["auth"]))


def site_name(arm_id: str) -> str:
    """Return the name of an app; that of a slot is `<app>-<slot>`, as in its host name."""
    app, _, slot = arm_id.rpartition("/sites/")[2].partition("/slots/")
    return f"{app}-{slot}" if slot else app


def version_in_force(classic: Document) -> AuthVersion:
    """Return which document is in force, from the `properties` of the classic one.

    `configVersion` becomes `v2` permanently when an app is moved to V2. An app without classic
    settings gets V2, as in the Azure portal.
    Source: "Manage the API and runtime versions of App Service authentication"; the Azure CLI's
    authV2 extension does the same.
    """
    if str(classic.get("configVersion") or "").lower() == "v2":
        return "v2"
    is_used = classic.get("enabled") or classic.get("clientId") or classic.get("issuer")
    return "classic" if is_used else "v2"


def read_auth(version: AuthVersion, properties: Document) -> FunctionAppAuth:
    """Read the managed part of a document's `properties`."""
    paths = _CLASSIC_PATHS if version == "classic" else _V2_PATHS
    found = {name: _get(properties, path) for name, path in paths.items()}
    auth = FunctionAppAuth(
        version=version,
        **{
            field.name: _typed(found[field.name], field.default)
            for field in fields(FunctionAppAuth)
            if field.name in found
        },
    )
    return _of_classic(auth, properties) if version == "classic" else _of_v2(auth, properties)


def write_auth(properties: Document, auth: FunctionAppAuth) -> dict[str, Any]:
    """Return the document's `properties` with the values of `auth`, and all else unchanged.

    Raises ValueError for what the document cannot express.
    """
    changed = copy.deepcopy(dict(properties))
    before = read_auth(auth.version, properties).to_json()
    for name, value in auth.to_json().items():
        if value != before[name]:
            _write_field(changed, auth.version, name, value)
    return changed


def _of_classic(auth: FunctionAppAuth, properties: Document) -> FunctionAppAuth:
    return replace(
        auth,
        other_checks=_checks(properties, _CLASSIC_CHECKS),
        is_from_file=str(properties.get("isAuthFromFile") or "").lower() == "true",
    )


def _of_v2(auth: FunctionAppAuth, properties: Document) -> FunctionAppAuth:
    is_required = _get(properties, _REQUIRED) is True
    return replace(
        auth,
        # A provider is enabled unless it is disabled explicitly.
        is_provider_enabled=_get(properties, _PROVIDER) is not False,
        unauthenticated_action=auth.unauthenticated_action if is_required else ANONYMOUS,
        other_checks=_checks(properties, _V2_CHECKS),
        is_from_file=bool(_get(properties, ("platform", "configFilePath"))),
    )


def _write_field(properties: dict[str, Any], version: AuthVersion, name: str, value: Any) -> None:
    paths = _CLASSIC_PATHS if version == "classic" else _V2_PATHS
    if name not in paths:
        raise ValueError(f"{version} settings do not have {name}, or Signalman does not write it.")
    _set(properties, paths[name], value)
    if version == "v2" and name == "unauthenticated_action":
        _set(properties, _REQUIRED, value != ANONYMOUS)


def _checks(properties: Document, paths: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(".".join(path[-2:]) for path in paths if _restricts(_get(properties, path)))


def _restricts(check: Any) -> bool:
    """Return whether a check can refuse a token.

    Azure fills `aadClaimsAuthorization` in as a JSON text whose rules are all empty.
    """
    if isinstance(check, str):
        try:
            rules = json.loads(check)
        except ValueError:
            return bool(check)
        return any(rules.values()) if isinstance(rules, dict) else bool(rules)
    return bool(check)


def _get(properties: Document, path: tuple[str, ...]) -> Any:
    found: Any = properties
    for key in path:
        # Absent, null and empty are equivalent here.
        found = (found or {}).get(key)
    return found


def _set(properties: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *folders, last = path
    target = properties
    for key in folders:
        if target.get(key) is None:
            target[key] = {}
        target = target[key]
    target[last] = value


def _typed(found: Any, default: Any) -> Any:
    """Return a value in the type of the field; null is the field's default."""
    if isinstance(default, tuple):
        return tuple(found or ())
    return type(default)(found or default)
